//! Every cause is made to happen on a real hub, and seen red with its name.

use std::time::Duration;

use crate::Case;
use crate::hubs::{Hubs, block_on, limits_tokens, wait_for};
use crate::world::World;

pub const EVERY_VERSION: &[Case] = &[
    ("causes::token_rejected", token_rejected),
    ("causes::token_missing_scope", token_missing_scope),
    ("causes::token_wrong_user", token_wrong_user),
    ("causes::account_no_such_user", account_no_such_user),
    ("causes::server_forbidden", server_forbidden),
    ("causes::spawn_already_running", spawn_already_running),
    ("causes::spawn_foreign_pending", spawn_foreign_pending),
    ("causes::spawn_error", spawn_error),
    ("causes::spawn_start_timeout", spawn_start_timeout),
    ("causes::spawn_never_answered", spawn_never_answered),
    ("causes::spawn_too_slow", spawn_too_slow),
    ("causes::kernel_error", kernel_error),
    ("causes::kernel_died", kernel_died),
    ("causes::stop_timeout", stop_timeout),
];

pub const EDGES: &[Case] = &[
    ("causes::spawn_late_error", spawn_late_error),
    ("causes::spawn_no_command", spawn_no_command),
    ("causes::spawn_queued", spawn_queued),
    ("causes::kernel_hung", kernel_hung),
    ("causes::kernel_wrong_output", kernel_wrong_output),
    ("causes::kernel_no_spec", kernel_no_spec),
    (
        "causes::failures_in_a_row_are_enough",
        failures_in_a_row_are_enough,
    ),
];

fn token_rejected(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "rejected");
    world.write("token", &"0".repeat(64));
    let said = world.check().run();
    let finding = said.exits(1).finds("token.rejected");
    let curl = finding["curl"].as_str().unwrap();
    assert!(
        curl.contains("/hub/api/user") && !curl.contains("0000"),
        "{curl}"
    );
    world.assert_nothing_left();
}

fn token_missing_scope(hubs: &Hubs, version: &str) {
    let sandbox = &hubs.of(version).sandbox;
    let scopes = [
        "read:servers!user=scopeless",
        "access:servers!user=scopeless",
    ];
    let world = World::with_scopes(sandbox, "scopeless", &scopes);
    if !limits_tokens(version) {
        world.check().run().passes();
        return;
    }
    let finding = world.check().run().exits(1).finds("token.missing-scope");
    let summary = finding["summary"].as_str().unwrap();
    assert!(summary.contains("servers!user=scopeless"), "{summary}");
    world.assert_nothing_left();
}

fn token_wrong_user(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "wrong-user");
    let said = world
        .hubprobe(&[
            "check",
            "--url",
            &world.url,
            "--user",
            "ada",
            "--token-file",
            "token",
        ])
        .and(&["--format", "json"])
        .run();
    said.exits(1).finds("token.wrong-user");
    world.assert_nothing_left();
}

fn account_no_such_user(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "no-such-user");
    let admin_token = world.admin_token_file.display().to_string();
    let said = world
        .hubprobe(&["check", "--url", &world.url, "--user", "nobody-here"])
        .and(&["--token-file", &admin_token, "--format", "json"])
        .run();
    said.exits(1).finds("account.no-such-user");
}

fn server_forbidden(hubs: &Hubs, version: &str) {
    let sandbox = &hubs.of(version).sandbox;
    let world = World::with_scopes(sandbox, "forbidden", &["servers!user=forbidden"]);
    let said = world.check().run();
    if !limits_tokens(version) {
        said.passes();
        return;
    }
    said.exits(1).finds("server.forbidden");
    // It was foreseen.
    let warnings = said.visit()["warnings"].to_string();
    assert!(
        warnings.contains("access:servers!user=forbidden"),
        "{warnings}"
    );
    world.assert_nothing_left();
}

/// Starts a server as somebody else would.
fn somebody_starts(world: &World, options: &serde_json::Value) {
    let starting = world
        .admin
        .start_server(&world.account, "", options, Duration::from_secs(60));
    block_on(starting).unwrap();
}

fn spawn_already_running(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "already");
    somebody_starts(&world, &serde_json::json!({}));
    let before = world.server("").unwrap().started;
    world.check().run().exits(1).finds("spawn.already-running");
    // Not harmed.
    let after = world.server("").unwrap();
    assert!(after.ready);
    assert_eq!(after.started, before);
    assert!(world.ledger().is_empty());
}

fn spawn_foreign_pending(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "foreign");
    let hub = world.admin.clone();
    let account = world.account.clone();
    let somebody = std::thread::spawn(move || {
        let options = serde_json::json!({"fault": "slow:9"});
        block_on(hub.start_server(&account, "", &options, Duration::from_secs(60)))
    });
    wait_for("somebody's spawn", Duration::from_secs(20), || {
        world.server("").filter(|server| server.pending.is_some())
    });
    world.check().run().exits(1).finds("spawn.foreign-pending");
    assert!(world.ledger().is_empty());
    // It goes on, unharmed.
    somebody.join().unwrap().unwrap();
    wait_for("somebody's server", Duration::from_secs(40), || {
        world.server("").filter(|server| server.ready)
    });
}

fn spawn_error(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "raises");
    let finding = world
        .check()
        .option("fault=raise")
        .run()
        .exits(1)
        .finds("spawn.error");
    let text = finding.to_string();
    assert!(
        text.contains("asked to fail"),
        "the spawner's own words are missing: {text}"
    );
    world.assert_nothing_left();
}

