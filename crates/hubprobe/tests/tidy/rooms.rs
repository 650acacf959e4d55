//! The rooms of hubprobe and their doors: for each room which others it may name, which crates, and what it may not touch besides.
//!
//! The reasons are in ARCHITECTURE.md; a line here says the one that matters. Whoever opens a door changes both.

use super::source;

/// A room, as the code stands in `src/`.
pub(crate) struct Room {
    /// Its directory or file below `src/`, without `.rs`.
    pub(crate) name: &'static str,
    /// Which other rooms it may name.
    pub(crate) rooms: &'static [&'static str],
    /// Which crates of Cargo.toml it may name.
    pub(crate) crates: &'static [&'static str],
    /// Which paths it may not name, although the crate or `std` is allowed.
    pub(crate) not: &'static [&'static str],
}

/// No files, no network, no processes, no threads, no environment, no clock: the same input gives the same output.
const PURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "std::time::Instant",
    "std::time::SystemTime",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "Timestamp::now",
    "Zoned::now",
    "Instant::now",
    "SystemTime::now",
    "Uuid::new_v4",
    "Uuid::now_v7",
];

/// [`PURE`], and of the client only what describes: errors, versions, models. Nothing that sends.
const JUDGES: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "std::time::Instant",
    "std::time::SystemTime",
    "jiff::Timestamp::now",
    "Timestamp::now",
    "Instant::now",
    "SystemTime::now",
    "jupyterhub_client::Hub",
    "jupyterhub_client::JupyterServer",
    "jupyterhub_client::KernelConnection",
    "jupyterhub_client::ProgressStream",
    "jupyterhub_client::Token",
    "jupyterhub_client::Secret",
];

