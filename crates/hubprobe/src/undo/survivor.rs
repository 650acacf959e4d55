//! A server that outlived its stop: the hub has forgotten it, and its process or job goes on.
//!
//! The hub cannot take it back any more, and says of it what it says of one that is gone. So what was seen to live on stands
//! in the ledger, with where that can be seen again: the processes, as the kernel itself told them, and the suite's command
//! that asks the scheduler. It is looked at again there, and nothing is changed: it is not ours to kill processes or jobs.
//!
//! Gone is what all of these places say is gone. A kernel alone proves nothing, since a server goes on without it; nor
//! does a route, which hubs remove from under a server that they have forgotten.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::Owner;
use super::owner::Sight;
use crate::diagnose::scheduler;
use crate::hook;

/// How long the scheduler's command may take.
const ANSWER: Duration = Duration::from_secs(30);

/// What is known of a server that outlived its stop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survivor {
    /// What was seen, a sentence without a full stop.
    pub seen: String,
    /// Its processes, where its kernel told them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<Processes>,
    /// The scheduler's name for its job, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The command that says nothing once the job is gone, and that said something after the stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Vec<String>>,
}

/// The processes of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processes {
    /// The kernel's.
    pub kernel: Owner,
    /// The server's own, where the kernel knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Owner>,
}

/// What another look showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It is gone, by this.
    Gone(String),
    /// It lives on, by this.
    LivesOn(String),
    /// Neither can be said, and why.
    Unknown(String),
}

impl Survivor {
    /// Where it lives, in words; empty where nothing is known of that.
    pub fn place(&self) -> String {
        let mut words = Vec::new();
        if let Some(Processes { kernel, server }) = &self.processes {
            if let Some(server) = server {
                words.push(format!("its server is process {}", server.pid));
            }
            words.push(format!(
                "its kernel is process {} on {}",
                kernel.pid, kernel.host
            ));
        }
        words.extend(self.job.as_ref().map(|job| format!("its job is {job}")));
        words.join(", ")
    }

    /// Looks again where it was seen.
    pub async fn look(&self, budget: Duration) -> Look {
        let asked = match &self.asked {
            Some(words) => Some(ask(words, budget.min(ANSWER)).await),
            None => None,
        };
        judge(self.processes.as_ref().map(Processes::look), asked)
    }
}

/// What lives on in one place lives on. A command that said of the job that it was there knows it better than a look at processes,
/// which may be on another host.
fn judge(processes: Option<Look>, asked: Option<Look>) -> Look {
    match (processes, asked) {
        (Some(Look::LivesOn(how)), Some(Look::LivesOn(also))) => {
            Look::LivesOn(format!("{how}; {also}"))
        }
        (Some(Look::LivesOn(how)), _) | (_, Some(Look::LivesOn(how))) => Look::LivesOn(how),
        (Some(Look::Gone(how)), Some(Look::Gone(also))) => Look::Gone(format!("{how}; {also}")),
        (_, Some(Look::Gone(how))) => Look::Gone(how),
        (Some(Look::Gone(how)), None) => Look::Gone(how),
        (_, Some(Look::Unknown(why))) | (Some(Look::Unknown(why)), None) => Look::Unknown(why),
        (None, None) => Look::Unknown("nobody told where it runs".to_owned()),
    }
}

impl Processes {
    fn look(&self) -> Look {
        let server = self.server.as_ref();
        let all = server.into_iter().chain([&self.kernel]);
        let seen: Vec<(Sight, &Owner)> = all.map(|process| (process.sight(), process)).collect();
        if let Some((_, alive)) = seen.iter().find(|(sight, _)| *sight == Sight::Alive) {
            return Look::LivesOn(format!("process {} runs", alive.pid));
        }
        if seen.iter().any(|(sight, _)| *sight == Sight::Unseen) {
            let host = &self.kernel.host;
            return Look::Unknown(format!(
                "its processes are on {host}, and cannot be seen from here"
            ));
        }
        match server {
            Some(server) => Look::Gone(format!(
                "its processes {} and {} have ended",
                server.pid, self.kernel.pid
            )),
            None => Look::Unknown(
                "its kernel has ended, and which process its server is, is not known".to_owned(),
            ),
        }
    }
}

