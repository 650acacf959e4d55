//! The file that a new token is put into.
//!
//! Its place is taken before anything is sent: a temporary file of mode 0600
//! in the same directory. The token is written, synced and read back while a
//! failure can still be undone; what stood there before is replaced only at
//! the very end, by a rename.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jupyterhub_client::Token;
use tempfile::NamedTempFile;

use crate::undo::{Stamp, rotation, unfinished};

/// A token's file, not yet in place.
#[derive(Debug)]
pub(super) struct TokenFile {
    path: PathBuf,
    force: bool,
    temporary: NamedTempFile,
}

impl TokenFile {
    /// Takes the place. With `force` a regular file that is there may be
    /// replaced later.
    ///
    /// # Errors
    /// What is in the way, and what to do.
    pub(super) fn reserve(path: &Path, force: bool) -> Result<Self, String> {
        let shown = path.display();
        let path = match fs::symlink_metadata(path) {
            Ok(meta) if meta.is_dir() => {
                return Err(format!("--out {shown} is a directory; name a file in it"));
            }
            Ok(_) if !force => {
                return Err(format!(
                    "--out {shown} is there already, and nothing was sent; --force replaces it, or name another file"
                ));
            }
            Ok(_) => match fs::canonicalize(path) {
                Ok(real) if real.is_file() => real,
                _ => {
                    return Err(format!(
                        "--out {shown} is no regular file, so it is not replaced; name another file"
                    ));
                }
            },
            Err(_) => {
                std::path::absolute(path).map_err(|error| format!("--out {shown}: {error}"))?
            }
        };
        let dir = path.parent().unwrap_or(Path::new("/"));
        unfinished::sweep(dir, unfinished::OLD, |path| {
            unfinished::begins(path, rotation::UNFINISHED)
        });
        let temporary = tempfile::Builder::new()
            .prefix(rotation::UNFINISHED)
            .tempfile_in(dir)
            .map_err(|error| {
                format!(
                    "no file can be made in {}, where --out {shown} would be: {}. Make the directory, or name another \
                     place; nothing was sent",
                    dir.display(),
                    reason(&error)
                )
            })?;
        Ok(Self {
            path,
            force,
            temporary,
        })
    }

    /// Where it will be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is until then.
    pub(super) fn temporary(&self) -> &Path {
        self.temporary.path()
    }

    /// Gives it to the owner and group of the file that it replaces: whoever reads
    /// that one must be able to read this one. Says so if others could read it.
    ///
    /// # Errors
    /// Where that cannot be: then whoever reads the file would lose it.
    pub(super) fn keep_owner(&self) -> Result<Option<String>, String> {
        let Ok(old) = fs::metadata(&self.path) else {
            return Ok(None);
        };
        let shown = self.path.display();
        let failed = |error: std::io::Error| {
            format!(
                "{shown} belongs to user {} and group {}, to whom a new file cannot be given: {error}. Run this as that \
                 user, or as root; nothing was sent",
                old.uid(),
                old.gid()
            )
        };
        let new = self.temporary.as_file().metadata().map_err(failed)?;
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            std::os::unix::fs::fchown(self.temporary.as_file(), Some(old.uid()), Some(old.gid()))
                .map_err(failed)?;
        }
        let mode = old.permissions().mode() & 0o777;
        Ok((mode & 0o077 != 0).then(|| {
            format!("{shown} was of mode {mode:04o}; it is of mode 0600 now, for its owner alone")
        }))
    }

    /// Writes the token and a newline, and reads them back.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(super) fn write(&mut self, token: &Token) -> Result<Stamp, String> {
        let content = format!("{}\n", token.expose());
        let place = self.temporary.path().to_owned();
        let written = self
            .temporary
            .write_all(content.as_bytes())
            .and_then(|()| self.temporary.as_file().sync_all())
            .and_then(|()| fs::read(&place));
        match written {
            Ok(read) if read == content.as_bytes() => {
                Stamp::of(&place).ok_or_else(|| format!("{} is gone", place.display()))
            }
            Ok(_) => Err(format!(
                "{} does not hold what was written",
                place.display()
            )),
            Err(error) => Err(format!(
                "the token cannot be written to {}: {}",
                self.path.display(),
                reason(&error)
            )),
        }
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// Why that cannot be; then nothing has changed there.
    pub(super) fn place(self) -> Result<(), String> {
        let put = if self.force {
            self.temporary.persist(&self.path)
        } else {
            self.temporary.persist_noclobber(&self.path)
        };
        put.map_err(|error| {
            format!(
                "{} cannot be put in place: {}",
                self.path.display(),
                reason(&error.error)
            )
        })?;
        if let Some(dir) = self.path.parent() {
            // The file is there; that its name survives a power cut is a bonus.
            drop(fs::File::open(dir).and_then(|dir| dir.sync_all()));
        }
        Ok(())
    }
}

