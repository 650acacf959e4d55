//! What was seen of a case, and whether it is what must be seen. Pure: no process, no hub.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::case::{After, Case, Command};
use crate::vocabulary::{Blame, Cause};

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing is wrong.
    Green,
    /// A cause, by its code.
    Cause(String),
    /// No report: the check said something else, or was not run.
    Nothing,
    /// The fault is not built yet.
    NotBuilt,
}

impl Seen {
    /// The word that stands in tables.
    pub fn word(&self) -> &str {
        match self {
            Self::Green => "green",
            Self::Cause(code) => code,
            Self::Nothing => "no report",
            Self::NotBuilt => "not built",
        }
    }
}

/// How a case ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The case.
    pub case: &'static Case,
    /// What the check found.
    pub seen: Seen,
    /// Its exit code.
    pub exit: Option<i32>,
    /// How long the check ran.
    pub duration: Duration,
    /// The finding's summary.
    pub summary: String,
    /// What is not as it must be; empty where the case passed.
    pub complaints: Vec<String>,
    /// The directory with the report and what else there is to look at; kept where the case did not pass.
    pub kept: Option<PathBuf>,
}

impl Outcome {
    /// A case that could not be brought about.
    pub(super) fn without(case: &'static Case, seen: Seen, why: String) -> Self {
        Self {
            case,
            seen,
            exit: None,
            duration: Duration::ZERO,
            summary: String::new(),
            complaints: vec![why],
            kept: None,
        }
    }

    /// Whether all is as it must be.
    pub fn passed(&self) -> bool {
        self.complaints.is_empty()
    }
}

/// What a process said.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) exit: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
    pub(super) duration: Duration,
}

/// Compares what was said with what must be.
pub(super) fn judge(case: &'static Case, said: &Said) -> Outcome {
    let mut outcome = Outcome {
        case,
        seen: Seen::Nothing,
        exit: said.exit,
        duration: said.duration,
        summary: String::new(),
        complaints: Vec::new(),
        kept: None,
    };
    match case.typed.command {
        Command::Check => read_report(case, said, &mut outcome),
        Command::Create(_) => read_screen(said, &mut outcome),
    }
    if outcome.seen.word() != case.expected() {
        let first = format!("expected {}, seen {}", case.expected(), outcome.seen.word());
        outcome.complaints.insert(0, first);
    }
    let wanted = case.exit.unwrap_or_else(|| exit_of(case.cause));
    if said.exit != Some(wanted) {
        let code = said
            .exit
            .map_or("a signal".to_owned(), |code| code.to_string());
        outcome
            .complaints
            .push(format!("expected exit code {wanted}, seen {code}"));
    }
    outcome
}

/// The exit code that a cause makes.
fn exit_of(cause: Option<Cause>) -> i32 {
    match cause.map(Cause::blame) {
        None => 0,
        Some(Blame::Deployment | Blame::Account) => 1,
        Some(Blame::Capacity | Blame::Prober) => 3,
    }
}

fn read_report(case: &Case, said: &Said, outcome: &mut Outcome) {
    let Ok(report) = serde_json::from_str::<Value>(&said.out) else {
        let line = said.err.lines().last().unwrap_or_default();
        outcome
            .complaints
            .push(format!("there is no report: {line}"));
        return;
    };
    let visits = report["visits"].as_array().map_or(&[][..], Vec::as_slice);
    let [visit] = visits else {
        outcome
            .complaints
            .push(format!("{} visits in place of one", visits.len()));
        return;
    };
    if let Some(finding) = visit["finding"].as_object() {
        let text = |field: &str| finding.get(field).and_then(Value::as_str).unwrap_or("");
        outcome.seen = Seen::Cause(text("cause").to_owned());
        text("summary").clone_into(&mut outcome.summary);
        for field in ["summary", "advice", "blame"] {
            if text(field).is_empty() {
                outcome
                    .complaints
                    .push(format!("the finding has no {field}"));
            }
        }
        let verdict = match text("blame") {
            "deployment" | "account" => "failed",
            _ => "inconclusive",
        };
        if visit["verdict"] != verdict {
            let other = &visit["verdict"];
            outcome
                .complaints
                .push(format!("the verdict is {other}, not {verdict}"));
        }
    } else if visit["verdict"] == "passed" {
        outcome.seen = Seen::Green;
    }
    let left = visit["left_behind"].as_array().map_or(0, Vec::len);
    match case.after {
        After::Nothing | After::Somebodys if left > 0 => {
            let said = &visit["left_behind"];
            outcome.complaints.push(format!("left behind: {said}"));
        }
        After::Leftovers if left == 0 => {
            let words = "the report does not say that something is left behind";
            outcome.complaints.push(words.to_owned());
        }
        _ => {}
    }
}

