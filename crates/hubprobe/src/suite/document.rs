//! A YAML text as a tree in which every value knows its line and column, so
//! that an error found long after parsing still points at its place. Knows
//! YAML, nothing of suites.
//!
//! The parser's budget is set here: a suite is small, and one that unfolds
//! (aliases of aliases) or nests without end is refused before it costs memory.

use std::path::{Path, PathBuf};

use serde_json::{Map, Number, Value};
use serde_saphyr::{Location, Options, Spanned};

use super::error::{Place, SuiteError};
use super::masked::masked;
use super::raw::Raw;
use super::scalar::{core_value, surprise};

/// A YAML text and where it came from.
pub(super) struct Document {
    /// The file, for error texts.
    pub(super) file: PathBuf,
    text: String,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
    /// What stands in the text for a plain scalar; none for quoted scalars and for collections.
    plain: Option<String>,
}

/// The value itself.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a map and its place.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) place: Place,
}

impl Node {
    /// A null.
    pub(super) fn nothing(place: Place) -> Self {
        Self {
            place,
            kind: Kind::Null,
            plain: None,
        }
    }

    /// Makes it a text of which nobody typed a letter here.
    pub(super) fn become_text(&mut self, text: String) {
        self.kind = Kind::Text(text);
        self.plain = None;
    }

    /// What this is, in words, for "expected …, found …". Texts are not repeated:
    /// one may be a secret in the wrong place.
    pub(super) fn in_words(&self) -> String {
        match &self.kind {
            Kind::Null => "nothing".to_owned(),
            Kind::Bool(value) => format!("the truth value {value}"),
            Kind::Number(number) => format!(
                "the number {}",
                self.plain.clone().unwrap_or_else(|| number.to_string())
            ),
            Kind::Text(_) => "a text".to_owned(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a map".to_owned(),
        }
    }

    /// What was typed, where this is a plain scalar.
    pub(super) fn typed(&self) -> Option<&str> {
        self.plain.as_deref()
    }

    /// The value as JSON; calls `on_surprise` with the place and the reason for
    /// every plain scalar that may not mean what was typed.
    pub(super) fn to_json(&self, on_surprise: &mut dyn FnMut(Place, String)) -> Value {
        let value = match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(items) => {
                Value::Array(items.iter().map(|item| item.to_json(on_surprise)).collect())
            }
            Kind::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, node)| (key.text.clone(), node.to_json(on_surprise)))
                    .collect::<Map<_, _>>(),
            ),
        };
        if let Some(reason) = self.typed().and_then(|typed| surprise(typed, &value)) {
            on_surprise(self.place, reason);
        }
        value
    }
}

impl Document {
    /// Parses a text. An empty one is a [`Kind::Null`].
    ///
    /// # Errors
    /// What is wrong with the YAML, with its place.
    pub(super) fn parse(file: &Path, text: String) -> Result<(Self, Node), SuiteError> {
        let document = Self {
            file: file.to_owned(),
            text,
        };
        match serde_saphyr::from_str_with_options::<Spanned<Raw>>(&document.text, parser_options())
        {
            Ok(root) => {
                let node = document.node(root);
                Ok((document, node))
            }
            Err(error) => {
                let (reason, remedy) = explained(error.without_snippet());
                Err(match error.location().map(place_of) {
                    Some(place) if remedy.is_empty() && document.has_variable(place) => {
                        let quote = "quote a text with `${…}` inside of { } and [ ]";
                        document.error(place, reason, quote)
                    }
                    Some(place) => document.error(place, reason, remedy),
                    None => SuiteError::whole(file, reason, remedy),
                })
            }
        }
    }

