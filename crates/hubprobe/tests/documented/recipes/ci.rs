//! Jobs of GitLab and GitHub: by the schemas of both, and what they run is run, with the variables that the page says.

use serde_json::Value;

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
                ran += step(stage, line, &variables)?;
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
    for steps in jobs.values().filter_map(|job| job["steps"].as_array()) {
        for line in steps.iter().filter_map(|step| step["run"].as_str()) {
            ran += step(stage, line, &variables)?;
        }
    }
    at_least_one(ran)
}

/// One step, if it can be run here.
fn step(
    stage: &mut Stage<'_>,
    script: &str,
    variables: &[(String, String)],
) -> Result<usize, String> {
    let commands = shell::simple_commands(script);
    programs::look(&commands)?;
    if !programs::runs_here(&commands) {
        return Ok(0);
    }
    stage.run(script, &["bash", "-ec"], variables, &stage.here.clone())?;
    Ok(1)
}

fn at_least_one(ran: usize) -> Result<(), String> {
    (ran > 0)
        .then_some(())
        .ok_or("nothing in it could be run here".to_owned())
}
