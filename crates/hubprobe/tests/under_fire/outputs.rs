//! Standard output and standard error that are closed, full, or read by nobody:
//! the visit is whole and undone, and a report that nobody got is no success.

use std::fs::File;
use std::time::Duration;

use fakehub::{Act, Place, Rule};

use crate::Case;
use crate::fire::Fire;
use crate::hubs::Hubs;
use crate::world::Call;

pub const ALWAYS: &[Case] = &[
    ("outputs::full", full),
    (
        "outputs::commands_that_are_not_heard",
        commands_that_are_not_heard,
    ),
    ("outputs::closed", closed),
    ("outputs::a_reader_that_has_gone", a_reader_that_has_gone),
    (
        "outputs::a_log_that_cannot_be_written",
        a_log_that_cannot_be_written,
    ),
];

pub const SLOW: &[Case] = &[("outputs::all_of_them_in_a_visit", all_of_them_in_a_visit)];

fn full_disk() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

fn full(_: &Hubs) {
    let fire = Fire::plain();
    for format in ["terminal", "json", "junit"] {
        let call = fire.check_under(format, &[]).and(&["--dry-run"]);
        call.to(full_disk())
            .run()
            .exits(3)
            .complains("standard output cannot be written: No space left");
        let to_a_file = fire.check_under(&format!("{format}=/dev/full"), &[]);
        to_a_file
            .and(&["--dry-run"])
            .run()
            .exits(3)
            .complains("the report /dev/full cannot be written");
    }
    // A failure stays one, and is not hidden behind a disk that is full.
    fire.check().to(full_disk()).run().exits(3);
    let answer = Act::answer("500 Internal Server Error", "", b"no");
    fire.hub.gate.rule(Rule::every(Place::Kernels, answer));
    fire.check().to(full_disk()).run().exits(1);
    fire.assert_nothing_left();
}

/// What other commands print is a result too.
fn commands_that_are_not_heard(_: &Hubs) {
    let fire = Fire::plain();
    let commands: [&[&str]; 6] = [
        &["--version"],
        &["--help"],
        &["clean"],
        &["clean", "--dry-run"],
        &["schema", "report"],
        &["selftest", "--list"],
    ];
    for words in commands {
        let said = fire.hubprobe(words).to(full_disk()).run();
        said.exits(3).never_panics();
    }
}

/// A check whose outputs a shell has redirected.
fn redirected(fire: &Fire, format: &str, redirections: &str) -> Call {
    let script = format!("exec \"$@\" {redirections}");
    fire.check_under(format, &["sh", "-c", &script, "sh"])
}

fn closed(_: &Hubs) {
    let fire = Fire::plain();
    let run = |format: &str, redirections: &str| {
        let call = redirected(&fire, format, redirections);
        call.and(&["--dry-run"]).run()
    };
    // A report for programs, asked for by name.
    for closed in [">&-", ">&- 2>&-", "<&- >&- 2>&-"] {
        run("json", closed).exits(3);
    }
    run("junit", ">&-").complains("error: standard output is closed");
    // Thrown away on purpose is not closed.
    let said = run("json", ">/dev/null");
    said.exits(0);
    assert!(!said.err.contains("is closed"), "{}", said.err);
    // Of a report for people the exit code still tells the verdict.
    let said = run("terminal", ">&-");
    said.exits(0).complains("note: standard output is closed");
}

/// `| true`, and `| head -1` after the first line.
fn a_reader_that_has_gone(_: &Hubs) {
    let fire = Fire::plain();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let said = fire.check().and(&["--dry-run"]).to(writer).run();
    said.exits(3).complains("its reader has gone");
    // In mid-visit, for both: it is undone all the same.
    let (reader, out) = std::io::pipe().unwrap();
    let err = out.try_clone().unwrap();
    let fire = fire.slow(Duration::from_secs(1));
    let mut child = fire.check().to(out).complaining_to(err).start();
    fire.wait_for_our_spawn();
    drop(reader);
    assert_eq!(child.wait().unwrap().code(), Some(3));
    fire.assert_nothing_left();
}

fn a_log_that_cannot_be_written(_: &Hubs) {
    let fire = Fire::plain();
    for level in ["trace", "off"] {
        let call = fire.check().and(&["--log", level]);
        call.complaining_to(full_disk()).run().exits(0);
    }
    fire.assert_nothing_left();
}

/// Every way to lose an output, each with a visit.
fn all_of_them_in_a_visit(_: &Hubs) {
    let fire = Fire::plain();
    let full = ">/dev/full 2>/dev/full";
    for redirections in [">&-", "2>&-", ">&- 2>&-", ">/dev/full", "2>/dev/full", full] {
        for format in ["terminal", "json", "junit"] {
            let said = redirected(&fire, format, redirections).run();
            let lost = redirections.starts_with(">/dev/full")
                || redirections.starts_with(">&-") && format != "terminal";
            said.exits(if lost { 3 } else { 0 }).never_panics();
            fire.assert_nothing_left();
        }
    }
}
