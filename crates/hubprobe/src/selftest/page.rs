//! Tables of cases and of what came of them, for pages (Markdown) and programs (JSON). Pure: no printing, no file.

use std::fmt::Write as _;

use serde::Serialize;

use super::case::Case;
use super::plan::Results;
use super::table::length;
use crate::vocabulary::plain;

/// The results as Markdown.
pub fn markdown(results: &Results) -> String {
    let mut text = String::from(
        "| | case | what is broken | expected | seen | time |\n|---|---|---|---|---|---|\n",
    );
    for outcome in &results.outcomes {
        let case = outcome.case;
        let _ = writeln!(
            text,
            "| {} | {} | {}{} | `{}` | `{}` | {} |",
            if outcome.passed() { "✓" } else { "✗" },
            case.name,
            case.broken,
            if case.emulated { " (emulated)" } else { "" },
            case.expected(),
            outcome.seen.word(),
            length(outcome.duration.as_secs_f64())
        );
    }
    for outcome in results.outcomes.iter().filter(|it| !it.passed()) {
        let _ = writeln!(text, "\n* {}", outcome.case.name);
        for complaint in &outcome.complaints {
            let _ = writeln!(text, "  * {}", plain::line(complaint));
        }
    }
    for complaint in &results.complaints {
        let _ = writeln!(text, "\n* {}", plain::line(complaint));
    }
    let _ = writeln!(
        text,
        "\nJupyterHub {}: {} passed, {} failed",
        results.version,
        results.passed(),
        results.failed()
    );
    text
}

/// The matrix, for the documentation.
pub fn matrix<'a>(cases: impl Iterator<Item = &'a Case>) -> String {
    let mut text = String::from("| case | what is broken | cause | | |\n|---|---|---|---|---|\n");
    for case in cases {
        let cause = case
            .cause
            .map_or_else(|| "green".to_owned(), |cause| format!("`{cause}`"));
        let real = match (case.cause, case.emulated) {
            (_, true) => "emulated",
            (Some(_), false) => "real",
            (None, false) => "",
        };
        let fast = if case.fast { "fast" } else { "" };
        let _ = writeln!(
            text,
            "| {} | {} | {cause} | {real} | {fast} |",
            case.name, case.broken
        );
    }
    text
}

#[derive(Serialize)]
struct Row<'a> {
    case: &'a str,
    broken: &'a str,
    expected: &'a str,
    seen: &'a str,
    passed: bool,
    emulated: bool,
    exit: Option<i32>,
    duration_s: f64,
    summary: &'a str,
    complaints: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<&'a std::path::Path>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'a str,
    hub_version: &'a str,
    duration_s: f64,
    passed: usize,
    failed: usize,
    interrupted: bool,
    complaints: &'a [String],
    cases: Vec<Row<'a>>,
}

/// The results for a program.
///
/// # Errors
/// Where they cannot be written as JSON, which is a bug.
pub fn json(results: &Results) -> Result<String, serde_json::Error> {
    let round = |seconds: f64| (seconds * 1000.0).round() / 1000.0;
    let document = Document {
        schema: "hubprobe.selftest/1",
        hub_version: &results.version,
        duration_s: round(results.duration.as_secs_f64()),
        passed: results.passed(),
        failed: results.failed(),
        interrupted: results.interrupted,
        complaints: &results.complaints,
        cases: results
            .outcomes
            .iter()
            .map(|outcome| Row {
                case: outcome.case.name,
                broken: outcome.case.broken,
                expected: outcome.case.expected(),
                seen: outcome.seen.word(),
                passed: outcome.passed(),
                emulated: outcome.case.emulated,
                exit: outcome.exit,
                duration_s: round(outcome.duration.as_secs_f64()),
                summary: &outcome.summary,
                complaints: &outcome.complaints,
                kept: outcome.kept.as_deref(),
            })
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::results;
    use super::*;

    #[test]
    fn a_program_sees_the_same() {
        let value: serde_json::Value = serde_json::from_str(&json(&results()).unwrap()).unwrap();
        assert_eq!(value["schema"], "hubprobe.selftest/1");
        assert_eq!(value["failed"], 1);
        assert_eq!(value["cases"][0]["seen"], "spawn.exited");
        assert_eq!(value["cases"][1]["passed"], true);
        assert!(markdown(&results()).contains("| ✗ | spawn-raises |"));
    }
}
