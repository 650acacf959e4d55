//! `hubprobe check`: one walk over a hub, or over a suite's probes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{anyhow, bail};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::account::Register;
use crate::artifacts::{self, Keeper, Kept, Report};
use crate::cli::args::{Check, Global};
use crate::cli::clashes::{self, Named};
use crate::cli::exit::Exit;
use crate::cli::formats::Formats;
use crate::cli::places;
use crate::cli::printer::Printer;
use crate::cli::settings::{self, Plan};
use crate::cli::signals;
use crate::dispatch::{Listener, dispatch};
use crate::engine::{Clock, Engine, Events, Meter};
use crate::journal::Journal;
use crate::listen::{Bars, Lines};
use crate::means::{self, Want};
use crate::report;
use crate::suite::{NotebookStep, Seat};
use crate::undo::Ledger;
use crate::vocabulary::{Run, SecretSource, What, shell};

/// Checks, shows, and ends with the code that the run makes.
///
/// # Errors
/// Whatever is wrong with what was typed, before anything is sent.
pub async fn run(global: &Global, check: &Check, printer: &Printer) -> anyhow::Result<Exit> {
    let formats = Formats::parse(&check.reports.formats)?;
    let mut plan = settings::plan(check)?;
    for note in &plan.notes {
        printer.note(&format!("hubprobe: note: {note}"));
    }
    refuse_clashes(check, &formats, &plan)?;
    let state_dir = settings::state_dir(global)?;
    let ledger = Ledger::open(&state_dir)?;
    note_expiries(&mut plan, &Register::of(&state_dir));
    has_room_for(usize::from(check.jobs).min(plan.probes.len()))?;
    let (keeper, kept) = match &check.artifacts {
        Some(directory) => {
            keeps_notebooks(directory, &plan)?;
            let opened = artifacts::open(directory, reports());
            let (keeper, kept) = opened.map_err(|error| unwritable(directory, &error))?;
            (Some(keeper), Some(kept))
        }
        None => (None, None),
    };
    // Last, since it empties what was there.
    let lost = Arc::new(AtomicBool::new(false));
    let journal = match &check.journal {
        Some(path) => Some(journal(path, *printer, Arc::clone(&lost))?),
        None => None,
    };
    let run = walk(plan, ledger, journal, keeper, global, check, printer).await?;
    let complaints = kept.map(Kept::end).unwrap_or_default();
    for complaint in &complaints {
        printer.note(&format!("hubprobe: error: {complaint}"));
    }
    let exit = formats.exit(&run);
    let hush = check.quiet && exit == Exit::Passed;
    // The line of Nagios has them.
    if hush && !formats.tells_nagios() {
        for warning in report::quiet::warnings(&run) {
            printer.note(&format!("hubprobe: {warning}"));
        }
    }
    let all_kept = complaints.is_empty() && !lost.load(Ordering::Relaxed);
    let written = formats.write(&run, printer, hush) && all_kept;
    Ok(if !written && exit == Exit::Passed {
        Exit::Inconclusive
    } else {
        exit
    })
}

/// What is made of each visit that did not pass.
fn reports() -> Vec<Report> {
    vec![
        Report {
            name: "report.html",
            make: |run| report::html::report(run).map_err(|error| error.to_string()),
        },
        Report {
            name: "report.json",
            make: |run| report::json::report(run).map_err(|error| error.to_string()),
        },
    ]
}

fn unwritable(directory: &Path, error: &std::io::Error) -> anyhow::Error {
    anyhow!(
        "artifacts cannot be written to {}; nothing was sent to a hub: {error}; {}",
        directory.display(),
        places::to_write(error)
    )
}

/// Refuses files for the journal and the reports that are one, or that the suite is read from, or that an artifact may replace.
fn refuse_clashes(check: &Check, formats: &Formats, plan: &Plan) -> anyhow::Result<()> {
    let journal = check.journal.iter();
    let journal = journal.map(|path| Named::new(format!("--journal {}", path.display()), path));
    let written: Vec<Named> = journal.chain(formats.files()).collect();
    let suite = check.suite.iter();
    let suite = suite.map(|path| Named::new(format!("the suite {}", path.display()), path));
    let mut read: Vec<Named> = suite.collect();
    for probe in &plan.probes {
        let ca_file = probe.hub.ca_file.iter();
        read.extend(
            ca_file.map(|path| Named::new(format!("the certificates {}", path.display()), path)),
        );
        for (name, source) in &probe.hub.headers {
            if let SecretSource::File(path) = source {
                let how = format!("the file of the header {name}, {}", path.display());
                read.push(Named::new(how, path));
            }
        }
        for Seat { account, .. } in probe.seats() {
            if let SecretSource::File(path) = &account.token {
                let how = format!("the token's file {}", path.display());
                read.push(Named::new(how, path));
            }
        }
        for NotebookStep { path, .. } in &probe.notebooks {
            let how = format!("the notebook {}", path.display());
            read.push(Named::new(how, path));
        }
    }
    clashes::refuse(&written, &read)?;
    let Some(directory) = &check.artifacts else {
        return Ok(());
    };
    let probes: Vec<&str> = plan
        .probes
        .iter()
        .map(|probe| probe.name.as_str())
        .collect();
    for Named { how, path } in written {
        if artifacts::is_for_a_visit(directory, &probes, &path) {
            bail!(
                "{how} lies in the folder of a probe's artifacts, one of which may take its place; name another file. Nothing \
                 was sent to a hub"
            );
        }
    }
    Ok(())
}

