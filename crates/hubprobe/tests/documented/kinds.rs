//! What a block may be, and what is done with each kind. A block of no known kind is a mistake of its page: nothing that
//! looks like a command or a file stands there without being tried.

use serde_json::Value;

use crate::markdown::Block;
use crate::programs;
use crate::recipes;
use crate::shell::{self, Typed};
use crate::stage::Stage;

/// Tries a block.
///
/// # Errors
/// What is wrong with it.
pub fn attempt(stage: &mut Stage<'_>, block: &Block) -> Result<(), String> {
    let words: Vec<&str> = block.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        // The examples of `account hub-config`, which a test of its own compares.
        _ if block.generated && !block.text.starts_with("$ ") => Ok(()),
        [] | ["sh" | "console" | "bash"] => typed(stage, block),
        ["text"] => no_commands(block),
        // What hubprobe writes, and what no program of here reads.
        ["markdown" | "html" | "xml" | "dockerfile"] => Ok(()),
        ["yaml", "suite"] => suite(stage, block, None),
        ["yaml", "suite", name] => suite(stage, block, Some(name)),
        [_, "file", name] => {
            stage.write(name, &block.text);
            Ok(())
        }
        ["yaml", "values", "file", name] => {
            stage.write(name, &block.text);
            yaml(&block.text).map(drop)
        }
        ["yaml", "gitlab-ci"] => recipes::ci::gitlab(stage, &block.text),
        ["yaml", "github-workflow"] => recipes::ci::github(stage, &block.text),
        ["yaml", "kubernetes"] => recipes::kubernetes::attempt(stage, &block.text),
        ["yaml", "prometheus-rules"] => recipes::prometheus::rules(stage, &block.text),
        ["ini", "systemd", name] => recipes::systemd::attempt(stage, &block.text, name),
        ["crontab"] => recipes::cron::attempt(stage, &block.text),
        ["crontab", "scrontab"] => recipes::cron::slurm(stage, &block.text),
        ["text", "nagios"] => recipes::monitoring::nagios(stage, &block.text),
        ["text", "icinga"] => recipes::monitoring::icinga(stage, &block.text),
        ["python"] => stage
            .run(
                &block.text,
                &["python3", "-c", "import ast, sys; ast.parse(sys.argv[1])"],
                &stage.environment(),
                &stage.home(),
            )
            .map(drop),
        ["json"] => serde_json::from_str::<Value>(&block.text)
            .map(drop)
            .map_err(|error| error.to_string()),
        _ => Err(format!(
            "a block of no known kind: ```{}. CONTRIBUTING.md lists the kinds, and this file what is done with them: {}",
            block.words.join(" "),
            file!()
        )),
    }
}

/// Commands, typed into the page's shell where they can be run here.
fn typed(stage: &mut Stage<'_>, block: &Block) -> Result<(), String> {
    let why_not = block
        .note
        .as_deref()
        .and_then(|note| note.strip_prefix("not run:"));
    if why_not.is_some_and(|why| why.trim().len() < 5) {
        return Err("`<!-- not run: … -->` wants a reason".to_owned());
    }
    let commands = shell::commands(&block.text, block.line);
    if commands.is_empty() {
        return Err("no command".to_owned());
    }
    for command in commands {
        let at = |error: String| format!("line {}: {}\n{error}", command.line, command.text);
        let simple = shell::simple_commands(&command.text);
        closes(&command.text).map_err(at)?;
        programs::look(&simple).map_err(at)?;
        if why_not.is_none() && programs::runs_here(&simple) {
            stage.play(&command).map_err(at)?;
        }
    }
    Ok(())
}

/// Whether a shell finds the end of each quote.
fn closes(text: &str) -> Result<(), String> {
    let output = std::process::Command::new("bash")
        .args(["-n", "-c", text])
        .output();
    let output = output.map_err(|error| format!("bash: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// What is only shown must not look as if it were tried.
fn no_commands(block: &Block) -> Result<(), String> {
    let line = block
        .text
        .lines()
        .find(|line| line.starts_with("$ ") || line.starts_with("hubprobe "));
    line.map_or(Ok(()), |line| {
        Err(format!(
            "a command in a block `text`, where none is run: {line}"
        ))
    })
}

/// A suite is written to its file, for the commands below, and linted. A part of one is completed and linted.
fn suite(stage: &mut Stage<'_>, block: &Block, name: Option<&str>) -> Result<(), String> {
    let read = yaml(&block.text)?;
    let has = |key: &str| read.get(key).is_some();
    let mut text = block.text.clone();
    if !has("hubs") && !has("probes") && !has("defaults") && !has("node_time") {
        let indented = text.lines().map(|line| format!("    {line}\n"));
        text = format!("probes:\n  part:\n{}", indented.collect::<String>());
    } else if !has("probes") {
        text.push_str("probes: { part: {} }\n");
    }
    let whole = has("hubs") && has("probes");
    if !has("hubs") {
        text.push_str(
            "hubs: { here: { url: https://hub.example.org, accounts: { servuser: { token: { file: servuser.token } } } } }\n",
        );
    }
    let part = format!("part-{}.yaml", block.line);
    let name = name.unwrap_or(if whole { "suite.yaml" } else { &part });
    stage.write(name, &text);
    let lint = Typed {
        text: format!("hubprobe suite lint \"{name}\""),
        ..Typed::default()
    };
    stage.play(&lint)
}

/// Reads YAML of one document.
///
/// # Errors
/// What is wrong in it.
pub fn yaml(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}
