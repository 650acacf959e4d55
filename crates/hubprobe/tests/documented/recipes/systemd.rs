//! Units of systemd: by `systemd-analyze verify` where it is installed, and what a service starts is started with the
//! environment and the credentials that the unit gives it.

use std::process::Command;

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
    let mut variables: Vec<(String, String)> = Vec::new();
    for line in values("Environment") {
        for (variable, value) in line.split(' ').filter_map(|one| one.split_once('=')) {
            variables.push((variable.to_owned(), value.to_owned()));
        }
    }
    for credential in values("LoadCredential") {
        let (id, file) = credential
            .split_once(':')
            .ok_or("a credential without a file")?;
        let account = id.trim_end_matches(".token");
        // Read by a command that names both, as everywhere on these pages.
        let names = stage.here(&format!(
            "hubprobe check --user {account} --token-file {file}"
        ));
        stage.lend(&names);
        let from = stage.here(file);
        let to = stage.here(&format!("/run/credentials/{name}/{id}"));
        std::fs::create_dir_all(std::path::Path::new(&to).parent().unwrap()).unwrap();
        std::fs::copy(&from, &to).map_err(|error| format!("{file}: {error}"))?;
    }
    for command in values("ExecStart") {
        stage.run(&command, &["/bin/sh", "-c"], &variables, &stage.home())?;
    }
    Ok(())
}
