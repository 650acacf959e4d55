//! Which reports go where: `--format FORMAT[=PATH]`, several at once.
//!
//! On GitHub the file of `GITHUB_STEP_SUMMARY` is written to by all that a step runs, so a report is added to it.
//!
//! A path is tried before anything is sent to a hub, so that a run is not lost
//! for a directory that is missing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};

use super::clashes::Named;
use super::exit::Exit;
use super::places;
use super::printer::Printer;
use super::whole;
use crate::report::nagios::{self, State};
use crate::report::{self, terminal::Look};
use crate::vocabulary::Run;

/// A report's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Terminal,
    Json,
    Junit,
    Html,
    Markdown,
    Tap,
    Nagios,
    Prometheus,
}

const KNOWN: &[(&str, Format)] = &[
    ("terminal", Format::Terminal),
    ("json", Format::Json),
    ("junit", Format::Junit),
    ("html", Format::Html),
    ("markdown", Format::Markdown),
    ("tap", Format::Tap),
    ("nagios", Format::Nagios),
    ("prometheus", Format::Prometheus),
];

/// Where the reports of a run go.
#[derive(Debug)]
pub(super) struct Formats {
    to_screen: Option<Format>,
    to_files: Vec<(Format, PathBuf)>,
}

impl Formats {
    /// Reads what was typed and tries the paths.
    ///
    /// # Errors
    /// A format that is not known, two on standard output, a path that cannot
    /// be written.
    pub(super) fn parse(typed: &[String]) -> anyhow::Result<Self> {
        let mut formats = Self {
            to_screen: None,
            to_files: Vec::new(),
        };
        for text in typed {
            let (name, path) = match text.split_once('=') {
                Some((name, path)) => (name, Some(path)),
                None => (text.as_str(), None),
            };
            let Some((_, format)) = KNOWN.iter().find(|(known, _)| *known == name) else {
                let known: Vec<&str> = KNOWN.iter().map(|(known, _)| *known).collect();
                bail!(
                    "--format {text}: there is no format {name}; there are {}",
                    known.join(", ")
                );
            };
            match path {
                Some("") => bail!("--format {text}: no path after the ="),
                Some(path) => {
                    try_to_write(Path::new(path))?;
                    formats.to_files.push((*format, PathBuf::from(path)));
                }
                None if formats.to_screen.is_some() => bail!(
                    "--format {text}: two reports on standard output; give all but one a file, as in {name}=PATH"
                ),
                None => formats.to_screen = Some(*format),
            }
        }
        Ok(formats)
    }

    /// The files that are written.
    pub(super) fn files(&self) -> impl Iterator<Item = Named> {
        let files = self.to_files.iter();
        files.map(|(format, path)| {
            let known = KNOWN.iter().find(|(_, known)| known == format);
            let name = known.map_or("", |(name, _)| name);
            Named::new(format!("--format {name}={}", path.display()), path)
        })
    }

    /// Whether the line of Nagios stands on standard output.
    pub(super) fn tells_nagios(&self) -> bool {
        self.to_screen == Some(Format::Nagios)
    }

    /// The exit code of a run: that of Nagios where its report is what stands on standard output.
    pub(super) fn exit(&self, run: &Run) -> Exit {
        match (self.to_screen, nagios::state(run)) {
            (Some(Format::Nagios), State::Ok) => Exit::Passed,
            (Some(Format::Nagios), State::Critical) => Exit::Usage,
            (Some(Format::Nagios), State::Unknown) => Exit::Inconclusive,
            _ => Exit::of(run),
        }
    }

