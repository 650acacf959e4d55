//! Nothing of a hub becomes anything but text: whatever stands in any string of a run, each report has the shape that it has
//! with harmless words: the same elements, tags, points, commands and series.
//!
//! The places are found, not listed: each string of the JSON report that may be any other string is one, so a field that is
//! added tomorrow is judged too. What each report's shape is, is in [`shapes`].

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::{plain, samples};
use crate::vocabulary::Run;

mod shapes;

/// Texts that mean something to what reads a report.
const TEXTS: &[&str] = &[
    "\"><img src=x onerror=alert(1)> </style></title></pre></textarea><!-- <script>alert(1)</script> ]]> <![CDATA[ &lt; &#60;",
    "' onload='alert(1) {{ 7*7 }} {% raw %} ${{ secrets.TOKEN }} <?php ?> <svg/onload=x> </details></table></main></html>",
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}[1;31mred\u{9b}32m\u{90}dcs\u{9c}\u{1b}]8;;http://evil\u{1b}\\link \u{8}\u{7f}\u{0}end",
    "\n::error title=x::owned\r\n::set-output name=a::b\n  ::stop-commands::t\n##[error]x\n##[group]y",
    "in the middle ##[error]owned #\u{200b}#\u{200b}[warning]x ::error::z %0A::error::y %25 %0D",
    "\r\n\n\u{2028}\u{85}\u{b}\u{c}ok 1 - owned\nnot ok 2\n1..99\nBail out! now\n  ---\n  a: b\n  ...\nTAP version 14",
    "# SKIP it # TODO \\# \\\\# nothing \\",
    "# heading\n> quote\n* item\n- [ ] item\n+ item\n1. item\n2) item\n---\n===\n| a | b |\n|---|---|\n```\n~~~\n    code\n\n    code",
    "[l](javascript:alert(1)) ![i](http://e/x.png) <https://e> https://evil.example WWW.evil.example a.b@evil.example mailto:a@b.c",
    "@somebody #1 GH-1 [^1]\n[^1]: note\n[r]: http://evil 'x'\n[r] <details><summary>s</summary> `` ``` ` `x $x$ $$y$$ ~~s~~ **b** __b__",
    "`",
    "```",
    "`` ` ``",
    "\\`<b>\\`",
    "a\\",
    "|",
    "\\|",
    "^",
    "_",
    "a\"b\\c\",d=\"e\"} 1.0\n# TYPE owned counter\nowned 2\n# EOF",
    " | 'owned'=1;;;0 | x='y' 'z",
    "user\u{202e}txt.exe\u{202c} \u{2066}x\u{2069}\u{200f}\u{feff}\u{e0041}\u{fffe}\u{ffff}\u{fdd0}",
    "Zürich 東京東京 👩‍🔬 e\u{301}\u{301}\u{301} \u{a0}\u{3000}x ﷽",
    "FAILED spawn.error (deployment)\n\n1 probe passed in 0.10 s\n",
    "...\n---\n%YAML 1.2\n!!python/object x: &a *a",
];

/// Pieces of which more texts are made.
const PIECES: &[&str] = &[
    "<",
    ">",
    "</",
    "&",
    "\"",
    "'",
    "`",
    "``",
    "\n",
    "\r\n",
    "\n\n",
    " ",
    "    ",
    "#",
    "##[",
    "##",
    "[",
    "]",
    "(",
    ")",
    "::",
    "error",
    "ok ",
    "1. ",
    "- ",
    "* ",
    "+ ",
    "=",
    "---",
    "===",
    "|",
    "\\",
    "\\\\",
    "!",
    "*",
    "_",
    "~~",
    "$",
    "@me",
    "http://e",
    "https://e.example/",
    "www.e.example",
    ":",
    "%",
    "%0A",
    "{",
    "}",
    ",",
    "\u{1b}[",
    "\u{1b}]",
    "m",
    "\u{7}",
    "\u{9b}",
    "\t",
    "\u{202e}",
    "\u{200b}",
    "\u{0}",
    "x",
    "東",
    "e\u{301}",
    "b",
    "script",
    "img src=x",
    "<!--",
    "-->",
    "]]>",
    "<![CDATA[",
    "…",
];

/// A run with all kinds of visits, in which each string stands that a report may show.
fn base() -> Run {
    let mut run = samples::failed();
    // Which are of several hubs, and stand in several runs.
    let merged = samples::merged();
    (run.merged, run.unread) = (merged.merged, merged.unread);
    for other in [
        samples::flaky(),
        samples::left_behind(),
        samples::kept(),
        samples::inconclusive(),
        samples::passed(),
        samples::survived(),
    ] {
        run.visits.extend(other.visits);
    }
    run.interrupted = Some("SIGINT".to_owned());
    run.state_dir = Some("/var/lib/hubprobe".to_owned());
    run
}

