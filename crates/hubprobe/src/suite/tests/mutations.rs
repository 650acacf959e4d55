//! A suite that holds a token where it does not belong, damaged in thousands of
//! ways: no error repeats the token, none writes what a terminal would obey,
//! and each has a place.

use std::path::Path;

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
"#;

const PIECES: [&str; 24] = [
    "\t", "\n", " ", ":", "{", "}", "[", "]", "*a", "&a", "'", "\"", "|", ">", "!", "---", "- ",
    "é", "\u{1b}", "0", "<<: ", "#", "@", ",",
];

#[test]
fn no_damage_makes_an_error_unsafe() {
    // A xorshift generator with a fixed seed: the same damage each time.
    let mut state: u64 = 88_172_645_463_325_252;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit as u64).unwrap()
    };
    for _ in 0..1_500 {
        let mut text = SUITE.to_owned();
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
