//! Texts of unknown origin made harmless: what a hub, a spawner or a kernel
//! says may hold escape sequences that clear a terminal, set its title or hide
//! text, and characters that XML 1.0 forbids.
//!
//! Removed are: escape sequences (ECMA-48: CSI, OSC, DCS, SOS, PM, APC and the
//! short ones), C0 and C1 controls, characters that turn the direction of text
//! (Unicode TR 9), invisible ones, and non-characters. Letters of every script
//! stay as they are, and the words too, but for one: runners of CI systems obey `##[…]` (GitHub: actions/runner,
//! ActionCommand.cs), `##vso[…]` (Azure Pipelines, logging commands) and `##teamcity[…]` (TeamCity, service messages) in a job's log, GitHub's
//! wherever it stands in a line; so a space comes before the bracket.

/// One line: all that breaks a line becomes a space, and so do tabs.
#[must_use]
pub fn line(text: &str) -> String {
    block(text).replace('\n', " ").trim().to_owned()
}

/// Several lines: line breaks stay (as `\n`), tabs become spaces.
#[must_use]
pub fn block(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\u{1b}' => escape(rest),
            '\u{9b}' => c.len_utf8() + control_sequence(after(rest, c.len_utf8())),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => {
                c.len_utf8() + control_string(after(rest, c.len_utf8()))
            }
            '\r' if rest.starts_with("\r\n") => 1,
            '\r' | '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                harmless.push('\n');
                c.len_utf8()
            }
            '\t' => {
                harmless.push_str("    ");
                1
            }
            _ => {
                if c == '[' && begins_a_command(&harmless) {
                    harmless.push(' ');
                }
                if !is_unwanted(c) {
                    harmless.push(c);
                }
                c.len_utf8()
            }
        };
        rest = after(rest, length.max(1));
    }
    harmless
}

/// Whether a `[` behind this would make it a command of a CI system: `##[`, `##vso[`, `##teamcity[`.
fn begins_a_command(text: &str) -> bool {
    text.trim_end_matches(|c: char| c.is_ascii_alphabetic())
        .ends_with("##")
}

fn after(text: &str, length: usize) -> &str {
    text.get(length..).unwrap_or_default()
}

/// The length of the sequence that begins with the ESC at the start of `text`.
fn escape(text: &str) -> usize {
    let rest = after(text, 1);
    match rest.chars().next() {
        Some('[') => 2 + control_sequence(after(rest, 1)),
        Some('P' | 'X' | ']' | '^' | '_') => 2 + control_string(after(rest, 1)),
        Some(' '..='/') => {
            let between = rest
                .bytes()
                .take_while(|byte| matches!(byte, b' '..=b'/'))
                .count();
            let last = after(rest, between)
                .bytes()
                .next()
                .is_some_and(|byte| matches!(byte, b'0'..=b'~'));
            1 + between + usize::from(last)
        }
        Some('0'..='~') => 2,
        _ => 1,
    }
}

/// The length of what follows CSI: parameters, intermediates, a final byte.
fn control_sequence(text: &str) -> usize {
    let between = text
        .bytes()
        .take_while(|byte| matches!(byte, b' '..=b'?'))
        .count();
    let last = after(text, between)
        .bytes()
        .next()
        .is_some_and(|byte| matches!(byte, b'@'..=b'~'));
    between + usize::from(last)
}

/// The length of a string up to and with its terminator (BEL or ST); nothing
/// where there is none, so that a cut sequence does not take the rest of the
/// text with it.
fn control_string(text: &str) -> usize {
    text.char_indices()
        .find_map(|(at, c)| match c {
            '\u{7}' | '\u{9c}' => Some(at + c.len_utf8()),
            '\u{1b}' if after(text, at + 1).starts_with('\\') => Some(at + 2),
            _ => None,
        })
        .unwrap_or(0)
}

fn is_unwanted(c: char) -> bool {
    let code = u32::from(c);
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e007f}')
        || code & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_become_harmless() {
        for (text, harmless) in [
            ("plain", "plain"),
            ("\u{1b}[2J\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            (
                "\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\",
                "link",
            ),
            ("\u{9b}31mred\u{9d}0;t\u{9c}x", "redx"),
            ("\u{1b}Pdcs\u{1b}\\a\u{1b}(Bb\u{1b}cc", "abc"),
            ("cut\u{1b}]0;rest stays", "cut0;rest stays"),
            ("cut\u{1b}[", "cut"),
            ("cut\u{1b}", "cut"),
            ("\u{1b}[31éx", "éx"),
            ("a\u{0}b\u{7}c\u{8}d\u{7f}e\u{80}f", "abcdef"),
            (
                "user\u{202e}txt.exe\u{202c} \u{2066}x\u{2069}\u{200f}",
                "usertxt.exe x",
            ),
            ("a\r\nb\rc\u{2028}d\u{85}e", "a\nb\nc\nd\ne"),
            ("a\tb", "a    b"),
            ("\u{feff}a\u{ffff}b\u{fdd0}\u{e0041}c", "abc"),
            ("Zürich 東京 👩‍🔬", "Zürich 東京 👩‍🔬"),
            (
                "say ##[error]x #\u{200b}#\u{1b}[m[group]",
                "say ## [error]x ## [group]",
            ),
            (
                "##vso[task.complete]x ##team\u{200b}city[a] ## b[c] #x[y]",
                "##vso [task.complete]x ##teamcity [a] ## b[c] #x[y]",
            ),
        ] {
            assert_eq!(block(text), harmless, "{text:?}");
        }
        assert_eq!(line(" a\nb\t"), "a b");
    }
}
