//! Processes, as `/proc` shows them: which live, which belong to a sandbox, and how to signal one without ever hitting another
//! that has got its number. Linux only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::{ServerProcess, slurm};

/// The environment variable that every process of a sandbox carries, with the sandbox's id.
pub(crate) const MARKER: &str = "HUBPROBE_SANDBOX";

/// The environment variable that tells a front from other processes of a sandbox.
pub(crate) const FRONT_MARKER: &str = "HUBPROBE_SANDBOX_FRONT";

/// A process that cannot be mistaken for a later one of the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) pid: u32,
    /// When it began, in clock ticks since boot.
    pub(crate) start: u64,
}

impl Identity {
    /// The process of this number, if there is one that runs.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        stat(pid).map(|stat| stat.identity)
    }

    /// Whether it still runs; one that only waits to be reaped does not.
    pub(crate) fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Sends a signal, unless the process is gone.
    pub(crate) fn signal(self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let (Some(pid), true) = (pid, self.is_alive()) {
            // It may end between the look and the signal, which is what was wanted.
            let _ = kill_process(pid, signal);
        }
    }
}

/// A process of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) identity: Identity,
    /// What it is, for people.
    pub(crate) what: String,
    /// It is killed without being asked first, when all is to end.
    pub(crate) at_once: bool,
    /// Set for single-user servers.
    pub(crate) server: Option<ServerProcess>,
}

/// All processes that carry this sandbox's marker, and what came of them; never this process or one above it.
pub(crate) fn members(
    sandbox_id: &str,
    hub: Option<Identity>,
    proxy: Option<Identity>,
) -> Vec<Member> {
    let all = table();
    let marker = format!("{MARKER}={sandbox_id}");
    let environments: BTreeMap<u32, Vec<String>> = all
        .values()
        .filter_map(|stat| Some((stat, environment(stat.identity.pid)?)))
        .filter(|(stat, environment)| {
            environment.contains(&marker) || slurm::is_of(sandbox_id, &stat.name, environment)
        })
        .map(|(stat, environment)| (stat.identity.pid, environment))
        .collect();
    let recorded = [hub, proxy]
        .into_iter()
        .flatten()
        .filter(|identity| identity.is_alive());
    let mut found: BTreeSet<u32> = environments
        .keys()
        .copied()
        .chain(recorded.map(|it| it.pid))
        .collect();
    loop {
        let children: Vec<u32> = all
            .values()
            .filter(|it| found.contains(&it.parent) && !found.contains(&it.identity.pid))
            .map(|it| it.identity.pid)
            .collect();
        if children.is_empty() {
            break;
        }
        found.extend(children);
    }
    for pid in ourselves(&all) {
        found.remove(&pid);
    }
    let user_of = |pid: u32| {
        environments
            .get(&pid)
            .and_then(|environment| value(environment, "JUPYTERHUB_USER"))
    };
    let describe = |stat: &Stat| {
        let identity = stat.identity;
        let environment = environments.get(&identity.pid);
        let has = |name| environment.is_some_and(|environment| value(environment, name).is_some());
        let server = user_of(identity.pid)
            .filter(|_| {
                !has("JPY_PARENT_PID")
                    && !has("JUPYTERHUB_SERVICE_NAME")
                    && user_of(stat.parent).is_none()
            })
            .map(|user| ServerProcess {
                user: user.to_owned(),
                server: environment
                    .and_then(|environment| value(environment, "JUPYTERHUB_SERVER_NAME"))
                    .unwrap_or_default()
                    .to_owned(),
                pid: identity.pid,
            });
        let what = match &server {
            _ if hub == Some(identity) => "hub".to_owned(),
            _ if proxy == Some(identity) => "proxy".to_owned(),
            Some(it) if it.server.is_empty() => format!("server of {}", it.user),
            Some(it) => format!("server {} of {}", it.server, it.user),
            None if has(FRONT_MARKER) => "front".to_owned(),
            None if has("JPY_PARENT_PID") => "kernel".to_owned(),
            None => stat.name.clone(),
        };
        Member {
            identity,
            at_once: slurm::needs_no_farewell(&stat.name),
            what,
            server,
        }
    };
    found
        .iter()
        .filter_map(|pid| all.get(pid))
        .map(describe)
        .collect()
}

/// What `/proc/PID/stat` says.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    identity: Identity,
    parent: u32,
    name: String,
}

fn stat(pid: u32) -> Option<Stat> {
    parse(
        pid,
        &String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/stat")).ok()?),
    )
}

/// See proc_pid_stat(5): the name stands in parentheses and may hold any character, parentheses included.
fn parse(pid: u32, text: &str) -> Option<Stat> {
    let (before, after) = text.rsplit_once(')')?;
    let name = before.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = after.split_ascii_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    let start = fields.get(19)?.parse().ok()?;
    Some(Stat {
        identity: Identity { pid, start },
        parent: fields.get(1)?.parse().ok()?,
        name,
    })
}

fn table() -> BTreeMap<u32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, stat(pid)?)))
        .collect()
}

/// The environment that a process began with; `None` for other people's processes.
fn environment(pid: u32) -> Option<Vec<String>> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).ok()?;
    Some(
        bytes
            .split(|byte| *byte == 0)
            .map(|it| String::from_utf8_lossy(it).into_owned())
            .collect(),
    )
}

fn value<'a>(environment: &'a [String], name: &str) -> Option<&'a str> {
    environment
        .iter()
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// This process and those above it.
fn ourselves(all: &BTreeMap<u32, Stat>) -> Vec<u32> {
    let parent = |pid: &u32| all.get(pid).map(|stat| stat.parent).filter(|pid| *pid != 0);
    std::iter::successors(Some(std::process::id()), parent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_parentheses() {
        let text = "12 (a) b (c)) S 7 12 12 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        let stat = parse(12, text).unwrap();
        assert_eq!(
            stat.identity,
            Identity {
                pid: 12,
                start: 4711
            }
        );
        assert_eq!((stat.parent, stat.name.as_str()), (7, "a) b (c)"));
        assert!(parse(12, &text.replace(" S ", " Z ")).is_none());
    }

    #[test]
    fn we_live_and_another_start_time_is_another_process() {
        let me = Identity::of(std::process::id()).unwrap();
        assert!(me.is_alive());
        assert!(
            !Identity {
                start: me.start + 1,
                ..me
            }
            .is_alive()
        );
    }

    #[test]
    fn a_marked_process_is_found_with_its_children_and_a_stranger_is_not() {
        let id = uuid::Uuid::new_v4().to_string();
        let mut child = std::process::Command::new("/bin/sh")
            .args(["-c", "env -i /bin/sleep 30 & wait"])
            .env(MARKER, &id)
            .env("JUPYTERHUB_USER", "ann")
            .env("JUPYTERHUB_SERVER_NAME", "two")
            .spawn()
            .unwrap();
        let found = (0..100).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            Some(members(&id, None, None)).filter(|found| found.iter().any(|it| it.what == "sleep"))
        });
        let found = found.unwrap();
        for member in &found {
            member.identity.signal(Signal::KILL);
        }
        child.wait().unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        let server = found.iter().find_map(|it| it.server.clone()).unwrap();
        assert_eq!(
            (server.user.as_str(), server.server.as_str(), server.pid),
            ("ann", "two", child.id())
        );
        assert!(members(&id, None, None).is_empty());
        assert!(members("another", None, None).is_empty());
    }
}
