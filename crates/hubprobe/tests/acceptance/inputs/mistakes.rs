//! Every kind of mistake that a suite can have: one clear error each, with line
//! and column where there is one, the same from `suite lint` and from `check`,
//! before anything is sent. No hub is needed: a listener counts who comes.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::hubs::{Hubs, directory};
use crate::world::{Call, Said, bare};

/// A place where a hub might be, which counts who comes and says nothing.
fn counted() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for came in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(came);
        }
    });
    (url, count)
}

/// A suite with a hub at URL, whose probes begin in line 6.
fn with_probes(probes: &str) -> Vec<u8> {
    let hubs = "hubs:\n  here:\n    url: URL\n    accounts: { me: { token: { file: token } } }\n";
    format!("{hubs}probes:\n{probes}").into_bytes()
}

/// Every kind of mistake, with the beginning of what is said of it.
fn mistakes() -> Vec<(Vec<u8>, &'static str)> {
    let probe = |line: &str| with_probes(&format!("  p:\n    {line}\n"));
    let at_the_end = |line: &str| [with_probes("  p: {}\n"), line.into()].concat();
    let bomb: String = ('b'..='k')
        .zip('a'..='j')
        .map(|(name, last)| {
            format!(
                "{name}: &{name} [{}]\n",
                vec![format!("*{last}"); 10].join(",")
            )
        })
        .collect();
    let many: Vec<String> = (0..201).map(|n| n.to_string()).collect();
    let many = many.join(", ");
    vec![
        // Unknown keys.
        (
            probe("acount: me"),
            "suite.yaml:7:5: unknown key `acount` in a probe",
        ),
        (
            at_the_end("hub: x\n"),
            "suite.yaml:7:1: unknown key `hub` in a suite",
        ),
        (
            at_the_end("defaults: { server: x }\n"),
            "suite.yaml:7:13: unknown key `server` in defaults",
        ),
        (
            probe("steps: [span]"),
            "suite.yaml:7:13: there is no step named `span`",
        ),
        (
            probe("hub: there"),
            "suite.yaml:7:10: the probe `p`: there is no hub named `there`",
        ),
        (
            probe("account: [me, you]"),
            "suite.yaml:7:19: the probe `p`: the hub `here` has no account named `you`",
        ),
        // Wrong types.
        (
            probe("server: [a, a]"),
            "suite.yaml:7:17: server: `a` is named twice",
        ),
        (
            probe("retries: often"),
            "suite.yaml:7:14: retries: expected a number from 0 to 10, found a text",
        ),
        (at_the_end("node_time: 2\n"), "suite.yaml:7:12: node_time: "),
        (
            probe("options: [a]"),
            "suite.yaml:7:14: options: expected a map of spawn options, found a list",
        ),
        (
            probe("server: 5"),
            "suite.yaml:7:13: server: expected a text, found the number 5",
        ),
        (
            probe("deadlines: { start: 90 }"),
            "suite.yaml:7:25: the deadline `start`: `90` has no unit",
        ),
        (
            at_the_end("matrix_limit: many\n"),
            "suite.yaml:7:15: matrix_limit: expected a number",
        ),
        (
            b"- a list\n".to_vec(),
            "suite.yaml:1:1: the suite: expected a map",
        ),
        (
            b"just words\n".to_vec(),
            "suite.yaml:1:1: the suite: expected a map",
        ),
        (Vec::new(), "suite.yaml: the file is empty"),
        // The same twice.
        (
            at_the_end("probes: {}\n"),
            "suite.yaml:7:1: the key `probes` is there twice in one map",
        ),
        (
            probe("options: { a: 1, a: 2 }"),
            "suite.yaml:7:22: the key `a` is there twice in one map",
        ),
        (
            probe("matrix: { a: [1, 1] }"),
            "suite.yaml:7:22: the matrix's `a` has this value twice",
        ),
        // What extends.
        (
            with_probes("  a: { extends: b }\n  b: { extends: a }\n"),
            "suite.yaml:7:17: extends goes in a circle: a → b → a",
        ),
        (
            probe("extends: p"),
            "suite.yaml:7:14: the probe `p` extends itself",
        ),
        (
            probe("extends: q"),
            "suite.yaml:7:14: extends: the suite has no probe named `q`",
        ),
        // Matrices.
        (probe("matrix: {}"), "suite.yaml:7:13: the matrix is empty"),
        (
            probe("matrix: { a: [] }"),
            "suite.yaml:7:18: the matrix's `a` has no values",
        ),
        (
            probe(&format!("matrix: {{ a: [{many}] }}")),
            "suite.yaml:7:13: the matrix has 201 combinations",
        ),
        // Files that are not there.
        (
            probe("options: { a: '${file:none}' }"),
            "suite.yaml:7:19: the file none cannot be read: No such file",
        ),
        (
            b"hubs:\n  here:\n    url: URL\n    ca_file: none.pem\nprobes: {}\n".to_vec(),
            "suite.yaml:4:14: ca_file: none.pem cannot be read: No such file",
        ),
        // Variables.
        (
            probe("server: ${env:HUBTEST_NONE}"),
            "suite.yaml:7:13: the variable `HUBTEST_NONE` is not set",
        ),
        (
            probe("server: ${env:HOME"),
            "suite.yaml:7:13: `${env:` is not closed",
        ),
        (
            probe("server: ${file:token}"),
            "suite.yaml:7:13: the file token holds a secret",
        ),
        // What is no YAML, or too much of it.
        (
            b"hubs:\n\there: {}\n".to_vec(),
            "suite.yaml:2:2: this is not YAML: tabs disallowed",
        ),
        (
            probe("server: [x"),
            "suite.yaml:7:13: this is not YAML: unclosed bracket",
        ),
        (probe("server: a: b"), "suite.yaml:7:14: this is not YAML"),
        (
            probe("server: *none"),
            "suite.yaml:7:13: an alias (`*name`) for which there is no anchor",
        ),
        // Notebooks, which are read with the suite; what is in a file that is none is not repeated.
        (
            probe("steps: [notebook: { path: none.ipynb }]"),
            "suite.yaml:7:31: path: \"none.ipynb\" cannot be read: No such file",
        ),
        (
            probe("steps: [notebook: { path: token }]"),
            "suite.yaml:7:31: path: \"token\" is no JSON (line 1, column 2)",
        ),
        (
            probe("steps: [notebook: { path: suite.yaml, compare: all }]"),
            "suite.yaml:7:31: path: \"suite.yaml\" is no JSON",
        ),
        (
            format!("a: &a [x]\n{bomb}").into_bytes(),
            "suite.yaml:5:23: this unfolds or nests far beyond what a suite needs",
        ),
        (
            "[".repeat(5_000).into_bytes(),
            "suite.yaml:1:256: this is not YAML: recursion limit exceeded",
        ),
        (
            b"#".repeat(10 << 20),
            "suite.yaml: the file is larger than 1 MiB",
        ),
        (
            [with_probes("  caf"), b"\xe9: {}\n".to_vec()].concat(),
            "suite.yaml:6:6: the file is not UTF-8 text from here on",
        ),
        (
            vec![0; 100],
            "suite.yaml:1:1: this is not YAML: unexpected character",
        ),
    ]
}

