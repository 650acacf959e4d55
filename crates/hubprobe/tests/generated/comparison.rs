//! docs/comparison.md: its tables are what benches/peers/results.json says, and that is whole, and of the program that stands beside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
struct Results {
    hub_version: String,
    limit_s: u32,
    took_s: u32,
    not_run: BTreeMap<String, String>,
    tools: Vec<Tool>,
    faults: Vec<Fault>,
    runs: BTreeMap<String, BTreeMap<String, Run>>,
}

#[derive(Deserialize)]
struct Tool {
    id: String,
    title: String,
    version: String,
    typed: String,
}

#[derive(Deserialize)]
struct Fault {
    id: String,
    title: String,
    words: String,
    said: String,
    green: bool,
}

#[derive(Deserialize)]
struct Run {
    verdict: String,
    named: Option<bool>,
    line: String,
    left: Left,
}

#[derive(Deserialize)]
struct Left {
    /// What the hub says of the account's servers; nothing where the hub says nothing.
    hub: Option<Vec<String>>,
    processes: bool,
}

impl Run {
    fn reported(&self) -> bool {
        matches!(self.verdict.as_str(), "red" | "inconclusive")
    }

    fn leaves(&self) -> Option<String> {
        match self.left.hub.as_deref() {
            Some([state, ..]) if state == "ready" => Some("a server".to_owned()),
            Some([state, ..]) => Some(format!("a server ({state})")),
            _ if self.left.processes => Some("a process".to_owned()),
            _ => None,
        }
    }

    fn cell(&self) -> String {
        let mut cell = match (self.verdict.as_str(), self.named) {
            ("waiting", Some(true)) => "no end, cause named".to_owned(),
            ("waiting", _) => "no end".to_owned(),
            (verdict, Some(true)) => format!("**{verdict}**, cause named"),
            (verdict, Some(false)) if self.reported() => format!("**{verdict}**"),
            (verdict, _) => verdict.to_owned(),
        };
        if let Some(left) = self.leaves() {
            write!(cell, "; left {left}").unwrap();
        }
        cell
    }
}

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(path)).unwrap()
}

fn results() -> Results {
    serde_json::from_str(&read("benches/peers/results.json")).unwrap()
}

fn head(page: &mut String, first: &str, tools: &[Tool]) {
    write!(page, "| {first} |").unwrap();
    for tool in tools {
        write!(page, " {} |", tool.title).unwrap();
    }
    writeln!(page, "\n|---{}|", "|---".repeat(tools.len())).unwrap();
}

fn the_tools(results: &Results) -> String {
    let mut page = String::from("| tool | version | as it was run |\n|---|---|---|\n");
    for tool in &results.tools {
        let typed = tool.typed.replace('|', "\\|");
        writeln!(page, "| {} | {} | `{typed}` |", tool.title, tool.version).unwrap();
    }
    for (tool, why) in &results.not_run {
        writeln!(page, "\n{tool} was not run: {why}.").unwrap();
    }
    page
}

fn the_table(results: &Results) -> String {
    let mut page = String::new();
    for green in [true, false] {
        let first = if green {
            "nothing is broken"
        } else {
            "what is broken"
        };
        head(&mut page, first, &results.tools);
        for fault in results.faults.iter().filter(|it| it.green == green) {
            write!(page, "| {} |", fault.title).unwrap();
            for tool in &results.tools {
                write!(page, " {} |", results.runs[&fault.id][&tool.id].cell()).unwrap();
            }
            page.push('\n');
        }
        page.push('\n');
    }
    page
}

/// What is counted over the faults, and whether those of the stop count, where something is left whatever a tool does.
type Counted = (&'static str, bool, fn(&Run) -> bool);
const SUMS: [Counted; 5] = [
    ("reported (red or inconclusive)", true, Run::reported),
    ("the cause named", true, |it| it.named == Some(true)),
    ("green", true, |it| it.verdict == "green"),
    ("no end", true, |it| it.verdict == "waiting"),
    (
        "something left, but for the rows of the stop",
        false,
        |it| it.leaves().is_some(),
    ),
];

fn the_sums(results: &Results) -> String {
    let mut page = String::new();
    let broken: Vec<_> = results.faults.iter().filter(|it| !it.green).collect();
    let first = format!("of {} faults", broken.len());
    head(&mut page, &first, &results.tools);
    for (title, stops, counts) in SUMS {
        write!(page, "| {title} |").unwrap();
        for tool in &results.tools {
            let counted = broken
                .iter()
                .filter(|it| stops || !it.id.starts_with("stop-"))
                .filter(|it| counts(&results.runs[&it.id][&tool.id]))
                .count();
            write!(page, " {counted} |").unwrap();
        }
        page.push('\n');
    }
    page
}

fn the_words(results: &Results) -> String {
    let mut page = String::from("| what is broken | named by | pattern |\n|---|---|---|\n");
    for fault in results.faults.iter().filter(|it| !it.green) {
        let words = fault.words.replace('|', "\\|");
        writeln!(page, "| {} | {} | `{words}` |", fault.title, fault.said).unwrap();
    }
    page
}

#[test]
fn the_tables() {
    let results = results();
    let measure = format!(
        "JupyterHub {}, {} s for each tool; the whole took {} minutes.\n",
        results.hub_version,
        results.limit_s,
        results.took_s.div_ceil(60)
    );
    let mut page = read("docs/comparison.md");
    for (name, text) in [
        ("measure", measure),
        ("tools", the_tools(&results)),
        ("table", the_table(&results)),
        ("sums", the_sums(&results)),
        ("words", the_words(&results)),
    ] {
        let begin = format!("<!-- {name}: generated -->\n");
        let (before, rest) = page.split_once(&begin).unwrap();
        let (_, after) = rest.split_once("<!-- end -->").unwrap();
        page = format!(
            "{before}{begin}\n{}\n\n<!-- end -->{after}",
            text.trim_end()
        );
    }
    super::kept("docs/comparison.md", &page);
}

/// A part of a run, or one of another program, must not become the page.
#[test]
fn the_results_are_whole() {
    let results = results();
    let program = read("benches/peers/faults.py");
    let fault = regex::Regex::new(r#"Fault\(\s*"([a-z-]+)",\s*"([^"]+)""#).unwrap();
    let there: Vec<_> = fault
        .captures_iter(&program)
        .map(|it| (it[1].to_owned(), it[2].to_owned()))
        .collect();
    let ran: Vec<_> = results
        .faults
        .iter()
        .map(|it| (it.id.clone(), it.title.clone()))
        .collect();
    assert_eq!(
        there, ran,
        "benches/peers/results.json is of other faults: make compare"
    );
    for fault in &results.faults {
        for tool in &results.tools {
            let run = &results.runs[&fault.id][&tool.id];
            let verdict = run.verdict.as_str();
            assert!(["green", "red", "inconclusive", "waiting"].contains(&verdict));
            assert_eq!(run.named.is_none(), fault.green, "{} {}", fault.id, tool.id);
            if run.named == Some(true) {
                let words = regex::RegexBuilder::new(&fault.words)
                    .case_insensitive(true)
                    .build()
                    .unwrap();
                assert!(
                    run.verdict != "green" && words.is_match(&run.line),
                    "{}: {}",
                    tool.id,
                    run.line
                );
            }
        }
    }
}
