//! Files that other programs read: each is examined by its own program or schema where that is to be had here, and the
//! commands in it are run as that program would run them.

pub mod ci;
pub mod cron;
pub mod kubernetes;
pub mod monitoring;
pub mod prometheus;
pub mod systemd;
pub mod user;

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use hubprobe::suite::{Deadlines, parse_duration};
use jupyterhub_sandbox::Modules;

use crate::hubs::{block_on, places};
use crate::stage::flag;
use crate::{programs, shell};

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

/// Whether what runs a check gives it the time that one probe may take with the default deadlines, the wait for another run
/// included. Ended from outside it would leave a server, where it could have said that the hub is full.
///
/// # Errors
/// It does not.
pub fn long_enough(given: Duration, command: &str) -> Result<(), String> {
    let checks = shell::simple_commands(command)
        .into_iter()
        .filter(|words| programs::is_hubprobe(words) && words.iter().any(|word| word == "check"));
    for words in checks {
        let wait = flag(&words, "--wait").ok_or(format!("no --wait in: {command}"))?;
        let wait = parse_duration(&wait).map_err(|error| error.to_string())?;
        let deadlines = Deadlines::default();
        let needed = wait + deadlines.whole(false) + deadlines.stop + Duration::from_secs(5);
        if given < needed {
            return Err(format!(
                "{given:?} is less than the {needed:?} that this may take: {command}"
            ));
        }
    }
    Ok(())
}

/// A recipe's time must be long enough, and is seen not to be.
pub fn times() {
    let check = "exec hubprobe check --wait 15m --suite s.yaml";
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    assert_eq!(long_enough(minutes(60), check), Ok(()));
    assert!(long_enough(minutes(30), check).is_err());
    assert!(long_enough(minutes(60), "hubprobe check --suite s.yaml").is_err());
    assert_eq!(long_enough(minutes(0), "cargo install"), Ok(()));
}
