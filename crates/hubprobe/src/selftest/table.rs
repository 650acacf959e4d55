//! Tables of cases and of what came of them, for a screen of 80 columns. Pure: no printing, no file. Those for pages and
//! programs are in `page.rs`.

use std::fmt::Write as _;

use super::case::{Case, LONGEST_NAME};
use super::plan::Results;
use super::verdict::Outcome;
use crate::report::wrap;
use crate::vocabulary::plain;

/// Columns of a screen.
const WIDTH: usize = 80;
/// Columns of a cause; the few that are longer push what follows to the right.
const CAUSE: usize = 25;

/// The results as a person reads them. Ends with `N passed, N failed`, alone on a line.
pub fn terminal(results: &Results) -> String {
    let mut text = row("", "case", "", "expected", "seen", "time");
    for outcome in &results.outcomes {
        text.push_str(&line(outcome));
        text.push_str(&details(outcome));
    }
    if results.outcomes.iter().any(|it| it.case.emulated) {
        text.push_str(
            "\n~ emulated: the words of a system that is not here (Kubernetes, Slurm, FirecREST)\n",
        );
    }
    for complaint in &results.complaints {
        let _ = writeln!(text, "\n✗ {}", plain::line(complaint));
    }
    if results.interrupted {
        text.push_str("\ninterrupted: what had not ended is not in the table\n");
    }
    let _ = writeln!(
        text,
        "\nJupyterHub {}, {}",
        results.version,
        length(results.duration.as_secs_f64())
    );
    let _ = writeln!(
        text,
        "{} passed, {} failed",
        results.passed(),
        results.failed()
    );
    text
}

/// One line for a log, while a selftest runs.
pub fn told(outcome: &Outcome, count: usize, of: usize) -> String {
    let count = format!("{count}/{of}");
    let case = outcome.case;
    let mark = if outcome.passed() { "✓" } else { "✗" };
    let first = outcome.complaints.first().map(|it| plain::line(it));
    format!(
        "{count:>7} {mark} {:LONGEST_NAME$} {:>6}  {}",
        case.name,
        length(outcome.duration.as_secs_f64()),
        first.as_deref().unwrap_or(outcome.seen.word()),
    )
}

fn line(outcome: &Outcome) -> String {
    let case = outcome.case;
    row(
        if outcome.passed() { "✓" } else { "✗" },
        case.name,
        if case.emulated { "~" } else { "" },
        case.expected(),
        outcome.seen.word(),
        &length(outcome.duration.as_secs_f64()),
    )
}

/// What is wrong with a case that did not pass, below its row; empty where it passed.
fn details(outcome: &Outcome) -> String {
    if outcome.passed() {
        return String::new();
    }
    let mut said = vec![format!("broken: {}", outcome.case.broken)];
    said.extend(outcome.complaints.iter().map(|it| plain::line(it)));
    if !outcome.summary.is_empty() {
        said.push(format!("it says: {}", plain::line(&outcome.summary)));
    }
    let mut text = String::new();
    for line in said.iter().flat_map(|said| wrap(said, WIDTH - 4)) {
        let _ = writeln!(text, "    {line}");
    }
    // Not broken, so that it can be copied.
    if let Some(kept) = &outcome.kept {
        let _ = writeln!(text, "    see: {}", kept.display());
    }
    text
}

fn row(mark: &str, name: &str, emulated: &str, expected: &str, seen: &str, time: &str) -> String {
    let name = format!("{name}{emulated}");
    let (first, last) = (LONGEST_NAME + 1, WIDTH - LONGEST_NAME - 3 - 2 * (CAUSE + 1));
    // A long cause takes the room that a short name leaves.
    let over = 2 * expected.len().saturating_sub(CAUSE);
    let first = first.saturating_sub(over).max(name.len() + 1);
    let text = format!("{mark:1} {name:first$}{expected:CAUSE$} {seen:CAUSE$} {time:>last$}");
    format!("{}\n", text.trim_end())
}

pub(super) fn length(seconds: f64) -> String {
    if seconds < 99.95 {
        format!("{seconds:.1}s")
    } else {
        let whole = std::time::Duration::from_secs_f64(seconds.round()).as_secs();
        format!("{}m{:02}s", whole / 60, whole % 60)
    }
}

/// Which cases there are, for a screen.
pub fn list(cases: &[&'static Case]) -> String {
    let mut text = String::new();
    for case in cases {
        let tags = [(case.fast, "fast"), (case.emulated, "emulated")];
        let tags: Vec<&str> = tags
            .iter()
            .filter_map(|(is, tag)| is.then_some(*tag))
            .collect();
        let head = format!(
            "{:LONGEST_NAME$} {:CAUSE$} {}",
            case.name,
            case.expected(),
            tags.join(", ")
        );
        let _ = writeln!(text, "{}", head.trim_end());
        for line in wrap(case.broken, WIDTH - 4) {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::super::matrix;
    use super::super::verdict::Seen;
    use super::super::wording::{green, red};
    use super::*;
    use crate::vocabulary::Cause;

    const RED: Case = red("spawn-raises", Cause::SpawnError, "the spawner raises");
    const GREEN: Case = green("green-plain", "nothing").emulated();

    pub(in crate::selftest) fn results() -> Results {
        let outcome = |case, seen, complaints: &[&str]| Outcome {
            case,
            seen,
            exit: Some(1),
            duration: Duration::from_millis(1234),
            summary: "the process ended, \u{1b}[2Jfor whatever reason there may be in that"
                .to_owned(),
            complaints: complaints.iter().map(|&it| it.to_owned()).collect(),
            kept: (!complaints.is_empty()).then(|| "/kept/spawn-raises".into()),
        };
        Results {
            version: "6.1.1".to_owned(),
            outcomes: vec![
                outcome(
                    &RED,
                    Seen::Cause("spawn.exited".to_owned()),
                    &["expected spawn.error, seen spawn.exited"],
                ),
                outcome(&GREEN, Seen::Green, &[]),
            ],
            duration: Duration::from_secs(125),
            ..Results::default()
        }
    }

    #[test]
    fn a_person_sees_both_causes_and_where_to_look() {
        let text = terminal(&results());
        assert!(
            text.ends_with("\nJupyterHub 6.1.1, 2m05s\n1 passed, 1 failed\n"),
            "{text}"
        );
        assert!(
            text.contains("\n✗ spawn-raises         spawn.error               spawn.exited "),
            "{text}"
        );
        assert!(
            text.contains("    see: /kept/spawn-raises\n") && !text.contains('\u{1b}'),
            "{text}"
        );
        assert!(
            text.contains("\n✓ green-plain~ ") && text.contains("\n~ emulated"),
            "{text}"
        );
    }

    #[test]
    fn every_row_fits_on_a_screen() {
        for case in matrix::all() {
            let expected = case.expected();
            let outcome = Outcome {
                duration: Duration::from_secs(99),
                ..Outcome::without(case, Seen::Cause(expected.to_owned()), "x".to_owned())
            };
            let line = line(&outcome);
            assert!(line.trim_end().chars().count() <= WIDTH, "{line}");
        }
        for line in list(&matrix::all().collect::<Vec<_>>()).lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }
}
