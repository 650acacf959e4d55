//! `hubprobe report`: a run that is over, told again, in any format; several as one.

use std::io::Read;
use std::path::Path;

use anyhow::{anyhow, bail};

use crate::cli::args::Report;
use crate::cli::clashes::{self, Named};
use crate::cli::exit::Exit;
use crate::cli::formats::Formats;
use crate::cli::places;
use crate::cli::printer::Printer;
use crate::journal;
use crate::vocabulary::Run;

/// More than this is no journal of ours.
const LARGEST: u64 = 1 << 30;

/// Reads journals and JSON reports, writes reports, and ends with the code that the run makes. A file that cannot be read, or
/// is neither, makes it inconclusive at best, and the others are told.
///
/// # Errors
/// None of the files can be read.
pub fn run(report: &Report, printer: &Printer) -> anyhow::Result<Exit> {
    let formats = Formats::parse(&report.reports.formats)?;
    let read_from = report.files.iter();
    let read_from = read_from.map(|path| Named::new(path.display().to_string(), path));
    clashes::refuse(
        &formats.files().collect::<Vec<_>>(),
        &read_from.collect::<Vec<_>>(),
    )?;
    let (mut runs, mut unread) = (Vec::new(), Vec::new());
    for path in &report.files {
        match read(path) {
            Ok(run) => runs.push(run),
            Err(error) => unread.push(error.to_string()),
        }
    }
    // The others are told nevertheless.
    if !runs.is_empty() {
        for what in &unread {
            printer.note(&format!("hubprobe: error: {what}"));
        }
    }
    let Some(run) = journal::merged(runs, unread.clone()) else {
        bail!("{}", unread.join("\n"));
    };
    let exit = formats.exit(&run);
    let written = formats.write(&run, printer, false);
    Ok(if !written && exit == Exit::Passed {
        Exit::Inconclusive
    } else {
        exit
    })
}

fn read(path: &Path) -> anyhow::Result<Run> {
    let name = path.display();
    let bytes = if path.as_os_str() == "-" {
        all_of(std::io::stdin().lock())
    } else {
        std::fs::File::open(path).and_then(all_of)
    };
    let bytes = bytes.map_err(|error| {
        anyhow!(
            "{name} cannot be read: {error}; {}, and name what --journal FILE or --format json=FILE of hubprobe check wrote",
            places::to_read(&error)
        )
    })?;
    if bytes.len() as u64 > LARGEST {
        bail!("{name} is larger than 1 GiB, which no journal of hubprobe is");
    }
    // What a killed writer left may end within a letter.
    let text = String::from_utf8_lossy(&bytes);
    journal::read(&text).map_err(|error| {
        anyhow!("{name}: {error}; name what --journal FILE or --format json=FILE of hubprobe check wrote")
    })
}

fn all_of(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
