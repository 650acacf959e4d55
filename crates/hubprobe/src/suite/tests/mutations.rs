//! A suite that holds a token where it does not belong, damaged in thousands of
//! ways: no error repeats the token, none writes what a terminal would obey,
//! and each has a place.

use std::path::Path;

use super::super::invariants::suite;
use super::load_text;

const TOKEN: &str = "9f86d081884c7d659a2feaa0c55ad015";

const SUITE: &str = r#"hubs:
  alps:
    url: https://jupyter.example.org/hub/api
    accounts:
      servuser: { token: 9f86d081884c7d659a2feaa0c55ad015, dedicated: true }
      other:
        token: 9f86d081884c7d659a2feaa0c55ad015
    headers: { X-Access: 9f86d081884c7d659a2feaa0c55ad015 }
probes:
  normal: { hub: alps, account: servuser, options: &o { a: [""], é: 0012 }, deadlines: { start: 5m } }
  second:
    account: other
    options:
      <<: *o
    steps:
      - execute: { code: "print(6*7)", expect: "42" }
      - files: { size: 1MiB, persist: true }
"#;

const PIECES: [&str; 28] = [
    "\t", "\n", " ", ":", "{", "}", "[", "]", "*a", "&a", "'", "\"", "|", ">", "!", "---", "- ",
    "é", "\u{1b}", "0", "<<: ", "#", "@", ",", "${", "}", "$$", ":-",
];

/// A xorshift generator with a fixed seed: the same damage each time.
fn damage(text: &str, state: &mut u64) -> String {
    let mut below = |limit: usize| {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        usize::try_from(*state % limit as u64).unwrap()
    };
    let mut text = text.to_owned();
    for _ in 0..=below(3) {
        let mut at = below(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        if below(2) == 0 {
            text.insert_str(at, PIECES[below(PIECES.len())]);
        } else {
            text.remove(at);
        }
    }
    text
}

#[test]
fn no_damage_makes_an_error_unsafe() {
    let mut state: u64 = 88_172_645_463_325_252;
    for _ in 0..1_500 {
        let text = damage(SUITE, &mut state);
        if let Err(error) = load_text(Path::new("s.yaml"), text) {
            let message = error.to_string();
            assert!(
                !message.contains(&TOKEN[..18]) && !message.contains(&TOKEN[14..]),
                "{message}"
            );
            assert!(
                !message.chars().any(|c| c.is_control() && c != '\n'),
                "{message:?}"
            );
            assert!(error.place.is_some(), "{message}");
        }
    }
}

/// What must hold of any suite, of ones with variables, defaults and what unfolds.
#[test]
fn no_damage_breaks_what_must_hold() {
    let schema = crate::suite::schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let complaint = |value: &serde_json::Value| {
        let error = validator.validate(value).err();
        error.map(|error| error.to_string())
    };
    let mut state: u64 = 88_172_645_463_325_252;
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/suite");
    for name in [
        "variables",
        "variables-wrong",
        "defaults",
        "unfolded",
        "new-steps",
        "notebook",
    ] {
        let text = std::fs::read_to_string(corpus.join(format!("made-{name}.yaml"))).unwrap();
        for _ in 0..250 {
            suite(damage(&text, &mut state).as_bytes(), &complaint);
        }
    }
}
