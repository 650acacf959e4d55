//! The layers below the hub: name, connection, answer, and a hub that is down
//! behind a proxy that lives.

use std::net::TcpListener;

use crate::Case;
use crate::hubs::{Hubs, block_on};
use crate::world::{Call, World, bare};

pub const EDGES: &[Case] = &[
    ("reach::dns", dns),
    ("reach::refused", refused),
    ("reach::timeout", timeout),
    ("reach::not_a_hub", not_a_hub),
    ("reach::hub_down", hub_down),
    ("reach::gone_for_good", gone_for_good),
];

/// With HUBPROBE_TEST=all.
pub const ALL: &[Case] = &[("reach::ended_under_a_spawn", ended_under_a_spawn)];

/// A check of an account that need not be there.
pub fn check_of(url: &str) -> (tempfile::TempDir, Call) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("token"), "0123456789abcdef").unwrap();
    let mut command = bare(&[
        "check",
        "--url",
        url,
        "--user",
        "nobody",
        "--token-file",
        "token",
    ]);
    command
        .current_dir(dir.path())
        .env("HUBPROBE_STATE_DIR", dir.path().join("state"))
        .args(["--format", "json", "--deadline", "reach=2s"]);
    (dir, Call(command))
}

fn dns(_: &Hubs, _: &str) {
    let (_dir, call) = check_of("http://nonexistent.invalid/");
    let finding = call.run().exits(1).finds("reach.dns");
    assert!(
        finding["summary"]
            .to_string()
            .contains("nonexistent.invalid")
    );
}

fn refused(_: &Hubs, _: &str) {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let (_dir, call) = check_of(&format!("http://127.0.0.1:{port}/"));
    call.run().exits(1).finds("reach.refused");
}

/// A check whose spawn is under way for a minute, with little time for its stop.
fn in_mid_spawn(world: &World) -> std::process::Child {
    let child = world
        .check()
        .option("fault=slow:60")
        .and(&["--deadline", "stop=4s"])
        .start();
    crate::hubs::wait_for("our spawn", std::time::Duration::from_secs(20), || {
        world.server("").filter(|server| server.pending.is_some())
    });
    child
}

/// Hub and proxy end while the server starts, and stay away.
fn ended_under_a_spawn(hubs: &Hubs, version: &str) {
    let sandbox = hubs.own(&jupyterhub_sandbox::Spec {
        name: format!("ended-{version}"),
        ..hubs.spec(version)
    });
    let world = World::on(&sandbox, "ended");
    let child = in_mid_spawn(&world);
    block_on(sandbox.stop_proxy()).unwrap();
    block_on(sandbox.stop_hub(true)).unwrap();
    let said = crate::world::Said::of(child);
    said.complains("the hub does not answer; it is waited for");
    let finding = said.exits(4).finds("reach.refused");
    let advice = finding["advice"].to_string();
    assert!(advice.contains("still run"), "{advice}");
    block_on(sandbox.start_proxy()).unwrap();
    block_on(sandbox.start_hub()).unwrap();
    world.hubprobe(&["clean"]).run().exits(0);
    world.assert_nothing_left();
}

/// A hub that is gone for good: its entries can be forgotten, and asking it does
/// not take the whole budget.
fn gone_for_good(hubs: &Hubs, version: &str) {
    let sandbox = hubs.own(&jupyterhub_sandbox::Spec {
        name: format!("gone-{version}"),
        ..hubs.spec(version)
    });
    let world = World::on(&sandbox, "gone");
    world.check().and(&["--keep"]).run().exits(0);
    block_on(sandbox.down()).unwrap();
    let asked = std::time::Instant::now();
    world
        .hubprobe(&["clean", "--kept"])
        .run()
        .exits(4)
        .says("cannot be reached");
    assert!(asked.elapsed() < std::time::Duration::from_secs(20));
    assert_eq!(world.ledger().len(), 1);
    world
        .hubprobe(&["clean", "--forget", &world.url])
        .run()
        .exits(0)
        .says("forgotten");
    assert!(world.ledger().is_empty());
}

/// A listener that accepts and never says a word.
fn timeout(_: &Hubs, _: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (_dir, call) = check_of(&format!("http://127.0.0.1:{port}/"));
    call.run().exits(1).finds("reach.timeout");
}

/// Jupyter's own proxy API port answers, and is no hub; so does Python's file
/// server.
fn not_a_hub(_: &Hubs, _: &str) {
    let dir = tempfile::tempdir().unwrap();
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let mut server = std::process::Command::new("python3")
        .args([
            "-m",
            "http.server",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
        ])
        .current_dir(dir.path())
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    crate::hubs::wait_for(
        "the file server",
        std::time::Duration::from_secs(10),
        || std::net::TcpStream::connect(("127.0.0.1", port)).ok(),
    );
    let (_dir, call) = check_of(&format!("http://127.0.0.1:{port}/"));
    let said = call.run();
    server.kill().unwrap();
    server.wait().unwrap();
    said.exits(1).finds("reach.not-a-hub");
}

fn hub_down(hubs: &Hubs, version: &str) {
    let sandbox = hubs.own(&jupyterhub_sandbox::Spec {
        name: format!("hub-down-{version}"),
        ..hubs.spec(version)
    });
    let world = World::on(&sandbox, "down");
    block_on(sandbox.stop_hub(true)).unwrap();
    let finding = world.check().run().exits(1).finds("reach.hub-down");
    assert!(
        finding["evidence"].to_string().contains("_chp_healthz"),
        "{finding}"
    );
    // And up again: it was nothing else.
    block_on(sandbox.start_hub()).unwrap();
    world.check().run().passes();
    // Away between the spawn and the stop: something is left behind, and said.
    let child = in_mid_spawn(&world);
    block_on(sandbox.stop_hub(true)).unwrap();
    let pid = child.id().to_string();
    std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .unwrap();
    let said = crate::world::Said::of(child);
    said.exits(4);
    assert_eq!(said.visit()["left_behind"].as_array().unwrap().len(), 1);
    assert_eq!(world.ledger().len(), 1);
    // Behind a proxy that lives, the hub is not believed to be gone for good.
    world
        .hubprobe(&["clean", "--deadline", "3s"])
        .run()
        .exits(4)
        .complains("--forget");
    block_on(sandbox.start_hub()).unwrap();
    world.hubprobe(&["clean"]).run().exits(0);
    world.assert_nothing_left();
}
