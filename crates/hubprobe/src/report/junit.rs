//! The report for CI servers, as JUnit XML: a test suite for each visit, a test
//! case for each step.
//!
//! A step that failed is a `failure`, an inconclusive one an `error`: in
//! JUnit's words an error is a test that could not be carried out, which is
//! just what inconclusive means, and Jenkins and GitLab count and show both as
//! not passed. `skipped` would not do: it leaves the build green, and nothing
//! may be green by accident. For the same reason what is left behind is an
//! error of its own, a visit that did not pass always has a case that says so,
//! and a run without a visit has one error.
//!
//! `type` is the cause's code, for CI servers that group by it, at the first
//! step that did not pass; what follows from it is no second cause.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use crate::vocabulary::run::{Step, Visit, later};
use crate::vocabulary::{Finding, Run, Verdict};

use super::{apart, failure, left, plain};

/// The report as XML.
///
/// # Errors
/// Where the XML cannot be written, which is a bug.
pub fn report(run: &Run) -> Result<String, SerializeError> {
    let mut report = Report::new("hubprobe");
    // When and which run stand in the suites: Jenkins' schema knows neither here, and refuses the whole file for it.
    report.set_time(length(run.duration_s));
    for (name, visit) in apart::names(run).iter().zip(&run.visits) {
        report.add_test_suite(suite(run, visit, name));
    }
    let mut whole = TestSuite::new("hubprobe");
    if let Some(signal) = &run.interrupted {
        let why = format!("interrupted by {}", plain::line(signal));
        let status = not_passed(Verdict::Inconclusive, "interrupted", &why, "");
        whole.add_test_case(case("the run came to its end", "hubprobe", status));
    }
    if !run.unread.is_empty() {
        let files: Vec<String> = run.unread.iter().map(|file| plain::line(file)).collect();
        let text = files.join("\n");
        let status = not_passed(Verdict::Inconclusive, "unread", &apart::unread(run), &text);
        whole.add_test_case(case("all files are read", "hubprobe", status));
    }
    if !whole.test_cases.is_empty() {
        report.add_test_suite(whole);
    }
    if run.visits.is_empty() {
        let mut nothing = TestSuite::new("hubprobe");
        nothing.add_test_case(case(
            "run",
            "hubprobe",
            not_passed(Verdict::Inconclusive, "none", "no probe ran", ""),
        ));
        report.add_test_suite(nothing);
    }
    report.to_string().map(|text| as_jenkins_wants(&text))
}

/// Without how many were skipped in all, which Jenkins' schema knows in suites alone. Nothing of a hub stands before it.
fn as_jenkins_wants(text: &str) -> String {
    let mut parts = text.splitn(2, " skipped=\"");
    let (before, after) = (parts.next().unwrap_or(text), parts.next());
    match after.and_then(|after| after.split_once('"')) {
        Some((_, after)) if before.ends_with('"') && !before.contains("<testsuite ") => {
            format!("{before}{after}")
        }
        _ => text.to_owned(),
    }
}

