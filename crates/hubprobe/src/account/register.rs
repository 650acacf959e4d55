//! The register: which tokens on which hubs are ours for good.
//!
//! One file a token in `accounts/` of the state directory, written whole and
//! private. It says where a token's file is and how to find the token on the
//! hub; the token itself never stands in it. Only `account revoke`, `rotate` and
//! `delete` take an entry away; `clean` does not look here.
//!
//! An entry also says whether the user was made for its token, which `delete` must
//! know when the tokens are gone. So the last entry that says it stays until the
//! user is deleted, without its token.

use std::fs;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jupyterhub_client::TokenModel;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::undo::{Stamp, unfinished};
use crate::vocabulary::Target;

/// Why the register cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error(
    "the register of accounts in {path} cannot be {doing}: {source}. Check the directory's permissions, or name another with --state-dir DIR"
)]
pub struct RegisterError {
    path: String,
    doing: &'static str,
    source: std::io::Error,
}

/// A token that `account create` or `rotate` made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Registered {
    /// The entry's own id, and its file's name.
    pub id: Uuid,
    /// The hub.
    pub target: Target,
    /// The account.
    pub name: String,
    /// The hub's id of the token.
    pub token_id: String,
    /// The note that the hub shows for it.
    pub note: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends; none means never.
    pub expires: Option<Timestamp>,
    /// Where the token was put; none if it went to standard output.
    pub file: Option<PathBuf>,
    /// By what that file is known again.
    pub stamp: Option<Stamp>,
    /// The user was made for it.
    pub made_user: bool,
    /// When the hub says that it made that user: its birth certificate. Older
    /// entries have none.
    #[serde(default)]
    pub user_created: Option<Timestamp>,
    /// Another token has taken its place in its file, and it was left good for those
    /// that had read it: the next rotation takes it away.
    #[serde(default)]
    pub replaced: bool,
    /// The token is gone from the hub, and the entry stays for what it says of the
    /// user.
    #[serde(default)]
    pub gone: bool,
    /// The run that made it.
    pub run: Uuid,
}

impl Registered {
    /// A token that a run has made for a user that was there, and that is in no
    /// file, as the hub says.
    pub(super) fn new(run: Uuid, target: &Target, name: &str, token: &TokenModel) -> Self {
        Self {
            id: Uuid::now_v7(),
            target: target.clone(),
            name: name.to_owned(),
            token_id: token.id.clone(),
            note: token.note.clone(),
            created: token.created.unwrap_or_else(Timestamp::now),
            expires: token.expires_at,
            file: None,
            stamp: None,
            made_user: false,
            user_created: None,
            replaced: false,
            gone: false,
            run,
        }
    }

    /// Both say of the same user that it was made by us. Older entries do not say
    /// which user that was.
    fn same_birth(&self, other: &Self) -> bool {
        let made = self.made_user && other.made_user;
        made && self.user_created.is_some() && self.user_created == other.user_created
    }

    /// The token a1 of a user on a hub of nowhere.
    #[cfg(test)]
    pub(super) fn sample(name: &str, created: Timestamp) -> Self {
        let target = Target {
            url: "http://127.0.0.1:8000/".parse().unwrap(),
            ca_file: None,
            headers: Vec::new(),
        };
        let token = serde_json::json!({"id": "a1", "note": format!("hubprobe {name} (run x)")});
        let token = serde_json::from_value(token).unwrap();
        Self {
            created,
            ..Self::new(Uuid::now_v7(), &target, name, &token)
        }
    }
}

/// The register in one state directory.
#[derive(Debug, Clone)]
pub struct Register {
    dir: PathBuf,
}

impl Register {
    /// The register of a state directory. Nothing is read or made.
    pub fn of(state_dir: &Path) -> Self {
        Self {
            dir: state_dir.join("accounts"),
        }
    }

