//! What a run looks like in every format, told at once and told again from its journal.

use std::time::{Duration, Instant};

use crate::Case;
use crate::hubs::Hubs;
use crate::undo::signal;
use crate::world::{Said, World};

pub const EDGES: &[Case] = &[
    (
        "reports::a_journal_tells_the_run_again",
        a_journal_tells_the_run_again,
    ),
    (
        "reports::a_journal_that_ends_early_is_never_green",
        a_journal_that_ends_early_is_never_green,
    ),
    (
        "reports::what_was_not_tried_is_told",
        what_was_not_tried_is_told,
    ),
    (
        "reports::nagios_has_its_own_codes",
        nagios_has_its_own_codes,
    ),
    ("reports::github_is_told", github_is_told),
];

/// On the newest version, with all tests: it wants what `tools/setup pages` installs.
pub const JUDGED: &[Case] = &[(
    "reports::a_browser_and_jenkins_take_those_of_a_real_run",
    a_browser_and_jenkins_take_those_of_a_real_run,
)];

const FORMATS: [&str; 7] = [
    "json",
    "junit",
    "html",
    "markdown",
    "tap",
    "prometheus",
    "nagios",
];

fn a_journal_tells_the_run_again(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "journal");
    let files = |end: &str| FORMATS.map(|format| format!("{format}=out.{format}{end}"));
    let first = files("");
    let mut args = vec!["--journal", "run.jsonl"];
    args.extend(first.iter().flat_map(|file| ["--format", file]));
    let code = "print(6*7, '<script>alert(1)</script>')";
    let said = world.check_code(code, Some("41")).and(&args).run();
    said.exits(1).finds("kernel.wrong-output");
    let again = files(".again");
    let mut args = vec!["report", "run.jsonl", "--format", "json"];
    args.extend(again.iter().flat_map(|file| ["--format", file]));
    let told = world.hubprobe(&args).run();
    told.exits(1);
    assert_eq!(told.out, said.out);
    let read = |name: &str| std::fs::read_to_string(world.dir.join(name)).unwrap();
    for format in FORMATS {
        let text = read(&format!("out.{format}"));
        assert_eq!(text, read(&format!("out.{format}.again")), "{format}");
        assert!(text.contains("kernel.wrong-output"), "{format}: {text}");
        assert!(!text.contains(&world.token), "{format}");
    }
    assert!(!read("run.jsonl").contains(&world.token));
    assert!(!read("out.html").contains("<script"));
    // From the JSON report as well; a run that is named twice is told once.
    let told = world
        .hubprobe(&["report", "out.json", "run.jsonl", "--format", "json"])
        .run();
    told.exits(1);
    let both = told.report();
    assert_eq!(both["visits"].as_array().unwrap().len(), 1);
    assert_eq!(both["visits"], said.report()["visits"]);
    // What is none is said.
    let refused = |args: &[&str], words: &str| {
        let said = world.hubprobe(&[&["report"], args].concat()).run();
        said.exits(2).complains(words);
    };
    refused(&["token"], "it is no journal and no JSON report");
    refused(&["nowhere.journal"], "nowhere.journal cannot be read");
    refused(&[], "required");
    let said = world.check().and(&["--journal", "nowhere/run.jsonl"]).run();
    said.exits(2).complains("nothing was sent to a hub");
}

