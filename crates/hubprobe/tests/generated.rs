//! What is generated from the code and kept in the tree must not differ from
//! what the code says now. `UPDATE=1 cargo test -p hubprobe --test generated`
//! writes it anew.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

use std::fmt::Write as _;
use std::path::Path;

use hubprobe::vocabulary::Cause;
use hubprobe::{report, suite};

fn kept(path: &str, now: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, now).unwrap();
        return;
    }
    let then = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        then == now,
        "{} is not what the code says; write it anew with: UPDATE=1 cargo test -p hubprobe --test generated",
        path.display()
    );
}

#[test]
fn the_causes() {
    let mut page = String::from(
        "# Causes\n\n\
         Every visit that fails or is inconclusive carries exactly one cause: the first layer that\n\
         failed. The code is a contract: codes may be added, never renamed. *deployment* and *account*\n\
         make a visit fail (exit code 1); *capacity* and *prober* make it inconclusive (exit code 3).\n\n\
         This page is generated from `crates/hubprobe/src/vocabulary/cause.rs`.\n\n\
         | cause | blame | means | what to do |\n|---|---|---|---|\n",
    );
    for cause in Cause::all() {
        let (means, advice) = (cause.means(), cause.advice().replace('|', "\\|"));
        writeln!(
            page,
            "| `{cause}` | {} | {means} | {advice} |",
            cause.blame().word()
        )
        .unwrap();
    }
    kept("docs/causes.md", &page);
}

#[test]
fn the_schemas() {
    kept(
        "docs/schema/report.json",
        &format!("{:#}\n", report::json::schema()),
    );
    kept(
        "docs/schema/suite.json",
        &format!("{:#}\n", suite::schema()),
    );
}
