//! Environment: what the kernel finds around it is what should be there; and what became of the spawn options.
//!
//! One piece of Python says it all as one line of JSON, which is judged elsewhere. It runs in the kernel that a person would have, so it
//! sees what a person's code sees: the scheduler's limits, the mounts, the way out.

use serde_json::{Value, json};

use super::execute;
use crate::diagnose::environment as diagnose;
use crate::engine::Walk;
use crate::suite::{Access, EnvironmentStep};
use crate::vocabulary::{Cause, Finding};

/// What runs in the kernel.
const PROGRAM: &str = include_str!("environment.py");

/// How long one address may take to answer, in seconds.
const PATIENCE: u64 = 5;

/// Looks at the environment.
///
/// # Errors
/// A finding of the kernel's layer, or of the environment's.
pub async fn environment(walk: &mut Walk) -> Result<String, Finding> {
    let Some(step) = walk.probe.environment.clone() else {
        return Ok(String::new());
    };
    let names: Vec<&str> = step
        .variables
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let facts = facts(walk, &wish(&step, &names)).await?;
    let paths: Vec<(&str, bool)> = step
        .paths
        .iter()
        .map(|(path, access)| (path.as_str(), *access == Access::Write))
        .collect();
    let wanted = diagnose::Wanted {
        packages: &step.packages,
        cores: step.cores,
        memory: step.memory,
        gpus: step.gpus,
        user: step.user.as_deref(),
        variables: &step.variables,
        paths: &paths,
        network: &step.network,
    };
    match diagnose::judge(&facts, &wanted) {
        Some(finding) => Err(finding),
        None => Ok(words(&step, &facts)),
    }
}

/// Compares the spawn options with what became of them.
///
/// # Errors
/// A finding of the kernel's layer, or `spawn.options-ignored`.
pub async fn honoured(walk: &mut Walk) -> Result<String, Finding> {
    if walk.probe.options.is_empty() {
        walk.voice
            .warn("options-honoured: the probe asks for no options, so nothing was compared");
        return Ok("no options".to_owned());
    }
    let names: Vec<&str> = diagnose::TRACES
        .iter()
        .flat_map(|trace| trace.variables)
        .copied()
        .collect();
    let facts = facts(walk, &wish(&EnvironmentStep::default(), &names)).await?;
    let (honoured, traceless) = diagnose::options(&walk.probe.options, &facts)?;
    if !traceless.is_empty() {
        walk.voice.warn(&format!(
            "options-honoured: what became of {} is not known here; the step environment can look for its traces (variables, cores, memory)",
            traceless.join(", ")
        ));
    }
    Ok(if honoured.is_empty() {
        "nothing that could be compared".to_owned()
    } else {
        format!("{} as asked for", honoured.join(", "))
    })
}

fn wish(step: &EnvironmentStep, variables: &[&str]) -> Value {
    let paths: Vec<&str> = step.paths.iter().map(|(path, _)| path.as_str()).collect();
    json!({
        "packages": step.packages,
        "cores": step.cores.is_some(),
        "memory": step.memory.is_some(),
        "gpus": step.gpus.is_some(),
        "variables": variables,
        "paths": paths,
        "network": step.network,
        "patience": PATIENCE,
    })
}

/// The program with what it is to look at. Text in JSON is text in Python.
fn program(wish: &Value) -> String {
    let wish = Value::String(wish.to_string());
    format!(
        "{PROGRAM}\n\nimport json as _hubprobe_json\nprint(_hubprobe(_hubprobe_json.loads({wish})))\ndel _hubprobe, _hubprobe_json\n"
    )
}

async fn facts(walk: &mut Walk, wish: &Value) -> Result<Value, Finding> {
    let output = execute::extra(walk, &program(wish)).await.map_err(|finding| {
        if finding.cause == Cause::KernelError {
            finding.advise("This step runs Python: it needs a Python kernel (kernel: {name: python3}). In one, the error is the environment's.")
        } else {
            finding
        }
    })?;
    let line = output.lines().rev().find_map(|line| {
        let facts: Value = serde_json::from_str(line.trim()).ok()?;
        (facts["hubprobe"] == 1).then_some(facts)
    });
    line.ok_or_else(|| {
        crate::diagnose::kernel::wrong_output(
            "(what looks at the environment)",
            "a line of JSON",
            &output,
        )
    })
}

/// What was found, for people.
fn words(step: &EnvironmentStep, facts: &Value) -> String {
    let mut words = Vec::new();
    for (name, _) in &step.packages {
        let version = facts["packages"][name]["version"].as_str();
        words.push(format!("{name} {}", version.unwrap_or_default()));
    }
    let count = |name: &str| facts[name].as_u64().unwrap_or_default();
    if step.cores.is_some() {
        words.push(format!("{} cores", count("cores")));
    }
    if step.memory.is_some() {
        let gib = count("memory") as f64 / f64::from(1 << 30);
        words.push(format!("{gib:.1} GiB"));
    }
    if step.gpus.is_some() {
        words.push(format!("{} GPUs", count("gpus")));
    }
    words.extend(step.user.clone());
    words.extend(step.variables.iter().map(|(name, _)| name.clone()));
    words.extend(step.paths.iter().map(|(path, _)| path.clone()));
    words.extend(step.network.iter().cloned());
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_text_and_nothing_else() {
        let step = EnvironmentStep {
            user: Some("\"); import os; ('".to_owned()),
            network: vec!["a\"b\\:1".to_owned()],
            ..EnvironmentStep::default()
        };
        let text = program(&wish(&step, &["A\nB"]));
        let line = text
            .lines()
            .find(|line| line.starts_with("print("))
            .unwrap();
        let literal = line
            .strip_prefix("print(_hubprobe(_hubprobe_json.loads(")
            .and_then(|rest| rest.strip_suffix(")))"))
            .unwrap();
        let read: String = serde_json::from_str(literal).unwrap();
        let wish: Value = serde_json::from_str(&read).unwrap();
        assert_eq!(wish["network"][0], "a\"b\\:1");
        assert_eq!(wish["variables"][0], "A\nB");
    }
}
