//! The step `notebook`: what is read with it, and every way in which it can be wrong.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::super::load::load_bytes;
use super::super::sources::Made;
use super::super::{Probe, as_json};
use super::with;
use crate::notebook::Compare;

/// In a made-up world, where there.ipynb and there.cfg are.
fn steps(steps: &str) -> Result<Probe, String> {
    let text = with("", &format!("    steps: [{steps}]\n"));
    match load_bytes(Path::new("suite.yaml"), text.into_bytes(), &Made) {
        Ok((suite, _)) => Ok(suite.probes(&[]).unwrap().remove(0)),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn a_notebook_is_read_with_the_suite() {
    let probe = steps(
        "notebook: { path: a/there.ipynb }, notebook: { path: there.ipynb, compare: outputs, sanitize: there.cfg, kernel: r, timeout: 90s }, \
         notebook: { path: there.ipynb, compare: marked, sanitize: [{ regex: '(a)', replace: '\\1' }] }",
    )
    .unwrap();
    let [first, second, third] = probe.notebooks.as_slice() else {
        panic!("{:?}", probe.notebooks)
    };
    assert_eq!(first.path, PathBuf::from("a/there.ipynb"));
    assert_eq!(first.name(), "there.ipynb");
    assert_eq!((first.compare, first.rules.len()), (Compare::None, 0));
    assert_eq!(second.compare, Compare::Outputs);
    assert_eq!(second.rules[0].regex, r"\d+");
    assert_eq!(second.kernel.as_deref(), Some("r"));
    assert_eq!(second.timeout, Some(Duration::from_secs(90)));
    assert_eq!(third.compare, Compare::Marked);
    // One file is one notebook.
    assert!(std::sync::Arc::ptr_eq(&second.notebook, &third.notebook));
    // The total has a kernel and a cell more for each.
    let more = 3 * 60 + 60 + 90 + 60;
    let usual = steps("spawn").unwrap().deadlines.total;
    assert_eq!(probe.deadlines.total, usual + Duration::from_secs(more));
    let text = with(
        "",
        "    steps: [notebook: { path: there.ipynb, compare: outputs, sanitize: there.cfg, timeout: 90s }]\n",
    );
    let (suite, _) = load_bytes(Path::new("suite.yaml"), text.into_bytes(), &Made).unwrap();
    let probes = suite.probes(&[]).unwrap();
    let listed = as_json(&suite, &probes);
    assert_eq!(
        listed["probes"][0]["steps"][6],
        json!({"notebook": {"path": "there.ipynb", "compare": "outputs",
            "sanitize": [{"regex": r"\d+", "replace": "N"}], "timeout": "90s"}})
    );
}

#[test]
fn faults_of_a_notebook() {
    for (settings, said) in [
        (
            "notebook",
            "8:13: the step `notebook` has no notebook to run",
        ),
        (
            "notebook: x.ipynb",
            "8:23: the step `notebook` has no notebook to run",
        ),
        (
            "notebook: { compare: outputs }",
            "8:23: the step `notebook` has no `path`",
        ),
        (
            "notebook: { file: x }",
            "8:25: unknown key `file` in the step `notebook`",
        ),
        (
            "notebook: { path: x.ipynb }",
            "8:31: path: \"x.ipynb\" cannot be read: No such file or directory",
        ),
        (
            "notebook: { path: 1 }",
            "8:31: path: expected a text, found the number 1",
        ),
        (
            "notebook: { path: there.ipynb, compare: output }",
            "8:53: compare: there is no \"output\"",
        ),
        (
            "notebook: { path: there.ipynb, sanitize: there.cfg }",
            "8:54: sanitize: nothing is compared",
        ),
        (
            "notebook: { path: there.ipynb, compare: outputs, sanitize: x.cfg }",
            "8:72: sanitize: \"x.cfg\" cannot be read",
        ),
        (
            "notebook: { path: there.ipynb, compare: outputs, sanitize: there.py }",
            "8:72: sanitize: \"there.py\": there is no rule in it",
        ),
        (
            "notebook: { path: there.ipynb, compare: outputs, sanitize: [] }",
            "8:72: sanitize: expected the name of a file, or a list of 1 to 200 rules, found a list",
        ),
        (
            "notebook: { path: there.ipynb, compare: outputs, sanitize: [{ regex: a }] }",
            "8:73: a rule has no `replace`",
        ),
        (
            "notebook: { path: there.ipynb, compare: outputs, sanitize: [{ regex: 'a(?=b)', replace: '' }] }",
            "8:82: sanitize: the regex \"a(?=b)\": looking ahead or behind is not supported at character 4",
        ),
        (
            "notebook: { path: there.ipynb, compare: outputs, sanitize: [{ regex: '(', replace: '' }] }",
            "8:82: sanitize: the regex \"(\": unclosed group",
        ),
        (
            "notebook: { path: there.ipynb, kernel: '' }",
            "8:52: kernel: an empty name",
        ),
        (
            "notebook: { path: skipped.ipynb, compare: outputs }",
            "8:31: path: \"skipped.ipynb\" has no cell that would run",
        ),
        (
            "notebook: { path: stripped.ipynb, compare: outputs }",
            "8:56: compare: nothing of \"stripped.ipynb\" would be compared",
        ),
        (
            "notebook: { path: stripped.ipynb, compare: marked }",
            "8:56: compare: nothing of \"stripped.ipynb\" would be compared",
        ),
        (
            "notebook: { path: there.ipynb, timeout: 5 }",
            "8:53: timeout: `5` has no unit",
        ),
    ] {
        let found = steps(settings).unwrap_err();
        assert!(
            found.starts_with(&format!("suite.yaml:{said}")),
            "{found}\nis not {said}"
        );
    }
}

#[test]
fn what_is_not_compared_may_be_stripped_and_skipped_by_the_other_s_marks() {
    for settings in ["path: stripped.ipynb", "path: skipped.ipynb"] {
        let probe = steps(&format!("notebook: {{ {settings} }}")).unwrap();
        assert_eq!(probe.notebooks.len(), 1, "{settings}");
    }
}

#[test]
fn rules_in_files_count_like_others() {
    let dir = tempfile::tempdir().unwrap();
    let cell =
        r#"{"nbformat": 4, "cells": [{"cell_type": "code", "execution_count": 1, "source": "1"}]}"#;
    std::fs::write(dir.path().join("n.ipynb"), cell).unwrap();
    let mut listed = String::new();
    for file in ["a", "b", "c"] {
        let rules: String = (0..200)
            .map(|number| format!("regex: {file}{number}\nreplace: X\n"))
            .collect();
        std::fs::write(dir.path().join(file), rules).unwrap();
        listed.push_str(&format!(
            "    - notebook: {{ path: n.ipynb, compare: outputs, sanitize: {file} }}\n"
        ));
    }
    let suite = dir.path().join("suite.yaml");
    std::fs::write(&suite, with("", &format!("    steps:\n{listed}"))).unwrap();
    let said = super::load(&suite).err().unwrap().to_string();
    let wrong = "sanitize: \"c\": line 201: a suite has 500 different rules at most";
    assert!(said.contains(wrong), "{said}");
}

#[test]
fn faults_of_the_file_of_a_notebook() {
    let dir = tempfile::tempdir().unwrap();
    let suite = dir.path().join("suite.yaml");
    std::fs::write(
        &suite,
        with("", "    steps: [notebook: { path: n.ipynb }]\n"),
    )
    .unwrap();
    let fault = |bytes: &[u8]| {
        std::fs::write(dir.path().join("n.ipynb"), bytes).unwrap();
        let said = super::load(&suite).err().unwrap().to_string();
        said.replace(&suite.display().to_string(), "suite.yaml")
    };
    for (bytes, said) in [
        (&b"secret"[..], "is no JSON (line 1, column 1)"),
        (b"\xff", "is not UTF-8 text"),
        (b"{}", "is no notebook: it has no nbformat"),
        (
            br#"{"nbformat": 3}"#,
            "is a notebook of format 3, and 4 is wanted: jupyter nbconvert --to notebook writes it anew",
        ),
        (&vec![b' '; (16 << 20) + 1], "is larger than 16 MiB"),
    ] {
        let found = fault(bytes);
        assert!(
            found.starts_with(&format!("suite.yaml:8:31: path: \"n.ipynb\" {said}\n")),
            "{found}"
        );
        assert!(!found.contains("secret"));
    }
}
