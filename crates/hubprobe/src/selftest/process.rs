//! Processes of ours: hubprobe itself as an operator runs it, and signals.

use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

/// Sends a signal to a process of ours, if it is still there.
pub(super) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        kill_process(pid, signal).ok();
    }
}

/// `hubprobe`, run by another program or not, in this directory, with a state directory in it and an environment without
/// surprises. In a process group of its own: a Ctrl-C is for us, and we tell it.
pub(super) fn hubprobe(program: &Path, under: &[&str], directory: &Path) -> Command {
    let mut command = match under {
        [] => Command::new(program),
        [other, words @ ..] => {
            let mut command = Command::new(other);
            command.args(words).arg(program);
            command
        }
    };
    for (name, _) in std::env::vars_os() {
        let known = name.to_string_lossy();
        if known.starts_with("HUBPROBE") || known.starts_with("JUPYTER") {
            command.env_remove(&name);
        }
    }
    command
        .current_dir(directory)
        .env("HUBPROBE_STATE_DIR", directory.join("state"))
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// The signal of this name.
pub(super) fn named(name: &str) -> Signal {
    if name == "TERM" {
        Signal::TERM
    } else {
        Signal::INT
    }
}
