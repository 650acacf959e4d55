//! A run: all the visits of one command, as the fold of its events.
//!
//! Its serialised form is the JSON report, which is a contract: fields are
//! only ever added. Nothing here knows how a run is shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Event, Finding, StepName, Verdict, VisitId, What};

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
    /// The verdict over all visits.
    pub verdict: Verdict,
    /// Whether it was a dry run, which changes nothing on a hub.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// The signal that ended it early, if one did: `SIGINT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<String>,
    /// The visits, in the order in which they began.
    pub visits: Vec<Visit>,
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
    /// Things to mind that are not wrong enough to fail.
    pub warnings: Vec<String>,
    /// What of ours may still be on the hub.
    pub left_behind: Vec<String>,
    /// What of ours is still on the hub, on purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
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

/// At most so many progress lines are kept for a step; later ones replace the
/// last (a queue that says the same every second for hours must not fill the
/// memory).
const PROGRESS_KEPT: usize = 200;

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
            interrupted: None,
            visits: Vec::new(),
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
            } => {
                self.run = *run;
                self.started = *started;
                self.hubprobe.clone_from(hubprobe);
                self.dry_run = *dry_run;
            }
            What::VisitStarted {
                visit,
                probe,
                hub,
                account,
                server,
                options,
            } => {
                if *visit == self.visits.len() {
                    self.visits.push(Visit {
                        probe: probe.clone(),
                        hub: hub.clone(),
                        hub_version: None,
                        account: account.clone(),
                        server: server.clone(),
                        options: options.clone(),
                        verdict: Verdict::Skipped,
                        started_s: round(at),
                        duration_s: 0.0,
                        finding: None,
                        steps: Vec::new(),
                        attempts: 1,
                        flaky: false,
                        warnings: Vec::new(),
                        left_behind: Vec::new(),
                        kept: Vec::new(),
                    });
                }
            }
            What::Interrupted { signal } => self.interrupted = Some(signal.clone()),
            What::RunFinished => {
                self.verdict = Verdict::over(self.visits.iter().map(|visit| visit.verdict));
            }
            What::HubVersion { visit, .. }
            | What::StepStarted { visit, .. }
            | What::Progress { visit, .. }
            | What::StepFinished { visit, .. }
            | What::Warning { visit, .. }
            | What::LeftBehind { visit, .. }
            | What::Kept { visit, .. }
            | What::VisitFinished { visit } => {
                if let Some(visit) = self.visit_mut(*visit) {
                    visit.apply(at, &event.what);
                }
            }
        }
    }

    fn visit_mut(&mut self, id: VisitId) -> Option<&mut Visit> {
        self.visits.get_mut(id)
    }

    /// Whether anything of ours may still be on a hub.
    pub fn left_behind(&self) -> bool {
        self.visits
            .iter()
            .any(|visit| !visit.left_behind.is_empty())
    }
}

impl Default for Run {
    fn default() -> Self {
        Self::new()
    }
}

impl Visit {
    fn apply(&mut self, at: f64, what: &What) {
        let since = (at - self.started_s).max(0.0);
        match what {
            What::HubVersion { version, .. } => self.hub_version = Some(version.clone()),
            What::StepStarted { step, .. } => self.steps.push(Step {
                name: *step,
                verdict: Verdict::Skipped,
                started_s: round(since),
                duration_s: 0.0,
                summary: String::new(),
                progress: Vec::new(),
            }),
            What::Progress {
                percent, message, ..
            } => {
                if let Some(step) = self.steps.last_mut() {
                    step.add_progress(ProgressLine {
                        at_s: round(since),
                        percent: *percent,
                        message: message.clone(),
                    });
                }
            }
            What::StepFinished {
                step,
                verdict,
                summary,
                finding,
                ..
            } => self.finish(since, *step, *verdict, summary, finding.as_ref()),
            What::Warning { text, .. } if !self.warnings.contains(text) => {
                self.warnings.push(text.clone());
            }
            What::LeftBehind { what, .. } => self.left_behind.push(what.clone()),
            What::Kept { what, .. } => self.kept.push(what.clone()),
            What::VisitFinished { .. } => {
                self.duration_s = round(since);
                self.verdict = match &self.finding {
                    Some(finding) => finding.verdict(),
                    None => Verdict::over(self.steps.iter().map(|step| step.verdict)),
                };
            }
            _ => {}
        }
    }

