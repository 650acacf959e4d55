//! The part `probes:` of a suite file, resolved against its hubs.

use std::collections::HashSet;

use super::Probe;
use super::defaults::{Defaults, under};
use super::document::{Document, Node};
use super::error::{SuiteError, whole_or_faults};
use super::extends::{Bases, entry};
use super::fields::{Fields, Shape, map};
use super::hubs::HubEntry;
use super::matrix::{self, Combination};
use super::notebooks::Notebooks;
use super::parts::{Parts, parts};
use super::seats::{Seat, seats};
use super::walker::hub;

pub(super) const PROBE: Shape = Shape {
    what: "a probe",
    known: &[
        "hub",
        "account",
        "server",
        "options",
        "deadlines",
        "queue",
        "gone",
        "steps",
        "tags",
        "extends",
        "abstract",
        "matrix",
        "retries",
    ],
    secret: false,
};

/// Reads all probes; notes are added to `notes`.
pub(super) fn read(
    document: &Document,
    node: &Node,
    hubs: &[HubEntry<'_>],
    defaults: Option<Defaults<'_>>,
    limit: usize,
    named: &Notebooks<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<Probe>, Vec<SuiteError>> {
    let entries =
        map(document, node, "probes", "a map of names to probes").map_err(|error| vec![error])?;
    if entries.is_empty() {
        return Err(vec![document.error(
            node.place,
            "there are no probes",
            "add one, as in normal: { hub: alps }",
        )]);
    }
    let mut bases = Bases::of(document, entries);
    let probes = whole_or_faults(entries.iter().map(|(key, node)| {
        if key.text.trim().is_empty() || key.text.chars().any(char::is_control) {
            let reason = "a probe has a name that is empty or holds control characters";
            return Err(document.error(key.place, reason, "give it a name that can be typed"));
        }
        // What the probe itself has is checked before what it extends.
        let called = format!("the probe `{}`", key.text);
        Fields::of(document, node, &called, &PROBE)?;
        let extended = bases.whole(key, node)?;
        let node = extended.as_ref().unwrap_or(node);
        let fields = Fields::of(document, node, &called, &PROBE)?;
        if fields.truth("abstract")? {
            return parts(document, node, named, notes).map(|_| Vec::new());
        }
        let its_hub = hub(document, node, &fields, &called, hubs)?;
        let full = under(&[defaults, its_hub.defaults], &mut bases, key, node)?;
        let node = full.as_ref().unwrap_or(node);
        let probe = probe(document, &key.text, node, its_hub, named, notes)?;
        if !probe.elsewhere.is_empty() {
            bases.pay(key, probe.weight())?;
        }
        let Some(matrix) = entry(node, "matrix") else {
            return Ok(vec![probe]);
        };
        let all = matrix::combinations(document, matrix, limit, notes)?;
        bases.pay(key, all.len().saturating_mul(probe.weight()))?;
        Ok(every(&probe, all))
    }))?;
    let mut seen = HashSet::new();
    let probes: Vec<Probe> = probes.into_iter().flatten().collect();
    if let Some(twice) = probes.iter().find(|probe| !seen.insert(&probe.name)) {
        return Err(vec![document.error(
            node.place,
            format!("two probes would have the name `{}`", twice.name),
            "give values of the matrix that read differently, or one probe another name",
        )]);
    }
    if probes.is_empty() {
        return Err(vec![document.error(
            node.place,
            "all probes are abstract, so that nothing would run",
            "add one that extends them",
        )]);
    }
    Ok(probes)
}

/// A probe for each combination.
fn every(probe: &Probe, all: Vec<Combination>) -> Vec<Probe> {
    all.into_iter()
        .map(|combination| {
            let mut probe = probe.clone();
            probe.name = matrix::name_of(&probe.name, &combination);
            matrix::apply(&mut probe.options, combination);
            probe
        })
        .collect()
}

fn probe(
    document: &Document,
    name: &str,
    node: &Node,
    entry: &HubEntry<'_>,
    named: &Notebooks<'_>,
    notes: &mut Vec<String>,
) -> Result<Probe, SuiteError> {
    let called = format!("the probe `{name}`");
    let fields = Fields::of(document, node, &called, &PROBE)?;
    let mut seats = seats(document, node, &fields, &called, entry)?;
    let Seat { account, server } = seats.remove(0);
    let Parts {
        steps,
        options,
        deadlines,
        queue,
        gone,
        tags,
        retries,
    } = parts(document, node, named, notes)?;
    Ok(Probe {
        name: name.to_owned(),
        hub: entry.hub.clone(),
        account,
        server,
        elsewhere: seats,
        options,
        deadlines,
        kernel: steps.kernel.unwrap_or_default(),
        execute: steps.execute,
        lab: steps.lab,
        budgets: steps.budgets.warn,
        environment: steps.environment,
        options_honoured: steps.options_honoured,
        notebooks: steps.notebooks,
        files: steps.files,
        queue,
        gone,
        tags,
        retries,
        keep: false,
    })
}
