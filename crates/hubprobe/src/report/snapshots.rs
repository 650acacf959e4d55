//! Every report over the same fixed runs, as plain files in `tests/snapshots`, so that a change of how a report reads is
//! seen in review, and other programs (a validator, a browser) can judge the same files.
//!
//! `UPDATE=1 cargo test -p hubprobe --lib snapshots` writes them anew; read what changed before it is committed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::terminal::Look;
use super::{annotations, html, json, junit, markdown, nagios, prometheus, samples, tap, terminal};
use crate::vocabulary::Run;

/// The reports of a run, by the end of the file's name.
fn reports(run: &Run) -> Vec<(&'static str, String)> {
    let look = |width, color, unicode| {
        let look = Look {
            width,
            color,
            unicode,
        };
        terminal::report(run, &look)
    };
    vec![
        ("txt", look(80, false, true)),
        ("ascii.txt", look(80, false, false)),
        ("narrow.txt", look(40, false, true)),
        ("colour.txt", look(80, true, true)),
        ("json", json::report(run).unwrap()),
        ("junit.xml", junit::report(run).unwrap()),
        ("html", html::report(run).unwrap()),
        ("md", markdown::report(run)),
        ("tap", tap::report(run)),
        ("nagios", nagios::report(run)),
        ("prom", prometheus::report(run).unwrap()),
        ("github", annotations::report(run)),
    ]
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots")
}

/// What is there, by name.
fn kept() -> BTreeMap<String, String> {
    let Ok(files) = std::fs::read_dir(directory()) else {
        return BTreeMap::new();
    };
    let files = files.map(|file| file.unwrap().path());
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The first line that differs, with its number.
fn difference(then: &str, now: &str) -> String {
    let (mut then, mut now) = (then.lines(), now.lines());
    for number in 1.. {
        let (one, other) = (then.next(), now.next());
        if one != other || one.is_none() {
            return format!("line {number}:\n  was {one:?}\n  is  {other:?}");
        }
    }
    String::new()
}

#[test]
fn every_report_of_the_fixed_runs_reads_as_it_did() {
    let now: BTreeMap<String, String> = samples::all()
        .iter()
        .flat_map(|(name, run)| {
            let files = reports(run).into_iter();
            files.map(move |(end, text)| (format!("{name}.{end}"), text))
        })
        .collect();
    let then = kept();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(directory()).unwrap();
        for name in then.keys().filter(|name| !now.contains_key(*name)) {
            std::fs::remove_file(directory().join(name)).unwrap();
        }
        for (name, text) in &now {
            std::fs::write(directory().join(name), text).unwrap();
        }
        return;
    }
    let changed: Vec<String> = now
        .iter()
        .filter_map(|(name, text)| match then.get(name) {
            Some(kept) if kept == text => None,
            Some(kept) => Some(format!("{name}: {}", difference(kept, text))),
            None => Some(format!("{name}: it is new")),
        })
        .chain(
            then.keys()
                .filter(|name| !now.contains_key(*name))
                .map(|name| format!("{name}: nothing makes it any more")),
        )
        .collect();
    assert!(
        changed.is_empty(),
        "{}\nWhere that is meant: UPDATE=1 cargo test -p hubprobe --lib snapshots, and read the difference",
        changed.join("\n")
    );
}
