//! What is put in the place of a match, as Python's `re.sub` reads it: `\1`, `\g<name>`, `\n`; all else as it stands.

use regex::{Captures, Regex};

/// A replacement, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Group(usize),
}

impl Template {
    /// Takes a replacement apart, for the groups of this regex.
    ///
    /// # Errors
    /// An escape that means nothing, a group that is not there.
    pub(super) fn read(python: &str, regex: &Regex) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = python.chars().peekable();
        while let Some(c) = rest.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            let group = match rest.next() {
                None => return Err("it ends in a backslash".to_owned()),
                Some('g') => {
                    if rest.next() != Some('<') {
                        return Err("\\g wants the name of a group, as in \\g<1>".to_owned());
                    }
                    let mut name = String::new();
                    loop {
                        match rest.next() {
                            Some('>') => break name,
                            Some(c) => name.push(c),
                            None => return Err("\\g< without its >".to_owned()),
                        }
                    }
                }
                Some('0') => {
                    let mut number = 0;
                    for _ in 0..2 {
                        let digit = rest.peek().and_then(|c| c.to_digit(8));
                        let Some(digit) = digit else { break };
                        number = number * 8 + digit;
                        rest.next();
                    }
                    text.extend(char::from_u32(number));
                    continue;
                }
                Some(digit @ '1'..='9') => {
                    let mut number = String::from(digit);
                    number.extend(rest.next_if(char::is_ascii_digit));
                    number
                }
                Some(c) => {
                    match c {
                        'a' => text.push('\u{7}'),
                        'b' => text.push('\u{8}'),
                        'f' => text.push('\u{c}'),
                        'n' => text.push('\n'),
                        'r' => text.push('\r'),
                        't' => text.push('\t'),
                        'v' => text.push('\u{b}'),
                        '\\' => text.push('\\'),
                        c if c.is_ascii_alphabetic() => {
                            return Err(format!("the escape \\{c} means nothing in it"));
                        }
                        c => text.extend(['\\', c]),
                    }
                    continue;
                }
            };
            let number = match group.parse::<usize>() {
                Ok(number) => (number < regex.captures_len()).then_some(number),
                Err(_) => regex
                    .capture_names()
                    .position(|name| name == Some(group.as_str())),
            };
            let number = number.ok_or_else(|| format!("the regex has no group {group:?}"))?;
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Group(number));
        }
        pieces.push(Piece::Text(text));
        Ok(Self(pieces))
    }

    /// What stands in the place of a match.
    pub(super) fn filled(&self, found: &Captures<'_>, out: &mut String) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Group(number) => {
                    out.push_str(found.get(*number).map_or("", |group| group.as_str()));
                }
            }
        }
    }
}
