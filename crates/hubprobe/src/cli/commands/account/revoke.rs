//! `hubprobe account revoke`.

use anyhow::bail;

use crate::account::{self, Which};
use crate::cli::args::Global;
use crate::cli::args_account::Revoke;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::settings;
use crate::report::plain;
use crate::undo::Ledger;

/// Revokes an account's tokens.
///
/// # Errors
/// Whatever is wrong with what was typed; nothing to revoke.
pub(super) async fn run(global: &Global, args: &Revoke, printer: &Printer) -> anyhow::Result<Exit> {
    let target = super::target(&args.hub, printer)?;
    let (source, which) = match (&args.token_file, &args.token_id) {
        (Some(path), _) => (settings::token_source(Some(path), &[])?, Which::Itself),
        (None, Some(id)) if settings::may_be_a_token(id) => bail!(
            "--token-id wants the hub's id of a token, such as a17, and this ({} characters) looks like a token itself; \
             write it into a file of mode 0600, which revokes itself with --token-file, and see account show for the ids: \
             arguments can be read by every user of this machine",
            id.len()
        ),
        (None, Some(id)) if account::name::asked(id).is_err() => bail!(
            "--token-id {id:?} is no id of a token; account show {} lists them",
            args.name
        ),
        (None, Some(id)) => (super::needed_admin(&args.admin)?, Which::Id(id.clone())),
        (None, None) => (super::needed_admin(&args.admin)?, Which::Ours),
    };
    let state_dir = settings::state_dir(global)?;
    let ledger = Ledger::open(&state_dir)?;
    let revoked =
        match account::revoke(&target, &args.name, &source, &which, &state_dir, &ledger).await {
            Ok(revoked) => revoked,
            Err(problem) => return super::tell(problem, printer),
        };
    if revoked.is_empty() {
        bail!(
            "nothing to revoke: neither the register nor the ledger names a token of {name} on {}. hubprobe account show \
             {name} lists what the hub has; name one with --token-id ID",
            target.url,
            name = args.name
        );
    }
    let mut exit = Exit::Passed;
    for one in revoked {
        match &one.outcome {
            Ok(words) => printer.line(&plain::line(&format!("{}: {words}", one.what))),
            Err(why) => {
                exit = Exit::LeftBehind;
                printer.line(&plain::line(&format!("STILL GOOD? {}: {why}", one.what)));
            }
        }
        for note in &one.notes {
            printer.line(&format!("  {}", plain::line(note)));
        }
    }
    Ok(exit)
}
