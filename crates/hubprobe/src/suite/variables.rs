//! `${env:NAME}`, `${env:NAME:-default}`, `${file:PATH}` and `${command:PROGRAM ARGUMENT}` in the texts of a
//! suite; `$${` stands for `${`. They are put in on the tree, before anything is
//! read, so that a mistake in what was put in points at the line where it was
//! asked for.
//!
//! Only in values, never in keys, and what is put in is a text and is not looked
//! at again. Not where secrets are named: these are read when a connection is
//! made and are shown nowhere, while what a variable stands for is in lists and
//! reports. So what holds a secret of the suite is refused here.

use std::collections::{HashMap, HashSet};
use std::env::VarError;
use std::path::{Component, PathBuf};

use super::document::{Document, Kind, Node};
use super::error::{MOST_TOLD, Place, SuiteError};
use super::fields::beside;
use super::nearest::nearest;
use super::sources::Sources;

/// How much all variables of one suite may put in, in bytes: as much as a suite may be long.
const MOST: usize = 1 << 20;

/// How many commands a suite may run to be read.
const COMMANDS: usize = 20;

/// Where in a suite a value stands, as far as it matters whether it names a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Top,
    Hubs,
    Hub,
    Accounts,
    Account,
    Secret,
    Else,
}

impl At {
    fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Top, "hubs") => Self::Hubs,
            (Self::Hubs, _) => Self::Hub,
            (Self::Hub, "accounts") => Self::Accounts,
            (Self::Accounts, _) => Self::Account,
            (Self::Hub, "headers") | (Self::Account, "token") | (Self::Secret, _) => Self::Secret,
            _ => Self::Else,
        }
    }

    fn in_list(self) -> Self {
        if self == Self::Secret {
            self
        } else {
            Self::Else
        }
    }
}

/// Puts in what the variables of a suite stand for; notes are added to `notes`.
///
/// # Errors
/// The first mistake of each text: a variable that is not set, a file that
/// cannot be read, a brace that is not closed, a secret.
pub(super) fn put_in(
    document: &Document,
    root: &mut Node,
    sources: &dyn Sources,
    notes: &mut Vec<String>,
) -> Result<(), Vec<SuiteError>> {
    let mut all = Variables {
        document,
        sources,
        secrets: HashSet::new(),
        files: HashMap::new(),
        commands: HashMap::new(),
        left: Some(MOST),
        faults: Vec::new(),
        told: HashSet::new(),
        notes,
    };
    all.collect(root, At::Top, "");
    all.walk(root, At::Top);
    if all.faults.is_empty() {
        Ok(())
    } else {
        Err(all.faults)
    }
}

struct Variables<'a> {
    document: &'a Document,
    sources: &'a dyn Sources,
    /// Where the suite's own secrets are, as variables write it: `env:T`, `file:DIR/a.token`.
    secrets: HashSet<String>,
    /// What is in the files so far, each read once.
    files: HashMap<PathBuf, Result<String, String>>,
    /// What the commands said so far, each run once.
    commands: HashMap<String, Result<String, String>>,
    /// How much may still be put in; none once it was too much.
    left: Option<usize>,
    faults: Vec<SuiteError>,
    /// Places that are wrong: all that an alias stands for is in its place.
    told: HashSet<(u64, u64)>,
    notes: &'a mut Vec<String>,
}

/// Why a variable stands for nothing, and what to do.
type Fault = (String, String);

