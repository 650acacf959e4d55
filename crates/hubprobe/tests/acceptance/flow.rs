//! The main job: what must work on every version.

use std::time::Duration;

use crate::Case;
use crate::hubs::{Hubs, block_on};
use crate::world::World;
use jupyterhub_sandbox::SingleUser;

pub const EVERY_VERSION: &[Case] = &[
    ("flow::the_page", the_page),
    ("flow::a_named_server_is_removed", a_named_server_is_removed),
    ("flow::a_dry_run_changes_nothing", a_dry_run_changes_nothing),
    ("flow::kept_until_asked_for", kept_until_asked_for),
    ("flow::a_stream_that_ends_early", a_stream_that_ends_early),
];

pub const EDGES: &[Case] = &[
    ("flow::a_spawn_that_answers_202", a_spawn_that_answers_202),
    ("flow::a_suite_of_two_probes", a_suite_of_two_probes),
    ("flow::a_suite_that_unfolds", a_suite_that_unfolds),
    ("flow::quiet_unless_it_matters", quiet_unless_it_matters),
    ("flow::the_reports", the_reports),
    ("flow::a_prefix_and_jupyterlab", a_prefix_and_jupyterlab),
    (
        "flow::a_dedicated_account_is_cleared",
        a_dedicated_account_is_cleared,
    ),
];

/// The page that the tool grew from: user, token, spawn with options, seen to
/// be there, seen to be gone.
fn the_page(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "page");
    let admin_token = world.admin_token_file.display().to_string();
    let made = world
        .hubprobe(&["account", "create", "servuser", "--url", &world.url])
        .and(&[
            "--admin-token-file",
            &admin_token,
            "--out",
            "servuser.token",
        ])
        .run();
    made.exits(0).says("servuser");
    let checked = world
        .hubprobe(&["check", "--url", &world.url, "--user", "servuser"])
        .and(&["--token-file", "servuser.token", "--format", "json"])
        .option("reservation=[\"\"]")
        .option("account=[\"test-group\"]")
        .option("runtime=[\"00:05:00\"]")
        .run();
    let visit = checked.passes();
    assert_eq!(visit["hub_version"], version);
    assert_eq!(
        visit["options"],
        serde_json::json!({"reservation": [""], "account": ["test-group"], "runtime": ["00:05:00"]})
    );
    assert_eq!(visit["warnings"], serde_json::json!([]));
    // What the hub kept of the options is what was sent, unwrapped.
    let user = block_on(world.admin.user("servuser", true)).unwrap().value;
    if let Some(server) = user.servers.unwrap().shift_remove("") {
        assert_eq!(server.user_options.unwrap(), visit["options"]);
        assert_eq!(server.stopped, Some(true));
    }
    let revoked = world
        .hubprobe(&["account", "revoke", "servuser", "--url", &world.url])
        .and(&["--admin-token-file", &admin_token])
        .run();
    revoked.exits(0);
    let again = world
        .hubprobe(&["check", "--url", &world.url, "--user", "servuser"])
        .and(&["--token-file", "servuser.token", "--format", "json"])
        .run();
    assert_ne!(again.code, Some(0), "a revoked token still works");
}

fn a_named_server_is_removed(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "named");
    let visit = world.check().and(&["--server", "probe"]).run().passes();
    assert_eq!(visit["server"], "probe");
    assert!(
        world.server("probe").is_none(),
        "the named server's record is left"
    );
    world.assert_nothing_left();
}

fn a_dry_run_changes_nothing(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "dry");
    let said = world.check().and(&["--dry-run"]).option("nodes=2").run();
    said.exits(0);
    let visit = said.visit();
    let spawn = &visit["steps"][2];
    assert_eq!(spawn["verdict"], "skipped");
    let would = spawn["summary"].as_str().unwrap();
    let wrapped = would.contains("{\"user_options\":{\"nodes\":2}}");
    assert!(
        would.contains("would POST") && would.contains("\"nodes\":2"),
        "{would}"
    );
    assert_eq!(wrapped, version.starts_with('6'), "{would}");
    assert!(!world.runs(""));
    world.assert_nothing_left();
}

