//! A real Slurm for one sandbox: munge, a database, slurmdbd, slurmctld and one slurmd, all on loopback.
//!
//! Debian's programs are run as whoever runs the sandbox, root or not, with configuration, sockets, key, spool and logs in the
//! sandbox's own directory and ports that the system gives, so several may run beside each other and beside a Slurm of the
//! machine's own. Root is not needed: Slurm runs jobs as another user only for root, and here all jobs are the sandbox's.
//! The database is there because Slurm refuses accounts and qualities of service only where slurmdbd keeps them.
//!
//! Every process is found by the sandbox's marker. slurmd gives its job steps an environment of their own, which holds nothing of
//! ours but the path of the configuration: that is why the configuration's file is named after the sandbox's id ([`is_of`]).
//! What this file does not know: how each part is started (`parts.rs`), and what the hub makes of it (`python/slurm.py`).

mod conf;
mod parts;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::parts::Parts;
use crate::process::members;
use crate::run::{Tell, answer, on_path};
use crate::state::State;
use crate::{Error, Modules, Places, Progress, Sandbox, end, files};

/// The account in which the sandbox's user may submit jobs.
pub const SLURM_ACCOUNT: &str = "proj";
/// The reservation that the sandbox's user may use.
pub const SLURM_RESERVATION: &str = "class";

/// Where Debian keeps daemons, which only root's PATH names.
const ELSEWHERE: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];
/// All that is run, here and by the hub.
const PROGRAMS: [&str; 11] = [
    "munged",
    "mariadbd",
    "slurmdbd",
    "slurmctld",
    "slurmd",
    "sacctmgr",
    "scontrol",
    "sinfo",
    "sbatch",
    "squeue",
    "scancel",
];
/// What lives as long as it does.
const DAEMONS: [&str; 7] = [
    "munged",
    "mariadbd",
    "slurmdbd",
    "slurmctld",
    "slurmscriptd",
    "slurmd",
    "slurmstepd",
];
/// What Slurm puts into the environment of the sandbox's jobs; the name is in `conf.rs`.
const IN_A_JOB: &str = "SLURM_CLUSTER_NAME=sandbox";
/// The longest path of a Unix socket that Linux takes.
const SOCKET: usize = 107;
/// Room for the longest name of a socket below a sandbox's directory: a job step's in slurmd's spool.
const SOCKET_NAME: usize = 40;

const BATCHSPAWNER: Modules<'_> = Modules {
    name: "batchspawner 1.3.0",
    directory: "batchspawner-1.3.0",
    requirements: include_str!("../requirements/batchspawner-1.3.0.txt"),
};

/// What is kept of it on disk. Its ports are those that [`up`](crate::up) takes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Slurm {
    pub(crate) controller: u16,
    pub(crate) node: u16,
    pub(crate) accounts: u16,
    /// The user that all of it runs as.
    pub(crate) user: String,
    /// Where Python finds batchspawner.
    pub(crate) modules: PathBuf,
}

/// Looks whether all programs are there, and installs batchspawner. Before anything else is installed for nothing.
pub(crate) async fn prepare(places: &Places, tell: Tell<'_>) -> Result<Slurm, Error> {
    let missing: Vec<&str> = PROGRAMS
        .into_iter()
        .filter(|name| find(name).is_err())
        .collect();
    if !missing.is_empty() {
        return Err(Error::NoSlurm {
            missing: missing.join(", "),
        });
    }
    let user = answer(Path::new("id"), &["-un"]).await;
    Ok(Slurm {
        controller: 0,
        node: 0,
        accounts: 0,
        user: user.unwrap_or_default(),
        modules: BATCHSPAWNER.ensure(places, tell).await?,
    })
}

/// The configuration's file, which is in the environment of every process that belongs to this Slurm.
pub(crate) fn conf_file(directory: &Path, id: &str) -> PathBuf {
    directory.join("slurm").join(format!("{id}.conf"))
}

/// Whether a process belongs to the sandbox's Slurm: one of Slurm's own, or of a job, with the configuration in its environment.
/// A shell in which somebody has set `SLURM_CONF` to look at the sandbox's jobs is neither. `watch.py` knows the same.
pub(crate) fn is_of(sandbox_id: &str, name: &str, environment: &[String]) -> bool {
    let conf = format!("/{sandbox_id}.conf");
    let has_conf = |it: &String| it.starts_with("SLURM_CONF=") && it.ends_with(&conf);
    let in_a_job = || environment.iter().any(|it| it == IN_A_JOB);
    environment.iter().any(has_conf) && (needs_no_farewell(name) || in_a_job())
}

/// Slurm's own processes, by the names that `/proc` has for them. Some take no SIGTERM while a job runs (slurmstepd), others take
/// their time to save what goes with the sandbox anyway.
pub(crate) fn needs_no_farewell(name: &str) -> bool {
    DAEMONS.contains(&name)
}

