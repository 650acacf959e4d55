//! What can be wrong with what the operator wrote: where, why, and what to do.
//! Each displays as text for a terminal, ready to print, and holds no secret: a
//! token that was written where it does not belong is not repeated.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::masked::masked_words;

/// A line and a column of a suite file, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

/// Why a suite cannot be used. Displays as
///
/// ```text
/// suite.yaml:4:11: unknown key `urll` in a hub
///     4 |     urll: https://jupyter.example.org
///       |     ^
///   did you mean `url`? …
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteError {
    /// The file.
    pub file: PathBuf,
    /// Where in the file; none where it is about the file as a whole.
    pub place: Option<Place>,
    /// What is wrong.
    pub reason: String,
    /// What to do; may be empty.
    pub remedy: String,
    pub(super) line_text: Option<String>,
}

impl std::error::Error for SuiteError {}

impl SuiteError {
    pub(super) fn whole(file: &Path, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            place: None,
            reason: note(&reason.into()),
            remedy: note(&remedy.into()),
            line_text: None,
        }
    }
}

impl fmt::Display for SuiteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(place) = self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        write!(f, ": {}", self.reason)?;
        if let (Some(place), Some(text)) = (self.place, &self.line_text) {
            let number = place.line.to_string();
            let before = usize::try_from(place.column.saturating_sub(1)).unwrap_or(0);
            write!(f, "\n    {number} | {text}")?;
            write!(
                f,
                "\n    {} | {}^",
                " ".repeat(number.len()),
                " ".repeat(before)
            )?;
        }
        if !self.remedy.is_empty() {
            write!(f, "\n  {}", self.remedy)?;
        }
        Ok(())
    }
}

/// Why the text of a flag cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}{remedy}", if remedy.is_empty() { "" } else { "\n  " })]
pub struct OptionError {
    /// What is wrong; names the flag.
    pub reason: String,
    /// What to do; may be empty where the reason says it.
    pub remedy: String,
}

impl OptionError {
    pub(super) fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            reason: note(&reason.into()),
            remedy: note(&remedy.into()),
        }
    }
}

/// Why a text is not the URL of a hub.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; {remedy}")]
pub struct UrlError {
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl UrlError {
    pub(super) fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            reason: note(&reason.into()),
            remedy: note(&remedy.into()),
        }
    }
}

/// The most characters of what is said of one thing: names may be as long as the file.
const LONGEST: usize = 1_000;

/// So many mistakes are told at once. Each shows its line, and a file of a megabyte may be all mistakes.
pub const MOST_TOLD: usize = 100;

/// What each part makes; else all that is wrong with them, in their order.
pub(super) fn whole_or_faults<T>(
    parts: impl Iterator<Item = Result<T, SuiteError>>,
) -> Result<Vec<T>, Vec<SuiteError>> {
    let (mut whole, mut faults) = (Vec::new(), Vec::new());
    let mut said = HashSet::new();
    for part in parts {
        match part {
            Ok(part) => whole.push(part),
            // What several probes extend is wrong once.
            Err(fault) if said.contains(&(fault.place, fault.reason.clone())) => {}
            Err(fault) => {
                said.insert((fault.place, fault.reason.clone()));
                faults.push(fault);
                if faults.len() == MOST_TOLD {
                    break;
                }
            }
        }
    }
    if faults.is_empty() {
        Ok(whole)
    } else {
        Err(faults)
    }
}

/// What is said about a suite or about what was typed, as it may be shown: a token may stand where it does not belong.
pub(super) fn note(text: &str) -> String {
    visible(&masked_words(text))
}

/// A text with the characters that a terminal would obey, or that turn the
/// direction of text, written as escapes: `\t`, `\u{1b}`; cut where it is long.
fn visible(text: &str) -> String {
    let obeyed = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len().min(4 * LONGEST));
    for (place, c) in text.chars().enumerate() {
        if place == LONGEST {
            shown.push('…');
            break;
        }
        if obeyed(c) {
            shown.extend(
                c.escape_unicode()
                    .filter(|_| !matches!(c, '\t' | '\n' | '\r')),
            );
            shown.extend(c.escape_debug().filter(|_| matches!(c, '\t' | '\n' | '\r')));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let error = OptionError::new("a\tb\u{1b}[2J\u{202e}é", "");
        assert_eq!(error.to_string(), "a\\tb\\u{1b}[2J\\u{202e}é");
        let error = UrlError::new("`9f86d081884c7d659a2feaa0c55ad015` has no scheme", "x");
        assert_eq!(
            error.to_string(),
            format!("`{}` has no scheme; x", "*".repeat(32))
        );
        let error = OptionError::new("é".repeat(5_000), "");
        assert_eq!(error.to_string(), format!("{}…", "é".repeat(LONGEST)));
    }
}