fn kept_until_asked_for(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "kept");
    let said = world.check_steps("- files").and(&["--keep"]).run();
    said.exits(0);
    assert_eq!(said.visit()["kept"].as_array().unwrap().len(), 1);
    assert!(world.server("").unwrap().ready);
    // It stands in the way of the next run, is not taken for anybody else's to
    // stop, and is known for what it is; a dry run foresees it.
    let finding = world.check().run().exits(1).finds("spawn.already-running");
    assert!(
        finding["evidence"]
            .to_string()
            .contains("kept it on purpose"),
        "{finding}"
    );
    let foreseen = world.check().and(&["--dry-run"]).run();
    foreseen.exits(0);
    assert!(
        foreseen.visit()["warnings"]
            .to_string()
            .contains("would refuse to start")
    );
    world
        .hubprobe(&["clean"])
        .run()
        .exits(0)
        .says("kept on purpose");
    assert!(world.server("").unwrap().ready);
    // From another directory: where the suite named its token, beside itself, is known all the same.
    let mut clean = world.hubprobe(&["clean", "--kept"]);
    clean.0.current_dir("/");
    clean.run().exits(0).says("gone:");
    world.assert_nothing_left();
}

/// As with FirecREST: the stream ends cleanly while the spawn goes on.
fn a_stream_that_ends_early(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "early-end");
    world.check().option("fault=progress_end:2").run().passes();
    world.assert_nothing_left();
}

/// The start request blocks for 10 s and then answers 202; progress is
/// followed meanwhile.
fn a_spawn_that_answers_202(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "slow");
    let visit = world.check().option("fault=slow:12").run().passes();
    let progress = visit["steps"][2]["progress"].as_array().unwrap();
    let first = progress[0]["at_s"].as_f64().unwrap();
    assert!(
        first < 5.0,
        "the first word only after {first} s: {progress:?}"
    );
    world.assert_nothing_left();
}

/// For cron: not a word when all is well, the whole report when it is not.
fn quiet_unless_it_matters(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "quiet");
    let check = |more: &[&str]| {
        world
            .hubprobe(&["check", "--url", &world.url, "--user", &world.account])
            .and(&["--token-file", "token", "--quiet"])
            .and(more)
            .run()
    };
    let said = check(&[]);
    said.exits(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
    check(&["--option", "fault=raise"])
        .exits(1)
        .says("FAILED spawn.error");
}

fn a_suite_of_two_probes(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "suite");
    let suite = format!(
        "hubs:\n  here:\n    url: {}\n    accounts:\n      suite: {{ token: {{ file: token }} }}\n\
         probes:\n  plain:\n    hub: here\n    options: {{ runtime: [\"00:05:00\"] }}\n  \
         coded:\n    server: second\n    steps:\n      - kernel: {{ name: python3 }}\n      \
         - execute: {{ code: \"print(6*7)\", expect: \"42\" }}\n",
        world.url
    );
    world.write("suite.yaml", &suite);
    let said = world
        .hubprobe(&["check", "--suite", "suite.yaml", "--format", "json"])
        .run();
    said.exits(0);
    let report = said.report();
    assert_eq!(report["visits"].as_array().unwrap().len(), 2);
    assert_eq!(report["visits"][1]["server"], "second");
    let one = world
        .hubprobe(&[
            "check",
            "plain",
            "--suite",
            "suite.yaml",
            "--format",
            "json",
        ])
        .run();
    one.exits(0);
    assert_eq!(one.visit()["probe"], "plain");
    world.assert_nothing_left();
}

