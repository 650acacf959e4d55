//! Rules for alerts, and the report that they read: by promtool (`tools/setup promtool install`). The reports of the fixed runs
//! are what a rule sees, and each alert must fire on one of them and be quiet on others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::kinds::yaml;
use crate::programs::root;
use crate::stage::Stage;

/// A report, how many hours after its run somebody looks (at most a year), and which alerts there must be then.
const SEEN: &[(&str, u32, &[&str])] = &[
    ("passed", 1, &[]),
    ("flaky", 1, &[]),
    ("failed", 1, &["JupyterHubProbeFailed"]),
    ("inconclusive", 1, &["JupyterHubProbeInconclusive"]),
    // One of its fifty was not tried.
    (
        "fifty",
        1,
        &["JupyterHubProbeFailed", "JupyterHubProbeInconclusive"],
    ),
    (
        "left_behind",
        1,
        &["JupyterHubProbeFailed", "JupyterHubLeftBehind"],
    ),
    ("passed", 25, &[]),
    ("passed", 27, &["JupyterHubNotProbed"]),
    (
        "passed",
        80 * 24,
        &["JupyterHubNotProbed", "JupyterHubTokenExpires"],
    ),
    // The file was never written, or somebody took it away.
    ("", 1, &["JupyterHubNotProbed"]),
];

/// What promtool's style guide has against names that stay: they are a contract.
const KNOWN: &str = r#"hubprobe_token_days_left use base unit "seconds" instead of "days""#;

/// Rules for alerts: their shape, and by promtool what they say of each report.
///
/// # Errors
/// What is wrong in them.
pub fn rules(stage: &mut Stage<'_>, text: &str) -> Result<(), String> {
    let read = yaml(text)?;
    let groups = read["groups"].as_array().ok_or("no groups")?;
    let rules = groups.iter().filter_map(|group| group["rules"].as_array());
    let mut alerts = BTreeSet::new();
    for rule in rules.flatten() {
        let (Some(alert), Some(_)) = (rule["alert"].as_str(), rule["expr"].as_str()) else {
            return Err(format!("no alert, or no expr: {rule}"));
        };
        alerts.insert(alert);
    }
    let fire: BTreeSet<&str> = SEEN.iter().flat_map(|(.., fire)| *fire).copied().collect();
    if alerts != fire {
        return Err(format!(
            "the alerts are {alerts:?}, and seen to fire are {fire:?}"
        ));
    }
    let Some(promtool) = promtool() else {
        return Ok(());
    };
    let path = stage.write("alerts.yaml", text);
    said(Command::new(&promtool).args(["check", "rules"]).arg(&path))?;
    let tests = path.with_file_name("alerts-seen.yaml");
    let cases: Vec<Value> = SEEN
        .iter()
        .map(|(report, hours, fire)| case(report, *hours, fire))
        .collect();
    let content = json!({"rule_files": [path], "evaluation_interval": "1h", "tests": cases});
    std::fs::write(&tests, content.to_string()).unwrap();
    said(Command::new(&promtool).args(["test", "rules"]).arg(&tests))
}

/// What promtool is to see of a report some hours after its run. Its time begins at 0, and so do the report's instants.
fn case(report: &str, hours: u32, fire: &[&str]) -> Value {
    let lines = match report {
        "" => String::new(),
        name => std::fs::read_to_string(snapshots().join(format!("{name}.prom"))).unwrap(),
    };
    let series: Vec<(&str, f64)> = lines
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(series, value)| (series, value.parse().unwrap()))
        .collect();
    let ended = series
        .iter()
        .find(|(series, _)| *series == "hubprobe_run_timestamp_seconds")
        .map_or(0.0, |(_, at)| *at);
    let input: Vec<Value> = series
        .iter()
        .map(|(series, value)| {
            let instant = series.split('{').next().unwrap_or_default();
            let from = if instant.ends_with("_timestamp_seconds") {
                ended
            } else {
                0.0
            };
            json!({"series": series, "values": format!("{}x{hours}", value - from)})
        })
        .collect();
    let mut counted: BTreeMap<&str, Value> = BTreeMap::new();
    for alert in fire {
        let labels = format!("{{alertname=\"{alert}\"}}");
        counted.insert(alert, json!({"labels": labels, "value": 1}));
    }
    // Whether, and not of how many probes.
    let firing = "group by (alertname) (ALERTS{alertstate=\"firing\"})";
    json!({
        "interval": "1h",
        "input_series": input,
        "promql_expr_test": [{
            "expr": firing,
            "eval_time": format!("{hours}h"),
            "exp_samples": counted.into_values().collect::<Vec<_>>(),
        }],
    })
}

/// The reports of all fixed runs, hostile texts in them as well, are read, and nothing new is said against them.
pub fn metrics() {
    let Some(promtool) = promtool() else {
        return;
    };
    let mut read = 0;
    for entry in std::fs::read_dir(snapshots()).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "prom") {
            continue;
        }
        let output = Command::new(&promtool)
            .args(["check", "metrics"])
            .stdin(std::fs::File::open(&path).unwrap())
            .output()
            .unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr);
        let new: Vec<&str> = complaints.lines().filter(|line| *line != KNOWN).collect();
        assert!(new.is_empty(), "{}: {new:?}", path.display());
        // 3: read, and minded.
        assert!(
            matches!(output.status.code(), Some(0 | 3)),
            "{}: {output:?}",
            path.display()
        );
        read += 1;
    }
    assert!(read > 5, "{read} reports");
}

fn snapshots() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots")
}

/// The program, where it is installed.
fn promtool() -> Option<PathBuf> {
    let found = Command::new(root().join("tools/setup"))
        .arg("promtool")
        .output()
        .unwrap();
    if !found.status.success() {
        eprintln!(
            "note: without promtool (tools/setup promtool install): alerts and metrics were not judged"
        );
        return None;
    }
    Some(String::from_utf8_lossy(&found.stdout).trim().into())
}

fn said(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "promtool: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}
