//! The report for Nagios, Icinga and what speaks like them: one line, and after a `|` the figures (Monitoring Plugins
//! development guidelines: `'label'=value[UOM];warn;crit;min;max`).
//!
//! The state follows from the exit code: OK is 0, CRITICAL is 2, UNKNOWN is 3. Inconclusive is UNKNOWN: whoever is on call
//! for the hub need not get up.

use std::collections::HashSet;

use indexmap::IndexMap;

use crate::vocabulary::run::Visit;
use crate::vocabulary::{Run, StepName, Verdict};

use super::conclusion::conclusion;
use super::{apart, failure, left, plain, quiet};

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
    let names = apart::names(run);
    let visits = || names.iter().zip(&run.visits);
    for (name, visit) in visits() {
        if let Some(finding) = &visit.finding {
            let (cause, summary) = (finding.cause.code(), plain::line(&finding.summary));
            text.push_str(&format!("; {name}: {cause}: {summary}"));
        }
    }
    // After what failed: the text is cut.
    for (name, visit) in visits().filter(|(_, visit)| visit.flaky) {
        let earlier = failure::earlier_lines(visit).join(", ");
        text.push_str(&format!("; {name} is flaky: {earlier}"));
    }
    for warning in quiet::warnings(run) {
        text.push_str(&format!("; {warning}"));
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

/// Labels that are the run's own.
const OWN: [&str; 4] = ["total", "passed", "failed", "inconclusive"];

fn figures(run: &Run) -> Vec<String> {
    let mut figures = vec![format!("total={}s;;;0", rounded(run.duration_s))];
    let count = |verdict: Verdict| {
        run.visits
            .iter()
            .filter(|visit| visit.verdict == verdict)
            .count()
    };
    for verdict in [Verdict::Passed, Verdict::Failed, Verdict::Inconclusive] {
        figures.push(format!("{}={};;;0", verdict.word(), count(verdict)));
    }
    let mut taken: HashSet<String> = OWN.iter().map(|own| (*own).to_owned()).collect();
    // Of one that was never begun there is no time.
    let begun = last_of_each(run).into_iter();
    for (name, visit) in begun.filter(|(_, visit)| !visit.steps.is_empty()) {
        let whole = free(&label(&name), &mut taken);
        figures.push(format!("'{whole}'={}s;;;0", rounded(visit.duration_s)));
        let spawn = visit.steps.iter().find(|step| step.name == StepName::Spawn);
        if let Some(spawn) = spawn.filter(|step| step.verdict == Verdict::Passed) {
            let label = free(&format!("{whole}/spawn"), &mut taken);
            figures.push(format!("'{label}'={}s;;;0", rounded(spawn.duration_s)));
        }
    }
    figures
}

/// The last visit of each probe on its hub, by a name that says the hub only where a probe of that name is on several: what
/// draws these figures knows them by their labels.
fn last_of_each(run: &Run) -> Vec<(String, &Visit)> {
    let mut last: IndexMap<(&str, &str), &Visit> = IndexMap::new();
    for visit in &run.visits {
        last.insert((&visit.probe, &visit.hub), visit);
    }
    let on_hubs = |probe: &str| last.keys().filter(|(name, _)| *name == probe).count();
    let named = last.values().map(|visit| {
        let probe = plain::line(&visit.probe);
        match on_hubs(&visit.probe) {
            1 => (probe, *visit),
            _ => (format!("{probe} @ {}", apart::hub(visit)), *visit),
        }
    });
    named.collect()
}

/// A label has no `=` and no `'` in it, and is none of the run's.
fn label(name: &str) -> String {
    if OWN.contains(&name) {
        return format!("probe {name}");
    }
    name.replace(['=', '\'', '|'], "_")
}

/// The label, or the first like it that no figure has yet. Those that differ only in their signs are taken as the same: they
/// become names of files (RRD), in which each sign is `_`.
fn free(label: &str, taken: &mut HashSet<String>) -> String {
    let numbered = |number: usize| match number {
        1 => label.to_owned(),
        _ => format!("{label} {number}"),
    };
    let sign = |c: char| if c.is_alphanumeric() { c } else { '_' };
    let free = (1..).map(numbered);
    let mut free = free.filter(|label| taken.insert(label.chars().map(sign).collect()));
    free.next().unwrap_or_default()
}

/// Seconds to the millisecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
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

    /// The labels of a report, without their quotes; each figure has one.
    fn labels(text: &str) -> Vec<String> {
        let (_, mut rest) = text.trim_end().split_once(" | ").unwrap();
        let mut labels = Vec::new();
        while !rest.is_empty() {
            let (label, after) = match rest.strip_prefix('\'') {
                Some(quoted) => quoted.split_once("'=").unwrap(),
                None => rest.split_once('=').unwrap(),
            };
            assert!(!label.contains(['\'', '=']), "{label}");
            labels.push(label.to_owned());
            let (figure, more) = after.split_once(' ').unwrap_or((after, ""));
            let number = figure.strip_suffix(";;;0").unwrap();
            let number = number.strip_suffix('s').unwrap_or(number);
            number.parse::<f64>().unwrap();
            let decimals = number.split_once('.').map_or(0, |(_, it)| it.len());
            assert!(decimals <= 3, "{figure}");
            rest = more;
        }
        labels
    }

    #[test]
    fn no_label_stands_there_twice() {
        for (name, run) in samples::all() {
            let text = report(&run);
            let mut seen = HashSet::new();
            for label in labels(&text) {
                let as_file: String = label
                    .chars()
                    .map(|c| if c.is_alphanumeric() { c } else { '_' })
                    .collect();
                assert!(seen.insert(as_file), "{name}: {label} in {text}");
            }
        }
        let text = report(&samples::merged());
        assert!(
            text.ends_with(
                " | total=49.965s;;;0 passed=3;;;0 failed=1;;;0 inconclusive=0;;;0 \
                 'normal @ jupyter.example.org'=30.765s;;;0 \
                 'normal @ other.example.org/jupyter'=6.4s;;;0 \
                 'normal @ other.example.org/jupyter/spawn'=3.401s;;;0 \
                 'probe total'=6.4s;;;0 'probe total/spawn'=3.401s;;;0\n"
            ),
            "{text}"
        );
        // Where only signs differ, and where one probe is named like a figure of another.
        let mut run = samples::merged();
        for visit in &mut run.visits {
            visit.hub = "https://h/".to_owned();
        }
        for (visit, name) in run.visits.iter_mut().zip(["a", "a=b", "a_b", "a/spawn"]) {
            name.clone_into(&mut visit.probe);
        }
        assert_eq!(
            labels(&report(&run))[OWN.len()..],
            [
                "a",
                "a/spawn",
                "a_b",
                "a_b/spawn",
                "a_b 2",
                "a_b 2/spawn",
                "a/spawn 2"
            ]
        );
        run.duration_s = 356_711.220_003_418_04;
        assert!(report(&run).contains(" | total=356711.22s;;;0 "));
    }

    #[test]
    fn a_pass_after_a_failure_says_what_failed() {
        let text = report(&samples::flaky());
        assert!(
            text.starts_with(
                "HUBPROBE OK - 1 probe passed (1 flaky) in 46.4 s; normal is flaky: attempt 1: spawn.never-answered: The server"
            ),
            "{text}"
        );
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
