//! A visit's part of the journal, kept in memory until it is known whether the visit passes: `hubprobe report` reads it as any journal.
//!
//! A queue that says the same every second for hours must not fill the memory, nor may a hub that says much: of what comes after the
//! 2000th word of progress, or the first MiB of them, only the last before something else happens is kept.

use crate::journal;
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
}

impl Diary {
    /// One that begins with what the run began with.
    pub(super) fn begin(run_started: &str) -> Self {
        Self {
            text: journal::head() + run_started,
            progress: 0,
            size: 0,
            last: None,
        }
    }

    /// Takes an event down.
    pub(super) fn note(&mut self, event: &Event) {
        let Ok(line) = journal::line(event) else {
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
        let started = Event {
            at: 0.0,
            what: What::RunStarted {
                run: uuid::Uuid::nil(),
                started: jiff::Timestamp::UNIX_EPOCH,
                hubprobe: "0".to_owned(),
                dry_run: false,
                state_dir: None,
            },
        };
        let mut diary = Diary::begin(&journal::line(&started).unwrap());
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
        assert!(journal::read(&text).is_ok());
    }
}
