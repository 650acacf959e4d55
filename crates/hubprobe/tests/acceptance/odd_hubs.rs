//! Hubs that are slow, change options, throttle, or stop answering: nothing is
//! leaked, nobody's server is harmed, every deadline holds.

use std::time::{Duration, Instant};

use jupyterhub_sandbox::{Sandbox, Spec};

use crate::Case;
use crate::hubs::{Hubs, block_on, wait_for};
use crate::world::{Said, World};

pub const EVERY_VERSION: &[Case] = &[(
    "odd_hubs::queued_until_the_hub_gives_up",
    queued_until_the_hub_gives_up,
)];

pub const EDGES: &[Case] = &[
    (
        "odd_hubs::a_start_request_that_is_answered_late",
        a_start_request_that_is_answered_late,
    ),
    (
        "odd_hubs::a_hub_that_stops_answering",
        a_hub_that_stops_answering,
    ),
    (
        "odd_hubs::dedicated_spares_what_is_kept",
        dedicated_spares_what_is_kept,
    ),
    (
        "odd_hubs::a_second_start_that_is_answered_late",
        a_second_start_that_is_answered_late,
    ),
    (
        "odd_hubs::somebody_starts_what_was_refused_to_be_started_again",
        somebody_starts_what_was_refused_to_be_started_again,
    ),
    (
        "odd_hubs::a_server_that_dies_under_the_code",
        a_server_that_dies_under_the_code,
    ),
    (
        "odd_hubs::a_named_pipe_that_says_nothing",
        a_named_pipe_that_says_nothing,
    ),
];

/// A login is refreshed before each spawn, which takes 6 s; a hook adds to the
/// options; one spawn at a time.
const ODD: &str = r#"
import asyncio
from jupyterhub.auth import DummyAuthenticator

class SlowToRefresh(DummyAuthenticator):
    async def refresh_user(self, user, handler=None):
        request = getattr(handler, "request", None)
        if request is not None and request.method == "POST" and user.name.startswith("late"):
            await asyncio.sleep(6)
        return True

def add_a_profile(spawner):
    spawner.user_options = {**(spawner.user_options or {}), "profile": "small"}

c.JupyterHub.authenticator_class = SlowToRefresh
c.Authenticator.refresh_pre_spawn = True
c.Authenticator.auth_refresh_age = 1
c.Spawner.pre_spawn_hook = add_a_profile
c.JupyterHub.concurrent_spawn_limit = 1
c.JupyterHub.spawn_throttle_retry_range = (4, 5)
"#;

fn odd(hubs: &Hubs, version: &str, name: &str) -> Sandbox {
    hubs.own(&Spec {
        name: format!("{name}-{version}"),
        extra_config_text: Some(ODD.to_owned()),
        ..hubs.spec(version)
    })
}

/// The hub goes on with a request whose asker is gone; and hooks may change the
/// options; and a busy hub says when to come again.
fn a_start_request_that_is_answered_late(hubs: &Hubs, version: &str) {
    let sandbox = odd(hubs, version, "odd");
    // A hook that adds options makes it no less ours.
    World::on(&sandbox, "hooked")
        .check()
        .option("nodes=2")
        .run()
        .passes();
    // Interrupted while the hub has not shown the spawn yet.
    let world = World::on(&sandbox, "late-int");
    let child = world.check().start();
    wait_for("the ledger", Duration::from_secs(20), || {
        (!world.ledger().is_empty()).then_some(())
    });
    std::thread::sleep(Duration::from_secs(1));
    assert!(
        !world.runs(""),
        "the hub is not slow: this test shows nothing"
    );
    kill(child.id(), "-INT");
    Said::of(child).exits(130);
    world.assert_nothing_left();
    std::thread::sleep(Duration::from_secs(7));
    world.assert_nothing_left();
    // Our own deadline, at the same place.
    let world = World::on(&sandbox, "late-deadline");
    let said = world.check().and(&["--deadline", "start=2s"]).run();
    said.exits(1).finds("spawn.too-slow");
    std::thread::sleep(Duration::from_secs(7));
    world.assert_nothing_left();
    // Killed, at the same place.
    let world = World::on(&sandbox, "late-kill");
    let mut child = world.check().start();
    wait_for("the ledger", Duration::from_secs(20), || {
        (!world.ledger().is_empty()).then_some(())
    });
    std::thread::sleep(Duration::from_secs(1));
    kill(child.id(), "-KILL");
    child.wait().unwrap();
    world.hubprobe(&["clean"]).run().exits(0);
    std::thread::sleep(Duration::from_secs(7));
    world.assert_nothing_left();
    // Somebody else's spawn holds the only place for a while.
    let busy = World::on(&sandbox, "busy");
    let options = serde_json::json!({"fault": "slow:9"});
    let hub = busy.admin.clone();
    let somebody = std::thread::spawn(move || {
        block_on(hub.start_server("busy", "", &options, Duration::from_secs(60))).unwrap();
    });
    wait_for("somebody's spawn", Duration::from_secs(20), || {
        busy.runs("").then_some(())
    });
    let world = World::on(&sandbox, "throttled");
    let said = world.check().and(&["--deadline", "queue=1s"]).run();
    said.exits(3).finds("spawn.throttled");
    let visit = world.check().run().passes();
    assert!(visit.to_string().contains("asking again in"), "{visit:#}");
    somebody.join().unwrap();
    world.assert_nothing_left();
}

