//! `extends` and `matrix`: what is inherited, which combinations there are, and
//! the exact text of what is wrong.

use std::path::Path;

use serde_json::json;

use super::super::load::examine;
use super::super::sources::Made;
use super::{fault, read};

fn suite(probes: &str) -> String {
    format!(
        "hubs:\n  alps: {{ url: 'https://h.org', accounts: {{ me: {{ token: {{ env: T }} }} }} }}\nprobes:\n{probes}"
    )
}

#[test]
fn maps_are_merged_and_the_rest_is_replaced() {
    let (suite, notes) = read(&suite(
        "  grand: { extends: child, options: { b: { x: 1 } }, tags: [] }\n  \
         base:\n    abstract: true\n    server: s\n    tags: [slow]\n    options: { a: [1, 2], b: { x: 0, y: 0 }, c: 0012 }\n    \
         deadlines: { start: 9m }\n    steps: [files]\n  \
         child: { extends: base, options: { a: [3], d: null }, deadlines: { stop: 3m }, steps: [spawn] }\n",
    ));
    assert_eq!(suite.names(), ["grand", "child"]);
    let probes = suite.probes(&[]).unwrap();
    let [grand, child] = probes.as_slice() else {
        unreachable!()
    };
    assert_eq!(
        json!(child.options),
        json!({"a": [3], "b": {"x": 0, "y": 0}, "c": 12, "d": null})
    );
    assert_eq!(child.deadlines.start.as_secs(), 540);
    assert_eq!(child.deadlines.stop.as_secs(), 180);
    assert_eq!(
        (child.server.as_str(), &child.tags),
        ("s", &vec!["slow".to_owned()])
    );
    assert!(child.files.is_none());
    assert_eq!(json!(grand.options["b"]), json!({"x": 1, "y": 0}));
    assert!(grand.tags.is_empty());
    // Once, not once for each that inherits it.
    assert_eq!(notes.len(), 1, "{notes:?}");
}

#[test]
fn faults_of_extends() {
    for (probes, message) in [
        (
            "  a: { extends: a }\n",
            "suite.yaml:4:17: the probe `a` extends itself\n    4 |   a: { extends: a }\n      |                 ^\n  name another probe, or remove this",
        ),
        (
            "  a: { extends: b }\n  b: { extends: c }\n  c: { extends: a }\n",
            "suite.yaml:6:17: extends goes in a circle: a → b → c → a\n    6 |   c: { extends: a }\n      |                 ^\n  name another probe, or remove this",
        ),
        (
            "  d: { extends: c }\n  b: { extends: c }\n  c: { extends: b }\n",
            "suite.yaml:6:17: extends goes in a circle: b → c → b\n    6 |   c: { extends: b }\n      |                 ^\n  name another probe, or remove this",
        ),
        (
            "  normal: {}\n  b: { extends: norml }\n",
            "suite.yaml:5:17: extends: the suite has no probe named `norml`\n    5 |   b: { extends: norml }\n      |                 ^\n  did you mean `normal`? its probes are: b, normal",
        ),
        (
            "  b: { extends: [a] }\n",
            "suite.yaml:4:17: extends: expected a text, found a list\n    4 |   b: { extends: [a] }\n      |                 ^",
        ),
        (
            "  b: { abstract: true }\n",
            "suite.yaml:4:3: all probes are abstract, so that nothing would run\n    4 |   b: { abstract: true }\n      |   ^\n  add one that extends them",
        ),
        (
            "  b: { abstract: true, steps: [span] }\n  c: {}\n",
            "suite.yaml:4:32: there is no step named `span`\n    4 |   b: { abstract: true, steps: [span] }\n      |                                ^\n  did you mean `spawn`? the steps are: reach, identify, spawn, open, lab, kernel, execute, environment, options-honoured, notebook, files, stop, gone",
        ),
    ] {
        assert_eq!(fault(&suite(probes)), message);
    }
    let chain: String = (0..30)
        .map(|n| format!("  p{n}: {{ extends: p{} }}\n", n + 1))
        .collect();
    assert!(
        fault(&suite(&chain)).contains("suite.yaml:19:19: more than 16 probes extend one another")
    );
    let bomb: String = (0..2_000)
        .map(|n| format!("  p{n}: {{ extends: base }}\n"))
        .collect();
    let base = format!("  base: {{ server: {} }}\n", "x".repeat(100_000));
    assert!(fault(&suite(&(base + &bomb))).contains("unfolds far beyond"));
}

#[test]
fn a_circle_is_one_mistake() {
    let probes = "  c: { extends: a }\n  x: { extends: b }\n  a: { extends: b }\n  b: { extends: c }\n  y: { acount: z }\n";
    let all: Vec<String> = examine(Path::new("suite.yaml"), suite(probes), &Made)
        .err()
        .unwrap()
        .iter()
        .map(|error| format!("{:?} {}", error.place.map(|place| place.line), error.reason))
        .collect();
    assert_eq!(
        all,
        [
            "Some(7) extends goes in a circle: c → a → b → c",
            "Some(8) unknown key `acount` in a probe"
        ]
    );
}