/// One error each, the same from both commands, and nothing is sent.
pub fn every_kind_of_mistake_in_a_suite(_: &Hubs, _: &str) {
    let (_holder, dir) = directory();
    let (url, count) = counted();
    std::fs::write(dir.join("token"), "0123456789abcdef0123456789abcdef\n").unwrap();
    let run = |args: &[&str]| -> Said {
        let mut command = bare(args);
        command
            .current_dir(&dir)
            .env("HUBPROBE_STATE_DIR", dir.join("state"));
        Call(command).run()
    };
    let both = |what: &str| {
        let lint = run(&["suite", "lint", what]);
        let check = run(&["check", "--suite", what]);
        lint.exits(2).never_panics();
        check.exits(2).never_panics();
        let error = lint.out.clone();
        assert!(lint.err.is_empty(), "{}", lint.err);
        assert!(check.out.is_empty(), "{}", check.out);
        assert!(check.err.contains(&error), "{}\nis not {error}", check.err);
        let errors = error.lines().filter(|line| line.starts_with(what)).count();
        assert_eq!(errors, 1, "{error}");
        assert!(!error.contains("0123456789abcdef"), "{error}");
        error
    };
    let write = |suite: &[u8]| std::fs::write(dir.join("suite.yaml"), suite).unwrap();
    for (suite, start) in mistakes() {
        let at = suite.windows(3).position(|three| three == b"URL");
        let suite = match at {
            Some(at) => [&suite[..at], url.as_bytes(), &suite[at + 3..]].concat(),
            None => suite,
        };
        write(&suite);
        let error = both("suite.yaml");
        assert!(
            error.starts_with(start),
            "{error}\ndoes not begin with {start}"
        );
    }
    let error = both("nowhere.yaml");
    assert!(error.starts_with("nowhere.yaml: there is no such file"));
    assert_eq!(count.load(Ordering::SeqCst), 0, "something was sent");
    // Whoever has no mistake comes, and is counted.
    let good = String::from_utf8(with_probes("  p: {}\n")).unwrap();
    write(good.replace("URL", &url).as_bytes());
    assert_ne!(run(&["check", "--suite", "suite.yaml"]).code, Some(0));
    assert!(count.load(Ordering::SeqCst) > 0, "nothing is counted");
}
