//! All that README and docs show is tried: commands against real hubs of the sandbox, in the order of the page, what they say
//! against what is shown; suites by `suite lint`; crontabs, units, jobs of CI and objects of Kubernetes by their own schemas,
//! and what they run is run. How to write a block: CONTRIBUTING.md.
//!
//! `cargo test -p hubprobe --test documented -- nightly` tries one page.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod compare;
mod hubs;
mod kinds;
mod markdown;
mod programs;
mod recipes;
mod session;
mod shell;
mod stage;

use std::path::PathBuf;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use hubs::{Hubs, KINDS};
use stage::Stage;

/// What this test itself is made of.
const PARTS: &[(&str, fn())] = &[
    ("parts::fences_and_spans", markdown::fences_and_spans),
    ("parts::words_and_commands", shell::words_and_commands),
    ("parts::alike_and_not", compare::alike_and_not),
    (
        "parts::words_that_hubprobe_takes",
        programs::words_that_hubprobe_takes,
    ),
    ("parts::fields", recipes::cron::fields),
    ("parts::times", recipes::times),
    ("parts::metrics", recipes::prometheus::metrics),
];

/// Each page's accounts end in a character of its own, so that pages can share a hub.
const MARKS: &str = "0123456789abcdefghijklmnopqtuvwxyz";

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of a page is waiting for a hub.
    arguments.test_threads.get_or_insert(6);
    let hubs: &'static Hubs = Box::leak(Box::new(Hubs::new()));
    let parts = PARTS.iter().map(|(name, part)| {
        Trial::test(*name, move || {
            part();
            Ok(())
        })
    });
    let pages = pages().into_iter().zip(MARKS.chars()).map(|(page, mark)| {
        Trial::test(format!("pages::{page}"), move || {
            attempt(hubs, &page, mark).map_err(Failed::from)
        })
    });
    let conclusion = libtest_mimic::run(&arguments, parts.chain(pages).collect());
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

/// Pages with commands, below the project's directory.
fn pages() -> Vec<String> {
    let root = programs::root();
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    let mut rooms = vec![PathBuf::from("docs")];
    while let Some(room) = rooms.pop() {
        for entry in std::fs::read_dir(root.join(&room)).unwrap().flatten() {
            let path = room.join(entry.file_name());
            if entry.path().is_dir() {
                rooms.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path.display().to_string());
            }
        }
    }
    pages.sort();
    // Those with the most to wait for first, so that the last of them does not stand alone at the end.
    let checks = |page: &String| {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        std::cmp::Reverse(text.matches("hubprobe check").count())
    };
    pages.sort_by_cached_key(checks);
    assert!(pages.len() <= MARKS.len(), "more pages than marks");
    pages
}

/// Plays a page to its end, and says all that was wrong.
fn attempt(hubs: &Hubs, name: &str, mark: char) -> Result<(), String> {
    let text = std::fs::read_to_string(programs::root().join(name)).unwrap();
    let page = markdown::read(&text)?;
    let mut wrong = Vec::new();
    for (line, command) in &page.inline {
        for words in shell::simple_commands(command) {
            if programs::is_hubprobe(&words)
                && let Err(error) = programs::named(&words)
            {
                wrong.push(format!("{name}:{line}: `{command}`: {error}"));
            }
        }
    }
    let kind = text
        .lines()
        .find_map(|line| line.strip_prefix("<!-- hub: ")?.strip_suffix(" -->"));
    if kind.is_some_and(|kind| !KINDS.contains(&kind)) {
        return Err(format!("{name}: there is no hub {kind:?}, but {KINDS:?}"));
    }
    if page.blocks.is_empty() {
        return if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("\n"))
        };
    }
    // Servers without JupyterLab start faster.
    let lab = ["- lab", "--lab"].iter().any(|step| text.contains(step));
    let mut stage = Stage::new(hubs, mark);
    stage.on(kind.unwrap_or(if lab { "lab" } else { "plain" }));
    for block in &page.blocks {
        let kind = block
            .note
            .as_deref()
            .and_then(|note| note.strip_prefix("hub: "));
        if let Some(kind) = kind.filter(|kind| KINDS.contains(kind)) {
            stage.on(kind);
        }
        if let Err(error) = kinds::attempt(&mut stage, block) {
            wrong.push(format!("{name}:{}: {error}", block.line));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n\n"))
    }
}
