//! Two runs at once on one account: with one state directory (a lock), with one
//! that containers share, and with two that know nothing of each other, as on
//! two machines, where only the hub and the server can tell.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Child;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use fakehub::{Gate, Moment, Place};
use url::Url;

use crate::Case;
use crate::hubs::{Hubs, wait_for};
use crate::world::{Call, Said, World};

pub const EVERY_VERSION: &[Case] = &[
    (
        "together::the_second_refuses_or_waits",
        the_second_refuses_or_waits,
    ),
    (
        "together::two_machines_at_one_instant",
        two_machines_at_one_instant,
    ),
];

pub const EDGES: &[Case] = &[
    (
        "together::another_machine_is_at_work",
        another_machine_is_at_work,
    ),
    (
        "together::another_machine_comes_when_ours_is_gone",
        another_machine_comes_when_ours_is_gone,
    ),
    (
        "together::a_spawn_of_another_machine_is_not_cleared",
        a_spawn_of_another_machine_is_not_cleared,
    ),
    (
        "together::containers_that_share_a_state_directory",
        containers_that_share_a_state_directory,
    ),
    (
        "together::two_accounts_made_at_once",
        two_accounts_made_at_once,
    ),
];

const LONG_CODE: &str = "import time; time.sleep(8); print(42)";

/// The check of a machine with a state directory of its own.
fn on_another_machine(call: Call) -> Call {
    call.and(&["--state-dir", "another-machine"])
}

/// Its server is ready, and its kernel at work.
fn at_work(world: &World) -> Child {
    let child = world.check_code(LONG_CODE, Some("42")).start();
    wait_for("the first's server", Duration::from_secs(30), || {
        world
            .server("")
            .is_some_and(|server| server.ready)
            .then_some(())
    });
    std::thread::sleep(Duration::from_secs(2));
    child
}

fn the_second_refuses_or_waits(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "twice");
    let first = world.check().option("fault=slow:4").start();
    wait_for("the first", Duration::from_secs(20), || {
        world.runs("").then_some(())
    });
    let waits = world.check().and(&["--wait", "1m"]).start();
    let second = world.check().run();
    let finding = second.exits(3).finds("prober.busy");
    let evidence = finding["evidence"].to_string();
    assert!(evidence.contains("process"), "{finding}");
    // One that waits a little and in vain says the same.
    let third = world.check().env("HUBPROBE_WAIT", "500ms").run();
    third.exits(3).finds("prober.busy");
    Said::of(first).passes();
    let waited = Said::of(waits);
    waited.passes();
    waited.complains("waiting for another run, which holds the lock");
    world.assert_nothing_left();
}

/// The hub has two requests with equal options before either was answered, and
/// makes one spawn of both.
fn two_machines_at_one_instant(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "joined");
    // Who began first need not be whose request comes first.
    for (first_late, second_late) in [(0, 400), (400, 0)] {
        let both = Arc::new(Barrier::new(2));
        let (gate, url) = delayed(&world.url, &both, first_late);
        let (other_gate, other_url) = delayed(&world.url, &both, second_late);
        // The first is still at work when the other's kernel is there, however slow that is.
        world.check_code(LONG_CODE, Some("42"));
        let check = |url: &str| {
            let args = ["check", "--suite", "suite.yaml", "--url", url];
            let call = world.hubprobe(&args).option("fault=slow:3");
            call.and(&["--format", "json"])
        };
        let first = check(&url).start();
        std::thread::sleep(Duration::from_millis(100));
        let second = on_another_machine(check(&other_url)).start();
        let (first, second) = (Said::of(first), Said::of(second));
        first.passes();
        let finding = second.exits(3).finds("prober.busy");
        assert!(
            finding["summary"]
                .as_str()
                .unwrap()
                .contains("at the same instant"),
            "{finding}"
        );
        let left = second.visit()["left_behind"].to_string();
        assert_eq!(left, "[]");
        world.assert_nothing_left();
        drop((gate, other_gate));
    }
}

/// A way to the hub on which the start request waits for the other's, and then
/// a little longer.
fn delayed(url: &str, both: &Arc<Barrier>, late_ms: u64) -> (Gate, String) {
    let (gate, url) = gate(url);
    let both = Arc::clone(both);
    gate.on_pass(move |passing, moment| {
        if passing.place == Place::Start && moment == Moment::Before {
            both.wait();
            std::thread::sleep(Duration::from_millis(late_ms));
        }
    });
    (gate, url)
}

