//! Jobs of GitLab and GitHub: by the schemas of both, and what they run is run, with the variables that the page says, and once
//! more without the token: a check that proves nothing is no failed job.

use std::time::Duration;

use hubprobe::suite::parse_duration;
use serde_json::Value;

use super::long_enough;
use crate::kinds::yaml;
use crate::programs;
use crate::shell;
use crate::stage::Stage;

/// A `.gitlab-ci.yml`.
///
/// # Errors
/// What is wrong in it.
pub fn gitlab(stage: &mut Stage<'_>, text: &str) -> Result<(), String> {
    super::validate(
        "check-jsonschema",
        &["--builtin-schema", "vendor.gitlab-ci"],
        text,
        &stage.dir,
    )?;
    let read = yaml(text)?;
    let jobs = read.as_object().ok_or("no jobs")?;
    let mut ran = 0;
    for job in jobs.values().filter(|job| job.get("script").is_some()) {
        let variables = stage.environment();
        for key in ["before_script", "script"] {
            let lines = match &job[key] {
                Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
                other => other.as_str().into_iter().collect::<Vec<_>>(),
            };
            for line in lines {
                let limit = job["timeout"].as_str().ok_or("a job without a timeout")?;
                let limit = parse_duration(limit).map_err(|error| error.to_string())?;
                long_enough(limit, line)?;
                if step(stage, line, &variables)? {
                    let (code, said) = without_token(stage, line, &variables)?;
                    let allowed = job["allow_failure"]["exit_codes"].as_array();
                    let allowed = allowed.is_some_and(|codes| codes.contains(&code.into()));
                    if code != 3 || !allowed {
                        return Err(format!(
                            "without a token {code}, not 3, or the job fails:\n{said}"
                        ));
                    }
                    ran += 1;
                }
            }
        }
    }
    at_least_one(ran)
}

/// A workflow of GitHub.
///
/// # Errors
/// What is wrong in it.
pub fn github(stage: &mut Stage<'_>, text: &str) -> Result<(), String> {
    super::validate(
        "check-jsonschema",
        &["--builtin-schema", "vendor.github-workflows"],
        text,
        &stage.dir,
    )?;
    let read = yaml(text)?;
    let jobs = read["jobs"].as_object().ok_or("no jobs")?;
    let mut variables = stage.environment();
    let summary = stage.dir.join("tmp/summary.md");
    variables.push((
        "GITHUB_STEP_SUMMARY".to_owned(),
        summary.display().to_string(),
    ));
    variables.push(("GITHUB_ACTIONS".to_owned(), "true".to_owned()));
    let mut ran = 0;
    for job in jobs.values() {
        let limit = job["timeout-minutes"]
            .as_u64()
            .ok_or("a job without timeout-minutes")?;
        let steps = job["steps"].as_array().into_iter().flatten();
        for line in steps.filter_map(|step| step["run"].as_str()) {
            long_enough(Duration::from_secs(60 * limit), line)?;
            if step(stage, line, &variables)? {
                let (code, said) = without_token(stage, line, &variables)?;
                if code != 0 || !said.contains("\n::warning::inconclusive") {
                    return Err(format!("without a token {code}, or no warning:\n{said}"));
                }
                ran += 1;
            }
        }
    }
    at_least_one(ran)
}

/// One step, if it can be run here.
fn step(
    stage: &mut Stage<'_>,
    script: &str,
    variables: &[(String, String)],
) -> Result<bool, String> {
    let commands = shell::simple_commands(script);
    programs::look(&commands)?;
    if !programs::runs_here(&commands) {
        return Ok(false);
    }
    stage.run(script, &["bash", "-ec"], variables, &stage.here.clone())?;
    Ok(true)
}

/// The same where nothing can be proven: the secret of the project is not there.
fn without_token(
    stage: &mut Stage<'_>,
    script: &str,
    variables: &[(String, String)],
) -> Result<(i32, String), String> {
    let script = format!("unset HUB_TOKEN\n{script}");
    let here = stage.here.clone();
    stage.outcome(&script, &["bash", "-ec"], variables, &here)
}

fn at_least_one(ran: usize) -> Result<(), String> {
    (ran > 0)
        .then_some(())
        .ok_or("nothing in it could be run here".to_owned())
}
