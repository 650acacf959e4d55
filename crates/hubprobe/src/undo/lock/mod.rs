//! One run at a time on a server, or on an account: two would share it, and
//! the first to end would stop it under the other.
//!
//! Two files in `locks/` of the state directory, held from before the place is
//! looked at until all is undone. One is flock'd: the system lets go of it when
//! the process ends, however it ends, which is certain on one host. The other
//! is a [`claim`]: it says who holds the place, and keeps other hosts away where
//! the state directory is shared and flock does not reach them (NFS). Either
//! is enough where the other cannot be had.
//!
//! Machines that share no state directory are not reached: there the hub's own
//! state is what tells.

mod claim;

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use tokio::time::{Instant, sleep};
use url::Url;
use uuid::Uuid;

use super::Owner;
use claim::{Claim, Held, Pulse};

/// What one run at a time may be at.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The hub.
    pub hub: &'a Url,
    /// The account.
    pub account: &'a str,
    /// What of it.
    pub of: Of<'a>,
}

/// What of an account.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    /// The server of this name; empty for the default server.
    Server(&'a str),
    /// The account itself: its user and its tokens.
    Account,
}

/// A lock that is held; dropping it lets go.
#[derive(Debug)]
pub struct Lock {
    // In this order they are let go of: who finds the flock free finds no claim.
    #[expect(dead_code, reason = "holds the claim")]
    claim: Option<Held>,
    #[expect(dead_code, reason = "holds the lock")]
    file: Option<File>,
    /// The run that held it before and ended without letting go.
    pub overtook: Option<Uuid>,
}

/// Why it is not.
#[derive(Debug)]
pub enum NotLocked {
    /// Another process has it; in words.
    Held(String),
    /// The files cannot be made.
    Unusable(std::io::Error),
}

/// What a look at a lock shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The run that is asked about holds it.
    Held,
    /// That run held it and has ended without letting go.
    Ended,
    /// It cannot be told.
    Unknown,
}

/// So often it is tried again before a place is believed to be held.
const TRIES: u32 = 3;

/// Between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(30);

/// Takes the lock of a place, for a run. Waits for nothing but to see whether a
/// process of another host that holds it is alive ([`claim::SILENCE`]).
///
/// # Errors
/// [`NotLocked`].
pub async fn take(state_dir: &Path, place: Place<'_>, run: Uuid) -> Result<Lock, NotLocked> {
    let files = Files::of(state_dir, place);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&files.dir)
        .map_err(NotLocked::Unusable)?;
    let mut tries = 0;
    let flocked = loop {
        match flocked(&files.lock, true) {
            // A look at it holds it for an instant.
            Err(Errno::WOULDBLOCK) if tries < TRIES => sleep(BETWEEN_TRIES).await,
            Err(Errno::WOULDBLOCK) => return Err(NotLocked::Held(words_of(&files.claim))),
            flocked => break flocked,
        }
        tries += 1;
    };
    let mut overtook = None;
    let mut tries = 0;
    let claim = loop {
        let there = match claim::make(&files.claim, run) {
            Ok(held) => break Ok(held),
            Err(claim::NotMade::There) => claim::read(&files.claim),
            Err(claim::NotMade::Unusable(error)) => break Err(error),
        };
        let Some(there) = there else {
            continue;
        };
        tries += 1;
        if tries > TRIES || !is_over(&files.claim, &there, flocked.is_ok()).await {
            return Err(NotLocked::Held(there.words()));
        }
        if claim::take_away(&files.claim, &there) {
            overtook = there.run();
        }
    };
    match (claim, flocked) {
        (Err(error), Err(_)) => Err(NotLocked::Unusable(error)),
        (claim, flocked) => Ok(Lock {
            claim: claim.ok(),
            file: flocked.ok(),
            overtook,
        }),
    }
}

/// Whether a run is at a place, as its lock says; takes nothing.
pub async fn look(state_dir: &Path, place: Place<'_>, run: Uuid, owner: &Owner) -> Seen {
    let files = Files::of(state_dir, place);
    let free = flocked(&files.lock, false);
    if let Err(Errno::WOULDBLOCK) = free {
        let claim = claim::read(&files.claim);
        return match claim.and_then(|claim| claim.run()) {
            Some(holder) if holder == run => Seen::Held,
            _ => Seen::Unknown,
        };
    }
    // One kernel, one flock: whoever held it has let go.
    let free = free.is_ok();
    if free && owner.is_of_this_boot() {
        return Seen::Ended;
    }
    match claim::read(&files.claim) {
        Some(claim) if claim.run() == Some(run) => {
            if is_over(&files.claim, &claim, free).await {
                Seen::Ended
            } else {
                Seen::Held
            }
        }
        _ => Seen::Unknown,
    }
}

/// Whether the process that made a claim has ended, or has let go meanwhile.
async fn is_over(path: &Path, there: &Claim, flocked: bool) -> bool {
    match there.pulse(flocked) {
        Pulse::Beats => false,
        Pulse::Stopped => true,
        Pulse::Unknown => {
            let first = claim::trace(path);
            let until = Instant::now() + claim::SILENCE;
            while Instant::now() < until {
                sleep(claim::BETWEEN_LOOKS).await;
                let now = claim::trace(path);
                if now.is_none() {
                    return true;
                }
                if now != first {
                    return false;
                }
            }
            true
        }
    }
}

/// The two files of a place.
struct Files {
    dir: PathBuf,
    lock: PathBuf,
    claim: PathBuf,
}

impl Files {
    fn of(state_dir: &Path, place: Place<'_>) -> Self {
        let dir = state_dir.join("locks");
        let name = place.file_name();
        Self {
            lock: dir.join(format!("{name}.lock")),
            claim: dir.join(format!("{name}.claim")),
            dir,
        }
    }
}

impl Place<'_> {
    /// The same for every build of hubprobe.
    fn file_name(self) -> String {
        let (kind, server) = match self.of {
            Of::Server(name) => ("server", name),
            Of::Account => ("account", ""),
        };
        // No part can hold a NUL.
        let text = [self.hub.as_str(), self.account, kind, server].join("\0");
        Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes())
            .simple()
            .to_string()
    }
}

fn flocked(path: &Path, make: bool) -> Result<File, Errno> {
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(make)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

fn words_of(claim: &Path) -> String {
    claim::read(claim).map_or_else(|| "another process".to_owned(), |claim| claim.words())
}

#[cfg(test)]
mod tests;
