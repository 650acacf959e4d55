//! What visits that did not pass leave below `--artifacts`: reports, journal and requests, of each alone and without secrets.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Case;
use crate::hubs::Hubs;
use crate::world::{Said, World};

pub const EDGES: &[Case] = &[
    (
        "artifacts::a_failed_visit_leaves_what_one_wants_to_see",
        a_failed_visit_leaves_what_one_wants_to_see,
    ),
    (
        "artifacts::each_attempt_has_its_requests",
        each_attempt_has_its_requests,
    ),
    (
        "artifacts::an_interrupted_visit_leaves_them_too",
        an_interrupted_visit_leaves_them_too,
    ),
];

/// What each visit leaves that did not pass, by name.
const LEFT: [&str; 4] = [
    "journal.jsonl",
    "report.html",
    "report.json",
    "requests.har",
];

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn entries(archive: &Path) -> Vec<Value> {
    let archive: Value = serde_json::from_str(&read(archive)).unwrap();
    assert_eq!(archive["log"]["version"], "1.2");
    archive["log"]["entries"].as_array().unwrap().clone()
}

fn suite(world: &World, probes: &str) {
    let token = world.dir.join("token").display().to_string();
    let (url, account) = (&world.url, &world.account);
    world.write(
        "suite.yaml",
        &format!(
            "hubs: {{ here: {{ url: {url}, accounts: {{ {account}: {{ token: {{ file: {token} }} }} }}, headers: {{ X-Door: {{ env: DOOR }} }} }} }}\nprobes:\n{probes}"
        ),
    );
}

fn a_failed_visit_leaves_what_one_wants_to_see(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "leaves");
    let secret = format!("print('{}')", world.token);
    suite(
        &world,
        &format!(
            "  good: {{}}\n  bad:\n    steps:\n      - execute: {{ code: \"{secret}\", expect: \"43\" }}\n"
        ),
    );
    let args = ["check", "--suite", "suite.yaml", "--format", "json"];
    let said = world
        .hubprobe(&args)
        .and(&["--artifacts", "kept"])
        .env("DOOR", "0pen-sesame")
        .run();
    said.exits(1);
    let run = said.report();
    let kept = world.dir.join("kept");
    assert_eq!(names(&kept), ["bad"], "nothing of what passed");
    let bad = kept.join("bad");
    assert_eq!(names(&bad), LEFT);
    for name in LEFT {
        let text = read(&bad.join(name));
        for secret in [world.token.as_str(), "0pen-sesame"] {
            assert!(!text.contains(secret), "{name}");
        }
    }
    // The visit as the run has it, alone.
    let alone: Value = serde_json::from_str(&read(&bad.join("report.json"))).unwrap();
    let visits = run["visits"].as_array().unwrap();
    let whole = visits.iter().find(|visit| visit["probe"] == "bad").unwrap();
    let mut whole = whole.clone();
    assert!(whole["started_s"].as_f64() > Some(0.5));
    // Its times count from its own start.
    whole["started_s"] = serde_json::json!(0.0);
    assert_eq!(alone["visits"], serde_json::json!([whole]));
    assert_eq!(alone["duration_s"], whole["duration_s"]);
    assert_eq!(alone["verdict"], "failed");
    // Its journal tells the same.
    let told = world.hubprobe(&["report", "kept/bad/journal.jsonl", "--format", "json"]);
    let told = told.run();
    told.exits(1).finds("kernel.wrong-output");
    assert_eq!(told.report()["visits"], alone["visits"]);
    // From the first request to the last look whether it is gone, the websocket too.
    let entries = entries(&bad.join("requests.har"));
    let is = |entry: &Value, method: &str, end: &str, status: u16| {
        let url = entry["request"]["url"].as_str().unwrap();
        let path = url.split('?').next().unwrap();
        entry["request"]["method"] == method
            && path.ends_with(end)
            && entry["response"]["status"] == status
    };
    let server = format!("/users/{}/server", world.account);
    let mut at = 0;
    for (method, end, status) in [
        ("GET", "/hub/api/", 200),
        ("GET", "/hub/api/user", 200),
        ("POST", server.as_str(), 202),
        ("GET", "/channels", 101),
        ("DELETE", server.as_str(), 202),
    ] {
        let rest = &entries[at..];
        let found = rest.iter().position(|entry| {
            let also = if status == 202 { 200..300 } else { 0..0 };
            is(entry, method, end, status)
                || also.into_iter().any(|other| is(entry, method, end, other))
        });
        at += found.unwrap_or_else(|| panic!("no {method} {end} after {at}: {entries:#?}"));
    }
    let header = |entry: &Value, name: &str| {
        let headers = entry["request"]["headers"].as_array().unwrap();
        let header = headers.iter().find(|header| header["name"] == name);
        header.map(|header| header["value"].as_str().unwrap().to_owned())
    };
    assert!(
        entries
            .iter()
            .any(|it| header(it, "authorization").as_deref() == Some("[hidden]"))
    );
    for entry in &entries {
        assert_eq!(header(entry, "x-door").as_deref(), Some("[hidden]"));
        let (time, timings) = (&entry["time"], &entry["timings"]);
        let sum = timings["wait"].as_f64().unwrap() + timings["receive"].as_f64().unwrap();
        assert!((time.as_f64().unwrap() - sum).abs() < 0.01, "{entry:#}");
    }
    world.assert_nothing_left();
}

