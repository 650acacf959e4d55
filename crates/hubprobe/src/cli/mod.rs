//! The command line: arguments as typed ([`args`]), resolved into what the
//! rooms want ([`settings`]), run ([`commands`]), shown ([`printer`]), ended
//! ([`exit`]).
//!
//! The only room that composes the others, the only one that prints.

pub mod args;
pub mod args_account;
pub mod args_sandbox;
pub mod commands;
pub mod exit;
mod formats;
mod logging;
pub mod printer;
pub mod settings;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use exit::Exit;
use printer::Printer;

/// Runs the command line; never panics for what was typed.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version come this way too, with exit code 0.
            drop(error.print());
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Passed.into()
            };
        }
    };
    let printer = Printer::new(args.global.color);
    logging::start(&args.global);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.note(&format!("hubprobe: error: no event loop: {error}"));
            return Exit::Inconclusive.into();
        }
    };
    let exit = match runtime.block_on(run(&args, &printer)) {
        Ok(exit) => exit,
        Err(error) => {
            printer.note(&format!("hubprobe: error: {error:#}"));
            Exit::Usage
        }
    };
    // What is still under way has been undone; nothing is waited for.
    runtime.shutdown_background();
    exit.into()
}

async fn run(args: &Args, printer: &Printer) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Check(check) => commands::check::run(&args.global, check, printer).await,
        Command::Account(account) => commands::account::run(&args.global, account, printer).await,
        Command::Clean(clean) => commands::clean::run(&args.global, clean, printer).await,
        Command::Demo(demo) => commands::demo::run(&args.global, demo, printer).await,
        Command::Sandbox(sandbox) => commands::sandbox::run(&args.global, sandbox, printer).await,
        Command::Schema(schema) => Ok(commands::schema::run(schema, printer)),
    }
}