/// The doors.
pub(crate) const ROOMS: &[Room] = &[
    // The words of everybody, so it knows nobody.
    Room {
        name: "vocabulary",
        rooms: &[],
        crates: &[
            "serde",
            "serde_json",
            "schemars",
            "jiff",
            "uuid",
            "url",
            "hdrhistogram",
        ],
        not: PURE,
    },
    // Notebooks as data, and how outputs compare: what is read, run and written is others' business.
    Room {
        name: "notebook",
        rooms: &[],
        crates: &["indexmap", "jupyterhub_client", "regex", "serde_json"],
        not: PURE,
    },
    // A file becomes data. It reads the files and variables that the suite names, and nothing else of the world.
    Room {
        name: "suite",
        rooms: &["hook", "notebook", "vocabulary"],
        crates: &[
            "bytesize",
            "jiff",
            "regex_lite",
            "serde",
            "serde_json",
            "serde_saphyr",
            "schemars",
            "indexmap",
            "thiserror",
            "url",
        ],
        not: &[
            "Timestamp::now",
            "std::net",
            "std::process",
            "std::thread",
            "std::time::Instant",
            "std::time::SystemTime",
        ],
    },
    // A door for the fuzz targets, which is there for tests and for them alone.
    Room {
        name: "fuzzing",
        rooms: &["suite", "diagnose", "notebook"],
        crates: &[],
        not: PURE,
    },
    // What the system lets this process do: tried out, so it starts a thread; it knows nobody.
    Room {
        name: "means",
        rooms: &[],
        crates: &["rustix", "thiserror"],
        not: &["std::fs", "std::net", "std::process", "std::env"],
    },
    // Runs a command that the operator gives, and says what it said, in a thread of its own where nothing else can go on
    // meanwhile; it knows nobody.
    Room {
        name: "hook",
        rooms: &[],
        crates: &["tokio"],
        not: &["std::fs", "std::net", "std::env"],
    },
    // From what the suite says of a hub and a token to a client that can speak to it; knows no walk.
    Room {
        name: "connect",
        rooms: &["suite", "vocabulary"],
        crates: &[
            "jupyterhub_client",
            // Whose a file is, and whether it can be changed at all.
            "rustix",
            "thiserror",
            "tokio",
            "url",
            "uuid",
        ],
        not: &["std::net", "std::thread"],
    },
    // Takes back what was made: for visits, signals and `clean` alike, so it knows none of them.
    Room {
        name: "undo",
        rooms: &["vocabulary", "connect", "diagnose", "hook"],
        crates: &[
            "jupyterhub_client",
            "jiff",
            "rustix",
            "serde",
            "serde_json",
            "tempfile",
            "thiserror",
            "tokio",
            "tracing",
            "url",
            "uuid",
        ],
        not: &["std::net", "std::thread"],
    },
    // What was seen becomes a finding. It looks at nothing itself: the engine takes the second look that it wants.
    Room {
        name: "diagnose",
        rooms: &["notebook", "vocabulary"],
        crates: &["jupyterhub_client", "html5gum", "jiff", "serde_json", "url"],
        not: JUDGES,
    },
    // The one more look that a diagnosis wants: one GET each, for visits and account commands alike.
    Room {
        name: "explain",
        rooms: &["diagnose", "vocabulary"],
        crates: &["jupyterhub_client", "tokio"],
        not: &["std::fs", "std::net", "std::process", "std::thread"],
    },
    // Walks; says what happens as events. Who listens is not its business.
    Room {
        name: "engine",
        rooms: &[
            "suite",
            "vocabulary",
            "connect",
            "undo",
            "diagnose",
            "explain",
            "hook",
            "means",
            "notebook",
        ],
        crates: &[
            "base64",
            "futures_util",
            "indexmap",
            "jiff",
            "jupyterhub_client",
            "rand",
            "serde_json",
            "thiserror",
            "tokio",
            "tokio_util",
            "tracing",
            "url",
            "uuid",
        ],
        not: &["std::fs", "std::net", "std::process", "std::thread"],
    },
    // Puts events into one order and hands them on.
    Room {
        name: "dispatch",
        rooms: &["vocabulary"],
        crates: &["tokio"],
        not: &["std::fs", "std::net", "std::process", "std::thread"],
    },
    // Keeps what visits leave, in files, by a thread that a slow disk may hold up.
    Room {
        name: "artifacts",
        rooms: &["vocabulary", "dispatch", "journal"],
        crates: &["tempfile"],
        not: &["std::net", "std::process", "std::env"],
    },
    // Shows events while they come. Knows where it writes, and nothing of who makes them or who else listens.
    Room {
        name: "listen",
        rooms: &["vocabulary", "dispatch"],
        crates: &["indicatif", "anstyle", "serde_json"],
        not: PURE,
    },
    // The events of a run on disk, as they happen, and told again.
    Room {
        name: "journal",
        rooms: &["vocabulary", "dispatch"],
        crates: &["jiff", "serde_json", "thiserror"],
        not: &["std::net", "std::process", "std::env"],
    },
    // A pure function of the run.
    Room {
        name: "report",
        rooms: &["vocabulary"],
        crates: &[
            "anstyle",
            "askama",
            "indexmap",
            "jiff",
            "prometheus_client",
            "quick_junit",
            "schemars",
            "serde",
            "serde_json",
            "uuid",
        ],
        not: PURE,
    },
    // Makes, shows and revokes service accounts; no visit, no screen. What goes wrong is named by the same judges.
    Room {
        name: "account",
        rooms: &[
            "connect",
            "diagnose",
            "explain",
            "suite",
            "undo",
            "vocabulary",
        ],
        crates: &[
            "base64",
            "jiff",
            "jupyterhub_client",
            "serde",
            "serde_json",
            "serde_saphyr",
            "tempfile",
            "thiserror",
            "tokio",
            "tokio_util",
            "tracing",
            "url",
            "uuid",
        ],
        not: &["std::net", "std::thread"],
    },
    // Breaks hubs of the sandbox on purpose and runs hubprobe against them, as a process. It knows the words, and nothing of
    // how hubprobe comes to its findings: what judges may not be what is judged.
    Room {
        name: "selftest",
        rooms: &["report", "vocabulary"],
        crates: &[
            "futures_util",
            "jiff",
            "jupyterhub_client",
            "jupyterhub_sandbox",
            "rustix",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tokio_util",
            "url",
        ],
        not: &["std::net", "std::thread"],
    },
    // Composes the rooms, so it may name all; what it may not do is print outside its printer.
    Room {
        name: "cli",
        rooms: &[
            "account",
            "artifacts",
            "connect",
            "diagnose",
            "dispatch",
            "engine",
            "journal",
            "listen",
            "means",
            "report",
            "selftest",
            "suite",
            "undo",
            "vocabulary",
        ],
        crates: &[
            "anstream",
            "anstyle",
            "anyhow",
            "clap",
            "clap_complete",
            "clap_mangen",
            "indicatif",
            "jiff",
            "jupyterhub_client",
            "jupyterhub_sandbox",
            "rustix",
            "serde_json",
            "terminal_size",
            "tempfile",
            "tokio",
            "tokio_util",
            "tracing",
            "tracing_subscriber",
            "url",
            "uuid",
        ],
        not: &["std::net", "std::thread"],
    },
];

