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
use crate::undo::clean::{self, Choice, Cleaned};
use crate::undo::{Entry, Ledger, Outcome};
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
    if let Some(typed) = &args.forget {
        return forget(&ledger, typed, printer);
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
    for one in &cleaned {
        let (word, text) = told(&one.outcome);
        printer.line(&plain::line(&format!("{word}: {}: {text}", one.what)));
    }
    if cleaned.is_empty() {
        printer.line(&nothing(&ledger));
    }
    Ok(conclude(global, &cleaned, printer))
}

/// What became of an entry, in a word and in what was seen.
fn told(outcome: &Outcome) -> (&'static str, &str) {
    match outcome {
        Outcome::Gone(text) => ("gone", text),
        Outcome::NotOurs(text) => ("not ours", text),
        Outcome::Left(text) => ("left", text),
        Outcome::Failed(text) => ("STILL THERE?", text),
        Outcome::LivesOn(text) => ("LIVES ON", text),
        Outcome::Unseen(text) => ("LIVES ON?", text),
    }
}

/// What is to be done about what is still there, and the code for that.
fn conclude(global: &Global, cleaned: &[Cleaned], printer: &Printer) -> Exit {
    let command = settings::clean_command(global);
    let mut exit = Exit::Passed;
    let failed = |one: &Cleaned| matches!(one.outcome, Outcome::Failed(_));
    if cleaned.iter().any(failed) {
        exit = Exit::LeftBehind;
        printer.note(&plain::line(&format!(
            "hubprobe: something may still be on a hub; the ledger keeps it for the next {command} (of a hub that is gone \
             for good: {command} --forget URL)"
        )));
    }
    for one in cleaned {
        if let (Outcome::LivesOn(_) | Outcome::Unseen(_), Some(id)) = (&one.outcome, one.id) {
            exit = Exit::LeftBehind;
            let then = match one.outcome {
                Outcome::LivesOn(_) => {
                    format!("then {command} sees that it is gone, or, where that cannot be seen,")
                }
                _ => "then".to_owned(),
            };
            printer.note(&plain::line(&format!(
                "hubprobe: {} has outlived its stop, and its hub has forgotten it, so hubprobe cannot end it: end its process, pod or \
                 job by hand; {then} strike it from the ledger with: {command} --forget {id}",
                one.what
            )));
        }
    }
    exit
}

/// That there is nothing, and where that was looked for.
fn nothing(ledger: &Ledger) -> String {
    let dir = ledger.state_dir();
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
    let dir = dir.display().to_string();
    plain::line(&format!("nothing is left: the ledger in {dir} is empty"))
}

/// Strikes one entry, or what stands there for a hub that nobody can ask any more.
fn forget(ledger: &Ledger, typed: &str, printer: &Printer) -> anyhow::Result<Exit> {
    let id = Uuid::try_parse(typed).ok();
    let url = match id {
        Some(_) => None,
        None => Some(suite::hub_url(typed)?.0),
    };
    let is_meant = |entry: &Entry| Some(entry.id) == id || Some(&entry.target.url) == url.as_ref();
    let mut forgotten = 0;
    for entry in ledger
        .read()?
        .entries
        .iter()
        .filter(|entry| is_meant(entry))
    {
        ledger.strike(entry.id)?;
        forgotten += 1;
        printer.line(&plain::line(&format!("forgotten: {}", entry.describe())));
    }
    if forgotten == 0 {
        let what = url.map_or_else(|| typed.to_owned(), |url| url.to_string());
        printer.line(&plain::line(&format!("the ledger holds nothing of {what}")));
    }
    Ok(Exit::Passed)
}

fn list(ledger: &Ledger, printer: &Printer) -> anyhow::Result<Exit> {
    let content = ledger.read()?;
    for entry in &content.entries {
        let kept = match &entry.survived {
            Some(survivor) => format!("; {}; {}", survivor.seen, survivor.place()),
            None if entry.kept => ", kept on purpose".to_owned(),
            None => String::new(),
        };
        let kept = kept.trim_end_matches("; ");
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
        printer.line(&nothing(ledger));
    }
    Ok(Exit::Passed)
}
