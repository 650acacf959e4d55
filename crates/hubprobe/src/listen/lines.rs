//! Plain lines for a pipe or a log: one for each step that ended and for each
//! new word of the hub. Where visits go on side by side, each line says whose it is.

use std::collections::HashMap;
use std::io::Write;

use crate::dispatch::Listener;
use crate::vocabulary::{Event, Run, StepName, Verdict, VisitId, What, plain};

/// Writes plain lines.
pub struct Lines {
    to: Box<dyn Write>,
    side_by_side: bool,
    last: HashMap<VisitId, String>,
}

impl Lines {
    /// Lines go to `to`; errors of writing are passed over, since the run is
    /// worth more than its lines. `side_by_side`: several visits go on at a time.
    pub fn new(to: Box<dyn Write>, side_by_side: bool) -> Self {
        Self {
            to,
            side_by_side,
            last: HashMap::new(),
        }
    }

    fn say(&mut self, at: f64, text: &str) {
        let line = format!("{at:8.2}s  {}\n", plain::line(text));
        drop(self.to.write_all(line.as_bytes()));
    }

    /// A line of one visit.
    fn say_of(&mut self, at: f64, visit: VisitId, run: &Run, text: &str) {
        match run.visit(visit).filter(|_| self.side_by_side) {
            Some(visit) => self.say(at, &format!("{}: {text}", visit.probe)),
            None => self.say(at, text),
        }
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
            What::VisitRetried { visit } => {
                let attempt = run.visit(*visit).map_or(2, |visit| visit.attempts);
                self.say_of(at, *visit, run, &format!("attempt {attempt}"));
            }
            What::Progress {
                visit,
                percent,
                message,
            } if self.last.get(visit) != Some(message) => {
                // A queue says the same every second for an hour.
                let percent = percent.map_or_else(String::new, |p| format!("{p:.0}% "));
                let step = run.visit(*visit).and_then(|visit| visit.steps.last());
                let step = step.map_or(StepName::Spawn, |step| step.name);
                self.say_of(at, *visit, run, &format!("{step}: {percent}{message}"));
                self.last.insert(*visit, message.clone());
            }
            What::StepFinished {
                visit,
                step,
                verdict,
                summary,
                finding,
            } if *verdict != Verdict::Skipped => {
                let text = match finding {
                    Some(finding) => {
                        format!("{step}: {verdict}: {}: {summary}", finding.cause)
                    }
                    None => format!("{step}: {verdict}: {summary}"),
                };
                self.say_of(at, *visit, run, &text);
            }
            What::VisitFinished { visit } => {
                self.last.remove(visit);
            }
            // A report in another format may go into a file that nobody reads now.
            What::LeftBehind { what, by_hand, .. } => {
                let then = if *by_hand {
                    "end it by hand; then"
                } else {
                    "once the hub is well again"
                };
                let command = run.clean_command();
                self.say(at, &format!("LEFT BEHIND: {what}; {then}: {command}"));
            }
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written(side_by_side: bool) -> String {
        let paper = Paper::default();
        let mut lines = Lines::new(Box::new(paper.clone()), side_by_side);
        let mut run = Run::new();
        let started = |visit, probe: &str| What::VisitStarted {
            visit,
            probe: probe.to_owned(),
            hub: "http://h/".to_owned(),
            account: "a".to_owned(),
            server: String::new(),
            options: serde_json::Map::new(),
        };
        let word = |visit| What::Progress {
            visit,
            percent: None,
            message: "waiting".to_owned(),
        };
        let passed = |visit| What::StepFinished {
            visit,
            step: StepName::Spawn,
            verdict: Verdict::Passed,
            summary: "ready".to_owned(),
            finding: None,
        };
        let all = [
            started(0, "one"),
            started(1, "two"),
            word(0),
            word(1),
            word(0),
            passed(0),
            What::VisitRetried { visit: 1 },
        ];
        for what in all {
            let event = Event { at: 1.0, what };
            run.apply(&event);
            lines.event(&event, &run);
        }
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn side_by_side_each_line_says_whose_it_is() {
        assert_eq!(
            written(true),
            "    1.00s  one: a on http://h/\n    1.00s  two: a on http://h/\n    1.00s  one: spawn: waiting\n\
             \u{20}   1.00s  two: spawn: waiting\n    1.00s  one: spawn: passed: ready\n    1.00s  two: attempt 2\n"
        );
        let alone = written(false);
        assert!(alone.contains("s  spawn: waiting\n"), "{alone}");
        assert!(alone.contains("s  spawn: passed: ready\n"), "{alone}");
    }
}
