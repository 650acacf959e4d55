//! `hubprobe account show`.

use anyhow::bail;
use jiff::Timestamp;
use jupyterhub_client::TokenModel;

use super::create::until;
use crate::account::show::As;
use crate::account::{self, Registered, Shown, scopes};
use crate::cli::args::Global;
use crate::cli::args_account::Show;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::settings;
use crate::report::plain;
use crate::vocabulary::SecretSource;

/// Shows an account.
///
/// # Errors
/// Whatever is wrong with what was typed.
pub(super) async fn run(global: &Global, args: &Show, printer: &Printer) -> anyhow::Result<Exit> {
    let target = super::target(&args.hub, printer)?;
    let (source, who) = asker(args)?;
    let state_dir = settings::state_dir(global)?;
    let now = Timestamp::now();
    match account::show(&target, &args.name, &source, who, &state_dir, now).await {
        Ok(shown) => {
            super::warn(&shown.warnings, printer);
            for line in told(&shown, now) {
                printer.line(&plain::block(&line).replace('\n', " "));
            }
            Ok(Exit::Passed)
        }
        Err(problem) => super::tell(problem, printer),
    }
}

/// Who asks: flags first, then the environment, the account itself before an
/// administrator.
fn asker(args: &Show) -> anyhow::Result<(SecretSource, As)> {
    let admin = super::admin(&args.admin)?;
    if args.admin.admin_token_file.is_some()
        && let Some(source) = admin
    {
        return Ok((source, As::Admin));
    }
    let file = args
        .token_file
        .clone()
        .or_else(|| super::path_in("HUBPROBE_TOKEN_FILE"));
    let own = settings::token_source(file.as_ref(), &["HUBPROBE_TOKEN"])?;
    if own != SecretSource::Missing {
        return Ok((own, As::Account));
    }
    if let Some(source) = admin {
        return Ok((source, As::Admin));
    }
    match settings::token_source(None, settings::TOKEN_VARIABLES)? {
        SecretSource::Missing => bail!(
            "no token was given. Name the account's with --token-file FILE or HUBPROBE_TOKEN_FILE, or an \
             administrator's with --admin-token-file FILE or HUBPROBE_ADMIN_TOKEN_FILE"
        ),
        source => Ok((source, As::Account)),
    }
}

fn told(shown: &Shown, now: Timestamp) -> Vec<String> {
    let user = &shown.user;
    let mut lines = vec![format!(
        "{}: a {} of JupyterHub {}{}",
        user.name,
        user.kind.as_deref().unwrap_or("user"),
        shown.version,
        if user.admin == Some(true) {
            ", an ADMINISTRATOR"
        } else {
            ""
        }
    )];
    let listed = |list: &Option<Vec<String>>| match list {
        None => "not shown to this token".to_owned(),
        Some(list) if list.is_empty() => "none".to_owned(),
        Some(list) => list.join(", "),
    };
    lines.push(format!("  roles:   {}", listed(&user.roles)));
    lines.push(format!("  groups:  {}", listed(&user.groups)));
    if let Some(created) = user.created {
        lines.push(format!(
            "  made:    {}",
            created.strftime("%Y-%m-%d %H:%M UTC")
        ));
    }
    if let Some(servers) = &user.servers {
        let names: Vec<&str> = servers
            .keys()
            .map(|name| {
                if name.is_empty() {
                    "the default server"
                } else {
                    name
                }
            })
            .collect();
        let running = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        lines.push(format!("  servers: {running}"));
    }
    if shown.own {
        lines.push("this token may:".to_owned());
        let held = shown.asker.scopes.clone().unwrap_or_default();
        lines.extend(
            scopes::in_words(&held)
                .iter()
                .map(|line| format!("  {line}")),
        );
    } else {
        lines.push(format!(
            "seen by: {} {}",
            shown.asker.kind, shown.asker.name
        ));
    }
    match &shown.tokens {
        Err(why) => lines.push(format!("tokens: {why}")),
        Ok(tokens) if tokens.is_empty() => lines.push("tokens: none".to_owned()),
        Ok(tokens) => {
            lines.push("tokens:".to_owned());
            let own = shown.asker.token_id.as_deref().filter(|_| shown.own);
            for token in tokens {
                lines.extend(token_told(token, own, now));
            }
        }
    }
    if shown.registered.is_empty() {
        lines.push("hubprobe's register names no token of this account here".to_owned());
    } else {
        lines.push("hubprobe's register:".to_owned());
        lines.extend(shown.registered.iter().map(registered_told));
    }
    lines
}

fn token_told(token: &TokenModel, own: Option<&str>, now: Timestamp) -> Vec<String> {
    let time = |at: Option<Timestamp>, none: &str| {
        at.map_or_else(
            || none.to_owned(),
            |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        )
    };
    let this = if own == Some(token.id.as_str()) {
        " (this one)"
    } else {
        ""
    };
    let expires = token
        .expires_at
        .map_or_else(|| "never".to_owned(), |end| until(end, now));
    let mut lines = vec![
        format!("  {}{this}: \"{}\"", token.id, token.note),
        format!(
            "      made {}, expires {expires}, last used {}",
            time(token.created, "?"),
            time(token.last_activity, "never")
        ),
    ];
    if let Some(held) = &token.scopes {
        lines.push(format!("      may {}", scopes::in_words(held).join("; ")));
    }
    lines
}

fn registered_told(entry: &Registered) -> String {
    let place = match &entry.file {
        Some(path) if entry.replaced => format!(
            "until another took its place in {}; left good, and the next rotation takes it away",
            path.display()
        ),
        Some(path) if path.exists() => format!("in {}", path.display()),
        Some(path) => format!("in {}, which is gone", path.display()),
        None => "given to standard output".to_owned(),
    };
    let user = if entry.made_user {
        "with the user"
    } else {
        "for a user that was there"
    };
    format!(
        "  {}: made {} {user}, {place}",
        entry.token_id,
        entry.created.strftime("%Y-%m-%d %H:%M UTC")
    )
}
