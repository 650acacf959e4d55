//! Several visits at a time: `--jobs`, accounts and named servers that spread them, retries, and the budget of node time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jupyterhub_sandbox::Spec;
use serde_json::Value;

use crate::Case;
use crate::hubs::{Hubs, block_on};
use crate::world::{Call, Said, World};

pub const EDGES: &[Case] = &[
    (
        "side_by_side::fifty_probes_over_five_accounts",
        fifty_probes_over_five_accounts,
    ),
    (
        "side_by_side::named_servers_of_one_account",
        named_servers_of_one_account,
    ),
    (
        "side_by_side::a_hub_is_not_failed_on_side_by_side",
        a_hub_is_not_failed_on_side_by_side,
    ),
    (
        "side_by_side::a_signal_ends_all_of_them",
        a_signal_ends_all_of_them,
    ),
    (
        "side_by_side::a_pass_after_a_failure_is_flaky",
        a_pass_after_a_failure_is_flaky,
    ),
    (
        "side_by_side::failed_spawns_are_tried_again_where_asked",
        failed_spawns_are_tried_again_where_asked,
    ),
    ("side_by_side::node_time_is_kept_to", node_time_is_kept_to),
    (
        "side_by_side::a_hub_that_would_end_itself_lives",
        a_hub_that_would_end_itself_lives,
    ),
    (
        "side_by_side::what_is_kept_is_left_alone",
        what_is_kept_is_left_alone,
    ),
    (
        "side_by_side::each_visit_takes_back_its_own_seat_s",
        each_visit_takes_back_its_own_seat_s,
    ),
    (
        "side_by_side::a_token_from_standard_input_is_good_for_every_attempt",
        a_token_from_standard_input_is_good_for_every_attempt,
    ),
];

/// A check of these accounts with a suite that goes on like this after its accounts.
fn check(worlds: &[World], suite: &str, args: &[&str]) -> Call {
    let first = &worlds[0];
    let mut text = format!("hubs:\n  here:\n    url: {}\n    accounts:\n", first.url);
    for world in worlds {
        let token = world.dir.join("token").display().to_string();
        let account = &world.account;
        text.push_str(&format!(
            "      {account}: {{ token: {{ file: {token} }} }}\n"
        ));
    }
    first.write("suite.yaml", &(text + suite));
    let call = first.hubprobe(&["check", "--suite", "suite.yaml", "--format", "json"]);
    call.and(args)
}

fn visits(said: &Said) -> Vec<Value> {
    said.report()["visits"].as_array().unwrap().clone()
}

fn text<'a>(visit: &'a Value, field: &str) -> &'a str {
    visit[field].as_str().unwrap()
}

/// When a visit began and ended, in seconds since the run began.
fn span(visit: &Value) -> (f64, f64) {
    let began = visit["started_s"].as_f64().unwrap();
    (began, began + visit["duration_s"].as_f64().unwrap())
}

/// The most of them that were under way at one instant, as exactly as thousandths of a second tell.
fn at_most_at_once(visits: &[Value]) -> usize {
    let spans: Vec<(f64, f64)> = visits.iter().map(span).collect();
    let at = |now: f64| {
        spans
            .iter()
            .filter(|(began, ended)| *began <= now && now + 0.005 < *ended)
            .count()
    };
    spans.iter().map(|(began, _)| at(*began)).max().unwrap()
}

fn fifty_probes_over_five_accounts(hubs: &Hubs, version: &str) {
    let worlds: Vec<World> = (1..=5)
        .map(|number| World::new(hubs, version, &format!("fifty-{number}")))
        .collect();
    let numbers: Vec<String> = (1..=50).map(|number| number.to_string()).collect();
    let suite = format!(
        "probes:\n  every:\n    account: \"*\"\n    matrix: {{ n: [{}] }}\n    \
         steps: [{{ execute: {{ code: \"print(6*7)\", expect: \"42\" }} }}]\n",
        numbers.join(", ")
    );
    let said = check(&worlds, &suite, &["--jobs", "5"]).run();
    let visits = visits(&said);
    let findings: Vec<&Value> = visits
        .iter()
        .filter_map(|visit| visit.get("finding"))
        .collect();
    assert!(findings.is_empty(), "{findings:#?}");
    said.exits(0);
    assert_eq!(visits.len(), 50);
    let mut names: Vec<&str> = visits.iter().map(|visit| text(visit, "probe")).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 50, "each once: {names:?}");
    let mut of: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for visit in &visits {
        assert_eq!(visit["verdict"], "passed", "{visit:#}");
        assert_eq!(visit["steps"].as_array().unwrap().len(), 8, "{visit:#}");
        of.entry(text(visit, "account"))
            .or_default()
            .push(span(visit));
    }
    assert_eq!(of.len(), 5);
    for (account, mut spans) in of {
        spans.sort_by(|one, other| one.0.total_cmp(&other.0));
        for pair in spans.windows(2) {
            assert!(pair[0].1 <= pair[1].0 + 0.005, "{account}: {pair:?}");
        }
    }
    let at_once = at_most_at_once(&visits);
    assert!((3..=5).contains(&at_once), "{at_once} at once");
    // The hub saw it so too: of each account one start after one stop.
    let log = std::fs::read_to_string(hubs.of(version).sandbox.hub_log()).unwrap();
    for world in &worlds {
        let started = format!("User {} took ", world.account);
        let stopped = format!("User {} server took ", world.account);
        let mut running = 0_i32;
        let mut starts = 0;
        for line in log.lines() {
            if line.contains(&started) {
                running += 1;
                starts += 1;
            } else if line.contains(&stopped) {
                running -= 1;
            }
            assert!((0..=1).contains(&running), "{}: {line}", world.account);
        }
        assert!(running == 0 && starts > 0, "{}", world.account);
        world.assert_nothing_left();
    }
}

