//! `extends:`: a probe that begins as another one. Works on the tree, before a
//! probe is read, so that every value keeps the place where it was written.
//!
//! The rules: maps are merged, key by key and to any depth; lists and single
//! values are replaced by the probe's own. All is inherited but `abstract`.

use std::collections::HashMap;

use super::document::{Document, Key, Kind, Node};
use super::error::SuiteError;
use super::fields::text;
use super::nearest::nearest;

/// How many probes may stand behind one another.
const DEEPEST: usize = 16;

/// How much one suite may grow by being unfolded, in bytes, roughly.
pub(super) const LARGEST: usize = 16 << 20;

/// What a node costs beside its text, in bytes, roughly.
const NODE: usize = 64;

/// The probes of a suite by their names, and what may still be copied of them.
pub(super) struct Bases<'a> {
    document: &'a Document,
    entries: HashMap<&'a str, (&'a Node, usize)>,
    left: usize,
    refused: Option<SuiteError>,
}

impl<'a> Bases<'a> {
    pub(super) fn of(document: &'a Document, entries: &'a [(Key, Node)]) -> Self {
        Self {
            document,
            entries: entries
                .iter()
                .map(|(key, node)| (key.text.as_str(), (node, weight(node))))
                .collect(),
            left: LARGEST,
            refused: None,
        }
    }

    /// Takes what unfolding costs from what there is.
    ///
    /// # Errors
    /// At the place of `at`, when that is more than is left.
    pub(super) fn pay(&mut self, at: &Key, bytes: usize) -> Result<(), SuiteError> {
        // Said once, and not worked out again for each probe that follows.
        if let Some(refused) = &self.refused {
            return Err(refused.clone());
        }
        if let Some(left) = self.left.checked_sub(bytes) {
            self.left = left;
            return Ok(());
        }
        let refused = self.document.error(
            at.place,
            "the suite unfolds far beyond what a suite needs here",
            "let fewer probes extend large ones, or give matrices fewer combinations",
        );
        self.refused = Some(refused.clone());
        Err(refused)
    }

    /// The probe with all that it extends; as it stands where it extends nothing.
    ///
    /// # Errors
    /// At the name that is extended: no such probe, the probe itself, a circle,
    /// too long a chain.
    pub(super) fn whole(&mut self, key: &Key, node: &Node) -> Result<Option<Node>, SuiteError> {
        let mut chain: Vec<(&str, &Node)> = vec![(key.text.as_str(), node)];
        let mut bytes = weight(node);
        let mut at = node;
        while let Some(extended) = entry(at, "extends") {
            let name = text(self.document, extended, "extends")?;
            let Some((known, (base, size))) = self.entries.get_key_value(name) else {
                return Err(self.unknown(extended, name));
            };
            if let Some(from) = chain.iter().position(|(before, _)| before == known) {
                return Err(self.circle(chain.split_off(from), extended));
            }
            if chain.len() == DEEPEST {
                return Err(self.document.error(
                    extended.place,
                    format!("more than {DEEPEST} probes extend one another here"),
                    "let some of them extend one further up",
                ));
            }
            bytes = bytes.saturating_add(*size);
            chain.push((known, base));
            at = base;
        }
        if chain.len() == 1 {
            return Ok(None);
        }
        self.pay(key, bytes)?;
        let merged = chain
            .into_iter()
            .rev()
            .map(|(_, node)| node)
            .fold(None, |base, node| Some(over(base, node)));
        Ok(merged)
    }

    /// A circle is one mistake, whichever probe it is met from: it begins where the file
    /// does, and is said at what closes it.
    fn circle(&self, mut circle: Vec<(&str, &Node)>, met: &Node) -> SuiteError {
        let first = (0..circle.len()).min_by_key(|at| {
            let member = circle.get(*at);
            member.map(|(name, node)| (node.place.line, node.place.column, *name))
        });
        circle.rotate_left(first.unwrap_or_default());
        let closing = circle.last().and_then(|(_, node)| entry(node, "extends"));
        let names: Vec<&str> = circle.iter().map(|(name, _)| *name).collect();
        let reason = match names.as_slice() {
            [only] => format!("the probe `{only}` extends itself"),
            [first, ..] => format!("extends goes in a circle: {} → {first}", names.join(" → ")),
            [] => "extends goes in a circle".to_owned(),
        };
        let place = closing.unwrap_or(met).place;
        let remedy = "name another probe, or remove this";
        self.document.error(place, reason, remedy)
    }

    fn unknown(&self, extended: &Node, name: &str) -> SuiteError {
        let mut known: Vec<&str> = self.entries.keys().copied().collect();
        known.sort_unstable();
        let all = format!("its probes are: {}", known.join(", "));
        let remedy = nearest(name, &known).map_or_else(
            || all.clone(),
            |near| format!("did you mean `{near}`? {all}"),
        );
        let reason = format!("extends: the suite has no probe named `{name}`");
        self.document.error(extended.place, reason, remedy)
    }
}

/// The value of a key, where this is a map that has it.
pub(super) fn entry<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    match &node.kind {
        Kind::Map(entries) => entries
            .iter()
            .find(|(known, _)| known.text == key)
            .map(|(_, node)| node),
        _ => None,
    }
}

/// A probe over the one that it extends.
fn over(base: Option<Node>, node: &Node) -> Node {
    let Some(mut base) = base else {
        return node.clone();
    };
    if let Kind::Map(entries) = &mut base.kind {
        entries.retain(|(key, _)| !matches!(key.text.as_str(), "extends" | "abstract"));
    }
    merged(base, node)
}

/// Maps are merged; anything else is replaced.
pub(super) fn merged(base: Node, over: &Node) -> Node {
    let (Kind::Map(mut entries), Kind::Map(more)) = (base.kind, &over.kind) else {
        return over.clone();
    };
    let places: HashMap<String, usize> = entries
        .iter()
        .enumerate()
        .map(|(place, (key, _))| (key.text.clone(), place))
        .collect();
    for (key, node) in more {
        match places
            .get(&key.text)
            .and_then(|place| entries.get_mut(*place))
        {
            Some(old) => {
                let before = std::mem::replace(&mut old.1, Node::nothing(node.place));
                *old = (key.clone(), merged(before, node));
            }
            None => entries.push((key.clone(), node.clone())),
        }
    }
    let mut whole = Node::nothing(over.place);
    whole.kind = Kind::Map(entries);
    whole
}

/// What a copy costs, in bytes, roughly.
pub(super) fn weight(node: &Node) -> usize {
    NODE + match &node.kind {
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => 0,
        Kind::Text(text) => 2 * text.len(),
        Kind::List(items) => items.iter().map(weight).sum(),
        Kind::Map(entries) => entries
            .iter()
            .map(|(key, node)| NODE + key.text.len() + weight(node))
            .sum(),
    }
}
