//! Disks and clocks: a state directory that is full from the start or becomes
//! so, a home that is read-only or not there, a clock that jumps.
//!
//! Full and read-only disks are small ones of our own (`mount` in a mount
//! namespace, as root); the clock is libfaketime's. Where these are not to be
//! had, the test says that it was skipped.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use fakehub::{Moment, Place};

use crate::Case;
use crate::fire::{ACCOUNT, Fire};
use crate::hubs::{Hubs, wait_for};
use crate::world::{Call, Said, World};

pub const ALWAYS: &[Case] = &[
    ("places::full_from_the_start", full_from_the_start),
    ("places::full_in_mid_visit", full_in_mid_visit),
    (
        "places::full_when_half_an_account_is_made",
        full_when_half_an_account_is_made,
    ),
    ("places::read_only", read_only),
    ("places::no_home", no_home),
    ("places::a_clock_that_jumps", a_clock_that_jumps),
];

pub const SLOW: &[Case] = &[
    (
        "places::a_clock_that_was_set_after_a_kill",
        a_clock_that_was_set_after_a_kill,
    ),
    ("places::full_on_a_real_hub", full_on_a_real_hub),
];

/// A small disk below the world's directory; none where we may not mount.
struct Disk(std::path::PathBuf);

impl Disk {
    fn new(below: &Path) -> Option<Self> {
        let place = below.join("disk");
        std::fs::create_dir(&place).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k,mode=700", "hubprobe-test"])
            .arg(&place)
            .output();
        if mounted.is_ok_and(|it| it.status.success()) {
            return Some(Self(place));
        }
        eprintln!(
            "SKIPPED: no disk can be mounted here (root is wanted), so none was full or read-only"
        );
        None
    }

