//! The setting `retries` of a probe: how often a visit that did not pass is tried again.
//!
//! A spawn that failed is not tried again unless the suite asks for it: hubs may end themselves after a few that fail in a
//! row (`Spawner.consecutive_failure_limit`; zero-to-jupyterhub sets 5).

use std::time::Duration;

use super::deadlines::checked;
use super::document::{Document, Kind, Node};
use super::error::SuiteError;
use super::fields::{Fields, Shape, text, wrong_type};

pub(super) const RETRIES: Shape = Shape {
    what: "`retries`",
    known: &["times", "wait", "spawn"],
    secret: false,
};

/// When a visit that did not pass is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often, at most.
    pub times: u32,
    /// How long after the end of the last attempt.
    pub wait: Duration,
    /// Also after a spawn that failed.
    pub spawn: bool,
}

impl Retries {
    /// More often than this says nothing more of a deployment.
    pub const MOST: u32 = 10;
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            times: 0,
            wait: Duration::from_secs(10),
            spawn: false,
        }
    }
}

/// Reads a number, or a map of `times`, `wait` and `spawn`.
pub(super) fn retries(document: &Document, node: &Node) -> Result<Retries, SuiteError> {
    let usual = Retries::default();
    let Kind::Map(_) = &node.kind else {
        let times = times(document, node, "retries")?;
        return Ok(Retries { times, ..usual });
    };
    let fields = Fields::of(document, node, "`retries`", &RETRIES)?;
    let given = fields.required("times", "retries: { times: 2, wait: 30s }")?;
    let wait = match fields.get("wait") {
        None => usual.wait,
        Some(node) => {
            let written = match &node.kind {
                Kind::Number(_) => node.typed().unwrap_or_default(),
                _ => text(document, node, "wait")?,
            };
            checked(written)
                .map_err(|reason| document.error(node.place, format!("wait: {reason}"), ""))?
        }
    };
    Ok(Retries {
        times: times(document, given, "times")?,
        wait,
        spawn: fields.truth("spawn")?,
    })
}

fn times(document: &Document, node: &Node, name: &str) -> Result<u32, SuiteError> {
    let given = match &node.kind {
        Kind::Number(number) => number.as_u64(),
        _ => None,
    };
    given
        .and_then(|given| u32::try_from(given).ok())
        .filter(|given| *given <= Retries::MOST)
        .ok_or_else(|| {
            let wanted = format!("a number from 0 to {}", Retries::MOST);
            wrong_type(document, node, name, &wanted, "")
        })
}