/// The names of the probes, and the options of the first.
fn matrix(matrix: &str) -> (Vec<String>, serde_json::Value) {
    let (suite, _) = read(&suite(&format!(
        "  p:\n    options: {{ a: 0, z: 9 }}\n    matrix: {matrix}\n"
    )));
    let names = suite.names().into_iter().map(str::to_owned).collect();
    (names, json!(suite.probes(&[]).unwrap()[0].options))
}

#[test]
fn every_combination_is_a_probe() {
    let (names, options) = matrix("{ a: [[normal], [debug]], n: [1, 2] }");
    assert_eq!(
        names,
        [
            "p[a=normal,n=1]",
            "p[a=normal,n=2]",
            "p[a=debug,n=1]",
            "p[a=debug,n=2]"
        ]
    );
    assert_eq!(options, json!({"a": ["normal"], "z": 9, "n": 1}));
    let (names, _) = matrix("{ a: [x, y], n: [1, 2], exclude: [{ a: x, n: 2 }, { n: 1 }] }");
    assert_eq!(names, ["p[a=y,n=2]"]);
    // The example of GitHub's documentation.
    let (names, _) = matrix(
        "{ fruit: [apple, pear], animal: [cat, dog], include: [{ color: green }, { color: pink, animal: cat }, \
         { fruit: apple, shape: circle }, { fruit: banana }, { fruit: banana, animal: cat }] }",
    );
    assert_eq!(
        names,
        [
            "p[fruit=apple,animal=cat,color=pink,shape=circle]",
            "p[fruit=apple,animal=dog,color=green,shape=circle]",
            "p[fruit=pear,animal=cat,color=pink]",
            "p[fruit=pear,animal=dog,color=green]",
            "p[fruit=banana]",
            "p[fruit=banana,animal=cat]",
        ]
    );
    let (names, _) = matrix("{ include: [{ a: 1 }, { a: 2 }] }");
    assert_eq!(names, ["p[a=1]", "p[a=2]"]);
}

#[test]
fn a_matrix_is_inherited_and_merged() {
    let (suite, _) = read(&suite(
        "  base: { abstract: true, matrix: { a: [1, 2], b: [3] } }\n  p: { extends: base, matrix: { b: [4] } }\n",
    ));
    assert_eq!(suite.names(), ["p[a=1,b=4]", "p[a=2,b=4]"]);
}

#[test]
fn faults_of_a_matrix() {
    for (matrix, message) in [
        ("{}", "suite.yaml:4:16: the matrix is empty\n"),
        (
            "[a]",
            "suite.yaml:4:16: matrix: expected a map of spawn options to lists of values, found a list\n",
        ),
        (
            "{ a: [] }",
            "suite.yaml:4:21: the matrix's `a` has no values, so that nothing would run\n",
        ),
        (
            "{ a: 5 }",
            "suite.yaml:4:21: the matrix's `a`: expected a list of values, found the number 5\n",
        ),
        (
            "{ a: [1, 1] }",
            "suite.yaml:4:25: the matrix's `a` has this value twice\n",
        ),
        (
            "{ a: [1], exclude: [{ a: 1 }] }",
            "suite.yaml:4:16: exclude leaves nothing of the matrix\n",
        ),
        (
            "{ a: [1], exclude: [{ b: 1 }] }",
            "suite.yaml:4:36: exclude: the matrix has no `b`\n",
        ),
        (
            "{ a: [1], include: [{}] }",
            "suite.yaml:4:36: include: an empty map\n",
        ),
        (
            "{ a: [1, '1'] }",
            "suite.yaml:4:3: two probes would have the name `p[a=1]`\n",
        ),
    ] {
        let said = fault(&suite(&format!("  p: {{ matrix: {matrix} }}\n")));
        assert!(said.starts_with(message), "{said}");
    }
    let many = (0..201)
        .map(|n| n.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let text = suite(&format!("  p: {{ matrix: {{ a: [{many}] }} }}\n"));
    let said = fault(&text);
    assert!(
        said.starts_with("suite.yaml:4:16: the matrix has 201 combinations, and 200 are the most that matrix_limit allows\n"),
        "{said}"
    );
    assert_eq!(
        read(&format!("{text}matrix_limit: 201\n")).0.names().len(),
        201
    );
    assert!(fault(&format!("{text}matrix_limit: 0\n")).starts_with(
        "suite.yaml:5:15: matrix_limit: expected a number from 1 to 5000, found the number 0"
    ));
    let huge = format!("{{ a: [{many}], b: [{}] }}", "x".repeat(200_000));
    let text = suite(&format!("  p: {{ matrix: {huge} }}\n"));
    assert!(fault(&format!("{text}matrix_limit: 5000\n")).contains("unfolds far beyond"));
}
