//! Runs a program to its end, telling its output line by line. For installers and look-ups; what is to live on is launched
//! elsewhere.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use crate::{Error, Progress};

/// How many of the last lines are kept for an error.
const KEPT: usize = 15;

/// Where progress goes.
pub(crate) type Tell<'a> = &'a mut (dyn FnMut(Progress<'_>) + Send);

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) success: bool,
    /// In words, such as `exit status: 1`.
    pub(crate) status: String,
    /// The last lines of its output and errors.
    pub(crate) tail: String,
}

/// A command that knows nothing of Python environments around us, and asks no questions.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for variable in ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX"] {
        command.env_remove(variable);
    }
    command
        .env("PIP_NO_INPUT", "1")
        .env("PIP_USER", "0")
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs it, and tells every line that it says.
pub(crate) async fn run(command: &mut Command, tell: Tell<'_>) -> Result<Ended, Error> {
    let program = PathBuf::from(command.as_std().get_program());
    let failed = |source| Error::Run {
        program: program.clone(),
        source,
    };
    let mut child = command.spawn().map_err(failed)?;
    let mut tail = Vec::new();
    let mut output = lines(child.stdout.take());
    let mut errors = lines(child.stderr.take());
    let (mut output_open, mut errors_open) = (output.is_some(), errors.is_some());
    while output_open || errors_open {
        let line = tokio::select! {
            line = next(&mut output), if output_open => { output_open = line.is_some(); line }
            line = next(&mut errors), if errors_open => { errors_open = line.is_some(); line }
        };
        let Some(line) = line else { continue };
        let line = line.trim_end();
        if !line.is_empty() {
            tell(Progress::Line(line));
            if tail.len() == KEPT {
                tail.remove(0);
            }
            tail.push(line.to_owned());
        }
    }
    let status = child.wait().await.map_err(failed)?;
    Ok(Ended {
        success: status.success(),
        status: status.to_string(),
        tail: tail.join("\n"),
    })
}

/// What a program says on standard output, if it succeeds.
pub(crate) async fn answer<A: AsRef<OsStr>>(program: &Path, arguments: &[A]) -> Option<String> {
    let output = command(program).args(arguments).output().await.ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

type Lines<R> = Option<BufReader<R>>;

fn lines<R: AsyncRead>(stream: Option<R>) -> Lines<R> {
    stream.map(BufReader::new)
}

/// The next line, whatever its bytes; `None` at the end.
async fn next<R: AsyncRead + Unpin>(stream: &mut Lines<R>) -> Option<String> {
    let mut line = Vec::new();
    let count = stream.as_mut()?.read_until(b'\n', &mut line).await.ok()?;
    (count > 0).then(|| String::from_utf8_lossy(&line).into_owned())
}

/// The program of this name on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let executable = |path: &PathBuf| {
        std::fs::metadata(path)
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_streams_are_told_and_the_last_lines_kept() {
        let mut told = Vec::new();
        let mut tell = |progress: Progress<'_>| {
            if let Progress::Line(line) = progress {
                told.push(line.to_owned());
            }
        };
        let script = "echo wrong >&2; for i in $(seq 20); do echo $i; done; exit 3";
        let ended = run(
            command(Path::new("/bin/sh")).args(["-c", script]),
            &mut tell,
        )
        .await
        .unwrap();
        assert!(!ended.success);
        assert!(ended.status.contains('3'), "{}", ended.status);
        assert_eq!(told.len(), 21);
        assert!(told.contains(&"wrong".to_owned()));
        assert!(
            ended.tail.lines().count() == KEPT && ended.tail.contains("20"),
            "{}",
            ended.tail
        );
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let error = run(&mut command(Path::new("/nonexistent/pip")), &mut |_| ())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("/nonexistent/pip"), "{error}");
    }
}