/// In a restart of a named server its record stands there stopped while the hub is still at the second request: to remove it
/// does not stop what comes.
fn a_second_start_that_is_answered_late(hubs: &Hubs, version: &str) {
    let sandbox = odd(hubs, version, "again");
    let at_the_second_request = |world: &World| {
        let call = world.check().and(&["--persist", "--server", "kept"]);
        let child = call.start();
        let written = || {
            let entry = world.ledger().into_iter().next()?;
            let text = std::fs::read_to_string(entry).ok()?;
            let entry: serde_json::Value = serde_json::from_str(&text).ok()?;
            Some(entry["made"]["started"].is_string())
        };
        let until = |what, wanted| {
            wait_for(what, Duration::from_secs(60), || {
                (written() == Some(wanted)).then_some(())
            });
        };
        until("the birth of the first", true);
        until("the second request", false);
        std::thread::sleep(Duration::from_secs(1));
        let stopped = world
            .server("kept")
            .is_some_and(|it| it.stopped == Some(true));
        assert!(stopped, "the hub is not slow: this test shows nothing");
        child
    };
    let nothing_comes = |world: &World| {
        assert!(
            world.server("kept").is_none(),
            "the server's record is left"
        );
        world.assert_nothing_left();
        std::thread::sleep(Duration::from_secs(8));
        assert!(world.server("kept").is_none(), "it came");
        world.assert_nothing_left();
    };
    let world = World::on(&sandbox, "late-again-int");
    let child = at_the_second_request(&world);
    kill(child.id(), "-INT");
    Said::of(child).exits(130);
    nothing_comes(&world);
    let world = World::on(&sandbox, "late-again-kill");
    let mut child = at_the_second_request(&world);
    kill(child.id(), "-KILL");
    child.wait().unwrap();
    world.hubprobe(&["clean"]).run().exits(0);
    nothing_comes(&world);
}

/// The second request of a restart is put off by a busy hub. What somebody starts there meanwhile, with options that hold all of
/// ours, is theirs: it is neither stopped nor removed.
fn somebody_starts_what_was_refused_to_be_started_again(hubs: &Hubs, version: &str) {
    let sandbox = hubs.own(&Spec {
        name: format!("put-off-{version}"),
        extra_config_text: Some(ODD.replace("(4, 5)", "(30, 31)")),
        ..hubs.spec(version)
    });
    let busy = World::on(&sandbox, "busy-again");
    let world = World::on(&sandbox, "put-off");
    let said = world.dir.join("said.txt");
    let call = world.check().and(&["--persist", "--server", "kept"]);
    let child = call
        .complaining_to(std::fs::File::create(&said).unwrap())
        .start();
    wait_for("the first server", Duration::from_secs(60), || {
        world.server("kept").filter(|it| it.ready)
    });
    let options = serde_json::json!({"fault": "slow:9"});
    let hub = busy.admin.clone();
    let somebody = std::thread::spawn(move || {
        block_on(hub.start_server("busy-again", "", &options, Duration::from_secs(60))).unwrap();
    });
    wait_for("the refusal", Duration::from_secs(60), || {
        let text = std::fs::read_to_string(&said).unwrap();
        text.contains("asking again in").then_some(())
    });
    somebody.join().unwrap();
    wait_for("their spawn to end", Duration::from_secs(30), || {
        busy.server("").filter(|it| it.ready)
    });
    let none = serde_json::json!({});
    let started = world
        .admin
        .start_server("put-off", "kept", &none, Duration::from_secs(60));
    block_on(started).unwrap();
    let theirs = wait_for("their server", Duration::from_secs(30), || {
        world.server("kept").filter(|it| it.ready)
    });
    kill(child.id(), "-INT");
    let ended = Said::of(child);
    ended.exits(130);
    assert_eq!(ended.visit()["left_behind"], serde_json::json!([]));
    let now = world.server("kept").expect("it was removed");
    assert_eq!((now.started, now.ready), (theirs.started, true));
    assert!(world.ledger().is_empty());
}

