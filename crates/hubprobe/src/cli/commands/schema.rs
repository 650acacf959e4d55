//! `hubprobe schema`: for editors, and for programs that read reports.

use crate::cli::args::{Schema, SchemaOf};
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::{report, suite};

/// Prints a JSON schema.
pub fn run(schema: &Schema, printer: &Printer) -> Exit {
    let schema = match schema.what {
        SchemaOf::Report => report::json::schema(),
        SchemaOf::Suite => suite::schema(),
    };
    printer.line(&format!("{schema:#}"));
    Exit::Passed
}
