//! `hubprobe account delete`.

use crate::account;
use crate::cli::args::Global;
use crate::cli::args_account::Delete;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::settings;
use crate::report::plain;
use crate::undo::Ledger;

/// Deletes an account.
///
/// # Errors
/// Whatever is wrong with what was typed, and why it is refused.
pub(super) async fn run(global: &Global, args: &Delete, printer: &Printer) -> anyhow::Result<Exit> {
    let target = super::target(&args.hub, printer)?;
    let source = super::needed_admin(&args.admin)?;
    let state_dir = settings::state_dir(global)?;
    let ledger = Ledger::open(&state_dir)?;
    let name = &args.name;
    let deleted = account::delete(
        &target,
        name,
        &source,
        args.even_if_not_ours,
        &state_dir,
        &ledger,
    );
    let deleted = match deleted.await {
        Ok(deleted) => deleted,
        Err(problem) => return super::tell(problem, printer),
    };
    let exit = match &deleted.outcome {
        Ok(words) => {
            printer.line(&plain::line(&format!(
                "the user {name} on {}: {words}",
                target.url
            )));
            Exit::Passed
        }
        Err(why) => {
            printer.line(&plain::line(&format!(
                "STILL THERE? the user {name} on {}: {why}",
                target.url
            )));
            Exit::LeftBehind
        }
    };
    for note in &deleted.notes {
        printer.line(&format!("  {}", plain::line(note)));
    }
    Ok(exit)
}
