//! Few files, no thread, little memory, files that may not grow: clear words and the right exit code before anything
//! is asked of the hub, or a visit that is whole. Never a panic, never a hang, nothing left.
//!
//! The limits are set by `prlimit` and `setpriv` of util-linux.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Case;
use crate::fire::{ACCOUNT, Fire, MADE};
use crate::hubs::Hubs;
use crate::world::{Call, Said, World, bare_at};

pub const ALWAYS: &[Case] = &[
    ("limits::few_files", few_files),
    ("limits::files_that_may_be_raised", files_that_may_be_raised),
    ("limits::no_thread", no_thread),
    ("limits::some_memory", some_memory),
    ("limits::files_that_may_not_grow", files_that_may_not_grow),
];

pub const SLOW: &[Case] = &[
    ("limits::every_number_of_files", every_number_of_files),
    ("limits::few_files_on_a_real_hub", few_files_on_a_real_hub),
    ("limits::every_size_of_memory", every_size_of_memory),
    ("limits::every_length_of_files", every_length_of_files),
];

/// From so many open files on a check passes, the three standard ones among them; docs/reliability.md says so.
const ENOUGH: u32 = 22;

/// The gate before the scripted hub closes each connection; a real hub's stays open meanwhile.
const ENOUGH_BEHIND_A_GATE: u32 = ENOUGH - 1;

/// The dynamic loader needs one descriptor besides the three standard ones, and fails by itself without.
const LOADED: u32 = 4;

/// Runs the program that follows with the three standard files alone: what whoever started the tests left open (a
/// shell, make) would count too.
const WITH_THREE_FILES: [&str; 4] = [
    "bash",
    "-c",
    r#"for fd in /proc/self/fd/*; do fd=${fd##*/}; ((fd < 3)) || eval "exec $fd>&-"; done; exec "$@""#,
    "bash",
];

fn few_files(_: &Hubs) {
    let fire = Fire::plain();
    for files in [3, 4, 6, 7, 8, 12, ENOUGH_BEHIND_A_GATE - 1, ENOUGH] {
        with_files(&fire, files);
    }
}

fn every_number_of_files(_: &Hubs) {
    let fire = Fire::plain();
    for files in 3..=40 {
        with_files(&fire, files);
    }
    eprintln!("open files: a check passes from {ENOUGH} on, and is refused with a reason below");
}

/// Another HTTP server, with keep-alive and a progress stream that stays open.
fn few_files_on_a_real_hub(hubs: &Hubs) {
    let world = World::new(hubs, &hubs.versions()[0], "few-files");
    for files in ENOUGH - 2..=ENOUGH + 2 {
        check_with_files(files, ENOUGH, |program| world.check_under(program));
        world.assert_nothing_left();
    }
}

fn with_files(fire: &Fire, files: u32) {
    let enough = ENOUGH_BEHIND_A_GATE;
    check_with_files(files, enough, |program| fire.check_under("json", program));
    fire.assert_nothing_left();
    // An account is made, or nothing of it is; what is left of one is taken back, or stays in the ledger.
    let limit = format!("--nofile={files}:{files}");
    let url = fire.hub.url();
    let create = ["account", "create", MADE, "--url", &url];
    let program = [&WITH_THREE_FILES[..], &["prlimit", &limit]].concat();
    let said = fire
        .under(&program, &create)
        .and(&["--admin-token-file", "admin", "--out", "made", "--force"])
        .run();
    said.never_panics();
    match said.code {
        Some(0) => {
            assert!(fire.dir.join("made").exists());
            fire.hub.world.forget(MADE);
            std::fs::remove_dir_all(fire.dir.join("state/accounts")).unwrap();
        }
        _ if files < LOADED => {
            said.exits(127);
        }
        _ => {
            assert!(files < ENOUGH, "{files}: {said:?}");
            names_the_remedy(said.exits(3), "ulimit -n");
        }
    }
    assert_eq!(fire.left_of_create(), Vec::<String>::new(), "{files}");
}

fn check_with_files(files: u32, enough: u32, check: impl Fn(&[&str]) -> Call) {
    let began = Instant::now();
    let limit = format!("--nofile={files}:{files}");
    let program = [&WITH_THREE_FILES[..], &["prlimit", &limit]].concat();
    let said = check(&program).run();
    said.never_panics();
    if files < LOADED {
        said.exits(127).complains("shared librar");
    } else if files < enough {
        names_the_remedy(said.exits(3), "ulimit -n");
        assert!(began.elapsed() < Duration::from_secs(5), "{files}");
    } else {
        said.passes();
    }
}

fn names_the_remedy(said: &Said, remedy: &str) {
    let words = format!("{}{}", said.out, said.err);
    for word in ["prober.limits", remedy] {
        assert!(words.contains(word), "no {word} in {words}");
    }
}

/// A low limit that may be raised is no limit.
fn files_that_may_be_raised(_: &Hubs) {
    let fire = Fire::plain();
    let said = fire.check_under("json", &["prlimit", "--nofile=5:200"]);
    said.run().passes();
}

fn no_thread(_: &Hubs) {
    let fire = Fire::plain();
    let said = as_somebody(&fire, &["prlimit", "--nproc=1:1"]);
    said.exits(3).never_panics();
    said.complains("no thread can be started")
        .complains("ulimit -u");
    fire.assert_nothing_left();
    // One beside the first is enough.
    as_somebody(&fire, &["prlimit", "--nproc=2:2"]).passes();
    fire.assert_nothing_left();
}