/// Refuses a directory where an artifact would take the place of a notebook that is compared with.
fn keeps_notebooks(directory: &Path, plan: &Plan) -> anyhow::Result<()> {
    let visits: Vec<(&str, Vec<&Path>)> = plan
        .probes
        .iter()
        .map(|probe| {
            let paths = probe.notebooks.iter().map(|step| step.path.as_path());
            (probe.name.as_str(), paths.collect())
        })
        .collect();
    let taken = artifacts::would_replace(directory, &visits)
        .map_err(|error| unwritable(directory, &error))?;
    taken.map_or(Ok(()), |path| {
        Err(anyhow!(
            "--artifacts {}: a notebook as it ran would take the place of {}, which is in the suite; name another directory. Nothing was sent to a hub",
            directory.display(),
            path.display()
        ))
    })
}

/// Whether this process may have so many visits side by side: none of them may find in its midst that it can open no more.
/// One alone is looked at when it asks for its server.
fn has_room_for(visits: usize) -> anyhow::Result<()> {
    if visits < 2 {
        return Ok(());
    }
    let each = means::FOR_A_VISIT;
    let all = Want {
        files: visits.saturating_mul(each.files),
        memory: visits.saturating_mul(each.memory),
        ..each
    };
    means::look(all).map_err(|short| {
        anyhow!(
            "--jobs: {}. {} Or give fewer --jobs.",
            short.what,
            short.remedy
        )
    })
}

/// When each token ends, as far as the register of accounts knows: a hub says
/// the same of an expired token as of one that it never knew.
fn note_expiries(plan: &mut Plan, register: &Register) {
    for probe in &mut plan.probes {
        let hub = probe.hub.url.clone();
        for account in probe.accounts_mut() {
            if let SecretSource::File(path) = &account.token {
                account.expires = register.expiry(&hub, &account.name, path);
            }
        }
    }
}

/// A journal in a new file, or in one that is emptied; whether anything of it is lost is known at its end.
fn journal(path: &Path, printer: Printer, lost: Arc<AtomicBool>) -> anyhow::Result<Journal> {
    let failed = |error: std::io::Error| {
        anyhow!(
            "the journal {} cannot be written; nothing was sent to a hub: {error}; {}",
            path.display(),
            places::to_write(&error)
        )
    };
    let name = path.display().to_string();
    let complain = move |why: String| {
        lost.store(true, Ordering::Relaxed);
        printer.note(&format!("hubprobe: error: {name}: {why}"));
    };
    let file = std::fs::File::create(path).map_err(failed)?;
    Journal::new(file, Box::new(complain)).map_err(failed)
}

/// Walks a plan with the listeners of a screen; gives back the run.
///
/// # Errors
/// Where the system lets us listen to no signal.
pub async fn walk(
    plan: Plan,
    ledger: Ledger,
    journal: Option<Journal>,
    keeper: Option<Keeper>,
    global: &Global,
    check: &Check,
    printer: &Printer,
) -> anyhow::Result<Run> {
    let (to, events) = mpsc::unbounded_channel();
    let clock = Clock::start();
    let end = CancellationToken::new();
    let engine = Engine {
        run: Uuid::now_v7(),
        events: Events::new(to, clock),
        ledger,
        clock,
        end: end.clone(),
        dry_run: check.dry_run,
        wait: settings::wait(check)?,
        jobs: usize::from(check.jobs),
        node_time: plan.node_time.map(Meter::new),
        artifacts: keeper.is_some(),
        state_dir: settings::named_state_dir(global),
    };
    let events_of_signals = engine.events.clone();
    let clean = settings::clean_command(global);
    let told = match &check.journal {
        Some(path) => format!(
            "hubprobe report {}",
            shell::quote(&path.display().to_string())
        ),
        None => "nothing: no report is written (--journal FILE keeps what happens as it happens)"
            .to_owned(),
    };
    let clean = format!("{clean}; what was seen is told by: {told}");
    signals::listen(*printer, clean, end, move |signal| {
        events_of_signals.say(What::Interrupted {
            signal: signal.to_owned(),
        });
    })?;
    let side_by_side = engine.jobs > 1 && plan.probes.len() > 1;
    let mut listeners: Vec<Box<dyn Listener>> = if check.quiet {
        Vec::new()
    } else if printer.watched() {
        vec![Box::new(Bars::new(printer.colors_notes(), printer.width()))]
    } else {
        vec![Box::new(Lines::new(
            Box::new(std::io::stderr()),
            side_by_side,
        ))]
    };
    listeners.extend(journal.map(|journal| Box::new(journal) as Box<dyn Listener>));
    if let Some(keeper) = keeper {
        listeners.push(Box::new(keeper));
    }
    let (run, ()) = tokio::join!(dispatch(events, listeners), engine.run(plan.probes));
    Ok(run)
}