    /// Makes its directory (mode 0700) and proves that it can be written.
    ///
    /// # Errors
    /// [`RegisterError`] where it cannot.
    pub fn prepare(&self) -> Result<(), RegisterError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)
            .and_then(|()| tempfile::tempfile_in(&self.dir).map(drop))
            .map_err(|source| self.error("written", source))?;
        // They never became entries.
        unfinished::sweep(&self.dir, unfinished::OLD, |path| {
            unfinished::begins(path, ".")
        });
        Ok(())
    }

    /// Writes an entry.
    ///
    /// # Errors
    /// [`RegisterError`] where it cannot be written.
    pub fn enter(&self, entry: &Registered) -> Result<(), RegisterError> {
        let write = || {
            // Of mode 0600, as all files of that crate.
            let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
            serde_json::to_writer_pretty(&mut file, entry)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(self.path(entry.id))?;
            fs::File::open(&self.dir)?.sync_all()
        };
        write().map_err(|source| self.error("written", source))
    }

    /// Takes an entry away; one that is not there is no error.
    ///
    /// # Errors
    /// [`RegisterError`] where the file cannot be removed.
    pub fn remove(&self, id: Uuid) -> Result<(), RegisterError> {
        match fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(self.error("written", error))
            }
            _ => Ok(()),
        }
    }

    /// Forgets a token that is gone from the hub. That the user was made for it is
    /// still said: by another entry, else by this one, which stays without its token.
    ///
    /// # Errors
    /// [`RegisterError`] where it cannot be read or written.
    pub fn forget(&self, entry: &Registered) -> Result<(), RegisterError> {
        let (others, _) = self.find_with_gone(&entry.target.url, &entry.name)?;
        let mut others = others.iter().filter(|other| other.id != entry.id);
        if !entry.made_user || others.any(|other| other.same_birth(entry)) {
            return self.remove(entry.id);
        }
        self.enter(&Registered {
            gone: true,
            file: None,
            stamp: None,
            ..entry.clone()
        })
    }

    /// The entries of an account's tokens on a hub, oldest first, and the files
    /// that could not be read, with the reason.
    ///
    /// # Errors
    /// [`RegisterError`] where the directory is there and cannot be read.
    pub fn find(
        &self,
        hub: &Url,
        name: &str,
    ) -> Result<(Vec<Registered>, Vec<String>), RegisterError> {
        let (mut entries, unreadable) = self.find_with_gone(hub, name)?;
        entries.retain(|entry| !entry.gone);
        Ok((entries, unreadable))
    }

    /// The same, and those that stay for what they say of the user.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn find_with_gone(
        &self,
        hub: &Url,
        name: &str,
    ) -> Result<(Vec<Registered>, Vec<String>), RegisterError> {
        let (mut entries, mut unreadable) = (Vec::new(), Vec::new());
        let files = match fs::read_dir(&self.dir) {
            Ok(files) => files,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok((entries, unreadable));
            }
            Err(error) => return Err(self.error("read", error)),
        };
        for file in files {
            let path = file.map_err(|error| self.error("read", error))?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let read = fs::read(&path)
                .map_err(|error| error.to_string())
                .and_then(|text| {
                    serde_json::from_slice::<Registered>(&text).map_err(|error| error.to_string())
                });
            match read {
                Ok(entry) if &entry.target.url == hub && entry.name == name => entries.push(entry),
                Ok(_) => {}
                Err(reason) => unreadable.push(format!("{}: {reason}", path.display())),
            }
        }
        entries.sort_by_key(|entry| entry.id);
        Ok((entries, unreadable))
    }

    /// When the token in this file ends, as far as the register knows of it:
    /// the last one that was put there for this account on this hub.
    pub fn expiry(&self, hub: &Url, name: &str, file: &Path) -> Option<Timestamp> {
        let (entries, _) = self.find(hub, name).ok()?;
        let put_there = |entry: &&Registered| entry.file.as_deref() == Some(file);
        entries.iter().rfind(put_there)?.expires
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.dir.join(format!("{id}.json"))
    }

    fn error(&self, doing: &'static str, source: std::io::Error) -> RegisterError {
        RegisterError {
            path: self.dir.display().to_string(),
            doing,
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn entry(name: &str) -> Registered {
        Registered {
            expires: Some(Timestamp::UNIX_EPOCH),
            file: Some("/etc/x.token".into()),
            stamp: Some(Stamp {
                inode: 7,
                modified: (1, 2),
            }),
            made_user: true,
            ..Registered::sample(name, Timestamp::UNIX_EPOCH)
        }
    }

    #[test]
    fn what_a_killed_process_was_writing_is_swept_when_it_is_old() {
        let state = tempfile::tempdir().unwrap();
        let register = Register::of(state.path());
        register.prepare().unwrap();
        let (old, young) = (register.dir.join(".tmp1"), register.dir.join(".tmp2"));
        for path in [&old, &young] {
            fs::write(path, "{").unwrap();
        }
        let long_ago = std::time::SystemTime::now() - 2 * unfinished::OLD;
        let file = fs::File::options().write(true).open(&old).unwrap();
        file.set_modified(long_ago).unwrap();
        register.prepare().unwrap();
        assert!(!old.exists() && young.exists());
    }

    #[test]
    fn what_is_entered_is_found_until_it_is_removed() {
        let state = tempfile::tempdir().unwrap();
        let register = Register::of(&state.path().join("deep"));
        let hub: Url = "http://127.0.0.1:8000/".parse().unwrap();
        assert_eq!(
            register.find(&hub, "servuser").unwrap(),
            (Vec::new(), Vec::new())
        );
        register.prepare().unwrap();
        let (mine, other) = (entry("servuser"), entry("other"));
        register.enter(&mine).unwrap();
        register.enter(&other).unwrap();
        assert_eq!(
            register.find(&hub, "servuser").unwrap().0,
            std::slice::from_ref(&mine)
        );
        let expiry = |file: &str| register.expiry(&hub, "servuser", Path::new(file));
        assert_eq!(expiry("/etc/x.token"), Some(Timestamp::UNIX_EPOCH));
        assert_eq!(expiry("/etc/y.token"), None);
        assert_eq!(
            register
                .find(&"http://h/".parse().unwrap(), "servuser")
                .unwrap()
                .0,
            []
        );
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&register.dir), 0o700);
        assert_eq!(mode(&register.path(mine.id)), 0o600);
        fs::write(register.dir.join("x.json"), "{").unwrap();
        register.remove(mine.id).unwrap();
        register.remove(mine.id).unwrap();
        let (entries, unreadable) = register.find(&hub, "servuser").unwrap();
        assert_eq!((entries.len(), unreadable.len()), (0, 1));
    }

    #[test]
    fn that_the_user_was_made_is_known_longer_than_its_tokens() {
        let state = tempfile::tempdir().unwrap();
        let register = Register::of(state.path());
        register.prepare().unwrap();
        let born = |at: Option<i64>, made_user| {
            let entry = Registered {
                made_user,
                user_created: at.map(|second| Timestamp::from_second(second).unwrap()),
                ..entry("x")
            };
            register.enter(&entry).unwrap();
            entry
        };
        let (first, second) = (born(Some(1), true), born(Some(1), true));
        let (anew, older) = (born(Some(2), true), born(None, true));
        let others = born(None, false);
        let hub = &first.target.url;
        for entry in [&first, &second, &anew, &older, &others] {
            register.forget(entry).unwrap();
            // Another command was at it, too.
            register.forget(entry).unwrap();
        }
        assert_eq!(register.find(hub, "x").unwrap().0, []);
        let kept = register.find_with_gone(hub, "x").unwrap().0;
        let gone = |entry: &Registered| Registered {
            gone: true,
            file: None,
            stamp: None,
            ..entry.clone()
        };
        assert_eq!(kept, [&second, &anew, &older].map(gone));
    }

    #[test]
    fn entries_of_before_are_read() {
        let state = tempfile::tempdir().unwrap();
        let register = Register::of(state.path());
        register.prepare().unwrap();
        let entry = entry("x");
        let mut text = serde_json::to_value(&entry).unwrap();
        for newer in ["user_created", "replaced", "gone"] {
            assert!(text.as_object_mut().unwrap().remove(newer).is_some());
        }
        fs::write(register.path(entry.id), text.to_string()).unwrap();
        let found = register.find(&entry.target.url, "x").unwrap();
        assert_eq!(found, (vec![entry], Vec::new()));
    }
}