    /// An error at a place of this document, with the line it is about.
    pub(super) fn error(
        &self,
        place: Place,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> SuiteError {
        let line = place
            .line
            .checked_sub(1)
            .and_then(|index| usize::try_from(index).ok());
        let in_reach = usize::try_from(place.column).is_ok_and(|column| column <= 100);
        let line_text = line
            .filter(|_| in_reach)
            .and_then(|index| lines(&self.text).nth(index))
            .map(|line| masked(start_of(line)));
        SuiteError {
            place: Some(place),
            line_text,
            ..SuiteError::whole(&self.file, reason, remedy)
        }
    }

    /// Whether a line holds what looks like a variable.
    fn has_variable(&self, place: Place) -> bool {
        let index = usize::try_from(place.line.saturating_sub(1)).ok();
        index
            .and_then(|index| lines(&self.text).nth(index))
            .is_some_and(|line| line.contains("${"))
    }

    /// An error at a place whose line may hold a secret, so that it is not shown.
    pub(super) fn error_unseen(
        &self,
        place: Place,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> SuiteError {
        SuiteError {
            place: Some(place),
            ..SuiteError::whole(&self.file, reason, remedy)
        }
    }

    fn node(&self, raw: Spanned<Raw>) -> Node {
        let place = place_of(raw.referenced);
        let span = raw.defined.span();
        let typed = span
            .byte_offset()
            .zip(span.byte_len())
            .and_then(|(start, length)| {
                let start = usize::try_from(start).ok()?;
                self.text
                    .get(start..start.checked_add(usize::try_from(length).ok()?)?)
            })
            .filter(|text| !text.starts_with(['"', '\'']));
        let (kind, plain) = match raw.value {
            Raw::Null => (Kind::Null, typed),
            Raw::Bool(value) => (Kind::Bool(value), typed),
            // The parser reads more spellings as numbers than the core schema has, and some
            // otherwise.
            Raw::Number(number) => match typed.and_then(core_value) {
                Some(Value::Number(number)) => (Kind::Number(number), typed),
                Some(Value::String(text)) if typed == Some(text.as_str()) && !text.is_empty() => {
                    (Kind::Text(text), typed)
                }
                _ => (Kind::Number(number), None),
            },
            // Block scalars and tagged texts do not read as they stand, and are meant as texts.
            Raw::Text(text) => {
                let plain = typed.filter(|typed| *typed == text);
                (Kind::Text(text), plain)
            }
            Raw::List(items) => (
                Kind::List(items.into_iter().map(|item| self.node(item)).collect()),
                None,
            ),
            Raw::Map(entries) => {
                let entries = entries
                    .into_iter()
                    .map(|(key, value)| {
                        (
                            Key {
                                text: key.value,
                                place: place_of(key.referenced),
                            },
                            self.node(value),
                        )
                    })
                    .collect();
                (Kind::Map(entries), None)
            }
        };
        Node {
            place,
            kind,
            plain: plain.map(str::to_owned),
        }
    }
}

/// What of a line may matter for what is shown of it: far more than that, so that a secret is seen whole.
fn start_of(line: &str) -> &str {
    line.char_indices()
        .nth(2_000)
        .map_or(line, |(end, _)| &line[..end])
}

/// The lines as YAML counts them: they end in LF, CR or CRLF.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some((line, after)) = text.split_once(['\n', '\r']) else {
            return Some(text);
        };
        let is_crlf = text.as_bytes().get(line.len()) == Some(&b'\r');
        rest = Some(
            after
                .strip_prefix('\n')
                .filter(|_| is_crlf)
                .unwrap_or(after),
        );
        Some(line)
    })
}

fn place_of(location: Location) -> Place {
    Place {
        line: location.line(),
        column: location.column(),
    }
}

