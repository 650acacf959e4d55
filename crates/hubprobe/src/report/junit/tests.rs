//! What the XML holds, and that those who read it take it.

use std::collections::HashSet;

use quick_xml::events::{BytesStart, Event};

use super::super::samples;
use super::*;

fn counts(run: &Run) -> (usize, usize, usize, usize) {
    let text = report(run).unwrap();
    let read = Report::deserialize_from_str(&text).unwrap();
    let skipped = read.test_suites.iter().map(|suite| suite.skipped).sum();
    (read.tests, read.failures, read.errors, skipped)
}

#[test]
fn every_sample_is_read_back_by_a_parser_with_the_right_counts() {
    let seen: Vec<_> = samples::all()
        .iter()
        .map(|(name, run)| (*name, counts(run)))
        .collect();
    assert_eq!(
        seen,
        [
            ("passed", (8, 0, 0, 0)),
            ("failed", (8, 1, 0, 3)),
            ("inconclusive", (8, 0, 1, 5)),
            ("left_behind", (9, 2, 1, 0)),
            ("survived", (18, 3, 2, 0)),
            ("kept", (8, 0, 0, 2)),
            ("hostile", (9, 1, 1, 3)),
            ("several", (24, 1, 1, 8)),
            ("flaky", (8, 0, 0, 0)),
            ("fifty", (401, 2, 1, 14)),
            ("nothing", (1, 0, 1, 0)),
            ("merged", (33, 1, 1, 3)),
            ("interrupted", (11, 0, 3, 0)),
            ("cut", (9, 0, 1, 0)),
        ]
    );
}

