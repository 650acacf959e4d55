//! Fronts: something between the client and the sandbox's proxy that breaks one thing on purpose, as ingresses, access proxies
//! and firewalls do. Each is a process of its own with ports and a directory (`fronts/N`) of its own; several may stand before
//! one sandbox.
//!
//! What nginx can do is done by nginx, as it is in real deployments (`conf` writes its configuration); the rest is served by
//! ourselves ([`serve`]), in a process that the caller's program becomes when it is told to ([`OwnFront`]). A front carries
//! the sandbox's marker, so that whatever ends the sandbox ends it. What is known of one is in `fronts/N/front.json`, so any
//! process may find it.

mod behaviour;
mod certificates;
mod conf;
mod nginx;
mod relay;
mod serve;

use std::ffi::OsString;
use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::process::Identity;
use crate::state::State;
use crate::{Error, Fault, FaultKind, Place, Sandbox, end, files, launch};

pub use serve::serve;

/// What a front's directory holds of it, written last.
const RECORD: &str = "front.json";
/// How often a start is tried when the ports turn out to be taken.
const TRIES: usize = 3;
/// How long a front may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(3);

/// The command line that serves one of our own fronts: a program and its first arguments. The program gives the arguments that
/// follow to [`serve`].
#[derive(Debug, Clone)]
pub struct OwnFront(pub Vec<OsString>);

/// A front that was started.
#[derive(Debug, Clone)]
pub struct Front {
    fault: Fault,
    url: String,
    ca_file: Option<PathBuf>,
    directory: PathBuf,
    log: PathBuf,
    identity: Identity,
}

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    fault: String,
    url: String,
    ca_file: Option<PathBuf>,
    process: Identity,
}

/// Where a front stands: all on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
struct Ground<'a> {
    /// Where it listens.
    port: u16,
    /// Where it listens too, if it needs a second port.
    second: u16,
    /// The proxy's port.
    upstream: u16,
    /// The hub's base URL.
    base_url: &'a str,
}

impl Front {
    /// The hub's URL through this front; ends with the hub's base URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The authority to trust (PEM), where TLS is meant to be good, or is wrong in another way than that nobody trusts it.
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// What it breaks.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// What it breaks, as the catalogue has it.
    #[must_use]
    pub fn kind(&self) -> &'static FaultKind {
        self.fault.kind()
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.identity.pid
    }

    /// Whether it still does.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.identity.is_alive()
    }

    /// Its log; nginx writes requests there too.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Ends it and removes its directory; its log stays. A second call finds nothing to do.
    ///
    /// # Errors
    /// [`Error::Survivors`] when it outlives SIGKILL; [`Error::File`] when its directory cannot be removed.
    pub async fn down(&self) -> Result<(), Error> {
        if self.identity.is_alive() && !end::one(self.identity, PATIENCE).await {
            return Err(Error::Survivors {
                name: format!("front {}", self.fault),
                pids: vec![self.identity.pid],
            });
        }
        // A later front of a sandbox of the same name may have got the directory.
        match read(&self.directory) {
            Some(record) if record.process == self.identity => files::remove_all(&self.directory),
            _ => Ok(()),
        }
    }
}

impl Sandbox {
    /// Starts a front with this fault before the sandbox's proxy, and returns when it listens. It ends with the sandbox, or with
    /// [`Front::down`].
    ///
    /// # Errors
    /// [`Error::BadFault`] for a fault that is none of a front, [`Error::NoNginx`], [`Error::File`]; [`Error::Exited`],
    /// [`Error::NotUp`] or [`Error::PortTaken`] with the last lines of its log. Nothing runs then.
    pub async fn front(&self, fault: &Fault, own: &OwnFront) -> Result<Front, Error> {
        check(fault)?;
        let state = self.now();
        let (number, directory) = claim(self.dir())?;
        let log = self.dir().join(format!("logs/front-{number}.log"));
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match start(self.dir(), &state, fault, own, &directory, &log).await {
                Err(Error::PortTaken { .. }) if tries > 0 => {}
                Err(error) => {
                    // The log stays: the error names it.
                    files::remove_all(&directory)?;
                    return Err(error);
                }
                started => return started,
            }
        }
    }

    /// Its fronts, in the order of their start: those that were not taken down.
    #[must_use]
    pub fn fronts(&self) -> Vec<Front> {
        let entries = std::fs::read_dir(self.dir().join("fronts"));
        let mut numbers: Vec<u32> = entries
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        numbers.sort_unstable();
        let found = numbers.iter().filter_map(|number| {
            let directory = self.dir().join("fronts").join(number.to_string());
            let record = read(&directory)?;
            Some(Front {
                fault: record.fault.parse().ok()?,
                url: record.url,
                ca_file: record.ca_file,
                log: self.dir().join(format!("logs/front-{number}.log")),
                directory,
                identity: record.process,
            })
        });
        found.collect()
    }
}