/// Starts all of it, and returns when the node takes jobs.
pub(crate) async fn start(
    directory: &Path,
    state: &State,
    slurm: &Slurm,
    tell: Tell<'_>,
) -> Result<(), Error> {
    check_place(directory)?;
    let home = directory.join("slurm");
    files::remove_all(&home)?;
    for name in ["", "controller", "spool", "database", "temporary"] {
        files::create_directories(&home.join(name))?;
    }
    files::write_private(&home.join("munge.key"), &crate::config::secret())?;
    files::write_private(
        &conf_file(directory, &state.id),
        &conf::slurm(slurm, &home, &host()),
    )?;
    files::write_private(&home.join("slurmdbd.conf"), &conf::accounts(slurm, &home))?;
    tell(Progress::Step {
        what: "starting Slurm (munge, its database, slurmdbd, slurmctld, slurmd)",
    });
    let parts = Parts {
        directory,
        home: &home,
        state,
        slurm,
    };
    parts.munge().await?;
    parts.database().await?;
    parts.accounts().await?;
    parts.controller().await?;
    parts.node().await
}

impl Sandbox {
    /// The configuration of its Slurm, for `SLURM_CONF` of Slurm's own commands; `None` where it has none.
    #[must_use]
    pub fn slurm_conf(&self) -> Option<PathBuf> {
        let state = self.now();
        state.slurm.map(|_| conf_file(self.dir(), &state.id))
    }

    /// Ends slurmctld alone; jobs that run go on.
    ///
    /// # Errors
    /// [`Error::Survivors`] when it does not end.
    pub async fn stop_slurmctld(&self) -> Result<(), Error> {
        let state = self.now();
        let found = members(&state.id, state.hub, state.proxy);
        for member in found.into_iter().filter(|it| it.what == "slurmctld") {
            if !end::one(member.identity, Duration::from_secs(8)).await {
                return Err(Error::Survivors {
                    name: self.name().to_owned(),
                    pids: vec![member.identity.pid],
                });
            }
        }
        Ok(())
    }

    /// Starts slurmctld again; what it knew of jobs, it knows.
    ///
    /// # Errors
    /// [`Error::Exited`], [`Error::NotUp`] or [`Error::PortTaken`] with the last lines of its log.
    pub async fn start_slurmctld(&self) -> Result<(), Error> {
        let state = self.now();
        let Some(slurm) = &state.slurm else {
            return Ok(());
        };
        let parts = Parts {
            directory: self.dir(),
            home: &self.dir().join("slurm"),
            state: &state,
            slurm,
        };
        parts.controller().await
    }
}

fn find(name: &str) -> Result<PathBuf, Error> {
    let elsewhere = || {
        let mut paths = ELSEWHERE.iter().map(|dir| Path::new(dir).join(name));
        paths.find(|path| path.is_file())
    };
    on_path(name)
        .or_else(elsewhere)
        .ok_or_else(|| Error::NoSlurm {
            missing: name.to_owned(),
        })
}

/// The name that slurmd knows itself by.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let short = name.trim().split('.').next().unwrap_or_default();
    short.to_owned()
}

/// Slurm's files take neither blanks nor long paths.
fn check_place(directory: &Path) -> Result<(), Error> {
    let text = directory.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~+@:".contains(c);
    if text.chars().all(plain) && text.len() + SOCKET_NAME <= SOCKET {
        return Ok(());
    }
    Err(Error::SlurmPlace {
        path: directory.to_owned(),
        longest: SOCKET - SOCKET_NAME,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As slurmd 22.05 gives them to what it starts, and as a person sets them.
    #[test]
    fn job_steps_and_jobs_are_its_own_and_a_shell_that_looks_is_not() {
        let conf = |of: &str| format!("SLURM_CONF=/s/slurm/{of}.conf");
        let is = |name: &str, of: &str, more: &str| is_of("id", name, &[conf(of), more.to_owned()]);
        assert!(is("slurmstepd", "id", ""));
        assert!(is("slurmscriptd", "id", ""));
        assert!(is("sleep", "id", IN_A_JOB));
        assert!(!is("bash", "id", ""));
        assert!(!is("slurmstepd", "other", ""));
        assert!(!is("sleep", "other", IN_A_JOB));
        assert!(!is_of("id", "slurmstepd", &[]));
    }

    #[test]
    fn the_hub_knows_the_same_of_them() {
        let watch = include_str!("../python/watch.py");
        let quoted = DAEMONS.map(|name| format!("\"{name}\"")).join(", ");
        assert!(watch.contains(&format!("{{{quoted}}}")));
        assert!(watch.contains(&format!("b\"{IN_A_JOB}\"")));
    }

    #[test]
    fn places_that_slurm_cannot_use_are_refused_before() {
        for bad in ["/a b", "/ä", "/x#y", &format!("/{}", "x".repeat(80))] {
            let error = check_place(Path::new(bad)).unwrap_err().to_string();
            assert!(error.contains("XDG_STATE_HOME"), "{error}");
        }
        check_place(Path::new("/srv/state/hubprobe/sandbox/default")).unwrap();
    }
}
