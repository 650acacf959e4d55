//! Files that a command writes: none of them twice, and none that it reads.
//!
//! `--journal suite.yaml` is a slip of the fingers, and would empty the suite. What leads to the same file by another path, a
//! link among them, is the same. Devices and pipes may be named as often as one likes.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::bail;

use super::places;

/// A file, and how it was named: `--journal run.jsonl`.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) how: String,
    pub(super) path: PathBuf,
}

impl Named {
    pub(super) fn new(how: impl Into<String>, path: &Path) -> Self {
        Self {
            how: how.into(),
            path: path.to_owned(),
        }
    }
}

/// Refuses a file that is written twice, or that is read as well.
///
/// # Errors
/// Both names of the file.
pub(super) fn refuse(written: &[Named], read: &[Named]) -> anyhow::Result<()> {
    let mut before: Vec<(Place, &Named)> = Vec::new();
    for named in written {
        if let Some(other) = same(&before, named) {
            bail!(
                "{} and {} are one file; give each its own. Nothing was sent to a hub",
                other.how,
                named.how
            );
        }
        before.extend(place(&named.path).map(|place| (place, named)));
    }
    for named in read {
        if let Some(other) = same(&before, named) {
            bail!(
                "{} would take the place of {}, which is read; name another file. Nothing was sent to a hub",
                other.how,
                named.how
            );
        }
    }
    Ok(())
}

/// The one before that is the same file.
fn same<'a>(before: &[(Place, &'a Named)], named: &Named) -> Option<&'a Named> {
    let place = place(&named.path)?;
    let mut before = before.iter();
    before
        .find(|(there, _)| *there == place)
        .map(|(_, other)| *other)
}

/// Where a file is, or would be.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    There(u64, u64),
    ToBe(PathBuf),
}

fn place(path: &Path) -> Option<Place> {
    if let Ok(there) = std::fs::metadata(path) {
        return there
            .is_file()
            .then(|| Place::There(there.dev(), there.ino()));
    }
    let parent = places::parent(path).canonicalize().ok()?;
    Some(Place::ToBe(parent.join(path.file_name()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_by_two_names() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("suite.yaml"), "").unwrap();
        std::os::unix::fs::symlink("suite.yaml", at("link")).unwrap();
        std::fs::create_dir(at("room")).unwrap();
        let named = |names: &[&str]| -> Vec<Named> {
            let names = names.iter();
            names
                .map(|name| Named::new(format!("<{name}>"), &at(name)))
                .collect()
        };
        let refused = |written: &[&str], read: &[&str]| {
            let refused = refuse(&named(written), &named(read));
            refused.err().map(|error| error.to_string())
        };
        for (written, read, words) in [
            (
                &["new", "room/../new"][..],
                &[][..],
                Some("<new> and <room/../new> are one"),
            ),
            (&["link"], &["suite.yaml"], Some("place of <suite.yaml>")),
            (
                &["suite.yaml", "link"],
                &[],
                Some("<suite.yaml> and <link> are one"),
            ),
            (&["new", "room/new", "no/new"], &["suite.yaml"], None),
            (&["/dev/null", "/dev/null"], &["/dev/null"], None),
        ] {
            let said = refused(written, read);
            assert_eq!(said.is_some(), words.is_some(), "{said:?}");
            assert!(
                said.unwrap_or_default().contains(words.unwrap_or_default()),
                "{written:?}"
            );
        }
    }
}
