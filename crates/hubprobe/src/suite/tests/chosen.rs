//! What `suite lint` and `suite list` say, and how tags choose probes.

use std::path::Path;

use serde_json::json;

use super::super::load::examine;
use super::super::sources::Made;
use super::super::{MOST_TOLD, as_json, as_text, lint};
use super::{fault, read, with};

const TAGGED: &str = r#"hubs:
  alps:
    url: https://h.org
    accounts: { me: { token: { env: T } } }
probes:
  quick: { tags: [cpu] }
  long:
    server: second
    tags: [gpu, slow, gpu]
    options: { nodes: 2 }
    deadlines: { start: 9m }
    steps:
      - kernel: { name: python3 }
      - execute: { code: "print(6*7)", expect: "42" }
      - files: { size: 1MiB }
  plain: {}
"#;

fn names(named: &[&str], tags: &[&str]) -> Result<Vec<String>, String> {
    let owned = |words: &[&str]| -> Vec<String> { words.iter().map(|w| (*w).to_owned()).collect() };
    let (suite, _) = read(TAGGED);
    let probes = suite.probes(&owned(named)).unwrap();
    suite
        .tagged(probes, &owned(tags))
        .map(|probes| probes.into_iter().map(|probe| probe.name).collect())
        .map_err(|error| error.to_string())
}

#[test]
fn tags_choose_probes() {
    assert_eq!(names(&[], &[]).unwrap(), ["quick", "long", "plain"]);
    assert_eq!(names(&[], &["slow"]).unwrap(), ["long"]);
    assert_eq!(names(&[], &["slow", "cpu"]).unwrap(), ["quick", "long"]);
    assert_eq!(names(&["long", "plain"], &["gpu"]).unwrap(), ["long"]);
    assert_eq!(
        names(&[], &["slwo"]).unwrap_err(),
        "dir/suite.yaml: no probe of the suite has the tag `slwo`\n  did you mean `slow`? its tags are: cpu, gpu, slow"
    );
    assert_eq!(
        names(&["plain"], &["cpu", "gpu"]).unwrap_err(),
        "dir/suite.yaml: none of the probes that are named has the tag cpu or gpu\n  name others, or leave out the names or the tags"
    );
    let (suite, _) = read(&with("", ""));
    assert_eq!(
        suite
            .tagged(suite.probes(&[]).unwrap(), &["slow".to_owned()])
            .unwrap_err()
            .to_string(),
        "dir/suite.yaml: no probe of the suite has the tag `slow`\n  no probe of it has tags; add tags: [slow] to one"
    );
}

#[test]
fn faults_of_tags() {
    for (line, message) in [
        (
            "    tags: slow\n",
            "suite.yaml:8:11: tags: expected a list of words, found a text\n    8 |     tags: slow\n      |           ^\n  write it as in [slow, gpu]",
        ),
        (
            "    tags: [a, 5]\n",
            "suite.yaml:8:15: a tag: expected a text, found the number 5\n    8 |     tags: [a, 5]\n      |               ^\n  quote it: \"5\"",
        ),
        (
            "    tags: [a b]\n",
            "suite.yaml:8:12: a tag is one word, without spaces and commas\n    8 |     tags: [a b]\n      |            ^\n  write it as in [slow, gpu]",
        ),
    ] {
        assert_eq!(fault(&with("", line)), message);
    }
    assert!(fault(&with("", "    tags: [\"a\\ufeff\"]\n")).contains("a tag is one word"));
}

#[test]
fn each_probe_says_its_first_mistake() {
    let suite = "hubs:\n  alps: { url: 'https://h.org', accounts: { me: { token: { env: T } } } }\nprobes:\n  a: { hubb: x }\n  b: {}\n  c: { steps: [span] }\n";
    let places = |text: &str| -> Vec<(u64, u64)> {
        examine(Path::new("suite.yaml"), text.to_owned(), &Made)
            .err()
            .unwrap()
            .iter()
            .map(|error| {
                error
                    .place
                    .map_or((0, 0), |place| (place.line, place.column))
            })
            .collect()
    };
    assert_eq!(places(suite), [(4, 8), (6, 16)]);
    assert_eq!(
        places("hubs:\n  a: { urll: x }\n  b: { url: 5 }\nprobes: { p: { x: 1 } }\n"),
        [(2, 8), (3, 13)]
    );
    assert_eq!(places(""), [(0, 0)]);
}