    /// Writes all reports. A file that cannot be written any more is said, and
    /// the others are still written.
    ///
    /// With `hush`, nothing for people is put on the screen.
    pub(super) fn write(&self, run: &Run, printer: &Printer, hush: bool) -> bool {
        let mut all_written = true;
        for (format, path) in &self.to_files {
            let written = render(*format, run, &TO_A_FILE).and_then(|bytes| {
                let put = if is_step_summary(path) {
                    whole::add
                } else {
                    whole::write
                };
                Ok(put(path, &bytes)?)
            });
            if let Err(error) = written {
                printer.note(&format!(
                    "hubprobe: error: the report {} cannot be written: {error}",
                    path.display()
                ));
                all_written = false;
            }
        }
        let on_github = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        if on_github {
            let said = report::annotations::report(run);
            if !said.is_empty() {
                printer.note(said.trim_end());
            }
        }
        let format = self.to_screen.unwrap_or(Format::Terminal);
        if hush && format == Format::Terminal {
            return all_written;
        }
        let look = Look {
            width: printer.width(),
            color: printer.colors_result(),
            unicode: is_utf8(),
        };
        let rendered = render(format, run, &look).map(|bytes| {
            if on_github {
                guarded(format, &bytes)
            } else {
                bytes
            }
        });
        match rendered {
            Ok(bytes) => {
                if let Err(error) = printer.result(&bytes) {
                    printer.unwritten(&error);
                    all_written = false;
                }
                // What was asked for by name, for a program, and is nowhere.
                if printer.closed() {
                    let lost = self.to_screen.is_some_and(|it| it != Format::Terminal);
                    let word = if lost { "error" } else { "note" };
                    printer.note(&format!(
                        "hubprobe: {word}: standard output is closed, so the report is nowhere; --format \
                         FORMAT=PATH writes it to a file"
                    ));
                    all_written &= !lost;
                }
            }
            Err(error) => {
                printer.note(&format!("hubprobe: error: {error:#}"));
                all_written = false;
            }
        }
        all_written
    }
}

/// How the terminal's report looks in a file.
const TO_A_FILE: Look = Look {
    width: 100,
    color: false,
    unicode: true,
};

fn render(format: Format, run: &Run, look: &Look) -> anyhow::Result<Vec<u8>> {
    let text = match format {
        Format::Terminal => report::terminal::report(run, look),
        Format::Json => report::json::report(run)?,
        Format::Junit => report::junit::report(run)?,
        Format::Html => report::html::report(run)?,
        Format::Markdown => report::markdown::report(run),
        Format::Tap => report::tap::report(run),
        Format::Nagios => report::nagios::report(run),
        Format::Prometheus => report::prometheus::report(run)?,
    };
    Ok(text.into_bytes())
}

/// A report on standard output, which GitHub's runner reads for commands.
fn guarded(format: Format, bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let text = match format {
        Format::Json => report::annotations::guarded_json(&text),
        _ => report::annotations::guarded(&text),
    };
    text.into_bytes()
}

/// Takes what is typed as it is, and offers shells the names of the formats; what is wrong with it is said when it is read.
#[derive(Debug, Clone)]
pub(super) struct Offered;

impl TypedValueParser for Offered {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let names = KNOWN.iter().map(|(name, _)| PossibleValue::new(*name));
        Some(Box::new(names))
    }
}

/// Whether it is the file whose text GitHub shows as the summary of a step.
fn is_step_summary(path: &Path) -> bool {
    std::env::var_os("GITHUB_STEP_SUMMARY").is_some_and(|summary| {
        let summary = Path::new(&summary);
        let real = |path: &Path| path.canonicalize().ok();
        path == summary || real(path).is_some_and(|path| Some(path) == real(summary))
    })
}

/// Opens the file for writing, without changing what stands in it.
fn try_to_write(path: &Path) -> anyhow::Result<()> {
    // A link that leads nowhere yet is there, too.
    let existed = std::fs::symlink_metadata(path).is_ok();
    let leads_somewhere = path.exists();
    let opened = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path);
    if let Err(error) = opened {
        bail!(
            "the report {} cannot be written; nothing was sent to a hub: {error}; {}",
            path.display(),
            places::to_write(&error)
        );
    }
    if !existed {
        std::fs::remove_file(path).ok();
    } else if !leads_somewhere && let Ok(made) = path.canonicalize() {
        std::fs::remove_file(made).ok();
    }
    Ok(())
}

/// Whether the locale is UTF-8 (POSIX: the first that is set of these).
pub(super) fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_some_and(|value| {
        let value = value.to_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}
