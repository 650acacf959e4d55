//! Layer 9, too: a notebook that runs cell by cell in a kernel of its own. What its kernel does wrong is the kernel's; here is
//! what a cell does wrong.

use std::time::Duration;

use jupyterhub_client::{Error, KernelError, Stage};

use super::{excerpt, kernel};
use crate::notebook::Difference;
use crate::vocabulary::{Cause, Finding};

/// How many lines of a traceback's end are shown.
const LINES: usize = 6;

/// A cell as people find it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The notebook's file.
    pub notebook: &'a str,
    /// Which of its code cells, from 1.
    pub number: usize,
    /// How many it has.
    pub of: usize,
    /// The first line of the cell's code.
    pub line: &'a str,
}

impl Place<'_> {
    fn cell(&self) -> String {
        format!("code cell {} of {}", self.number, self.of)
    }

    fn words(&self) -> String {
        format!(
            "{} of {}, which begins: {}",
            self.cell(),
            self.notebook,
            excerpt(self.line)
        )
    }
}

/// The finding for a notebook whose kernel is not there; `there` are those that are.
pub fn no_spec(notebook: &str, name: &str, there: &[String]) -> Finding {
    kernel::no_spec(name, there)
        .seen(format!("{notebook} is to run in it"))
        .advise("Install it where servers run, or name another in the suite: notebook: { path: …, kernel: NAME }.")
}

/// The finding for a notebook that its kernel cannot understand.
pub fn other_language(notebook: &str, language: &str, name: &str, speaks: &str) -> Finding {
    Finding::new(
        Cause::KernelNoSpec,
        format!("{notebook} is written in {language}, and the kernel {name} runs {speaks}"),
    )
    .advise("Name a kernel of its language in the suite: notebook: { path: …, kernel: NAME }.")
}

/// The finding for a cell that raised.
pub fn raised(place: Place<'_>, error: Option<&KernelError>) -> Finding {
    let (name, value) = error.map_or(("an error", ""), |error| {
        (error.ename.as_str(), error.evalue.as_str())
    });
    let value = without_colours(value);
    let said = match value.trim() {
        "" => String::new(),
        value => format!(": {}", excerpt(value)),
    };
    let mut finding = Finding::new(
        Cause::NotebookError,
        format!("{}: {} raised {name}{said}", place.notebook, place.cell()),
    )
    .seen(place.words());
    let traceback = error.map(|error| without_colours(&error.traceback.join("\n")));
    let traceback = traceback.unwrap_or_default();
    let lines: Vec<&str> = traceback
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.trim_matches('-').is_empty())
        .collect();
    for line in lines.iter().skip(lines.len().saturating_sub(LINES)) {
        finding = finding.seen(format!("traceback: {}", excerpt(line)));
    }
    match name {
        "ModuleNotFoundError" | "ImportError" => finding.advise(
            "The environment of the kernel lacks a package: install it where servers run, or take it out of the notebook.",
        ),
        "StdinNotImplementedError" => finding
            .advise("Nobody types where a notebook is checked: take input() out of it."),
        _ => finding,
    }
}

/// The finding for a cell that showed something else. `others` differ too.
pub fn differs(
    place: Place<'_>,
    difference: &Difference,
    others: &[usize],
    dropped: bool,
) -> Finding {
    let mut finding = Finding::new(
        Cause::NotebookDiffers,
        format!("{}: {}: {}", place.notebook, place.cell(), difference.what),
    )
    .seen(place.words());
    for line in &difference.lines {
        finding = finding.seen(without_colours(line));
    }
    if dropped {
        finding = finding.seen(
            "some of what the cell showed was dropped: there was more than the server lets pass (its IOPub rate limits) or than 8 MiB",
        );
    }
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(usize::to_string).collect();
        finding = finding.seen(format!("code cells that differ too: {}", others.join(", ")));
    }
    finding
}

/// What nbval finds odd about a cell.
pub fn odd() -> Difference {
    Difference {
        what: "it has outputs in the file, and had not run when that was saved".to_owned(),
        lines: vec!["its execution_count is null: run the notebook and save it again".to_owned()],
    }
}

/// The finding for a cell that did not come to its end.
pub fn unfinished(place: Place<'_>, error: &Error, interrupt: &str) -> Finding {
    match &error.stage {
        Stage::Timeout { after, .. } => late(place, *after).seen(interrupt),
        _ => kernel::unfinished(error, ""),
    }
    .seen(place.words())
}

fn late(place: Place<'_>, after: Duration) -> Finding {
    Finding::new(
        Cause::NotebookTimeout,
        format!(
            "{}: {} did not end within {after:.0?}",
            place.notebook,
            place.cell()
        ),
    )
}

/// A text without the colours of a terminal, and other sequences of that kind.
fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\u{1b}' {
            out.push(c);
            continue;
        }
        let mut ahead = rest.clone();
        if ahead.next() != Some('[') {
            continue;
        }
        rest = ahead;
        for c in rest.by_ref() {
            if ('@'..='~').contains(&c) {
                break;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place {
        notebook: "gpu.ipynb",
        number: 3,
        of: 7,
        line: "import torch",
    };

    #[test]
    fn what_a_cell_raised_is_said_without_colours() {
        let error = KernelError {
            ename: "ModuleNotFoundError".to_owned(),
            evalue: "No module named 'torch'".to_owned(),
            traceback: vec![
                "\u{1b}[31m-----\u{1b}[39m".to_owned(),
                "\u{1b}[36mCell\u{1b}[39m\n----> 1 import torch\n\n\u{1b}[1;31mModuleNotFoundError\u{1b}[0m: No module named 'torch'".to_owned(),
            ],
        };
        let finding = raised(PLACE, Some(&error));
        assert_eq!(
            finding.summary,
            "gpu.ipynb: code cell 3 of 7 raised ModuleNotFoundError: No module named 'torch'"
        );
        assert_eq!(
            finding.evidence,
            [
                "code cell 3 of 7 of gpu.ipynb, which begins: import torch",
                "traceback: Cell",
                "traceback: ----> 1 import torch",
                "traceback: ModuleNotFoundError: No module named 'torch'",
            ]
        );
        assert!(finding.advice.contains("lacks a package"));
        let bare = raised(PLACE, None);
        assert_eq!(bare.summary, "gpu.ipynb: code cell 3 of 7 raised an error");
    }

    #[test]
    fn a_difference_names_the_others() {
        let finding = differs(PLACE, &odd(), &[5, 6], true);
        assert_eq!(finding.cause, Cause::NotebookDiffers);
        let evidence = finding.evidence.join("\n");
        assert!(
            evidence.contains("code cells that differ too: 5, 6"),
            "{evidence}"
        );
        assert!(evidence.contains("was dropped"), "{evidence}");
    }
}
