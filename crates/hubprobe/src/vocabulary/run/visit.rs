//! A visit as the fold of its events.

use serde_json::Map;

use super::{Attempt, Planned, ProgressLine, Step, Visit, round};
use crate::vocabulary::{Finding, StepName, Verdict, What};

/// At most so many progress lines are kept for a step; later ones replace the
/// last (a queue that says the same every second for hours must not fill the
/// memory).
pub(super) const PROGRESS_KEPT: usize = 200;

impl Visit {
    /// A visit that has seen nothing yet, so many seconds after the run's start.
    pub(crate) fn of(planned: Planned, started_s: f64) -> Self {
        Self {
            probe: planned.probe,
            hub: planned.hub,
            hub_version: None,
            account: planned.account,
            token_expires: None,
            server: planned.server,
            options: Map::new(),
            verdict: Verdict::Skipped,
            started_s,
            duration_s: 0.0,
            finding: None,
            steps: Vec::new(),
            attempts: 1,
            flaky: false,
            earlier: Vec::new(),
            node_time_s: None,
            warnings: Vec::new(),
            left_behind: Vec::new(),
            by_hand: Vec::new(),
            kept: Vec::new(),
        }
    }

    pub(super) fn apply(&mut self, at: f64, what: &What) {
        let since = (at - self.started_s).max(0.0);
        match what {
            What::HubVersion { version, .. } => self.hub_version = Some(version.clone()),
            What::TokenExpires { expires, .. } => self.token_expires = Some(*expires),
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
            What::LeftBehind { what, by_hand, .. } => {
                self.left_behind.push(what.clone());
                if *by_hand {
                    self.by_hand.push(what.clone());
                }
            }
            What::Kept { what, .. } => self.kept.push(what.clone()),
            What::VisitRetried { .. } => {
                self.attempts += 1;
                self.earlier.push(Attempt {
                    finding: self.finding.take(),
                    steps: std::mem::take(&mut self.steps),
                });
            }
            What::VisitFinished { .. } => {
                self.duration_s = round(since);
                self.mind_earlier();
                self.verdict = match &self.finding {
                    Some(finding) => finding.verdict(),
                    None => Verdict::over(self.steps.iter().map(|step| step.verdict)),
                };
                self.flaky = self.verdict == Verdict::Passed && self.attempts > 1;
            }
            _ => {}
        }
    }

    /// Failed wins over inconclusive, also among attempts: a failure that was seen is not unseen because a signal came into
    /// the next one.
    fn mind_earlier(&mut self) {
        let inconclusive = self
            .finding
            .as_ref()
            .filter(|finding| finding.verdict() == Verdict::Inconclusive);
        let Some(last) = inconclusive else {
            return;
        };
        let mut earlier = self
            .earlier
            .iter()
            .rev()
            .filter_map(|attempt| attempt.finding.as_ref());
        if let Some(failed) = earlier.find(|finding| finding.verdict() == Verdict::Failed) {
            let said = format!(
                "the last attempt was inconclusive: {}: {}",
                last.cause, last.summary
            );
            self.finding = Some(failed.clone());
            self.warnings.push(said);
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
