//! What is typed wrongly: each mistake is told with its place, the reason and what to do instead, with exit code 2, in no more
//! lines than are read. And what a shell is given to complete words is taken by that shell. No hub is needed for any of it.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// hubprobe in a directory, with nothing of the environment that it would heed.
fn hubprobe(directory: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubprobe"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().into_owned();
        if text.starts_with("HUBPROBE_")
            || text.starts_with("JUPYTERHUB_")
            || text == "GITHUB_ACTIONS"
        {
            command.env_remove(name);
        }
    }
    command
        .args(args)
        .current_dir(directory)
        .env("XDG_STATE_HOME", directory.join("state"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

const SUITE: &str = "hubs:
  here:
    url: http://127.0.0.1:9/
    accounts: { servuser: { token: { env: NOT_SET } } }
probes:
  normal: {}
  slow: { tags: [slow] }
";

/// A check without a suite, with these flags more.
macro_rules! check {
    ($($more:expr),*) => {
        &["check", "--url", "http://127.0.0.1:9/", "--user", "servuser", "--token-file", "token", $($more),*]
    };
}

/// What is typed, and what must be said: the place, the reason, the remedy.
type Mistake = (&'static [&'static str], &'static [&'static str]);

const MISTAKES: &[Mistake] = &[
    (&[], &["Usage: hubprobe", "hubprobe demo", "Examples:"]),
    (&["chek"], &["unrecognized subcommand 'chek'", "'check'"]),
    (
        &["check", "--sutie", "x"],
        &["unexpected argument '--sutie'", "'--suite'"],
    ),
    (&["check"], &["which hub?", "--url URL", "--suite FILE"]),
    (
        &["check", "--url", "http://127.0.0.1:9/"],
        &["which account?", "--user NAME"],
    ),
    (
        &["check", "--user", "x", "--url", "hub.example.org"],
        &["`hub.example.org` has no scheme", "https://hub.example.org"],
    ),
    (
        &["check", "--user", "x", "--url", "http://["],
        &["`http://[` is not a URL", "write it as"],
    ),
    (
        &["check", "--user", "x", "--url", "ftp://x/"],
        &["ftp", "http"],
    ),
    (
        &["check", "normal"],
        &["normal", "stand in a suite", "--suite FILE"],
    ),
    (
        &["check", "--suite", "nowhere.yaml"],
        &["nowhere.yaml", "there is no such file", "check the path"],
    ),
    (
        &["check", "--suite", "."],
        &["this is a directory", "name a file in it"],
    ),
    (
        &["check", "--suite", "suite.yaml", "nromal"],
        &["no probe named `nromal`", "its probes are: normal, slow"],
    ),
    (
        &["check", "--suite", "suite.yaml", "--tag", "quick"],
        &["tag `quick`", "slow"],
    ),
    (
        &["check", "--suite", "broken.yaml"],
        &["broken.yaml:2:", "colour"],
    ),
    (
        check!["--keep", "--dry-run"],
        &["'--keep' cannot be used with '--dry-run'", "Usage:"],
    ),
    (
        check!["--option", "novalue"],
        &["--option novalue", "there is no `=`", "KEY=VALUE"],
    ),
    (
        check!["--options", "{"],
        &["--options: this is not JSON", "write an object"],
    ),
    (
        check!["--deadline", "lunch=1h"],
        &[
            "--deadline lunch=1h",
            "no deadline named `lunch`",
            "reach, start, queue",
        ],
    ),
    (
        check!["--deadline", "start=soon"],
        &[
            "--deadline start",
            "`soon` is no length of time",
            "write 90s",
        ],
    ),
    (
        check!["--wait", "soon"],
        &["--wait soon", "no length of time", "write 90s"],
    ),
    (
        check!["--files", "huge"],
        &["--files", "`huge` is no size", "2MiB"],
    ),
    (
        check!["--jobs", "0"],
        &["'0' for '--jobs <N>'", "write a whole number from 1 to 200"],
    ),
    (
        check!["--jobs", "many"],
        &[
            "'many' for '--jobs <N>'",
            "write a whole number from 1 to 200",
        ],
    ),
    (
        check!["--retries", "x"],
        &["'x' for '--retries <N>'", "write a whole number from 0 to"],
    ),
    (
        check!["--server", "a/b"],
        &["--server a/b", "has no / in it"],
    ),
    (
        check!["--header", "X"],
        &["--header wants NAME=ENV", "the environment variable"],
    ),
    (
        check!["--ca-file", "nowhere.pem"],
        &[
            "--ca-file nowhere.pem cannot be read",
            "check the path",
            "PEM",
        ],
    ),
    (
        check!["--format", "pdf"],
        &[
            "--format pdf",
            "there is no format pdf",
            "there are terminal, json",
        ],
    ),
    (
        check!["--format", "json", "--format", "html"],
        &[
            "--format html",
            "two reports on standard output",
            "html=PATH",
        ],
    ),
    (check!["--format", "json="], &["--format json=", "no path"]),
    (
        check!["--format", "json=no/x"],
        &[
            "the report no/x cannot be written",
            "make the directory first",
            "nothing was sent",
        ],
    ),
    (
        check!["--format", "json=."],
        &["the report . cannot be written", "name a file in it"],
    ),
    (
        check!["--journal", "no/x"],
        &[
            "the journal no/x cannot be written",
            "make the directory first",
            "nothing was sent",
        ],
    ),
    (
        check!["--journal", "token"],
        &["--journal token", "the token's file", "name another file"],
    ),
    (
        &[
            "check",
            "--suite",
            "suite.yaml",
            "--format",
            "html=./suite.yaml",
        ],
        &[
            "--format html=./suite.yaml",
            "the suite suite.yaml",
            "name another file",
        ],
    ),
    (
        check!["--format", "json=x", "--journal", "./x"],
        &["--journal ./x and --format json=x are one file", "its own"],
    ),
    (
        check!["--artifacts", ".", "--format", "json=check/x"],
        &["--format json=check/x", "artifacts", "name another file"],
    ),
    (
        check!["--artifacts", "token/x"],
        &["token/x", "nothing was sent to a hub"],
    ),
    (
        check!["--state-dir", "token/x"],
        &["token/x", "--state-dir DIR"],
    ),
    (
        check!["--token", "abc"],
        &["--token", "--token-file FILE", "revoke this one"],
    ),
    (
        check!["--log", "loud"],
        &["'loud' for '--log <LEVEL>'", "debug"],
    ),
    (
        check!["--color", "maybe"],
        &["'maybe' for '--color <WHEN>'", "never"],
    ),
    (
        &["account", "create"],
        &["--out <FILE>", "<NAME>", "--help"],
    ),
    (
        &[
            "account",
            "create",
            "x",
            "--url",
            "http://127.0.0.1:9/",
            "--out",
            "y",
        ],
        &[
            "no administrator's token",
            "URL/hub/token",
            "--admin-token-file FILE",
        ],
    ),
    (
        &["account", "doctor", "x", "--url", "http://127.0.0.1:9/"],
        &["no token was given", "--token-file FILE"],
    ),
    (
        &["account", "hub-config", "x", "--flavor", "tljh"],
        &["'tljh' for '--flavor <FLAVOR>'", "python"],
    ),
    (
        &["clean", "--forget", "nonsense"],
        &["`nonsense` has no scheme", "https://nonsense"],
    ),
    (&["report"], &["<JOURNAL>", "--help"]),
    (
        &["report", "nowhere"],
        &["nowhere cannot be read", "check the path", "--journal FILE"],
    ),
    (
        &["report", "suite.yaml"],
        &[
            "suite.yaml",
            "no journal and no JSON report",
            "--format json=FILE",
        ],
    ),
    (
        &["report", "suite.yaml", "--format", "json=suite.yaml"],
        &["--format json=suite.yaml would take the place of suite.yaml"],
    ),
    (&["schema", "x"], &["'x' for '<WHAT>'", "report, suite"]),
    (&["completions", "tcsh"], &["'tcsh' for '<SHELL>'", "bash"]),
    (
        &["man", "token/x"],
        &["token/x", "name a directory that you may write to"],
    ),
    (&["suite", "list"], &["which suite?", "--suite FILE"]),
    (
        &["selftest", "nonsense"],
        &["there is no case nonsense", "selftest --list"],
    ),
    (
        &["selftest", "--jobs", "99"],
        &["'99' for '--jobs <N>'", "from 1 to 32"],
    ),
    (
        &["sandbox", "logs", "--name", "nobody"],
        &["there is no sandbox nobody", "sandbox status"],
    ),
    (
        &["sandbox", "up", "--fault", "nonsense"],
        &["no fault `nonsense`", "hubprobe sandbox faults"],
    ),
    (
        &["sandbox", "up", "--hub-version", "1.0"],
        &["JupyterHub 1.0", "the known versions are"],
    ),
];