/// Commands on accounts have no report: the cause stands on standard error.
fn read_screen(said: &Said, outcome: &mut Outcome) {
    let found = Cause::all()
        .filter_map(|cause| Some((said.err.find(cause.code())?, cause)))
        // The first, and of token.missing and token.missing-scope the longer.
        .min_by_key(|(at, cause)| (*at, std::cmp::Reverse(cause.code().len())));
    if let Some((_, cause)) = found {
        outcome.seen = Seen::Cause(cause.code().to_owned());
    } else if said.exit == Some(0) {
        outcome.seen = Seen::Green;
    }
    let line = said.err.lines().find(|line| !line.trim().is_empty());
    line.unwrap_or_default()
        .trim()
        .clone_into(&mut outcome.summary);
}

#[cfg(test)]
mod tests {
    use super::super::wording::{green, red};
    use super::*;

    const RED: Case = red("spawn-raises", Cause::SpawnError, "it raises");
    const GREEN: Case = green("green-plain", "nothing");

    fn said(exit: i32, finding: &Value, verdict: &str) -> Said {
        let mut visit = serde_json::json!({"verdict": verdict, "left_behind": []});
        if !finding.is_null() {
            visit["finding"] = finding.clone();
        }
        Said {
            exit: Some(exit),
            out: serde_json::json!({"visits": [visit]}).to_string(),
            ..Said::default()
        }
    }

    fn finding(cause: &str, blame: &str) -> Value {
        serde_json::json!({"cause": cause, "blame": blame, "summary": "s", "advice": "a"})
    }

    #[test]
    fn the_cause_and_the_exit_code_must_fit() {
        let fits = said(1, &finding("spawn.error", "deployment"), "failed");
        assert!(judge(&RED, &fits).passed());
        let other = said(1, &finding("spawn.exited", "deployment"), "failed");
        let outcome = judge(&RED, &other);
        assert_eq!(
            outcome.complaints,
            ["expected spawn.error, seen spawn.exited"]
        );
        let code = said(3, &finding("spawn.error", "deployment"), "failed");
        assert_eq!(
            judge(&RED, &code).complaints,
            ["expected exit code 1, seen 3"]
        );
    }

    #[test]
    fn green_is_not_what_says_nothing() {
        assert!(judge(&GREEN, &said(0, &Value::Null, "passed")).passed());
        assert!(
            !judge(
                &GREEN,
                &Said {
                    exit: Some(0),
                    ..Said::default()
                }
            )
            .passed()
        );
        assert!(!judge(&GREEN, &said(0, &Value::Null, "skipped")).passed());
        assert!(!judge(&RED, &said(0, &Value::Null, "passed")).passed());
    }

    #[test]
    fn what_is_left_behind_must_be_expected() {
        let mut left = said(1, &finding("spawn.error", "deployment"), "failed");
        left.out = left.out.replace("[]", "[\"a server\"]");
        assert_eq!(
            judge(&RED, &left).complaints,
            ["left behind: [\"a server\"]"]
        );
    }
}