fn spawn_late_error(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "raises-late");
    let said = world.check().option("fault=late_raise:12").run();
    said.exits(1).finds("spawn.error");
    world.assert_nothing_left();
}

fn spawn_start_timeout(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "start-timeout");
    let said = world
        .check()
        .option("fault=hang")
        .option("start_timeout=4")
        .run();
    said.exits(1).finds("spawn.start-timeout");
    world.assert_nothing_left();
}

fn spawn_never_answered(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "never-answers");
    let said = world
        .check()
        .option("fault=wrong_port")
        .option("http_timeout=4")
        .run();
    said.exits(1).finds("spawn.never-answered");
    world.assert_nothing_left();
}

fn spawn_no_command(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "no-command");
    let said = world.check().option("fault=nocmd").run();
    said.exits(1).finds("spawn.no-command");
    world.assert_nothing_left();
}

/// Our own deadline comes first; before 5.1 the hub refuses to stop a spawn
/// that is pending, so undoing waits until it has ended.
fn spawn_too_slow(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "too-slow");
    let said = world
        .check()
        .option("fault=hang")
        .option("start_timeout=10")
        .and(&["--deadline", "start=2s"])
        .run();
    said.exits(1).finds("spawn.too-slow");
    world.assert_nothing_left();
}

/// Queued is not broken: the start deadline stands still, and what comes at
/// last is inconclusive.
fn spawn_queued(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "queued");
    let said = world
        .check()
        .option("fault=queue")
        .and(&["--deadline", "start=3s", "--deadline", "queue=8s"])
        .run();
    said.exits(3).finds("spawn.queued");
    let spawn = said.visit()["steps"][2]["duration_s"].as_f64().unwrap();
    assert!(
        spawn > 8.0,
        "the start deadline did not stand still: {spawn} s"
    );
    world.assert_nothing_left();
}

fn kernel_error(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "code-raises");
    let said = world.check_code("raise ValueError('of ours')", None).run();
    let finding = said.exits(1).finds("kernel.error");
    let summary = finding["summary"].as_str().unwrap();
    assert!(summary.contains("ValueError: of ours"), "{summary}");
    world.assert_nothing_left();
}

fn kernel_died(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "kernel-dies");
    let said = world.check_code("import os; os._exit(1)", None).run();
    said.exits(1).finds("kernel.died");
    world.assert_nothing_left();
}

fn kernel_hung(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "kernel-hangs");
    let said = world
        .check_code("import time; time.sleep(600)", None)
        .and(&["--deadline", "execute=3s"])
        .run();
    let finding = said.exits(1).finds("kernel.hung");
    assert!(
        finding["evidence"]
            .to_string()
            .contains("an interrupt helped"),
        "{finding}"
    );
    world.assert_nothing_left();
}

fn kernel_wrong_output(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "wrong-output");
    let said = world.check_code("print(6*7)", Some("43")).run();
    said.exits(1).finds("kernel.wrong-output");
    // Several pieces in one kernel, each with what it must print.
    let cells = |last: &str| {
        let cells = format!(
            r#"- execute: [{{code: "x = 6"}}, {{code: "print(x * 7)", expect: {{matches: '^4\d$'}}}}, {{code: "import json; print(json.dumps(dict(x=x, y=[1])))", expect: {last}}}]"#
        );
        world.check_steps(&cells).run()
    };
    cells("{json: {y: [1]}}").passes();
    let said = cells("{json: {x: 7}}");
    let finding = said.exits(1).finds("kernel.wrong-output");
    let evidence = finding["evidence"].to_string();
    assert!(evidence.contains("JSON with"), "{evidence}");
    world.assert_nothing_left();
}

fn kernel_no_spec(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "no-spec");
    let said = world.check().and(&["--kernel", "fortran"]).run();
    let finding = said.exits(1).finds("kernel.no-spec");
    assert!(
        finding["evidence"].to_string().contains("python3"),
        "{finding}"
    );
    world.assert_nothing_left();
}

/// A stop that does not end is red, something is left behind, and `clean`
/// takes it away later.
fn stop_timeout(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "stop-slow");
    let said = world
        .check()
        .option("fault=stop_slow:12")
        .and(&["--deadline", "stop=3s"])
        .run();
    said.exits(4).finds("stop.timeout");
    let visit = said.visit();
    assert_eq!(
        visit["left_behind"].as_array().unwrap().len(),
        1,
        "{visit:#}"
    );
    assert_eq!(world.ledger().len(), 1);
    world.hubprobe(&["clean"]).run().exits(0).says("gone:");
    world.assert_nothing_left();
}

/// A hub may end itself after some failed spawns in a row.
fn failures_in_a_row_are_enough(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "in-a-row");
    let probes: String = (1..=4)
        .map(|n| format!("  p{n}:\n    options: {{ fault: raise }}\n"))
        .collect();
    let suite = format!(
        "hubs:\n  here:\n    url: {}\n    accounts:\n      in-a-row: {{ token: {{ file: token }} }}\nprobes:\n{probes}",
        world.url
    );
    world.write("suite.yaml", &suite);
    let said = world
        .hubprobe(&["check", "--suite", "suite.yaml", "--format", "json"])
        .run();
    said.exits(1);
    let verdicts: Vec<String> = said.report()["visits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|visit| visit["verdict"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(verdicts, ["failed", "failed", "skipped", "skipped"]);
}