/// Runs as a user who has no other process: root has no such limit, and whoever runs the tests has many processes.
fn as_somebody(fire: &Fire, program: &[&str]) -> Said {
    const SOMEBODY: u32 = 64_321;
    if !rustix::process::geteuid().is_root() {
        eprintln!(
            "note: not root, so the limit of threads is tried with the processes that there are"
        );
        return fire.check_under("json", program).run();
    }
    let holder = where_anybody_may_go();
    let dir = holder.path().to_path_buf();
    let binary = dir.join("hubprobe");
    std::fs::copy(env!("CARGO_BIN_EXE_hubprobe"), &binary).unwrap();
    let token = dir.join("token");
    std::fs::write(&token, &fire.token).unwrap();
    std::fs::set_permissions(&token, Permissions::from_mode(0o600)).unwrap();
    std::fs::create_dir(dir.join("state")).unwrap();
    for mine in [token, dir.join("state")] {
        std::os::unix::fs::chown(mine, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    }
    let (user, group) = (format!("--reuid={SOMEBODY}"), format!("--regid={SOMEBODY}"));
    let becomes = ["setpriv", &user, &group, "--clear-groups"];
    let args = ["check", "--url", &fire.hub.url(), "--user", ACCOUNT];
    let mut command = bare_at(
        binary.to_str().unwrap(),
        &[&becomes, program].concat(),
        &args,
    );
    command.current_dir(&dir);
    Call(command)
        .and(&["--token-file", "token", "--format", "json"])
        .and(&["--state-dir", "state"])
        .run()
}

/// A directory that another user reaches too, which the one for temporary files need not be.
fn where_anybody_may_go() -> tempfile::TempDir {
    let open = |path: &Path| {
        path.ancestors()
            .all(|it| std::fs::metadata(it).is_ok_and(|it| it.mode() & 0o001 != 0))
    };
    let holder = [
        &std::env::temp_dir(),
        Path::new("/tmp"),
        Path::new("/var/tmp"),
    ]
    .into_iter()
    .find(|path| open(path))
    .map(tempfile::tempdir_in)
    .expect("a directory that anybody may enter: TMPDIR, /tmp or /var/tmp")
    .unwrap();
    std::fs::set_permissions(holder.path(), Permissions::from_mode(0o755)).unwrap();
    holder
}

fn some_memory(_: &Hubs) {
    memory(16);
}

fn every_size_of_memory(_: &Hubs) {
    memory(2);
}

/// Below some size a process does not even start; from there on it refuses, or the visit is whole. How much of the
/// address space the C library sets aside depends on which threads ask at the same time, so between the two any
/// size may do either; with enough, each visit is whole.
fn memory(step: usize) {
    const ENOUGH: usize = 512;
    let fire = Fire::plain();
    let mut refused = 0;
    let mut passed = None;
    for mib in (8..=192).step_by(step).chain([ENOUGH]) {
        let limit = format!("--as={}", (mib as u64) << 20);
        let said = fire.check_under("json", &["prlimit", &limit]).run();
        said.never_panics();
        match said.code {
            // The kernel or the loader, before the first line of ours.
            None | Some(127 | 139) => {
                assert!(refused == 0 && passed.is_none(), "{mib} MiB: {said:?}");
            }
            Some(3) => {
                assert!(mib < ENOUGH, "{mib} MiB: {said:?}");
                names_the_remedy(&said, "ulimit");
                refused += 1;
            }
            _ => {
                said.passes();
                passed.get_or_insert(mib);
            }
        }
        fire.assert_nothing_left();
    }
    eprintln!("memory: refused {refused} times, passes from {passed:?} MiB on");
    assert!(refused > 0 && passed.is_some_and(|mib| mib <= 128));
}

fn files_that_may_not_grow(_: &Hubs) {
    let fire = Fire::plain();
    // The ledger cannot be written: nothing is begun.
    let said = length(&fire, 0);
    said.exits(2).complains("--state-dir");
    assert!(!asked_for_a_server(&fire));
    // The ledger can, the report cannot: the visit is whole, and undone.
    let said = length(&fire, 1500);
    said.exits(3).complains("report.json cannot be written");
    assert!(asked_for_a_server(&fire));
    fire.assert_nothing_left();
}

/// From nothing to enough, the limit strikes at each file in turn.
fn every_length_of_files(_: &Hubs) {
    let fire = Fire::plain();
    let mut codes = Vec::new();
    for bytes in (0..=4000).step_by(50) {
        let said = length(&fire, bytes);
        assert!(matches!(said.code, Some(0 | 2 | 3)), "{bytes}: {said:?}");
        if said.code == Some(2) {
            said.complains("--state-dir");
        }
        fire.assert_nothing_left();
        codes.push(said.code.unwrap());
    }
    let count = |code| codes.iter().filter(|it| **it == code).count();
    assert!([0, 2, 3].iter().all(|code| count(*code) > 0), "{codes:?}");
}

fn length(fire: &Fire, bytes: u32) -> Said {
    let limit = format!("--fsize={bytes}:{bytes}");
    let said = fire
        .check_under("json=report.json", &["prlimit", &limit])
        .run();
    said.never_panics();
    // A report is whole, or not there.
    let report = std::fs::read(fire.dir.join("report.json")).ok();
    let whole = |report: &Vec<u8>| serde_json::from_slice::<serde_json::Value>(report).is_ok();
    assert!(report.as_ref().is_none_or(whole), "{bytes}");
    assert!(
        said.code == Some(2) || report.is_some() == (said.code == Some(0)),
        "{bytes}"
    );
    said
}

fn asked_for_a_server(fire: &Fire) -> bool {
    let passed = fire.hub.gate.passed();
    passed
        .iter()
        .any(|passing| passing.place == fakehub::Place::Start)
}
