//! Somebody, or nobody, in the moment between a stop and the second start of a visit that starts its server again.

use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fakehub::{Act, Kernel, Moment, Place, Rule, Script, Stop};

use crate::Case;
use crate::fire::{ACCOUNT, Fire};
use crate::hubs::{Hubs, wait_for};
use crate::world::{Call, Said};

pub const ALWAYS: &[Case] = &[
    ("restart::somebody_comes_between", somebody_comes_between),
    (
        "restart::another_run_comes_between",
        another_run_comes_between,
    ),
    (
        "restart::a_busy_hub_is_asked_again",
        a_busy_hub_is_asked_again,
    ),
    ("restart::the_hub_goes_away", the_hub_goes_away),
    ("restart::a_home_that_ends", a_home_that_ends),
];

fn check(fire: &Fire) -> Call {
    fire.check().and(&["--persist", "--deadline", "stop=4s"])
}

/// What is there since is theirs: it is left alone, and nothing of ours is left.
fn somebody_comes_between(_: &Hubs) {
    let fire = Fire::new(Script {
        stop: Stop::Replaced,
        ..Script::default()
    });
    let said = check(&fire).run();
    let finding = said.exits(1).finds("stop.undone");
    let summary = finding["summary"].as_str().unwrap();
    assert!(summary.contains("to be started again"), "{summary}");
    assert_eq!(said.visit()["left_behind"], serde_json::json!([]));
    assert!(fire.hub.world.servers(ACCOUNT).contains_key(""));
    assert!(fire.ledger().is_empty());
}

/// A run of a machine that shares no directory takes the place: nobody is to blame.
fn another_run_comes_between(_: &Hubs) {
    let fire = Arc::new(Fire::plain());
    let other: Arc<Mutex<Option<Child>>> = Arc::default();
    let (theirs, there) = (Arc::clone(&other), Arc::clone(&fire));
    fire.hub.gate.on_pass(move |passing, moment| {
        if passing.place != Place::Stop || moment != Moment::After {
            return;
        }
        let mut theirs = theirs.lock().unwrap();
        if theirs.is_some() {
            return;
        }
        // It is at work for as long as it may.
        there
            .hub
            .world
            .script(|script| script.kernel = Kernel::IsBusy);
        let url = there.hub.direct_url();
        let call = there
            .hubprobe(&[
                "check",
                "--url",
                &url,
                "--user",
                ACCOUNT,
                "--token-file",
                "token",
            ])
            .and(&["--state-dir", "another-machine", "--deadline", "execute=8s"]);
        *theirs = Some(call.start());
        wait_for("the other's server", Duration::from_secs(20), || {
            let servers = there.hub.world.servers(ACCOUNT);
            servers
                .get("")
                .is_some_and(|it| it.is_ready())
                .then_some(())
        });
    });
    let said = check(&fire).run();
    let finding = said.exits(3).finds("prober.busy");
    let summary = finding["summary"].as_str().unwrap();
    assert!(
        summary.contains("in the moment in which ours was stopped"),
        "{summary}"
    );
    assert_eq!(said.visit()["left_behind"], serde_json::json!([]));
    // Theirs was theirs to stop.
    let other = Said::of(other.lock().unwrap().take().unwrap());
    assert!(other.out.contains("kernel.hung"), "{other:?}");
    fire.assert_nothing_left();
}

/// 429 with a time: the second start is asked for again, as the first would be.
fn a_busy_hub_is_asked_again(_: &Hubs) {
    let fire = Fire::plain();
    fire.hub.gate.rule(Rule {
        place: Place::Start,
        after: 1,
        times: 1,
        act: Act::answer(
            "429 Too Many Requests",
            "X-JupyterHub-Version: 6.1.1\r\nContent-Type: application/json\r\nRetry-After: 1\r\n",
            br#"{"status": 429, "message": "Too many users trying to log in right now"}"#,
        ),
    });
    let said = check(&fire).run();
    said.passes();
    assert!(said.out.contains("the hub is busy; asking again"));
    fire.assert_nothing_left();
}

/// Once the second server is ready: it is said, and `clean` takes it.
fn the_hub_goes_away(_: &Hubs) {
    let fire = Fire::plain();
    let closing = fire.hub.gate.closer();
    let starts = Mutex::new(0);
    fire.hub.gate.on_pass(move |passing, moment| {
        let mut starts = starts.lock().unwrap();
        *starts += i32::from(passing.place == Place::Start && moment == Moment::After);
        closing.close(*starts == 2 && passing.place == Place::Server);
    });
    let said = check(&fire).run();
    said.exits(4).complains("hubprobe clean");
    let visit = said.visit();
    assert_eq!(visit["left_behind"].as_array().unwrap().len(), 1);
    assert!(
        visit["warnings"]
            .to_string()
            .contains("may be left in the account's home")
    );
    assert_eq!(fire.ledger().len(), 1);
    fire.hub.gate.off_pass();
    fire.hub.gate.close(false);
    fire.clean().run().exits(0).says("gone:");
    fire.assert_nothing_left();
}

fn a_home_that_ends(_: &Hubs) {
    let fire = Fire::new(Script {
        homes_stay: false,
        ..Script::default()
    });
    let said = check(&fire).run();
    let finding = said.exits(1).finds("files.lost");
    let summary = finding["summary"].as_str().unwrap();
    assert!(summary.contains("did not survive a restart"), "{summary}");
    fire.assert_nothing_left();
}
