//! Whether a command said what the page shows. Numbers differ from run to run, and where lines are folded depends on the
//! length of a URL, so that words are compared in their order, all numbers are alike, and bars do not count.

use regex::Regex;

/// Whether `shown`, in which a line `…` stands for whatever is between, is in `said`.
///
/// # Errors
/// The part that was not said.
pub fn contains(said: &str, shown: &str) -> Result<(), String> {
    let said = words(said);
    let mut from = 0;
    let mut part = String::new();
    // One line more, so that the last part is looked for as well.
    for line in shown.lines().chain(["…"]) {
        if line.trim() != "…" {
            part.push_str(line);
            part.push('\n');
            continue;
        }
        let wanted = words(&std::mem::take(&mut part));
        let rest = said.get(from..).unwrap_or_default();
        match rest.find(&wanted) {
            Some(at) => from += at + wanted.len(),
            None => return Err(wanted),
        }
    }
    Ok(())
}

/// The words alone, one space between them.
pub fn words(text: &str) -> String {
    let number = Regex::new(r"\d+(\.\d+)*").unwrap();
    let id = Regex::new(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b").unwrap();
    let text: String = text
        .chars()
        .map(|c| if ('▀'..='▟').contains(&c) { ' ' } else { c })
        .collect();
    let text = id.replace_all(&text, "ID");
    let text = number.replace_all(&text, "0");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What differs only from run to run is the same; a word more or less is not.
pub fn alike_and_not() {
    let said = "  ✓ open   ▊   0.04 s  Jupyter Server 2.21.1,\n   20 ms\nmiddle\nend 3";
    assert_eq!(
        contains(
            said,
            "✓ open ██ 1.5 s Jupyter Server 2.9.0, 4 ms\n…\nend 7\n"
        ),
        Ok(())
    );
    assert!(contains(said, "✗ open").is_err());
    assert!(contains(said, "end 7\n…\nmiddle\n").is_err());
}
