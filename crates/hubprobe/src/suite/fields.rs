//! Reading a map of a suite file against the keys that it may have. Unknown
//! keys, wrong types and missing keys all get their text here, so that they
//! read the same everywhere.

use std::path::PathBuf;

use super::SecretSource;
use super::document::{Document, Key, Kind, Node};
use super::error::SuiteError;
use super::nearest::{meant, nearest};

/// What a kind of map is called and which keys it may have.
pub(super) struct Shape {
    /// With its article: "a hub".
    pub(super) what: &'static str,
    /// The keys of this version.
    pub(super) known: &'static [&'static str],
    /// Whether a value in it may be a secret where a key is mistyped, so that
    /// the line is not shown.
    pub(super) secret: bool,
}

/// A map whose keys have been checked.
pub(super) struct Fields<'a> {
    document: &'a Document,
    node: &'a Node,
    entries: &'a [(Key, Node)],
    name: String,
}

impl<'a> Fields<'a> {
    /// Checks that `node` is a map and that all its keys are in `shape`; `name` is
    /// what errors call it: "the hub `alps`".
    pub(super) fn of(
        document: &'a Document,
        node: &'a Node,
        name: &str,
        shape: &Shape,
    ) -> Result<Self, SuiteError> {
        let entries = map(
            document,
            node,
            name,
            &format!("a map of {}", shape.known.join(", ")),
        )?;
        for (key, _) in entries {
            let word = key.text.as_str();
            if shape.known.contains(&word) {
                continue;
            }
            let all = format!("the keys of {} are: {}", shape.what, shape.known.join(", "));
            let reason = format!("unknown key `{word}` in {}", shape.what);
            let remedy = meant(word, shape.known, all);
            // What stands after a mistyped `token` may be one.
            return Err(if shape.secret {
                document.error_unseen(key.place, reason, remedy)
            } else {
                document.error(key.place, reason, remedy)
            });
        }
        Ok(Self {
            document,
            node,
            entries,
            name: name.to_owned(),
        })
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries
            .iter()
            .find(|(known, _)| known.text == key)
            .map(|(_, node)| node)
    }

    /// The value of a key that has to be there.
    pub(super) fn required(&self, key: &str, example: &str) -> Result<&'a Node, SuiteError> {
        self.get(key).ok_or_else(|| {
            self.document.error(
                self.node.place,
                format!("{} has no `{key}`", self.name),
                format!("add it, as in {example}"),
            )
        })
    }

    /// The text of a key, if it is there.
    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, SuiteError> {
        self.get(key)
            .map(|node| text(self.document, node, key))
            .transpose()
    }

    /// The truth value of a key; false where it is not there.
    pub(super) fn truth(&self, key: &str) -> Result<bool, SuiteError> {
        match self.get(key) {
            None => Ok(false),
            Some(Node {
                kind: Kind::Bool(value),
                ..
            }) => Ok(*value),
            Some(node) => Err(wrong_type(self.document, node, key, "true or false", "")),
        }
    }
}

/// The entries of a map.
pub(super) fn map<'a>(
    document: &Document,
    node: &'a Node,
    name: &str,
    wanted: &str,
) -> Result<&'a [(Key, Node)], SuiteError> {
    match &node.kind {
        Kind::Map(entries) => Ok(entries),
        _ => Err(wrong_type(document, node, name, wanted, "")),
    }
}

/// A text. A number or a truth value is not taken for one: `42` and `"42"` are
/// different things to whoever compares them.
pub(super) fn text<'a>(
    document: &Document,
    node: &'a Node,
    name: &str,
) -> Result<&'a str, SuiteError> {
    match (&node.kind, node.typed()) {
        (Kind::Text(text), _) => Ok(text),
        (Kind::Number(_) | Kind::Bool(_), Some(typed)) => Err(wrong_type(
            document,
            node,
            name,
            "a text",
            &format!("quote it: \"{typed}\""),
        )),
        _ => Err(wrong_type(document, node, name, "a text", "")),
    }
}

/// The error for a value of the wrong type.
pub(super) fn wrong_type(
    document: &Document,
    node: &Node,
    name: &str,
    wanted: &str,
    remedy: &str,
) -> SuiteError {
    document.error(
        node.place,
        format!("{name}: expected {wanted}, found {}", node.in_words()),
        remedy,
    )
}

/// Where a secret is: a map with one of `file` (relative to the suite), `env`
/// or `command`. A secret itself is refused, and is not repeated in the error.
/// `name` is what the error calls it: "the token of `servuser`".
pub(super) fn secret_source(
    document: &Document,
    node: &Node,
    name: &str,
) -> Result<SecretSource, SuiteError> {
    const SHAPE: [&str; 3] = ["file", "env", "command"];
    let places = "{ file: PATH }, { env: NAME } or { command: [PROGRAM, ARGUMENT] }";
    let unseen = |node: &Node, reason: String, remedy: String| {
        document.error_unseen(node.place, reason, remedy)
    };
    let entries = match &node.kind {
        Kind::Map(entries) => entries,
        Kind::Null => {
            return Err(unseen(
                node,
                format!("{name}: expected where it is, found nothing"),
                format!("write {places}"),
            ));
        }
        _ => {
            return Err(unseen(
                node,
                format!(
                    "{name} itself does not belong in a suite, where it would be read and copied with it"
                ),
                format!(
                    "say where it is: {places}; replace it on the hub if others may have read this file"
                ),
            ));
        }
    };
    let [(key, value)] = entries.as_slice() else {
        return Err(unseen(
            node,
            format!(
                "{name} is in {} places, and has to be in one",
                entries.len()
            ),
            format!("write {places}"),
        ));
    };
    let wanted = match key.text.as_str() {
        "file" | "env" => "a text that is not empty",
        "command" => "a list of texts, the program first",
        other => {
            let near = nearest(other, &SHAPE)
                .map_or_else(String::new, |near| format!("did you mean `{near}`? "));
            return Err(document.error_unseen(
                key.place,
                format!("{name}: `{}` is no place for a secret", other),
                format!("{near}write {places}"),
            ));
        }
    };
    let wrong = || {
        document.error_unseen(
            value.place,
            format!("{name}: {} is {wanted}", key.text),
            format!("write {places}"),
        )
    };
    match (key.text.as_str(), &value.kind) {
        ("file", Kind::Text(path)) if !path.is_empty() => {
            Ok(SecretSource::File(beside(document, path)))
        }
        ("env", Kind::Text(variable)) if !variable.is_empty() => {
            Ok(SecretSource::Env(variable.clone()))
        }
        ("command", Kind::List(items)) => {
            let words: Option<Vec<String>> = items
                .iter()
                .map(|item| match &item.kind {
                    Kind::Text(word) => Some(word.clone()),
                    _ => item.typed().map(str::to_owned),
                })
                .collect();
            words
                .filter(|words| words.first().is_some_and(|program| !program.is_empty()))
                .map(SecretSource::Command)
                .ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

/// A path of the suite, which is relative to the suite's directory.
pub(super) fn beside(document: &Document, path: &str) -> PathBuf {
    document
        .file
        .parent()
        .map_or_else(|| PathBuf::from(path), |directory| directory.join(path))
}
