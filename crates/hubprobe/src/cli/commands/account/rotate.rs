//! `hubprobe account rotate`.

use anyhow::bail;
use jiff::Timestamp;
use uuid::Uuid;

use super::create::until;
use crate::account::show::As;
use crate::account::{self, Expiry, Rotated, Rotating, scopes};
use crate::cli::args::Global;
use crate::cli::args_account::Rotate;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::{settings, signals};
use crate::report::plain;
use crate::undo::Ledger;
use crate::vocabulary::SecretSource;

/// Rotates, and says what became of both tokens.
///
/// # Errors
/// Whatever is wrong with what was typed, before anything is changed.
pub(super) async fn run(global: &Global, args: &Rotate, printer: &Printer) -> anyhow::Result<Exit> {
    let wanted = wanted(args, printer)?;
    let state_dir = settings::state_dir(global)?;
    let ledger = Ledger::open(&state_dir)?;
    let (end, signalled) = signals::end_at_first(
        *printer,
        settings::clean_command(global),
        "coming to a safe end",
    )?;
    match account::rotate(&wanted, &state_dir, &ledger, Uuid::now_v7(), &end).await {
        Ok(rotated) => {
            super::warn(&rotated.warnings, printer);
            for line in told(&wanted, &rotated, Timestamp::now()) {
                printer.line(&line);
            }
            if rotated.old.is_ok() {
                return Ok(Exit::Passed);
            }
            printer.note(&format!(
                "hubprobe: the new token is in its place; the old one may still be good. To take it away, once the hub is well: {}",
                settings::clean_command(global)
            ));
            Ok(Exit::LeftBehind)
        }
        Err(stopped) => super::ended(global, stopped, signalled.exit(), printer),
    }
}

fn wanted(args: &Rotate, printer: &Printer) -> anyhow::Result<Rotating> {
    let expiry: Expiry = args
        .expires
        .parse()
        .map_err(|reason| anyhow::anyhow!("--expires: {reason}"))?;
    let scopes = args.scopes.as_deref().map(super::words);
    if scopes.as_ref().is_some_and(Vec::is_empty) {
        bail!("--scopes names no scope; leave it out for those of the old token");
    }
    if args
        .note
        .as_ref()
        .is_some_and(|note| note.trim().is_empty())
    {
        bail!(
            "--note is empty; leave it out for \"hubprobe {}\"",
            args.name
        );
    }
    if args.out.as_ref().is_some_and(|out| out.as_os_str() == "-") {
        bail!(
            "--out -: a token on standard output has no file in which it could be replaced; name the account's file"
        );
    }
    let (source, who, file) = asker(args)?;
    Ok(Rotating {
        target: super::target(&args.hub, printer)?,
        name: args.name.clone(),
        source,
        who,
        file,
        expiry,
        note: args.note.clone(),
        scopes,
        foreign: args.revoke_foreign,
        keep_old: args.keep_old,
    })
}

/// Who asks, and which file is meant: flags first, then the environment, an
/// administrator before the account itself, whose token seldom may.
fn asker(args: &Rotate) -> anyhow::Result<(SecretSource, As, Option<std::path::PathBuf>)> {
    let of_variable = || super::path_in("HUBPROBE_TOKEN_FILE");
    if args.token_file.is_none()
        && let Some(source) = super::admin(&args.admin)?
    {
        return Ok((source, As::Admin, args.out.clone().or_else(of_variable)));
    }
    let Some(file) = args.token_file.clone().or_else(of_variable) else {
        bail!(
            "who asks? Name an administrator's token with --admin-token-file FILE or HUBPROBE_ADMIN_TOKEN_FILE, or the \
             account's own, if it holds tokens!user={}, with --token-file FILE",
            args.name
        );
    };
    if args.out.is_some() {
        bail!(
            "--out: an account's own token is replaced in its own file; leave it out, or ask as an administrator"
        );
    }
    match settings::token_source(Some(&file), &[])? {
        SecretSource::File(path) => Ok((SecretSource::File(path), As::Account, Some(file))),
        _ => bail!(
            "--token-file: a token from standard input has no file that a new one could be put into"
        ),
    }
}

fn told(wanted: &Rotating, rotated: &Rotated, now: Timestamp) -> Vec<String> {
    let mut lines = vec![plain::line(&format!(
        "token:   {}, \"{}\", of {} on {} (JupyterHub {})",
        rotated.token_id, rotated.note, wanted.name, wanted.target.url, rotated.version
    ))];
    let may = match &rotated.scopes {
        Some(held) => scopes::in_words(held),
        None => vec![format!("do all that {} may", wanted.name)],
    };
    for (index, line) in may.iter().enumerate() {
        let title = if index == 0 { "it may:" } else { "" };
        lines.push(format!("{title:<8} {}", plain::line(line)));
    }
    lines.push(match rotated.expires {
        Some(end) => format!("until:   {}", until(end, now)),
        None => "until:   it never expires".to_owned(),
    });
    lines.push(plain::line(&format!(
        "in:      {} (mode 0600)",
        rotated.file.display()
    )));
    lines.push(match &rotated.old {
        Ok(words) => plain::line(&format!("old:     {words}")),
        Err(why) => plain::line(&format!("old:     STILL GOOD? {why}")),
    });
    lines
}
