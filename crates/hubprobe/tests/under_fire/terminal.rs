//! A terminal that is resized or gone in mid-visit, and keys that are typed on it: the visit is whole, or ends as a
//! signal would end it, and is undone.
//!
//! `terminal.py` beside this file is the terminal.

use std::time::{Duration, Instant};

use crate::Case;
use crate::fire::Fire;
use crate::hubs::Hubs;
use crate::world::Said;

pub const ALWAYS: &[Case] = &[
    ("terminal::resized", resized),
    ("terminal::gone", gone),
    ("terminal::interrupted_by_a_key", interrupted_by_a_key),
];

pub const SLOW: &[Case] = &[("terminal::gone_under_nohup", gone_under_nohup)];

/// A check on a terminal to which something is done while the server starts.
fn on_a_terminal(deed: &str, program: &[&str]) -> Said {
    let fire = Fire::plain().slow(Duration::from_secs(3));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/under_fire/terminal.py");
    // The hub says so once it has our start request; with a time in its place, a slow machine would not be there yet.
    let words = [&["python3", script, deed, "Spawning server"], program].concat();
    let began = Instant::now();
    let said = fire.check_under("terminal", &words).run();
    said.exits(0).never_panics();
    assert!(began.elapsed() < Duration::from_secs(30));
    // The deed came in mid-visit.
    let passed = fire.hub.gate.passed();
    let started = passed.iter().any(|it| it.place == fakehub::Place::Start);
    assert!(started, "{}", said.out);
    fire.assert_nothing_left();
    said
}

fn code(said: &Said) -> &str {
    said.out.lines().next().unwrap_or_default()
}

fn resized(_: &Hubs) {
    let said = on_a_terminal("resize", &[]);
    assert_eq!(code(&said), "0", "{}", said.out);
    said.says("1 probe passed");
}

fn gone(_: &Hubs) {
    let said = on_a_terminal("close", &[]);
    assert_eq!(code(&said), "143", "{}", said.out);
}

/// Whoever ignores that the terminal is gone goes on; the report is nowhere.
fn gone_under_nohup(_: &Hubs) {
    // nohup would send the output to a file.
    let ignores = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"];
    let said = on_a_terminal("close", &ignores);
    assert_eq!(code(&said), "3", "{}", said.out);
}

fn interrupted_by_a_key(_: &Hubs) {
    let said = on_a_terminal("key", &[]);
    assert_eq!(code(&said), "130", "{}", said.out);
    said.says("prober.interrupted");
}
