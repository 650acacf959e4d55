//! A visit's part of the journal, kept in memory until it is known whether the visit passes: `hubprobe report` reads it as any journal.
//!
//! A queue that says the same every second for hours must not fill the memory, nor may a hub that says much: of what comes after the
//! 2000th word of progress, or the first MiB of them, only the last before something else happens is kept.

use crate::journal;
use crate::vocabulary::run::later;
use crate::vocabulary::{Event, What};

/// So many words of progress are all kept.
const PROGRESS: usize = 2000;

/// And so many bytes of them.
const SIZE: usize = 1 << 20;

/// The events of one visit, a line each.
#[derive(Debug)]
pub(super) struct Diary {
    text: String,
    progress: usize,
    size: usize,
    last: Option<String>,
    /// When the visit began: what is told of it alone counts from there.
    began: f64,
}

impl Diary {
    /// One that begins with what the run began with, as if that had begun with this visit, so many seconds later.
    pub(super) fn begin(run_started: Option<&What>, began: f64) -> Self {
        let mut diary = Self {
            text: journal::head(),
            progress: 0,
            size: 0,
            last: None,
            began,
        };
        let mut run_started = run_started.cloned();
        if let Some(What::RunStarted { started, .. }) = &mut run_started {
            *started = later(*started, began);
        }
        if let Some(what) = run_started {
            diary.note(&Event { at: began, what });
        }
        diary
    }

    /// Takes an event down.
    pub(super) fn note(&mut self, event: &Event) {
        // To the millisecond it is the visit itself that is the start.
        let at = match event.what {
            What::VisitStarted { .. } => 0.0,
            _ => (event.at - self.began).max(0.0),
        };
        let event = Event {
            at,
            what: event.what.clone(),
        };
        let Ok(line) = journal::line(&event) else {
            return;
        };
        if matches!(event.what, What::Progress { .. }) {
            self.progress += 1;
            self.size += line.len();
            if self.progress > PROGRESS || self.size > SIZE {
                self.last = Some(line);
                return;
            }
        }
        self.text.extend(self.last.take());
        self.text.push_str(&line);
    }

    /// The whole, as of a run that ended with the visit.
    pub(super) fn end(mut self, at: f64) -> String {
        self.note(&Event {
            at,
            what: What::RunFinished,
        });
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_queue_is_bounded_and_its_last_word_kept() {
        let started = What::RunStarted {
            run: uuid::Uuid::nil(),
            started: jiff::Timestamp::UNIX_EPOCH,
            hubprobe: "0".to_owned(),
            dry_run: false,
            state_dir: None,
        };
        let mut diary = Diary::begin(Some(&started), 1.0);
        for number in 0..PROGRESS + 100 {
            diary.note(&Event {
                at: 1.0,
                what: What::Progress {
                    visit: 0,
                    percent: None,
                    message: format!("waits {number}"),
                },
            });
        }
        let text = diary.end(2.0);
        assert_eq!(text.lines().count(), 2 + PROGRESS + 1 + 1);
        assert!(text.contains(&format!("waits {}", PROGRESS + 99)));
        assert!(!text.contains(&format!("waits {}", PROGRESS + 98)));
        let run = journal::read(&text).unwrap();
        assert_eq!(run.started, "1970-01-01T00:00:01Z".parse().unwrap());
        assert!((run.duration_s - 1.0).abs() < 1e-9, "{}", run.duration_s);
    }
}
