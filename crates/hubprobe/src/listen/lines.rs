//! Plain lines for a pipe or a log: one for each step that ended and for each
//! new word of the hub.

use std::io::Write;

use crate::dispatch::Listener;
use crate::vocabulary::{Event, Run, Verdict, What, plain};

/// Writes plain lines.
pub struct Lines {
    to: Box<dyn Write>,
    last: String,
}

impl Lines {
    /// Lines go to `to`; errors of writing are passed over, since the run is
    /// worth more than its lines.
    pub fn new(to: Box<dyn Write>) -> Self {
        Self {
            to,
            last: String::new(),
        }
    }

    fn say(&mut self, at: f64, text: &str) {
        let line = format!("{at:8.2}s  {}\n", plain::line(text));
        drop(self.to.write_all(line.as_bytes()));
    }
}

impl Listener for Lines {
    fn event(&mut self, event: &Event, run: &Run) {
        let at = event.at;
        match &event.what {
            What::VisitStarted {
                probe,
                hub,
                account,
                ..
            } => self.say(at, &format!("{probe}: {account} on {hub}")),
            What::Progress {
                percent, message, ..
            } if *message != self.last => {
                // A queue says the same every second for an hour.
                let percent = percent.map_or_else(String::new, |p| format!("{p:.0}% "));
                self.say(at, &format!("  spawn: {percent}{message}"));
                self.last.clone_from(message);
            }
            What::StepFinished {
                step,
                verdict,
                summary,
                finding,
                ..
            } if *verdict != Verdict::Skipped => {
                let text = match finding {
                    Some(finding) => {
                        format!("{step}: {verdict}: {}: {summary}", finding.cause)
                    }
                    None => format!("{step}: {verdict}: {summary}"),
                };
                self.say(at, &text);
            }
            // A report in another format may go into a file that nobody reads now.
            What::LeftBehind { what, .. } => self.say(
                at,
                &format!("LEFT BEHIND: {what}; once the hub is well again: hubprobe clean"),
            ),
            What::Interrupted { signal } => {
                let undoing = if run.visits.is_empty() {
                    ""
                } else {
                    ": taking back what was started (again to leave at once)"
                };
                self.say(at, &format!("{signal}{undoing}"));
            }
            _ => {}
        }
    }
}