#[test]
fn every_mistake_is_told_with_place_reason_and_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    std::fs::write(place.join("suite.yaml"), SUITE).unwrap();
    std::fs::write(place.join("broken.yaml"), "hubs:\n  colour: blue\n").unwrap();
    std::fs::create_dir(place.join("check")).unwrap();
    std::fs::write(place.join("token"), "0123456789abcdef\n").unwrap();
    let mut wrong = Vec::new();
    for (args, words) in MISTAKES {
        let said = hubprobe(place, args);
        let err = String::from_utf8_lossy(&said.stderr).into_owned();
        let lacks: Vec<_> = words.iter().filter(|word| !err.contains(**word)).collect();
        // The help, or what is read at a glance.
        let most = if args.is_empty() {
            (40, 4_000)
        } else {
            (9, 600)
        };
        if said.status.code() != Some(2)
            || !said.stdout.is_empty()
            || !lacks.is_empty()
            || err.lines().count() > most.0
            || err.len() > most.1
        {
            wrong.push(format!(
                "hubprobe {}: {}: lacks {lacks:?}\n{err}",
                args.join(" "),
                said.status
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_mistake_in_a_suite_is_told_by_lint_too() {
    let directory = tempfile::tempdir().unwrap();
    let said = hubprobe(directory.path(), &["suite", "lint", "nowhere.yaml"]);
    assert_eq!(said.status.code(), Some(2));
    let out = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        out.contains("nowhere.yaml: there is no such file") && out.contains("check the path"),
        "{out}"
    );
    assert!(!out.contains("--suite"), "{out}");
}

/// What a shell says of a script, without running it; none where that shell is not here.
fn complaints(shell: &str, script: &[u8]) -> Option<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    let said = Command::new(shell)
        .arg("-n")
        .arg(file.path())
        .output()
        .ok()?;
    Some(format!(
        "{}{}",
        said.status,
        String::from_utf8_lossy(&said.stderr)
    ))
}

#[test]
fn shells_take_their_completions() {
    let directory = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let said = hubprobe(directory.path(), &["completions", shell]);
        assert_eq!(said.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&said.stdout).contains("hub-config"));
        match complaints(shell, &said.stdout) {
            Some(complaints) => assert_eq!(complaints, "exit status: 0", "{shell}"),
            None => drop(writeln!(
                std::io::stderr(),
                "there is no {shell} here: its script was not tried"
            )),
        }
    }
    // It does complete.
    let script =
        String::from_utf8(hubprobe(directory.path(), &["completions", "bash"]).stdout).unwrap();
    let ask = format!(
        "{script}\nCOMP_WORDS=(hubprobe account doc); COMP_CWORD=2; _hubprobe hubprobe doc account; echo \"${{COMPREPLY[@]}}\""
    );
    let told = Command::new("bash").args(["-c", &ask]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&told.stdout).trim(), "doctor");
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let directory = tempfile::tempdir().unwrap();
    let said = hubprobe(directory.path(), &["man", "pages"]);
    assert_eq!(said.status.code(), Some(0));
    let read =
        |name: &str| std::fs::read_to_string(directory.path().join("pages").join(name)).unwrap();
    for (name, example) in [
        ("hubprobe.1", "hubprobe demo"),
        ("hubprobe-check.1", "junit=out.xml"),
        ("hubprobe-account-create.1", "pass show hub/admin"),
        ("hubprobe-sandbox-up.1", "strip_auth"),
    ] {
        let page = read(name).replace("\\-", "-");
        assert!(
            page.contains("Examples:") && page.contains(example),
            "{name}: {page}"
        );
    }
    // Each option has words below it.
    for page in std::fs::read_dir(directory.path().join("pages")).unwrap() {
        let path = page.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.starts_with("\\fB\\-") {
                let words = lines.next().unwrap_or_default();
                assert!(
                    words.starts_with(|c: char| c.is_alphabetic()),
                    "{}: {line}: {words:?}",
                    path.display()
                );
            }
        }
    }
}

