//! `hubprobe account create`.

use jiff::Timestamp;
use uuid::Uuid;

use crate::account::demote::{Demote, Demoted};
use crate::account::{self, Created, Expiry, Out, Wanted, scopes};
use crate::cli::args::Global;
use crate::cli::args_account::Create;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::{settings, signals};
use crate::report::plain;
use crate::undo::Ledger;
use crate::vocabulary::SecretSource;
use crate::vocabulary::shell::quote;

/// Makes an account, and says what it may do.
///
/// # Errors
/// Whatever is wrong with what was typed, before anything is changed.
pub(super) async fn run(global: &Global, args: &Create, printer: &Printer) -> anyhow::Result<Exit> {
    let wanted = wanted(args, printer)?;
    let state_dir = settings::state_dir(global)?;
    let ledger = Ledger::open(&state_dir)?;
    let (end, signalled) = signals::end_at_first(
        *printer,
        settings::clean_command(global),
        "undoing what was made",
    )?;
    match account::create(&wanted, &state_dir, &ledger, Uuid::now_v7(), &end).await {
        Ok(created) => {
            super::warn(&created.warnings, printer);
            let mut text = told(&wanted, &created, Timestamp::now());
            text.push(next(&wanted, &created));
            match &created.token {
                Some(token) => {
                    text.iter().for_each(|line| printer.note(line));
                    printer.line(token.expose());
                }
                None => text.iter().for_each(|line| printer.line(line)),
            }
            Ok(created.demoted.as_ref().map_or(Exit::Passed, |demoted| {
                told_demoted(demoted, created.token.is_some(), printer)
            }))
        }
        Err(stopped) => super::ended(global, stopped, signalled.exit(), printer),
    }
}

fn wanted(args: &Create, printer: &Printer) -> anyhow::Result<Wanted> {
    let expiry: Expiry = args
        .expires
        .parse()
        .map_err(|reason| anyhow::anyhow!("--expires: {reason}"))?;
    let scopes = args.scopes.as_deref().map(super::words);
    let out = if args.out.as_os_str() == "-" {
        Out::Caller
    } else {
        Out::File {
            path: args.out.clone(),
            force: args.force,
        }
    };
    Ok(Wanted {
        admin: super::needed_admin(&args.admin)?,
        target: super::target(&args.hub, printer)?,
        name: args.name.clone(),
        expiry,
        note: args.note.clone(),
        scopes,
        out,
        demote: args.demote_admin.clone().map(|name| Demote {
            name,
            revoke_token: args.revoke_admin_token,
        }),
    })
}

/// What became of the administrator; the account is there whatever it is.
fn told_demoted(demoted: &Demoted, aside: bool, printer: &Printer) -> Exit {
    let say = |line: &str| {
        let line = plain::line(line);
        if aside {
            printer.note(&line);
        } else {
            printer.line(&line);
        }
    };
    super::warn(&demoted.warnings, printer);
    let name = &demoted.name;
    let mut exit = match &demoted.bit {
        Ok(words) => {
            say(&format!("admin:   {words}"));
            say(&format!(
                "         it would be one again, when the hub starts or {name} logs in, by c.Authenticator.admin_users"
            ));
            say(
                "         (z2jh: hub.config.Authenticator.admin_users; f7t4jhub: adminUsers), admin_groups, or a role admin",
            );
            say(
                "         in c.JupyterHub.load_roles (z2jh: hub.loadRoles): take the name out there",
            );
            Exit::Passed
        }
        Err(finding) => {
            printer.note(&plain::line(&format!(
                "hubprobe: the account is made and stays; but {name} may still be an administrator:"
            )));
            super::tell_finding(finding, printer)
        }
    };
    match &demoted.token {
        None => {}
        Some(Ok(words)) => say(&format!("         {words}")),
        Some(Err(why)) => {
            printer.note(&plain::line(&format!(
                "hubprobe: error: the administrator's token is still good: {why}"
            )));
            if matches!(exit, Exit::Passed) {
                exit = Exit::Failed;
            }
        }
    }
    exit
}

/// What was done, line by line.
fn told(wanted: &Wanted, created: &Created, now: Timestamp) -> Vec<String> {
    let name = &wanted.name;
    let hub = format!("{} (JupyterHub {})", wanted.target.url, created.version);
    let mut lines = vec![plain::line(&if created.made_user {
        format!("user:    {name}, made on {hub}")
    } else {
        format!("user:    {name}, was there already on {hub}")
    })];
    lines.push(plain::line(&format!(
        "token:   {}, \"{}\"",
        created.token_id, created.note
    )));
    let may = match &created.scopes {
        Some(held) => scopes::in_words(held),
        None => vec![format!("do all that {name} may")],
    };
    for (index, line) in may.iter().enumerate() {
        let title = if index == 0 { "it may:" } else { "" };
        lines.push(format!("{title:<8} {}", plain::line(line)));
    }
    if created.unlimited {
        lines.push(format!(
            "         (JupyterHub {} cannot limit tokens: this one holds all that {name} may)",
            plain::line(&created.version)
        ));
    }
    lines.push(match created.expires {
        Some(end) => format!("until:   {}", until(end, now)),
        None => "until:   it never expires".to_owned(),
    });
    lines.push(match &created.file {
        Some(path) => format!(
            "in:      {} (mode 0600)",
            plain::line(&path.display().to_string())
        ),
        None => "in:      standard output, and nowhere else".to_owned(),
    });
    lines
}

/// `2027-02-19 23:21 UTC, in 90 days`
pub(super) fn until(end: Timestamp, now: Timestamp) -> String {
    // Half a minute for the way to the hub and back: 90 days stay 90.
    let seconds = end.duration_since(now).as_secs() + 30;
    let (count, unit) = match seconds {
        ..0 => return format!("{}, which is over", end.strftime("%Y-%m-%d %H:%M UTC")),
        0..7_200 => (seconds / 60, "minutes"),
        7_200..172_800 => (seconds / 3_600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{}, in {count} {unit}", end.strftime("%Y-%m-%d %H:%M UTC"))
}

/// The command that uses the account.
fn next(wanted: &Wanted, created: &Created) -> String {
    let word = |text: &str| quote(&plain::line(text));
    let mut command = format!(
        "next:    hubprobe check --url {} --user {}",
        word(wanted.target.url.as_str()),
        word(&wanted.name)
    );
    match &created.file {
        Some(path) => command.push_str(&format!(
            " --token-file {}",
            word(&path.display().to_string())
        )),
        None => command.push_str(" --token-file FILE"),
    }
    if let Some(path) = &wanted.target.ca_file {
        command.push_str(&format!(" --ca-file {}", word(&path.display().to_string())));
    }
    for (name, source) in &wanted.target.headers {
        if let SecretSource::Env(variable) = source {
            command.push_str(&format!(
                " --header {}",
                word(&format!("{name}={variable}"))
            ));
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_said_with_its_distance() {
        let now: Timestamp = "2026-11-21T12:00:01Z".parse().unwrap();
        for (end, said) in [
            ("2027-02-19T12:00:00Z", "2027-02-19 12:00 UTC, in 90 days"),
            ("2026-11-22T12:00:00Z", "2026-11-22 12:00 UTC, in 24 hours"),
            (
                "2026-11-21T13:00:00Z",
                "2026-11-21 13:00 UTC, in 60 minutes",
            ),
            (
                "2026-11-21T11:00:00Z",
                "2026-11-21 11:00 UTC, which is over",
            ),
        ] {
            assert_eq!(until(end.parse().unwrap(), now), said);
        }
    }
}
