//! The live display on a terminal: for each visit that is under way the step, how far the hub
//! says it is, its last words, and the time that has gone by.
//!
//! Drawn on standard error, and taken away at the end: the report follows.

use std::collections::HashMap;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::dispatch::Listener;
use crate::vocabulary::{Event, Run, StepName, VisitId, What, plain};

/// The most visits that are shown at a time; the others go on unseen.
const SHOWN: usize = 12;

/// The most characters of a probe's name: what the hub says is worth more.
const NAME: usize = 24;

/// With fewer columns there is no room for a bar.
const NARROW: usize = 70;

/// Draws a bar for each visit.
pub struct Bars {
    all: MultiProgress,
    style: Option<ProgressStyle>,
    bars: HashMap<VisitId, Bar>,
    ending: Option<String>,
}

struct Bar {
    bar: ProgressBar,
    probe: String,
    step: String,
    said: String,
}

impl Bars {
    /// Bars on standard error, which has so many columns.
    pub fn new(color: bool, width: usize) -> Self {
        let template = match (color, width < NARROW) {
            (true, false) => {
                "{spinner:.cyan} {prefix:.bold} [{bar:20.cyan/blue}] {elapsed_precise} {wide_msg}"
            }
            (false, false) => "{spinner} {prefix} [{bar:20}] {elapsed_precise} {wide_msg}",
            // What goes on is worth more than a bar.
            (true, true) => "{spinner:.cyan} {prefix:.bold} {elapsed} {wide_msg}",
            (false, true) => "{spinner} {prefix} {elapsed} {wide_msg}",
        };
        let style = ProgressStyle::with_template(template).ok();
        Self {
            all: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()),
            style: style.map(|style| style.progress_chars("=> ")),
            bars: HashMap::new(),
            ending: None,
        }
    }

    fn begin(&mut self, visit: VisitId, probe: &str) {
        if self.bars.len() >= SHOWN {
            return;
        }
        let bar = self.all.add(ProgressBar::new(100));
        if let Some(style) = &self.style {
            bar.set_style(style.clone());
        }
        let bar = Bar {
            bar,
            probe: probe.to_owned(),
            step: String::new(),
            said: String::new(),
        };
        self.bars.insert(visit, bar);
    }
}

impl Bar {
    fn step(&mut self, step: StepName) {
        step.word().clone_into(&mut self.step);
        self.said.clear();
        let done = match step {
            StepName::Reach | StepName::Identify | StepName::Spawn | StepName::Persist => 0,
            _ => 100,
        };
        self.bar.set_position(done);
    }

    /// The name as it is shown.
    fn name(&self) -> String {
        ends(&plain::line(&self.probe), NAME)
    }

    /// Shows what goes on, beside a name of so many characters: the bars stand under each other.
    fn show(&self, ending: Option<&str>, width: usize) {
        self.bar.set_prefix(format!("{:<width$}", self.name()));
        let said = plain::line(ending.unwrap_or(&self.said));
        let text = if said.is_empty() {
            self.step.clone()
        } else {
            format!("{}: {said}", self.step)
        };
        self.bar.set_message(text);
    }
}

impl Listener for Bars {
    fn event(&mut self, event: &Event, _run: &Run) {
        match &event.what {
            What::VisitStarted { visit, probe, .. } => self.begin(*visit, probe),
            What::StepStarted { visit, step } => {
                if let Some(bar) = self.bars.get_mut(visit) {
                    bar.step(*step);
                }
            }
            What::Progress {
                visit,
                percent,
                message,
            } => {
                if let Some(bar) = self.bars.get_mut(visit) {
                    if let Some(percent) = percent {
                        bar.bar.set_position(as_position(*percent));
                    }
                    bar.said.clone_from(message);
                }
            }
            What::VisitFinished { visit } => {
                if let Some(bar) = self.bars.remove(visit) {
                    bar.bar.finish_and_clear();
                    self.all.remove(&bar.bar);
                }
            }
            What::Interrupted { signal } => {
                self.ending = Some(format!(
                    "{signal}: taking back what was started (again to leave at once)"
                ));
            }
            What::RunFinished => {
                for (_, bar) in self.bars.drain() {
                    bar.bar.finish_and_clear();
                }
                self.all.clear().ok();
                return;
            }
            _ => return,
        }
        let names = self.bars.values().map(|bar| bar.name().chars().count());
        let width = names.max().unwrap_or_default();
        for bar in self.bars.values() {
            bar.show(self.ending.as_deref(), width);
        }
    }

    fn tick(&mut self, _run: &Run) {
        for bar in self.bars.values() {
            bar.bar.tick();
        }
    }
}

/// The ends of a text that is too long: the names of a matrix differ at their end.
fn ends(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let half = most / 2;
    let head = text.chars().take(half);
    let tail = text.chars().skip(count - (most - half - 1));
    head.chain(std::iter::once('…')).chain(tail).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 to 100"
)]
fn as_position(percent: f64) -> u64 {
    percent.clamp(0.0, 100.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_ends() {
        assert_eq!(ends("every[n=1]", 10), "every[n=1]");
        assert_eq!(ends("every-partition[nnodes=1]", 11), "every…es=1]");
    }
}
