//! SIGKILL at random instants against real hubs: what a scripted hub does not know how to be awkward about.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use rand::RngExt as _;

use crate::Case;
use crate::hubs::{Hubs, block_on};
use crate::world::{Call, World};

pub const ALWAYS: &[Case] = &[("killed_for_real::once_each", once_each)];

pub const SLOW: &[Case] = &[("killed_for_real::thirty", thirty)];

fn once_each(hubs: &Hubs) {
    fight(hubs, "6.1.1", 2, 1);
}

fn thirty(hubs: &Hubs) {
    for version in ["6.1.1", "4.1.6"] {
        fight(hubs, version, 14, 6);
    }
}

/// Kills so many checks and so many `account create`.
fn fight(hubs: &Hubs, version: &str, checks: usize, creates: usize) {
    let name = format!("fire-{checks}");
    let world = World::new(hubs, version, &name);
    let began = Instant::now();
    world.check().run().passes();
    let length = began.elapsed();
    let complaints = Mutex::new(Vec::new());
    let killed = Mutex::new(0);
    let strike = |world: &World, number: usize| {
        let at = length.mul_f64(rand::rng().random_range(0.0..1.0));
        *killed.lock().unwrap() += usize::from(kill(world.check(), at));
        let said = if number.is_multiple_of(2) {
            world.hubprobe(&["clean"]).run()
        } else {
            world.check().run()
        };
        if said.code != Some(0) || world.runs("") || !world.ledger().is_empty() {
            complaints
                .lock()
                .unwrap()
                .push(format!("{version}: a check, killed after {at:?}: {said:?}"));
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| (0..checks).for_each(|number| strike(&world, number)));
        scope.spawn(|| {
            for number in 0..creates {
                let at = Duration::from_millis(rand::rng().random_range(0..100));
                *killed.lock().unwrap() +=
                    usize::from(create(&world, version, number, at, &complaints));
            }
        });
    });
    let complaints = complaints.into_inner().unwrap();
    eprintln!(
        "killed on JupyterHub {version}: {} instants of visits of {:.1} s and of account create, {} killed; left behind: {}",
        checks + creates,
        length.as_secs_f64(),
        killed.into_inner().unwrap(),
        complaints.len()
    );
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    world.assert_nothing_left();
}

/// Kills a command after a while; false where it had ended.
fn kill(call: Call, at: Duration) -> bool {
    let mut child = call.start();
    std::thread::sleep(at);
    let ended = child.try_wait().unwrap().is_some();
    child.kill().unwrap();
    child.wait().unwrap();
    !ended
}

/// Kills an `account create`, and lets it be taken back: no user and no token of it stay.
fn create(
    world: &World,
    version: &str,
    number: usize,
    at: Duration,
    complaints: &Mutex<Vec<String>>,
) -> bool {
    let name = format!("half-{}-{number}", version.replace('.', "-"));
    let admin = world.admin_token_file.display().to_string();
    let out = format!("out-{number}");
    let args = [
        "account",
        "create",
        &name,
        "--url",
        &world.url,
        "--admin-token-file",
        &admin,
        "--out",
        &out,
    ];
    // A state directory of its own: `clean` must not meet the other thread's.
    let state = world
        .dir
        .join(format!("state-{number}"))
        .display()
        .to_string();
    let call = || world.hubprobe(&args).env("HUBPROBE_STATE_DIR", &state);
    let killed = kill(call(), at);
    if !killed {
        return false;
    }
    let there = || block_on(world.admin.user(&name, false)).is_ok();
    let done = world.dir.join(&out).is_file();
    let said = if number.is_multiple_of(2) {
        world
            .hubprobe(&["clean"])
            .env("HUBPROBE_STATE_DIR", &state)
            .run()
    } else {
        call().and(&["--force"]).run()
    };
    let wanted = done || number % 2 == 1;
    if said.code != Some(0) || there() != wanted {
        complaints.lock().unwrap().push(format!(
            "{version}: account create, killed after {at:?}: there: {}, {said:?}",
            there()
        ));
    }
    true
}