/// Whether a front with this fault could be started here: to be asked before a sandbox is made for it.
///
/// # Errors
/// [`Error::BadFault`] for a fault that is none of a front; [`Error::NoNginx`] where nginx is wanted and not there.
pub fn check(fault: &Fault) -> Result<(), Error> {
    if fault.kind().place != Place::Front {
        return Err(Error::BadFault {
            fault: fault.to_string(),
            reason: "it is none of a front".to_owned(),
        });
    }
    match behaviour::Behaviour::of(fault) {
        Some(_) => Ok(()),
        None => nginx::find(fault).map(drop),
    }
}

fn read(directory: &Path) -> Option<Record> {
    let text = std::fs::read_to_string(directory.join(RECORD)).ok()?;
    serde_json::from_str(&text).ok()
}

/// Makes the first of `fronts/1`, `fronts/2`… that is not there: whoever makes it has the number.
fn claim(sandbox: &Path) -> Result<(usize, PathBuf), Error> {
    let fronts = sandbox.join("fronts");
    files::create_directories(&fronts)?;
    let mut number = 1;
    loop {
        let directory = fronts.join(number.to_string());
        match DirBuilder::new().mode(0o700).create(&directory) {
            Ok(()) => return Ok((number, directory)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(source) => return Err(files::error("create", &directory, source)),
        }
    }
}

async fn start(
    sandbox: &Path,
    state: &State,
    fault: &Fault,
    own: &OwnFront,
    directory: &Path,
    log: &Path,
) -> Result<Front, Error> {
    let free = launch::free_ports()?;
    let ground = Ground {
        port: free.public,
        second: free.api,
        upstream: state.ports.public,
        base_url: &state.base_url,
    };
    let (arguments, scheme, ca_file, ports) = if behaviour::Behaviour::of(fault).is_some() {
        let arguments = serve::command_line(own, &ground, fault);
        (arguments, "http", None, vec![ground.port])
    } else {
        nginx::prepare(fault, &ground, directory, log).await?
    };
    let identity = launch::front(sandbox, state, log, &arguments, &ports).await?;
    let front = Front {
        fault: fault.clone(),
        url: format!("{scheme}://127.0.0.1:{}{}", ground.port, ground.base_url),
        ca_file,
        directory: directory.to_owned(),
        log: log.to_owned(),
        identity,
    };
    let record = Record {
        fault: fault.to_string(),
        url: front.url.clone(),
        ca_file: front.ca_file.clone(),
        process: identity,
    };
    let text = serde_json::to_string(&record).map_err(|error| Error::BadFront {
        reason: error.to_string(),
    })?;
    if let Err(error) = files::write_private(&directory.join(RECORD), &text) {
        end::kill(identity).await;
        return Err(error);
    }
    Ok(front)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault_kinds;

    #[test]
    fn each_fault_of_a_front_is_done_by_nginx_or_by_ourselves() {
        let ground = Ground {
            port: 1,
            second: 2,
            upstream: 3,
            base_url: "/base/",
        };
        for kind in fault_kinds().filter(|kind| kind.place == Place::Front) {
            let argument = match kind.argument.unwrap_or_default() {
                "" => String::new(),
                "[start]" => ":start".to_owned(),
                _ => ":1".to_owned(),
            };
            let fault: Fault = format!("{}{argument}", kind.name).parse().unwrap();
            let ours = behaviour::Behaviour::of(&fault).is_some();
            let theirs = conf::site(&fault, &ground).is_some();
            assert!(ours != theirs, "{fault}");
        }
    }
}
