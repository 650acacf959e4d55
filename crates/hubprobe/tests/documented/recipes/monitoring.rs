//! Commands of Nagios and Icinga: what they run is run as they do, with no variable but those that the page gives, and says
//! one line. Neither program is here.

use std::time::Duration;

use hubprobe::suite::parse_duration;
use regex::Regex;

use super::long_enough;
use crate::stage::Stage;

/// Where the limit of a command is not its own, Nagios Core ends it after this (`service_check_timeout`).
const LIMIT: Duration = Duration::from_secs(60);

/// A command of Nagios Core, which has no limit of its own.
///
/// # Errors
/// What is wrong in it.
pub fn nagios(stage: &mut Stage<'_>, text: &str) -> Result<(), String> {
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("command_line"));
    let line = line.ok_or("no command_line")?.trim();
    long_enough(LIMIT, line)?;
    one_line(stage, line, &[])
}

/// A `CheckCommand` of Icinga 2.
///
/// # Errors
/// What is wrong in it.
pub fn icinga(stage: &mut Stage<'_>, text: &str) -> Result<(), String> {
    let value = |key: &str, pattern: &str| {
        let found = Regex::new(&format!(r"(?m)^\s*{key} = {pattern}$")).unwrap();
        let found = found.captures(text).map(|parts| parts[1].to_owned());
        found.ok_or(format!("no {key}"))
    };
    let quoted = Regex::new(r#""([^"]*)""#).unwrap();
    let texts = |list: &str| -> Vec<String> {
        let texts = quoted.captures_iter(list);
        texts.map(|parts| parts[1].to_owned()).collect()
    };
    let line = texts(&value("command", r"\[(.*)\]")?).join(" ");
    let limit = parse_duration(&value("timeout", "(.*)")?).map_err(|error| error.to_string())?;
    long_enough(limit, &line)?;
    let variables: Vec<(String, String)> = texts(&value("env", r"\{(.*)\}")?)
        .chunks(2)
        .map(|pair| (pair[0].clone(), pair.get(1).cloned().unwrap_or_default()))
        .collect();
    one_line(stage, &line, &variables)
}

fn one_line(
    stage: &mut Stage<'_>,
    line: &str,
    variables: &[(String, String)],
) -> Result<(), String> {
    let said = stage.run(line, &["/bin/sh", "-c"], variables, &stage.home())?;
    let fine = said.lines().count() == 1 && said.starts_with("HUBPROBE OK");
    fine.then_some(())
        .ok_or(format!("not one line that says OK: {said}"))
}