fn kill(pid: u32, signal: &str) {
    let status = std::process::Command::new("kill")
        .args([signal, &pid.to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// The hub's own start_timeout while a scheduler says pending is a full site,
/// not a broken one.
fn queued_until_the_hub_gives_up(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "queued-out");
    let said = world
        .check()
        .option("fault=queue")
        .option("start_timeout=5")
        .run();
    said.exits(3).finds("spawn.queued");
    world.assert_nothing_left();
}

/// Within total + stop + 5 s, and what may be left is said.
fn a_hub_that_stops_answering(hubs: &Hubs, version: &str) {
    let sandbox = hubs.own(&Spec {
        name: format!("frozen-{version}"),
        ..hubs.spec(version)
    });
    let world = World::on(&sandbox, "frozen");
    let child = world
        .check()
        .option("fault=slow:30")
        .and(&["--deadline", "start=6s", "--deadline", "stop=4s"])
        .start();
    wait_for("our spawn", Duration::from_secs(20), || {
        world.runs("").then_some(())
    });
    let hub = sandbox.hub_pid().unwrap();
    kill(hub, "-STOP");
    let frozen = Instant::now();
    let said = Said::of(child);
    kill(hub, "-CONT");
    said.exits(4);
    assert!(
        frozen.elapsed() < Duration::from_secs(6 + 4 + 5),
        "{:?}",
        frozen.elapsed()
    );
    assert_eq!(world.ledger().len(), 1);
    world.hubprobe(&["clean"]).run().exits(0);
    world.assert_nothing_left();
}

fn dedicated_spares_what_is_kept(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "dedicated-kept");
    world.check().and(&["--keep"]).run().exits(0);
    let born = world.server("").unwrap().started;
    let said = world.check().and(&["--dedicated"]).run();
    let finding = said.exits(1).finds("spawn.already-running");
    assert!(
        finding["evidence"]
            .to_string()
            .contains("kept it on purpose"),
        "{finding}"
    );
    assert_eq!(world.server("").unwrap().started, born);
    world.hubprobe(&["clean", "--kept"]).run().exits(0);
    world.assert_nothing_left();
}

fn a_server_that_dies_under_the_code(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "dies");
    let suite = format!(
        "hubs:\n  here:\n    url: {}\n    accounts:\n      dies: {{ token: {{ file: token }} }}\n\
         probes:\n  code:\n    options: {{ fault: \"die_after:4\" }}\n    steps:\n      \
         - execute: {{ code: \"import time; time.sleep(30)\" }}\n",
        world.url
    );
    world.write("suite.yaml", &suite);
    let said = world
        .hubprobe(&["check", "--suite", "suite.yaml", "--format", "json"])
        .run();
    said.exits(1).finds("server.died");
    world.assert_nothing_left();
}

/// A signal is heard while a secret is waited for.
fn a_named_pipe_that_says_nothing(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "piped-token");
    let pipe = world.dir.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let child = world
        .hubprobe(&["check", "--url", &world.url, "--user", &world.account])
        .and(&["--token-file", "pipe", "--format", "json"])
        .start();
    std::thread::sleep(Duration::from_secs(1));
    let asked = Instant::now();
    kill(child.id(), "-TERM");
    Said::of(child).exits(143);
    assert!(asked.elapsed() < Duration::from_secs(3));
}
