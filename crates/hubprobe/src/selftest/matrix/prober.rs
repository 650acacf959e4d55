//! Our own side: no network, no files left to open, a signal.

use super::super::case::{At, Case, Deed, When};
use super::super::wording::red;
use crate::vocabulary::Cause::{
    ProberBusy, ProberInterrupted, ProberLimits, ProberNetwork, ProberNodeTime,
};

pub(super) const CASES: &[Case] = &[
    red(
        "prober-no-network",
        ProberNetwork,
        "this machine has no network",
    )
    .at(At::Url("http://192.0.2.1/"))
    .under(&["unshare", "--user", "--map-root-user", "--net"])
    .flags(&["--deadline", "reach=4s"])
    .fast(),
    red(
        "prober-no-files",
        ProberLimits,
        "hubprobe may open no more files",
    )
    .under(&["prlimit", "--nofile=16:16"])
    .fast(),
    red(
        "prober-busy",
        ProberBusy,
        "another run of ours is at work on the same server",
    )
    .code("import time; time.sleep(15)")
    .deeds(&[(When::Before, Deed::OtherCheck)])
    .fast(),
    red(
        "prober-node-time",
        ProberNodeTime,
        "the code runs longer than the suite's budget of node time",
    )
    .options(&["nodes=2"])
    .code("import time; time.sleep(40)")
    .node_time("12s")
    .fast(),
    red(
        "prober-interrupted",
        ProberInterrupted,
        "we are interrupted while the server starts",
    )
    .options(&["fault=slow:6"])
    .deeds(&[(When::Pending(0.5), Deed::Signal("INT"))])
    .exits(130)
    .fast(),
    red(
        "prober-terminated",
        ProberInterrupted,
        "hubprobe is asked to end while the code runs",
    )
    .code("import time; time.sleep(30)")
    .deeds(&[(When::Ready(3.0), Deed::Signal("TERM"))])
    .exits(143),
];
