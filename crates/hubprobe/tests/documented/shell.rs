//! What stands in a block for a shell: which commands, what is shown of what they say, and of which words they are made.
//!
//! The shell itself runs them (`session`). This only has to know where a command ends, and which programs are in it.

/// A command as it is typed, with what the page shows of its output.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Typed {
    pub line: usize,
    pub text: String,
    /// Lines below the command, in a console; `None` where a page shows none.
    pub shown: Option<String>,
    /// `# exit 1` behind the command.
    pub exit: i32,
}

/// The commands of a block whose fence is in this line. In a console they begin with `$ `, and what they say stands below.
pub fn commands(text: &str, fence: usize) -> Vec<Typed> {
    let console = text.trim_start().starts_with("$ ");
    let mut found: Vec<Typed> = Vec::new();
    let mut goes_on: Option<Ending> = None;
    for (index, line) in text.lines().enumerate() {
        if let (Some(ending), Some(last)) = (goes_on.take(), found.last_mut()) {
            last.text.push('\n');
            last.text.push_str(line);
            goes_on = ending.after(line);
        } else if let Some(command) = start(line, console) {
            found.push(Typed {
                line: fence + 1 + index,
                text: command.to_owned(),
                shown: None,
                exit: 0,
            });
            goes_on = Ending::of(command);
        } else if let (true, Some(last)) = (console, found.last_mut()) {
            let shown = last.shown.get_or_insert_default();
            shown.push_str(line);
            shown.push('\n');
        }
    }
    for typed in &mut found {
        if let Some((_, code)) = typed.text.rsplit_once("# exit ") {
            typed.exit = code.trim().parse().unwrap_or(0);
        }
    }
    found
}

fn start(line: &str, console: bool) -> Option<&str> {
    if console {
        return line.strip_prefix("$ ");
    }
    let bare = line.trim_start();
    (!bare.is_empty() && !bare.starts_with('#')).then_some(line)
}

/// What a command that is not whole waits for.
enum Ending {
    Backslash,
    Word(String),
}

impl Ending {
    fn of(line: &str) -> Option<Self> {
        if let Some((_, word)) = line.split_once("<<") {
            let word = word.trim().trim_matches(['\'', '"']);
            return Some(Self::Word(word.to_owned()));
        }
        line.ends_with('\\').then_some(Self::Backslash)
    }

    fn after(self, line: &str) -> Option<Self> {
        match self {
            Self::Backslash => line.ends_with('\\').then_some(Self::Backslash),
            Self::Word(word) => (line.trim_end() != word).then_some(Self::Word(word)),
        }
    }
}

/// The simple commands in a line, each as its words without quotes; those in `$(…)` too. Assignments before a program and
/// redirections are left out.
pub fn simple_commands(text: &str) -> Vec<Vec<String>> {
    let text = text.split_once("<<").map_or(text, |(command, _)| command);
    let mut reader = Reader::default();
    let characters: Vec<char> = text.chars().collect();
    reader.read(&characters);
    reader.end_command();
    reader.found
}

#[derive(Default)]
struct Reader {
    found: Vec<Vec<String>>,
    words: Vec<String>,
    word: Option<String>,
    /// The next word is a file that something is redirected to.
    file: bool,
}

impl Reader {
    fn read(&mut self, text: &[char]) {
        let mut at = 0;
        while let Some(&c) = text.get(at) {
            at += 1;
            match c {
                '\\' => {
                    if let Some(&next) = text.get(at).filter(|&&next| next != '\n') {
                        self.push(next);
                    }
                    at += 1;
                }
                '\'' => at = self.quoted(text, at, '\''),
                '"' => at = self.quoted(text, at, '"'),
                '$' if text.get(at) == Some(&'(') => at = self.substituted(text, at),
                '#' if self.word.is_none() => {
                    while text.get(at).is_some_and(|&c| c != '\n') {
                        at += 1;
                    }
                }
                '>' | '<' => {
                    // The number of what is redirected, and a copy of another.
                    self.word = None;
                    while text.get(at).is_some_and(|c| ">&".contains(*c)) {
                        at += 1;
                    }
                    self.file = true;
                }
                '|' | ';' | '&' | '\n' | '(' | ')' => self.end_command(),
                c if c.is_whitespace() => self.end_word(),
                c => self.push(c),
            }
        }
    }

    fn quoted(&mut self, text: &[char], mut at: usize, end: char) -> usize {
        self.word.get_or_insert_default();
        while let Some(&c) = text.get(at) {
            at += 1;
            if c == end {
                break;
            }
            match (end, c) {
                ('"', '\\') => {
                    self.push(text.get(at).copied().unwrap_or_default());
                    at += 1;
                }
                ('"', '$') if text.get(at) == Some(&'(') => at = self.substituted(text, at),
                _ => self.push(c),
            }
        }
        at
    }

    /// From the parenthesis of `$(…)` on; its commands are found too, and in the word it is one letter.
    fn substituted(&mut self, text: &[char], from: usize) -> usize {
        let mut depth = 0_usize;
        let mut at = from;
        while let Some(&c) = text.get(at) {
            at += 1;
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        let mut inner = Self::default();
        inner.read(text.get(from + 1..at.saturating_sub(1)).unwrap_or_default());
        inner.end_command();
        self.found.extend(inner.found);
        self.push('x');
        at
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else {
            return;
        };
        let assigned = word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
        });
        if std::mem::take(&mut self.file) || (self.words.is_empty() && assigned) {
            return;
        }
        self.words.push(word);
    }

    fn end_command(&mut self) {
        self.end_word();
        // What it becomes is the command.
        if self.words.first().is_some_and(|word| word == "exec") {
            self.words.remove(0);
        }
        if !self.words.is_empty() {
            self.found.push(std::mem::take(&mut self.words));
        }
    }
}

/// Seen to be read as a shell reads them.
pub fn words_and_commands() {
    let block = "a 'x y' \\\n  --b  # exit 3\n# not this\ncat >f <<'E'\nhubprobe no\nE\nc\n";
    let typed = commands(block, 10);
    let lines: Vec<(usize, i32)> = typed.iter().map(|one| (one.line, one.exit)).collect();
    assert_eq!(lines, [(11, 3), (14, 0), (17, 0)]);
    let console = commands("$ a\nout\n\nmore\n$ b\n", 1);
    assert_eq!(console[0].shown.as_deref(), Some("out\n\nmore\n"));
    assert_eq!(console[1].shown, None);
    let words = simple_commands(
        "A=1 one 'a b' \"c$(two --x)\" 2>&1 >f | three && exec four --o 'k=[\"v\"]' # five",
    );
    let words: Vec<String> = words.iter().map(|words| words.join(",")).collect();
    assert_eq!(
        words,
        ["two,--x", "one,a b,cx", "three", "four,--o,k=[\"v\"]"]
    );
}
