//! Layer 9: kernel, websocket, code.

use super::super::case::Case;
use super::super::wording::red;
use crate::vocabulary::Cause::{
    KernelDied, KernelError, KernelHung, KernelNoSpec, KernelNotStarted, KernelSilent,
    KernelWebsocketBlocked, KernelWebsocketCut, KernelWrongOutput,
};

const SOON: &[&str] = &["--deadline", "kernel=6s"];

pub(super) const CASES: &[Case] = &[
    red(
        "kernel-no-spec",
        KernelNoSpec,
        "the kernel asked for is not installed",
    )
    .flags(&["--kernel", "fortran"])
    .fast(),
    red(
        "kernel-never-starts",
        KernelNotStarted,
        "the kernel's program does not exist",
    )
    .flags(&["--kernel", "never-starts"])
    .fast(),
    red(
        "kernel-ends-at-once",
        KernelNotStarted,
        "the kernel's program ends at once",
    )
    .flags(&["--kernel", "ends-at-once", "--deadline", "kernel=90s"]),
    red(
        "kernel-silent",
        KernelSilent,
        "the kernel's program runs and never answers",
    )
    .flags(&["--kernel", "never-answers", "--deadline", "kernel=6s"]),
    red(
        "kernel-dies-soon",
        KernelDied,
        "the kernel ends a moment after it has begun to answer",
    )
    .flags(&["--kernel", "dies-soon"])
    .code("import time; time.sleep(20)"),
    red(
        "kernel-no-upgrade",
        KernelWebsocketBlocked,
        "a proxy drops the Upgrade header",
    )
    .front("no_upgrade")
    .flags(SOON)
    .fast(),
    red(
        "kernel-cut",
        KernelWebsocketCut,
        "a proxy cuts websockets after 3 s",
    )
    .front("cut:3")
    .code("import time; time.sleep(20)"),
    red(
        "kernel-died",
        KernelDied,
        "the kernel's process ends in the code",
    )
    .code("import os; os._exit(1)")
    .fast(),
    red(
        "kernel-killed",
        KernelDied,
        "the kernel's process is killed in the code, as for want of memory",
    )
    .code("import os; os.kill(os.getpid(), 9)"),
    red(
        "kernel-hung",
        KernelHung,
        "the code does not end before our deadline",
    )
    .code("import time; time.sleep(600)")
    .flags(&["--deadline", "execute=3s"])
    .fast(),
    red("kernel-error", KernelError, "the code raises an error")
        .code("raise ValueError('of ours')")
        .fast(),
    red(
        "kernel-no-module",
        KernelError,
        "a package that the code wants is not installed",
    )
    .code("import no_such_package"),
    red(
        "kernel-wrong-output",
        KernelWrongOutput,
        "the code says something else than it should",
    )
    .code("print(6*7)")
    .expects("43")
    .fast(),
];
