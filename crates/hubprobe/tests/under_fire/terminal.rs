//! A terminal that is resized or gone in mid-visit, and keys that are typed on it: the visit is whole, or ends as a
//! signal would end it, and is undone. And what a terminal is shown: colours, unless it has none or nobody wants them.
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
    ("terminal::colours", colours),
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

/// What a terminal of 80 columns shows of a check, after the first line.
fn shown(kind: &str, no_color: &str) -> String {
    let fire = Fire::plain();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/under_fire/terminal.py");
    let words = ["python3", script, "none", "Spawning server"];
    let call = fire.check_under("terminal", &words);
    let said = call
        .env("TERMINAL", kind)
        .env("NO_COLOR", no_color)
        .env("CLICOLOR_FORCE", "")
        .run();
    said.exits(0).never_panics();
    assert_eq!(code(&said), "0", "{}", said.out);
    said.out.split_once('\n').unwrap().1.replace('\r', "")
}

/// Escape sequences that only colour or weigh: `ESC [ numbers m`.
fn is_coloured(text: &str) -> bool {
    text.split("\u{1b}[").skip(1).any(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';');
        end.and_then(|end| rest.get(end..))
            .is_some_and(|rest| rest.starts_with('m'))
    })
}

fn colours(_: &Hubs) {
    let in_colour = shown("xterm", "");
    assert!(is_coloured(&in_colour), "{in_colour:?}");
    assert!(in_colour.contains("\u{1b}[32m"), "{in_colour:?}");
    let unwanted = shown("xterm", "1");
    assert!(!is_coloured(&unwanted), "{unwanted:?}");
    // One that knows no sequences gets none, and plain lines in place of what moves.
    let dumb = shown("dumb", "");
    assert!(!dumb.contains('\u{1b}'), "{dumb:?}");
    assert!(dumb.contains("spawn: passed: "), "{dumb:?}");
    // The same report, within 80 columns.
    let report = |text: &str| {
        let begin = text.rfind("check: ").unwrap();
        text[begin..].to_owned()
    };
    for text in [&unwanted, &dumb] {
        let report = report(text);
        assert!(report.contains("✓ gone"), "{report}");
        assert!(
            report.lines().all(|line| line.chars().count() <= 80),
            "{report}"
        );
        assert!(report.lines().count() < 24, "{report}");
    }
}