async fn ask(words: &[String], within: Duration) -> Look {
    let command = words.join(" ");
    let said = match timeout(within, hook::run(words)).await {
        Ok(Ok(said)) => said,
        Ok(Err(why)) => return Look::Unknown(why),
        Err(_) => return Look::Unknown(format!("{command} did not end in time")),
    };
    let knows = said.success || said.output.is_empty() && scheduler::says_no_such_job(&said.errors);
    if !knows {
        let program = words.first().map_or("", String::as_str);
        return Look::Unknown(scheduler::no_answer(program, &said.status, &said.errors));
    }
    if said.output.is_empty() {
        Look::Gone("the scheduler has its job no more".to_owned())
    } else {
        Look::LivesOn(format!("{command}: {}", said.output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &[&str]) -> Option<Vec<String>> {
        Some(command.iter().map(|&word| word.to_owned()).collect())
    }

    async fn by_command(command: &[&str]) -> Look {
        let survivor = Survivor {
            asked: words(command),
            ..Survivor::default()
        };
        survivor.look(Duration::from_secs(20)).await
    }

    #[tokio::test]
    async fn a_command_says_whether_the_job_is_there() {
        assert!(matches!(by_command(&["true"]).await, Look::Gone(_)));
        let there = by_command(&["echo", "77 R"]).await;
        assert_eq!(there, Look::LivesOn("echo 77 R: 77 R".to_owned()));
        let unknown = ["sh", "-c", "echo 'Invalid job id specified' >&2; exit 1"];
        assert!(matches!(by_command(&unknown).await, Look::Gone(_)));
        let fails = ["sh", "-c", "echo 'cannot connect' >&2; exit 1"];
        assert!(matches!(by_command(&fails).await, Look::Unknown(_)));
        let missing = by_command(&["/nonexistent/squeue"]).await;
        assert!(matches!(missing, Look::Unknown(_)));
    }

    /// A process that lives, and one that was ended.
    fn processes(server: Option<Owner>, kernel: Owner) -> Look {
        Processes { kernel, server }.look()
    }

    fn ended() -> Owner {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let owner = Owner {
            pid: child.id(),
            ..Owner::this()
        };
        child.kill().unwrap();
        child.wait().unwrap();
        owner
    }

    #[test]
    fn gone_is_what_is_gone_as_a_whole_and_in_sight() {
        let (alive, dead) = (Owner::this(), ended());
        let far = Owner {
            boot: "another".to_owned(),
            ..dead.clone()
        };
        let gone = processes(Some(dead.clone()), dead.clone());
        assert!(matches!(gone, Look::Gone(_)), "{gone:?}");
        for (server, kernel) in [
            (Some(alive.clone()), dead.clone()),
            (Some(dead.clone()), alive.clone()),
            (None, alive),
        ] {
            let seen = processes(server, kernel);
            assert!(matches!(seen, Look::LivesOn(_)), "{seen:?}");
        }
        for (server, kernel) in [(None, dead.clone()), (Some(far), dead)] {
            let seen = processes(server, kernel);
            assert!(matches!(seen, Look::Unknown(_)), "{seen:?}");
        }
    }

    #[test]
    fn no_place_alone_says_gone_where_another_does_not() {
        let gone = || Some(Look::Gone("gone".to_owned()));
        let lives = || Some(Look::LivesOn("there".to_owned()));
        let unknown = || Some(Look::Unknown("far".to_owned()));
        for (processes, asked) in [(gone(), lives()), (lives(), gone()), (lives(), unknown())] {
            let seen = judge(processes, asked);
            assert!(matches!(seen, Look::LivesOn(_)), "{seen:?}");
        }
        for (processes, asked) in [(gone(), unknown()), (unknown(), None), (None, None)] {
            let seen = judge(processes, asked);
            assert!(matches!(seen, Look::Unknown(_)), "{seen:?}");
        }
        for (processes, asked) in [
            (gone(), gone()),
            (gone(), None),
            (None, gone()),
            (unknown(), gone()),
        ] {
            let seen = judge(processes, asked);
            assert!(matches!(seen, Look::Gone(_)), "{seen:?}");
        }
    }
}
