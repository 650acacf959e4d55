//! What is put in the place of a match, as Python's `re.sub` reads it: `\1`, `\g<name>`, `\n`; all else as it stands.

use regex::Captures;

/// A replacement, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Group(usize),
}

impl Template {
    /// Takes a replacement apart, for a regex with these groups, the whole match first: which each is to the engine, and its name.
    ///
    /// # Errors
    /// An escape that means nothing, a group that is not there.
    pub(super) fn read(python: &str, groups: &[(usize, Option<&str>)]) -> Result<Self, String> {
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
            let found = match group.parse::<usize>() {
                Ok(number) => groups.get(number),
                Err(_) => groups.iter().find(|(_, name)| *name == Some(&group)),
            };
            let (found, _) = found.ok_or_else(|| format!("the regex has no group {group:?}"))?;
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Group(*found));
        }
        pieces.push(Piece::Text(text));
        Ok(Self(pieces))
    }

    /// What stands in the place of a match that ends there: groups may hold more.
    pub(super) fn filled(&self, found: &Captures<'_>, end: usize, out: &mut String) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Group(number) => {
                    let Some(group) = found.get(*number) else {
                        continue;
                    };
                    let length = end.saturating_sub(group.start());
                    let text = group.as_str();
                    out.push_str(text.get(..length).unwrap_or(text));
                }
            }
        }
    }
}
