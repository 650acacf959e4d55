//! Files and directories with errors that say which, why and what to do. Private files get mode 0600, directories 0700.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::Error;

/// How much of a log's end is read for its last lines.
const LOOK_BACK: u64 = 16 * 1024;

/// Says what went wrong with a file.
pub(crate) fn error(action: &'static str, path: &Path, source: io::Error) -> Error {
    let advice = match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "make it writable, or choose other places with XDG_CACHE_HOME and XDG_STATE_HOME"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room on that file system (an environment takes 400 MB)"
        }
        io::ErrorKind::NotFound => "check the path",
        _ => "check the path and its file system",
    };
    Error::File {
        action,
        path: path.to_owned(),
        source,
        advice: advice.to_owned(),
    }
}

/// Creates a directory and those above it, each for the owner only.
pub(crate) fn create_directories(path: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| error("create", path, source))
}

/// Writes a file for the owner only, at once or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(text.as_bytes())?;
        drop(file);
        fs::rename(&beside, path)
    };
    write().map_err(|source| error("write", path, source))
}

/// Removes a directory with all that is in it; one that is not there is fine.
pub(crate) fn remove_all(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(error("remove", path, source))
        }
        _ => Ok(()),
    }
}

/// An exclusive lock on a file, held while the value lives; `None` when another process holds it.
pub(crate) fn try_lock(path: &Path) -> Result<Option<File>, Error> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|source| error("lock", path, source))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(error("lock", path, errno.into())),
    }
}

/// The last lines of a log; empty when there is none.
pub(crate) fn last_lines(path: &Path, count: usize) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOOK_BACK)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let text = String::from_utf8_lossy(&read().unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// What a log has gained since it was this long; empty when there is none.
pub(crate) fn since(path: &Path, length: u64) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(length))?;
        let mut bytes = Vec::new();
        file.take(LOOK_BACK).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

/// A short name for a text, the same everywhere: FNV-1a, 64 bits. Guards against staleness, not against enemies.
pub(crate) fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}").split_at(10).0.to_owned()
}

/// A path made absolute, which must lead to something that is there.
pub(crate) fn canonical(path: &Path) -> Result<PathBuf, Error> {
    fs::canonicalize(path).map_err(|source| error("read", path, source))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn private_files_are_private_and_replaced_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        write_private(&path, "one").unwrap();
        write_private(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_lock_is_held_once_and_freed_on_drop() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let held = try_lock(&path).unwrap();
        assert!(held.is_some());
        assert!(try_lock(&path).unwrap().is_none());
        drop(held);
        assert!(try_lock(&path).unwrap().is_some());
    }

    #[test]
    fn last_lines_of_logs() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        fs::write(&path, "a\nb\nc\n").unwrap();
        assert_eq!(last_lines(&path, 2), "b\nc");
        assert_eq!(last_lines(&path, 9), "a\nb\nc");
        assert_eq!(last_lines(&directory.path().join("none"), 9), "");
    }

    #[test]
    fn fingerprints_differ_and_stay() {
        assert_eq!(fingerprint(""), "cbf29ce484");
        assert_ne!(fingerprint("a==1"), fingerprint("a==2"));
    }

    #[test]
    fn an_unwritable_place_is_named_with_a_remedy() {
        let error = create_directories(Path::new("/proc/nothing/here"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("/proc/nothing/here"), "{error}");
    }
}
