//! `hubprobe completions` and `hubprobe man`: what a shell and its user need beside the binary. Made from the arguments, so
//! that they are never older than these.

use anyhow::anyhow;

use crate::cli::args::{Completions, Man};
use crate::cli::exit::Exit;
use crate::cli::help::command;
use crate::cli::printer::Printer;

/// Prints what completes hubprobe's words.
///
/// # Errors
/// None; the commands have one shape.
pub fn completions(wanted: &Completions, printer: &Printer) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(wanted.shell, &mut command(), "hubprobe", &mut script);
    printer.text(&String::from_utf8_lossy(&script));
    Ok(Exit::Passed)
}

/// Prints the page of `hubprobe`, or writes those of all commands.
///
/// # Errors
/// A directory that cannot be written.
pub fn man(wanted: &Man, printer: &Printer) -> anyhow::Result<Exit> {
    let Some(directory) = &wanted.directory else {
        printer.text(&page(told(command()))?);
        return Ok(Exit::Passed);
    };
    let written = std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(told(command()), directory));
    written.map_err(|error| {
        anyhow!(
            "the pages cannot be written into {}: {error}; name a directory that you may write to",
            directory.display()
        )
    })?;
    printer.note(&format!("the pages are in {}", directory.display()));
    Ok(Exit::Passed)
}

/// The commands with all their words: a page leaves out those of what `-h` does not show.
fn told(command: clap::Command) -> clap::Command {
    command
        .mut_args(|argument| argument.hide_short_help(false))
        .mut_subcommands(told)
}

fn page(command: clap::Command) -> anyhow::Result<String> {
    let mut roff = Vec::new();
    clap_mangen::Man::new(command).render(&mut roff)?;
    Ok(String::from_utf8_lossy(&roff).into_owned())
}
