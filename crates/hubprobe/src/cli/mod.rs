//! The command line: arguments as typed ([`args`]), resolved into what the
//! rooms want ([`settings`]), run ([`commands`]), shown ([`printer`]), ended
//! ([`exit`]).
//!
//! The only room that composes the others, the only one that prints.

pub mod args;
pub mod args_account;
pub mod args_sandbox;
pub mod args_suite;
mod clashes;
pub mod commands;
pub mod exit;
mod formats;
pub mod help;
mod logging;
mod memory;
mod places;
pub mod printer;
pub mod settings;
mod signals;
mod whole;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use clap::FromArgMatches;
use tokio::signal::unix::{SignalKind, signal};

use crate::means::{self, Short, Want};
use crate::report::nagios;
use crate::suite::masked_words;
use args::{Args, ColorWhen, Command};
use exit::Exit;
use printer::Printer;

/// The one thread for what may block is kept: another one may not be had.
const KEPT: Duration = Duration::from_secs(365 * 86_400);

/// Runs the command line; never panics for what was typed.
pub fn main() -> ExitCode {
    let read = help::command().try_get_matches();
    let read = read.and_then(|read| Args::from_arg_matches(&read));
    let args = match read {
        Ok(args) => args,
        Err(error) => {
            // What was typed is said back, and may be a token in the wrong place.
            let said = error.to_string();
            let masked = masked_words(&said);
            if error.use_stderr() && masked != said {
                Printer::new(ColorWhen::Never).note(masked.trim_end());
                return Exit::Usage.into();
            }
            // Help and version come this way too, with exit code 0.
            let printed = error.print();
            return match (error.use_stderr(), printed) {
                (true, _) => Exit::Usage.into(),
                (false, Ok(())) => Exit::Passed.into(),
                (false, Err(_)) => Exit::Inconclusive.into(),
            };
        }
    };
    let printer = Printer::new(args.global.color);
    logging::start(&args.global);
    // A bug inside a visit is caught there, and undone; this is for the rest.
    let ended = catch_unwind(AssertUnwindSafe(|| begin(&args, &printer)));
    let exit = ended.unwrap_or_else(|_| {
        printer.note(&format!(
            "hubprobe: error: hubprobe itself has a bug (prober.bug); report it with the words above. What may be \
             left on a hub is taken away by: {}",
            settings::clean_command(&args.global)
        ));
        Exit::Bug
    });
    match exit {
        // What nobody got is not a success.
        Exit::Passed if !printer.all_written() => Exit::Inconclusive,
        exit => exit,
    }
    .into()
}

/// Makes the event loop and runs the command in it.
fn begin(args: &Args, printer: &Printer) -> Exit {
    means::raise();
    if let Err(short) = means::look(wanted(&args.command)) {
        tell_nagios(
            &args.command,
            nagios::State::Unknown,
            &short.to_string(),
            printer,
        );
        return refuse(&short, printer);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(KEPT)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let short = Short {
                what: format!("no event loop: {error}"),
                remedy: "Raise the limits of this process, such as open files.".to_owned(),
            };
            let why = short.to_string();
            tell_nagios(&args.command, nagios::State::Unknown, &why, printer);
            return refuse(&short, printer);
        }
    };
    let ended = runtime.block_on(async {
        prepare().await;
        run(args, printer).await
    });
    let exit = match ended {
        Ok(exit) => exit,
        Err(error) => {
            let why = format!("{error:#}");
            printer.note(&format!("hubprobe: error: {why}"));
            tell_nagios(&args.command, nagios::State::Critical, &why, printer);
            Exit::Usage
        }
    };
    // What is still under way has been undone; nothing is waited for.
    runtime.shutdown_background();
    exit
}

/// Where its line is wanted on standard output, it is there also when nothing was run.
fn tell_nagios(command: &Command, state: nagios::State, why: &str, printer: &Printer) {
    let formats = match command {
        Command::Check(check) => &check.reports.formats,
        Command::Report(report) => &report.reports.formats,
        _ => return,
    };
    if formats.iter().any(|format| format == "nagios") {
        printer.text(&nagios::refused(state, why));
    }
}

/// What a command wants of the system before it begins.
fn wanted(command: &Command) -> Want {
    match command {
        Command::Demo(_)
        | Command::Selftest(_)
        | Command::Sandbox(args_sandbox::Sandbox::Up(_)) => means::FOR_A_SANDBOX,
        Command::Account(_) => means::FOR_AN_ACCOUNT,
        _ => means::TO_BEGIN,
    }
}

/// Nothing was done yet, and nothing will be.
fn refuse(short: &Short, printer: &Printer) -> Exit {
    printer.note(&format!(
        "hubprobe: error: the limits of this process are too low (prober.limits): {short}. {} Nothing was asked of a hub.",
        short.remedy
    ));
    Exit::Inconclusive
}

/// What is to be had early or not at all.
async fn prepare() {
    // A thread for what may block, such as name look-ups: with one, work only
    // waits where the system gives us no more of them.
    drop(tokio::task::spawn_blocking(|| ()).await);
    // A file that grows over the limit (ulimit -f) is an error that is said,
    // not our end in mid-visit. The handler stays when the stream is dropped.
    drop(signal(SignalKind::from_raw(
        rustix::process::Signal::XFSZ.as_raw(),
    )));
}

async fn run(args: &Args, printer: &Printer) -> anyhow::Result<Exit> {
    // Those that are given somebody's token. (A sandbox must be found by its environment.)
    if matches!(
        args.command,
        Command::Check(_) | Command::Account(_) | Command::Clean(_)
    ) {
        memory::keep_private();
    }
    match &args.command {
        Command::Check(check) => commands::check::run(&args.global, check, printer).await,
        Command::Account(account) => commands::account::run(&args.global, account, printer).await,
        Command::Clean(clean) => commands::clean::run(&args.global, clean, printer).await,
        Command::Demo(demo) => commands::demo::run(&args.global, demo, printer).await,
        Command::Sandbox(sandbox) => commands::sandbox::run(&args.global, sandbox, printer).await,
        Command::Selftest(selftest) => {
            commands::selftest::run(&args.global, selftest, printer).await
        }
        Command::Suite(suite) => commands::suite::run(suite, printer),
        Command::Report(report) => commands::report::run(report, printer),
        Command::Completions(wanted) => commands::shell::completions(wanted, printer),
        Command::Man(wanted) => commands::shell::man(wanted, printer),
        Command::Schema(schema) => Ok(commands::schema::run(schema, printer)),
    }
}
