//! `defaults:` of a suite and of a hub: what probes get of them, and the exact
//! place of what is wrong in them.

use serde_json::json;

use super::{fault, read};

const HUBS: &str = "hubs:\n  \
    one:\n    url: https://a.org\n    accounts: { me: { token: { env: T } } }\n    \
    defaults: { options: { partition: debug, deep: { y: 1 } }, deadlines: { start: 9m } }\n  \
    two: { url: 'https://b.org', accounts: { me: { token: { env: T } } } }\n";

#[test]
fn what_a_probe_says_stands_over_its_hub_and_this_over_the_suite() {
    let (suite, notes) = read(&format!(
        "defaults:\n  options: {{ runtime: [5], partition: normal, deep: {{ x: 0 }}, zip: 0012 }}\n  \
         deadlines: {{ start: 2m, stop: 3m }}\n  steps: [execute: {{ code: x }}, files]\n  tags: [daily]\n{HUBS}\
         probes:\n  base: {{ abstract: true, hub: one, options: {{ runtime: [7] }}, tags: [slow] }}\n  \
         first: {{ extends: base, options: {{ deep: {{ y: 2 }} }}, steps: [lab] }}\n  \
         second: {{ hub: two, tags: [] }}\n  \
         third: {{ hub: one, matrix: {{ partition: [gpu, mc] }} }}\n"
    ));
    let probes = suite.probes(&[]).unwrap();
    let [first, second, gpu, mc] = probes.as_slice() else {
        unreachable!()
    };
    assert_eq!(
        json!(first.options),
        json!({"runtime": [7], "partition": "debug", "deep": {"x": 0, "y": 2}, "zip": 12})
    );
    assert_eq!(first.deadlines.start.as_secs(), 540);
    assert_eq!(first.deadlines.stop.as_secs(), 180);
    assert_eq!(first.tags, ["slow"]);
    assert!(first.lab.is_some() && first.files.is_none() && first.execute.is_empty());
    assert_eq!(
        json!(second.options),
        json!({"runtime": [5], "partition": "normal", "deep": {"x": 0}, "zip": 12})
    );
    assert_eq!(second.deadlines.start.as_secs(), 120);
    assert!(second.tags.is_empty() && second.files.is_some() && second.execute.len() == 1);
    assert_eq!(gpu.name, "third[partition=gpu]");
    assert_eq!(gpu.options["partition"], "gpu");
    assert_eq!(mc.options["deep"], json!({"x": 0, "y": 1}));
    assert_eq!(gpu.tags, ["daily"]);
    // Once, not once for each probe that it is in.
    assert_eq!(
        notes,
        ["dir/suite.yaml:2:68: 0012 is sent as the number 12; for the text, quote it: \"0012\""]
    );
}

#[test]
fn faults_of_defaults_are_found_where_no_probe_uses_them() {
    let probes =
        "probes:\n  p: { hub: two, options: {}, deadlines: { start: 1m }, steps: [], tags: [] }\n";
    for (defaults, message) in [
        (
            "defaults:\n",
            "suite.yaml:9:9: the defaults: expected a map of options, deadlines, queue, gone, steps, tags, retries, found nothing\n    9 | defaults:\n      |         ^",
        ),
        (
            "defaults: { server: x }\n",
            "suite.yaml:9:13: unknown key `server` in defaults\n    9 | defaults: { server: x }\n      |             ^\n  the keys of defaults are: options, deadlines, queue, gone, steps, tags, retries",
        ),
        (
            "defaults: { tgas: [x] }\n",
            "suite.yaml:9:13: unknown key `tgas` in defaults\n    9 | defaults: { tgas: [x] }\n      |             ^\n  did you mean `tags`? the keys of defaults are: options, deadlines, queue, gone, steps, tags, retries",
        ),
        (
            "defaults: { options: [a] }\n",
            "suite.yaml:9:22: options: expected a map of spawn options, found a list\n    9 | defaults: { options: [a] }\n      |                      ^",
        ),
        (
            "defaults: { deadlines: { start: soon } }\n",
            "suite.yaml:9:33: the deadline `start`: `soon` is no length of time; write 90s, 5m, 1h30m or 250ms\n    9 | defaults: { deadlines: { start: soon } }\n      |                                 ^",
        ),
        (
            "defaults: { tags: [a b] }\n",
            "suite.yaml:9:20: a tag is one word, without spaces and commas\n    9 | defaults: { tags: [a b] }\n      |                    ^\n  write it as in [slow, gpu]",
        ),
    ] {
        assert_eq!(fault(&format!("{HUBS}{probes}{defaults}")), message);
    }
    let spoilt = HUBS.replace("start: 9m", "start: 0s");
    let said = fault(&format!("{spoilt}{probes}"));
    assert!(
        said.starts_with("suite.yaml:5:84: the deadline `start`: `0s` leaves no time at all"),
        "{said}"
    );
    let spoilt = HUBS.replace("defaults: {", "defaults: { hub: two,");
    let said = fault(&format!("{spoilt}{probes}"));
    assert!(
        said.starts_with("suite.yaml:5:17: unknown key `hub` in defaults"),
        "{said}"
    );
}

#[test]
fn defaults_are_paid_for() {
    let large = format!("defaults: {{ options: {{ a: {} }} }}\n", "x".repeat(9_000));
    let few: String = (0..200)
        .map(|n| format!("  p{n}: {{ hub: two }}\n"))
        .collect();
    let (suite, _) = read(&format!("{large}{HUBS}probes:\n{few}"));
    assert_eq!(suite.names().len(), 200);
    let many: String = (0..5_000)
        .map(|n| format!("  p{n}: {{ hub: two }}\n"))
        .collect();
    let said = fault(&format!("{large}{HUBS}probes:\n{many}"));
    assert!(
        said.contains("the suite unfolds far beyond what a suite needs here"),
        "{said}"
    );
    // What a piece of code must print is copied for each combination, too.
    let values: String = (0..2_000).map(|n| format!("{n}, ")).collect();
    let expected = format!(
        "matrix_limit: 5000\n{HUBS}probes:\n  p:\n    hub: two\n    matrix: {{ n: [{values}] }}\n    \
         steps: [execute: {{ code: x, expect: {} }}]\n",
        "x".repeat(20_000)
    );
    let said = fault(&expected);
    assert!(
        said.starts_with("suite.yaml:9:3: the suite unfolds"),
        "{said}"
    );
}
