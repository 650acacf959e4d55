//! A shell command on lines of a given width that can still be pasted: broken
//! only where a POSIX shell takes `\` and the line's end away again. Where
//! there is no such place, the line stays too long: a command that works is
//! worth more than one that is narrow.

use super::wrap::columns;

/// Breaks a one-line command into lines of `width` columns, between arguments
/// where that goes. Lines after the first that begin an argument are indented
/// by `indent`; those that go on within one begin at the first column, since
/// spaces there would count.
pub(super) fn lines(command: &str, width: usize, indent: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = indent.to_owned();
    let mut fresh = true;
    for word in words(command) {
        let needed = columns(word);
        if !fresh && columns(&line) + 1 + needed + 2 <= width {
            line.push(' ');
        } else if !fresh {
            line.push_str(" \\");
            lines.push(std::mem::replace(&mut line, format!("{indent}  ")));
        }
        if columns(&line) + needed + 2 <= width {
            line.push_str(word);
        } else {
            break_word(word, width, &mut line, &mut lines);
        }
        fresh = false;
    }
    if !fresh {
        lines.push(line);
    }
    lines
}

/// Adds a word that does not fit, broken inside a single-quoted part or outside of quotes.
fn break_word(word: &str, width: usize, line: &mut String, lines: &mut Vec<String>) {
    let mut quotes = Quotes::default();
    for c in word.chars() {
        let full = columns(line) + columns(c.encode_utf8(&mut [0; 4])) + 3 > width;
        if full && quotes.is_single() && c != '\'' {
            line.push_str("'\\");
            lines.push(std::mem::replace(line, "'".to_owned()));
        } else if full && quotes.is_open() {
            line.push('\\');
            lines.push(std::mem::take(line));
        }
        quotes.take(c);
        line.push(c);
    }
}

/// The words of a command as a shell sees them, still quoted. White space in
/// quotes or in `$(…)` does not end a word.
fn words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut quotes = Quotes::default();
    let mut start = 0;
    for (at, c) in command.char_indices() {
        if c == ' ' && quotes.is_open() {
            words.extend(command.get(start..at).filter(|word| !word.is_empty()));
            start = at + 1;
        }
        quotes.take(c);
    }
    words.extend(command.get(start..).filter(|word| !word.is_empty()));
    words
}

/// Where in a shell's quoting we are.
#[derive(Default)]
struct Quotes {
    single: bool,
    double: bool,
    parentheses: usize,
    escaped: bool,
    dollar: bool,
}

impl Quotes {
    /// Outside of everything, so that a word or a line may end here.
    fn is_open(&self) -> bool {
        !self.single && !self.double && self.parentheses == 0 && !self.escaped && !self.dollar
    }

    /// In a single-quoted part that stands in nothing else.
    fn is_single(&self) -> bool {
        self.single && !self.double && self.parentheses == 0
    }

    fn take(&mut self, c: char) {
        if self.escaped {
            self.escaped = false;
            return;
        }
        let dollar = std::mem::take(&mut self.dollar);
        match c {
            '\'' if self.single => self.single = false,
            _ if self.single => {}
            '\\' => self.escaped = true,
            '\'' if !self.double || self.parentheses > 0 => self.single = true,
            '"' if self.parentheses == 0 => self.double = !self.double,
            '$' => self.dollar = true,
            '(' if dollar || self.parentheses > 0 => self.parentheses += 1,
            ')' if self.parentheses > 0 => self.parentheses -= 1,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a real shell makes of it: the arguments, one a line.
    fn arguments(command: &str) -> String {
        let script = format!(
            "T=token; show() {{ for a in \"$@\"; do printf '<%s>\\n' \"$a\"; done; }}; show {command}"
        );
        let output = std::process::Command::new("/bin/sh")
            .arg("-c")
            .arg(script)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn a_broken_command_is_the_same_to_a_shell() {
        let long = "x".repeat(150);
        for command in [
            "curl -sS https://h.org".to_owned(),
            format!("curl -X POST -d '{{\"reservation\": [\"\"], \"a b\": \"{long}\"}}' https://h.org/hub/api/users/me/server"),
            format!("curl -d 'it'\\''s {long}' \"$T and 'more'\" https://h.org/{long}?a=b"),
            "curl -H \"$(printf '%s  %s' 'a b' \"$T\")\" 'x' and much more to come until it has to break somewhere".to_owned(),
            format!("a\\ b\\'{long} '{long}''{long}' '' \"\""),
        ] {
            for width in [20, 40, 79, 80] {
                let broken = lines(&command, width, "    ");
                assert_eq!(arguments(&broken.join("\n")), arguments(&command), "{broken:#?}");
            }
            for line in lines(&command, 80, "    ") {
                assert!(columns(&line) <= 80, "{line}");
            }
        }
        assert_eq!(
            lines("curl -sS  https://h.org", 80, "  "),
            ["  curl -sS https://h.org"]
        );
        assert_eq!(
            lines("curl -sS https://h.org/x", 20, "  "),
            ["  curl -sS \\", "    https://h.org\\", "/x"]
        );
        assert_eq!(lines("", 80, "  "), Vec::<String>::new());
    }
}
