//! The one place that writes to the screen.
//!
//! Standard output carries the result, standard error everything else. What
//! cannot be written stops nothing: the run goes on and what it made is undone.
//! But a result that nobody got is not a success, so it is remembered, and a
//! command that would end well does not ([`Printer::all_written`]). Text from a
//! hub is made harmless before it comes here, by who shows it.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::AutoStream;

use super::args::ColorWhen;

/// Standard output did not take all: the process has only one.
static UNWRITTEN: AtomicBool = AtomicBool::new(false);

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
    /// Where it cannot be written: a full disk, a reader that has gone.
    pub fn result(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        let written = out.write_all(bytes).and_then(|()| out.flush());
        if written.is_err() {
            UNWRITTEN.store(true, Ordering::Relaxed);
        }
        written
    }

    /// Writes a text to standard output. An error is said, unless the reader
    /// has gone: whoever runs `| head` has seen enough.
    pub fn text(&self, text: &str) {
        match self.result(text.as_bytes()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => self.unwritten(&error),
            _ => {}
        }
    }

    /// Writes a line to standard output, as [`Printer::text`] does.
    pub fn line(&self, text: &str) {
        self.text(&format!("{text}\n"));
    }

    /// Says that standard output cannot be written.
    pub fn unwritten(&self, error: &std::io::Error) {
        let why = match error.kind() {
            ErrorKind::BrokenPipe => "its reader has gone".to_owned(),
            _ => error.to_string(),
        };
        self.note(&format!(
            "hubprobe: error: standard output cannot be written: {why}"
        ));
    }

    /// Whether all that went to standard output was taken.
    pub fn all_written(&self) -> bool {
        !UNWRITTEN.load(Ordering::Relaxed)
    }

    /// Whether standard output was closed by who started us: then the standard
    /// library has put /dev/null in its place, open for reading too, which a
    /// shell's `>/dev/null` is not. (Some parents open it so as well, such as
    /// Python's DEVNULL; they throw the result away all the same.)
    pub fn closed(&self) -> bool {
        let out = std::io::stdout();
        let is_null = rustix::fs::fstat(&out).is_ok_and(|stat| {
            rustix::fs::FileType::from_raw_mode(stat.st_mode).is_char_device()
                && stat.st_rdev == rustix::fs::makedev(1, 3)
        });
        is_null
            && rustix::fs::fcntl_getfl(&out)
                .is_ok_and(|flags| flags.contains(rustix::fs::OFlags::RDWR))
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
        std::io::stderr().is_terminal() && !is_dumb()
    }

    /// How many columns there are; 80 where nobody knows.
    pub fn width(&self) -> usize {
        terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0))
    }

    fn colors(&self, stream: &impl anstream::stream::RawStream) -> bool {
        match self.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            // Knows NO_COLOR, CLICOLOR, CLICOLOR_FORCE and pipes; in CI it takes a terminal that knows no sequences for one that
            // does.
            ColorWhen::Auto => {
                AutoStream::choice(stream) != anstream::ColorChoice::Never
                    && (!is_dumb() || is_forced())
            }
        }
    }
}

/// Whether the terminal knows no escape sequences.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Whether colour is wanted whatever the terminal (<https://bixense.com/clicolors/>).
fn is_forced() -> bool {
    std::env::var_os("CLICOLOR_FORCE").is_some_and(|force| !force.is_empty() && force != "0")
}
