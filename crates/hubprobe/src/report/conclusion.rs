//! The last line of a report for people: how many probes ended how, why, and how long it took.

use indexmap::IndexSet;

use crate::vocabulary::run::Visit;
use crate::vocabulary::{Run, Verdict};

use super::words::{probes, seconds};
use super::{apart, plain};

/// The last line: how many probes ended how, and how long it took.
pub(super) fn conclusion(run: &Run) -> (String, Verdict) {
    let total = run.visits.len();
    let mut parts = Vec::new();
    for verdict in [
        Verdict::Failed,
        Verdict::Inconclusive,
        Verdict::Skipped,
        Verdict::Passed,
    ] {
        let these: Vec<&Visit> = run
            .visits
            .iter()
            .filter(|visit| visit.verdict == verdict)
            .collect();
        if these.is_empty() {
            continue;
        }
        let verb = match (verdict, these.len()) {
            (Verdict::Inconclusive, 1) => "is inconclusive",
            (Verdict::Inconclusive, _) => "are inconclusive",
            (Verdict::Skipped, 1) => "was not tried",
            (Verdict::Skipped, _) => "were not tried",
            (verdict, _) => verdict.word(),
        };
        let count = if parts.is_empty() {
            probes(these.len())
        } else {
            these.len().to_string()
        };
        let of = if these.len() < total && parts.is_empty() {
            format!(" of {total}")
        } else {
            String::new()
        };
        let causes = these.iter().filter_map(|visit| visit.finding.as_ref());
        let causes: IndexSet<&str> = causes.map(|finding| finding.cause.code()).collect();
        let causes: Vec<&str> = causes.into_iter().collect();
        let flaky = these.iter().filter(|visit| visit.flaky).count();
        let flaky = if flaky > 0 {
            format!(" ({flaky} flaky)")
        } else {
            String::new()
        };
        let causes = if causes.is_empty() {
            String::new()
        } else {
            format!(" ({})", causes.join(", "))
        };
        parts.push(format!("{count}{of} {verb}{flaky}{causes}"));
    }
    let mut text = if parts.is_empty() {
        "no probe ran".to_owned()
    } else {
        format!("{} {}", parts.join(", "), apart::took(run))
    };
    if let Some(node_time) = run.node_time {
        text.push_str(&format!(
            "; {} of {} node time",
            seconds(node_time.taken_s),
            seconds(node_time.limit_s)
        ));
    }
    if run.dry_run {
        text.push_str("; a dry run: nothing was changed on a hub");
    }
    if !run.unread.is_empty() {
        text.push_str(&format!("; {}", apart::unread(run)));
    }
    if let Some(signal) = &run.interrupted {
        text.push_str(&format!("; interrupted by {}", plain::line(signal)));
    }
    let verdict = if total == 0 {
        Verdict::Inconclusive
    } else {
        run.verdict
    };
    (text, verdict)
}
