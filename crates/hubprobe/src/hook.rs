//! A command that the operator gives: it is run without a shell, and what it said
//! is told. What that means is not judged here, nor how long it is waited for:
//! whoever stops waiting ends it.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// It ended well.
    pub success: bool,
    /// How it ended, in words: `exit status: 1`.
    pub status: String,
    /// Its standard output, without white space at both ends.
    pub output: String,
    /// Its standard error, likewise.
    pub errors: String,
}

/// Runs it to its end.
///
/// # Errors
/// Why it could not be run at all.
pub async fn run(words: &[String]) -> Result<Said, String> {
    let (program, arguments) = words.split_first().ok_or("the command is empty")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let (output, errors, status) = tokio::join!(start_of(output), start_of(errors), child.wait());
    let status = status.map_err(|error| format!("{program}: {error}"))?;
    Ok(Said {
        success: status.success(),
        status: status.to_string(),
        output,
        errors,
    })
}

/// The same for whoever can't wait for anything else meanwhile; one that takes longer than `within` is ended.
///
/// # Errors
/// Why it could not be run at all, or that it took too long.
pub fn run_at_once(words: &[String], within: Duration) -> Result<Said, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = std::thread::scope(|threads| {
        // A thread of its own: there may be an event loop here already.
        let runs = threads.spawn(|| {
            let runtime = runtime.map_err(|error| format!("no event loop: {error}"))?;
            runtime
                .block_on(async { tokio::time::timeout(within, run(words)).await })
                .unwrap_or_else(|_| Err(format!("it took more than {} s", within.as_secs())))
        });
        runs.join()
    });
    ended.unwrap_or_else(|_| Err("it could not be run, which is a bug of hubprobe".to_owned()))
}

/// What is read of an output: a list of jobs, not a flood. Who writes more finds nobody who reads.
const MOST: u64 = 64 << 10;

async fn start_of(from: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // What came before an error is still something that was said.
        drop(from.take(MOST).read_to_end(&mut bytes).await);
    }
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[tokio::test]
    async fn at_once_in_an_event_loop_too_and_not_for_ever() {
        let said = run_at_once(&words(&["echo", "a  b"]), Duration::from_secs(10));
        assert_eq!(said.unwrap().output, "a  b");
        let began = std::time::Instant::now();
        let late = run_at_once(&words(&["sleep", "60"]), Duration::from_secs(1));
        assert_eq!(late.unwrap_err(), "it took more than 1 s");
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[tokio::test]
    async fn what_it_said_and_how_it_ended() {
        let said = run(&words(&[
            "sh",
            "-c",
            "echo \" $0\"; echo no >&2; exit 3",
            "a b",
        ]))
        .await;
        let said = said.unwrap();
        assert_eq!(
            (said.success, said.status.as_str()),
            (false, "exit status: 3")
        );
        assert_eq!((said.output.as_str(), said.errors.as_str()), ("a b", "no"));
        let flood = run(&words(&["yes"])).await.unwrap();
        assert!(
            !flood.success && flood.output.len() as u64 <= MOST,
            "{flood:?}"
        );
        let missing = run(&words(&["/nonexistent/squeue"])).await.unwrap_err();
        assert!(missing.contains("/nonexistent/squeue"), "{missing}");
        run(&[]).await.unwrap_err();
    }
}
