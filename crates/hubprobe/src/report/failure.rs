//! What is said about a visit that did not pass, in the order in which it is
//! needed: cause, what that means, what was seen, what to do, how to see it
//! again. Used by all reports for people, so that they say the same.

use crate::vocabulary::run::{ProgressLine, Visit, later};
use crate::vocabulary::{Finding, Run, StepName, Verdict};

use super::plain;
use super::words::seconds;

/// So many characters of one piece of evidence are shown; the JSON report has all.
const SHOWN: usize = 2_000;
/// So many pieces of evidence are shown.
const PIECES: usize = 20;
/// So many of the hub's last words are shown.
const LAST_WORDS: usize = 5;

/// The pieces of evidence, harmless, cut to what a person reads.
pub(super) fn evidence(finding: &Finding) -> Vec<String> {
    let mut shown: Vec<String> = finding
        .evidence
        .iter()
        .take(PIECES)
        .map(|piece| shortened(piece))
        .collect();
    let more = finding.evidence.len().saturating_sub(PIECES);
    if more > 0 {
        shown.push(format!("({more} more in the JSON report)"));
    }
    shown
}

fn shortened(piece: &str) -> String {
    let count = piece.chars().count();
    if count <= SHOWN {
        return plain::block(piece).trim_end().to_owned();
    }
    let start: String = piece.chars().take(SHOWN).collect();
    format!(
        "{} (and {} more characters in the JSON report)",
        plain::block(&start).trim_end(),
        count - SHOWN
    )
}

/// Why the attempts before the last did not pass, each with its number.
pub(super) fn earlier(visit: &Visit) -> Vec<(usize, &Finding)> {
    let attempts = (1..).zip(&visit.earlier);
    attempts
        .filter_map(|(number, attempt)| Some((number, attempt.finding.as_ref()?)))
        .collect()
}

/// The same in a line each: `attempt 1: spawn.never-answered: The server …`.
pub(super) fn earlier_lines(visit: &Visit) -> Vec<String> {
    let told = earlier(visit).into_iter().map(|(number, finding)| {
        let (cause, summary) = (finding.cause.code(), plain::line(&finding.summary));
        format!("attempt {number}: {cause}: {summary}")
    });
    told.collect()
}

/// Their causes alone: `spawn.never-answered, then hub.down`; empty where there are none.
pub(super) fn earlier_causes(visit: &Visit) -> String {
    let causes = earlier(visit).into_iter();
    let causes: Vec<&str> = causes.map(|(_, finding)| finding.cause.code()).collect();
    causes.join(", then ")
}

/// The last words of the hub during the spawn that are not evidence already, each with its time.
pub(super) fn last_words(visit: &Visit, finding: &Finding) -> Vec<String> {
    let said: Vec<&ProgressLine> = visit
        .steps
        .iter()
        .filter(|step| matches!(step.name, StepName::Spawn | StepName::Persist))
        .flat_map(|step| &step.progress)
        .collect();
    let new: Vec<&&ProgressLine> = said
        .iter()
        .filter(|line| !line.message.trim().is_empty())
        .filter(|line| {
            !finding
                .evidence
                .iter()
                .any(|piece| piece.contains(line.message.trim()))
        })
        .collect();
    new.iter()
        .skip(new.len().saturating_sub(LAST_WORDS))
        .map(|line| told(line))
        .collect()
}

/// A word of the hub, with its time and how far it says the spawn has come.
pub(super) fn told(line: &ProgressLine) -> String {
    let percent = line
        .percent
        .filter(|percent| (0.0..=100.0).contains(percent));
    let percent = percent.map_or_else(String::new, |percent| format!(", {percent:.0} %"));
    format!(
        "{}{percent}: {}",
        seconds(line.at_s),
        plain::line(&shortened(&line.message))
    )
}

/// The options as one line of JSON; none where there are none.
pub(super) fn options(visit: &Visit) -> Option<String> {
    if visit.options.is_empty() {
        return None;
    }
    serde_json::to_string(&visit.options)
        .ok()
        .map(|text| plain::line(&shortened(&text)))
}

/// When the step that did not pass ended, for finding the place in a hub's log.
pub(super) fn when(run: &Run, visit: &Visit) -> Option<String> {
    let step = visit
        .steps
        .iter()
        .find(|step| matches!(step.verdict, Verdict::Failed | Verdict::Inconclusive))?;
    let seconds = visit.started_s + step.started_s + step.duration_s;
    let at = later(run.started, seconds);
    Some(format!(
        "{}, in the step {}",
        at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        step.name
    ))
}