impl Variables<'_> {
    fn collect(&mut self, node: &Node, at: At, key: &str) {
        match &node.kind {
            Kind::Map(entries) => entries.iter().for_each(|(key, node)| {
                self.collect(node, at.below(&key.text), &key.text);
            }),
            Kind::Text(text) if at == At::Secret => {
                self.secrets.insert(self.named(key, text));
            }
            Kind::List(words) if at == At::Secret => {
                let words = words.iter().filter_map(|word| match &word.kind {
                    Kind::Text(text) => Some(text.as_str()),
                    _ => word.typed(),
                });
                let words: Vec<&str> = words.collect();
                self.secrets.insert(self.named(key, &words.join(" ")));
            }
            _ => {}
        }
    }

    fn named(&self, kind: &str, name: &str) -> String {
        match kind {
            "file" => format!("file:{}", self.path(name).display()),
            _ => format!("{kind}:{name}"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = beside(self.document, name);
        let is_here = |part: &Component<'_>| *part == Component::CurDir;
        path.components().filter(|part| !is_here(part)).collect()
    }

    fn walk(&mut self, node: &mut Node, at: At) {
        if self.faults.len() >= MOST_TOLD {
            return;
        }
        let put = match &mut node.kind {
            Kind::Map(entries) => {
                for (key, node) in entries {
                    self.walk(node, at.below(&key.text));
                }
                return;
            }
            Kind::List(items) => {
                for item in items {
                    self.walk(item, at.in_list());
                }
                return;
            }
            Kind::Text(text) if text.contains("${") => {
                if at == At::Secret {
                    let is_one = ["${env:", "${file:", "${command:"]
                        .iter()
                        .any(|begin| text.contains(begin));
                    let said = "a variable is not looked up where a secret is named; it stands here as it is typed";
                    if is_one {
                        self.say(node.place, said);
                    }
                    return;
                }
                let place = (node.place.line, node.place.column);
                if self.left.is_none() || self.told.contains(&place) {
                    return;
                }
                let text = std::mem::take(text);
                self.all_of(&text, node.place)
            }
            _ => return,
        };
        match put {
            Ok(text) => node.become_text(text),
            Err((reason, remedy)) => {
                let place = node.place;
                self.told.insert((place.line, place.column));
                self.faults.push(self.document.error(place, reason, remedy));
            }
        }
    }

    /// A text with all its variables put in.
    fn all_of(&mut self, text: &str, place: Place) -> Result<String, Fault> {
        let mut whole = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, _)) = rest.split_once('$') {
            whole.push_str(before);
            let from = rest.get(before.len()..).unwrap_or_default();
            if let Some(after) = from.strip_prefix("$${") {
                whole.push_str("${");
                rest = after;
                continue;
            }
            let Some((kind, inner)) = begun(from) else {
                self.may_be_meant(from, place);
                whole.push('$');
                rest = from.get(1..).unwrap_or_default();
                continue;
            };
            let Some((asked, after)) = inner.split_once('}') else {
                return Err((
                    format!("`${{{kind}:` is not closed"),
                    "add a `}`; for these characters themselves write `$${`".to_owned(),
                ));
            };
            let value = match kind {
                "env" => self.variable(asked)?,
                "file" => self.file(asked)?,
                _ => self.command(asked)?,
            };
            self.left = self.left.and_then(|left| left.checked_sub(value.len()));
            if self.left.is_none() {
                return Err((
                    "the variables of this suite stand for more than 1 MiB in all".to_owned(),
                    "name smaller files, or name them less often".to_owned(),
                ));
            }
            whole.push_str(&value);
            rest = after;
        }
        whole.push_str(rest);
        Ok(whole)
    }

    fn variable(&self, asked: &str) -> Result<String, Fault> {
        let (name, default) = match asked.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (asked, None),
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty()
            || name.starts_with(|c: char| c.is_ascii_digit())
            || !name.chars().all(is_word)
        {
            return Err((
                format!("`{name}` cannot be the name of a variable"),
                "write ${env:NAME}, or ${env:NAME:-default}, with letters, digits and _".to_owned(),
            ));
        }
        if self.secrets.contains(&self.named("env", name)) || is_ours(name) {
            return Err(secret(&format!("the variable `{name}`")));
        }
        match (self.sources.variable(name), default) {
            (Err(VarError::NotPresent), Some(default)) => Ok(default.to_owned()),
            (Ok(value), Some(default)) if value.is_empty() => Ok(default.to_owned()),
            (Ok(value), _) => Ok(value),
            (Err(VarError::NotPresent), None) => Err((
                format!("the variable `{name}` is not set in the environment"),
                format!("set it, or give a default, as in ${{env:{name}:-default}}"),
            )),
            (Err(VarError::NotUnicode(_)), _) => Err((
                format!("the variable `{name}` of the environment is not UTF-8 text"),
                "give it another value".to_owned(),
            )),
        }
    }

    fn file(&mut self, asked: &str) -> Result<String, Fault> {
        let remedy = "name a file of text; a relative path starts at the suite's directory";
        if asked.is_empty() {
            return Err((
                "`${file:}` names no file".to_owned(),
                "write ${file:PATH}".to_owned(),
            ));
        }
        let path = self.path(asked);
        if self.secrets.contains(&self.named("file", asked)) {
            return Err(secret(&format!("the file {}", path.display())));
        }
        let sources = self.sources;
        let read = self
            .files
            .entry(path)
            .or_insert_with_key(|path| sources.file(path));
        read.clone().map_err(|problem| {
            let path = beside(self.document, asked);
            (
                format!("the file {} {problem}", path.display()),
                remedy.to_owned(),
            )
        })
    }

    fn command(&mut self, asked: &str) -> Result<String, Fault> {
        let words: Vec<String> = asked.split_whitespace().map(str::to_owned).collect();
        let command = words.join(" ");
        let Some(program) = words.first() else {
            return Err((
                "`${command:}` names no program".to_owned(),
                "write ${command:PROGRAM ARGUMENT}; it is run without a shell".to_owned(),
            ));
        };
        if self.secrets.contains(&self.named("command", &command)) {
            return Err(secret(&format!("what `{program}` says")));
        }
        if self.commands.len() >= COMMANDS && !self.commands.contains_key(&command) {
            return Err((
                format!("the suite runs more than {COMMANDS} commands to be read"),
                "let one command write a file, and name that".to_owned(),
            ));
        }
        let sources = self.sources;
        let said = self
            .commands
            .entry(command)
            .or_insert_with(|| sources.command(&words));
        said.clone().map_err(|problem| {
            let remedy = "try it in a shell; words are split at spaces, and nothing is quoted";
            (format!("`{program}` {problem}"), remedy.to_owned())
        })
    }

    /// A note where a word before the colon is nearly one of ours.
    fn may_be_meant(&mut self, from: &str, place: Place) {
        // Not further than such a word may be long.
        let word = from.strip_prefix("${").and_then(|rest| {
            let (end, _) = rest.char_indices().take(9).find(|(_, c)| *c == ':')?;
            rest.get(..end)
        });
        let near = word.and_then(|word| Some((word, nearest(word, &["env", "file", "command"])?)));
        if let Some((word, near)) = near {
            let said = format!(
                "`${{{word}:` stands here as it is typed; did you mean `${{{near}:`? If not, write `$${{`"
            );
            self.say(place, &said);
        }
    }

    fn say(&mut self, place: Place, what: &str) {
        let (file, line, column) = (self.document.file.display(), place.line, place.column);
        let said = format!("{file}:{line}:{column}: {what}");
        if self.notes.last() != Some(&said) {
            self.notes.push(said);
        }
    }
}

/// What kind of variable begins here, and what follows.
fn begun(text: &str) -> Option<(&'static str, &str)> {
    let of = |kind, start| text.strip_prefix(start).map(|inner| (kind, inner));
    of("env", "${env:")
        .or_else(|| of("file", "${file:"))
        .or_else(|| of("command", "${command:"))
}

/// The variables in which hubprobe and JupyterHub themselves keep tokens.
fn is_ours(name: &str) -> bool {
    let owners = ["HUBPROBE_", "JUPYTERHUB_", "JPY_"];
    name.ends_with("TOKEN") && owners.iter().any(|owner| name.starts_with(owner))
}

fn secret(what: &str) -> Fault {
    (
        format!("{what} holds a secret, and what a variable stands for is shown in lists and reports"),
        "name it only where the secret is wanted, as in token: { env: NAME } or token: { file: PATH }".to_owned(),
    )
}