fn named_servers_of_one_account(hubs: &Hubs, version: &str) {
    let worlds = [World::new(hubs, version, "two-servers")];
    let suite = "probes:\n  every:\n    server: [one, two]\n    matrix: { n: [1, 2, 3] }\n    \
                 steps: [{ execute: { code: \"import time; time.sleep(2)\" } }]\n";
    let said = check(&worlds, suite, &["--jobs", "3"]).run();
    said.exits(0);
    let visits = visits(&said);
    let mut servers: Vec<&str> = visits.iter().map(|visit| text(visit, "server")).collect();
    assert_eq!(at_most_at_once(&visits), 2, "{visits:#?}");
    servers.sort_unstable();
    servers.dedup();
    assert_eq!(servers, ["one", "two"]);
    // Each line says whose it is.
    said.complains("every[n=1]: spawn: passed");
    worlds[0].assert_nothing_left();
}

/// Two failures in a row are enough, also with many at a time: a hub may end itself after five.
fn a_hub_is_not_failed_on_side_by_side(hubs: &Hubs, version: &str) {
    let worlds: Vec<World> = (1..=6)
        .map(|number| World::new(hubs, version, &format!("failing-{number}")))
        .collect();
    let suite = "probes:\n  every:\n    account: \"*\"\n    options: { fault: \"late_raise:2\" }\n    \
                 matrix: { n: [1, 2, 3, 4, 5, 6] }\n";
    let said = check(&worlds, suite, &["--jobs", "6"]).run();
    said.exits(1);
    let visits = visits(&said);
    assert_eq!(visits.len(), 6);
    let count = |verdict: &str| {
        visits
            .iter()
            .filter(|visit| visit["verdict"] == verdict)
            .count()
    };
    assert_eq!((count("failed"), count("skipped")), (2, 4), "{visits:#?}");
    assert!(
        visits[5]["warnings"]
            .to_string()
            .contains("consecutive_failure_limit")
    );
    worlds.iter().for_each(World::assert_nothing_left);
}

