//! The live display on a terminal: the step that is under way, how far the hub
//! says it is, its last words, and the time that has gone by.
//!
//! Drawn on standard error, and taken away at the end: the report follows.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::dispatch::Listener;
use crate::vocabulary::{Event, Run, What, plain};

/// Draws a bar.
pub struct Bars {
    bar: ProgressBar,
    probe: String,
    step: String,
    said: String,
    ending: Option<String>,
}

impl Bars {
    /// A bar on standard error.
    pub fn new(color: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stderr());
        let template = if color {
            "{spinner:.cyan} {prefix:.bold} [{bar:20.cyan/blue}] {elapsed_precise} {wide_msg}"
        } else {
            "{spinner} {prefix} [{bar:20}] {elapsed_precise} {wide_msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Self {
            bar,
            probe: String::new(),
            step: String::new(),
            said: String::new(),
            ending: None,
        }
    }

    fn show(&self) {
        self.bar.set_prefix(plain::line(&self.probe));
        let said = plain::line(self.ending.as_deref().unwrap_or(&self.said));
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
            What::VisitStarted { probe, .. } => {
                self.probe.clone_from(probe);
                self.bar.set_position(0);
            }
            What::StepStarted { step, .. } => {
                step.word().clone_into(&mut self.step);
                self.said.clear();
                let done = match step {
                    crate::vocabulary::StepName::Reach
                    | crate::vocabulary::StepName::Identify
                    | crate::vocabulary::StepName::Spawn => 0,
                    _ => 100,
                };
                self.bar.set_position(done);
            }
            What::Progress {
                percent, message, ..
            } => {
                if let Some(percent) = percent {
                    self.bar.set_position(as_position(*percent));
                }
                self.said.clone_from(message);
            }
            What::Interrupted { signal } => {
                self.ending = Some(format!(
                    "{signal}: taking back what was started (again to leave at once)"
                ));
            }
            What::RunFinished => {
                self.bar.finish_and_clear();
                return;
            }
            _ => return,
        }
        self.show();
    }

    fn tick(&mut self, _run: &Run) {
        self.bar.tick();
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 to 100"
)]
fn as_position(percent: f64) -> u64 {
    percent.clamp(0.0, 100.0) as u64
}