    fn finish(
        &mut self,
        since: f64,
        name: StepName,
        verdict: Verdict,
        summary: &str,
        finding: Option<&Finding>,
    ) {
        // The first layer that failed is the visit's cause.
        if self.finding.is_none() {
            self.finding = finding.cloned();
        }
        if let Some(step) = self.steps.iter_mut().rev().find(|step| step.name == name) {
            step.verdict = verdict;
            step.duration_s = round((since - step.started_s).max(0.0));
            step.summary = summary.to_owned();
        } else {
            self.steps.push(Step {
                name,
                verdict,
                started_s: 0.0,
                duration_s: 0.0,
                summary: summary.to_owned(),
                progress: Vec::new(),
            });
        }
    }
}

impl Step {
    fn add_progress(&mut self, line: ProgressLine) {
        let repeated = self
            .progress
            .last()
            .is_some_and(|last| last.message == line.message && last.percent == line.percent);
        if repeated {
            return;
        }
        if self.progress.len() >= PROGRESS_KEPT {
            self.progress.pop();
        }
        self.progress.push(line);
    }
}

/// Seconds to the millisecond: what is finer is noise in a report.
fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::Cause;

    fn fold(events: impl IntoIterator<Item = (f64, What)>) -> Run {
        let mut run = Run::new();
        for (at, what) in events {
            run.apply(&Event { at, what });
        }
        run
    }

    fn visit(probe: &str) -> What {
        What::VisitStarted {
            visit: 0,
            probe: probe.into(),
            hub: "http://127.0.0.1/".into(),
            account: "a".into(),
            server: String::new(),
            options: Map::new(),
        }
    }

    fn step(step: StepName, verdict: Verdict, finding: Option<Finding>) -> What {
        What::StepFinished {
            visit: 0,
            step,
            verdict,
            summary: String::new(),
            finding,
        }
    }

    #[test]
    fn the_first_finding_is_the_visit_s() {
        let first = Finding::new(Cause::KernelError, "it raised");
        let second = Finding::new(Cause::StopTimeout, "it does not end");
        let run = fold([
            (0.0, visit("p")),
            (1.0, step(StepName::Execute, Verdict::Failed, Some(first))),
            (2.0, step(StepName::Stop, Verdict::Failed, Some(second))),
            (3.0, What::VisitFinished { visit: 0 }),
            (3.0, What::RunFinished),
        ]);
        let finding = run.visits[0].finding.as_ref().unwrap();
        assert_eq!(finding.cause, Cause::KernelError);
        assert_eq!(run.verdict, Verdict::Failed);
    }

    #[test]
    fn a_run_without_a_visit_is_not_passed() {
        let run = fold([(0.0, What::RunFinished)]);
        assert_eq!(run.verdict, Verdict::Skipped);
    }

    #[test]
    fn a_queue_that_repeats_itself_is_kept_once() {
        let line = |percent, message: &str| What::Progress {
            visit: 0,
            percent,
            message: message.into(),
        };
        let mut events = vec![
            (0.0, visit("p")),
            (
                0.0,
                What::StepStarted {
                    visit: 0,
                    step: StepName::Spawn,
                },
            ),
        ];
        for second in 0..1000 {
            events.push((f64::from(second), line(None, "Pending in queue...")));
        }
        for second in 0..1000 {
            events.push((1000.0, line(Some(f64::from(second)), "moving")));
        }
        let run = fold(events);
        let progress = &run.visits[0].steps[0].progress;
        assert_eq!(progress[0].message, "Pending in queue...");
        assert_eq!(progress[1].message, "moving");
        assert_eq!(progress.len(), PROGRESS_KEPT);
        assert_eq!(progress.last().unwrap().percent, Some(999.0));
    }
}
