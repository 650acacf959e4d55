//! Crontabs: five fields that cron reads, and a command that is run as cron runs it, by /bin/sh, at home, with hardly any
//! environment. Slurm's scrontab has the same lines, and options of jobs above them.

use std::time::Duration;

use regex::Regex;

use crate::stage::Stage;

/// Tries each line.
///
/// # Errors
/// What is wrong in it.
pub fn attempt(stage: &mut Stage<'_>, text: &str) -> Result<(), String> {
    let mut environment = environment(stage);
    let assigned = Regex::new(r"^([A-Z_]+)\s*=\s*(.*)$").unwrap();
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(parts) = assigned.captures(line) {
            // The stage's programs go before what the page says.
            let (name, value) = (parts[1].to_owned(), parts[2].trim_matches('"').to_owned());
            environment.retain(|(known, _)| *known != name);
            environment.push((name, value));
            continue;
        }
        let command = command(line)?;
        stage.run(command, &["/bin/sh", "-c"], &environment, &stage.home())?;
    }
    Ok(())
}

/// The same in Slurm's table, where jobs have what the user's login has, and `#SCRON` lines are options of sbatch.
///
/// # Errors
/// What is wrong in it.
pub fn slurm(stage: &mut Stage<'_>, text: &str) -> Result<(), String> {
    let option = Regex::new(r"^#SCRON( --?[a-z-]+([= ]\S+)?)+$").unwrap();
    for line in text.lines().filter(|line| line.starts_with("#SCRON")) {
        option
            .is_match(line)
            .then_some(())
            .ok_or(format!("not an option of a job: {line}"))?;
    }
    let number = |pattern: &str| -> Result<Vec<u64>, String> {
        let found = Regex::new(&format!("(?m)^#SCRON {pattern}$")).unwrap();
        let found = found.captures(text).ok_or(format!("no {pattern}"))?;
        Ok(found
            .iter()
            .skip(1)
            .flatten()
            .map(|part| part.as_str().parse().unwrap())
            .collect())
    };
    let time = number(r"--time=(\d+):(\d\d):(\d\d)")?;
    // Slurm looks once a minute, so that the signal may come a minute earlier than it is asked for.
    let before = number(r"--signal=B:TERM@(\d+)")?[0];
    let time = time.iter().fold(0, |sum, part| sum * 60 + part);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let left = Duration::from_secs(time.saturating_sub(before + 60));
        super::long_enough(left, command(line)?)?;
        // To the shell alone: it must not stand before what is to hear it.
        command(line)?
            .starts_with("exec ")
            .then_some(())
            .ok_or("the signal is for the shell: exec")?;
    }
    attempt(stage, text)
}

/// What cron gives a job (Debian's crontab(5)).
pub fn environment(stage: &Stage<'_>) -> Vec<(String, String)> {
    let home = stage.dir.join("home").display().to_string();
    [
        ("HOME", home.as_str()),
        ("LOGNAME", "operator"),
        ("SHELL", "/bin/sh"),
        ("PATH", "/usr/bin:/bin"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// What is behind the five fields.
fn command(line: &str) -> Result<&str, String> {
    const NAMES: &str =
        "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)";
    let one = format!(r"(?:\*|\d+|{NAMES})(?:-(?:\d+|{NAMES}))?(?:/\d+)?");
    let field = format!(r"{one}(?:,{one})*");
    let whole = Regex::new(&format!(r"^(?i:{field})(?:\s+(?i:{field})){{4}}\s+(\S.*)$")).unwrap();
    let parts = whole
        .captures(line)
        .ok_or(format!("not a line of a crontab: {line}"))?;
    let command = parts.get(1).map_or("", |part| part.as_str());
    // cron makes a new line of it.
    if Regex::new(r"(^|[^\\])%").unwrap().is_match(command) {
        return Err(format!("a bare % in a crontab: {command}"));
    }
    Ok(command)
}

/// Fields too few, and a bare %, are seen.
pub fn fields() {
    assert_eq!(command("15 5 * * mon-fri do it"), Ok("do it"));
    assert_eq!(command("*/5 0,12 1 1 * x"), Ok("x"));
    assert!(command("15 5 * * hubprobe check").is_err());
    assert!(command("0 0 * * * date +%F").is_err());
}