/// Do both paths lead to the same file, which is there?
pub(super) fn same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// The system's words, without the path of a temporary file, which the crate
/// `tempfile` adds.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" at path ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        Token::parse(text).unwrap()
    }

    #[test]
    fn a_token_is_put_in_place_privately_and_known_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.token");
        let mut file = TokenFile::reserve(&path, false).unwrap();
        let stamp = file.write(&token("abc")).unwrap();
        assert!(!path.exists());
        file.place().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "abc\n");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(Stamp::of(&path), Some(stamp.clone()));
        fs::write(&path, "other").unwrap();
        assert_ne!(Stamp::of(&path), Some(stamp));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_there_stays_unless_forced_and_until_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.token");
        fs::write(&path, "old").unwrap();
        let refused = TokenFile::reserve(&path, false).unwrap_err();
        assert!(
            refused.contains("--force") && refused.contains("x.token"),
            "{refused}"
        );
        let mut file = TokenFile::reserve(&path, true).unwrap();
        file.write(&token("new")).unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let mut file = TokenFile::reserve(&path, true).unwrap();
        file.write(&token("new")).unwrap();
        file.place().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
    }

    #[test]
    fn a_file_that_came_in_between_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.token");
        let mut file = TokenFile::reserve(&path, false).unwrap();
        file.write(&token("new")).unwrap();
        fs::write(&path, "somebody else's").unwrap();
        assert!(file.place().unwrap_err().contains("exists"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
    }

    #[test]
    fn the_owner_stays_and_the_mode_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.token");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        // Only root may give files away.
        let mine = fs::metadata(&path).unwrap().uid();
        let other = if mine == 0 { 4242 } else { mine };
        std::os::unix::fs::chown(&path, Some(other), None).unwrap();
        let mut file = TokenFile::reserve(&path, true).unwrap();
        let said = file.keep_owner().unwrap().unwrap();
        assert!(said.contains("0640"), "{said}");
        file.write(&token("new")).unwrap();
        file.place().unwrap();
        let meta = fs::metadata(&path).unwrap();
        assert_eq!(
            (meta.uid(), meta.permissions().mode() & 0o777),
            (other, 0o600)
        );
        let fresh = TokenFile::reserve(&dir.path().join("y"), true).unwrap();
        assert_eq!(fresh.keep_owner(), Ok(None));
    }

    #[test]
    fn what_a_killed_process_left_is_swept_when_it_is_old() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str, old: bool| {
            let path = dir.path().join(name);
            fs::write(&path, "secret").unwrap();
            if old {
                let file = fs::File::options().write(true).open(&path).unwrap();
                let long_ago = std::time::SystemTime::now() - 2 * unfinished::OLD;
                file.set_modified(long_ago).unwrap();
            }
            path
        };
        let (old, young) = (
            at(".hubprobe-token-1", true),
            at(".hubprobe-token-2", false),
        );
        let other = at(".hubprobe", true);
        TokenFile::reserve(&dir.path().join("x"), false).unwrap();
        assert!(!old.exists() && young.exists() && other.exists());
    }

    #[test]
    fn a_file_is_the_same_by_whatever_path() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("a"), "").unwrap();
        fs::write(at("b"), "").unwrap();
        std::os::unix::fs::symlink(at("a"), at("to-a")).unwrap();
        assert!(same(&at("a"), &at("./to-a")));
        assert!(
            !same(&at("a"), &at("b")) && !same(&at("a"), &at("c")) && !same(&at("c"), &at("c"))
        );
    }

    #[test]
    fn a_missing_directory_is_named() {
        let error = TokenFile::reserve(Path::new("/nonexistent/x"), false).unwrap_err();
        assert!(
            error.contains("/nonexistent") && error.contains("No such file"),
            "{error}"
        );
        assert!(
            TokenFile::reserve(Path::new("/"), true)
                .unwrap_err()
                .contains("directory")
        );
        assert!(
            TokenFile::reserve(Path::new("/dev/null"), true)
                .unwrap_err()
                .contains("regular")
        );
    }
}
