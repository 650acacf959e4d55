//! An existing values.yaml, as a tree whose every part knows its line, and the place in it where a chart's own values stand.
//!
//! Charts are wrapped in charts (Argo CD, umbrella charts), so the values may stand at any depth, and a file may hold several
//! documents. They are looked for by what only they have; where several places fit, that is an error, not a guess. Comments are the
//! file's own business, and nothing is ever written.

use std::fmt;

use serde_saphyr::{Location, Spanned};

use crate::suite::{Place, Raw, masked, masked_words};

/// A part of a file.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) line: u64,
    pub(super) kind: Kind,
}

/// What it is.
#[derive(Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, u64, Tree)>),
}

impl Tree {
    /// Nothing at all.
    pub(super) fn nothing() -> Self {
        Self {
            line: 0,
            kind: Kind::Null,
        }
    }

    /// What is below these keys.
    pub(super) fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |tree, key| tree.get(key))
    }

    fn get(&self, wanted: &str) -> Option<&Self> {
        let found = self.entries().iter().find(|(key, _, _)| key == wanted);
        found.map(|(_, _, tree)| tree)
    }

    /// The entries of a map; none of anything else.
    pub(super) fn entries(&self) -> &[(String, u64, Self)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// A scalar as text.
    pub(super) fn text(&self) -> Option<String> {
        match &self.kind {
            Kind::Text(text) | Kind::Number(text) => Some(text.clone()),
            Kind::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// The texts of a list; nothing is an empty one. None where it is anything else.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        match &self.kind {
            Kind::Null => Some(Vec::new()),
            Kind::List(items) => items.iter().map(Self::text).collect(),
            _ => None,
        }
    }

    /// Whether it is switched on, in any spelling that Helm takes.
    pub(super) fn is_on(&self) -> bool {
        let words = ["true", "yes", "on", "y"];
        self.text()
            .is_some_and(|text| words.contains(&text.to_ascii_lowercase().as_str()))
    }

    /// In words, for "…, but this is …".
    pub(super) fn in_words(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "empty",
            Kind::Bool(_) => "a truth value",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    fn of(raw: Spanned<Raw>) -> Self {
        let line = raw.referenced.line();
        let kind = match raw.value {
            Raw::Null => Kind::Null,
            Raw::Bool(value) => Kind::Bool(value),
            Raw::Number(number) => Kind::Number(number.to_string()),
            Raw::Text(text) => Kind::Text(text),
            Raw::List(items) => Kind::List(items.into_iter().map(Self::of).collect()),
            Raw::Map(entries) => Kind::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| {
                        // People look for the key; a block below it begins a line later.
                        let line = key.referenced.line();
                        let value = Self::of(value);
                        (key.value, line, Self { line, ..value })
                    })
                    .collect(),
            ),
        };
        Self { line, kind }
    }
}

/// Why a values.yaml cannot be read. Displays as `FILE:LINE:COLUMN: reason`, the line, and the remedy.
#[derive(Debug, PartialEq, Eq)]
pub struct ValuesError {
    file: String,
    place: Option<Place>,
    line_text: Option<String>,
    reason: String,
    remedy: String,
}

impl std::error::Error for ValuesError {}

impl fmt::Display for ValuesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(place) = self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        write!(f, ": {}", self.reason)?;
        if let (Some(place), Some(text)) = (self.place, &self.line_text) {
            write!(f, "\n    {} | {text}", place.line)?;
        }
        write!(f, "\n  {}", self.remedy)
    }
}

/// Reads all documents of a text.
///
/// # Errors
/// What is wrong with the YAML, and where.
pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Tree>, ValuesError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: 64, max_nodes: 500_000, max_aliases: 10_000 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 200_000, max_replay_stack_depth: 32 },
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        leading_zero_numbers_as_strings: true,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    serde_saphyr::from_multiple_with_options::<Spanned<Raw>>(text, options)
        .map(|trees| trees.into_iter().map(Tree::of).collect())
        .map_err(|error| {
            let error = error.without_snippet();
            let place = error.location().map(place);
            let line = place
                .and_then(|place| usize::try_from(place.line.saturating_sub(1)).ok())
                .and_then(|index| text.lines().nth(index));
            ValuesError {
                file: file.to_owned(),
                place,
                line_text: line.map(masked),
                reason: reason(error),
                remedy: remedy(text, line).to_owned(),
            }
        })
}

fn place(location: Location) -> Place {
    Place {
        line: location.line(),
        column: location.column(),
    }
}

fn reason(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error;
    match error {
        Error::AliasError { error, .. } | Error::WithSnippet { error, .. } => reason(error),
        Error::DuplicateMappingKey { key, .. } => format!(
            "the key {} is there twice in one map, and only one of the two counts",
            masked_words(key.as_deref().unwrap_or_default())
        ),
        other => {
            let text = other.to_string();
            let end = text.rfind(" at line ").unwrap_or(text.len());
            let text = text.get(..end).unwrap_or(&text);
            format!("this cannot be read as YAML: {}", masked_words(text))
        }
    }
}

