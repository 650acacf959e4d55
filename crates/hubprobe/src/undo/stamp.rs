//! By what an untouched file is known again, without its content: which token is
//! in a token's file must be known without writing the token down anywhere else.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// By what an untouched file is known again, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The inode.
    pub inode: u64,
    /// When it was last written: seconds and nanoseconds since 1970.
    pub modified: (i64, i64),
}

impl Stamp {
    /// The stamp of a file, where there is one.
    pub fn of(path: &Path) -> Option<Self> {
        let meta = fs::symlink_metadata(path)
            .ok()
            .filter(fs::Metadata::is_file)?;
        Some(Self {
            inode: meta.ino(),
            modified: (meta.mtime(), meta.mtime_nsec()),
        })
    }
}