#[test]
fn a_failure_holds_cause_evidence_advice_and_command() {
    let text = report(&samples::failed()).unwrap();
    for part in [
        r#"<testsuite name="normal" tests="8" skipped="3" errors="0" failures="1" timestamp="2026-11-21T20:45:55.000+00:00""#,
        r#"<property name="account" value="servuser"/>"#,
        r#"<property name="run" value="019a9b5e-7c3a-7000-8000-00000000002a"/>"#,
        r#"<testcase name="spawn" classname="hubprobe.normal" time="30.410">"#,
        r#"type="spawn.never-answered""#,
        "Seen:\n- the hub said: Spawn failed",
        "What to do:\n",
        "To see it again:\nprintf",
        "<skipped message=\"not tried\"/>",
        "warning: token expires in 6 days",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn suites_of_merged_runs_are_told_apart() {
    let run = samples::merged();
    let text = report(&run).unwrap();
    let read = Report::deserialize_from_str(&text).unwrap();
    let suites: Vec<&str> = read.test_suites.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(
        suites,
        [
            "normal @ jupyter.example.org, 2026-11-21 20:45:55 UTC",
            "normal @ other.example.org/jupyter",
            "total",
            "normal @ jupyter.example.org, 2026-11-22 20:45:55 UTC",
            "hubprobe"
        ]
    );
    // It would be that of the first run in each.
    assert!(!text.contains("<property name=\"run\""), "{text}");
    assert!(text.contains("type=\"unread\""), "{text}");
}

#[test]
fn a_pass_after_a_failure_is_a_success_that_says_so() {
    let text = report(&samples::flaky()).unwrap();
    for part in [
        r#"<property name="attempts" value="2"/>"#,
        r#"<property name="flaky" value="true"/>"#,
        "attempt 1: spawn.never-answered: The server process started",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn what_xml_forbids_does_not_get_in() {
    let text = report(&samples::hostile()).unwrap();
    let forbidden = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{202e}')
    };
    assert!(!text.contains(forbidden), "{text}");
    assert!(text.contains("]]&gt; &lt;b&gt;&amp;amp;"), "{text}");
}

#[test]
fn a_visit_without_a_red_step_is_still_red() {
    let mut run = samples::failed();
    run.visits[0].steps.clear();
    assert_eq!(counts(&run), (1, 1, 0, 0));
    run.visits[0].finding = None;
    assert_eq!(counts(&run), (1, 0, 1, 0));
}

/// What may stand in an element: attributes that must, attributes that may, elements. As in the schema of Jenkins' xUnit plugin
/// (junit-10.xsd of version 3.1), of which only what is needed here is told; `tools/pages` judges the same files by the schema
/// itself.
type Rule = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

const RULES: &[Rule] = &[
    ("", &[], &[], &["testsuites"]),
    (
        "testsuites",
        &[],
        &["name", "time", "tests", "failures", "errors"],
        &["testsuite"],
    ),
    (
        "testsuite",
        &["name", "tests", "failures", "errors"],
        &["time", "skipped", "timestamp", "hostname", "id", "package"],
        &["properties", "testcase", "system-out", "system-err"],
    ),
    ("properties", &[], &[], &["property"]),
    ("property", &["name", "value"], &[], &[]),
    (
        "testcase",
        &["name"],
        &["time", "classname"],
        &["skipped", "error", "failure", "system-out", "system-err"],
    ),
    ("skipped", &[], &["type", "message"], &[]),
    ("error", &[], &["type", "message"], &[]),
    ("failure", &[], &["type", "message"], &[]),
    ("system-out", &[], &[], &[]),
    ("system-err", &[], &[], &[]),
];

fn rule(name: &str) -> &'static Rule {
    let found = RULES.iter().find(|(it, ..)| *it == name);
    found.unwrap_or_else(|| panic!("no element {name}"))
}

fn attributes(tag: &BytesStart<'_>) -> Vec<(String, String)> {
    let read = tag.attributes().map(|it| {
        let it = it.unwrap();
        let value = it
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .unwrap();
        let name = String::from_utf8_lossy(it.key.as_ref()).into_owned();
        (name, value.into_owned())
    });
    read.collect()
}

/// What breaks a rule, in the order of the file.
fn broken(text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let mut inside = vec![String::new()];
    let mut names = HashSet::new();
    let mut verdicts = 0;
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
                let outer = inside.last().unwrap();
                if !rule(outer).3.contains(&name.as_str()) {
                    broken.push(format!("{name} in {outer}"));
                }
                let (_, must, may, _) = rule(&name);
                let has = attributes(&tag);
                let lacks = must
                    .iter()
                    .filter(|it| !has.iter().any(|(name, _)| name == *it));
                broken.extend(lacks.map(|it| format!("{name} without {it}")));
                for (key, value) in &has {
                    if !must.contains(&key.as_str()) && !may.contains(&key.as_str()) {
                        broken.push(format!("{name} with {key}"));
                    }
                    let is_time = value.chars().all(|c| c.is_ascii_digit() || c == '.');
                    if key == "time" && !(is_time && value.matches('.').count() == 1) {
                        broken.push(format!("{name} took {value}"));
                    }
                }
                match name.as_str() {
                    "testsuite" => names.clear(),
                    // GitLab knows a case by these, and shows one of those that share them.
                    "testcase" => {
                        verdicts = 0;
                        if !names.insert(
                            has.clone()
                                .into_iter()
                                .filter(|(key, _)| key != "time")
                                .collect::<Vec<_>>(),
                        ) {
                            broken.push(format!("{has:?} twice"));
                        }
                    }
                    "skipped" | "error" | "failure" => {
                        verdicts += 1;
                        if verdicts > 1 {
                            broken.push("two verdicts in a case".to_owned());
                        }
                    }
                    _ => {}
                }
                inside.push(name);
            }
            Event::End(_) => drop(inside.pop()),
            Event::Eof => return broken,
            _ => {}
        }
    }
}

#[test]
fn jenkins_and_gitlab_take_every_sample() {
    for (name, run) in samples::all() {
        let text = report(&run).unwrap();
        assert_eq!(broken(&text), Vec::<String>::new(), "{name}");
    }
    // The rules are no decoration.
    let good = report(&samples::several()).unwrap();
    for (from, to, what) in [
        (
            "<testsuites name",
            "<testsuites uuid=\"\" name",
            "testsuites with uuid",
        ),
        (
            "<testcase name=\"open\" c",
            "<testcase name=\"reach\" c",
            "twice",
        ),
        (
            "<testcase name=\"open\" c",
            "<testcase c",
            "testcase without name",
        ),
        ("<skipped", "<error/><skipped", "two verdicts in a case"),
        ("time=\"30.410\"", "time=\"3m\"", "testcase took 3m"),
        (
            "<properties>",
            "<properties><testcase name=\"x\"/>",
            "testcase in properties",
        ),
    ] {
        let found = broken(&good.replacen(from, to, 1));
        assert!(
            found.iter().any(|it| it.contains(what)),
            "{what}: {found:?}"
        );
    }
}
