//! Places that were typed and cannot be used: why, and what to do about it.

use std::io::{Error, ErrorKind};
use std::path::Path;

/// The directory of a file, also of one that is named by its name alone.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// What to do where a file or a directory cannot be written.
pub(super) fn to_write(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "make the directory first",
        ErrorKind::IsADirectory => "name a file in it",
        ErrorKind::NotADirectory => "one of the directories on the way is a file",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room, or name another place",
        _ => "name a place that you may write to",
    }
}

/// What to do where a file cannot be read.
pub(super) fn to_read(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "check the path",
        ErrorKind::IsADirectory => "name a file in it",
        _ => "check its owner and mode",
    }
}
