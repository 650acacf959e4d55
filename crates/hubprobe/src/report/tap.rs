//! The report as TAP (version 13, testanything.org): a test point for each visit, with its finding as YAML below it.
//!
//! Nothing of version 14 is used, and Perl's TAP::Harness (3.44, Debian's `prove`) refuses what names it.
//!
//! What is inconclusive is `not ok`, since nothing may be green by accident; what is left behind is a test point of its
//! own; and a run without a visit bails out. The YAML is JSON, which YAML 1.2 is a superset of.

use serde_json::json;

use crate::vocabulary::run::Visit;
use crate::vocabulary::{Run, Verdict};

use super::{apart, failure, left, plain};

/// The report; ends with a line break.
#[must_use]
pub fn report(run: &Run) -> String {
    let mut lines = vec!["TAP version 13".to_owned()];
    if run.visits.is_empty() {
        lines.push("Bail out! no probe ran".to_owned());
    } else {
        let behind: Vec<&String> = run
            .visits
            .iter()
            .flat_map(|visit| &visit.left_behind)
            .collect();
        let mut next = run.visits.len();
        let of_the_run = [
            !behind.is_empty(),
            run.interrupted.is_some(),
            !run.unread.is_empty(),
        ];
        let points = next + of_the_run.into_iter().filter(|it| *it).count();
        lines.push(format!("1..{points}"));
        for (index, visit) in run.visits.iter().enumerate() {
            point(&mut lines, index + 1, run, visit);
        }
        let list = |texts: &[&String]| -> Vec<String> {
            texts.iter().map(|text| plain::line(text)).collect()
        };
        if !behind.is_empty() {
            next += 1;
            lines.push(format!("not ok {next} - nothing is left behind"));
            block(
                &mut lines,
                &[
                    ("left_behind", json!(list(&behind))),
                    ("advice", json!(left::line(run))),
                ],
            );
        }
        if let Some(signal) = &run.interrupted {
            next += 1;
            lines.push(format!("not ok {next} - the run came to its end"));
            block(
                &mut lines,
                &[("interrupted_by", json!(plain::line(signal)))],
            );
        }
        if !run.unread.is_empty() {
            lines.push(format!("not ok {points} - all files are read"));
            let unread: Vec<&String> = run.unread.iter().collect();
            block(&mut lines, &[("unread", json!(list(&unread)))]);
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn point(lines: &mut Vec<String>, number: usize, run: &Run, visit: &Visit) {
    let word = match visit.verdict {
        Verdict::Passed | Verdict::Skipped => "ok",
        Verdict::Failed | Verdict::Inconclusive => "not ok",
    };
    let skip = match visit.verdict {
        Verdict::Skipped => " # SKIP not tried",
        _ => "",
    };
    let [probe, account, hub] =
        [&visit.probe, &visit.account, &visit.hub].map(|text| plain::line(text));
    let began = match apart::several_runs(run) {
        true => format!(", {} UTC", apart::began(run, visit)),
        false => String::new(),
    };
    let name = escaped(&format!("{probe} ({account} @ {hub}{began})"));
    lines.push(format!("{word} {number} - {name}{skip}"));
    let mut said = vec![("duration_ms", json!((visit.duration_s * 1000.0).round()))];
    if let Some(finding) = &visit.finding {
        said.extend([
            ("verdict", json!(visit.verdict.word())),
            ("cause", json!(finding.cause.code())),
            ("blame", json!(finding.blame.word())),
            ("message", json!(plain::line(&finding.summary))),
            ("seen", json!(failure::evidence(finding))),
            ("advice", json!(plain::block(&finding.advice))),
        ]);
        said.extend(
            finding
                .curl
                .iter()
                .map(|curl| ("curl", json!(plain::line(curl)))),
        );
    }
    if visit.attempts > 1 {
        said.push(("attempts", json!(visit.attempts)));
        said.push(("flaky", json!(visit.flaky)));
        said.push(("earlier", json!(failure::earlier_lines(visit))));
    }
    if !visit.warnings.is_empty() {
        let warnings = visit.warnings.iter().map(|text| plain::line(text));
        said.push(("warnings", json!(warnings.collect::<Vec<_>>())));
    }
    block(lines, &said);
}

fn block(lines: &mut Vec<String>, said: &[(&str, serde_json::Value)]) {
    lines.push("  ---".to_owned());
    for (key, value) in said {
        lines.push(format!("  {key}: {value}"));
    }
    lines.push("  ...".to_owned());
}

/// A `#` begins a directive.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#")
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_point_for_each_visit() {
        let text = report(&samples::several());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["TAP version 13", "1..3"]);
        assert_eq!(
            lines[2..6],
            [
                "ok 1 - normal (servuser @ https://jupyter.example.org/)",
                "  ---",
                "  duration_ms: 6400.0",
                "  ..."
            ]
        );
        assert_eq!(
            lines[6],
            "not ok 2 - normal (servuser @ https://jupyter.example.org/)"
        );
        assert!(
            lines.contains(&"  cause: \"spawn.never-answered\""),
            "{text}"
        );
        assert!(text.contains("\nnot ok 3 - every-partition ("), "{text}");
        assert!(lines.contains(&"  verdict: \"inconclusive\""), "{text}");
    }

    #[test]
    fn what_failed_before_it_passed_and_when_it_was_is_said() {
        let text = report(&samples::flaky());
        assert!(
            text.contains(
                "  flaky: true\n  earlier: [\"attempt 1: spawn.never-answered: The server"
            ),
            "{text}"
        );
        let text = report(&samples::merged());
        for line in [
            "1..5",
            "ok 1 - normal (servuser @ https://jupyter.example.org/, 2026-11-21 20:45 UTC)",
            "ok 2 - normal (servuser @ https://other.example.org/jupyter/, 2026-11-21 20:55 UTC)",
            "not ok 4 - normal (servuser @ https://jupyter.example.org/, 2026-11-22 20:45 UTC)",
            "not ok 5 - all files are read",
            "  unread: [\"wednesday.jsonl: it ends before the run begins\"]",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        let mut both = samples::merged();
        both.visits[0].left_behind.push("a server".to_owned());
        let text = report(&both);
        let points = text.lines().filter(|line| line.contains("ok "));
        let numbers = points.filter_map(|line| line.split("ok ").nth(1)?.split(' ').next());
        assert_eq!(numbers.collect::<Vec<_>>(), ["1", "2", "3", "4", "5", "6"]);
        assert!(text.starts_with("TAP version 13\n1..6\n"), "{text}");
    }

    #[test]
    fn what_is_left_is_a_point_of_its_own_and_nothing_is_no_success() {
        let text = report(&samples::left_behind());
        assert!(text.contains("\n1..2\nnot ok 1"), "{text}");
        assert!(
            text.contains("\nnot ok 2 - nothing is left behind\n"),
            "{text}"
        );
        assert!(text.contains("\n  advice: \"hubprobe clean\"\n"), "{text}");
        assert_eq!(
            report(&samples::run_of_nothing()),
            "TAP version 13\nBail out! no probe ran\n"
        );
        assert!(report(&samples::fifty()).contains("\nok 50 - every[partition=p49] (serv4 @ https://jupyter.example.org/) # SKIP not tried\n"));
    }

    #[test]
    fn every_line_of_yaml_is_json_and_nothing_of_a_hub_begins_a_line() {
        for (name, run) in samples::all() {
            let text = report(&run);
            let mut inside = false;
            for line in text.lines() {
                match line {
                    "  ---" => inside = true,
                    "  ..." => inside = false,
                    _ if inside => {
                        let (key, value) = line.trim_start().split_once(": ").unwrap();
                        assert!(
                            key.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                            "{name}: {line}"
                        );
                        serde_json::from_str::<serde_json::Value>(value).unwrap();
                    }
                    _ => assert!(
                        [
                            "TAP version 13",
                            "1..",
                            "ok ",
                            "not ok ",
                            "Bail out! no probe"
                        ]
                        .iter()
                        .any(|begin| line.starts_with(begin)),
                        "{name}: {line}"
                    ),
                }
            }
            assert!(!inside);
        }
        assert_eq!(escaped(r"a # b \ c"), r"a \# b \\ c");
    }
}
