//! The report for Nagios, Icinga and what speaks like them: one line, and after a `|` the figures (Monitoring Plugins
//! development guidelines: `'label'=value[UOM];warn;crit;min;max`).
//!
//! The state follows from the exit code: OK is 0, CRITICAL is 2, UNKNOWN is 3. Inconclusive is UNKNOWN: whoever is on call
//! for the hub need not get up.

use crate::vocabulary::run::Visit;
use crate::vocabulary::{Run, StepName, Verdict};

use super::conclusion::conclusion;
use super::{left, plain};

/// The most characters of the text before the `|`; some pagers cut there.
const LONGEST: usize = 300;

/// How a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All passed.
    Ok = 0,
    /// Something failed, or was left behind, or nothing ran.
    Critical = 2,
    /// Nothing can be said.
    Unknown = 3,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// The state of a run; its number is the exit code.
#[must_use]
pub fn state(run: &Run) -> State {
    match run.verdict {
        _ if run.left_behind() => State::Critical,
        Verdict::Passed => State::Ok,
        Verdict::Inconclusive => State::Unknown,
        Verdict::Failed | Verdict::Skipped => State::Critical,
    }
}

/// The line, with its line break.
#[must_use]
pub fn report(run: &Run) -> String {
    let word = state(run).word();
    let (mut text, _) = conclusion(run);
    if run.left_behind() {
        text.push_str("; something may be left behind: ");
        text.push_str(&left::line(run));
    }
    let findings = run
        .visits
        .iter()
        .filter_map(|visit| Some((visit, visit.finding.as_ref()?)));
    for (visit, finding) in findings {
        text.push_str(&format!(
            "; {}: {}: {}",
            plain::line(&visit.probe),
            finding.cause.code(),
            plain::line(&finding.summary)
        ));
    }
    let text = in_a_line(&text);
    let figures: Vec<String> = figures(run);
    format!("HUBPROBE {word} - {text} | {}\n", figures.join(" "))
}

/// The line where nothing was run, with its line break: a service whose plugin says nothing says nothing to whoever is called.
#[must_use]
pub fn refused(state: State, why: &str) -> String {
    let word = state.word();
    let why = in_a_line(&plain::line(why));
    format!("HUBPROBE {word} - nothing was checked: {why}\n")
}

/// So much that a pager takes it, and no bar, which begins the figures.
fn in_a_line(text: &str) -> String {
    let text = text.replace('|', "¦");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text,
    }
}

fn figures(run: &Run) -> Vec<String> {
    let mut figures = vec![format!("total={}s;;;0", run.duration_s)];
    let count = |verdict: Verdict| {
        run.visits
            .iter()
            .filter(|visit| visit.verdict == verdict)
            .count()
    };
    for verdict in [Verdict::Passed, Verdict::Failed, Verdict::Inconclusive] {
        figures.push(format!("{}={};;;0", verdict.word(), count(verdict)));
    }
    for visit in &run.visits {
        let probe = label(visit);
        figures.push(format!("'{probe}'={}s;;;0", visit.duration_s));
        let spawn = visit.steps.iter().find(|step| step.name == StepName::Spawn);
        if let Some(spawn) = spawn.filter(|step| step.verdict == Verdict::Passed) {
            figures.push(format!("'{probe}/spawn'={}s;;;0", spawn.duration_s));
        }
    }
    figures
}

/// A label has no `=` and no `'` in it.
fn label(visit: &Visit) -> String {
    let harmless = plain::line(&visit.probe);
    harmless.replace(['=', '\'', '|'], "_")
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_line_with_the_figures() {
        assert_eq!(
            report(&samples::passed()),
            "HUBPROBE OK - 1 probe passed in 6.40 s | total=6.4s;;;0 passed=1;;;0 failed=0;;;0 inconclusive=0;;;0 \
             'normal'=6.4s;;;0 'normal/spawn'=3.401s;;;0\n"
        );
        let text = report(&samples::failed());
        assert!(
            text.starts_with("HUBPROBE CRITICAL - 1 probe failed (spawn.never-answered) in 30.8 s; normal: spawn.never-answered: The"),
            "{text}"
        );
        assert!(report(&samples::inconclusive()).starts_with("HUBPROBE UNKNOWN - "));
        let text = report(&samples::left_behind());
        assert!(
            text.starts_with("HUBPROBE CRITICAL - ") && text.contains("hubprobe clean"),
            "{text}"
        );
        assert!(report(&samples::run_of_nothing()).starts_with("HUBPROBE CRITICAL - no probe ran"));
    }

    #[test]
    fn where_nothing_was_run_it_is_said_in_a_line() {
        assert_eq!(
            refused(
                State::Critical,
                "suite.yaml: line 3 | oops\nthere is no probe x"
            ),
            "HUBPROBE CRITICAL - nothing was checked: suite.yaml: line 3 ¦ oops there is no probe x\n"
        );
        assert!(refused(State::Unknown, &"x".repeat(1_000)).len() < 400);
    }

    #[test]
    fn one_line_and_one_bar_whatever_a_hub_says() {
        for (name, run) in samples::all() {
            let text = report(&run);
            assert_eq!(text.lines().count(), 1, "{name}: {text}");
            let (before, figures) = text.trim_end().split_once(" | ").unwrap();
            assert!(
                !before.contains('|') && !figures.contains('|'),
                "{name}: {text}"
            );
            assert!(before.chars().count() < LONGEST + 30, "{name}");
        }
    }
}
