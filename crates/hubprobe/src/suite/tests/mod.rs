//! The suite file as a whole: what is read, and what is wrong with the file
//! itself. What is wrong inside it stands in [`faults`].

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::load::{load, load_text};
use super::{Expect, Probe, SecretSource, Suite};
use crate::vocabulary::StepName;

mod chosen;
mod defaults;
mod faults;
mod mutations;
mod notebooks;
mod spread;
mod unfolded;
mod variables;

const GOOD: &str = r#"# yaml-language-server: $schema=hubprobe.schema.json
hubs:
  alps:
    url: https://jupyter.example.org/hub/api
    accounts:
      servuser: { token: { file: alps.token }, dedicated: true }
      other: { token: { command: [pass, show, alps] } }
    headers: { X-Access: { env: ACCESS_KEY } }
  lab:
    url: http://127.0.0.1:8000/prefix
    accounts:
      servuser: { token: { file: /etc/hubprobe/lab.token } }
probes:
  normal:
    hub: alps
    account: servuser
    options: &options { reservation: [""], account: ["test-group"], runtime: ["00:05:00"] }
    deadlines: { start: 5m, queue: 1h30m }
    steps:
      - spawn
      - kernel: { name: python3 }
      - execute: { code: "print(6*7)", expect: "42" }
      - execute:
          code: |
            import os
      - stop
  second:
    hub: lab
    server: gpu
    options:
      <<: *options
      nodes: 0012
"#;

fn read(text: &str) -> (Suite, Vec<String>) {
    load_text(Path::new("dir/suite.yaml"), text.to_owned()).unwrap()
}

fn fault(text: &str) -> String {
    load_text(Path::new("suite.yaml"), text.to_owned())
        .err()
        .unwrap()
        .to_string()
}

/// A suite with one hub and one probe, in which these are the hub's and the probe's last lines.
fn with(hub: &str, probe: &str) -> String {
    format!(
        "hubs:\n  alps:\n    url: https://h.org\n    accounts: {{ me: {{ token: {{ env: T }} }} }}\n{hub}probes:\n  normal:\n    hub: alps\n{probe}"
    )
}

#[test]
fn a_suite_is_resolved_to_the_last_default() {
    let (suite, notes) = read(GOOD);
    assert_eq!(suite.names(), ["normal", "second"]);
    let probes = suite.probes(&[]).unwrap();
    let [normal, second] = <[Probe; 2]>::try_from(probes).unwrap();
    assert_eq!(normal.hub.url.as_str(), "https://jupyter.example.org/");
    assert_eq!(normal.hub.name.as_deref(), Some("alps"));
    assert_eq!(
        normal.hub.headers,
        [(
            "X-Access".to_owned(),
            SecretSource::Env("ACCESS_KEY".into())
        )]
    );
    assert_eq!(normal.account.name, "servuser");
    assert_eq!(
        normal.account.token,
        SecretSource::File("dir/alps.token".into())
    );
    assert!(normal.account.dedicated && !second.account.dedicated);
    assert_eq!(
        json!(normal.options),
        json!({"reservation": [""], "account": ["test-group"], "runtime": ["00:05:00"]})
    );
    assert_eq!(normal.deadlines.queue, Duration::from_secs(5_400));
    assert_eq!(normal.deadlines.kernel, Duration::from_secs(60));
    assert_eq!(normal.kernel.name.as_deref(), Some("python3"));
    assert_eq!(normal.execute.len(), 2);
    assert_eq!(
        normal.execute[0].expect,
        Some(Expect::Equals("42".to_owned()))
    );
    assert_eq!(normal.execute[1].code, "import os\n");
    assert_eq!(
        second.account.token,
        SecretSource::File("/etc/hubprobe/lab.token".into())
    );
    assert_eq!(second.server, "gpu");
    assert_eq!(second.options.get("nodes"), Some(&json!(12)));
    assert_eq!(second.options.get("reservation"), Some(&json!([""])));
    assert_eq!(
        notes,
        [
            "the hub `alps`: the URL is cut to the hub's own, https://jupyter.example.org/, without /hub/api",
            "dir/suite.yaml:32:14: 0012 is sent as the number 12; for the text, quote it: \"0012\"",
        ]
    );
}

#[test]
fn probes_are_chosen_by_name() {
    let (suite, _) = read(GOOD);
    let names = |wanted: &[&str]| -> Vec<String> {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        suite
            .probes(&wanted)
            .unwrap()
            .into_iter()
            .map(|probe| probe.name)
            .collect()
    };
    assert_eq!(names(&["second", "normal", "second"]), ["second", "normal"]);
    assert_eq!(
        suite
            .probes(&["normaal".to_owned()])
            .unwrap_err()
            .to_string(),
        "dir/suite.yaml: the suite has no probe named `normaal`\n  did you mean `normal`? its probes are: normal, second"
    );
}

