//! What the system lets this process do, asked before it matters: open files
//! and connections, start a thread, take memory.
//!
//! A limit that is found in mid-visit costs most: the websocket that cannot be
//! opened, the DELETE that cannot be sent. So it is tried out beforehand, by
//! doing it (a limit alone does not tell what is left of it), and given back at
//! once. Nothing here keeps anything, or looks at a hub.

use std::os::fd::AsFd;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What somebody wants to be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// So many more open files and connections.
    pub files: usize,
    /// So many more bytes of memory.
    pub memory: usize,
    /// A thread beside this one.
    pub thread: bool,
}

/// For the event loop, the signals, the state directory and the reports.
pub const TO_BEGIN: Want = Want {
    files: 8,
    memory: 16 * 1024 * 1024,
    thread: true,
};

/// For a command on an account: its lock, the token files and a connection too.
pub const FOR_AN_ACCOUNT: Want = Want {
    files: 18,
    ..TO_BEGIN
};

/// For a hub of our own with its proxy, whose processes inherit the limits.
pub const FOR_A_SANDBOX: Want = Want {
    files: 250,
    ..TO_BEGIN
};

/// For a visit, when the event loop is there: its connections to the hub and to
/// the server, a websocket, a name look-up, the ledger.
pub const FOR_A_VISIT: Want = Want {
    files: 12,
    memory: 8 * 1024 * 1024,
    thread: false,
};

/// What this process may not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Short {
    /// What it is, in words.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// The soft limit of open files that programs were made for: those that
/// hubprobe starts may use select(2), which knows no higher number.
const USUAL_FILES: u64 = 1024;

/// Where the limit of open files is lower than is usual and may be raised, it
/// is raised, up to the usual one.
pub fn raise() {
    let now = getrlimit(Resource::Nofile);
    let highest = now.maximum.unwrap_or(USUAL_FILES).min(USUAL_FILES);
    if now.current.is_some_and(|current| current < highest) {
        // It only ever helps; where it is refused, what is short is said.
        let higher = Rlimit {
            current: Some(highest),
            ..now
        };
        setrlimit(Resource::Nofile, higher).ok();
    }
}

/// Tries out what is wanted; gives back the first that cannot be had.
///
/// # Errors
/// [`Short`].
pub fn look(want: Want) -> Result<(), Short> {
    let free = free_files(want.files);
    if free < want.files {
        let wanted = want.files;
        let limit = getrlimit(Resource::Nofile).current;
        let limit = limit.map_or_else(String::new, |limit| format!(" of {limit}"));
        return Err(Short {
            what: format!(
                "too few files and connections may be open at once: {free}{limit} are free, and \
                 {wanted} are wanted"
            ),
            remedy: "Raise the limit of open files: ulimit -n 1024 in a shell, LimitNOFILE= of a \
                     systemd unit; or close what this process was given open."
                .to_owned(),
        });
    }
    let mut memory: Vec<u8> = Vec::new();
    if memory.try_reserve_exact(want.memory).is_err() {
        return Err(Short {
            what: format!(
                "too little memory may be taken: {} MiB more are wanted",
                want.memory / (1024 * 1024)
            ),
            remedy: "Raise the limit of memory: ulimit -v unlimited in a shell, MemoryMax= of a \
                     systemd unit."
                .to_owned(),
        });
    }
    // Else a compiler may see that nobody uses it, and not ask for it.
    std::hint::black_box(&memory);
    if want.thread {
        let tried = std::thread::Builder::new().spawn(|| ());
        match tried.map(std::thread::JoinHandle::join) {
            Ok(_) => {}
            Err(error) => {
                return Err(Short {
                    what: format!("no thread can be started: {error}"),
                    remedy: "Raise the limit of processes and threads: ulimit -u in a shell, \
                             TasksMax= of a systemd unit, the pids limit of a container; or of \
                             memory (ulimit -v)."
                        .to_owned(),
                });
            }
        }
    }
    Ok(())
}

/// How many more files can be opened, counted up to `most`.
fn free_files(most: usize) -> usize {
    let input = std::io::stdin();
    let held: Vec<_> = std::iter::from_fn(|| input.as_fd().try_clone_to_owned().ok())
        .take(most)
        .collect();
    held.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_had_is_given_back_and_what_cannot_is_named_with_the_remedy() {
        // Twice: the first look keeps nothing.
        look(FOR_A_SANDBOX).unwrap();
        look(FOR_A_SANDBOX).unwrap();
        let short = look(Want {
            memory: isize::MAX as usize,
            ..TO_BEGIN
        })
        .unwrap_err();
        assert!(short.what.contains("memory"), "{short}");
        assert!(short.remedy.contains("ulimit -v"), "{}", short.remedy);
    }
}
