//! A home that survives a restart, and one that does not; and what is left when the restart itself goes wrong.

use std::process::Child;
use std::time::Duration;

use serde_json::Value;

use crate::Case;
use crate::hubs::{Hubs, wait_for};
use crate::undo::signal;
use crate::world::{Call, Said, World};

pub const EVERY_VERSION: &[Case] = &[("persist::a_home_that_stays", a_home_that_stays)];

pub const EDGES: &[Case] = &[
    ("persist::a_home_that_is_new", a_home_that_is_new),
    ("persist::no_second_start", no_second_start),
    ("persist::ended_in_the_restart", ended_in_the_restart),
    (
        "persist::a_dry_run_and_one_that_keeps",
        a_dry_run_and_one_that_keeps,
    ),
];

/// On a named server, which a stop must not remove.
fn check(world: &World) -> Call {
    world.check().and(&["--persist", "--server", "kept"])
}

fn step(said: &Said) -> Value {
    let visit = said.visit();
    let steps = visit["steps"].as_array().unwrap();
    let mut found = steps.iter().filter(|step| step["name"] == "persist");
    found.next().unwrap().clone()
}

/// What is left in the account's home, of runs.
fn files_of_ours(hubs: &Hubs, version: &str, world: &World) -> Vec<String> {
    let home = hubs
        .of(version)
        .sandbox
        .dir()
        .join("homes")
        .join(&world.account);
    let files = std::fs::read_dir(home).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".bin")).collect()
}

fn a_home_that_stays(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "stays");
    let mut child = check(&world).option("mark=7").start();
    let mut births = Vec::new();
    while child.try_wait().unwrap().is_none() {
        match world.server("kept") {
            Some(server) => births.extend(server.started.filter(|at| births.last() != Some(at))),
            // Hubs of old show nothing that is stopped.
            None => assert!(
                births.len() != 1 || version.starts_with('2'),
                "it was removed before it was started again"
            ),
        }
        std::thread::sleep(Duration::from_millis(40));
    }
    let said = Said::of(child);
    let visit = said.passes();
    assert_eq!(births.len(), 2, "{births:?}");
    assert_eq!(visit["warnings"], serde_json::json!([]));
    let persist = step(&said);
    let summary = persist["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("a file survived a restart of"),
        "{summary}"
    );
    // The words of the second spawn.
    let words = persist["progress"].to_string();
    assert!(
        words.contains("to be started again") && words.contains("Spawning"),
        "{words}"
    );
    assert!(
        world.server("kept").is_none(),
        "the server's record is left"
    );
    assert_eq!(files_of_ours(hubs, version, &world), Vec::<String>::new());
    world.assert_nothing_left();
}

fn a_home_that_is_new(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "new-home");
    let said = check(&world).option("fault=home_fresh").run();
    let finding = said.exits(1).finds("files.lost");
    let summary = finding["summary"].as_str().unwrap();
    assert!(summary.contains("did not survive a restart"), "{summary}");
    let curl = finding["curl"].as_str().unwrap();
    assert!(curl.contains("api/contents/hubprobe-"), "{curl}");
    assert_eq!(said.visit()["warnings"], serde_json::json!([]));
    assert!(
        world.server("kept").is_none(),
        "the server's record is left"
    );
    world.assert_nothing_left();
}

fn no_second_start(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "once-only");
    let said = check(&world).option("fault=raise_again").run();
    let finding = said.exits(1).finds("spawn.error");
    let summary = finding["summary"].as_str().unwrap();
    assert!(summary.contains("was started again"), "{summary}");
    assert_eq!(step(&said)["verdict"], "failed");
    // The file is in the home, and nobody is there who could take it away.
    let warnings = said.visit()["warnings"].to_string();
    let files = files_of_ours(hubs, version, &world);
    assert!(
        files.len() == 1 && warnings.contains(&files[0]),
        "{warnings}"
    );
    assert!(
        world.server("kept").is_none(),
        "the server's record is left"
    );
    world.assert_nothing_left();
}

/// A check whose second spawn is under way for some seconds.
fn in_the_restart(world: &World) -> Child {
    let child = check(world).option("fault=slow:3").start();
    let until = |what: &str, there: &dyn Fn(&World) -> bool| {
        wait_for(what, Duration::from_secs(30), || there(world).then_some(()));
    };
    let server = |world: &World| world.server("kept");
    until("the server", &|world| {
        server(world).is_some_and(|it| it.ready)
    });
    until("its stop", &|world| {
        server(world).is_some_and(|it| !it.ready)
    });
    until("its second start", &|world| {
        server(world).is_some_and(|it| it.pending.as_deref() == Some("spawn"))
    });
    child
}

fn ended_in_the_restart(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "restarting");
    let child = in_the_restart(&world);
    signal(&child, "-INT");
    let said = Said::of(child);
    said.exits(130).finds("prober.interrupted");
    let warnings = said.visit()["warnings"].to_string();
    assert!(
        warnings.contains("may be left in the account's home"),
        "{warnings}"
    );
    assert!(
        world.server("kept").is_none(),
        "the server's record is left"
    );
    world.assert_nothing_left();

    let mut child = in_the_restart(&world);
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert_eq!(world.ledger().len(), 1);
    world.hubprobe(&["clean"]).run().exits(0).says("gone:");
    assert!(
        world.server("kept").is_none(),
        "the server's record is left"
    );
    world.assert_nothing_left();
}

fn a_dry_run_and_one_that_keeps(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "keeps-again");
    let said = world.check().and(&["--persist", "--dry-run"]).run();
    said.exits(0);
    let summary = step(&said)["summary"].to_string();
    assert!(
        summary.contains("would leave a file, stop the server"),
        "{summary}"
    );
    world.assert_nothing_left();

    let said = world.check().and(&["--persist", "--keep"]).run();
    said.exits(0);
    assert_eq!(said.visit()["kept"].as_array().unwrap().len(), 1);
    assert!(world.server("").unwrap().ready);
    assert_eq!(files_of_ours(hubs, version, &world), Vec::<String>::new());
    world
        .hubprobe(&["clean", "--kept"])
        .run()
        .exits(0)
        .says("gone:");
    world.assert_nothing_left();
}
