//! Units of systemd: by `systemd-analyze verify` where it is installed, and what a service starts is started with the
//! environment and the credentials that the unit gives it, as a user who is not root.

use std::path::Path;
use std::process::Command;

use super::user::{User, give};
use crate::stage::Stage;

/// Tries a unit of this name. Units of one page know each other.
///
/// # Errors
/// What is wrong in it.
pub fn attempt(stage: &mut Stage<'_>, text: &str, name: &str) -> Result<(), String> {
    // systemd looks for programs in places of its own, where ours is not.
    let text = &text.replace("ExecStart=hubprobe ", "ExecStart=/usr/local/bin/hubprobe ");
    let values = |key: &str| -> Vec<String> {
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        lines.map(str::to_owned).collect()
    };
    for line in text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
    {
        let fine = line.contains('=') || (line.starts_with('[') && line.ends_with(']'));
        fine.then_some(())
            .ok_or(format!("neither a section nor a setting: {line}"))?;
    }
    let unit = stage.dir.join("units").join(name);
    let unit = stage.write(&unit.display().to_string(), text);
    match Command::new("systemd-analyze")
        .arg("verify")
        .arg(&unit)
        .env("LC_ALL", "C")
        .output()
    {
        Ok(output) => {
            // It complains of the machine's own units as well, and of some of ours without failing.
            let said = String::from_utf8_lossy(&output.stderr);
            let ours = said
                .lines()
                .find(|line| line.contains(name) && !line.contains("Transaction"));
            ours.map_or(Ok(()), |line| {
                Err(format!("systemd-analyze verify: {line}"))
            })?;
        }
        Err(error) => eprintln!("note: {name} was read without systemd: {error}"),
    }
    // Without root's rights: what root alone can read, the service cannot.
    if !values("ExecStart").is_empty() && values("DynamicUser") != ["yes"] {
        return Err("a service that runs as root".to_owned());
    }
    let user = User::DYNAMIC;
    let mut variables: Vec<(String, String)> = Vec::new();
    for line in values("Environment") {
        for (variable, value) in line.split(' ').filter_map(|one| one.split_once('=')) {
            variables.push((variable.to_owned(), value.to_owned()));
        }
    }
    let credentials = stage.here(&format!("/run/credentials/{name}"));
    for credential in values("LoadCredential") {
        let (id, file) = credential
            .split_once(':')
            .ok_or("a credential without a file")?;
        if let Some(account) = id.strip_suffix(".token") {
            // Read by a command that names both, as everywhere on these pages.
            let names = stage.here(&format!(
                "hubprobe check --user {account} --token-file {file}"
            ));
            stage.lend(&names);
        }
        let to = Path::new(&credentials).join(stage.here(id));
        std::fs::create_dir_all(&credentials).unwrap();
        std::fs::copy(stage.here(file), &to).map_err(|error| format!("{file}: {error}"))?;
        // As systemd leaves it: root's, with the service's user in its access list, which shows as the group's rights.
        give(&to, 0, user.gid, 0o440);
        give(Path::new(&credentials), 0, user.gid, 0o550);
    }
    for state in values("StateDirectory") {
        let state = stage.here(&format!("/var/lib/{state}"));
        // Not what another recipe of the page has kept there.
        std::fs::remove_dir_all(&state).ok();
        std::fs::create_dir_all(&state).unwrap();
        give(Path::new(&state), user.uid, user.gid, 0o755);
    }
    for command in values("ExecStart") {
        user.run(stage, &command, &variables)?;
    }
    Ok(())
}
