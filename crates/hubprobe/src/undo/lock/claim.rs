//! A file that says which run holds a place, and that its process is alive.
//!
//! It comes into being whole or not at all (a link to a file that is written
//! already), which holds on NFS too. While the place is held its time of change
//! moves every few seconds. Another host looks whether it moves, and compares
//! no clocks; on the same boot of the same host the process id and start time
//! decide.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio::time::interval;
use uuid::Uuid;

use crate::undo::owner::Life;
use crate::undo::{Owner, unfinished};

/// Between two beats.
const BEAT: Duration = Duration::from_secs(4);

/// A claim that does not move for so long is nobody's any more.
pub(super) const SILENCE: Duration = Duration::from_secs(20);

/// Between two looks whether it moves.
pub(super) const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Who holds a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    run: Uuid,
    owner: Owner,
    since: Timestamp,
}

/// A claim that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    text: Vec<u8>,
    /// None where the file says something else.
    holder: Option<Holder>,
}

/// What is known of the process that made a claim, without waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pulse {
    /// It runs.
    Beats,
    /// It has ended.
    Stopped,
    /// It must be watched.
    Unknown,
}

impl Claim {
    /// The run that made it.
    pub(super) fn run(&self) -> Option<Uuid> {
        self.holder.as_ref().map(|holder| holder.run)
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        match &self.holder {
            Some(Holder { run, owner, since }) => format!(
                "process {} on {}, run {run}, since {}",
                owner.pid,
                owner.host,
                since.strftime("%Y-%m-%d %H:%M:%S UTC")
            ),
            None => "a process that wrote no name".to_owned(),
        }
    }

    /// What is known of its process. `flocked`: the place's flock was free for
    /// us, which on the same kernel means that nobody else holds it.
    pub(super) fn pulse(&self, flocked: bool) -> Pulse {
        let Some(Holder { owner, .. }) = &self.holder else {
            return Pulse::Unknown;
        };
        if !owner.is_of_this_boot() {
            return Pulse::Unknown;
        }
        match owner.life() {
            Life::Alive => Pulse::Beats,
            Life::Dead => Pulse::Stopped,
            Life::Elsewhere if flocked => Pulse::Stopped,
            Life::Elsewhere => Pulse::Unknown,
        }
    }
}

/// Reads the claim that is there; one that cannot be read says nothing.
pub(super) fn read(path: &Path) -> Option<Claim> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        text => text.unwrap_or_default(),
    };
    let holder = serde_json::from_slice(&text).ok();
    Some(Claim { text, holder })
}

/// What changes with each beat, and with each other file of that name. The file
/// is opened for it: NFS asks the server again then (nfs(5), close-to-open).
pub(super) fn trace(path: &Path) -> Option<(u64, i64, i64)> {
    let meta = File::open(path).and_then(|file| file.metadata()).ok()?;
    Some((meta.ino(), meta.mtime(), meta.mtime_nsec()))
}

/// Why a claim was not made.
#[derive(Debug)]
pub(super) enum NotMade {
    /// Another is there.
    There,
    /// No file can be made there.
    Unusable(std::io::Error),
}

/// Claims a place for a run of this process.
///
/// # Errors
/// [`NotMade`].
pub(super) fn make(path: &Path, run: Uuid) -> Result<Held, NotMade> {
    if let Some(dir) = path.parent() {
        // Of processes that were killed within this, or within `take_away`.
        unfinished::sweep(dir, unfinished::OLD, |path| {
            let extension = path.extension();
            extension.is_some_and(|extension| extension == "new" || extension == "over")
        });
    }
    let holder = Holder {
        run,
        owner: Owner::this(),
        since: Timestamp::now(),
    };
    let unusable = NotMade::Unusable;
    let text = serde_json::to_vec(&holder).map_err(|error| unusable(error.into()))?;
    let temporary = path.with_extension(format!("{}.new", Uuid::now_v7().simple()));
    let written = written(&temporary, &text);
    let linked = written.and_then(|file| match fs::hard_link(&temporary, path) {
        Ok(()) => Ok(file),
        // A file system without links: half a claim may be seen, and is watched.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => self::written(path, &text),
        Err(error) => Err(error),
    });
    fs::remove_file(&temporary).ok();
    match linked {
        Ok(file) => Ok(Held::new(path, text, file)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(NotMade::There),
        Err(error) => Err(unusable(error)),
    }
}

fn written(path: &Path, text: &[u8]) -> std::io::Result<File> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    if let Err(error) = file.write_all(text).and_then(|()| file.sync_all()) {
        fs::remove_file(path).ok();
        return Err(error);
    }
    Ok(file)
}

/// Takes away a claim that is over; false where another has come in its place
/// meanwhile, which stays.
pub(super) fn take_away(path: &Path, over: &Claim) -> bool {
    // Somebody may have been faster; the same is seen below, but seldom has to be.
    if read(path).as_ref() != Some(over) {
        return false;
    }
    let aside = path.with_extension(format!("{}.over", Uuid::now_v7().simple()));
    if fs::rename(path, &aside).is_err() {
        return false;
    }
    let it_was = fs::read(&aside).is_ok_and(|text| text == over.text);
    if !it_was {
        // Somebody was faster, and this is theirs.
        fs::hard_link(&aside, path).ok();
    }
    fs::remove_file(&aside).ok();
    it_was
}

/// A claim of ours, which beats until it is dropped, and is gone then.
#[derive(Debug)]
pub(super) struct Held {
    path: PathBuf,
    text: Vec<u8>,
    beating: JoinHandle<()>,
}

impl Held {
    fn new(path: &Path, text: Vec<u8>, file: File) -> Self {
        let beating = tokio::spawn(async move {
            let mut beats = interval(BEAT);
            loop {
                beats.tick().await;
                // What cannot be said now is said with the next one.
                file.set_modified(SystemTime::now()).ok();
            }
        });
        Self {
            path: path.to_owned(),
            text,
            beating,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.beating.abort();
        // Not one that came in its place, while this process was asleep.
        if fs::read(&self.path).is_ok_and(|text| text == self.text) {
            fs::remove_file(&self.path).ok();
        }
    }
}
