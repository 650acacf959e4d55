//! Writes the journal: each event as a line, in a thread of its own, since a disk may be slow and a visit must not wait for
//! it. What the disk cannot take is dropped and counted.

use std::fs::File;
use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use crate::dispatch::Listener;
use crate::vocabulary::{Event, Run};

/// So many lines may wait for the disk.
const WAITING: usize = 20_000;

/// Writes a journal.
pub struct Journal {
    to: Option<SyncSender<String>>,
    writer: Option<JoinHandle<std::io::Result<()>>>,
    dropped: u64,
    end: Option<Box<dyn FnOnce(String)>>,
}

impl Journal {
    /// Lines go to `file`, which is empty; `complain` is told at the end what is missing in it, if anything is.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn new(file: File, complain: Box<dyn FnOnce(String)>) -> std::io::Result<Self> {
        let (to, lines) = sync_channel(WAITING);
        let writer = std::thread::Builder::new().spawn(move || write(file, &lines))?;
        let journal = Self {
            to: Some(to),
            writer: Some(writer),
            dropped: 0,
            end: Some(complain),
        };
        Ok(journal)
    }
}

fn write(mut file: File, lines: &Receiver<String>) -> std::io::Result<()> {
    file.write_all(super::head().as_bytes())?;
    // A line at a time: whoever is killed leaves all but the last.
    lines
        .iter()
        .try_for_each(|line| file.write_all(line.as_bytes()))
}

impl Listener for Journal {
    fn event(&mut self, event: &Event, _run: &Run) {
        let (Some(to), Ok(line)) = (&self.to, super::line(event)) else {
            self.dropped += 1;
            return;
        };
        match to.try_send(line) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.dropped += 1,
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // The writer ends with its last line.
        self.to = None;
        let ended = self.writer.take().map(JoinHandle::join);
        let Some(complain) = self.end.take() else {
            return;
        };
        match ended {
            Some(Ok(Err(error))) => complain(format!("the journal cannot be written: {error}")),
            Some(Err(_)) => {
                complain("the journal could not be written: its writer has a bug".to_owned())
            }
            _ if self.dropped > 0 => complain(format!(
                "the journal lacks {} events: its disk is too slow",
                self.dropped
            )),
            _ => {}
        }
    }
}
