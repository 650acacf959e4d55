//! Events: something happened. They say what, never how to show it.
//!
//! The engine says them, the dispatcher puts them in one order, listeners
//! show, keep or count them. A run is nothing but the fold of its events
//! ([`super::Run::apply`]), so whatever a report shows must be said here.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::run::Planned;
use super::{Finding, StepName, Verdict};

/// The number of a visit within its run, from 0.
pub type VisitId = usize;

/// Something happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Seconds since the run began.
    pub at: f64,
    /// What it was.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// The run began.
    RunStarted {
        /// The run's id (UUID v7).
        run: Uuid,
        /// The wall clock at that instant.
        started: jiff::Timestamp,
        /// The version of hubprobe.
        hubprobe: String,
        /// Whether the run changes nothing on the hub.
        dry_run: bool,
        /// The state directory, where it is not the usual one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state_dir: Option<String>,
    },
    /// A probe is to be visited: said of each, before the first visit begins.
    Planned(Planned),
    /// A visit began.
    VisitStarted {
        /// Which visit.
        visit: VisitId,
        /// The probe's name.
        probe: String,
        /// The hub's own URL.
        hub: String,
        /// The service account's name.
        account: String,
        /// The server's name; empty for the default server.
        server: String,
        /// The spawn options that are sent.
        options: Map<String, Value>,
    },
    /// The hub said its version.
    HubVersion {
        /// Which visit.
        visit: VisitId,
        /// As the hub writes it: `6.1.1`.
        version: String,
    },
    /// The hub said when the token ends.
    TokenExpires {
        /// Which visit.
        visit: VisitId,
        /// When.
        expires: jiff::Timestamp,
    },
    /// A step began.
    StepStarted {
        /// Which visit.
        visit: VisitId,
        /// Which step.
        step: StepName,
    },
    /// The hub said how far a spawn has come.
    Progress {
        /// Which visit.
        visit: VisitId,
        /// 0 to 100, where the spawner says so.
        percent: Option<f64>,
        /// The hub's words.
        message: String,
    },
    /// A step ended.
    StepFinished {
        /// Which visit.
        visit: VisitId,
        /// Which step.
        step: StepName,
        /// How.
        verdict: Verdict,
        /// What was seen, in a few words.
        summary: String,
        /// What is wrong, where it did not pass.
        finding: Option<Finding>,
    },
    /// Something to mind that is not wrong enough to fail.
    Warning {
        /// Which visit.
        visit: VisitId,
        /// The words.
        text: String,
    },
    /// Something of ours may still be on the hub.
    LeftBehind {
        /// Which visit.
        visit: VisitId,
        /// What, and why it may be there.
        what: String,
        /// The hub has forgotten it, so that `hubprobe clean` cannot take it away.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_hand: bool,
    },
    /// Something of ours is still on the hub, on purpose.
    Kept {
        /// Which visit.
        visit: VisitId,
        /// What.
        what: String,
    },
    /// A visit that did not pass is tried again, from the first step on.
    VisitRetried {
        /// Which visit.
        visit: VisitId,
    },
    /// What a visit took of the budget of node time.
    NodeTime {
        /// Which visit.
        visit: VisitId,
        /// Nodes times seconds.
        node_s: f64,
        /// What all visits together may take.
        limit_s: f64,
    },
    /// Something to keep among the artifacts, if they are kept.
    Artifact {
        /// Which visit.
        visit: VisitId,
        /// A file's name, without directories.
        name: String,
        /// What is in it; not a part of the event when it is written down.
        #[serde(skip)]
        text: Arc<str>,
    },
    /// A visit ended; its verdict follows from its steps.
    VisitFinished {
        /// Which visit.
        visit: VisitId,
    },
    /// A signal asked the run to end.
    Interrupted {
        /// The signal's name: `SIGINT`.
        signal: String,
    },
    /// The run ended.
    RunFinished,
}

impl What {
    /// Whom it happened to; none for what happens to the run.
    #[must_use]
    pub fn visit(&self) -> Option<VisitId> {
        match self {
            Self::RunStarted { .. }
            | Self::Planned(_)
            | Self::Interrupted { .. }
            | Self::RunFinished => None,
            Self::VisitStarted { visit, .. }
            | Self::HubVersion { visit, .. }
            | Self::TokenExpires { visit, .. }
            | Self::StepStarted { visit, .. }
            | Self::Progress { visit, .. }
            | Self::StepFinished { visit, .. }
            | Self::Warning { visit, .. }
            | Self::LeftBehind { visit, .. }
            | Self::Kept { visit, .. }
            | Self::VisitRetried { visit }
            | Self::NodeTime { visit, .. }
            | Self::Artifact { visit, .. }
            | Self::VisitFinished { visit } => Some(*visit),
        }
    }
}