/// Where in the JSON of a run any string may stand.
fn places(run: &Value) -> Vec<String> {
    let mut found = Vec::new();
    strings(run, String::new(), &mut found);
    found.retain(|place| {
        let mut other = run.clone();
        *other.pointer_mut(place).unwrap() = json!("any word");
        serde_json::from_value::<Run>(other).is_ok()
    });
    found
}

fn strings(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                strings(item, format!("{at}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                strings(item, format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// The run with a text in each place, and as a key of each visit's options. No two texts are the same.
fn filled(run: &Value, places: &[String], text: &dyn Fn(usize) -> String) -> Run {
    let mut run = run.clone();
    for (number, place) in places.iter().enumerate() {
        let mark = format!("p{number:04}");
        let said = text(number);
        // The mark at either end: both ends of a text are worth a try.
        let said = match number % 2 {
            0 => format!("{said}{mark}"),
            _ => format!("{mark}{said}"),
        };
        *run.pointer_mut(place).unwrap() = json!(said);
    }
    for (number, visit) in run["visits"].as_array_mut().unwrap().iter_mut().enumerate() {
        let key = text(number) + "key";
        visit["options"] = json!({ key: text(number + 1) });
    }
    serde_json::from_value(run).unwrap()
}

fn judge(
    run: &Value,
    places: &[String],
    harmless: &[(&str, String)],
    text: &dyn Fn(usize) -> String,
    what: &str,
) {
    let hostile = filled(run, places, text);
    for ((name, shape), (_, expected)) in shapes::all(&hostile).into_iter().zip(harmless) {
        assert!(
            shape == *expected,
            "{name} has another shape with {what}:\n--- harmless\n{expected}\n--- hostile\n{shape}"
        );
    }
    shapes::terminal_is_harmless(&hostile, what);
}

#[test]
fn no_text_of_a_hub_changes_the_shape_of_a_report() {
    let run = serde_json::to_value(base()).unwrap();
    let places = places(&run);
    for wanted in [
        "/visits/0/probe",
        "/visits/0/hub",
        "/visits/0/hub_version",
        "/visits/0/account",
        "/visits/0/server",
        "/visits/0/finding/summary",
        "/visits/0/finding/evidence/0",
        "/visits/0/finding/advice",
        "/visits/0/finding/curl",
        "/visits/0/steps/0/summary",
        "/visits/0/steps/2/progress/0/message",
        "/visits/0/warnings/0",
        "/visits/1/earlier/0/finding/summary",
        "/visits/2/left_behind/0",
        "/visits/3/kept/0",
        "/unread/0",
        "/visits/6/by_hand/0",
        "/state_dir",
    ] {
        assert!(
            places.iter().any(|place| place == wanted),
            "{wanted} of {places:#?}"
        );
    }
    assert!(
        !places.iter().any(|place| place.ends_with("/verdict")),
        "{places:?}"
    );
    let harmless = shapes::all(&filled(&run, &places, &|_| "a word ".to_owned()));
    for text in TEXTS {
        judge(
            &run,
            &places,
            &harmless,
            &|_| (*text).to_owned(),
            &format!("{text:?}"),
        );
    }
    // Each place another one, in every order.
    for shift in 0..TEXTS.len() {
        let text = |number: usize| TEXTS[(number + shift) % TEXTS.len()].to_owned();
        judge(
            &run,
            &places,
            &harmless,
            &text,
            &format!("all texts from {shift} on"),
        );
    }
    let long = "w".repeat(1_200) + &"東".repeat(400);
    judge(&run, &places, &harmless, &|_| long.clone(), "long words");
}

#[test]
fn texts_of_chance_change_no_shape() {
    let run = serde_json::to_value(base()).unwrap();
    let places = places(&run);
    let harmless = shapes::all(&filled(&run, &places, &|_| "a word ".to_owned()));
    for seed in 0..25 {
        let text = |number: usize| {
            let mut chance = StdRng::seed_from_u64(seed * 10_000 + number as u64);
            let count = chance.random_range(1..14);
            (0..count)
                .map(|_| *PIECES.choose(&mut chance).unwrap())
                .collect::<String>()
        };
        judge(&run, &places, &harmless, &text, &format!("seed {seed}"));
    }
}

#[test]
fn a_text_is_made_harmless_once_and_for_all() {
    for text in TEXTS {
        let once = plain::block(text);
        assert_eq!(plain::block(&once), once, "{text:?}");
        assert!(!once.contains("##["), "{once:?}");
    }
}
