//! Fitting text to a width in terminal columns. Assumes harmless text (see `plain`).

/// How many columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(char_columns).sum()
}

/// How many columns a character takes, after the East Asian width and the
/// combining marks of Unicode 16; where terminals differ, the larger.
fn char_columns(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x610..=0x61a | 0x64b..=0x65f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff
        | 0x200c..=0x200d | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f | 0x231a..=0x231b | 0x23e9..=0x23f3 | 0x25fd..=0x25fe | 0x2600..=0x27bf | 0x2b1b..=0x2b55
        | 0x2e80..=0x303e | 0x3041..=0x4dbf | 0x4e00..=0xa4cf | 0xa960..=0xa97f | 0xac00..=0xd7a3 | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f000..=0x1faff | 0x20000..=0x3fffd
            // The marks that reports use for verdicts are narrow everywhere.
            if !matches!(c, '✓' | '✗') => 2,
        _ => 1,
    }
}

/// Breaks a text into lines of at most `width` columns, between words where
/// that goes, else within; lines of the text stay lines. Leading spaces of a
/// line are kept (tracebacks and code hang on them) up to half of the width.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let body = paragraph.trim_start();
        let indent = (columns(paragraph) - columns(body)).min(width / 2);
        let mut line = " ".repeat(indent);
        let mut used = indent;
        let mut empty = true;
        for word in body.split_whitespace() {
            let needed = columns(word);
            if !empty && used + 1 + needed <= width {
                line.push(' ');
                used += 1;
            } else if !empty {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
                used = indent;
            }
            for c in word.chars() {
                let next = char_columns(c);
                if used + next > width && used > indent {
                    lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
                    used = indent;
                }
                line.push(c);
                used += next;
            }
            empty = false;
        }
        lines.push(if empty { String::new() } else { line });
    }
    lines
}

/// A text cut to `width` columns, with an ellipsis where something is missing.
pub(super) fn cut(text: &str, width: usize, ellipsis: &str) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(columns(ellipsis));
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += char_columns(c);
        if used > room {
            break;
        }
        kept.push(c);
    }
    kept.push_str(ellipsis);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_within_long_ones() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("aaaaaaaaaa b", 4), ["aaaa", "aaaa", "aa b"]);
        assert_eq!(wrap("a\n\n  b c d e", 6), ["a", "", "  b c", "  d e"]);
        assert_eq!(wrap("東京東京", 5), ["東京", "東京"]);
        assert_eq!(wrap("", 5), Vec::<String>::new());
        assert_eq!(wrap(&format!("{}x", " ".repeat(200)), 10), ["     x"]);
    }

    #[test]
    fn no_line_is_wider_than_asked() {
        let text = "the 東京 quick\u{301} https://jupyter.example.org/hub/api/users/servuser/server 👩‍🔬👩‍🔬👩‍🔬 x";
        for width in 2..90 {
            for line in wrap(text, width) {
                assert!(columns(&line) <= width, "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn cutting_counts_columns() {
        assert_eq!(cut("abcdef", 6, "…"), "abcdef");
        assert_eq!(cut("abcdefg", 6, "…"), "abcde…");
        assert_eq!(cut("東京東京", 6, "…"), "東京…");
        assert_eq!(cut("abcdefg", 6, "..."), "abc...");
    }
}
