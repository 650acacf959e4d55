//! The ledger: what is ours on any hub, on disk before it is made.
//!
//! One file an entry, in `ledger/` of the state directory, written whole
//! (a temporary file, synced, then renamed) so that a reader never sees half
//! an entry and two processes never write the same file. A file that cannot be
//! read is said, never thrown away.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{Entry, unfinished};

/// Why the ledger cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("the state directory {path} cannot be {doing}: {why}. {remedy}")]
pub struct LedgerError {
    path: String,
    doing: &'static str,
    // Not `source`: it is in the words, and would be said twice.
    why: std::io::Error,
    remedy: &'static str,
}

/// What to do about a state directory that does not work.
const REMEDY: &str = "Name one that can be written with --state-dir DIR or HUBPROBE_STATE_DIR: \
                      without it, what is made on the hub could be lost";

/// The ledger in one state directory.
#[derive(Debug, Clone)]
pub struct Ledger {
    dir: PathBuf,
}

/// What stands in a ledger.
#[derive(Debug, Default)]
pub struct Content {
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
    /// Files that are no entries, with the reason.
    pub unreadable: Vec<(PathBuf, String)>,
}

impl Ledger {
    /// Opens the ledger in a state directory, which is made (mode 0700) where
    /// it is missing, and proves that it can be written.
    ///
    /// # Errors
    /// [`LedgerError`] where it cannot be made or written.
    pub fn open(state_dir: &Path) -> Result<Self, LedgerError> {
        let dir = state_dir.join("ledger");
        let failed = |doing| {
            let path = dir.display().to_string();
            move |why| LedgerError {
                path,
                doing,
                why,
                remedy: REMEDY,
            }
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(failed("made"))?;
        let ledger = Self { dir: dir.clone() };
        let trial = dir.join(format!(".trial-{}", Uuid::now_v7()));
        write_synced(&trial, b"may be deleted\n").map_err(failed("written"))?;
        fs::remove_file(&trial).map_err(failed("written"))?;
        // They never became entries.
        unfinished::sweep(&ledger.dir, unfinished::OLD, |path| {
            unfinished::begins(path, ".")
        });
        Ok(ledger)
    }

    /// The ledger in a state directory as it is, for who makes nothing: what
    /// stands there can be taken back where the disk is full or read-only too.
    pub fn existing(state_dir: &Path) -> Self {
        Self {
            dir: state_dir.join("ledger"),
        }
    }

    /// Writes an entry, or writes it again with what is now known.
    ///
    /// # Errors
    /// [`LedgerError`] where it cannot be written; then nothing may be made.
    pub fn enter(&self, entry: &Entry) -> Result<(), LedgerError> {
        let path = self.path(entry.id);
        let temporary = self
            .dir
            .join(format!(".{}.{}", entry.id, std::process::id()));
        let mut text = serde_json::to_vec_pretty(entry)
            .map_err(|error| self.error("written", std::io::Error::other(error)))?;
        text.push(b'\n');
        write_synced(&temporary, &text)
            .and_then(|()| fs::rename(&temporary, &path))
            .and_then(|()| fs::File::open(&self.dir)?.sync_all())
            .map_err(|source| self.error("written", source))
    }

    /// Strikes an entry out: it is gone from the hub. One that is not there is
    /// no error.
    ///
    /// # Errors
    /// [`LedgerError`] where the file cannot be removed.
    pub fn strike(&self, id: Uuid) -> Result<(), LedgerError> {
        match fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(self.error("written", error))
            }
            _ => Ok(()),
        }
    }

    /// All that stands in it.
    ///
    /// # Errors
    /// [`LedgerError`] where the directory cannot be read.
    pub fn read(&self) -> Result<Content, LedgerError> {
        let mut content = Content::default();
        let files = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(content),
            files => files.map_err(|source| self.error("read", source))?,
        };
        for file in files {
            let path = file.map_err(|source| self.error("read", source))?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            match fs::read(&path) {
                Ok(text) => match serde_json::from_slice(&text) {
                    Ok(entry) => content.entries.push(entry),
                    Err(error) => content.unreadable.push((path, error.to_string())),
                },
                // Struck out by another process in between.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => content.unreadable.push((path, error.to_string())),
            }
        }
        content.entries.sort_by_key(|entry: &Entry| entry.id);
        Ok(content)
    }

    /// The state directory that it is in.
    pub fn state_dir(&self) -> &Path {
        self.dir.parent().unwrap_or(&self.dir)
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.dir.join(format!("{id}.json"))
    }

    fn error(&self, doing: &'static str, why: std::io::Error) -> LedgerError {
        LedgerError {
            path: self.dir.display().to_string(),
            doing,
            why,
            remedy: REMEDY,
        }
    }
}