fn parser_options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: 32, max_nodes: 50_000, max_aliases: 1_000 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 20_000, max_replay_stack_depth: 16 },
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// The parser's complaint in our words where it is one that people meet, else in its own.
fn explained(error: &serde_saphyr::Error) -> (String, String) {
    use serde_saphyr::Error;
    match error {
        Error::AliasError { error, .. } | Error::WithSnippet { error, .. } => explained(error),
        Error::DuplicateMappingKey { key, .. } => {
            let key = key
                .as_deref()
                .map_or_else(|| "a key".to_owned(), |key| format!("the key `{key}`"));
            (
                format!("{key} is there twice in one map"),
                "remove one of the two".to_owned(),
            )
        }
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::Budget { .. } => (
            "this unfolds or nests far beyond what a suite needs".to_owned(),
            "use fewer aliases (`*name`) of aliases, and less depth".to_owned(),
        ),
        Error::UnknownAnchor { .. } => (
            "an alias (`*name`) for which there is no anchor (`&name`)".to_owned(),
            "quote a text that begins with `*`".to_owned(),
        ),
        Error::RecursiveReferencesRequireWeakTypes { .. } => (
            "an alias (`*name`) inside of what it stands for".to_owned(),
            "write the value out".to_owned(),
        ),
        Error::MultipleDocuments { .. } => (
            "a second YAML document begins here".to_owned(),
            "remove the `---`; a suite is one document".to_owned(),
        ),
        Error::NonFiniteFloat { .. } => (
            "JSON has no infinity and no not-a-number".to_owned(),
            "quote it if it is meant as a text".to_owned(),
        ),
        Error::NullIntoString { .. } => (
            "a key is missing here, or is an unquoted null".to_owned(),
            "write KEY: VALUE, and quote a key that is meant as a text".to_owned(),
        ),
        other => {
            let message = message_of(other);
            if message == "expected string scalar" {
                return (
                    "a key has to be a text".to_owned(),
                    "write KEY: VALUE".to_owned(),
                );
            }
            let remedy = if message.contains("tabs") {
                "indent with spaces; YAML allows no tabs there"
            } else if message.contains("unexpected character") {
                "quote a text that begins with or holds a special character"
            } else if message.contains("mapping values are not allowed") {
                "check the indentation, and quote a text that holds `: `"
            } else if message.contains("recursion limit") {
                "use less depth"
            } else {
                ""
            };
            (format!("this is not YAML: {message}"), remedy.to_owned())
        }
    }
}

/// The parser's message without the place that it appends.
fn message_of(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text.get(..end).map_or_else(|| text.clone(), str::to_owned),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(Document, Node), SuiteError> {
        Document::parse(Path::new("s.yaml"), text.to_owned())
    }

    #[test]
    fn numbers_are_those_of_the_core_schema_and_surprises_have_places() {
        let (_, root) =
            parse("a: 0012\nb: [0b1, '0012', 1_000, \"x\"]\nc: |\n  yes\nd: no\n").unwrap();
        let mut said = Vec::new();
        let value =
            root.to_json(&mut |place, reason| said.push((place.line, place.column, reason)));
        assert_eq!(
            value,
            serde_json::json!({"a": 12, "b": ["0b1", "0012", "1_000", "x"], "c": "yes\n", "d": "no"})
        );
        let places: Vec<_> = said
            .iter()
            .map(|(line, column, _)| (*line, *column))
            .collect();
        assert_eq!(places, [(1, 4), (5, 4)]);
    }

    #[test]
    fn lines_end_in_any_way() {
        let all: Vec<_> = lines("a\r\nb\rc\n\n\r\rd\n").collect();
        assert_eq!(all, ["a", "b", "c", "", "", "", "d", ""]);
    }

    #[test]
    fn bombs_are_refused_quickly() {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        let mut last = 'a';
        for name in 'b'..='k' {
            bomb.push_str(&format!(
                "{name}: &{name} [{}]\n",
                vec![format!("*{last}"); 10].join(", ")
            ));
            last = name;
        }
        for text in [bomb, "[".repeat(3_000), format!("{}x", "- ".repeat(500))] {
            let error = parse(&text).err().unwrap();
            assert!(
                error.reason == "this unfolds or nests far beyond what a suite needs"
                    || error.reason.contains("recursion limit"),
                "{error}"
            );
        }
    }
}
