//! Killed, interrupted, terminated in the middle of a spawn: nothing is left.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::Case;
use crate::hubs::{Hubs, wait_for};
use crate::world::{Said, World};

pub const EVERY_VERSION: &[Case] = &[
    ("undo::sigkill_then_clean", sigkill_then_clean),
    ("undo::sigkill_then_the_next_run", sigkill_then_the_next_run),
    ("undo::sigint", sigint),
    ("undo::sigterm", sigterm),
    (
        "undo::a_kernel_that_never_answered_is_ended",
        a_kernel_that_never_answered_is_ended,
    ),
];

/// A check whose spawn is under way for some seconds.
fn in_mid_spawn(world: &World) -> Child {
    let child = world.check().option("fault=slow:6").start();
    wait_for("our spawn", Duration::from_secs(20), || {
        world
            .server("")
            .filter(|server| server.pending.as_deref() == Some("spawn"))
    });
    child
}

pub fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args([name, &pid])
        .status();
    assert!(killed.unwrap().success());
}

fn sigkill_then_clean(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "killed");
    let mut child = in_mid_spawn(&world);
    // While it lives, clean leaves its server alone.
    world
        .hubprobe(&["clean"])
        .run()
        .exits(0)
        .says("still going on");
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert_eq!(world.ledger().len(), 1);
    world.hubprobe(&["clean"]).run().exits(0).says("gone:");
    world.assert_nothing_left();
}

fn sigkill_then_the_next_run(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "killed-again");
    let mut child = in_mid_spawn(&world);
    signal(&child, "-KILL");
    child.wait().unwrap();
    let visit = world.check().run().passes();
    let warnings = visit["warnings"].to_string();
    assert!(warnings.contains("an earlier run"), "{warnings}");
    world.assert_nothing_left();
}

fn sigint(hubs: &Hubs, version: &str) {
    interrupted(hubs, version, "interrupted", "-INT", 130);
}

fn sigterm(hubs: &Hubs, version: &str) {
    interrupted(hubs, version, "terminated", "-TERM", 143);
}

fn interrupted(hubs: &Hubs, version: &str, account: &str, name: &str, code: i32) {
    let world = World::new(hubs, version, account);
    let child = in_mid_spawn(&world);
    let asked = Instant::now();
    signal(&child, name);
    let said = Said::of(child);
    said.exits(code).finds("prober.interrupted");
    world.assert_nothing_left();
    // The whole budget is stop (2 m) + 5 s; a healthy hub needs far less.
    assert!(
        asked.elapsed() < Duration::from_secs(40),
        "{:?}",
        asked.elapsed()
    );
}

/// A server that is stopped does not always end such a kernel, and nobody would see it.
fn a_kernel_that_never_answered_is_ended(hubs: &Hubs, version: &str) {
    // Other versions' hubs are at work beside this one.
    let account = format!("silent-on-{}", version.replace('.', "-"));
    let world = World::new(hubs, version, &account);
    let flags = ["--kernel", "never-answers", "--deadline", "kernel=5s"];
    let said = world.check().and(&flags).run();
    said.exits(1).finds("kernel.silent");
    world.assert_nothing_left();
    let account = format!("JUPYTERHUB_USER={}", world.account);
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let ours: Vec<String> = processes
        .map(|process| process.path())
        .filter(|process| {
            let environment = std::fs::read(process.join("environ")).unwrap_or_default();
            let mut variables = environment.split(|byte| *byte == 0);
            variables.any(|variable| variable == account.as_bytes())
        })
        .map(|process| {
            let words = std::fs::read(process.join("cmdline")).unwrap_or_default();
            format!("{} {}", process.display(), String::from_utf8_lossy(&words))
        })
        .collect();
    assert_eq!(ours, Vec::<String>::new());
}
