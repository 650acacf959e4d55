//! The part `probes:` of a suite file, resolved against its hubs.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::deadlines::checked;
use super::document::{Document, Kind, Node};
use super::error::{SuiteError, whole_or_faults};
use super::extends::{Bases, entry};
use super::fields::{Fields, Shape, map, wrong_type};
use super::hubs::HubEntry;
use super::matrix::{self, Combination};
use super::nearest::nearest;
use super::steps::{Steps, steps};
use super::tags::tags;
use super::{Account, DeadlineName, Deadlines, Probe};

pub(super) const PROBE: Shape = Shape {
    what: "a probe",
    known: &[
        "hub",
        "account",
        "server",
        "options",
        "deadlines",
        "steps",
        "tags",
        "extends",
        "abstract",
        "matrix",
    ],
    later: &[],
    secret: false,
};
pub(super) const DEADLINES: Shape = Shape {
    what: "deadlines",
    known: &[
        "reach", "start", "queue", "open", "lab", "kernel", "execute", "files", "stop", "total",
    ],
    later: &[],
    secret: false,
};
/// Reads all probes; notes are added to `notes`.
pub(super) fn read(
    document: &Document,
    node: &Node,
    hubs: &[HubEntry],
    limit: usize,
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
        Fields::of(document, node, &format!("the probe `{}`", key.text), &PROBE)?;
        let extended = bases.whole(key, node)?;
        let node = extended.as_ref().unwrap_or(node);
        if is_abstract(document, node)? {
            return parts(document, node, notes).map(|_| Vec::new());
        }
        let probe = probe(document, &key.text, node, hubs, notes)?;
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

fn is_abstract(document: &Document, node: &Node) -> Result<bool, SuiteError> {
    Fields::of(document, node, "the probe", &PROBE)?.truth("abstract")
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
    hubs: &[HubEntry],
    notes: &mut Vec<String>,
) -> Result<Probe, SuiteError> {
    let called = format!("the probe `{name}`");
    let fields = Fields::of(document, node, &called, &PROBE)?;
    let entry = hub(document, node, &fields, &called, hubs)?;
    let account = account(document, node, &fields, &called, entry)?;
    let Parts {
        steps,
        options,
        deadlines,
        tags,
    } = parts(document, node, notes)?;
    Ok(Probe {
        name: name.to_owned(),
        hub: entry.hub.clone(),
        account: account.clone(),
        server: fields.text("server")?.unwrap_or_default().to_owned(),
        options,
        deadlines,
        kernel: steps.kernel.unwrap_or_default(),
        execute: steps.execute,
        lab: steps.lab,
        budgets: steps.budgets.warn,
        environment: steps.environment,
        options_honoured: steps.options_honoured,
        files: steps.files,
        tags,
        keep: false,
    })
}

/// What a probe has that needs no hub, so that an abstract one is checked for it too.
struct Parts {
    steps: Steps,
    options: Map<String, Value>,
    deadlines: Deadlines,
    tags: Vec<String>,
}

fn parts(document: &Document, node: &Node, notes: &mut Vec<String>) -> Result<Parts, SuiteError> {
    let fields = Fields::of(document, node, "the probe", &PROBE)?;
    let steps = match fields.get("steps") {
        Some(list) => steps(document, list, notes)?,
        None => Steps::default(),
    };
    let mut deadlines = deadlines(document, &fields)?;
    for (name, duration) in &steps.budgets.fail {
        deadlines.set(*name, *duration);
    }
    Ok(Parts {
        steps,
        options: options(document, &fields, notes)?,
        deadlines,
        tags: match fields.get("tags") {
            Some(list) => tags(document, list)?,
            None => Vec::new(),
        },
    })
}

fn hub<'a>(
    document: &Document,
    node: &Node,
    fields: &Fields<'_>,
    called: &str,
    hubs: &'a [HubEntry],
) -> Result<&'a HubEntry, SuiteError> {
    let names: Vec<&str> = hubs.iter().map(|hub| hub.name.as_str()).collect();
    match (fields.get("hub"), fields.text("hub")?, hubs) {
        (Some(at), Some(wanted), _) => {
            hubs.iter().find(|hub| hub.name == wanted).ok_or_else(|| {
                let all = format!("the hubs are: {}", names.join(", "));
                document.error(
                    at.place,
                    format!("{called}: there is no hub named `{wanted}`"),
                    meant(wanted, &names, all),
                )
            })
        }
        (_, _, [only]) => Ok(only),
        _ => {
            let remedy = format!("add hub: {}", names.join(" or hub: "));
            Err(document.error(
                node.place,
                format!(
                    "{called} does not say which of {} hubs it is for",
                    hubs.len()
                ),
                remedy,
            ))
        }
    }
}

fn account<'a>(
    document: &Document,
    node: &Node,
    fields: &Fields<'_>,
    called: &str,
    entry: &'a HubEntry,
) -> Result<&'a Account, SuiteError> {
    let names: Vec<&str> = entry
        .accounts
        .iter()
        .map(|account| account.name.as_str())
        .collect();
    let hub = &entry.name;
    match (
        fields.get("account"),
        fields.text("account")?,
        entry.accounts.as_slice(),
    ) {
        (Some(at), Some(wanted), accounts) => accounts
            .iter()
            .find(|account| account.name == wanted)
            .ok_or_else(|| {
                let all = format!("its accounts are: {}", names.join(", "));
                let reason = format!("{called}: the hub `{hub}` has no account named `{wanted}`");
                document.error(at.place, reason, meant(wanted, &names, all))
            }),
        (_, _, [only]) => Ok(only),
        (_, _, accounts) => Err(document.error(
            node.place,
            format!(
                "{called} does not say which of the {} accounts of the hub `{hub}` it walks as",
                accounts.len()
            ),
            format!("add account: {}", names.join(" or account: ")),
        )),
    }
}

pub(super) fn meant(word: &str, known: &[&str], all: String) -> String {
    match nearest(word, known) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    }
}

fn options(
    document: &Document,
    fields: &Fields<'_>,
    notes: &mut Vec<String>,
) -> Result<Map<String, Value>, SuiteError> {
    let Some(node) = fields.get("options") else {
        return Ok(Map::new());
    };
    map(document, node, "options", "a map of spawn options")?;
    let value = node.to_json(&mut |place, reason| {
        notes.push(format!(
            "{}:{}:{}: {reason}",
            document.file.display(),
            place.line,
            place.column
        ));
    });
    match value {
        Value::Object(options) => Ok(options),
        _ => Err(wrong_type(
            document,
            node,
            "options",
            "a map of spawn options",
            "",
        )),
    }
}

fn deadlines(document: &Document, fields: &Fields<'_>) -> Result<Deadlines, SuiteError> {
    let mut deadlines = Deadlines::default();
    let Some(node) = fields.get("deadlines") else {
        return Ok(deadlines);
    };
    let given = Fields::of(document, node, "deadlines", &DEADLINES)?;
    for name in DeadlineName::ALL {
        let Some(node) = given.get(name.as_str()) else {
            continue;
        };
        let written = match (&node.kind, node.typed()) {
            (Kind::Text(written), _) => written,
            // `checked` says best what a bare number lacks.
            (Kind::Number(_), Some(typed)) => typed,
            _ => {
                return Err(wrong_type(
                    document,
                    node,
                    name.as_str(),
                    "a length of time, as in 5m",
                    "",
                ));
            }
        };
        let duration = checked(written).map_err(|reason| {
            document.error(node.place, format!("the deadline `{name}`: {reason}"), "")
        })?;
        deadlines.set(name, duration);
    }
    Ok(deadlines)
}
