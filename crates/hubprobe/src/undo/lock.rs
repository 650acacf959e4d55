//! One run at a time on a server: two would share it, and the first to end
//! would stop it under the other.
//!
//! An flock'd file in the state directory, held from before the place is
//! looked at until the server is gone; the system lets go of it when the
//! process ends, however it ends. It does not reach other machines: there the
//! hub's own state is what tells.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use url::Url;
use uuid::Uuid;

use super::Owner;

/// A lock that is held; dropping it lets go.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "holds the lock")] File);

/// Why it is not.
#[derive(Debug)]
pub enum NotLocked {
    /// Another process has it; its own words.
    Held(String),
    /// The file cannot be made.
    Unusable(std::io::Error),
}

/// Takes the lock of an account's server on a hub, for a run.
///
/// # Errors
/// [`NotLocked`].
pub fn take(
    state_dir: &Path,
    hub: &Url,
    account: &str,
    server: &str,
    run: Uuid,
) -> Result<Lock, NotLocked> {
    let dir = state_dir.join("locks");
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&dir)
        .map_err(NotLocked::Unusable)?;
    let mut hash = DefaultHasher::new();
    (hub.as_str(), account, server).hash(&mut hash);
    let path = dir.join(format!("{:016x}.lock", hash.finish()));
    let mut file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(NotLocked::Unusable)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            let mut holder = String::new();
            file.take(200).read_to_string(&mut holder).ok();
            return Err(NotLocked::Held(holder.trim().to_owned()));
        }
        Err(error) => return Err(NotLocked::Unusable(error.into())),
    }
    // Who holds it is for people; the lock works without.
    let owner = Owner::this();
    let words = format!("process {} on {}, run {run}", owner.pid, owner.host);
    file.set_len(0)
        .and_then(|()| file.write_all(words.as_bytes()))
        .ok();
    Ok(Lock(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_holds_it_and_gets_it_when_the_first_lets_go() {
        let state = tempfile::tempdir().unwrap();
        let hub = Url::parse("http://127.0.0.1/").unwrap();
        let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
        let lock = |server: &str, run| take(state.path(), &hub, "a", server, run);
        let first = lock("", one).unwrap();
        let held = lock("", two).unwrap_err();
        assert!(matches!(held, NotLocked::Held(words) if words.contains(&one.to_string())));
        lock("named", two).unwrap();
        drop(first);
        lock("", two).unwrap();
    }
}
