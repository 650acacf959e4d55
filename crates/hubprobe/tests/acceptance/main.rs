//! Acceptance tests: the `hubprobe` binary against real JupyterHubs on
//! loopback.
//!
//! One hub a version, shared by all tests of that version (each has accounts
//! of its own), started when the first of them wants it, ended when all are
//! done. Run some with `cargo test -p hubprobe --test acceptance -- NAME`; the
//! versions come from HUBPROBE_TEST_VERSIONS (default: the newest, the newest 5.x, and 4.1.6);
//! HUBPROBE_TEST=all runs every case on every version, and on 3.1.1 and 2.3.1 what every version must do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod accounts;
mod artifacts;
mod batch;
mod causes;
mod doctor;
mod flow;
mod hub_config;
mod hubs;
mod inputs;
mod keeping;
mod least;
mod login_secrets;
mod no_false_alarm;
mod notebooks;
mod oauth;
mod odd_hubs;
mod orphans;
mod other_mechanisms;
mod patient;
mod persist;
mod reach;
mod reports;
mod side_by_side;
mod together;
mod undo;
mod unprivileged;
mod version_mismatch;
#[allow(dead_code, reason = "shared with the tests under fire")]
mod world;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use hubs::Hubs;

/// A test of one version's hub.
type Case = (&'static str, fn(&Hubs, &str));

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of a test is waiting for a hub; two would leave the cores idle.
    arguments.test_threads.get_or_insert(3);
    let hubs: &'static Hubs = Box::leak(Box::new(Hubs::new()));
    let mut trials = Vec::new();
    for version in hubs.versions().iter().chain(hubs.old()) {
        for (name, case) in flow::EVERY_VERSION
            .iter()
            .chain(causes::EVERY_VERSION)
            .chain(undo::EVERY_VERSION)
            .chain(accounts::EVERY_VERSION)
            .chain(keeping::EVERY_VERSION)
            .chain(doctor::EVERY_VERSION)
            .chain(login_secrets::EVERY_VERSION)
            .chain(odd_hubs::EVERY_VERSION)
            .chain(together::EVERY_VERSION)
            .chain(hub_config::EVERY_VERSION)
            .chain(persist::EVERY_VERSION)
        {
            trials.push(trial(hubs, version, name, *case));
        }
    }
    // The edges on the newest alone; on all of them with HUBPROBE_TEST=all.
    let all = std::env::var("HUBPROBE_TEST").is_ok_and(|value| value == "all");
    let edges = if all {
        hubs.versions()
    } else {
        &hubs.versions()[..1]
    };
    let slow: Vec<&Case> = if all {
        other_mechanisms::ALL
            .iter()
            .chain(no_false_alarm::ALL)
            .chain(hub_config::ALL)
            .chain(oauth::ALL)
            .chain(reach::ALL)
            .collect()
    } else {
        Vec::new()
    };
    for version in edges {
        for (name, case) in flow::EDGES
            .iter()
            .chain(causes::EDGES)
            .chain(reach::EDGES)
            .chain(accounts::EDGES)
            .chain(hub_config::EDGES)
            .chain(keeping::EDGES)
            .chain(login_secrets::EDGES)
            .chain(odd_hubs::EDGES)
            .chain(together::EDGES)
            .chain(orphans::EDGES)
            .chain(patient::EDGES)
            .chain(version_mismatch::EDGES)
            .chain(other_mechanisms::EDGES)
            .chain(no_false_alarm::EDGES)
            .chain(oauth::EDGES)
            .chain(least::EDGES)
            .chain(slow.iter().copied())
            .chain(lenient(all, version))
            .chain(typed(version == &hubs.versions()[0]))
            .chain(spread(version == &hubs.versions()[0]))
            .chain(told(version == &hubs.versions()[0]))
            .chain(judged(all && version == &hubs.versions()[0]))
            .chain(left_in_files(version == &hubs.versions()[0]))
            .chain(notebooks(version == &hubs.versions()[0]))
            .chain(restarted(version == &hubs.versions()[0]))
            .chain(scheduled(version == &hubs.versions()[0]))
            .chain(scheduled_slowly(all && version == &hubs.versions()[0]))
            .chain(unprivileged(all && version == &hubs.versions()[0]))
        {
            trials.push(trial(hubs, version, name, *case));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let mut failed = conclusion.has_failed();
    // After all of it, whatever happened to the hub's tests.
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

/// What is typed wrongly is refused before a hub is asked: on the newest alone.
fn typed(newest: bool) -> &'static [Case] {
    if newest { inputs::EDGES } else { &[] }
}

/// What others say of the reports of a real run: once, where the slow tests run.
fn judged(wanted: bool) -> &'static [Case] {
    if wanted { reports::JUDGED } else { &[] }
}

/// How visits are spread and tried again is ours alone: on the newest alone.
fn spread(newest: bool) -> &'static [Case] {
    if newest { side_by_side::EDGES } else { &[] }
}

/// What a run looks like is the same whatever the hub: on the newest alone.
fn told(newest: bool) -> &'static [Case] {
    if newest { reports::EDGES } else { &[] }
}

/// What visits leave in files is the same whatever the hub: on the newest alone.
fn left_in_files(newest: bool) -> &'static [Case] {
    if newest { artifacts::EDGES } else { &[] }
}

/// How notebooks are judged is the kernel's business, whatever the hub: on the newest alone.
fn notebooks(newest: bool) -> &'static [Case] {
    if newest { notebooks::EDGES } else { &[] }
}

/// What a restart leaves is the ledger's matter, whatever the hub: on the newest alone.
fn restarted(newest: bool) -> &'static [Case] {
    if newest { persist::EDGES } else { &[] }
}

/// What is the scheduler's, whatever the hub: on the newest alone.
fn scheduled(newest: bool) -> &'static [Case] {
    if newest { batch::EDGES } else { &[] }
}

fn scheduled_slowly(wanted: bool) -> &'static [Case] {
    if wanted { batch::ALL } else { &[] }
}

fn unprivileged(wanted: bool) -> &'static [Case] {
    if wanted { unprivileged::ALL } else { &[] }
}

/// What only some versions can be.
fn lenient(all: bool, version: &str) -> &'static [Case] {
    if all && oauth::may_be_lenient(version) {
        oauth::LENIENT
    } else {
        &[]
    }
}

fn trial(hubs: &'static Hubs, version: &str, name: &str, case: fn(&Hubs, &str)) -> Trial {
    let version = version.to_owned();
    Trial::test(format!("{version}::{name}"), move || {
        case(hubs, &version);
        Ok(())
    })
}
