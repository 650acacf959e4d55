//! A report's file, written whole: who reads it sees the one before or this one, never half of one.
//!
//! node_exporter's textfile collector reads when it likes, and web servers and CI systems do. So the bytes go beside the file
//! first, under a name that begins with a dot and ends in nothing that a collector looks for, and the file is put into its place.
//! That keeps the mode of the file that was there. Where it would change more than what stands in it (somebody else's file, a device, a
//! pipe, a directory that takes no new file), it is written in its place.

use std::fs::{Metadata, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::places;

/// What a new file may be, less what the umask takes.
const NEW: u32 = 0o666;

/// Writes a file, or leaves none: half a report is worse than no report, and so is an old one that is taken for this run's.
///
/// # Errors
/// Why it cannot be written.
pub(super) fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // Where a link leads.
    let there = std::fs::metadata(path).ok();
    // /dev/stdout and /dev/fd/3 lead to a file that somebody has open, and that must stay the same one.
    let is_open = path.starts_with("/dev") || path.starts_with("/proc");
    if is_open || there.as_ref().is_some_and(|there| !there.is_file()) {
        return std::fs::write(path, bytes);
    }
    let target = match &there {
        Some(_) => path.canonicalize().unwrap_or_else(|_| path.to_owned()),
        None => path.to_owned(),
    };
    let written = match beside(&target, there.as_ref(), bytes) {
        Ok(()) => Ok(()),
        Err(Beside::NotThere) => std::fs::write(&target, bytes),
        Err(Beside::Failed(error)) => Err(error),
    };
    if written.is_err() && target.is_file() {
        std::fs::remove_file(&target).ok();
    }
    written
}

/// Adds to what stands in a file, with an empty line between, or leaves it as it was.
///
/// # Errors
/// Why it cannot be written.
pub(super) fn add(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)?;
    let before = file.metadata()?;
    let between: &[u8] = if before.len() > 0 { b"\n" } else { b"" };
    let written = file.write_all(&[between, bytes].concat());
    if written.is_err() && before.is_file() {
        file.set_len(before.len()).ok();
    }
    written
}

/// Why nothing was put into the file's place.
enum Beside {
    /// It cannot be done so.
    NotThere,
    /// The bytes cannot be written.
    Failed(std::io::Error),
}

fn beside(target: &Path, there: Option<&Metadata>, bytes: &[u8]) -> Result<(), Beside> {
    let parent = places::parent(target);
    if std::fs::symlink_metadata(target).is_ok_and(|it| it.is_symlink()) {
        return Err(Beside::NotThere);
    }
    let made = tempfile::Builder::new()
        .prefix(".hubprobe-")
        .permissions(Permissions::from_mode(NEW))
        .tempfile_in(parent);
    let mut file = made.map_err(|_| Beside::NotThere)?;
    if let Some(there) = there {
        let ours = file.as_file().metadata().map_err(|_| Beside::NotThere)?;
        let is_ours = (there.uid(), there.gid()) == (ours.uid(), ours.gid()) && there.nlink() == 1;
        let mode = Permissions::from_mode(there.mode() & 0o7777);
        if !is_ours || file.as_file().set_permissions(mode).is_err() {
            return Err(Beside::NotThere);
        }
    }
    file.write_all(bytes).map_err(Beside::Failed)?;
    // A file that is a mount of its own, as in containers, has a place that nothing can be put into.
    file.persist(target).map(drop).map_err(|_| Beside::NotThere)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o7777
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hubprobe.prom");
        write(&path, b"one").unwrap();
        let usual = dir.path().join("usual");
        std::fs::write(&usual, "").unwrap();
        assert_eq!(mode(&path), mode(&usual));
        std::fs::remove_file(usual).unwrap();

        // Who has the old one open reads it to its end.
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let old = std::fs::File::open(&path).unwrap();
        write(&path, b"other").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"other");
        assert_eq!(std::io::read_to_string(old).unwrap(), "one");
        assert_eq!(mode(&path), 0o640);
        assert_eq!(names(dir.path()), ["hubprobe.prom"]);
    }

    #[test]
    fn links_and_names_that_share_a_file_stay() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir(at("room")).unwrap();
        for name in ["room/real", "first"] {
            std::fs::write(at(name), "old").unwrap();
        }
        std::os::unix::fs::symlink("room/real", at("link")).unwrap();
        std::os::unix::fs::symlink("room/new", at("dangling")).unwrap();
        std::fs::hard_link(at("first"), at("second")).unwrap();
        for name in ["link", "dangling", "second"] {
            write(&at(name), b"new").unwrap();
        }
        for name in ["room/real", "room/new", "first"] {
            assert_eq!(std::fs::read(at(name)).unwrap(), b"new", "{name}");
        }
        assert!(at("link").is_symlink());
        assert_eq!(names(&at("room")), ["new", "real"]);
        write(Path::new("/dev/null"), b"new").unwrap();
    }

    #[test]
    fn what_is_added_stands_behind_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("summary.md");
        for text in ["# one\n", "# other\n"] {
            add(&path, text.as_bytes()).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "# one\n\n# other\n");
        assert!(add(Path::new("/dev/full"), b"new").is_err());
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(write(&dir.path().join("no/x"), b"new").is_err());
        assert!(write(Path::new("/dev/full"), b"new").is_err());
        assert!(Path::new("/dev/full").exists());
        assert!(names(dir.path()).is_empty());
    }
}
