//! Files are written by a thread with a queue, since a slow disk must not slow down what is observed. The queue is bound by what waits in
//! it (64 MiB), not by how many: many visits may end in one instant. What finds it full is not kept, and that is said at the end.
//!
//! Reports are made in that thread as well. A file is there whole or not at all.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How many bytes wait at most, unless it is one file alone.
const QUEUE: usize = 64 << 20;

/// What a file that waits takes beside its text.
const PLACE: usize = 512;

/// How long the last files may take once the run is over.
const LAST_FILES: Duration = Duration::from_secs(20);

/// What a file will hold.
pub(super) enum Text {
    /// This.
    Ready(Arc<str>),
    /// What this makes, roughly as large as the number says.
    ToMake(usize, Box<dyn FnOnce() -> Result<String, String> + Send>),
}

impl Text {
    fn size(&self) -> usize {
        match self {
            Self::Ready(text) => text.len(),
            Self::ToMake(size, _) => *size,
        }
    }
}

/// Hands files on to the thread that writes them.
#[derive(Debug)]
pub(super) struct Writer {
    files: Sender<(PathBuf, usize, Text)>,
    /// How many bytes wait.
    waiting: Arc<AtomicUsize>,
    complaints: Sender<String>,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.size())
    }
}

/// What there is to complain of once all is written.
#[derive(Debug)]
pub struct Kept(Receiver<String>);

/// Starts the thread.
pub(super) fn start() -> std::io::Result<(Writer, Kept)> {
    let (files, coming) = channel::<(PathBuf, usize, Text)>();
    let waiting = Arc::new(AtomicUsize::new(0));
    let still_waiting = Arc::clone(&waiting);
    let (complaints, kept) = channel();
    let complaining = complaints.clone();
    std::thread::Builder::new()
        .name("artifacts".to_owned())
        .spawn(move || {
            for (path, size, text) in coming {
                if let Err(error) = make(&path, text) {
                    let said =
                        format!("the artifact {} cannot be written: {error}", path.display());
                    drop(complaining.send(said));
                }
                still_waiting.fetch_sub(size, Ordering::Relaxed);
            }
        })?;
    let writer = Writer {
        files,
        waiting,
        complaints,
    };
    Ok((writer, Kept(kept)))
}

impl Writer {
    /// A file to be written; what is said at the end where it is not.
    pub(super) fn hand_on(&self, path: PathBuf, text: Text) {
        let name = path.display().to_string();
        if let Err(why) = self.take(path, text) {
            drop(
                self.complaints
                    .send(format!("the artifact {name} is not kept: {why}")),
            );
        }
    }

    fn take(&self, path: PathBuf, text: Text) -> Result<(), &'static str> {
        let size = text.size() + PLACE;
        // Nobody else adds to it.
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting > 0 && waiting.saturating_add(size) > QUEUE {
            return Err("the disk is too slow");
        }
        self.waiting.fetch_add(size, Ordering::Relaxed);
        let sent = self.files.send((path, size, text));
        sent.map_err(|_| "nobody writes any more")
    }
}

impl Kept {
    /// Waits until all is written, which is so once the keeper is gone and the queue is empty; what went wrong.
    #[must_use]
    pub fn end(self) -> Vec<String> {
        let mut complaints = Vec::new();
        let until = Instant::now() + LAST_FILES;
        loop {
            match self
                .0
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(complaint) => complaints.push(complaint),
                Err(RecvTimeoutError::Disconnected) => return complaints,
                Err(RecvTimeoutError::Timeout) => {
                    complaints.push(format!(
                        "artifacts are not written yet, {LAST_FILES:.0?} after the run; they are given up"
                    ));
                    return complaints;
                }
            }
        }
    }
}

fn make(path: &Path, text: Text) -> Result<(), String> {
    let text = match text {
        Text::Ready(text) => text,
        // A bug in one report costs that report.
        Text::ToMake(_, make) => catch_unwind(AssertUnwindSafe(make))
            .unwrap_or_else(|_| Err("hubprobe has a bug there".to_owned()))?
            .into(),
    };
    write(path, &text).map_err(|error| error.to_string())
}

/// Writes beside the file and puts it into its place.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