/// A way to the hub of this URL.
fn gate(url: &str) -> (Gate, String) {
    let mut url = Url::parse(url).unwrap();
    let port = url.port().unwrap();
    let gate = Gate::in_front_of(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap();
    let gates = Url::parse(&gate.url()).unwrap();
    url.set_port(gates.port()).unwrap();
    (gate, url.to_string())
}

fn another_machine_is_at_work(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "elsewhere");
    let first = at_work(&world);
    let second = on_another_machine(world.check()).run();
    let finding = second.exits(3).finds("prober.busy");
    let evidence = finding["evidence"].to_string();
    assert!(evidence.contains("session hubprobe-"), "{finding}");
    // Not even on a dedicated account.
    let second = on_another_machine(world.check())
        .and(&["--dedicated"])
        .run();
    second.exits(3).finds("prober.busy");
    let waits = on_another_machine(world.check())
        .and(&["--wait", "1m"])
        .run();
    Said::of(first).passes();
    waits.passes();
    world.assert_nothing_left();
}

/// It begins when the server is stopped, and its own is there before we look.
fn another_machine_comes_when_ours_is_gone(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "successor");
    let (gate, url) = gate(&world.url);
    gate.on_pass(|passing, moment| {
        if passing.place == Place::Stop && moment == Moment::After {
            std::thread::sleep(Duration::from_secs(4));
        }
    });
    world.check_code("print(42)", Some("42"));
    let args = ["check", "--suite", "suite.yaml", "--url", &url];
    let first = world.hubprobe(&args).and(&["--format", "json"]).start();
    wait_for("the first's server", Duration::from_secs(30), || {
        world.runs("").then_some(())
    });
    wait_for("its stop", Duration::from_secs(60), || {
        (!world.runs("")).then_some(())
    });
    let second = on_another_machine(world.check_code(LONG_CODE, Some("42"))).start();
    let visit = Said::of(first).passes();
    let gone = visit["steps"].to_string();
    assert!(gone.contains("has started its own since"), "{gone}");
    Said::of(second).passes();
    world.assert_nothing_left();
}

fn a_spawn_of_another_machine_is_not_cleared(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "elsewhere-pending");
    let first = world
        .check_code(LONG_CODE, Some("42"))
        .option("fault=slow:3")
        .start();
    wait_for("the first's request", Duration::from_secs(20), || {
        world.runs("").then_some(())
    });
    let second = on_another_machine(world.check())
        .and(&["--dedicated"])
        .run();
    second.exits(3).finds("prober.busy");
    Said::of(first).passes();
    world.assert_nothing_left();
}

/// Neither sees the other's process; the lock tells all the same, and of one that
/// was killed too.
fn containers_that_share_a_state_directory(hubs: &Hubs, version: &str) {
    const CONTAINER: &[&str] = &[
        "unshare",
        "--user",
        "--map-root-user",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ];
    let possible = std::process::Command::new(CONTAINER[0])
        .args(&CONTAINER[1..])
        .arg("true")
        .output()
        .is_ok_and(|output| output.status.success());
    if !possible {
        eprintln!("note: no pid namespace can be made here: containers were not tried");
        return;
    }
    let world = World::new(hubs, version, "contained");
    let contained = || world.check_under(CONTAINER);
    let mut first = contained().option("fault=slow:9").start();
    wait_for("the first", Duration::from_secs(20), || {
        world.runs("").then_some(())
    });
    contained().run().exits(3).finds("prober.busy");
    let said = world.hubprobe(&["clean"]).run();
    said.exits(0).says("still going on");
    assert!(world.runs(""));
    first.kill().unwrap();
    first.wait().unwrap();
    let visit = contained().run().passes();
    let warnings = visit["warnings"].to_string();
    assert!(warnings.contains("left by an earlier run"), "{warnings}");
    world.assert_nothing_left();
}

fn two_accounts_made_at_once(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "makers");
    let name = format!("made-twice-{}", version.replace('.', "-"));
    let admin = world.admin_token_file.display().to_string();
    let port = Url::parse(&world.url).unwrap().port().unwrap();
    let gate = Gate::in_front_of(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap();
    let slow = Duration::from_secs(3);
    gate.on_pass(move |passing, moment| {
        if passing.place == Place::Users && moment == Moment::Before {
            std::thread::sleep(slow);
        }
    });
    let mut url = Url::parse(&world.url).unwrap();
    url.set_port(Url::parse(&gate.url()).unwrap().port())
        .unwrap();
    let create = |url: &str, out: &str| {
        let args = ["account", "create", &name, "--url", url];
        world
            .hubprobe(&args)
            .and(&["--admin-token-file", &admin, "--out", out])
    };
    // Each other's URL, so that it is one lock: the same hub under one name.
    let first = create(url.as_str(), "one").start();
    std::thread::sleep(Duration::from_secs(1));
    let second = create(url.as_str(), "two").run();
    second
        .exits(3)
        .complains("prober.busy")
        .complains("lock is held by process");
    Said::of(first).exits(0);
    assert!(world.dir.join("one").is_file() && !world.dir.join("two").exists());
    create(&world.url, "two").run().exits(0);
}