#[test]
fn one_hub_and_one_account_need_no_mention() {
    let (suite, _) =
        read("hubs: {a: {url: http://h.org, accounts: {me: {token: {env: T}}}}}\nprobes: {p: {}}");
    let probe = suite.probes(&[]).unwrap().remove(0);
    assert_eq!(
        (probe.hub.url.as_str(), probe.account.name.as_str()),
        ("http://h.org/", "me")
    );
    assert!(probe.execute.is_empty() && probe.server.is_empty() && !probe.keep);
}

#[test]
fn steps_out_of_order_get_a_note() {
    let (_, notes) = read(&with("", "    steps: [stop, spawn, {open: }]\n"));
    assert_eq!(notes.len(), 2);
    assert_eq!(
        notes[0],
        "dir/suite.yaml:8:19: the step spawn comes after stop here, but the steps always run in their own order: reach, identify, spawn, open, lab, kernel, execute, environment, options-honoured, notebook, files, stop, gone"
    );
}

#[test]
fn faults_of_the_yaml() {
    for (text, message) in [
        (
            "",
            "suite.yaml: the file is empty\n  a suite has hubs: and probes:",
        ),
        (
            "# only\n",
            "suite.yaml: the file is empty\n  a suite has hubs: and probes:",
        ),
        (
            "[]",
            "suite.yaml:1:1: the suite: expected a map of hubs, probes, defaults, matrix_limit, node_time, found a list\n    1 | []\n      | ^",
        ),
        (
            "hubs:\n\talps: 1\n",
            "suite.yaml:2:2: this is not YAML: tabs disallowed within this context (block indentation)\n    2 |  alps: 1\n      |  ^\n  indent with spaces; YAML allows no tabs there",
        ),
        (
            "hubs: {}\nprobes: {}\nhubs: {}\n",
            "suite.yaml:3:1: the key `hubs` is there twice in one map\n    3 | hubs: {}\n      | ^\n  remove one of the two",
        ),
        (
            "hubs: *x\n",
            "suite.yaml:1:7: an alias (`*name`) for which there is no anchor (`&name`)\n    1 | hubs: *x\n      |       ^\n  quote a text that begins with `*`",
        ),
        (
            "hubs: a: b\n",
            "suite.yaml:1:8: this is not YAML: mapping values are not allowed in this context\n    1 | hubs: a: b\n      |        ^\n  check the indentation, and quote a text that holds `: `",
        ),
        (
            "hubs: {}\n---\nhubs: {}\n",
            "suite.yaml:3:1: a second YAML document begins here\n    3 | hubs: {}\n      | ^\n  remove the `---`; a suite is one document",
        ),
        (
            "hubs: {}\n",
            "suite.yaml:1:7: there are no hubs\n    1 | hubs: {}\n      |       ^\n  add one, as in alps: { url: …, accounts: { … } }",
        ),
        (
            "hubs:\n",
            "suite.yaml:1:5: hubs: expected a map of names to hubs, found nothing\n    1 | hubs:\n      |     ^",
        ),
        (
            "probes: {}\n",
            "suite.yaml:1:1: the suite has no `hubs`\n    1 | probes: {}\n      | ^\n  add it, as in hubs: { alps: { url: …, accounts: { … } } }",
        ),
    ] {
        assert_eq!(fault(text), message);
    }
}

#[test]
fn faults_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let fault = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let message = load(&path).err().unwrap().to_string();
        message.replace(&path.display().to_string(), name)
    };
    assert_eq!(
        fault("latin.yaml", b"hubs:\n  caf\xe9: {}\n"),
        "latin.yaml:2:6: the file is not UTF-8 text from here on\n  save it as UTF-8"
    );
    assert_eq!(
        fault("large.yaml", &vec![b'#'; (1 << 20) + 1]),
        "large.yaml: the file is larger than 1 MiB\n  is this the suite? a suite is a few pages"
    );
    assert_eq!(
        fault("empty.yaml", b"\xef\xbb\xbf"),
        "empty.yaml: the file is empty\n  a suite has hubs: and probes:"
    );
    let missing = dir.path().join("missing.yaml");
    assert_eq!(
        load(&missing).err().unwrap().to_string(),
        format!(
            "{}: there is no such file\n  check the path; a relative one begins where hubprobe runs",
            missing.display()
        )
    );
    assert_eq!(
        load(dir.path()).err().unwrap().to_string(),
        format!(
            "{}: this is a directory\n  name a file in it",
            dir.path().display()
        )
    );
    let good = dir.path().join("suite.yaml");
    std::fs::write(&good, GOOD).unwrap();
    std::fs::write(dir.path().join("ca.pem"), "x").unwrap();
    std::fs::write(
        &good,
        GOOD.replace("    headers:", "    ca_file: ca.pem\n    headers:"),
    )
    .unwrap();
    let (suite, _) = load(&good).unwrap();
    let probe = suite.probes(&["normal".to_owned()]).unwrap().remove(0);
    assert_eq!(probe.hub.ca_file, Some(dir.path().join("ca.pem")));
    assert_eq!(
        probe.account.token,
        SecretSource::File(dir.path().join("alps.token"))
    );
}