/// What this code of a module breaks, one line each. `module` is the path below the crate's root, `known` the dependencies.
pub(crate) fn breaches(module: &[String], code: &str, known: &[String]) -> Vec<String> {
    let Some(name) = module.first() else {
        return Vec::new();
    };
    let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
        return vec![format!(
            "the room {name} has no doors yet: add it to ROOMS with its reason"
        )];
    };
    let mut out: Vec<String> = source::paths(code)
        .iter()
        .map(|path| source::from_root(path, module))
        .filter_map(|path| breach(room, module, &path, known))
        .collect();
    out.sort();
    out.dedup();
    out
}

fn breach(room: &Room, module: &[String], path: &[String], known: &[String]) -> Option<String> {
    let spelt = path.join("::");
    let (first, second) = (
        path.first()?.as_str(),
        path.get(1).map_or("", String::as_str),
    );
    if first == "crate" && second != room.name {
        let named = second.starts_with(char::is_lowercase);
        if named && !room.rooms.contains(&second) {
            return Some(format!(
                "{} may not use the room {second} ({spelt})",
                room.name
            ));
        }
    }
    // One listener knows nothing of another.
    if room.name == "listen" && first == "crate" && second == "listen" {
        let other = path
            .get(2)
            .filter(|it| it.starts_with(char::is_lowercase) && module.get(1) != Some(it));
        if let (Some(other), true) = (other, module.len() > 1) {
            return Some(format!(
                "the listener {} may not use the listener {other}",
                module[1]
            ));
        }
    }
    if known.iter().any(|it| it == first) && !room.crates.contains(&first) {
        return Some(format!(
            "{} may not use the crate {first} ({spelt})",
            room.name
        ));
    }
    let forbidden = room.not.iter().any(|not| {
        let not: Vec<&str> = not.split("::").collect();
        // Either the path itself, or a star above it.
        path.starts_with(&not.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
            || (path.last().is_some_and(|it| it == "*")
                && not.len() == path.len()
                && not[..not.len() - 1] == path[..path.len() - 1])
    });
    forbidden.then(|| format!("{} may not use {spelt}", room.name))
}

mod tests {
    use super::*;

    fn seen(module: &str, source: &str) -> Vec<String> {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        let known = ["tokio", "jupyterhub_client", "anyhow", "indicatif"].map(str::to_owned);
        breaches(&module, &source::code(source), &known)
    }

    #[test]
    fn a_door_that_is_shut_is_seen_however_one_goes_through_it() {
        for source in [
            "use crate::engine::Clock;",
            "use crate::{vocabulary::Run, engine};",
            "fn f() { crate::engine::walk() }",
            "use super::super::engine::Clock;",
            "use tokio::time::sleep;",
            "async fn f() { tokio::time::sleep(x).await }",
            "use std::{fmt, fs};",
            "fn f() { let x = std::time::Instant::now(); }",
            "use jiff::Timestamp; fn f() { Timestamp::now(); }",
            "use anyhow::Result;",
        ] {
            assert_eq!(seen("report::json", source).len(), 1, "{source}");
        }
    }

    #[test]
    fn a_door_that_is_open_is_none() {
        let source = "//! crate::engine\nuse std::fmt; use crate::vocabulary::Run; use super::plain; use crate::report::wrap; let x = \"tokio::x\";";
        assert_eq!(seen("report::json", source), Vec::<String>::new());
        assert_eq!(
            seen("diagnose::reach", "use jupyterhub_client::{Error, Stage};"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_only_describes_is_told_from_what_sends() {
        assert_eq!(
            seen("diagnose::reach", "use jupyterhub_client::{Error, Hub};").len(),
            1
        );
        assert_eq!(
            seen("diagnose::reach", "use jupyterhub_client::*;").len(),
            1
        );
    }

    #[test]
    fn listeners_do_not_know_each_other() {
        assert_eq!(seen("listen::bars", "use super::lines::Lines;").len(), 1);
        assert!(seen("listen", "mod bars; pub use self::bars::Bars;").is_empty());
    }

    #[test]
    fn a_room_without_doors_is_refused() {
        assert_eq!(seen("attic", "use std::fmt;").len(), 1);
    }
}
