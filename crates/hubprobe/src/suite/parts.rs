//! What a probe does, whoever walks it: options, deadlines, steps, tags, how the scheduler is asked. It needs
//! no hub, so that abstract probes and defaults are checked for it too.

use serde_json::{Map, Value};

use super::deadlines::checked;
use super::document::{Document, Kind, Node};
use super::error::SuiteError;
use super::fields::{Fields, Shape, map, wrong_type};
use super::notebooks::Notebooks;
use super::probes::PROBE;
use super::retries::retries;
use super::scheduler::{gone, queue};
use super::steps::{Steps, steps};
use super::tags::tags;
use super::{DeadlineName, Deadlines, Retries, SchedulerHook};

pub(super) const DEADLINES: Shape = Shape {
    what: "deadlines",
    known: &[
        "reach", "start", "queue", "open", "lab", "kernel", "execute", "files", "stop", "total",
    ],
    secret: false,
};

/// What a probe has that needs no hub, so that an abstract one is checked for it too.
pub(super) struct Parts {
    pub(super) steps: Steps,
    pub(super) options: Map<String, Value>,
    pub(super) deadlines: Deadlines,
    pub(super) queue: Option<SchedulerHook>,
    pub(super) gone: Option<SchedulerHook>,
    pub(super) tags: Vec<String>,
    pub(super) retries: Retries,
}

/// Reads them, of a probe and of defaults alike.
pub(super) fn parts(
    document: &Document,
    node: &Node,
    named: &Notebooks<'_>,
    notes: &mut Vec<String>,
) -> Result<Parts, SuiteError> {
    let fields = Fields::of(document, node, "the probe", &PROBE)?;
    let steps = match fields.get("steps") {
        Some(list) => steps(document, list, named, notes)?,
        None => Steps::default(),
    };
    let mut deadlines = deadlines(document, &fields)?;
    for (name, duration) in &steps.budgets.fail {
        deadlines.set(*name, *duration);
    }
    for notebook in &steps.notebooks {
        deadlines.and_a_notebook(notebook.timeout);
    }
    Ok(Parts {
        steps,
        options: options(document, &fields, notes)?,
        deadlines,
        queue: fields
            .get("queue")
            .map(|node| queue(document, node))
            .transpose()?,
        gone: fields
            .get("gone")
            .map(|node| gone(document, node))
            .transpose()?,
        tags: match fields.get("tags") {
            Some(list) => tags(document, list)?,
            None => Vec::new(),
        },
        retries: fields
            .get("retries")
            .map_or(Ok(Retries::default()), |node| retries(document, node))?,
    })
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
