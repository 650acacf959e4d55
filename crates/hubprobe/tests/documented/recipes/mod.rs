//! Files that other programs read: each is examined by its own program or schema where that is to be had here, and the
//! commands in it are run as that program would run them.

pub mod ci;
pub mod cron;
pub mod kubernetes;
pub mod prometheus;
pub mod systemd;
pub mod user;

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use jupyterhub_sandbox::Modules;

use crate::hubs::{block_on, places};
use crate::stage::Stage;

/// What knows the schemas of GitLab, GitHub and Kubernetes, all of them in its packages.
const SCHEMAS: Modules<'_> = Modules {
    name: "check-jsonschema and kubernetes-validate",
    directory: "schemas",
    requirements: include_str!("../requirements.txt"),
};

/// Runs one of those programs over a file.
///
/// # Errors
/// What it says.
pub fn validate(
    program: &str,
    args: &[&str],
    text: &str,
    dir: &std::path::Path,
) -> Result<(), String> {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    let bin = INSTALLED.get_or_init(|| {
        let modules = block_on(SCHEMAS.ensure(&places(), &mut |_| {}))
            .unwrap_or_else(|error| panic!("{error}"));
        modules.ancestors().nth(3).unwrap().join("bin")
    });
    let file = dir.join("tmp/validated.yaml");
    std::fs::write(&file, text).unwrap();
    let output = Command::new(bin.join(program))
        .args(args)
        .arg(&file)
        .output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{program}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}

/// A command of Nagios: its line is run, and is fine.
///
/// # Errors
/// What is wrong in it.
pub fn nagios(stage: &mut Stage<'_>, text: &str) -> Result<(), String> {
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("command_line"));
    let line = line.ok_or("no command_line")?.trim();
    let environment = cron::environment(stage);
    let said = stage.run(line, &["/bin/sh", "-c"], &environment, &stage.home())?;
    if said.lines().count() == 1 {
        Ok(())
    } else {
        Err(format!("not one line: {said}"))
    }
}
