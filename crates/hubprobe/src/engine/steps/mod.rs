//! The steps: what a person does with a hub, one file each.
//!
//! A step proves its effect or gives a finding; it never assumes. Each has its
//! own deadline, and what it learns for the next one goes into the walk.

mod as_it_ran;
pub mod back;
mod company;
mod earlier;
mod ending;
pub mod environment;
pub mod execute;
pub mod files;
mod follow;
pub mod identify;
pub mod kernel;
pub mod lab;
mod lost;
pub mod notebook;
pub mod open;
pub mod persist;
pub mod reach;
mod restart;
mod room;
mod scheduler;
pub mod spawn;
mod stream;
mod survivor;

use std::time::Duration;

use jupyterhub_client::start_body;

use super::{Requests, Walk};
use crate::connect::{self, ConnectError};
use crate::diagnose::scope;
use crate::explain::home;
use crate::vocabulary::{Cause, Finding, StepName};

/// Reads the token and makes the connection; sends nothing. Gives back what
/// there is to warn of.
///
/// # Errors
/// `token.missing`, or `prober.limits` where the client cannot be made.
pub async fn connect(walk: &mut Walk) -> Result<Vec<String>, Finding> {
    let source = walk.probe.account.token.clone();
    let read = connect::read_token(&source)
        .await
        .map_err(|error| Finding::new(Cause::TokenMissing, error.to_string()))?;
    walk.voice.hide(read.token.clone());
    let observer = walk.requests.as_ref().map(Requests::observer);
    let made = connect::watched(&walk.target, Some(read.token), walk.run, observer).await;
    let made = made.map_err(|error| match error {
        ConnectError::Header { .. } => Finding::new(Cause::TokenMissing, error.to_string())
            .advise("Set it. --header NAME=ENV (headers: in a suite) names where the value is, not the value itself."),
        other => Finding::new(Cause::ProberLimits, other.to_string()).advise(
            "Check the certificates that are to be trusted: --ca-file PEM, or ca_file: in a suite.",
        ),
    })?;
    walk.voice.hide_all(made.secrets);
    walk.hub = Some(made.hub);
    Ok(read.warnings)
}

/// A kernel's finding, or the home's, where that is what keeps the kernel from
/// working.
pub async fn or_the_home(walk: &Walk, finding: Finding) -> Finding {
    match &walk.server {
        Some(server) => home::instead(finding, server, &files::own_name(walk)).await,
        None => finding,
    }
}

/// What a step would do, for a dry run.
pub fn would(walk: &Walk, step: StepName) -> String {
    if step == StepName::Persist {
        return "would leave a file, stop the server, ask for it again in the same way and look for the file"
            .to_owned();
    }
    let (StepName::Spawn, Some(hub)) = (step, &walk.hub) else {
        return String::new();
    };
    let options = serde_json::Value::Object(walk.probe.options.clone());
    let body = match &walk.version {
        Some(version) => start_body(version, &options),
        None => options,
    };
    // Identify has seen that they are held, or the walk would not be here.
    let scopes = scope::needed(walk.version.as_ref()).join(", ");
    format!(
        "would POST {} with {body}; needs the scopes {scopes} and {} for {}, and holds them",
        walk.server_api(hub, ""),
        scope::ACCESS,
        walk.user()
    )
}

/// The finding for the total deadline, by the step that it came in.
pub fn out_of_time(walk: &Walk, total: Duration) -> Finding {
    let step = walk.step.unwrap_or(StepName::Reach);
    let cause = match step {
        StepName::Persist if walk.server.is_some() => Cause::FilesDenied,
        StepName::Persist if walk.restarting => Cause::StopTimeout,
        StepName::Reach | StepName::Identify => Cause::ReachTimeout,
        StepName::Spawn => Cause::SpawnTooSlow,
        StepName::Open => Cause::ServerNoRoute,
        StepName::Lab => Cause::LabPage,
        StepName::Kernel => Cause::KernelSilent,
        StepName::Execute | StepName::Environment | StepName::OptionsHonoured => Cause::KernelHung,
        StepName::Notebook => Cause::NotebookTimeout,
        StepName::Files => Cause::FilesDenied,
        StepName::Persist => Cause::SpawnTooSlow,
        StepName::Stop | StepName::Gone => Cause::StopTimeout,
    };
    Finding::new(
        cause,
        format!("the visit's total deadline of {total:.0?} came in the step {step}"),
    )
    .advise("If the site takes its time, allow more with --deadline total=TIME; else see what the step waited for.")
}
