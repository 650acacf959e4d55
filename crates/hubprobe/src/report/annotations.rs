//! What GitHub shows beside a job: a workflow command for each visit that did not pass, and for what is left behind.
//!
//! The runner obeys every line of a job's output that begins with `::`, so nothing of a hub may begin one: here it is
//! escaped, and the report for people is [`guarded`]. It also obeys `##[…]` anywhere in a line, which [`plain`] breaks.

use crate::vocabulary::{Run, Verdict};

use super::{apart, failure, left, plain};

/// The commands, a line each; empty where all is well.
#[must_use]
pub fn report(run: &Run) -> String {
    let mut lines = String::new();
    let mut say = |kind: &str, title: &str, text: &str| {
        lines.push_str(&format!(
            "::{kind} title={}::{}\n",
            property(title),
            message(text)
        ));
    };
    for (probe, visit) in apart::names(run).iter().zip(&run.visits) {
        // Each text by itself: half an escape sequence at its end would take some of ours along.
        if let Some(finding) = &visit.finding {
            let kind = match visit.verdict {
                Verdict::Failed => "error",
                _ => "warning",
            };
            let title = format!("hubprobe: {probe}: {}", finding.cause.code());
            let (summary, advice) = (
                plain::block(&finding.summary),
                plain::block(&finding.advice),
            );
            say(kind, &title, &format!("{summary}\n{advice}"));
        }
        if visit.flaky {
            let title = format!("hubprobe: {probe} is flaky");
            let only = format!("it passed only at attempt {}", visit.attempts);
            let lines: Vec<String> = [only]
                .into_iter()
                .chain(failure::earlier_lines(visit))
                .collect();
            say("warning", &title, &lines.join("\n"));
        }
        for what in &visit.left_behind {
            say(
                "error",
                "hubprobe: something may be left on the hub",
                &format!("{}\n{}", plain::block(what), left::about(run, visit, what)),
            );
        }
    }
    if let Some(signal) = &run.interrupted {
        let text = format!("interrupted by {}", plain::line(signal));
        say(
            "warning",
            "hubprobe: the run did not come to its end",
            &text,
        );
    }
    if !run.unread.is_empty() {
        let files: Vec<String> = run.unread.iter().map(|file| plain::line(file)).collect();
        let title = format!("hubprobe: {}", apart::unread(run));
        say("warning", &title, &files.join("\n"));
    }
    lines
}

fn message(text: &str) -> String {
    plain::block(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(&plain::line(text))
        .replace(':', "%3A")
        .replace(',', "%2C")
}

/// JSON that holds the same, and no command to the runner: `::` begins no line of it.
#[must_use]
pub fn guarded_json(text: &str) -> String {
    text.replace("##[", "##\\u005b")
}

/// A text none of whose lines is a command to the runner.
#[must_use]
pub fn guarded(text: &str) -> String {
    let line = |line: &str| {
        let begin = line.trim_start();
        if begin.starts_with("::") {
            let spaces = line.len() - begin.len();
            format!("{}\u{2060}{begin}", line.get(..spaces).unwrap_or_default())
        } else {
            line.to_owned()
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_command_for_each_visit_that_did_not_pass() {
        assert_eq!(report(&samples::passed()), "");
        let text = report(&samples::several());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(
            lines[0].starts_with("::error title=hubprobe%3A normal%3A spawn.never-answered::The server process started, but"),
            "{text}"
        );
        assert!(
            lines[1].starts_with("::warning title=hubprobe%3A every-partition%3A spawn.queued::"),
            "{text}"
        );
        assert!(
            report(&samples::left_behind())
                .contains("::error title=hubprobe%3A something may be left on the hub::")
        );
        assert!(
            report(&samples::flaky()).starts_with(
                "::warning title=hubprobe%3A normal is flaky::it passed only at attempt 2%0Aattempt 1: spawn.never-answered: The"
            )
        );
        let merged = report(&samples::merged());
        assert!(
            merged.starts_with(
                "::error title=hubprobe%3A normal @ jupyter.example.org%2C 2026-11-22 20%3A45%3A55 UTC%3A spawn.never-answered::"
            ),
            "{merged}"
        );
        assert!(
            merged.contains(
                "\n::warning title=hubprobe%3A 1 file cannot be read::wednesday.jsonl: it"
            ),
            "{merged}"
        );
    }

    #[test]
    fn nothing_of_a_hub_begins_a_line() {
        let mut run = samples::failed();
        let visit = &mut run.visits[0];
        visit.probe = "a,b::c\n::stop-commands::x".to_owned();
        let finding = visit.finding.take().unwrap();
        visit.finding = Some(finding.advise("100 %\n::set-output name=x::y\r\n::error::z"));
        assert_eq!(report(&run).lines().count(), 1, "{}", report(&run));
        let text = guarded("well\n  ::error::no\nsay ::this\n");
        assert_eq!(text, "well\n  \u{2060}::error::no\nsay ::this\n");
        let json = guarded_json("{\"a\": \"x ##[error]y\"}");
        assert!(!json.contains("##["), "{json}");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["a"], "x ##[error]y");
    }
}
