//! The one place that writes to the screen.
//!
//! Standard output carries the result, standard error everything else. A pipe
//! whose reader has gone is no error: the run goes on and what it made is
//! undone. Text from a hub is made harmless before it comes here, by who shows
//! it.

use std::io::{IsTerminal, Write};

use anstream::AutoStream;

use super::args::ColorWhen;

/// The screen.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    color: ColorWhen,
}

impl Printer {
    /// The screen, with colour as asked for.
    pub fn new(color: ColorWhen) -> Self {
        Self { color }
    }

    /// Writes a result, as it is, to standard output.
    ///
    /// # Errors
    /// Where it cannot be written (a full disk); a reader that has gone is no
    /// error.
    pub fn result(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes a line to standard output.
    pub fn line(&self, text: &str) {
        if let Err(error) = self.result(format!("{text}\n").as_bytes()) {
            self.note(&format!(
                "hubprobe: error: standard output cannot be written: {error}"
            ));
        }
    }

    /// Writes a line to standard error.
    pub fn note(&self, text: &str) {
        let mut err = std::io::stderr().lock();
        drop(err.write_all(format!("{text}\n").as_bytes()));
    }

    /// Whether standard output takes colour.
    pub fn colors_result(&self) -> bool {
        self.colors(&std::io::stdout())
    }

    /// Whether standard error takes colour.
    pub fn colors_notes(&self) -> bool {
        self.colors(&std::io::stderr())
    }

    /// Whether somebody watches standard error.
    pub fn watched(&self) -> bool {
        std::io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// How many columns there are; 80 where nobody knows.
    pub fn width(&self) -> usize {
        terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0))
    }

    fn colors(&self, stream: &impl anstream::stream::RawStream) -> bool {
        match self.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            // Knows NO_COLOR, CLICOLOR, TERM=dumb and pipes.
            ColorWhen::Auto => AutoStream::choice(stream) != anstream::ColorChoice::Never,
        }
    }
}
