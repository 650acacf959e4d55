//! The examples in docs/reports.md: every format's report of one real run, whose journal is in docs/pictures. Of formats that say much,
//! the part that says most.

use hubprobe::report::terminal::Look;
use hubprobe::vocabulary::Run;
use hubprobe::{journal, report};
use serde_json::Value;

/// How the terminal's report looks at 80 columns.
const LOOK: Look = Look {
    width: 80,
    color: false,
    unicode: true,
};

/// The lines of the journal that are shown, and how much of each.
const LINES: usize = 6;
const LETTERS: usize = 200;

/// Each example with the name of its place: what stands between its marks.
pub(crate) fn examples(kept: &str) -> Vec<(&'static str, String)> {
    let run = journal::read(kept).expect("a journal");
    let shown = |language: &str, text: &str| format!("```{language}\n{}\n```\n", text.trim_end());
    vec![
        (
            "report terminal",
            shown("text", &report::terminal::report(&run, &LOOK)),
        ),
        (
            "report markdown",
            shown_within("markdown", &report::markdown::report(&run)),
        ),
        ("report json", shown("json", &json(&run))),
        ("report junit", shown("xml", &junit(&run))),
        ("report tap", shown("text", &report::tap::report(&run))),
        (
            "report nagios",
            shown("text", &report::nagios::report(&run)),
        ),
        ("report prometheus", shown("text", &prometheus(&run))),
        ("report journal", shown("text", &first_lines(kept))),
    ]
}

/// Markdown holds fences of its own.
fn shown_within(language: &str, text: &str) -> String {
    format!("````{language}\n{}\n````\n", text.trim_end())
}

/// The visit that failed, with the step that did not pass.
fn json(run: &Run) -> String {
    let text = report::json::report(run).expect("a report");
    let mut all: Value = serde_json::from_str(&text).expect("JSON");
    let keep = |value: &mut Value, key: &str| {
        let list = value[key].as_array_mut().expect("a list");
        list.retain(|it| it["verdict"] == "failed");
    };
    keep(&mut all, "visits");
    keep(&mut all["visits"][0], "steps");
    format!("{all:#}")
}

/// The test case that failed.
fn junit(run: &Run) -> String {
    let text = report::junit::report(run).expect("a report");
    let (before, after) = text.split_once("<failure").expect("a failure");
    let from = before.rfind("        <testcase").expect("a test case");
    let end = after.find("</testcase>").expect("its end");
    format!("{}<failure{}</testcase>", &before[from..], &after[..end])
}

/// What an alert would want of the probe that failed.
fn prometheus(run: &Run) -> String {
    let text = report::prometheus::report(run).expect("a report");
    let names = [
        "hubprobe_run_success",
        "hubprobe_success",
        "hubprobe_duration_seconds",
        "hubprobe_cause",
        "hubprobe_token_days_left",
    ];
    let wanted = |line: &&str| names.iter().any(|name| line.starts_with(name));
    text.lines().filter(wanted).collect::<Vec<_>>().join("\n")
}

fn first_lines(kept: &str) -> String {
    let cut = |line: &str| match line.char_indices().nth(LETTERS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    };
    let lines: Vec<String> = kept.lines().take(LINES).map(cut).collect();
    lines.join("\n")
}
