//! `hubprobe suite`: what is in suite files, and what is wrong with them. No hub
//! is asked anything.

use anyhow::Context;

use crate::cli::args_suite::{Lint, List, ListFormat, Suite};
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::suite;

/// Runs one of them.
///
/// # Errors
/// No suite to list, one that cannot be used, or a tag that it does not have.
pub fn run(suite: &Suite, printer: &Printer) -> anyhow::Result<Exit> {
    match suite {
        Suite::Lint(lint) => Ok(examine(lint, printer)),
        Suite::List(list) => show(list, printer),
    }
}

/// Says what is wrong in each file; exit code 2 where anything is.
fn examine(lint: &Lint, printer: &Printer) -> Exit {
    let mut exit = Exit::Passed;
    for file in &lint.files {
        match suite::lint(file) {
            Ok((suite, notes)) => {
                for note in notes {
                    printer.note(&format!("hubprobe: note: {note}"));
                }
                let probes = match suite.names().len() {
                    1 => "1 probe".to_owned(),
                    count => format!("{count} probes"),
                };
                printer.line(&format!(
                    "{}: {probes}, no mistake",
                    suite.source().display()
                ));
            }
            Err(errors) => {
                exit = Exit::Usage;
                for error in &errors {
                    printer.line(&error.to_string());
                }
                if errors.len() >= suite::MOST_TOLD {
                    printer.line("There may be more: no more than these are told at once.");
                }
            }
        }
    }
    exit
}

fn show(list: &List, printer: &Printer) -> anyhow::Result<Exit> {
    let path = list
        .suite
        .as_ref()
        .context("which suite? Give it with --suite FILE or HUBPROBE_SUITE")?;
    let (suite, notes) = match suite::lint(path) {
        Ok(read) => read,
        Err(errors) => {
            let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
            anyhow::bail!(said.join("\n"));
        }
    };
    for note in notes {
        printer.note(&format!("hubprobe: note: {note}"));
    }
    let probes = suite.tagged(suite.probes(&[])?, &list.tags)?;
    match list.format {
        ListFormat::Text => printer.text(&suite::as_text(&probes)),
        ListFormat::Json => printer.line(&format!("{:#}", suite::as_json(&suite, &probes))),
    }
    Ok(Exit::Passed)
}
