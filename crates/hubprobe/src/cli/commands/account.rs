//! `hubprobe account`: service accounts, made, looked at, kept and taken away; and what a hub is told of them.

mod auth_state;
mod create;
mod delete;
mod doctor;
mod hub_config;
mod revoke;
mod rotate;
mod show;

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::account::{self, Problem, Stopped};
use crate::cli::args::{Global, HubArgs};
use crate::cli::args_account::{Account, AdminArgs};
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::settings;
use crate::report::plain;
use crate::report::terminal::{self, Look};
use crate::vocabulary::{Cause, Finding, SecretSource, Target};

/// Does what was asked for.
///
/// # Errors
/// Whatever is wrong with what was typed, before anything is changed.
pub async fn run(global: &Global, account: &Account, printer: &Printer) -> anyhow::Result<Exit> {
    if let Some((name, admin)) = asked(account) {
        if admin.token.is_some() {
            bail!(
                "a token as an argument can be read by every user of this machine (ps), so --token is not taken; put it \
                 into a file of mode 0600, named with --token-file (an administrator's with --admin-token-file), and \
                 revoke this one"
            );
        }
        account::name::asked(name).map_err(anyhow::Error::msg)?;
    }
    match account {
        Account::Create(create) => create::run(global, create, printer).await,
        Account::Show(show) => show::run(global, show, printer).await,
        Account::Rotate(rotate) => rotate::run(global, rotate, printer).await,
        Account::Revoke(revoke) => revoke::run(global, revoke, printer).await,
        Account::HubConfig(config) => hub_config::run(config, printer).await,
        Account::Delete(delete) => delete::run(global, delete, printer).await,
        Account::Doctor(doctor) => doctor::run(global, doctor, printer).await,
        Account::AuthState(state) => auth_state::run(state, printer).await,
    }
}

/// The user that a hub is asked for, and who asks.
fn asked(account: &Account) -> Option<(&str, &AdminArgs)> {
    Some(match account {
        Account::HubConfig(_) => return None,
        Account::Create(create) => (&create.name, &create.admin),
        Account::Show(show) => (&show.name, &show.admin),
        Account::Rotate(rotate) => (&rotate.name, &rotate.admin),
        Account::Revoke(revoke) => (&revoke.name, &revoke.admin),
        Account::Delete(delete) => (&delete.name, &delete.admin),
        Account::Doctor(doctor) => (&doctor.name, &doctor.admin),
        Account::AuthState(state) => (&state.name, &state.admin),
    })
}

/// The hub that was typed, fit to be written down.
fn target(args: &HubArgs, printer: &Printer) -> anyhow::Result<Target> {
    let mut notes = Vec::new();
    let mut target = Target::from(&settings::hub(args, &mut notes)?);
    for note in notes {
        printer.note(&format!("hubprobe: note: {note}"));
    }
    if let Some(path) = &target.ca_file {
        target.ca_file = Some(
            std::path::absolute(path).with_context(|| format!("--ca-file {}", path.display()))?,
        );
    }
    Ok(target)
}

/// A path in a variable.
fn path_in(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// Where an administrator's token is: flag, then environment; none if it was
/// not given.
fn admin(args: &AdminArgs) -> anyhow::Result<Option<SecretSource>> {
    if args.admin_token.is_some() {
        bail!(
            "a token as an argument can be read by every user of this machine (ps), so --admin-token is not taken; \
             use --admin-token-file FILE or HUBPROBE_ADMIN_TOKEN, and revoke this one"
        );
    }
    let file = args
        .admin_token_file
        .clone()
        .or_else(|| path_in("HUBPROBE_ADMIN_TOKEN_FILE"));
    let source = settings::token_source(file.as_ref(), &["HUBPROBE_ADMIN_TOKEN"])?;
    Ok((source != SecretSource::Missing).then_some(source))
}

/// Where an administrator's token is.
fn needed_admin(args: &AdminArgs) -> anyhow::Result<SecretSource> {
    admin(args)?.context(
        "no administrator's token was given. Make one at the hub's token page (URL/hub/token), and name its file with \
         --admin-token-file FILE or HUBPROBE_ADMIN_TOKEN_FILE, or put it into HUBPROBE_ADMIN_TOKEN",
    )
}

/// Tells of a problem; what was typed wrongly comes back as an error.
fn tell(problem: Problem, printer: &Printer) -> anyhow::Result<Exit> {
    match problem {
        Problem::Usage(text) => bail!("{}", plain::line(&text)),
        Problem::Local(text) => {
            printer.note(&format!("hubprobe: error: {}", plain::line(&text)));
            Ok(Exit::Inconclusive)
        }
        Problem::Earlier(_) => {
            printer.note(
                "hubprobe: error: an earlier account command was ended before it could undo what it had made",
            );
            Ok(Exit::LeftBehind)
        }
        Problem::Finding(finding) => Ok(tell_finding(&finding, printer)),
        Problem::Interrupted => Ok(Exit::Interrupted),
    }
}

fn tell_finding(finding: &Finding, printer: &Printer) -> Exit {
    let look = Look {
        width: printer.width(),
        color: printer.colors_notes(),
        unicode: true,
    };
    printer.note(&terminal::finding(finding, &look));
    if finding.cause == Cause::ProberBug {
        Exit::Bug
    } else {
        Exit::of_verdict(finding.verdict())
    }
}

/// Words between commas.
fn words(typed: &[String]) -> Vec<String> {
    let words = typed.iter().map(|word| word.trim().to_owned());
    words.filter(|word| !word.is_empty()).collect()
}

/// Tells of what was stopped, and of what became of what had been made.
fn ended(
    global: &Global,
    stopped: Stopped,
    signalled: Option<Exit>,
    printer: &Printer,
) -> anyhow::Result<Exit> {
    for text in &stopped.undone {
        printer.note(&plain::line(&format!("undone: {text}")));
    }
    for text in &stopped.left {
        printer.note(&plain::line(&format!("LEFT BEHIND: {text}")));
    }
    let interrupted = matches!(stopped.problem, Problem::Interrupted);
    let told = tell(stopped.problem, printer);
    if stopped.left.is_empty() {
        return match signalled {
            Some(exit) if interrupted => Ok(exit),
            _ => told,
        };
    }
    if let Err(error) = told {
        printer.note(&format!("hubprobe: error: {error:#}"));
    }
    printer.note(&format!(
        "hubprobe: something may still be on the hub; to take it away, once the hub is well: {}",
        settings::clean_command(global)
    ));
    Ok(Exit::LeftBehind)
}

fn warn(warnings: &[String], printer: &Printer) {
    for warning in warnings {
        printer.note(&format!("hubprobe: warning: {}", plain::line(warning)));
    }
}
