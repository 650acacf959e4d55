//! Never harm a hub by failing on it: after two spawns in a row that failed on
//! one hub, the rest of its probes are not tried.
//!
//! A hub may end itself after some consecutive failed spawns
//! (`Spawner.consecutive_failure_limit`; zero-to-jupyterhub sets 5), and then
//! everybody on it suffers.

use std::collections::HashMap;

use crate::suite::Probe;
use crate::vocabulary::Finding;

/// So many in a row are enough.
const ENOUGH: u32 = 2;

/// How a visit ended, as far as the next one cares.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// The hub's URL.
    pub(super) hub: String,
    /// What was found wrong.
    pub(super) finding: Option<Finding>,
    /// A server was asked for.
    pub(super) asked: bool,
}

/// Failed spawns in a row, by hub.
#[derive(Debug, Default)]
pub(super) struct Spacing {
    failures: HashMap<String, u32>,
}

impl Spacing {
    /// The reason not to try a probe, if there is one.
    pub(super) fn hold_back(&self, probe: &Probe) -> Option<String> {
        let failures = self.failures.get(probe.hub.url.as_str())?;
        (*failures >= ENOUGH).then(|| {
            format!(
                "not tried: {failures} spawns in a row failed on this hub, and a hub may end \
                 itself after a few more (consecutive_failure_limit)"
            )
        })
    }

    /// Takes note of how a visit ended.
    pub(super) fn note(&mut self, outcome: &Outcome) {
        if !outcome.asked {
            return;
        }
        let failed = outcome.finding.as_ref().is_some_and(|finding| {
            finding.cause.code().starts_with("spawn.")
                && finding.verdict() == crate::vocabulary::Verdict::Failed
        });
        let count = self.failures.entry(outcome.hub.clone()).or_default();
        *count = if failed { *count + 1 } else { 0 };
    }
}
