//! `hubprobe check`: one walk over a hub, or over a suite's probes.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::account::Register;
use crate::cli::args::{Check, Global};
use crate::cli::exit::Exit;
use crate::cli::formats::Formats;
use crate::cli::printer::Printer;
use crate::cli::settings::{self, Plan};
use crate::cli::signals;
use crate::dispatch::{Listener, dispatch};
use crate::engine::{Clock, Engine, Events};
use crate::listen::{Bars, Lines};
use crate::undo::Ledger;
use crate::vocabulary::{Run, SecretSource, What};

/// Checks, shows, and ends with the code that the run makes.
///
/// # Errors
/// Whatever is wrong with what was typed, before anything is sent.
pub async fn run(global: &Global, check: &Check, printer: &Printer) -> anyhow::Result<Exit> {
    let formats = Formats::parse(&check.formats)?;
    let mut plan = settings::plan(check)?;
    for note in &plan.notes {
        printer.note(&format!("hubprobe: note: {note}"));
    }
    let state_dir = settings::state_dir(global)?;
    let ledger = Ledger::open(&state_dir)?;
    note_expiries(&mut plan, &Register::of(&state_dir));
    let run = walk(plan, ledger, check, printer).await?;
    let exit = Exit::of(&run);
    let hush = check.quiet && exit == Exit::Passed;
    let written = formats.write(&run, printer, hush);
    Ok(if !written && exit == Exit::Passed {
        Exit::Inconclusive
    } else {
        exit
    })
}

/// When each token ends, as far as the register of accounts knows: a hub says
/// the same of an expired token as of one that it never knew.
fn note_expiries(plan: &mut Plan, register: &Register) {
    for probe in &mut plan.probes {
        if let SecretSource::File(path) = &probe.account.token {
            probe.account.expires = register.expiry(&probe.hub.url, &probe.account.name, path);
        }
    }
}

/// Walks a plan with the listeners of a screen; gives back the run.
///
/// # Errors
/// Where the system lets us listen to no signal.
pub async fn walk(
    plan: Plan,
    ledger: Ledger,
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
    };
    let events_of_signals = engine.events.clone();
    signals::listen(*printer, end, move |signal| {
        events_of_signals.say(What::Interrupted {
            signal: signal.to_owned(),
        });
    })?;
    let listeners: Vec<Box<dyn Listener>> = if check.quiet {
        Vec::new()
    } else if printer.watched() {
        vec![Box::new(Bars::new(printer.colors_notes()))]
    } else {
        vec![Box::new(Lines::new(Box::new(std::io::stderr())))]
    };
    let (run, ()) = tokio::join!(dispatch(events, listeners), engine.run(plan.probes));
    Ok(run)
}
