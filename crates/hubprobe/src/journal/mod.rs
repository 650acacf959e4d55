//! The journal: the events of a run as they happened, a JSON object a line, so that a run can be told again, in another
//! form, also one that was killed in its midst. It holds what the reports hold, without secrets.
//!
//! The first line is `{"schema": "hubprobe.journal/1"}`. Events that a reader does not know are passed over, since they are
//! only ever added; a last line that is not whole is where the writer was killed.

mod merged;
mod writer;

pub use merged::merged;
pub use writer::Journal;

use serde_json::Value;

use crate::vocabulary::{Cause, Event, Finding, Run, StepName, VisitId, What, run};

/// The name and version of the shape.
pub const SCHEMA: &str = "hubprobe.journal/1";

/// What a run was interrupted by whose journal ends before it does.
pub const CUT: &str = "SIGKILL or a full disk";

/// Why a journal, or a report, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is neither.
    #[error("it is no journal and no JSON report of hubprobe: {0}")]
    Stranger(String),
    /// It is one of another version.
    #[error("its shape is {0:?}, and this hubprobe reads hubprobe.journal/1 and hubprobe.report/1")]
    Version(String),
    /// A line that is no event.
    #[error("line {line} is no event of a run: {reason}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no run in it.
    #[error("it ends before the run begins")]
    Empty,
}

/// The first line of a journal, with its line break.
pub fn head() -> String {
    format!("{{\"schema\":\"{SCHEMA}\"}}\n")
}

/// An event as a line, with its line break.
///
/// # Errors
/// Where it cannot be written as JSON, which is a bug.
pub fn line(event: &Event) -> Result<String, serde_json::Error> {
    serde_json::to_string(event).map(|text| text + "\n")
}

/// The run of a journal, or of a JSON report.
///
/// # Errors
/// [`Unreadable`].
pub fn read(text: &str) -> Result<Run, Unreadable> {
    let first = text.lines().next().unwrap_or_default();
    let schema = |value: &Value| value["schema"].as_str().map(str::to_owned);
    match serde_json::from_str::<Value>(first)
        .ok()
        .as_ref()
        .and_then(schema)
    {
        Some(name) if name == SCHEMA => replay(text),
        Some(name) if name.starts_with("hubprobe.journal/") => Err(Unreadable::Version(name)),
        _ => whole(text),
    }
}

fn whole(text: &str) -> Result<Run, Unreadable> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| Unreadable::Stranger(error.to_string()))?;
    match value["schema"].as_str() {
        Some(run::SCHEMA) => {
            serde_json::from_value(value).map_err(|error| Unreadable::Stranger(error.to_string()))
        }
        Some(other) => Err(Unreadable::Version(other.to_owned())),
        None => Err(Unreadable::Stranger("it names no schema".to_owned())),
    }
}

fn replay(text: &str) -> Result<Run, Unreadable> {
    let mut run = Run::new();
    let (mut last, mut begun, mut finished) = (0.0, false, false);
    let mut open = Vec::new();
    let count = text.lines().count();
    for (index, line) in text.lines().enumerate().skip(1) {
        let event = match event(line) {
            Ok(Some(event)) => event,
            Ok(None) => continue,
            // Where its writer was killed.
            Err(_) if index + 1 == count && !text.ends_with('\n') => break,
            Err(reason) => {
                return Err(Unreadable::Line {
                    line: index + 1,
                    reason,
                });
            }
        };
        last = event.at;
        match &event.what {
            What::RunStarted { .. } => begun = true,
            What::RunFinished => finished = true,
            What::VisitStarted { visit, .. } => open.push(Open::new(*visit)),
            What::VisitFinished { visit } => open.retain(|it| it.visit != *visit),
            what => open.iter_mut().for_each(|it| it.note(what)),
        }
        run.apply(&event);
    }
    if !begun {
        return Err(Unreadable::Empty);
    }
    if !finished {
        open.iter().for_each(|visit| visit.end(&mut run, last));
        run.interrupted.get_or_insert_with(|| CUT.to_owned());
        run.apply(&Event {
            at: last,
            what: What::RunFinished,
        });
    }
    Ok(run)
}

/// An event; none for one that is not known.
fn event(line: &str) -> Result<Option<Event>, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    match serde_json::from_value(value) {
        Ok(event) => Ok(Some(event)),
        // Serde's words for a tag that no variant has.
        Err(error) if error.to_string().starts_with("unknown variant") => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// A visit that has begun and not ended.
struct Open {
    visit: VisitId,
    step: StepName,
    may_have_started: bool,
}

impl Open {
    fn new(visit: VisitId) -> Self {
        Self {
            visit,
            step: StepName::Reach,
            may_have_started: false,
        }
    }

    fn note(&mut self, what: &What) {
        match what {
            What::StepStarted { visit, step } if *visit == self.visit => {
                self.step = *step;
                self.may_have_started |= *step == StepName::Spawn;
            }
            What::StepFinished {
                visit,
                step: StepName::Gone,
                ..
            } if *visit == self.visit => {
                self.may_have_started = false;
            }
            _ => {}
        }
    }

    /// Nothing is known of how it went on, and nothing may look as if it had ended well.
    fn end(&self, run: &mut Run, at: f64) {
        let finding = Finding::new(Cause::ProberInterrupted, "the journal ends before the visit does")
            .advise(format!(
                "hubprobe was killed, or the disk was full. What it left on the hub is taken away by: {}",
                run.clean_command()
            ));
        let mut say = |what| run.apply(&Event { at, what });
        say(What::StepFinished {
            visit: self.visit,
            step: self.step,
            verdict: finding.verdict(),
            summary: finding.summary.clone(),
            finding: Some(finding),
        });
        if self.may_have_started {
            say(What::LeftBehind {
                visit: self.visit,
                what: "the server, which was not seen to be gone before the journal ends"
                    .to_owned(),
                by_hand: false,
            });
        }
        say(What::VisitFinished { visit: self.visit });
    }
}

#[cfg(test)]
mod tests;