#[test]
fn code_comes_in_pieces_with_what_each_must_print() {
    let (suite, notes) = read(&with(
        "",
        "    steps:\n      - execute:\n          - { code: 'import json' }\n          - { code: 'x()', expect: { json: { gpus: 4, zip: 0012 } } }\n          \
         - { code: 'y()', expect: { matches: '^v\\d' } }\n      - execute: { code: 'z()', expect: { contains: ' ok ' } }\n",
    ));
    let execute = &suite.probes(&[]).unwrap()[0].execute;
    let words: Vec<_> = execute
        .iter()
        .map(|step| step.expect.as_ref().map(Expect::words))
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        words,
        [
            None,
            some(r#"JSON with {"gpus":4,"zip":12}"#),
            some(r#"something that matches "^v\\d""#),
            some(r#"something that contains " ok ""#),
        ]
    );
    assert!(
        notes[0].contains("0012 is sent as the number 12"),
        "{notes:?}"
    );
}

#[test]
fn the_page_to_look_at_is_below_the_server() {
    let path = |steps: &str| {
        let (suite, _) = read(&with("", &format!("    steps: [{steps}]\n")));
        suite.probes(&[]).unwrap()[0]
            .lab
            .clone()
            .map(|lab| lab.path)
    };
    assert_eq!(path("spawn"), None);
    assert_eq!(path("lab").as_deref(), Some("lab"));
    assert_eq!(
        path("lab: { path: /tree/x.ipynb }").as_deref(),
        Some("tree/x.ipynb")
    );
    for bad in ["''", "../../hub", "'https://h.org/lab'", "1"] {
        let said = fault(&with("", &format!("    steps: [lab: {{ path: {bad} }}]\n")));
        assert!(said.starts_with("suite.yaml:8:26: path: "), "{said}");
    }
    let twice = fault(&with("", "    steps: [lab, lab]\n"));
    assert!(twice.contains("the step `lab` is there twice"), "{twice}");
}

#[test]
fn a_step_may_have_a_budget() {
    let (suite, _) = read(&with(
        "",
        "    deadlines: { start: 9m }\n    steps: [spawn: { warn: 60s, fail: 5m }, kernel: { name: r, warn: 10s }, files: { size: 1MiB, fail: 30s }, stop: { warn: 5s }]\n",
    ));
    let probe = &suite.probes(&[]).unwrap()[0];
    let seconds = Duration::from_secs;
    assert_eq!(
        probe.budgets,
        [
            (StepName::Spawn, seconds(60)),
            (StepName::Kernel, seconds(10)),
            (StepName::Stop, seconds(5)),
        ]
    );
    assert_eq!(probe.deadlines.start, seconds(300));
    assert_eq!(probe.deadlines.files, seconds(30));
    assert_eq!(probe.kernel.name.as_deref(), Some("r"));
    for (settings, message) in [
        (
            "spawn: { wran: 1m }",
            "8:22: unknown key `wran` in this step",
        ),
        (
            "spawn: { warn: 5m, fail: 1m }",
            "8:28: the step `spawn` would fail before it is warned of",
        ),
        ("stop: { warn: 5 }", "8:27: warn: `5` has no unit"),
        (
            "gone: { warn: 5s }",
            "8:19: the step `gone` has no settings",
        ),
        (
            "execute: { code: x, warn: 5s }",
            "8:33: unknown key `warn` in the step `execute`",
        ),
    ] {
        let said = fault(&with("", &format!("    steps: [{settings}]\n")));
        assert!(
            said.starts_with(&format!("suite.yaml:{message}")),
            "{said}\nis not {message}"
        );
    }
}

#[test]
fn a_file_may_have_to_survive_a_restart() {
    let files = |settings: &str| {
        let (suite, _) = read(&with("", &format!("    steps: [files: {settings}]\n")));
        suite.probes(&[]).unwrap().remove(0)
    };
    let probe = files("{ persist: true }");
    let step = probe.files.unwrap();
    assert!(step.persist && step.size == super::FilesStep::USUAL);
    let listed = super::as_text(std::slice::from_ref(&probe));
    assert!(
        listed.contains("files (size 2097152, persist true)"),
        "{listed}"
    );
    // All that a second start may take.
    let once = files("{ persist: false }");
    assert!(!once.files.unwrap().persist);
    assert!(probe.total() > once.total() + probe.deadlines.queue);
    let said = fault(&with("", "    steps: [files: { persist: often }]\n"));
    assert!(
        said.starts_with("suite.yaml:8:31: persist") && said.contains("true or false"),
        "{said}"
    );
    let said = fault(&with("", "    steps: [persist]\n"));
    assert!(said.contains("write files: { persist: true }"), "{said}");
}
