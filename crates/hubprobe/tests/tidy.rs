//! Guards what the compiler does not: the doors between the rooms, where is printed, the length and the names of files,
//! links between pages, that there is one version everywhere.
//!
//! Reads sources as text; nothing is run. A rule that stands in its way is either right, or is changed here together with
//! ARCHITECTURE.md, where its reason is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[path = "tidy/links.rs"]
mod links;
#[path = "tidy/rooms.rs"]
mod rooms;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/versions.rs"]
mod versions;

const HUBPROBE: &str = "crates/hubprobe/src";
const CLIENT: &str = "crates/jupyterhub-client";
const SANDBOX: &str = "crates/jupyterhub-sandbox";

/// Where standard error may be named besides the printer: where a listener or the log gets it.
const STDERR: &[&str] = &[
    "cli/printer.rs",
    "cli/logging.rs",
    "cli/commands/check.rs",
    "listen/bars.rs",
];

struct File {
    path: PathBuf,
    text: String,
}

impl File {
    fn is_below(&self, directory: &str) -> bool {
        self.path.starts_with(directory)
    }
}

/// The Rust sources of the tree.
fn sources() -> Vec<File> {
    let root = tree::root();
    let rust = |path: &PathBuf| path.extension().is_some_and(|it| it == "rs");
    let read = |path: PathBuf| {
        std::fs::read_to_string(root.join(&path))
            .ok()
            .map(|text| File { path, text })
    };
    let found: Vec<File> = tree::files(&root)
        .into_iter()
        .filter(rust)
        .filter_map(read)
        .collect();
    assert!(found.len() > 100, "only {} sources were found", found.len());
    found
}

/// The code that is shipped below a directory: without tests, and without files that are tests alone.
fn shipped<'a>(files: &'a [File], directory: &str) -> Vec<(&'a Path, String)> {
    let mut tests = BTreeSet::new();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_below(directory)) {
        let below = file.path.strip_prefix(directory).unwrap();
        let (code, marked) = source::without_tests(&source::code(&file.text));
        let module = tree::module(below);
        tests.extend(
            marked
                .into_iter()
                .map(|name| [module.as_slice(), &[name]].concat()),
        );
        found.push((below, module, code));
    }
    assert!(found.len() > 10, "nothing below {directory}");
    let is_test = |module: &[String]| {
        (1..=module.len()).any(|n| tests.contains(&module[..n]))
            || module.last().is_some_and(|it| it.ends_with("_tests"))
    };
    found
        .into_iter()
        .filter(|(_, module, _)| !is_test(module))
        .map(|(below, _, code)| (below, code))
        .collect()
}

fn manifest(of: &str) -> String {
    std::fs::read_to_string(tree::root().join(of).join("Cargo.toml")).unwrap()
}

fn nothing(faults: &[String]) {
    assert!(faults.is_empty(), "\n  {}\n", faults.join("\n  "));
}

#[test]
fn rooms_use_no_door_that_is_shut() {
    let known = tree::dependencies(&manifest("crates/hubprobe"), "dependencies");
    assert!(known.len() > 15, "{known:?}");
    let mut faults = Vec::new();
    for (path, code) in shipped(&sources(), HUBPROBE) {
        let breaches = rooms::breaches(&tree::module(path), &code, &known);
        faults.extend(
            breaches
                .into_iter()
                .map(|it| format!("{}: {it}", path.display())),
        );
    }
    nothing(&faults);
}

