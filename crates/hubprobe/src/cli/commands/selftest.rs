//! `hubprobe selftest`: hubprobe against hubs that are broken on purpose.

use std::path::Path;

use anyhow::{Context, bail};
use jupyterhub_sandbox::{NEWEST_KNOWN_GOOD, known_versions, sweep};

use super::sandbox;
use crate::cli::args::Global;
use crate::cli::args_sandbox::{Selftest, SelftestFormat};
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::{settings, signals};
use crate::selftest::{Plan, Results, Told, UnknownCase, choose, page, plan, table};
use crate::suite;
use crate::vocabulary::shell;

/// Runs the cases, tells of them on standard error, and shows the table.
///
/// # Errors
/// Whatever is wrong with what was typed, before anything is started; a directory that cannot be made.
pub async fn run(global: &Global, args: &Selftest, printer: &Printer) -> anyhow::Result<Exit> {
    let version = args.hub_version.as_deref().unwrap_or(NEWEST_KNOWN_GOOD);
    if !known_versions().contains(&version) {
        bail!(
            "there is no sandbox of JupyterHub {version}; there are: {}",
            known_versions().join(", ")
        );
    }
    let cases = match choose(&args.cases, args.fast, version) {
        Ok(cases) => cases,
        Err(unknown) => bail!("{}", words(&unknown)),
    };
    if args.list {
        printer.text(&table::list(&cases));
        return Ok(Exit::Passed);
    }
    if cases.is_empty() {
        bail!("no case is left: --fast, or JupyterHub {version}, leaves out what was named");
    }
    let directory = directory(global)?;
    let plan = Plan {
        cases,
        version: version.to_owned(),
        jobs: usize::from(args.jobs),
        program: plan::program(None)?,
        cache: sandbox::places(global)?.cache,
        directory: directory.path().to_owned(),
    };
    sweep(&sandbox::places(global)?).await?;
    let (results, signalled) = walk(&plan, printer).await?;
    // What did not pass stays, to be looked at.
    if results
        .outcomes
        .iter()
        .any(|outcome| outcome.kept.is_some())
    {
        drop(directory.keep());
    }
    let text = match args.format {
        SelftestFormat::Terminal => table::terminal(&results),
        SelftestFormat::Json => page::json(&results)?,
        SelftestFormat::Markdown => page::markdown(&results),
    };
    printer.text(&text);
    Ok(match signalled {
        Some(exit) => exit,
        None if results.failed() == 0 => Exit::Passed,
        None => Exit::Failed,
    })
}

/// Runs it while it listens to signals.
async fn walk(plan: &Plan, printer: &Printer) -> anyhow::Result<(Results, Option<Exit>)> {
    let (end, signalled) =
        signals::end_at_first(*printer, shell::clean(None), "taking all hubs down")?;
    printer.note(&format!(
        "hubprobe: {} cases on JupyterHub {}, {} at once",
        plan.cases.len(),
        plan.version,
        plan.jobs
    ));
    let tell = |told: &Told<'_>| match told {
        Told::HubStarts(kind) => printer.note(&format!("          a hub starts: {kind}")),
        Told::Ended { outcome, count, of } => printer.note(&table::told(outcome, *count, *of)),
    };
    let results = plan.run(&end, &tell).await;
    Ok((results, signalled.exit()))
}

/// A directory of this run's own below the state directory.
fn directory(global: &Global) -> anyhow::Result<tempfile::TempDir> {
    let state = std::path::absolute(settings::state_dir(global)?)?.join("selftest");
    let said = |path: &Path| format!("no directory can be made in {}", path.display());
    std::fs::create_dir_all(&state).with_context(|| said(&state))?;
    tempfile::Builder::new()
        .prefix("run-")
        .tempdir_in(&state)
        .with_context(|| said(&state))
}

fn words(unknown: &UnknownCase) -> String {
    let near = suite::nearest(&unknown.word, &unknown.known)
        .map_or_else(String::new, |near| format!("; did you mean {near}?"));
    format!(
        "there is no case {}{near} (hubprobe selftest --list shows all)",
        unknown.word
    )
}