fn each_attempt_has_its_requests(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "attempts");
    // Raises the first time, since the home is the same.
    let code = "import os, pathlib; p = pathlib.Path('was-here'); there = p.exists(); p.touch(); print(6*7 if there else 41)";
    suite(
        &world,
        &format!(
            "  flaky:\n    retries: {{ times: 1, wait: 1s }}\n    steps:\n      - execute: {{ code: \"{code}\", expect: \"42\" }}\n"
        ),
    );
    let args = ["check", "--suite", "suite.yaml", "--artifacts", "kept"];
    let said = world.hubprobe(&args).env("DOOR", "ajar").run();
    said.exits(0);
    let flaky = world.dir.join("kept/flaky");
    assert_eq!(names(&flaky), LEFT, "of the attempt that failed");
    assert!(entries(&flaky.join("requests.har")).len() > 8);
    assert!(read(&flaky.join("report.html")).contains("kernel.wrong-output"));
    world.assert_nothing_left();
}

fn an_interrupted_visit_leaves_them_too(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "interrupted-files");
    let reached = world.dir.join("reached");
    let cell = |source: &str| serde_json::json!({"cell_type": "code", "metadata": {}, "execution_count": null, "outputs": [], "source": source});
    let wait = format!("import pathlib, time\npathlib.Path({reached:?}).touch()\ntime.sleep(600)");
    let notebook = serde_json::json!({
        "nbformat": 4, "nbformat_minor": 4, "metadata": {},
        "cells": [cell("print(6*7)"), cell(&wait)],
    });
    world.write("n.ipynb", &notebook.to_string());
    let call = world.check_steps("- notebook: { path: n.ipynb, timeout: 300s }");
    let child = call.and(&["--artifacts", "kept"]).start();
    let began = Instant::now();
    while !reached.exists() {
        assert!(
            began.elapsed() < Duration::from_secs(90),
            "it is not reached"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status();
    assert!(sent.unwrap().success());
    Said::of(child).exits(130);
    let code = world.dir.join("kept/code");
    let all = [
        "journal.jsonl",
        "n.ipynb",
        "report.html",
        "report.json",
        "requests.har",
    ];
    assert_eq!(names(&code), all);
    let notebook: Value = serde_json::from_str(&read(&code.join("n.ipynb"))).unwrap();
    assert_eq!(notebook["cells"][0]["outputs"][0]["text"], "42\n");
    assert_eq!(notebook["cells"][1]["outputs"], serde_json::json!([]));
    assert!(read(&code.join("report.json")).contains("prober.interrupted"));
    world.assert_nothing_left();
}