    /// Nothing can be written any more.
    fn fill(&self) {
        fill(&self.0.join("full"));
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("full")).unwrap();
    }

    fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        let mut mount = Command::new("mount");
        let done = mount.args(["-o", &options]).arg(&self.0).status();
        assert!(done.unwrap().success());
    }

    fn state(&self) -> std::path::PathBuf {
        self.0.join("state")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

fn fill(with: &Path) {
    let mut file = std::fs::File::create(with).unwrap();
    let written = std::io::copy(&mut std::io::repeat(0), &mut file);
    assert!(written.is_err());
}

fn on_it(call: Call, disk: &Disk) -> Call {
    call.env("HUBPROBE_STATE_DIR", disk.state().to_str().unwrap())
}

fn files_below(place: &Path) -> Vec<String> {
    let files = std::fs::read_dir(place).into_iter().flatten();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.collect()
}

fn full_from_the_start(_: &Hubs) {
    let fire = Fire::plain().slow(Duration::from_secs(1));
    let Some(disk) = Disk::new(&fire.dir) else {
        return;
    };
    std::fs::create_dir_all(disk.state().join("ledger")).unwrap();
    disk.fill();
    let said = on_it(fire.check(), &disk).run();
    said.exits(2)
        .complains("No space left")
        .complains("--state-dir");
    assert_eq!(said.err.matches("No space left").count(), 1, "{}", said.err);
    assert_eq!(files_below(&disk.state().join("ledger")), [""; 0]);
    fire.assert_nothing_left();
}

fn full_in_mid_visit(_: &Hubs) {
    let fire = Fire::plain().slow(Duration::from_secs(1));
    let Some(disk) = Disk::new(&fire.dir) else {
        return;
    };
    let ledger = disk.state().join("ledger");
    let child = on_it(fire.check_under("json", &[]), &disk).start();
    fire.wait_for_our_spawn();
    disk.fill();
    let visit = Said::of(child).passes();
    assert!(visit["warnings"].to_string().contains("No space left"));
    assert_eq!(files_below(&ledger), [""; 0]);
    fire.assert_nothing_left();
    // And where it cannot end by itself, clean does it on a disk that is full.
    disk.empty();
    let mut child = on_it(fire.check(), &disk).start();
    fire.wait_for_our_spawn();
    disk.fill();
    child.kill().unwrap();
    child.wait().unwrap();
    let said = on_it(fire.hubprobe(&["clean"]), &disk).run();
    said.exits(0).says("gone:");
    assert_eq!(files_below(&ledger), [""; 0]);
    fire.assert_nothing_left();
}

fn full_on_a_real_hub(hubs: &Hubs) {
    let world = World::new(hubs, &hubs.versions()[0], "fills-up");
    let Some(disk) = Disk::new(&world.dir) else {
        return;
    };
    let child = on_it(world.check(), &disk).option("fault=slow:3").start();
    wait_for("our spawn", Duration::from_secs(20), || {
        world.server("").filter(|it| it.pending.is_some())
    });
    disk.fill();
    let visit = Said::of(child).passes();
    assert!(visit["warnings"].to_string().contains("No space left"));
    assert_eq!(files_below(&disk.state().join("ledger")), [""; 0]);
    world.assert_nothing_left();
}

/// The user is written down and made; the token cannot be, so it is not made, and the user goes.
fn full_when_half_an_account_is_made(_: &Hubs) {
    let fire = Fire::plain();
    let Some(disk) = Disk::new(&fire.dir) else {
        return;
    };
    let full = disk.0.join("full");
    fire.hub.gate.on_pass(move |passing, moment| {
        if passing.line.starts_with("POST")
            && passing.place == Place::Users
            && moment == Moment::After
        {
            fill(&full);
        }
    });
    let said = on_it(fire.account_create(), &disk).run();
    said.exits(3).complains("No space left").never_panics();
    let passed = fire.hub.gate.passed();
    let minted = passed
        .iter()
        .any(|it| it.place == Place::Tokens && it.line.starts_with("POST"));
    assert!(!minted, "{passed:?}");
    assert_eq!(files_below(&disk.state().join("ledger")), [""; 0]);
    assert_eq!(fire.left_of_create(), Vec::<String>::new());
}

fn read_only(_: &Hubs) {
    let fire = Fire::plain().slow(Duration::from_secs(1));
    let Some(disk) = Disk::new(&fire.dir) else {
        return;
    };
    let at_home = |args: &[&str]| {
        let mut call = fire.hubprobe(args);
        call.0
            .env_remove("HUBPROBE_STATE_DIR")
            .env_remove("XDG_STATE_HOME");
        call.env("HOME", disk.0.to_str().unwrap())
    };
    let url = fire.hub.url();
    let account = ["--user", ACCOUNT, "--token-file", "token"];
    let args = [&["check", "--url", &url][..], &account].concat();
    disk.remount("ro");
    let said = at_home(&args).run();
    said.exits(2)
        .complains("Read-only file system")
        .complains("--state-dir");
    at_home(&["clean"]).run().exits(0).says("nothing is left");
    // What stands in it is listed and taken away all the same.
    disk.remount("rw");
    let mut child = at_home(&args).start();
    fire.wait_for_our_spawn();
    child.kill().unwrap();
    child.wait().unwrap();
    disk.remount("ro");
    at_home(&["clean", "--dry-run"])
        .run()
        .exits(0)
        .says(ACCOUNT);
    let said = at_home(&["clean"]).run();
    said.exits(0)
        .says("gone:")
        .says("it still stands in the ledger");
    fire.assert_nothing_left();
}

fn no_home(_: &Hubs) {
    let fire = Fire::plain();
    let homeless = |call: Call| {
        let mut call = call;
        for name in [
            "HOME",
            "XDG_STATE_HOME",
            "XDG_CACHE_HOME",
            "HUBPROBE_STATE_DIR",
        ] {
            call.0.env_remove(name);
        }
        call
    };
    homeless(fire.check())
        .run()
        .exits(2)
        .complains("--state-dir");
    homeless(fire.hubprobe(&["clean"]))
        .run()
        .exits(2)
        .complains("--state-dir");
    homeless(fire.check_under("json", &[]))
        .and(&["--state-dir", "state"])
        .run()
        .passes();
    fire.assert_nothing_left();
}

/// The wall clock jumps five times, by up to ten years: no deadline strikes, no
/// server is disowned, and what the report says of lengths is true.
fn a_clock_that_jumps(_: &Hubs) {
    let Some(library) = faketime() else {
        eprintln!(
            "SKIPPED: libfaketime is not here (Debian's package libfaketime), so no clock jumped"
        );
        return;
    };
    let fire = Fire::plain().slow(Duration::from_secs(2));
    let clock = fire.write("clock", "+0\n");
    let call = fire
        .check_under("json", &[])
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap())
        .env("FAKETIME_NO_CACHE", "1")
        // The wall clock alone.
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("DONT_FAKE_MONOTONIC", "1");
    let child = call.start();
    for offset in ["+1d", "-1d", "+365d", "-3650d", "+60"] {
        std::thread::sleep(Duration::from_millis(400));
        fire.write("clock", &format!("{offset}\n"));
    }
    let visit = Said::of(child).passes();
    let length = visit["duration_s"].as_f64().unwrap();
    assert!((2.0..60.0).contains(&length), "{length}");
    fire.assert_nothing_left();
}

/// Killed while its start request is on its way, and the clock is set anew before `clean` runs: it waits for what may
/// still come.
fn a_clock_that_was_set_after_a_kill(_: &Hubs) {
    let Some(library) = faketime() else {
        return;
    };
    for offset in ["+2h", "-2h"] {
        let fire = Fire::plain();
        fire.hub.gate.on_pass(|passing, moment| {
            if passing.place == Place::Start && moment == Moment::Before {
                std::thread::sleep(Duration::from_secs(3));
            }
        });
        let mut child = fire.check().start();
        wait_for("our request", Duration::from_secs(20), || {
            let passed = fire.hub.gate.passed();
            passed.into_iter().find(|it| it.place == Place::Start)
        });
        let began = Instant::now();
        child.kill().unwrap();
        child.wait().unwrap();
        let clean = fire
            .clean()
            .env("LD_PRELOAD", library)
            .env("FAKETIME", offset);
        let said = clean.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").run();
        said.exits(0).says("gone:");
        // The request has come through in the end.
        let late = Duration::from_secs(5).saturating_sub(began.elapsed());
        std::thread::sleep(late);
        fire.assert_nothing_left();
    }
}

fn faketime() -> Option<&'static str> {
    [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    ]
    .into_iter()
    .find(|path| Path::new(path).exists())
}
