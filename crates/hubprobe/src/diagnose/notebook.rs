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
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// The notebook's file.
    pub notebook: &'a str,
    /// Which of its code cells, from 1.
    pub number: usize,
    /// How many it has.
    pub of: usize,
    /// The first line of the cell's code, without secrets: it may be cut.
    pub line: String,
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
            excerpt(&self.line)
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

/// The finding for a cell that raised. Texts go through `clean`, which takes secrets out, before they are cut.
pub fn raised(
    place: &Place<'_>,
    error: Option<&KernelError>,
    clean: &dyn Fn(&str) -> String,
) -> Finding {
    let (name, value) = error.map_or(("an error", ""), |error| {
        (error.ename.as_str(), error.evalue.as_str())
    });
    let (name, value) = (clean(name), clean(&without_colours(value)));
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
        finding = finding.seen(format!("traceback: {}", excerpt(&clean(line))));
    }
    match name.as_str() {
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
    place: &Place<'_>,
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
        finding = finding.seen(line);
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

/// What a cell comes to whose outputs are compared, and some of which were dropped: nobody knows whether those are the same.
pub fn or_dropped(difference: Option<Difference>, dropped: bool) -> Option<Difference> {
    let unknown = || Difference {
        what: "some of what it showed was dropped, and could not be compared".to_owned(),
        lines: Vec::new(),
    };
    difference.or_else(|| dropped.then(unknown))
}

/// The finding for a notebook with a cell that differs and, after that, one that failed. What a later cell raises may come of the
/// same; that the kernel or the server was lost is the graver, and hides behind nothing.
pub fn differs_and_failed(
    place: &Place<'_>,
    difference: &Difference,
    differs: Finding,
    later: Finding,
) -> Finding {
    match later.cause {
        Cause::NotebookError | Cause::NotebookTimeout => {
            differs.seen(format!("and later: {}", later.summary))
        }
        _ => later.seen(format!(
            "before that, {} of {} differed: {}",
            place.cell(),
            place.notebook,
            difference.what
        )),
    }
}

/// What nbval finds odd about a cell.
pub fn odd() -> Difference {
    Difference {
        what: "it has outputs in the file, and had not run when that was saved".to_owned(),
        lines: vec!["its execution_count is null: run the notebook and save it again".to_owned()],
    }
}

/// The finding for a cell that did not come to its end.
pub fn unfinished(place: &Place<'_>, error: &Error, interrupt: &str) -> Finding {
    match &error.stage {
        Stage::Timeout { after, .. } => late(place, *after).seen(interrupt),
        _ => kernel::unfinished(error, ""),
    }
    .seen(place.words())
}

fn late(place: &Place<'_>, after: Duration) -> Finding {
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
pub fn without_colours(text: &str) -> String {
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

    fn place() -> Place<'static> {
        Place {
            notebook: "gpu.ipynb",
            number: 3,
            of: 7,
            line: "import torch".to_owned(),
        }
    }

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
        let finding = raised(&place(), Some(&error), &str::to_owned);
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
        let bare = raised(&place(), None, &str::to_owned);
        assert_eq!(bare.summary, "gpu.ipynb: code cell 3 of 7 raised an error");
    }

    #[test]
    fn a_difference_names_the_others() {
        let finding = differs(&place(), &odd(), &[5, 6], true);
        assert_eq!(finding.cause, Cause::NotebookDiffers);
        let evidence = finding.evidence.join("\n");
        assert!(
            evidence.contains("code cells that differ too: 5, 6"),
            "{evidence}"
        );
        assert!(evidence.contains("was dropped"), "{evidence}");
    }
    #[test]
    fn a_secret_is_taken_out_before_a_text_is_cut() {
        let long = |length: usize| format!("{}sec\u{1b}[1mret", "x".repeat(length));
        let error = KernelError {
            ename: long(1495),
            evalue: long(398),
            traceback: vec![long(398)],
        };
        let clean = |text: &str| without_colours(text).replace("secret", "[token]");
        let finding = raised(&place(), Some(&error), &clean);
        for text in finding.evidence.iter().chain([&finding.summary]) {
            assert!(!text.contains("xse"), "{text}");
        }
    }

    #[test]
    fn what_was_dropped_is_not_taken_for_the_same() {
        assert_eq!(or_dropped(None, false), None);
        assert_eq!(or_dropped(Some(odd()), true), Some(odd()));
        let unknown = or_dropped(None, true).unwrap();
        assert!(unknown.what.contains("was dropped"));
    }

    #[test]
    fn a_loss_does_not_hide_behind_a_difference() {
        let differs = || differs(&place(), &odd(), &[], false);
        let then = |cause: Cause| {
            let later = Finding::new(cause, "later");
            differs_and_failed(&place(), &odd(), differs(), later)
        };
        for cause in [Cause::NotebookError, Cause::NotebookTimeout] {
            let finding = then(cause);
            assert_eq!(finding.cause, Cause::NotebookDiffers);
            assert_eq!(finding.evidence.last().unwrap(), "and later: later");
        }
        let finding = then(Cause::KernelDied);
        assert_eq!(
            (finding.cause, finding.summary.as_str()),
            (Cause::KernelDied, "later")
        );
        assert!(
            finding.evidence[0].starts_with("before that, code cell 3 of 7 of gpu.ipynb differed"),
            "{finding:?}"
        );
    }
}