fn a_signal_ends_all_of_them(hubs: &Hubs, version: &str) {
    let worlds: Vec<World> = (1..=3)
        .map(|number| World::new(hubs, version, &format!("ended-{number}")))
        .collect();
    let suite = "probes:\n  first: { account: ended-1 }\n  every:\n    account: \"*\"\n    matrix: { n: [1, 2, 3, 4] }\n    \
                 steps: [{ execute: { code: \"import time; time.sleep(60)\" } }]\n";
    let child = check(&worlds, suite, &["--jobs", "3"]).start();
    let began = Instant::now();
    while !worlds.iter().all(|world| world.runs("")) {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "they do not come"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    let id = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(sent.unwrap().success());
    let said = Said::of(child);
    said.exits(130).complains("SIGINT");
    let report = said.report();
    assert_eq!(report["interrupted"], "SIGINT");
    let all = visits(&said);
    assert_eq!(all.len(), 5, "{all:#?}");
    let last = all.last().unwrap()["finding"]["summary"].to_string();
    assert!(last.contains("not tried"), "the last is not begun: {last}");
    for visit in all.iter().filter(|visit| text(visit, "probe") != "first") {
        assert_eq!(visit["finding"]["cause"], "prober.interrupted");
    }
    worlds.iter().for_each(World::assert_nothing_left);
}

/// Code that fails the first time, and finds then that it has been there.
const SECOND_TIME_LUCKY: &str = "import os; p = os.path.expanduser('~/flaky-marker'); was = os.path.exists(p); \
                                 open(p, 'w').close(); assert was, 'for the first time'";

fn a_pass_after_a_failure_is_flaky(hubs: &Hubs, version: &str) {
    let worlds = [World::new(hubs, version, "flaky")];
    let suite = format!(
        "probes:\n  every:\n    retries: {{ times: 2, wait: 1s }}\n    \
         steps: [{{ execute: {{ code: \"{SECOND_TIME_LUCKY}\" }} }}]\n"
    );
    let said = check(&worlds, &suite, &["--format", "terminal=out.txt"]).run();
    said.exits(0).complains("attempt 2");
    let visit = said.visit();
    assert_eq!(visit["attempts"], 2);
    assert_eq!(visit["flaky"], true);
    assert_eq!(visit["verdict"], "passed");
    assert_eq!(visit["earlier"][0]["finding"]["cause"], "kernel.error");
    assert_eq!(
        visit["earlier"][0]["steps"][5]["verdict"], "failed",
        "{visit:#}"
    );
    let screen = std::fs::read_to_string(worlds[0].dir.join("out.txt")).unwrap();
    assert!(
        screen.contains("flaky: it passed only at attempt 2; before that kernel.error"),
        "{screen}"
    );
    assert!(screen.contains("1 probe passed (1 flaky)"), "{screen}");
    worlds[0].assert_nothing_left();
    // What never passes fails with its last attempt; the flag says how often.
    let suite = "probes:\n  every: { steps: [{ execute: { code: \"1/0\" } }], retries: { times: 0, wait: 1s } }\n";
    let said = check(&worlds, suite, &["--retries", "1"]).run();
    said.exits(1).finds("kernel.error");
    let visit = said.visit();
    assert_eq!(visit["attempts"], 2);
    assert_eq!(visit["flaky"], Value::Null);
    worlds[0].assert_nothing_left();
}

fn failed_spawns_are_tried_again_where_asked(hubs: &Hubs, version: &str) {
    let worlds = [World::new(hubs, version, "failing-again")];
    let tried = |retries: &str| {
        let suite =
            format!("probes:\n  every: {{ options: {{ fault: raise }}, retries: {retries} }}\n");
        let said = check(&worlds, &suite, &[]).run();
        said.exits(1).finds("spawn.error");
        said.visit()["attempts"].as_u64().unwrap()
    };
    assert_eq!(tried("3"), 1);
    assert_eq!(tried("{ times: 1, wait: 1s, spawn: true }"), 2);
    // One less than what may end a hub.
    assert_eq!(tried("{ times: 9, wait: 500ms, spawn: true }"), 4);
    // A token does not get better.
    worlds[0].write("token", "0123456789abcdef0123456789abcdef\n");
    let said = check(&worlds, "probes:\n  every: { retries: 3 }\n", &[]).run();
    said.exits(1).finds("token.rejected");
    assert_eq!(said.visit()["attempts"], 1);
}

fn node_time_is_kept_to(hubs: &Hubs, version: &str) {
    let worlds = [World::new(hubs, version, "node-time")];
    let suite = "node_time: { limit: 30s, nodes: size }\nprobes:\n  small: {}\n  large:\n    options: { size: [\"4\"] }\n    \
                 steps: [{ execute: { code: \"import time; time.sleep(30)\" } }]\n  last: {}\n";
    let said = check(&worlds, suite, &["--format", "terminal=out.txt"]).run();
    said.exits(3);
    let [small, large, last] = <[Value; 3]>::try_from(visits(&said)).unwrap();
    assert_eq!(small["verdict"], "passed");
    assert_eq!(large["finding"]["cause"], "prober.node-time", "{large:#}");
    let steps = large["steps"].as_array().unwrap();
    let stop = steps.iter().find(|step| step["name"] == "stop").unwrap();
    assert_eq!(stop["verdict"], "passed");
    // Nothing is left for it: nothing is asked.
    assert_eq!(last["finding"]["cause"], "prober.node-time");
    assert_eq!(last["node_time_s"], Value::Null);
    let taken = said.report()["node_time"]["taken_s"].as_f64().unwrap();
    let each: f64 = [&small, &large]
        .map(|visit| visit["node_time_s"].as_f64().unwrap())
        .iter()
        .sum();
    assert!((taken - each).abs() < 0.01, "{taken} {each}");
    // Four nodes, for as long as a stop takes.
    assert!((30.0..80.0).contains(&taken), "{taken}");
    let screen = std::fs::read_to_string(worlds[0].dir.join("out.txt")).unwrap();
    assert!(screen.contains(" of 30.0 s node time"), "{screen}");
    worlds[0].assert_nothing_left();
    let user = block_on(worlds[0].admin.user(&worlds[0].account, true))
        .unwrap()
        .value;
    assert!(
        user.servers
            .is_some_and(|servers| servers.values().all(|server| server.stopped == Some(true)))
    );
}

/// One healthy partition, and then only broken ones, with eight at a time and failed spawns tried again: the worst for a
/// hub that ends itself after five.
fn a_hub_that_would_end_itself_lives(hubs: &Hubs, version: &str) {
    let sandbox = hubs.own(&Spec {
        name: "ends-itself".to_owned(),
        extra_config_text: Some("c.Spawner.consecutive_failure_limit = 5\n".to_owned()),
        ..hubs.spec(version)
    });
    let worlds: Vec<World> = (1..=8)
        .map(|number| World::on(&sandbox, &format!("many-{number}")))
        .collect();
    let suite = "probes:\n  good: { account: \"*\", matrix: { n: [1, 2] } }\n  bad:\n    account: \"*\"\n    \
                 options: { fault: \"late_raise:2\" }\n    retries: { times: 3, wait: 500ms, spawn: true }\n    \
                 matrix: { n: [1, 2, 3, 4, 5, 6, 7, 8] }\n";
    let said = check(&worlds, suite, &["--jobs", "8"]).run();
    said.exits(1);
    let log = std::fs::read_to_string(sandbox.hub_log()).unwrap();
    assert!(
        !log.contains("consecutive spawn failures"),
        "the hub has ended itself"
    );
    let all = visits(&said);
    assert_eq!(all.len(), 10);
    let count = |verdict: &str| {
        all.iter()
            .filter(|visit| visit["verdict"] == verdict)
            .count()
    };
    assert_eq!(count("passed"), 2, "{all:#?}");
    let tried = count("failed");
    assert!(
        (2..=4).contains(&tried) && tried + count("skipped") == 8,
        "{all:#?}"
    );
    worlds.iter().for_each(World::assert_nothing_left);
}

fn what_is_kept_is_left_alone(hubs: &Hubs, version: &str) {
    let worlds: Vec<World> = (1..=2)
        .map(|number| World::new(hubs, version, &format!("kept-{number}")))
        .collect();
    // The second goes to the other account, and what failed is not tried over its own server.
    let suite = "probes:\n  first: { account: \"*\" }\n  second:\n    account: \"*\"\n    retries: { times: 2, wait: 1s }\n    \
                 steps: [{ execute: { code: \"1/0\" } }]\n";
    let said = check(&worlds, suite, &["--keep"]).run();
    said.exits(1);
    let [first, second] = <[Value; 2]>::try_from(visits(&said)).unwrap();
    assert_eq!(
        (text(&first, "verdict"), text(&first, "account")),
        ("passed", "kept-1")
    );
    assert_eq!(second["finding"]["cause"], "kernel.error", "{second:#}");
    assert_eq!(
        (text(&second, "account"), &second["attempts"]),
        ("kept-2", &Value::from(1))
    );
    assert!(worlds.iter().all(|world| world.runs("")));
    worlds[0].hubprobe(&["clean", "--kept"]).run().exits(0);
    worlds.iter().for_each(World::assert_nothing_left);
}

/// What a killed run left at one seat is taken back by the visit that sits there, and by no other.
fn each_visit_takes_back_its_own_seat_s(hubs: &Hubs, version: &str) {
    let worlds = [World::new(hubs, version, "seats")];
    let suite = "probes:\n  a: { server: a }\n  b: { server: b }\n";
    let call = check(&worlds, suite, &["a", "--option", "fault=slow:3"]);
    let mut child = call.start();
    let began = Instant::now();
    while worlds[0].ledger().is_empty() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "it asks for nothing"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(500));
    child.kill().unwrap();
    child.wait().unwrap();
    let said = check(&worlds, suite, &["--jobs", "2"]).run();
    said.exits(0);
    for visit in visits(&said) {
        let told = visit["warnings"]
            .to_string()
            .contains("left by an earlier run");
        assert_eq!(told, text(&visit, "server") == "a", "{visit:#}");
    }
    worlds[0].assert_nothing_left();
}

fn a_token_from_standard_input_is_good_for_every_attempt(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "stdin-twice");
    let mut call = world
        .hubprobe(&[
            "check",
            "--url",
            &world.url,
            "--user",
            &world.account,
            "--format",
            "json",
        ])
        .and(&["--token-file", "-", "--kernel", "nosuch", "--retries", "1"]);
    call.0
        .stdin(std::fs::File::open(world.dir.join("token")).unwrap());
    let said = call.run();
    said.exits(1).finds("kernel.no-spec");
    assert_eq!(said.visit()["attempts"], 2);
    world.assert_nothing_left();
}