fn remedy(text: &str, line: Option<&str>) -> &'static str {
    if line.is_some_and(|line| line.contains("{{")) || text.contains("{{ .") {
        "this is a template: give what it renders to (helm get values RELEASE -o yaml, helmfile write-values)"
    } else if line.is_some_and(|line| line.contains('\t')) {
        "indent with spaces; YAML takes no tabs there"
    } else {
        "mend the file, or leave --values out to get all of it"
    }
}

/// The place of a chart's values in a file.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// The keys that lead there, the chart's own first key (`hub`, `config`) not counted.
    pub(super) under: Vec<String>,
    /// What is there.
    pub(super) tree: &'a Tree,
    /// The map that it stands in.
    pub(super) beside: &'a Tree,
    /// The line of its key.
    pub(super) line: u64,
}

impl<'a> Section<'a> {
    /// Where no file is.
    pub(super) fn nowhere(tree: &'a Tree) -> Self {
        Self {
            under: Vec::new(),
            tree,
            beside: tree,
            line: 0,
        }
    }
}

/// What a chart's values are known by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chart {
    /// The key that holds what we look at.
    pub(super) key: &'static str,
    /// Keys that stand below it, in this chart and seldom elsewhere.
    pub(super) below: &'static [&'static str],
    /// Keys that stand beside it.
    pub(super) beside: &'static [&'static str],
}

/// Every place that fits, in the file's order.
pub(super) fn sections<'a>(documents: &'a [Tree], chart: &Chart) -> Vec<Section<'a>> {
    let mut found = Vec::new();
    for document in documents {
        walk(document, chart, &mut Vec::new(), &mut found);
    }
    found
}

fn walk<'a>(tree: &'a Tree, chart: &Chart, path: &mut Vec<String>, found: &mut Vec<Section<'a>>) {
    let has = |tree: &Tree, keys: &[&str]| {
        tree.entries()
            .iter()
            .any(|(key, _, _)| keys.contains(&key.as_str()))
    };
    for (key, line, value) in tree.entries() {
        let is_map = matches!(value.kind, Kind::Map(_) | Kind::Null);
        if key == chart.key && is_map && (has(value, chart.below) || has(tree, chart.beside)) {
            found.push(Section {
                under: path.clone(),
                tree: value,
                beside: tree,
                line: *line,
            });
            continue;
        }
        path.push(key.clone());
        walk(value, chart, path, found);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_has_a_place_a_reason_and_a_remedy() {
        for (text, wanted) in [
            ("hub:\n  a: [1\n", "v.yaml:"),
            ("hub:\n\tconfig: 1\n", "no tabs"),
            ("hub:\n  a: 1\nhub:\n  b: 2\n", "the key hub is there twice"),
            ("hub: {{ .Values.x }}\n", "this is a template"),
            ("a: *nowhere\n", "v.yaml:1:4"),
        ] {
            let said = parse("v.yaml", text).unwrap_err().to_string();
            assert!(said.contains(wanted), "{text}: {said}");
            assert!(said.starts_with("v.yaml:"), "{said}");
        }
        // What may be a secret is not repeated.
        let text = "hub:\n  token: 0123456789abcdef0123456789abcdef: x\n";
        let said = parse("v.yaml", text).unwrap_err().to_string();
        assert!(!said.contains("0123456789abcdef"), "{said}");
        // One that unfolds without end.
        let mut bomb = String::from("a0: &a0 [x, x]\n");
        for level in 1..30 {
            let before = level - 1;
            bomb.push_str(&format!("a{level}: &a{level} [*a{before}, *a{before}]\n"));
        }
        parse("v.yaml", &bomb).unwrap_err();
    }

    #[test]
    fn anchors_merges_and_documents_are_read() {
        let text = "x: &x {l: [a], n: ~}\ny:\n  <<: *x\n  l: &l [b, *s]\n";
        parse("v", text).unwrap_err();
        let text = "s: &s c\nx: &x {l: [a], n: ~, o: yes}\ny:\n  <<: *x\n  l: [b, *s]\n---\nz: 1\n";
        let documents = parse("v", text).unwrap();
        assert_eq!(documents.len(), 2);
        let y = documents[0].at(&["y", "l"]).unwrap();
        assert_eq!(
            (y.texts().unwrap(), y.line),
            (vec!["b".to_owned(), "c".to_owned()], 5)
        );
        assert!(documents[0].at(&["y", "o"]).unwrap().is_on());
        assert!(
            documents[0]
                .at(&["y", "n"])
                .unwrap()
                .texts()
                .unwrap()
                .is_empty()
        );
    }
}
