//! The part `probes:` of a suite file, resolved against its hubs.

use serde_json::{Map, Value};

use super::deadlines::checked;
use super::document::{Document, Kind, Node};
use super::error::SuiteError;
use super::fields::{Fields, Shape, map, text, wrong_type};
use super::hubs::HubEntry;
use super::nearest::nearest;
use super::{Account, DeadlineName, Deadlines, ExecuteStep, KernelStep, Probe};

pub(super) const PROBE: Shape = Shape {
    what: "a probe",
    known: &["hub", "account", "server", "options", "deadlines", "steps"],
    later: &["extends", "matrix"],
    secret: false,
};
pub(super) const DEADLINES: Shape = Shape {
    what: "deadlines",
    known: &[
        "reach", "start", "queue", "open", "kernel", "execute", "stop", "total",
    ],
    later: &[],
    secret: false,
};
pub(super) const KERNEL: Shape = Shape {
    what: "the step `kernel`",
    known: &["name"],
    later: &[],
    secret: false,
};
pub(super) const EXECUTE: Shape = Shape {
    what: "the step `execute`",
    known: &["code", "expect"],
    later: &[],
    secret: false,
};

/// The steps, in the order in which they run.
pub(super) const STEPS: [&str; 8] = [
    "reach", "identify", "spawn", "open", "kernel", "execute", "stop", "gone",
];
/// Steps of the format that this version does not know.
const LATER_STEPS: [&str; 3] = ["notebook", "files", "lab"];

/// Reads all probes; notes are added to `notes`.
pub(super) fn read(
    document: &Document,
    node: &Node,
    hubs: &[HubEntry],
    notes: &mut Vec<String>,
) -> Result<Vec<Probe>, SuiteError> {
    let entries = map(document, node, "probes", "a map of names to probes")?;
    if entries.is_empty() {
        return Err(document.error(
            node.place,
            "there are no probes",
            "add one, as in normal: { hub: alps }",
        ));
    }
    entries
        .iter()
        .map(|(key, node)| {
            if key.text.trim().is_empty() || key.text.chars().any(char::is_control) {
                let reason = "a probe has a name that is empty or holds control characters";
                return Err(document.error(key.place, reason, "give it a name that can be typed"));
            }
            probe(document, &key.text, node, hubs, notes)
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
    let steps = match fields.get("steps") {
        Some(list) => steps(document, list, notes)?,
        None => Steps::default(),
    };
    Ok(Probe {
        name: name.to_owned(),
        hub: entry.hub.clone(),
        account: account.clone(),
        server: fields.text("server")?.unwrap_or_default().to_owned(),
        options: options(document, &fields, notes)?,
        deadlines: deadlines(document, &fields)?,
        kernel: steps.kernel.unwrap_or_default(),
        execute: steps.execute,
        keep: false,
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

fn meant(word: &str, known: &[&str], all: String) -> String {
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

#[derive(Default)]
struct Steps {
    kernel: Option<KernelStep>,
    execute: Vec<ExecuteStep>,
}

fn steps(document: &Document, node: &Node, notes: &mut Vec<String>) -> Result<Steps, SuiteError> {
    let Kind::List(items) = &node.kind else {
        return Err(wrong_type(
            document,
            node,
            "steps",
            "a list of steps",
            "begin each with a hyphen, as in - spawn",
        ));
    };
    let mut steps = Steps::default();
    let mut furthest = 0;
    for item in items {
        let (name, at, settings) = match &item.kind {
            Kind::Text(name) => (name.as_str(), item.place, None),
            Kind::Map(entries) => match entries.as_slice() {
                [(key, settings)] => (
                    key.text.as_str(),
                    key.place,
                    Some(settings).filter(|node| !matches!(node.kind, Kind::Null)),
                ),
                _ => {
                    let remedy = "give each step a hyphen of its own, and indent its settings below its name";
                    return Err(document.error(
                        item.place,
                        format!("a step is one name, found {}", entries.len()),
                        remedy,
                    ));
                }
            },
            _ => {
                return Err(wrong_type(
                    document,
                    item,
                    "a step",
                    "a name, or a name with settings",
                    "",
                ));
            }
        };
        let Some(order) = STEPS.iter().position(|step| *step == name) else {
            let all = format!("the steps are: {}", STEPS.join(", "));
            return Err(if LATER_STEPS.contains(&name) {
                document.error(
                    at,
                    format!("this version of hubprobe does not know the step `{name}`"),
                    all,
                )
            } else {
                document.error(
                    at,
                    format!("there is no step named `{name}`"),
                    meant(name, &STEPS, all),
                )
            });
        };
        if order < furthest {
            notes.push(format!(
                "{}:{}:{}: the step {name} comes after {} here, but the steps always run in their own order: {}",
                document.file.display(),
                at.line,
                at.column,
                STEPS.get(furthest).copied().unwrap_or_default(),
                STEPS.join(", ")
            ));
        }
        furthest = furthest.max(order);
        match (name, settings) {
            ("kernel", Some(settings)) => {
                if steps.kernel.is_some() {
                    return Err(document.error(
                        at,
                        "the step `kernel` is configured twice",
                        "remove one of the two",
                    ));
                }
                let fields = Fields::of(document, settings, "the step `kernel`", &KERNEL)?;
                steps.kernel = Some(KernelStep {
                    name: fields.text("name")?.map(str::to_owned),
                });
            }
            ("execute", Some(settings)) => steps.execute.push(execute(document, settings)?),
            (_, Some(settings)) => {
                let remedy = format!("write - {name} alone");
                return Err(document.error(
                    settings.place,
                    format!("the step `{name}` has no settings"),
                    remedy,
                ));
            }
            (_, None) => {}
        }
    }
    Ok(steps)
}

fn execute(document: &Document, settings: &Node) -> Result<ExecuteStep, SuiteError> {
    let example = "execute: { code: \"print(6*7)\", expect: \"42\" }";
    let fields = Fields::of(document, settings, "the step `execute`", &EXECUTE)?;
    let node = fields.required("code", example)?;
    let code = text(document, node, "code")?;
    if code.trim().is_empty() {
        return Err(document.error(
            node.place,
            "the step `execute` has no code to run",
            format!("add some, as in {example}"),
        ));
    }
    Ok(ExecuteStep {
        code: code.to_owned(),
        expect: fields.text("expect")?.map(str::to_owned),
    })
}