#[test]
fn the_list_says_what_each_probe_would_do() {
    let (suite, _) = read(TAGGED);
    let probes = suite.probes(&["long".to_owned()]).unwrap();
    assert_eq!(
        as_text(&probes),
        "long\n  hub         alps https://h.org/\n  account     me\n  server      second\n  tags        gpu, slow\n  options     {\"nodes\":2}\n  \
         steps       reach, identify, spawn, open, kernel (name python3), execute, execute (code print(6*7), expect 42), files (size 1048576), stop, gone\n  \
         deadlines   reach 10s, start 9m, queue 20m, open 30s, lab 1m, kernel 1m, execute 1m, files 1m, stop 2m\n"
    );
    assert_eq!(
        as_json(&suite, &probes),
        json!({"schema": "hubprobe.suite-list/1", "suite": "dir/suite.yaml", "probes": [{
            "name": "long", "hub": {"name": "alps", "url": "https://h.org/"}, "account": "me", "server": "second",
            "options": {"nodes": 2}, "tags": ["gpu", "slow"], "warn": {},
            "steps": ["reach", "identify", "spawn", "open", {"kernel": {"name": "python3"}}, "execute",
                {"execute": {"code": "print(6*7)", "expect": "42"}}, {"files": {"size": 1048576}}, "stop", "gone"],
            "deadlines": {"reach": "10s", "start": "9m", "queue": "20m", "open": "30s", "lab": "1m",
                "kernel": "1m", "execute": "1m", "files": "1m", "stop": "2m"}}]})
    );
}

#[test]
fn no_more_mistakes_are_told_than_anyone_reads() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("suite.yaml");
    let head = "hubs:\n  a: { url: 'https://h.org', accounts: { me: { token: { file: t } } } }\n";
    let many = "'${env:NOT_SET_ANYWHERE}', ".repeat(5_000);
    let probes: String = (0..5_000).map(|n| format!("p{n}: {{ x: 1 }}, ")).collect();
    for text in [
        format!("{head}probes: {{ p: {{ options: {{ a: [{many}] }} }} }}\n"),
        format!("{head}probes: {{ {probes} }}\n"),
    ] {
        std::fs::write(&path, text).unwrap();
        let errors = lint(&path).unwrap_err();
        assert_eq!(errors.len(), MOST_TOLD, "{}", errors[0]);
    }
}

#[test]
fn what_asks_the_scheduler_is_read_inherited_and_listed() {
    let (suite, _) = read(
        "hubs:\n  alps: { url: 'https://h.org', accounts: { me: { token: { env: T } } } }\nprobes:\n  \
         base: { abstract: true, queue: { command: [squeue, -h, -j, '{job_id}', -o, '%T %r'] }, gone: { command: [squeue, -h, -j, '{job_id}'], expect_empty: true } }\n  \
         a: { extends: base }\n  b: { gone: { command: [qstat, -u, '{user}', 7] } }\n  c: {}\n",
    );
    let all = suite.probes(&[]).unwrap();
    let hook = |at: usize| all[at].gone.as_ref();
    assert_eq!(hook(0).unwrap().command, ["squeue", "-h", "-j", "{job_id}"]);
    assert_eq!(hook(1).unwrap().command, ["qstat", "-u", "{user}", "7"]);
    assert!(hook(0).unwrap().wants_job() && !hook(1).unwrap().wants_job());
    assert!(hook(2).is_none());
    let queue = |at: usize| all[at].queue.as_ref();
    assert_eq!(queue(0).unwrap().command[5], "%T %r");
    assert!(queue(1).is_none());
    let listed = as_json(&suite, &all);
    assert_eq!(
        listed["probes"][0]["gone"],
        json!({"command": ["squeue", "-h", "-j", "{job_id}"]})
    );
    assert_eq!(listed["probes"][0]["queue"]["command"][0], "squeue");
    assert!(listed["probes"][1].get("queue").is_none());
    assert!(listed["probes"][2].get("gone").is_none());
    assert!(as_text(&all).contains("\n  queue       squeue -h -j {job_id} -o %T %r\n"));
    assert!(as_text(&all).contains("\n  gone        squeue -h -j {job_id}\n"));
}
