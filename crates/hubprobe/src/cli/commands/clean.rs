//! `hubprobe clean`: takes away what earlier runs left on hubs.

use anyhow::Context;
use uuid::Uuid;

use crate::cli::args::{Clean, Global};
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::settings;
use crate::connect;
use crate::report::plain;
use crate::suite;
use crate::undo::clean::{self, Choice};
use crate::undo::{Ledger, Outcome};
use crate::vocabulary::SecretSource;

/// Takes away what is left, or only says what it is.
///
/// # Errors
/// A state directory that does not work, a token that cannot be read.
pub async fn run(global: &Global, args: &Clean, printer: &Printer) -> anyhow::Result<Exit> {
    let (_, budget) =
        suite::parse_deadline(&format!("stop={}", args.deadline)).context("--deadline")?;
    let ledger = Ledger::existing(&settings::state_dir(global)?);
    if args.dry_run {
        return list(&ledger, printer);
    }
    if let Some(url) = &args.forget {
        return forget(&ledger, url, printer);
    }
    let waiting = ledger.read()?.entries.len();
    if waiting > 0 {
        printer.note(&format!(
            "hubprobe: asking the hubs about what the ledger holds: {waiting} (up to {} each)",
            args.deadline
        ));
    }
    let token = match &args.token_file {
        Some(path) => Some(
            connect::read_token(&SecretSource::File(path.clone()))
                .await?
                .token,
        ),
        None => None,
    };
    let choice = Choice {
        kept: args.kept,
        other_hosts: args.other_hosts,
        token,
        ..Choice::default()
    };
    let cleaned = clean::clean(&ledger, &choice, Uuid::now_v7(), budget).await?;
    let mut exit = Exit::Passed;
    for one in &cleaned {
        let (word, text) = match &one.outcome {
            Outcome::Gone(text) => ("gone", text),
            Outcome::NotOurs(text) => ("not ours", text),
            Outcome::Left(text) => ("left", text),
            Outcome::Failed(text) => {
                exit = Exit::LeftBehind;
                ("STILL THERE?", text)
            }
        };
        printer.line(&plain::line(&format!("{word}: {}: {text}", one.what)));
    }
    if cleaned.is_empty() {
        printer.line("nothing is left: the ledger is empty");
    }
    if exit == Exit::LeftBehind {
        printer.note(
            "hubprobe: something may still be on a hub; the ledger keeps it for the next hubprobe clean \
             (of a hub that is gone for good: hubprobe clean --forget URL)",
        );
    }
    Ok(exit)
}

/// Strikes what stands there for a hub that nobody can ask any more.
fn forget(ledger: &Ledger, typed: &str, printer: &Printer) -> anyhow::Result<Exit> {
    let (url, _) = suite::hub_url(typed)?;
    let mut forgotten = 0;
    for entry in ledger.read()?.entries {
        if entry.target.url == url {
            ledger.strike(entry.id)?;
            forgotten += 1;
            printer.line(&plain::line(&format!("forgotten: {}", entry.describe())));
        }
    }
    if forgotten == 0 {
        printer.line(&format!("the ledger holds nothing of {url}"));
    }
    Ok(Exit::Passed)
}

fn list(ledger: &Ledger, printer: &Printer) -> anyhow::Result<Exit> {
    let content = ledger.read()?;
    for entry in &content.entries {
        let kept = if entry.kept { ", kept on purpose" } else { "" };
        printer.line(&plain::line(&format!(
            "{} (since {}, by process {} on {}{kept})",
            entry.describe(),
            entry.written.strftime("%Y-%m-%d %H:%M:%S"),
            entry.owner.pid,
            entry.owner.host
        )));
    }
    for (path, reason) in &content.unreadable {
        printer.line(&plain::line(&format!(
            "{}: cannot be read: {reason}",
            path.display()
        )));
    }
    if content.entries.is_empty() && content.unreadable.is_empty() {
        printer.line("nothing is left: the ledger is empty");
    }
    Ok(Exit::Passed)
}