fn a_journal_that_ends_early_is_never_green(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "cut-journal");
    world
        .check()
        .and(&["--dry-run", "--journal", "/dev/full"])
        .run()
        .exits(3)
        .complains("/dev/full: the journal cannot be written");
    let call = world.check_code("import time; time.sleep(60)", None);
    let mut child = call.and(&["--journal", "run.jsonl"]).start();
    let began = Instant::now();
    let path = world.dir.join("run.jsonl");
    let text = || std::fs::read_to_string(&path).unwrap_or_default();
    while !text().contains("\"step\":\"execute\"") {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "it does not come to the code"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let told = world
        .hubprobe(&["report", "run.jsonl", "--format", "json"])
        .run();
    told.exits(4).finds("prober.interrupted");
    let left = told.visit()["left_behind"].to_string();
    assert!(left.contains("not seen to be gone"), "{left}");
    world
        .hubprobe(&["report", "run.jsonl", "--format", "nagios"])
        .run()
        .exits(2);
    world.hubprobe(&["clean"]).run().exits(0);
    world.assert_nothing_left();

    // A second signal leaves no time for reports, and says what has the run.
    let call = world.check().option("fault=stop_slow:20");
    let child = call.and(&["--journal", "twice.jsonl"]).start();
    let path = world.dir.join("twice.jsonl");
    let text = || std::fs::read_to_string(&path).unwrap_or_default();
    let comes_to = |words: &str| {
        let began = Instant::now();
        while !text().contains(words) {
            assert!(began.elapsed() < Duration::from_secs(60), "{words}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    comes_to("\"event\":\"step-started\",\"visit\":0,\"step\":\"stop\"");
    signal(&child, "-INT");
    comes_to("\"event\":\"interrupted\"");
    signal(&child, "-INT");
    let said = Said::of(child);
    said.exits(4)
        .complains("what was seen is told by: hubprobe report twice.jsonl");
    assert_eq!(said.out, "");
    world
        .hubprobe(&["report", "twice.jsonl"])
        .run()
        .exits(4)
        .says("LEFT BEHIND");
    world.hubprobe(&["clean"]).run().exits(0);
    world.assert_nothing_left();
}

/// The first of two probes passes, and the signal comes before the second begins.
fn what_was_not_tried_is_told(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "not-tried");
    let suite = format!(
        "hubs:\n  here:\n    url: {}\n    accounts:\n      not-tried: {{ token: {{ file: token }} }}\n\
         probes:\n  one: {{ options: {{ fault: 'stop_slow:6' }} }}\n  two: {{}}\n",
        world.url
    );
    world.write("suite.yaml", &suite);
    let check = ["check", "--suite", "suite.yaml", "--format", "json"];
    let others = [
        "--journal",
        "run.jsonl",
        "--format",
        "junit=x.xml",
        "--format",
        "prometheus=x.prom",
    ];
    let child = world.hubprobe(&[&check[..], &others].concat()).start();
    let began = Instant::now();
    let read = |name: &str| std::fs::read_to_string(world.dir.join(name)).unwrap_or_default();
    while !read("run.jsonl").contains("\"event\":\"step-started\",\"visit\":0,\"step\":\"stop\"") {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "it does not come to the stop"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    signal(&child, "-INT");
    let said = Said::of(child);
    let both = |said: &Said| {
        let report = said.report();
        assert_eq!(report["verdict"], "inconclusive");
        let visits = report["visits"].as_array().unwrap();
        let told: Vec<_> = visits
            .iter()
            .map(|visit| {
                (
                    &visit["probe"],
                    &visit["verdict"],
                    &visit["finding"]["cause"],
                )
            })
            .collect();
        let interrupted = serde_json::json!("prober.interrupted");
        assert_eq!(
            serde_json::json!(told),
            serde_json::json!([
                ["one", "passed", null],
                ["two", "inconclusive", interrupted]
            ])
        );
    };
    both(said.exits(130));
    assert!(read("x.xml").contains("errors=\"1\""), "{}", read("x.xml"));
    let success = read("x.prom");
    assert!(success.contains("hubprobe_run_success 0"), "{success}");

    // Where hubprobe itself is killed between them.
    let whole = read("run.jsonl");
    let end = "\"event\":\"visit-finished\",\"visit\":0}\n";
    let cut = &whole[..whole.find(end).unwrap() + end.len()];
    let without: Vec<&str> = cut
        .lines()
        .filter(|line| !line.contains("\"event\":\"interrupted\""))
        .collect();
    world.write("cut.jsonl", &(without.join("\n") + "\n"));
    let report = |format: &str| {
        world
            .hubprobe(&["report", "cut.jsonl", "--format", format])
            .run()
    };
    both(report("json").exits(3));
    report("tap").exits(3).says("not ok 2");
    world.assert_nothing_left();
}

fn nagios_has_its_own_codes(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "nagios");
    let check = |args: &[&str]| -> Said {
        let url = world.url.as_str();
        let begin = [
            "check", "--url", url, "--user", "nagios", "--format", "nagios",
        ];
        world.hubprobe(&[&begin, args].concat()).run()
    };
    check(&["--token-file", "token"])
        .exits(0)
        .says("HUBPROBE OK - 1 probe passed in ");
    let failed = check(&["--token-file", "token", "--option", "fault=raise"]);
    failed
        .exits(2)
        .says("HUBPROBE CRITICAL - 1 probe failed (spawn.error)");
    assert_eq!(failed.out.lines().count(), 1);
    check(&["--token-file", "nowhere"])
        .exits(3)
        .says("HUBPROBE UNKNOWN - ");
}

fn github_is_told(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "github");
    let check = || {
        let call = world.check().option("fault=raise");
        call.and(&["--format", "markdown=summary.md"])
            .env("GITHUB_STEP_SUMMARY", "summary.md")
    };
    check()
        .env("GITHUB_ACTIONS", "true")
        .run()
        .exits(1)
        .complains("::error title=hubprobe%3A check%3A spawn.error::");
    let said = check().run();
    assert!(!said.err.contains("::error"), "{}", said.err);
    // Both checks of the step are in its summary.
    let summary = std::fs::read_to_string(world.dir.join("summary.md")).unwrap();
    let told = summary.matches("\n### ❌ `check` `spawn.error`").count();
    assert_eq!(told, 2, "{summary}");
}

fn a_browser_and_jenkins_take_those_of_a_real_run(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "judged");
    let formats = ["--format", "html=real.html", "--format", "junit=real.xml"];
    let code = "print(6*7, '<script>alert(1)</script> & ]]>')";
    let call = world
        .check_code(code, Some("41"))
        .and(&["--journal", "failed.journal"]);
    call.run().exits(1).finds("kernel.wrong-output");
    world
        .check()
        .and(&["--journal", "passed.journal"])
        .run()
        .exits(0);
    let told = ["report", "failed.journal", "passed.journal"];
    world.hubprobe(&told).and(&formats).run().exits(1);
    let tool = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/pages");
    let files = ["real.html", "real.xml"].map(|name| world.dir.join(name));
    let judged = std::process::Command::new(tool)
        .args(files)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&judged.stdout).into_owned()
        + &String::from_utf8_lossy(&judged.stderr);
    assert!(judged.status.success(), "{said}");
    assert!(
        said.contains("1 reports, 0 refused") && said.contains("1 pages"),
        "{said}"
    );
}