#[test]
fn every_door_leads_to_a_room_and_every_room_has_its_doors() {
    let directory = tree::root().join(HUBPROBE);
    let mut there: BTreeSet<String> = std::fs::read_dir(directory)
        .unwrap()
        .flatten()
        .map(|entry| {
            entry
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert!(there.remove("lib") && there.remove("main"));
    let doors: BTreeSet<String> = rooms::ROOMS
        .iter()
        .map(|room| room.name.to_owned())
        .collect();
    assert_eq!(there, doors, "the rooms in src/ and the table ROOMS differ");
    for room in rooms::ROOMS {
        for other in room.rooms {
            assert!(
                doors.contains(*other),
                "{} has a door to {other}, which is no room",
                room.name
            );
        }
    }
}

#[test]
fn only_the_printer_prints() {
    let mut faults = Vec::new();
    let files = sources();
    for directory in [
        HUBPROBE,
        &format!("{CLIENT}/src"),
        &format!("{SANDBOX}/src"),
    ] {
        for (path, code) in shipped(&files, directory) {
            let ours = directory == HUBPROBE;
            let may = |list: &[&str]| ours && list.iter().any(|it| path == Path::new(it));
            let names = |name: &str| {
                source::paths(&code)
                    .iter()
                    .any(|path| path.last().is_some_and(|it| it == name))
            };
            let place = format!("{directory}/{}", path.display());
            for name in ["println", "print", "eprintln", "eprint"] {
                if source::calls_macro(&code, name) {
                    faults.push(format!("{place}: {name}! outside the printer"));
                }
            }
            if names("stdout") && !may(&STDERR[..1]) {
                faults.push(format!("{place}: standard output is the printer's"));
            }
            if names("stderr") && !may(STDERR) {
                faults.push(format!(
                    "{place}: standard error is the printer's, or given to a listener by a command"
                ));
            }
        }
    }
    nothing(&faults);
}

#[test]
fn the_libraries_stand_by_themselves() {
    let mut faults = Vec::new();
    for crate_ in [CLIENT, SANDBOX] {
        for table in ["dependencies", "dev-dependencies"] {
            let names = tree::dependencies(&manifest(crate_), table);
            assert!(!names.is_empty());
            for name in [
                "hubprobe",
                "anyhow",
                "jupyterhub_client",
                "jupyterhub_sandbox",
                "clap",
                "indicatif",
            ] {
                // The client's tests run against real hubs.
                let for_tests = table == "dev-dependencies" && name == "jupyterhub_sandbox";
                if names.iter().any(|it| it == name) && !for_tests {
                    faults.push(format!("{crate_} may not depend on {name}"));
                }
            }
        }
    }
    nothing(&faults);
}

#[test]
fn files_are_short_named_well_and_open_with_their_essay() {
    let mut faults = Vec::new();
    for file in sources() {
        let lines = file.text.lines().count();
        if lines > tree::MANY_LINES {
            eprintln!("note: {} has {lines} lines", file.path.display());
        }
        let found = tree::faults(&file.text);
        faults.extend(
            found
                .into_iter()
                .map(|it| format!("{}: {it}", file.path.display())),
        );
    }
    nothing(&faults);
}

#[test]
fn names_say_what_a_thing_does() {
    let fault = |path: PathBuf| {
        let found = tree::vague_path(&path).into_iter();
        found
            .map(move |it| format!("{}: {it}", path.display()))
            .collect::<Vec<_>>()
    };
    let faults: Vec<String> = tree::files(&tree::root())
        .into_iter()
        .flat_map(fault)
        .collect();
    nothing(&faults);
}

#[test]
fn nobody_s_own_paths_are_in_the_tree() {
    let root = tree::root();
    let mut here = vec![root.to_string_lossy().into_owned()];
    here.extend(std::env::var("HOME").ok().filter(|home| home.len() > 1));
    // A container's /app or /src is too short to tell from other texts.
    here.retain(|it| it.matches('/').count() > 1);
    let mut faults = Vec::new();
    for path in tree::files(&root) {
        let Ok(text) = std::fs::read_to_string(root.join(&path)) else {
            continue;
        };
        let found = tree::private_paths(&text, &here);
        faults.extend(
            found
                .into_iter()
                .map(|it| format!("{}: {it}", path.display())),
        );
    }
    nothing(&faults);
}
