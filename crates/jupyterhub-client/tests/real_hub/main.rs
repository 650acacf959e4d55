//! The client against real JupyterHubs on loopback, of several versions.
//!
//! One hub a version, shared by all tests of that version (each has users of its own), started when the first of
//! them wants it, ended when all are done; what is left behind then is a failure. What needs no version of its own
//! (TLS, prefixes, headers) runs on the newest alone. Run some with
//! `cargo test -p jupyterhub-client --test real_hub -- NAME`; the versions come from HUBPROBE_TEST_VERSIONS
//! (default: the newest, the newest 5.x, and 4.1.6; the first counts as the newest).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

/// Names the tests of a module: `cases!(EVERY_VERSION: "users" => a_test, another)`.
macro_rules! cases {
    ($list:ident: $module:literal => $($case:ident),+ $(,)?) => {
        pub const $list: &[crate::Case] = &[
            $((concat!($module, "::", stringify!($case)), |at| Box::pin($case(at)))),+
        ];
    };
}

mod at;
mod contents;
mod edge;
mod front;
mod hub;
mod hubs;
mod jupyter;
mod kernel;
mod kernel_ends;
mod progress;
mod servers;
mod tokens;

use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};

use at::At;
use hubs::{Hubs, block_on};

/// A test of one version's hub.
type Case = (&'static str, fn(At) -> Pin<Box<dyn Future<Output = ()>>>);

/// What no test takes; one that hangs is named.
const ENDLESS: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of a test is waiting for a hub; two would leave the cores idle.
    arguments.test_threads.get_or_insert(4);
    let hubs: &'static Hubs = Box::leak(Box::new(Hubs::new()));
    let mut trials = Vec::new();
    for version in hubs.versions() {
        for (name, case) in hub::EVERY_VERSION
            .iter()
            .chain(tokens::EVERY_VERSION)
            .chain(servers::EVERY_VERSION)
            .chain(progress::EVERY_VERSION)
            .chain(jupyter::EVERY_VERSION)
            .chain(contents::EVERY_VERSION)
            .chain(kernel::EVERY_VERSION)
            .chain(kernel_ends::EVERY_VERSION)
        {
            trials.push(trial(hubs, version, name, *case));
        }
    }
    for (name, case) in edge::NEWEST {
        trials.push(trial(hubs, hubs.newest(), name, *case));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let mut failed = conclusion.has_failed();
    for complaint in hubs.down() {
        eprintln!("FAILED {complaint}");
        failed = true;
    }
    if failed {
        ExitCode::from(101)
    } else {
        ExitCode::SUCCESS
    }
}

fn trial(
    hubs: &'static Hubs,
    version: &'static str,
    name: &str,
    case: fn(At) -> Pin<Box<dyn Future<Output = ()>>>,
) -> Trial {
    Trial::test(format!("{version}::{name}"), move || {
        // Starting a hub may take long, and is no part of the test.
        let at = At::new(hubs, version);
        let ended = block_on(async { tokio::time::timeout(ENDLESS, case(at)).await });
        ended.map_err(|_| format!("not over after {ENDLESS:?}").into())
    })
}