fn suite(run: &Run, visit: &Visit, name: &str) -> TestSuite {
    let class = format!("hubprobe.{name}");
    let mut suite = TestSuite::new(name);
    suite.set_time(length(visit.duration_s));
    suite.timestamp = later(run.started, visit.started_s).to_string().parse().ok();
    let options = failure::options(visit).unwrap_or_else(|| "{}".to_owned());
    for (name, value) in [
        ("hub", visit.hub.as_str()),
        ("hub_version", visit.hub_version.as_deref().unwrap_or("")),
        ("account", &visit.account),
        ("server", &visit.server),
        ("run", &run.run.to_string()),
        ("options", &options),
        ("verdict", visit.verdict.word()),
        (
            "cause",
            visit
                .finding
                .as_ref()
                .map_or("", |finding| finding.cause.code()),
        ),
    ] {
        // Of several runs it would be the first one's.
        if name == "run" && apart::several_runs(run) {
            continue;
        }
        suite.add_property((name, plain::line(value).as_str()));
    }
    if visit.attempts > 1 {
        suite.add_property(("attempts", visit.attempts.to_string().as_str()));
        suite.add_property(("flaky", visit.flaky.to_string().as_str()));
    }
    for kept in &visit.kept {
        suite.add_property(("kept", plain::line(kept).as_str()));
    }
    let mut finding = visit.finding.as_ref();
    let mut told = false;
    for step in &visit.steps {
        let cause = if is_red(step.verdict) {
            finding.take()
        } else {
            None
        };
        told |= is_red(step.verdict);
        suite.add_test_case(step_case(visit, step, cause, &class));
    }
    // No step to hang the verdict on.
    if !told && visit.verdict != Verdict::Passed {
        let status = match finding {
            Some(finding) => explained(visit, visit.verdict, finding),
            None => not_passed(
                Verdict::Inconclusive,
                visit.verdict.word(),
                "nothing was tried",
                "",
            ),
        };
        suite.add_test_case(case("visit", &class, status));
    }
    for (index, what) in visit.left_behind.iter().enumerate() {
        // A case is known by its name.
        let name = match index {
            0 => "left behind".to_owned(),
            _ => format!("left behind {}", index + 1),
        };
        let advice = left::about(run, visit, what);
        let what = plain::line(what);
        let status = not_passed(
            Verdict::Inconclusive,
            "left_behind",
            &what,
            &format!("{what}\n{advice}"),
        );
        suite.add_test_case(case(&name, &class, status));
    }
    let warnings = visit.warnings.iter();
    let warnings = warnings.map(|text| format!("warning: {}", plain::line(text)));
    let said: Vec<String> = failure::earlier_lines(visit)
        .into_iter()
        .chain(warnings)
        .collect();
    if !said.is_empty() {
        suite.set_system_err(said.join("\n"));
    }
    suite
}

fn step_case(visit: &Visit, step: &Step, finding: Option<&Finding>, class: &str) -> TestCase {
    let summary = plain::line(&step.summary);
    let status = match (step.verdict, finding) {
        (Verdict::Passed, _) => TestCaseStatus::success(),
        (Verdict::Skipped, _) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(if summary.is_empty() {
                "not tried"
            } else {
                summary.as_str()
            });
            status
        }
        (verdict, Some(finding)) => explained(visit, verdict, finding),
        (verdict, None) => not_passed(verdict, verdict.word(), &summary, ""),
    };
    let mut case = case(step.name.word(), class, status);
    case.set_time(length(step.duration_s));
    let said: Vec<String> = step
        .progress
        .iter()
        .map(|line| plain::line(&line.message))
        .collect();
    if !said.is_empty() {
        case.set_system_out(said.join("\n"));
    } else if !summary.is_empty() && step.verdict == Verdict::Passed {
        case.set_system_out(&summary);
    }
    case
}

fn explained(visit: &Visit, verdict: Verdict, finding: &Finding) -> TestCaseStatus {
    let mut text = format!(
        "{} ({})\n{}\n",
        finding.cause.code(),
        finding.blame.word(),
        plain::block(&finding.summary)
    );
    let mut list = |title: &str, items: &[String]| {
        if !items.is_empty() {
            text.push_str(&format!("\n{title}:\n"));
            for item in items {
                text.push_str(&format!("- {}\n", item.replace('\n', "\n  ")));
            }
        }
    };
    list("Seen", &failure::evidence(finding));
    list("The hub's last words", &failure::last_words(visit, finding));
    text.push_str(&format!(
        "\nWhat to do:\n{}\n",
        plain::block(&finding.advice)
    ));
    if let Some(curl) = &finding.curl {
        text.push_str(&format!("\nTo see it again:\n{}\n", plain::line(curl)));
    }
    not_passed(
        verdict,
        finding.cause.code(),
        &plain::line(&finding.summary),
        &text,
    )
}

fn not_passed(verdict: Verdict, kind: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(match verdict {
        Verdict::Failed => NonSuccessKind::Failure,
        _ => NonSuccessKind::Error,
    });
    status.set_type(kind).set_message(message);
    if !text.is_empty() {
        status.set_description(text);
    }
    status
}

fn case(name: &str, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

fn is_red(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Failed | Verdict::Inconclusive)
}

fn length(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests;
