//! Regular expressions as Python writes them, for an engine whose searches take no more than linear time.
//!
//! Nearly all of a pattern means the same in both. What is spelled otherwise is spelled anew: `\Z`, a lone `{`, `[` in a class.
//! What that engine cannot do (looking around, references back) is said, with its place in the pattern.
//!
//! Python's `$` stands at the end, and before the line break that a text ends with. The engine cannot look ahead, so here it takes
//! that line break, in a group by which whoever searches knows it and gives it back ([`END`]). What stands behind a `$` in the
//! pattern does not see it.

use std::iter::Peekable;
use std::str::Chars;

/// How the names of groups begin that hold the line break behind a `$`.
pub(super) const END: &str = "hubprobe_end_";

/// Spells a pattern anew.
///
/// # Errors
/// What cannot be done, with its place, counted in characters from 1.
pub(super) fn spelled(python: &str) -> Result<String, String> {
    let mut reader = Reader {
        rest: python.chars().peekable(),
        read: 0,
        out: String::with_capacity(python.len() + 8),
        ends: 0,
        multiline: vec![false],
        repeats: false,
    };
    while let Some(c) = reader.next() {
        reader
            .one(c)
            .map_err(|wrong| format!("{wrong} at character {}", reader.read))?;
    }
    Ok(reader.out)
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    read: usize,
    out: String,
    /// How many groups there are for line breaks behind a `$`.
    ends: usize,
    /// Whether MULTILINE holds, in each group that is open, the outermost first.
    multiline: Vec<bool>,
    /// What came last says how often something is there.
    repeats: bool,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.next();
        self.read += usize::from(c.is_some());
        c
    }

    fn comes(&mut self, c: char) -> bool {
        self.rest.peek() == Some(&c)
    }

    fn one(&mut self, c: char) -> Result<(), String> {
        let repeated = std::mem::take(&mut self.repeats);
        match c {
            '\\' => self.escape(false)?,
            '[' => self.class()?,
            '(' => self.group()?,
            '{' => self.count(),
            '}' => self.out.push_str("\\}"),
            '+' if repeated => {
                return Err(
                    "a possessive repetition (Python 3.11 and newer) is not supported".to_owned(),
                );
            }
            '*' | '+' | '?' => {
                self.repeats = !repeated;
                self.out.push(c);
            }
            '$' if self.is_multiline() => self.out.push(c),
            '$' => {
                let end = format!(r"(?:\z|(?P<{END}{}>\n)\z)", self.ends);
                self.out.push_str(&end);
                self.ends += 1;
            }
            ')' => {
                // The outermost is no group.
                if self.multiline.len() > 1 {
                    self.multiline.pop();
                }
                self.out.push(c);
            }
            other => self.out.push(other),
        }
        Ok(())
    }

    fn is_multiline(&self) -> bool {
        self.multiline.last().is_some_and(|is| *is)
    }

    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        match self.next() {
            None => return Err("a backslash with nothing behind it".to_owned()),
            Some(c @ '0'..='9') => {
                let mut digits = String::from(c);
                while digits.len() < 3 && self.rest.peek().is_some_and(|c| ('0'..='7').contains(c))
                {
                    digits.extend(self.next());
                }
                // An octal number has three digits, or begins with a zero, or stands in a class.
                let octal = u32::from_str_radix(&digits, 8).ok();
                match octal.filter(|_| c == '0' || digits.len() == 3 || in_class) {
                    Some(number) => self.out.push_str(&format!("\\x{{{number:x}}}")),
                    None => return Err("a reference to a group (\\1) is not supported".to_owned()),
                }
            }
            Some('b') if in_class => self.out.push_str("\\x08"),
            Some(
                c @ ('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'a' | 'f' | 'n' | 'r' | 't' | 'v' | 'x'
                | 'u' | 'U'),
            ) => {
                self.out.push('\\');
                self.out.push(c);
            }
            Some(c @ ('A' | 'b' | 'B')) if !in_class => {
                self.out.push('\\');
                self.out.push(c);
            }
            Some('Z' | 'z') if !in_class => self.out.push_str("\\z"),
            Some(c) if c.is_ascii_alphabetic() => {
                return Err(format!("the escape \\{c} means nothing here"));
            }
            // Literal also where white space is passed over.
            Some(c) if c.is_whitespace() => {
                self.out.push_str(&format!("\\x{{{:x}}}", u32::from(c)))
            }
            Some(c) => self.literal(c),
        }
        Ok(())
    }

    fn literal(&mut self, c: char) {
        self.out
            .push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.comes('^') {
            self.next();
            self.out.push('^');
        }
        let mut first = true;
        loop {
            match self.next() {
                None => return Err("a [ without its ]".to_owned()),
                Some(']') if !first => break,
                Some('\\') => self.escape(true)?,
                Some('-') => {
                    self.out.push('-');
                    // Two of them would mean something else there.
                    if self.comes('-') {
                        self.next();
                        self.out.push_str("\\-");
                    }
                }
                Some(c @ ('[' | ']' | '&' | '~')) => self.literal(c),
                Some(c) => self.out.push(c),
            }
            first = false;
        }
        self.out.push(']');
        Ok(())
    }

    fn group(&mut self) -> Result<(), String> {
        let around = "looking ahead or behind is not supported";
        let outside = self.is_multiline();
        if !self.comes('?') {
            self.out.push('(');
            self.multiline.push(outside);
            return Ok(());
        }
        self.next();
        match self.next() {
            Some(':') => {
                self.out.push_str("(?:");
                self.multiline.push(outside);
            }
            Some('=' | '!') => return Err(around.to_owned()),
            Some('<') if self.comes('=') || self.comes('!') => return Err(around.to_owned()),
            Some('<') => return Err("Python writes (?P<name>…)".to_owned()),
            Some('>') => return Err("an atomic group is not supported".to_owned()),
            Some('(') => return Err("a condition is not supported".to_owned()),
            Some('#') => loop {
                match self.next() {
                    Some(')') => break,
                    Some(_) => {}
                    None => return Err("a comment without its )".to_owned()),
                }
            },
            Some('P') if self.comes('<') => {
                self.out.push_str("(?P");
                self.multiline.push(outside);
            }
            Some('P') => return Err("a reference to a group is not supported".to_owned()),
            Some(flag @ ('i' | 'm' | 's' | 'u' | 'x' | '-')) => {
                let (mut is_on, mut multiline) = (true, outside);
                let mut flag = Some(flag);
                self.out.push_str("(?");
                while let Some(c) = flag {
                    match c {
                        '-' => is_on = false,
                        'm' => multiline = is_on,
                        _ => {}
                    }
                    self.out.push(c);
                    flag = self.rest.next_if(|c| "imsux-".contains(*c));
                    self.read += usize::from(flag.is_some());
                }
                // `(?m)` is of the group that it stands in, `(?m:` begins one.
                if self.comes(':') {
                    self.next();
                    self.out.push(':');
                    self.multiline.push(multiline);
                } else if self.comes(')') {
                    self.next();
                    self.out.push(')');
                    self.multiline.pop();
                    self.multiline.push(multiline);
                }
            }
            _ => return Err("a group of this kind is not supported".to_owned()),
        }
        Ok(())
    }

    /// `{2}`, `{2,}`, `{,3}`, `{2,3}`; anything else is a brace.
    fn count(&mut self) {
        let ahead: String = self
            .rest
            .clone()
            .take_while(|c| *c != '}')
            .take(24)
            .collect();
        let is_closed = self.rest.clone().nth(ahead.chars().count()) == Some('}');
        let (least, most) = match ahead.split_once(',') {
            Some((least, most)) => (least, Some(most)),
            None => (ahead.as_str(), None),
        };
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        let is_one = is_closed && digits(least) && most.is_none_or(digits) && !ahead.is_empty();
        if !is_one {
            self.out.push_str("\\{");
            return;
        }
        for _ in 0..=ahead.chars().count() {
            self.next();
        }
        let least = if least.is_empty() { "0" } else { least };
        self.out.push_str(&match most {
            Some(most) => format!("{{{least},{most}}}"),
            None => format!("{{{least}}}"),
        });
        self.repeats = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    #[test]
    fn patterns_of_python_match_what_they_match_there() {
        for (python, text, all) in [
            (
                r"\d{1,2}/\d{1,2}/\d{2,4}",
                "on 3/11/2026",
                &["3/11/2026"][..],
            ),
            (r"0x[0-9a-fA-F]+", "at 0x7f01Ab>", &["0x7f01Ab"]),
            (r"a{,2}b", "aaab", &["aab"]),
            (r#"{"a": \d}"#, r#"{"a": 1}"#, &[r#"{"a": 1}"#]),
            (r"x{y}", "x{y}", &["x{y}"]),
            (r"[[]\d[]]", "[1]", &["[1]"]),
            (r"[]x]+", "]x", &["]x"]),
            (r"[a&&b]+", "a&b", &["a&b"]),
            (r"[+--]", "-,+", &["-", ",", "+"]),
            (r"[\b]", "\u{8}", &["\u{8}"]),
            (r"\<b\>\/\-\_\'\ ", "<b>/-_' ", &["<b>/-_' "]),
            (r"end\Z", "end end", &["end"]),
            (r"(?P<year>\d{4})", "2026", &["2026"]),
            (r"(?i)ABC(?#a comment)", "abc", &["abc"]),
            (r"(?:a|b)+?", "ab", &["a", "b"]),
            (r"\w+", "Grüße 日本", &["Grüße", "日本"]),
            (r"\x41\u00e9\101\0", "AéA\0", &["AéA\0"]),
            (r"<.*?>", "<a> <b>", &["<a>", "<b>"]),
        ] {
            let spelled = spelled(python).unwrap();
            let regex = Regex::new(&spelled).unwrap_or_else(|error| panic!("{python}: {error}"));
            let found: Vec<&str> = regex.find_iter(text).map(|it| it.as_str()).collect();
            assert_eq!(found, all, "{python} became {spelled}");
        }
        let ends = |python: &str| spelled(python).unwrap().matches(END).count();
        for (python, count) in [
            ("a$|b$", 2),
            ("(?m)a$", 0),
            (r"a\$[$]", 0),
            ("(?m:a$)|b$", 1),
            ("(?m)(?-m:a$)(b$)", 1),
            ("(?:(?i)a)(?im:b$)c$", 1),
        ] {
            assert_eq!(ends(python), count, "{python}");
        }
    }

    #[test]
    fn what_cannot_be_done_is_said_with_its_place() {
        for (python, said) in [
            (
                "ab(?=c)",
                "looking ahead or behind is not supported at character 5",
            ),
            (
                "(?<!a)b",
                "looking ahead or behind is not supported at character 3",
            ),
            (
                r"(a)\1",
                r"a reference to a group (\1) is not supported at character 5",
            ),
            (
                "(?P<a>x)(?P=a)",
                "a reference to a group is not supported at character 11",
            ),
            (
                "a++",
                "a possessive repetition (Python 3.11 and newer) is not supported at character 3",
            ),
            ("(?>a)", "an atomic group is not supported at character 3"),
            ("[a", "a [ without its ] at character 2"),
            (r"\", "a backslash with nothing behind it at character 1"),
            (r"\q", r"the escape \q means nothing here at character 2"),
        ] {
            assert_eq!(spelled(python).unwrap_err(), said);
        }
    }
}
