//! Reports as those take them who are to read them, and what `hubprobe report` does with the files that it is given. The runs
//! are the fixed ones of `tests/snapshots` and the real one of `docs/pictures/run.jsonl`; no hub is needed.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn snapshot(name: &str) -> String {
    let path = format!("{}/tests/snapshots/{name}", env!("CARGO_MANIFEST_DIR"));
    assert!(Path::new(&path).exists(), "{path}");
    path
}

fn journal() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/pictures/run.jsonl");
    path.to_owned()
}

/// hubprobe in a directory, with nothing of the environment that it would heed.
fn hubprobe(directory: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubprobe"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().into_owned();
        if ["HUBPROBE_", "JUPYTERHUB_", "GITHUB_"]
            .iter()
            .any(|begin| text.starts_with(begin))
        {
            command.env_remove(name);
        }
    }
    command.args(args).current_dir(directory);
    command
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn said(output: Output) -> Said {
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn report(directory: &Path, args: &[&str]) -> Said {
    let args = [&["report"], args].concat();
    said(hubprobe(directory, &args).output().unwrap())
}

/// Says that a test was not run, where cargo shows it: a program that it wants is not here.
fn not_run(test: &str, program: &str) {
    let line = format!("{test}: there is no {program} here, so this was NOT RUN\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// A link to where nothing is yet leads there still, and a report to what is open stays in that file.
#[test]
fn a_report_goes_where_a_link_leads() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    std::os::unix::fs::symlink("new", place.join("link")).unwrap();
    let passed = snapshot("passed.json");
    let told = report(place, &[&passed, "--format", "tap=link"]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(place.join("link").is_symlink());
    let tap = std::fs::read_to_string(place.join("new")).unwrap();
    assert!(tap.starts_with("TAP version"), "{tap}");

    std::os::unix::fs::symlink("other", place.join("unused")).unwrap();
    let refused = report(place, &["nowhere", "--format", "tap=unused"]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(place.join("unused").is_symlink());
    assert!(!place.join("other").exists(), "it was only tried");

    let out = std::fs::File::create(place.join("out")).unwrap();
    let args = ["report", &passed, "--format", "tap=/dev/stdout"];
    let status = hubprobe(place, &args).stdout(out).status().unwrap();
    assert!(status.success());
    let kept = std::fs::read_to_string(place.join("out")).unwrap();
    assert!(kept.contains("1 probe passed"), "{kept}");
}

#[test]
fn one_file_that_cannot_be_read_does_not_lose_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    std::fs::write(place.join("bad.jsonl"), "hello\n").unwrap();
    let (passed, failed) = (snapshot("passed.json"), snapshot("failed.json"));
    let (passed, failed) = (passed.as_str(), failed.as_str());
    for order in [[passed, "bad.jsonl"], ["bad.jsonl", passed]] {
        let told = report(
            place,
            &[&order[..], &["--format", "junit=out.xml"]].concat(),
        );
        assert_eq!(told.code, Some(3), "{}", told.err);
        assert!(
            told.err
                .starts_with("hubprobe: error: bad.jsonl: it is no journal and no JSON report"),
            "{}",
            told.err
        );
        assert!(
            told.out
                .ends_with("\n1 probe passed in 6.40 s; 1 file cannot be read\n"),
            "{}",
            told.out
        );
        let junit = std::fs::read_to_string(place.join("out.xml")).unwrap();
        assert!(junit.contains("type=\"unread\""), "{junit}");
    }
    // What failed, failed.
    let told = report(place, &[passed, "bad.jsonl", failed, "nowhere.jsonl"]);
    assert_eq!(told.code, Some(1));
    assert!(told.err.contains("nowhere.jsonl cannot be read"));
    let nagios = ["--format", "nagios"];
    let told = report(place, &[&[passed, "bad.jsonl"], &nagios[..]].concat());
    assert_eq!(told.code, Some(3));
    assert!(
        told.out.starts_with("HUBPROBE UNKNOWN - 1 probe passed"),
        "{}",
        told.out
    );
    // All of them: each is told, and there is no report.
    let told = report(place, &["bad.jsonl", "nowhere.jsonl"]);
    assert_eq!(told.code, Some(2));
    assert!(told.out.is_empty(), "{}", told.out);
    for words in [
        "bad.jsonl: it is no journal",
        "nowhere.jsonl cannot be read",
    ] {
        assert!(told.err.contains(words), "{}", told.err);
    }
}

#[test]
fn the_order_in_which_runs_are_named_means_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let (older, newer) = (snapshot("passed.json"), journal());
    for format in ["json", "prometheus", "nagios", "markdown", "tap", "html"] {
        let told = |files: [&str; 2]| {
            let told = report(place, &[&files[..], &["--format", format]].concat());
            assert!(matches!(told.code, Some(1 | 2)), "{}", told.err);
            told.out
        };
        let one = told([&older, &newer]);
        assert_eq!(one, told([&newer, &older]), "{format}");
        assert!(one.contains("wrong-port"), "{format}");
    }
}

/// What a step's summary is after these reports were written to it.
fn summary(place: &Path, name: &str, variable: &Path) -> String {
    let path = place.join(name);
    std::fs::write(&path, "| a table |\n").unwrap();
    let format = format!("markdown={name}");
    for file in ["passed.json", "failed.json"] {
        let args = ["report", &snapshot(file), "--format", &format];
        let mut command = hubprobe(place, &args);
        command.env("GITHUB_STEP_SUMMARY", variable);
        let told = said(command.output().unwrap());
        assert!(matches!(told.code, Some(0 | 1)), "{}", told.err);
    }
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_report_is_added_to_the_summary_of_a_step() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let [passed, failed] =
        ["passed.md", "failed.md"].map(|name| std::fs::read_to_string(snapshot(name)).unwrap());
    let both = format!("| a table |\n\n{passed}\n{failed}");
    assert_eq!(summary(place, "s.md", Path::new("s.md")), both);
    // By another path that leads to the same file.
    assert_eq!(summary(place, "s.md", &place.join("s.md")), both);
    // Any other file is the last report's.
    assert_eq!(summary(place, "other.md", &place.join("s.md")), failed);
}

#[test]
fn prove_takes_the_tap_of_every_run() {
    if Command::new("prove").arg("--version").output().is_err() {
        return not_run("prove_takes_the_tap_of_every_run", "prove (Debian: perl)");
    }
    let directory = tempfile::tempdir().unwrap();
    let prove = |files: &[PathBuf]| {
        let mut command = Command::new("prove");
        command.args(["--exec", "cat"]).args(files);
        said(command.output().unwrap())
    };
    let taken = |name: &str, words: &[&str], code: i32| {
        let path = directory.path().join(format!("{name}.tap"));
        let format = format!("tap={}", path.display());
        let json = snapshot(&format!("{name}.json"));
        report(directory.path(), &[&json, "--format", &format]);
        let told = prove(&[path]);
        let all = told.out + &told.err;
        assert_eq!(told.code, Some(code), "{name}: {all}");
        for words in words {
            assert!(all.contains(words), "{name}: {words}: {all}");
        }
        assert!(!all.contains("Parse errors"), "{name}: {all}");
    };
    taken("passed", &["Result: PASS", "Tests=1,"], 0);
    taken("flaky", &["Result: PASS", "Tests=1,"], 0);
    taken("failed", &["Result: FAIL", "Failed test:  1"], 1);
    taken(
        "fifty",
        &["Failed tests:  21-22", "Tests=50,", "1 skipped"],
        1,
    );
    taken("left_behind", &["Failed tests:  1-2", "Tests=2,"], 1);
    taken("merged", &["Failed tests:  4-5", "Tests=5,"], 1);
    taken("hostile", &["Failed tests:  1-2", "Tests=2,"], 1);
}

#[test]
fn bash_offers_the_formats() {
    let directory = tempfile::tempdir().unwrap();
    let script = hubprobe(directory.path(), &["completions", "bash"]);
    let script = { script }.output().unwrap().stdout;
    std::fs::write(directory.path().join("script"), script).unwrap();
    for command in ["check", "report"] {
        let ask = format!(
            ". ./script; COMP_WORDS=(hubprobe {command} --format ''); COMP_CWORD=3; \
             _hubprobe hubprobe '' --format; echo \"${{COMPREPLY[@]}}\""
        );
        let mut bash = Command::new("bash");
        let asked = bash.args(["-c", &ask]).current_dir(directory.path());
        let Ok(output) = asked.output() else {
            return not_run("bash_offers_the_formats", "bash");
        };
        let told = said(output);
        assert_eq!(
            told.out, "terminal json junit html markdown tap nagios prometheus\n",
            "{}",
            told.err
        );
    }
}
