//! `defaults:`, of a suite and of each of its hubs: what every probe begins with.
//! They stand below all that a probe extends, so the rules are those of
//! `extends`: maps are merged, lists and single values replaced.
//!
//! Only what a probe does can be a default; who walks where is each probe's own.

use super::document::{Document, Key, Node};
use super::error::SuiteError;
use super::extends::{Bases, merged, weight};
use super::fields::{Fields, Shape};
use super::notebooks::Notebooks;
use super::parts::parts;

pub(super) const DEFAULTS: Shape = Shape {
    what: "defaults",
    known: &[
        "options",
        "deadlines",
        "queue",
        "gone",
        "steps",
        "tags",
        "retries",
    ],
    secret: false,
};

/// Defaults that are right by themselves, and what a copy of them costs.
#[derive(Clone, Copy)]
pub(super) struct Defaults<'a> {
    node: &'a Node,
    weight: usize,
}

/// Looks at defaults by themselves, since no probe may use them; `name` is what
/// errors call them. Notes are added to `notes`.
///
/// # Errors
/// The first mistake.
pub(super) fn checked<'a>(
    document: &Document,
    node: Option<&'a Node>,
    name: &str,
    named: &Notebooks<'_>,
    notes: &mut Vec<String>,
) -> Result<Option<Defaults<'a>>, SuiteError> {
    let Some(node) = node else {
        return Ok(None);
    };
    Fields::of(document, node, name, &DEFAULTS)?;
    parts(document, node, named, notes)?;
    let weight = weight(node);
    Ok(Some(Defaults { node, weight }))
}

/// A probe over defaults, of which the later stand over the earlier; none where
/// there are no defaults.
///
/// # Errors
/// At the probe's name, when the copy is more than the suite may still cost.
pub(super) fn under(
    defaults: &[Option<Defaults<'_>>],
    bases: &mut Bases<'_>,
    key: &Key,
    probe: &Node,
) -> Result<Option<Node>, SuiteError> {
    let mut given = defaults.iter().flatten();
    let Some(first) = given.next() else {
        return Ok(None);
    };
    let all = defaults.iter().flatten().map(|given| given.weight);
    bases.pay(key, all.fold(weight(probe), usize::saturating_add))?;
    let base = given.fold(first.node.clone(), |base, over| merged(base, over.node));
    Ok(Some(merged(base, probe)))
}
