//! `hubprobe selftest`, as a person runs it: the fast part on the newest version. HUBPROBE_TEST=all runs all of it on the first
//! of the versions of HUBPROBE_TEST_VERSIONS (default: the newest, the newest 5.x, and 4.1.6), what is the hub's on the second, and
//! the fast part on the others: HUBPROBE_TEST_VERSIONS=4.1.6 runs all of it there.
//!
//! One trial a version; the table is on the screen, and what is not as it must be is in the trial's words.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

const VERSIONS: &str = "6.1.1,5.5.4,4.1.6";

/// Hubs so old that their quick cases are enough; only in the long run.
const OLD: &str = "3.1.1,2.3.1";

/// What differs between versions of the hub. What is below it (names, connections, certificates, homes, our own side) is the
/// same on all of them, and is run on the newest.
const OF_THE_HUB: &[&str] = &[
    "token", "account", "hub", "spawn", "server", "kernel", "stop", "green",
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each runs several cases at once by itself.
    arguments.test_threads = Some(1);
    let all = std::env::var("HUBPROBE_TEST").is_ok_and(|value| value == "all");
    let versions = std::env::var("HUBPROBE_TEST_VERSIONS").unwrap_or(VERSIONS.to_owned());
    let versions: Vec<&str> = versions.split(',').collect();
    let mut runs: Vec<(String, &[&str])> = Vec::new();
    for (rank, version) in versions.iter().enumerate() {
        match (rank, all) {
            (0, true) => runs.push(((*version).to_owned(), &[])),
            (0, false) => runs.push(((*version).to_owned(), &["--fast"])),
            (1, true) => runs.push(((*version).to_owned(), OF_THE_HUB)),
            (_, true) => runs.push(((*version).to_owned(), &["--fast"])),
            (_, false) => {}
        }
    }
    if all {
        runs.extend(
            OLD.split(',')
                .map(|version| (version.to_owned(), &["--fast"][..])),
        );
    }
    let trials = runs
        .into_iter()
        .map(|(version, what)| {
            Trial::test(format!("{version}::selftest"), move || {
                selftest(&version, what)
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn selftest(version: &str, what: &[&str]) -> Result<(), Failed> {
    let state = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubprobe"));
    for (name, _) in std::env::vars() {
        if name.starts_with("HUBPROBE") || name.starts_with("JUPYTER") {
            command.env_remove(name);
        }
    }
    command
        // Cases wait more than they work: with the usual three the cores would be idle.
        .args(["selftest", "--jobs", "4", "--hub-version", version])
        .args(what)
        .env("HUBPROBE_STATE_DIR", state.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let said = command.spawn().unwrap().wait_with_output().unwrap();
    let table = String::from_utf8_lossy(&said.stdout).into_owned();
    // What is broken is looked at where it lies.
    if said.status.success() {
        Ok(())
    } else {
        let kept = state.keep();
        Err(format!("{table}\nwhat was seen is kept in {}", kept.display()).into())
    }
}