/// A matrix over what is extended, and this over defaults, with variables; `--tag` leaves the
/// other probes out.
fn a_suite_that_unfolds(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "unfolds");
    let suite = format!(
        "hubs:\n  here:\n    url: ${{env:SITE:-{}}}\n    accounts:\n      unfolds: {{ token: {{ file: token }} }}\n    \
         defaults: {{ options: {{ runtime: [\"${{env:RUNTIME}}\"], nnodes: [\"8\"] }} }}\n\
         probes:\n  base: {{ abstract: true, options: {{ nnodes: [\"9\"] }} }}\n  \
         plain: {{ extends: base }}\n  \
         every: {{ extends: base, tags: [matrix], matrix: {{ nnodes: [[\"1\"], [\"2\"]] }} }}\n\
         defaults: {{ steps: [execute: {{ code: \"${{file:code.py}}\", expect: \"42\" }}] }}\n",
        world.url
    );
    world.write("suite.yaml", &suite);
    world.write("code.py", "x = 6 * 7\nprint(x)\n");
    let hubprobe = |args: &[&str]| world.hubprobe(args).env("RUNTIME", "00:05:00");
    let said = world.hubprobe(&["suite", "lint", "suite.yaml"]).run();
    said.exits(2)
        .says("suite.yaml:6:38: the variable `RUNTIME` is not set");
    let said = hubprobe(&["suite", "lint", "suite.yaml"]).run();
    said.exits(0).says("suite.yaml: 3 probes, no mistake");
    let said = hubprobe(&["suite", "list", "--suite", "suite.yaml"])
        .and(&["--format", "json"])
        .run();
    said.exits(0);
    assert_eq!(said.report()["probes"].as_array().unwrap().len(), 3);
    let check = [
        "check",
        "--suite",
        "suite.yaml",
        "--format",
        "json",
        "--tag",
    ];
    let said = hubprobe(&check).and(&["matrix"]).run();
    said.exits(0);
    let report = said.report();
    let visits = report["visits"].as_array().unwrap();
    let walked: Vec<_> = visits
        .iter()
        .map(|visit| (&visit["probe"], &visit["options"]))
        .collect();
    let options = |nodes| serde_json::json!({"runtime": ["00:05:00"], "nnodes": [nodes]});
    assert_eq!(
        walked,
        [
            (&"every[nnodes=1]".into(), &options("1")),
            (&"every[nnodes=2]".into(), &options("2")),
        ]
    );
    let said = hubprobe(&check).and(&["matrx"]).run();
    said.exits(2).complains("matrix");
    world.write(
        "bad.yaml",
        &suite.replace("extends: base, tags", "extends: every, tags"),
    );
    let said = hubprobe(&["suite", "lint", "suite.yaml", "bad.yaml"]).run();
    said.exits(2)
        .says("bad.yaml:10:21: the probe `every` extends itself");
    world.assert_nothing_left();
}

/// Several at once; the JSON one is valid by the published schema.
fn the_reports(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "reports");
    let said = world
        .hubprobe(&["check", "--url", &world.url, "--user", &world.account])
        .and(&["--token-file", "token", "--format", "terminal"])
        .and(&["--format", "json=out.json", "--format", "junit=out.xml"])
        .run();
    said.exits(0).says("1 probe passed");
    let schema = world.hubprobe(&["schema", "report"]).run();
    let schema = serde_json::from_str(&schema.out).unwrap();
    let report = std::fs::read_to_string(world.dir.join("out.json")).unwrap();
    let report = serde_json::from_str(&report).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(
        validator.is_valid(&report),
        "{:?}",
        validator.validate(&report)
    );
    let junit = std::fs::read_to_string(world.dir.join("out.xml")).unwrap();
    assert!(junit.contains("tests=\"8\""), "{junit}");
    let failed = world.check().option("fault=raise").run();
    assert!(validator.is_valid(&failed.report()));
}

/// A hub under a prefix, with JupyterLab, and its URL as it stands in
/// JUPYTERHUB_API_URL.
fn a_prefix_and_jupyterlab(hubs: &Hubs, version: &str) {
    // Today's JupyterLab does not start under these.
    let old = version.starts_with("2.") || version.starts_with("3.");
    let sandbox = hubs.own(&jupyterhub_sandbox::Spec {
        name: format!("prefix-{version}"),
        base_url: "/jhub/".to_owned(),
        single_user: if old {
            SingleUser::Light
        } else {
            SingleUser::Lab
        },
        ..hubs.spec(version)
    });
    let world = World::on(&sandbox, "prefixed");
    world.check().run().passes();
    let api = format!("{}hub/api", world.url);
    let said = world
        .hubprobe(&["check", "--user", &world.account, "--format", "json"])
        .and(&["--token-file", "token", "--server", "again"])
        .env("JUPYTERHUB_API_URL", &api)
        .run();
    said.passes();
    said.complains("note:");
    world.assert_nothing_left();
}

/// Where the operator says that nobody else uses the account, a lost server
/// is taken away and the check goes on, also without the ledger.
fn a_dedicated_account_is_cleared(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "dedicated");
    let options = serde_json::json!({"left": "behind"});
    let starting = world
        .admin
        .start_server(&world.account, "", &options, Duration::from_secs(60));
    block_on(starting).unwrap();
    world.check().run().exits(1).finds("spawn.already-running");
    let visit = world.check().and(&["--dedicated"]).run().passes();
    let warnings = visit["warnings"].to_string();
    assert!(warnings.contains("was there before us"), "{warnings}");
    world.assert_nothing_left();
}
