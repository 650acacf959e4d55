//! A run: all the visits of one command, as the fold of its events.
//!
//! Its serialised form is the JSON report, which is a contract: fields are
//! only ever added. Nothing here knows how a run is shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Event, Finding, StepName, Verdict, VisitId, What};

mod left;
mod planned;
mod visit;

pub use planned::Planned;

/// The name and version of the report's shape.
pub const SCHEMA: &str = "hubprobe.report/1";

/// All the visits of one command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The name and version of this shape: `hubprobe.report/1`.
    pub schema: String,
    /// The version of hubprobe.
    pub hubprobe: String,
    /// The run's id (UUID v7).
    pub run: Uuid,
    /// When it began (RFC 3339, UTC).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started: jiff::Timestamp,
    /// How long it took, in seconds.
    pub duration_s: f64,
    /// The verdict over all visits; of a run that ended early no better than inconclusive.
    pub verdict: Verdict,
    /// Whether it was a dry run, which changes nothing on a hub.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// The state directory, whose ledger has what is left; absent where it is the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_dir: Option<String>,
    /// The signal that ended it early, if one did: `SIGINT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<String>,
    /// The budget of node time and what was taken of it, where the suite has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_time: Option<NodeTimeTaken>,
    /// The runs of which this one was merged, in the order in which they began; absent of one run alone. `duration_s` is the
    /// sum of theirs, and `run` and `started` are the first one's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<MergedRun>,
    /// What was to be merged as well and cannot be read: the file, and why. With any, the run is not passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// The visits, in the order in which they began.
    pub visits: Vec<Visit>,
    /// The visits' numbers, in the same order: those that go on side by side begin in any.
    #[serde(skip)]
    #[schemars(skip)]
    ids: Vec<VisitId>,
    /// Probes that no visit has begun for.
    #[serde(skip)]
    #[schemars(skip)]
    planned: Vec<Planned>,
}

/// What was taken of the budget of node time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeTimeTaken {
    /// Nodes times seconds that the visits may take.
    pub limit_s: f64,
    /// Nodes times seconds that they took.
    pub taken_s: f64,
}

/// A run that was merged with others into one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MergedRun {
    /// Its id (UUID v7).
    pub run: Uuid,
    /// When it began (RFC 3339, UTC).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started: jiff::Timestamp,
    /// How long it took, in seconds.
    pub duration_s: f64,
}

/// One walk of one account through a probe's steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Visit {
    /// The probe's name.
    pub probe: String,
    /// The hub's own URL.
    pub hub: String,
    /// The hub's version as it says it; absent where it was not learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub_version: Option<String>,
    /// The service account's name.
    pub account: String,
    /// When its token ends (RFC 3339, UTC), where the hub says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub token_expires: Option<jiff::Timestamp>,
    /// The server's name; empty for the default server.
    pub server: String,
    /// The spawn options as sent.
    pub options: Map<String, Value>,
    /// How it ended.
    pub verdict: Verdict,
    /// Seconds from the run's start to the visit's.
    pub started_s: f64,
    /// Seconds.
    pub duration_s: f64,
    /// What is wrong; there exactly where the visit did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// The steps, in order, those that were skipped too.
    pub steps: Vec<Step>,
    /// How many times it was tried.
    pub attempts: u32,
    /// It passed after a failure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flaky: bool,
    /// The attempts before the last, where there were any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Attempt>,
    /// Nodes times seconds that it took, where the suite has a budget of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_time_s: Option<f64>,
    /// Things to mind that are not wrong enough to fail.
    pub warnings: Vec<String>,
    /// What of ours may still be on the hub.
    pub left_behind: Vec<String>,
    /// What of that the hub has forgotten and lives on all the same: it must be ended by hand, `hubprobe clean` cannot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_hand: Vec<String>,
    /// What of ours is still on the hub, on purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
}

/// An attempt at a visit that did not pass, after which it was tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// What was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// The steps, in order, those that were skipped too; their times count from the visit's start.
    pub steps: Vec<Step>,
}

/// One step of a visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its name.
    pub name: StepName,
    /// How it ended.
    pub verdict: Verdict,
    /// Seconds from the visit's start to the step's; 0 where it was skipped.
    pub started_s: f64,
    /// Seconds.
    pub duration_s: f64,
    /// What was seen, in a few words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What the hub said while it went on (of a spawn).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub progress: Vec<ProgressLine>,
}

/// One word of the hub on how far a spawn has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProgressLine {
    /// Seconds from the visit's start.
    pub at_s: f64,
    /// 0 to 100, where the spawner says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// The hub's words.
    pub message: String,
}

