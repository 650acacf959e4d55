//! Probes that a run was to visit: those for which no visit began, since the run ended early, are told as such, so that a
//! report has all that was asked for and nothing in it looks as if it had been well.

use serde::{Deserialize, Serialize};

use super::{Run, Visit};
use crate::vocabulary::{Cause, Finding};

/// A probe that is to be visited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The probe's name.
    pub probe: String,
    /// The hub's own URL.
    pub hub: String,
    /// The service account's name, the first where there are several.
    pub account: String,
    /// The server's name; empty for the default server.
    pub server: String,
}

impl Run {
    /// A visit begins that was planned.
    pub(super) fn begins(&mut self, probe: &str, hub: &str) {
        let mut planned = self.planned.iter();
        if let Some(at) = planned.position(|it| it.probe == probe && it.hub == hub) {
            self.planned.remove(at);
        }
    }

    /// At the end: what is still planned is told as a visit that was not made.
    pub(super) fn tell_what_did_not_begin(&mut self) {
        let at = self.duration_s;
        let planned = std::mem::take(&mut self.planned);
        self.visits
            .extend(planned.into_iter().map(|planned| not_begun(planned, at)));
    }
}

fn not_begun(planned: Planned, at: f64) -> Visit {
    let finding = Finding::new(
        Cause::ProberInterrupted,
        "it was not tried: the run ended before",
    )
    .advise("Run it again.");
    Visit {
        verdict: finding.verdict(),
        finding: Some(finding),
        attempts: 0,
        ..Visit::of(planned, at)
    }
}