fn write_synced(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    let written = file.write_all(text).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file is no use, and takes what little room there is.
        fs::remove_file(path).ok();
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use jiff::Timestamp;
    use serde_json::Map;

    use super::*;
    use crate::undo::{Made, Owner, ServerMade};
    use crate::vocabulary::{SecretSource, Target};

    fn entry() -> Entry {
        Entry {
            id: Uuid::now_v7(),
            run: Uuid::now_v7(),
            owner: Owner::this(),
            written: Timestamp::UNIX_EPOCH,
            up_s: None,
            target: Target {
                url: "http://127.0.0.1:8000/".parse().unwrap(),
                ca_file: None,
                headers: vec![("X-Access".into(), SecretSource::Env("KEY".into()))],
            },
            account: "servuser".into(),
            token: SecretSource::File("/etc/token".into()),
            kept: false,
            survived: None,
            made: Made::Server(ServerMade {
                apart_s: 0,
                name: String::new(),
                asked: Timestamp::UNIX_EPOCH,
                options: Map::new(),
                removable: false,
                answered: None,
                started: None,
                url: None,
            }),
        }
    }

    #[test]
    fn what_is_entered_is_read_until_it_is_struck() {
        let state = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(state.path()).unwrap();
        let (first, second) = (entry(), entry());
        ledger.enter(&second).unwrap();
        ledger.enter(&first).unwrap();
        assert_eq!(
            ledger.read().unwrap().entries,
            [first.clone(), second.clone()]
        );
        ledger.strike(first.id).unwrap();
        ledger.strike(first.id).unwrap();
        assert_eq!(ledger.read().unwrap().entries, [second]);
    }

    #[test]
    fn it_is_private_and_a_broken_file_is_said_and_kept() {
        let state = tempfile::tempdir().unwrap();
        let place = state.path().join("deep/state");
        let ledger = Ledger::open(&place).unwrap();
        ledger.enter(&entry()).unwrap();
        let mode = fs::metadata(place.join("ledger"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
        for file in fs::read_dir(place.join("ledger")).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let broken = place.join("ledger/x.json");
        fs::write(&broken, "{").unwrap();
        let content = ledger.read().unwrap();
        assert_eq!(content.entries.len(), 1);
        assert_eq!(content.unreadable.len(), 1);
        assert!(broken.exists());
    }

    #[test]
    fn what_a_killed_process_was_writing_is_swept_when_it_is_old() {
        let state = tempfile::tempdir().unwrap();
        Ledger::open(state.path()).unwrap();
        let (old, young) = (
            state.path().join("ledger/.old.1"),
            state.path().join("ledger/.young.1"),
        );
        for path in [&old, &young] {
            fs::write(path, "{").unwrap();
        }
        let long_ago = std::time::SystemTime::now() - 2 * unfinished::OLD;
        fs::File::options()
            .write(true)
            .open(&old)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        let ledger = Ledger::open(state.path()).unwrap();
        assert!(!old.exists() && young.exists());
        assert!(ledger.read().unwrap().unreadable.is_empty());
    }

    #[test]
    fn a_state_directory_that_is_a_file_is_named_with_the_remedy() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Ledger::open(file.path()).unwrap_err().to_string();
        assert!(
            error.contains(&file.path().display().to_string()),
            "{error}"
        );
        assert!(error.contains("--state-dir"), "{error}");
    }
}
