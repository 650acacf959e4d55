//! Python environments in the cache: one directory for each text of pinned requirements.
//!
//! An environment is built in place, since virtual environments hold their own path, and counts only once the file `complete`
//! is in it, written last. A lock keeps two builders apart. Not a package manager: nothing is ever updated, a changed text is
//! another environment.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::releases::{Minor, Release};
use crate::run::{Ended, Tell, command, on_path, run};
use crate::{Error, Progress, files, python};

/// Written last.
const COMPLETE: &str = "complete";

/// What to install where.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// In words, for people: `JupyterHub 6.1.1`.
    pub(crate) what: String,
    /// The directory's name without the fingerprint.
    pub(crate) prefix: String,
    pub(crate) requirements: &'a str,
    pub(crate) pythons: (Minor, Minor),
    pub(crate) version: &'a str,
}

impl<'a> Wanted<'a> {
    pub(crate) fn hub(release: &Release) -> Wanted<'a> {
        Wanted {
            what: format!("JupyterHub {}", release.version),
            prefix: format!("jupyterhub-{}", release.version),
            requirements: release.requirements,
            pythons: release.pythons,
            version: release.version,
        }
    }

    /// An environment that servers run in, and no hub.
    pub(crate) fn server(release: &Release) -> Wanted<'a> {
        Wanted {
            what: format!("a single-user server of JupyterHub {}", release.version),
            prefix: format!("server-{}", release.version),
            ..Self::hub(release)
        }
    }
}

/// The environment's directory, built if it is not there yet.
pub(crate) async fn ensure(
    cache: &Path,
    wanted: &Wanted<'_>,
    tell: Tell<'_>,
) -> Result<PathBuf, Error> {
    let environments = cache.join("envs");
    let directory = environments.join(format!(
        "{}-{}",
        wanted.prefix,
        files::fingerprint(wanted.requirements)
    ));
    if is_whole(&directory) {
        return Ok(directory);
    }
    files::create_directories(&environments)?;
    let _lock = lock(&directory, &wanted.what, tell).await?;
    if !is_whole(&directory) {
        files::remove_all(&directory)?;
        build(&directory, wanted, tell).await?;
    }
    Ok(directory)
}

/// Its interpreter.
pub(crate) fn interpreter(environment: &Path) -> PathBuf {
    environment.join("bin/python")
}

/// The interpreter is a link, which dangles when the Python that it was made from has been removed.
fn is_whole(directory: &Path) -> bool {
    directory.join(COMPLETE).exists() && interpreter(directory).exists()
}

/// Waits until nobody else builds in this directory. The lock's file lies beside it, since the directory comes and goes.
pub(crate) async fn lock(directory: &Path, what: &str, tell: Tell<'_>) -> Result<File, Error> {
    let mut path = directory.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let mut said = false;
    loop {
        if let Some(lock) = files::try_lock(&path)? {
            return Ok(lock);
        }
        if !said {
            tell(Progress::Step {
                what: &format!("waiting for another process that installs {what}"),
            });
            said = true;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn build(directory: &Path, wanted: &Wanted<'_>, tell: Tell<'_>) -> Result<(), Error> {
    let found = python::find(wanted.pythons).await;
    let requirements = directory.join("requirements.txt");
    let (oldest, newest) = wanted.pythons;
    if let Some(uv) = on_path("uv") {
        tell(Progress::Step {
            what: &format!("installing {} (uv)", wanted.what),
        });
        let request = found.suitable.map_or_else(
            || format!(">=3.{oldest},<3.{}", newest + 1).into(),
            PathBuf::into_os_string,
        );
        let made = run(
            command(&uv)
                .args(["venv", "--quiet", "--python"])
                .arg(request)
                .arg(directory),
            tell,
        )
        .await?;
        done(
            made,
            &format!("a Python environment for {}", wanted.what),
            "uv venv",
        )?;
        files::write_private(&requirements, wanted.requirements)?;
        let mut install = command(&uv);
        install.args([
            "pip",
            "install",
            "--no-deps",
            "--compile-bytecode",
            "--no-progress",
            "--python",
        ]);
        install.arg(interpreter(directory));
        finish(install, "uv pip install", &requirements, wanted, tell).await?;
    } else {
        tell(Progress::Step {
            what: &format!("installing {} (pip)", wanted.what),
        });
        let Some(python) = found.suitable else {
            return Err(Error::NoPython {
                version: wanted.version.to_owned(),
                oldest: format!("3.{oldest}"),
                newest: format!("3.{newest}"),
                found: found.other,
            });
        };
        let made = run(command(&python).args(["-m", "venv"]).arg(directory), tell).await?;
        if !made.success {
            return Err(Error::NoVenv {
                python,
                tail: made.tail,
            });
        }
        files::write_private(&requirements, wanted.requirements)?;
        let mut install = command(&interpreter(directory));
        install.args(["-m", "pip", "install", "--no-deps", "--progress-bar", "off"]);
        finish(install, "pip install", &requirements, wanted, tell).await?;
    }
    files::write_private(&directory.join(COMPLETE), "")
}

async fn finish(
    mut install: Command,
    name: &str,
    requirements: &Path,
    wanted: &Wanted<'_>,
    tell: Tell<'_>,
) -> Result<(), Error> {
    install.arg("-r").arg(requirements);
    if let Some(directory) = requirements.parent() {
        install.current_dir(directory);
    }
    let ended = run(&mut install, tell).await?;
    done(ended, &wanted.what, name)
}

/// Turns a failure into the error that tells of it.
pub(crate) fn done(ended: Ended, what: &str, command: &str) -> Result<(), Error> {
    if ended.success {
        return Ok(());
    }
    Err(Error::Install {
        what: what.to_owned(),
        command: command.to_owned(),
        status: ended.status,
        tail: ended.tail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_environment_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std::fs::create_dir(path.join("bin")).unwrap();
        std::os::unix::fs::symlink("/bin/sh", interpreter(path)).unwrap();
        assert!(!is_whole(path), "the build was cut before its end");
        std::fs::write(path.join(COMPLETE), "").unwrap();
        assert!(is_whole(path));
        std::fs::remove_file(interpreter(path)).unwrap();
        std::os::unix::fs::symlink("/nonexistent/python3", interpreter(path)).unwrap();
        assert!(!is_whole(path), "the Python below it is gone");
    }
}
