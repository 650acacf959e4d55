//! Under fire: killed at any instant, tortured by a hub or a proxy, told lies. Nothing hangs, nothing leaks, nothing
//! is left.
//!
//! Most of it runs against a scripted hub (the crate `fakehub`), which can do at will what a real one does on a bad
//! day; what can be done on real hubs is done there too. A short part runs always, all of it with HUBPROBE_TEST=all.
//! The figures that a test prints are those of docs/reliability.md.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

#[allow(dead_code, reason = "shared with the acceptance tests")]
#[path = "../acceptance/hubs.rs"]
mod hubs;
#[allow(dead_code, reason = "shared with the acceptance tests")]
#[path = "../acceptance/world.rs"]
mod world;

mod ending;
mod fire;
mod killed;
mod killed_for_real;
mod killed_rotate;
mod left;
mod limits;
mod outputs;
mod places;
mod restart;
mod secrets;
mod terminal;
mod torture;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use hubs::Hubs;

/// A test.
type Case = (&'static str, fn(&Hubs));

/// Whether the slow ones run too.
fn all() -> bool {
    std::env::var("HUBPROBE_TEST").is_ok_and(|value| value == "all")
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of a test is waiting.
    arguments.test_threads.get_or_insert(4);
    let hubs: &'static Hubs = Box::leak(Box::new(Hubs::new()));
    let slow: &[&[Case]] = if all() {
        &[
            killed::SLOW,
            killed_for_real::SLOW,
            killed_rotate::SLOW,
            limits::SLOW,
            outputs::SLOW,
            places::SLOW,
            terminal::SLOW,
            torture::SLOW,
        ]
    } else {
        &[]
    };
    let cases = [
        killed::ALWAYS,
        killed_for_real::ALWAYS,
        killed_rotate::ALWAYS,
        left::ALWAYS,
        limits::ALWAYS,
        outputs::ALWAYS,
        places::ALWAYS,
        restart::ALWAYS,
        ending::ALWAYS,
        secrets::ALWAYS,
        terminal::ALWAYS,
        torture::ALWAYS,
    ];
    let trials = cases
        .iter()
        .chain(slow)
        .flat_map(|cases| cases.iter())
        .map(|&(name, case)| {
            Trial::test(name, move || {
                case(hubs);
                Ok(())
            })
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let mut failed = conclusion.has_failed();
    for complaint in hubs.humans_lost().into_iter().chain(hubs.down()) {
        eprintln!("FAILED {complaint}");
        failed = true;
    }
    if failed {
        ExitCode::from(101)
    } else {
        ExitCode::SUCCESS
    }
}
