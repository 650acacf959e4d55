//! YAML as people write it: comments that say why, lists one item a line, code as a block.

use super::quote::yaml;

/// How wide comments get.
const WIDTH: usize = 110;

/// A YAML text under way.
#[derive(Debug, Default)]
pub(super) struct Yaml {
    out: String,
}

impl Yaml {
    fn line(&mut self, depth: usize, text: &str) {
        if !text.is_empty() {
            self.out.extend(std::iter::repeat_n("  ", depth));
            self.out.push_str(text);
        }
        self.out.push('\n');
    }

    /// A comment, wrapped.
    pub(super) fn comment(&mut self, depth: usize, text: &str) {
        for line in wrapped(text, WIDTH - 2 * depth.min(20)) {
            self.line(depth, &format!("# {line}"));
        }
    }

    /// A comment that is to be copied, so it stays one line.
    pub(super) fn verbatim(&mut self, depth: usize, text: &str) {
        self.line(depth, &format!("#   {text}"));
    }

    /// A key whose value is below.
    pub(super) fn key(&mut self, depth: usize, key: &str) {
        self.line(depth, &format!("{}:", yaml(key)));
    }

    /// A key with a value that is YAML already.
    pub(super) fn pair(&mut self, depth: usize, key: &str, value: &str) {
        self.line(depth, &format!("{}: {value}", yaml(key)));
    }

    /// A list below a key, each item with what is to be said of it.
    pub(super) fn list<'a>(
        &mut self,
        depth: usize,
        key: &str,
        items: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        self.key(depth, key);
        for (item, why) in items {
            let item = format!("- {}", yaml(item));
            if why.is_empty() {
                self.line(depth + 1, &item);
            } else {
                self.line(depth + 1, &format!("{item}  # {why}"));
            }
        }
    }

    /// Code, as it stands.
    pub(super) fn code(&mut self, depth: usize, key: &str, code: &str) {
        self.line(depth, &format!("{}: |", yaml(key)));
        for line in code.lines() {
            self.line(depth + 1, line);
        }
    }

    /// The text.
    pub(super) fn done(self) -> String {
        self.out
    }
}

/// A comment of Python, wrapped.
pub(super) fn python_comment(text: &str) -> String {
    wrapped(text, WIDTH)
        .iter()
        .map(|line| format!("# {line}\n"))
        .collect()
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            if line.is_empty() {
                line.push_str(word);
            } else if line.chars().count() + 1 + word.chars().count() <= width {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}
