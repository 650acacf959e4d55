//! A kernel that outlived its server is asked where it runs, so that a person can end it, and `hubprobe clean` can see
//! that it is gone. Only Python is spoken; of other kernels nothing is learnt.

use std::time::Duration;

use jupyterhub_client::KernelConnection;
use serde_json::Value;
use tokio::time::Instant;

use crate::undo::survivor::Processes;
use crate::undo::{Owner, Survivor};

/// What runs in the kernel.
const PROGRAM: &str = include_str!("survivor.py");

/// How long the kernel may take for each of two answers.
const ANSWER: Duration = Duration::from_secs(5);

/// Adds to what is known of a survivor what its kernel tells.
pub(super) async fn locate(
    kernel: &mut KernelConnection,
    survivor: &mut Survivor,
    latest: Instant,
) {
    let left = || ANSWER.min(latest.saturating_duration_since(Instant::now()));
    let Ok(info) = kernel.ready(left()).await else {
        return;
    };
    if info.language_info.name != "python" {
        return;
    }
    let Ok(execution) = kernel.execute(PROGRAM, left()).await else {
        return;
    };
    if let Some(facts) = facts(&execution.text()) {
        survivor.processes = processes(&facts);
        let job = facts["job"].as_str().filter(|job| !job.is_empty());
        survivor.job = survivor.job.take().or_else(|| job.map(str::to_owned));
    }
}

fn facts(output: &str) -> Option<Value> {
    output.lines().rev().find_map(|line| {
        let facts: Value = serde_json::from_str(line.trim()).ok()?;
        (facts["hubprobe"] == 1).then_some(facts)
    })
}

fn processes(facts: &Value) -> Option<Processes> {
    let text = |name: &str| facts[name].as_str().unwrap_or_default().to_owned();
    let process = |of: &Value| {
        Some(Owner {
            host: text("host"),
            boot: text("boot"),
            space: text("space"),
            pid: u32::try_from(of["pid"].as_u64()?).ok()?,
            started: of["started"].as_u64()?,
        })
    };
    Some(Processes {
        kernel: process(&facts["kernel"])?,
        // The first process of a host or a container is no server that could be ended.
        server: process(&facts["server"]).filter(|server| server.pid > 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::undo::owner::Sight;

    /// As a kernel of this host would say it.
    #[test]
    fn what_the_program_says_is_seen_from_here() {
        let said = std::process::Command::new("python3")
            .args(["-c", PROGRAM])
            .env_remove("JPY_PARENT_PID")
            .output()
            .unwrap();
        let facts = facts(&String::from_utf8_lossy(&said.stdout)).unwrap();
        let Processes { kernel, server } = processes(&facts).unwrap();
        let server = server.unwrap();
        assert_eq!(server, Owner::this());
        assert_eq!(server.sight(), Sight::Alive);
        // It was waited for.
        assert_eq!(kernel.sight(), Sight::Ended);
    }

    #[test]
    fn a_kernel_that_says_something_else_tells_nothing() {
        assert_eq!(facts("hello\n{\"hubprobe\": 2}\n"), None);
        let odd = serde_json::json!({"hubprobe": 1, "kernel": "x"});
        assert_eq!(processes(&odd), None);
        let first = serde_json::json!({
            "hubprobe": 1, "kernel": {"pid": 7, "started": 9}, "server": {"pid": 1, "started": 2}
        });
        assert_eq!(processes(&first).unwrap().server, None);
    }
}