impl Run {
    /// An empty run, before its first event.
    pub fn new() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            hubprobe: String::new(),
            run: Uuid::nil(),
            started: jiff::Timestamp::UNIX_EPOCH,
            duration_s: 0.0,
            verdict: Verdict::Skipped,
            dry_run: false,
            state_dir: None,
            interrupted: None,
            node_time: None,
            merged: Vec::new(),
            unread: Vec::new(),
            visits: Vec::new(),
            ids: Vec::new(),
            planned: Vec::new(),
        }
    }

    /// Takes one event in. An event of a visit that has not begun is passed
    /// over.
    pub fn apply(&mut self, event: &Event) {
        let at = event.at;
        self.duration_s = round(at.max(self.duration_s));
        match &event.what {
            What::RunStarted {
                run,
                started,
                hubprobe,
                dry_run,
                state_dir,
            } => {
                self.run = *run;
                self.started = *started;
                self.hubprobe.clone_from(hubprobe);
                self.dry_run = *dry_run;
                self.state_dir.clone_from(state_dir);
            }
            What::VisitStarted {
                visit,
                probe,
                hub,
                account,
                server,
                options,
            } => {
                if !self.ids.contains(visit) {
                    self.begins(probe, hub);
                    self.ids.push(*visit);
                    let planned = Planned {
                        probe: probe.clone(),
                        hub: hub.clone(),
                        account: account.clone(),
                        server: server.clone(),
                    };
                    self.visits.push(Visit {
                        options: options.clone(),
                        ..Visit::of(planned, round(at))
                    });
                }
            }
            What::Artifact { .. } => {}
            What::Planned(planned) => self.planned.push(planned.clone()),
            What::Interrupted { signal } => self.interrupted = Some(signal.clone()),
            What::RunFinished => {
                self.tell_what_did_not_begin();
                self.verdict = self.verdict_over_visits();
            }
            What::NodeTime {
                visit,
                node_s,
                limit_s,
            } => self.node_time(*visit, *node_s, *limit_s),
            What::HubVersion { visit, .. }
            | What::TokenExpires { visit, .. }
            | What::StepStarted { visit, .. }
            | What::Progress { visit, .. }
            | What::StepFinished { visit, .. }
            | What::Warning { visit, .. }
            | What::LeftBehind { visit, .. }
            | What::Kept { visit, .. }
            | What::VisitRetried { visit }
            | What::VisitFinished { visit } => {
                if let Some(visit) = self.visit_mut(*visit) {
                    visit.apply(at, &event.what);
                }
            }
        }
    }

    /// The run as if it had been this visit alone, and had begun with it; none where the visit has not begun.
    #[must_use]
    pub fn alone(&self, id: VisitId) -> Option<Self> {
        let at = self.ids.iter().rposition(|known| *known == id)?;
        let mut visit = self.visits.get(at)?.clone();
        let started = later(self.started, visit.started_s);
        visit.started_s = 0.0;
        Some(Self {
            schema: self.schema.clone(),
            hubprobe: self.hubprobe.clone(),
            run: self.run,
            started,
            duration_s: visit.duration_s,
            verdict: visit.verdict,
            dry_run: self.dry_run,
            state_dir: self.state_dir.clone(),
            interrupted: self.interrupted.clone(),
            node_time: self.node_time,
            merged: Vec::new(),
            unread: Vec::new(),
            visits: vec![visit],
            ids: vec![id],
            planned: Vec::new(),
        })
    }

    fn node_time(&mut self, visit: VisitId, node_s: f64, limit_s: f64) {
        let taken = self.node_time.get_or_insert(NodeTimeTaken {
            limit_s,
            taken_s: 0.0,
        });
        taken.taken_s = round(taken.taken_s + node_s);
        if let Some(visit) = self.visit_mut(visit) {
            visit.node_time_s = Some(round(visit.node_time_s.unwrap_or(0.0) + node_s));
        }
    }

    fn visit_mut(&mut self, id: VisitId) -> Option<&mut Visit> {
        let at = self.ids.iter().rposition(|known| *known == id)?;
        self.visits.get_mut(at)
    }

    /// The visit of this number, once it has begun.
    pub fn visit(&self, id: VisitId) -> Option<&Visit> {
        let at = self.ids.iter().rposition(|known| *known == id)?;
        self.visits.get(at)
    }

    /// The verdict over all visits; that of a run that ended early is no better than inconclusive.
    #[must_use]
    pub fn verdict_over_visits(&self) -> Verdict {
        let early = self.interrupted.iter().map(|_| Verdict::Inconclusive);
        Verdict::over(self.visits.iter().map(|visit| visit.verdict).chain(early))
    }
}

impl Default for Run {
    fn default() -> Self {
        Self::new()
    }
}

/// So many seconds later; the same where that is beyond what a clock shows.
#[must_use]
pub fn later(than: jiff::Timestamp, seconds: f64) -> jiff::Timestamp {
    jiff::SignedDuration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|seconds| than.checked_add(seconds).ok())
        .unwrap_or(than)
}

/// Seconds to the millisecond: what is finer is noise in a report.
fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests;