/// No hub is there; the report and the journal have the state directory all the same, where it is not the usual one.
#[test]
fn another_state_directory_is_in_the_report_and_the_usual_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let place = std::fs::canonicalize(directory.path()).unwrap();
    std::fs::write(place.join("token"), "0123456789abcdef").unwrap();
    let check: &[&str] = check!["--format", "json", "--journal", "run.journal"];
    let usual = place.join("state/hubprobe");
    for (given, expected) in [
        (None, None),
        (Some("a state"), Some(place.join("a state"))),
        (Some("state/hubprobe/"), None),
        (Some(usual.to_str().unwrap()), None),
    ] {
        let more: Vec<&str> = given
            .map(|dir| ["--state-dir", dir])
            .into_iter()
            .flatten()
            .collect();
        let expected = expected.as_ref().map(|dir| dir.to_str().unwrap());
        let said = hubprobe(&place, &[check, &more].concat());
        let told = hubprobe(&place, &["report", "run.journal", "--format", "json"]);
        for said in [said, told] {
            let report: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
            assert_eq!(
                report["state_dir"].as_str(),
                expected,
                "{given:?}: {said:?}"
            );
        }
        let clean = hubprobe(&place, &[&["clean"], &more[..]].concat());
        let said = String::from_utf8_lossy(&clean.stdout);
        let ledger = expected.unwrap_or(usual.to_str().unwrap());
        assert_eq!(
            said.trim_end().trim_end_matches('/').replace("/ is", " is"),
            format!("nothing is left: the ledger in {ledger} is empty")
        );
    }
}
