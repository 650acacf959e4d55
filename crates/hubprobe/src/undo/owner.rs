//! Which process an entry of the ledger belongs to, and whether it still runs.
//!
//! A process id alone is not enough: it is used again, after a restart of the
//! machine at the latest. Host, boot and the process's start time make it
//! certain. On another host nothing can be known; such an entry is left to
//! the host that wrote it.

use serde::{Deserialize, Serialize};

/// A process, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The host's name.
    pub host: String,
    /// The id of the host's boot; empty where the system does not say.
    pub boot: String,
    /// The pid namespace that the id is of (pid_namespaces(7)): containers of
    /// one host see each other's processes under other ids, or not at all. Empty
    /// where the system does not say.
    #[serde(default)]
    pub space: String,
    /// The process id.
    pub pid: u32,
    /// When the process started, in clock ticks since the boot; 0 where the
    /// system does not say.
    pub started: u64,
}

/// What is known of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It runs.
    Alive,
    /// It has ended.
    Dead,
    /// It is on another host, or in another container of this one.
    Elsewhere,
}

/// What can be seen of a process from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// It runs.
    Alive,
    /// It has ended.
    Ended,
    /// It is of another boot, host or container, or hidden from us.
    Unseen,
}

impl Owner {
    /// This process.
    pub fn this() -> Self {
        let pid = std::process::id();
        Self {
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            boot: std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
                .map(|id| id.trim().to_owned())
                .unwrap_or_default(),
            space: std::fs::read_link("/proc/self/ns/pid")
                .map(|space| space.to_string_lossy().into_owned())
                .unwrap_or_default(),
            pid,
            started: start_ticks(pid).unwrap_or(0),
        }
    }

    /// Whether it is of this kernel, since this boot; containers may have other
    /// host names.
    pub fn is_of_this_boot(&self) -> bool {
        let here = Self::this();
        self.boot == here.boot && !here.boot.is_empty()
    }

    /// Whether it runs, for sure: only of a process of this boot and this pid namespace, whatever the host is called, can that
    /// be said. `/proc` may hide what is another user's (`hidepid`), which a signal's check does not (kill(2)).
    pub fn sight(&self) -> Sight {
        let here = Self::this();
        let same = |ours: &str, theirs: &str| ours == theirs && !ours.is_empty();
        if !same(&here.boot, &self.boot) || !same(&here.space, &self.space) || self.started == 0 {
            return Sight::Unseen;
        }
        match start_ticks(self.pid) {
            Some(started) if started == self.started => return Sight::Alive,
            Some(_) => return Sight::Ended,
            None => {}
        }
        let is_there = rustix::process::Pid::from_raw(self.pid.cast_signed())
            .map(rustix::process::test_kill_process);
        match is_there {
            Some(Err(rustix::io::Errno::SRCH)) => Sight::Ended,
            // One that has ended, and that nobody has waited for.
            _ if std::path::Path::new(&format!("/proc/{}/stat", self.pid)).exists() => Sight::Ended,
            _ => Sight::Unseen,
        }
    }

    /// Whether it still runs, as seen from this process.
    pub fn life(&self) -> Life {
        let here = Self::this();
        if self.host != here.host {
            return Life::Elsewhere;
        }
        if self.boot != here.boot {
            return Life::Dead;
        }
        if self.space != here.space && !self.space.is_empty() {
            return Life::Elsewhere;
        }
        match start_ticks(self.pid) {
            Some(started) if started == self.started || self.started == 0 => Life::Alive,
            _ => Life::Dead,
        }
    }
}

/// Seconds since the boot, those asleep too; none where the system does not say.
/// A wall clock that is set anew does not move it.
pub fn up_s() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    text.split('.').next()?.parse().ok()
}

/// Field 22 of `/proc/PID/stat` (proc(5)): the start time in clock ticks. None where there is no
/// such process, or it is a zombie.
fn start_ticks(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field, the command, may hold blanks and parentheses.
    let rest = stat.get(stat.rfind(')')? + 1..)?;
    let mut fields = rest.split_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive() {
        assert_eq!(Owner::this().life(), Life::Alive);
        assert!(Owner::this().started > 0);
    }

    #[test]
    fn a_reused_pid_another_boot_and_another_host_are_told_apart() {
        let this = Owner::this();
        let reused = Owner {
            started: this.started + 1,
            ..this.clone()
        };
        assert_eq!(reused.life(), Life::Dead);
        let rebooted = Owner {
            boot: "another".into(),
            ..this.clone()
        };
        assert_eq!(rebooted.life(), Life::Dead);
        let elsewhere = Owner {
            host: "another".into(),
            ..this.clone()
        };
        assert_eq!(elsewhere.life(), Life::Elsewhere);
        let contained = Owner {
            space: "pid:[1]".into(),
            ..this
        };
        assert_eq!(contained.life(), Life::Elsewhere);
    }

    #[test]
    fn what_is_not_of_this_boot_and_namespace_is_not_seen() {
        let this = Owner::this();
        assert_eq!(this.sight(), Sight::Alive);
        let named = Owner {
            host: "another".into(),
            ..this.clone()
        };
        assert_eq!(named.sight(), Sight::Alive);
        for far in [
            Owner {
                boot: "another".into(),
                ..this.clone()
            },
            Owner {
                space: "pid:[1]".into(),
                ..this.clone()
            },
            Owner {
                space: String::new(),
                ..this.clone()
            },
            Owner {
                started: 0,
                ..this.clone()
            },
        ] {
            assert_eq!(far.sight(), Sight::Unseen, "{far:?}");
        }
        let reused = Owner {
            started: this.started + 1,
            ..this
        };
        assert_eq!(reused.sight(), Sight::Ended);
    }

    #[test]
    fn a_process_that_was_killed_is_dead() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let owner = Owner {
            pid: child.id(),
            started: start_ticks(child.id()).unwrap(),
            ..Owner::this()
        };
        assert_eq!(owner.life(), Life::Alive);
        child.kill().unwrap();
        let began = std::time::Instant::now();
        // Nobody has waited for it yet.
        while owner.sight() != Sight::Ended {
            assert!(began.elapsed() < std::time::Duration::from_secs(20));
        }
        child.wait().unwrap();
        assert_eq!(owner.sight(), Sight::Ended);
        assert_eq!(owner.life(), Life::Dead);
    }
}
