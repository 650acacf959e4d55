//! `left_behind`, and exit code 4, exactly when something may be left: with it the ledger's entry, with which `clean`
//! takes the thing away once the hub is well again. Else neither.

use std::time::Duration;

use fakehub::{Act, Moment, Place, Rule, Script, Spoil, Stop, Then};
use serde_json::Value;

use crate::Case;
use crate::fire::{ACCOUNT, Fire, MADE};
use crate::hubs::{Hubs, wait_for};
use crate::world::{Call, Said};

pub const ALWAYS: &[Case] = &[
    ("left::the_hub_goes_away", the_hub_goes_away),
    ("left::the_token_goes_away", the_token_goes_away),
    (
        "left::a_delete_that_does_nothing",
        a_delete_that_does_nothing,
    ),
    ("left::gone_and_there_again", gone_and_there_again),
    ("left::a_delete_that_fails", a_delete_that_fails),
    ("left::another_in_its_place", another_in_its_place),
    ("left::an_account_half_made", an_account_half_made),
    ("left::a_rotation_half_done", a_rotation_half_done),
    (
        "left::a_file_that_somebody_writes",
        a_file_that_somebody_writes,
    ),
    ("left::a_user_that_stays", a_user_that_stays),
    ("left::nothing_is", nothing_is),
    ("left::nothing_is_of_an_account", nothing_is_of_an_account),
    (
        "left::a_lost_run_on_a_dedicated_account",
        a_lost_run_on_a_dedicated_account,
    ),
];

fn fire() -> Fire {
    Fire::new(Script::default())
}

/// Does something at the first request to that place, once.
fn at(fire: &Fire, place: Place, what: impl Fn() + Send + Sync + 'static) {
    let done = std::sync::atomic::AtomicBool::new(false);
    fire.hub.gate.on_pass(move |passing, moment| {
        let now = passing.place == place && moment == Moment::Before;
        if now && !done.swap(true, std::sync::atomic::Ordering::SeqCst) {
            what();
        }
    });
}

/// A check that is not to wait long for its stop.
fn hasty(fire: &Fire) -> Call {
    fire.check().and(&["--deadline", "stop=4s"])
}

/// It says that something may be left, in every way that it has.
fn may_be_left(fire: &Fire, said: &Said) {
    said.exits(4).complains("hubprobe clean");
    let left = said.visit()["left_behind"].clone();
    let left = left.as_array().unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].as_str().unwrap().contains(ACCOUNT), "{left:?}");
    assert_eq!(fire.ledger().len(), 1);
    // As long as the hub is not well, clean says so.
    fire.clean().and(&["--deadline", "2s"]).run().exits(4);
    assert_eq!(fire.ledger().len(), 1);
}

/// The hub is well again.
fn clean_helps(fire: &Fire) {
    fire.hub.gate.off_pass();
    fire.clean().run().exits(0).says("gone:");
    assert_eq!(fire.left(), Vec::<String>::new());
    fire.assert_nobody_harmed();
}

fn the_hub_goes_away(_: &Hubs) {
    for place in [Place::Server, Place::Kernels, Place::Contents, Place::Stop] {
        let fire = fire();
        let closing = fire.hub.gate.closer();
        at(&fire, place, move || closing.close(true));
        may_be_left(&fire, &hasty(&fire).run());
        // The DELETE that was on its way when the hub went may have had its effect; who knows?
        let there = fire.hub.world.servers(ACCOUNT).contains_key("");
        assert!(there || place == Place::Stop);
        fire.hub.gate.close(false);
        clean_helps(&fire);
    }
}

fn the_token_goes_away(_: &Hubs) {
    for place in [Place::Kernels, Place::Stop] {
        let fire = fire();
        let (world, token) = (fire.hub.world.clone(), fire.token.clone());
        at(&fire, place, move || world.revoke(&token));
        may_be_left(&fire, &hasty(&fire).run());
        let token = fire.hub.world.account(ACCOUNT, false);
        fire.write("token", &token);
        clean_helps(&fire);
    }
}

fn a_delete_that_does_nothing(_: &Hubs) {
    let fire = Fire::new(Script {
        stop: Stop::Ignored,
        ..Script::default()
    });
    let said = hasty(&fire).run();
    may_be_left(&fire, &said);
    said.finds("stop.undone");
    fire.hub.world.script(|script| script.stop = Stop::AtOnce);
    clean_helps(&fire);
}

/// Away for one look, or for two, and there again.
fn gone_and_there_again(_: &Hubs) {
    for looks in [1, 2] {
        let fire = Fire::new(Script {
            stop: Stop::Returns(looks),
            ..Script::default()
        });
        let said = hasty(&fire).run();
        may_be_left(&fire, &said);
        said.finds("stop.undone");
        fire.hub.world.script(|script| script.stop = Stop::AtOnce);
        clean_helps(&fire);
    }
}

/// Ours is gone, and what is there since has another birth: nothing of ours is left, and it is left alone.
fn another_in_its_place(_: &Hubs) {
    let fire = Fire::new(Script {
        stop: Stop::Replaced,
        ..Script::default()
    });
    let said = hasty(&fire).run();
    said.exits(1).finds("stop.undone");
    assert_eq!(said.visit()["left_behind"], serde_json::json!([]));
    assert!(fire.hub.world.servers(ACCOUNT).contains_key(""));
    let said = fire.clean().run();
    said.exits(0).says("is empty");
    assert!(fire.hub.world.servers(ACCOUNT).contains_key(""));
}

fn a_delete_that_fails(_: &Hubs) {
    let fire = Fire::new(Script {
        stop: Stop::Fails,
        ..Script::default()
    });
    may_be_left(&fire, &hasty(&fire).run());
    fire.hub.world.script(|script| script.stop = Stop::AtOnce);
    clean_helps(&fire);
}

/// `account create`, when the hub goes away in the middle.
fn an_account_half_made(_: &Hubs) {
    for moment in [Moment::Before, Moment::After] {
        let fire = fire();
        let closing = fire.hub.gate.closer();
        fire.hub.gate.on_pass(move |passing, now| {
            if passing.line.starts_with("POST") && passing.place == Place::Tokens && now == moment {
                closing.close(true);
            }
        });
        fire.hub.gate.rule(Rule::every(
            Place::Tokens,
            Act::Spoil(Spoil::Lost(Then::Close)),
        ));
        fire.account_create()
            .run()
            .exits(4)
            .complains("LEFT BEHIND");
        assert!(!fire.ledger().is_empty());
        assert!(!fire.left_of_create().is_empty());
        fire.hub.gate.close(false);
        fire.hub.gate.off_pass();
        fire.hub.gate.clear();
        fire.clean().run().exits(0);
        assert_eq!(fire.left_of_create(), Vec::<String>::new());
    }
}

fn account(fire: &Fire, what: &str) -> Call {
    let url = fire.hub.url();
    fire.hubprobe(&["account", what, MADE, "--url", &url])
        .and(&["--admin-token-file", "admin"])
}

/// `account rotate`, when the hub goes away at its last steps: the new token is in place, and the old one is said.
fn a_rotation_half_done(_: &Hubs) {
    for (word, moment) in [
        ("DELETE", Moment::Before),
        ("DELETE", Moment::After),
        ("POST", Moment::After),
    ] {
        let fire = fire();
        fire.account_create().run().exits(0);
        let old = std::fs::read_to_string(fire.dir.join("made")).unwrap();
        let tokens = fire.hub.world.tokens().len();
        let closing = fire.hub.gate.closer();
        fire.hub.gate.on_pass(move |passing, now| {
            if passing.line.starts_with(word) && passing.place == Place::Tokens && now == moment {
                closing.close(true);
            }
        });
        let said = account(&fire, "rotate").run();
        let new = std::fs::read_to_string(fire.dir.join("made")).unwrap();
        said.exits(4).complains("hubprobe clean");
        // Once it is in place it stays.
        assert_eq!(new == old, word == "POST", "{word}: {said:?}");
        assert_eq!(fire.ledger().len(), 1);
        fire.hub.gate.close(false);
        fire.hub.gate.off_pass();
        fire.clean().run().exits(0).says("gone:");
        assert_eq!(fire.hub.world.tokens().len(), tokens);
        assert!(fire.ledger().is_empty());
        account(&fire, "show").run().exits(0);
        account(&fire, "rotate").run().exits(0);
    }
}

/// Somebody writes the file while `account rotate` is at it: theirs stays, and the new token goes, whether the hub
/// says which token is in it or not.
fn a_file_that_somebody_writes(_: &Hubs) {
    for version in ["6.1.1", "4.1.6"] {
        let fire = Fire::new(Script {
            version: version.to_owned(),
            ..Script::default()
        });
        fire.account_create().run().exits(0);
        let tokens = fire.hub.world.tokens().len();
        let (path, theirs) = (fire.dir.join("made"), fire.token.clone());
        fire.hub.gate.on_pass(move |passing, now| {
            let minted = passing.line.starts_with("POST") && passing.place == Place::Tokens;
            if minted && now == Moment::After {
                std::fs::write(&path, &theirs).unwrap();
            }
        });
        account(&fire, "rotate")
            .run()
            .exits(3)
            .complains("in the meantime")
            .complains("is revoked");
        let found = std::fs::read_to_string(fire.dir.join("made")).unwrap();
        assert_eq!(found, fire.token);
        assert_eq!(fire.hub.world.tokens().len(), tokens);
        assert!(fire.ledger().is_empty());
    }
}

/// `account delete`, where a DELETE is answered 204 and nothing comes of it, or its answer is lost.
fn a_user_that_stays(_: &Hubs) {
    let fire = fire();
    fire.account_create().run().exits(0);
    fire.hub.gate.rule(Rule::every(
        Place::Users,
        Act::answer("204 No Content", "", b""),
    ));
    account(&fire, "delete")
        .run()
        .exits(4)
        .says("still shows it");
    // Nothing is forgotten, so that it can be done again.
    assert!(fire.dir.join("made").exists());
    fire.hub.gate.clear();
    fire.hub.gate.rule(Rule::every(
        Place::Users,
        Act::Spoil(Spoil::Lost(Then::Close)),
    ));
    account(&fire, "delete")
        .run()
        .exits(0)
        .says("deleted, and gone");
    assert!(!fire.dir.join("made").exists());
    assert_eq!(fire.left_of_create(), Vec::<String>::new());
}

fn nothing_left(fire: &Fire, said: &Said) -> Value {
    assert_ne!(said.code, Some(4), "{}\n{}", said.out, said.err);
    assert_ne!(said.code, Some(70), "{}\n{}", said.out, said.err);
    let visit = said.visit();
    assert_eq!(visit["left_behind"], serde_json::json!([]));
    assert_eq!(
        fire.left(),
        Vec::<String>::new(),
        "{}\n{}",
        said.out,
        said.err
    );
    fire.assert_nobody_harmed();
    visit
}

/// What fails or is lost, but leaves nothing.
fn nothing_is(_: &Hubs) {
    let lost = || Act::Spoil(Spoil::Lost(Then::Close));
    let error = || Act::answer("500 Internal Server Error", "", b"no");
    let page = || {
        Act::answer(
            "403 Forbidden",
            "Content-Type: text/html\r\n",
            b"<h1>no</h1>",
        )
    };
    for (place, act, times) in [
        // The hub did it, and its answer is lost.
        (Place::Start, lost(), 1),
        (Place::Stop, lost(), 1),
        (Place::Model, lost(), 1),
        (Place::Progress, lost(), usize::MAX),
        (Place::Kernels, lost(), usize::MAX),
        (Place::Channels, lost(), usize::MAX),
        (Place::Contents, lost(), usize::MAX),
        // The hub has not seen it.
        (Place::Start, error(), 1),
        (Place::Start, page(), 1),
        (Place::Stop, error(), 1),
        (Place::Stop, page(), 1),
        (Place::Server, error(), 3),
        (Place::Kernels, error(), usize::MAX),
        (Place::Contents, error(), usize::MAX),
        (Place::Whoami, error(), usize::MAX),
    ] {
        let fire = fire();
        let rule = Rule {
            place,
            after: 0,
            times,
            act,
        };
        fire.hub.gate.rule(rule);
        let said = fire.check().run();
        nothing_left(&fire, &said);
    }
}

fn nothing_is_of_an_account(_: &Hubs) {
    for (place, act) in [
        (Place::Users, Act::Spoil(Spoil::Lost(Then::Close))),
        (Place::Tokens, Act::Spoil(Spoil::Lost(Then::Close))),
        // Something in front says no, after the hub has said yes.
        (
            Place::Users,
            Act::Spoil(Spoil::Instead(
                b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno".to_vec(),
            )),
        ),
        (
            Place::Tokens,
            Act::Spoil(Spoil::Instead(
                b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno".to_vec(),
            )),
        ),
        (Place::Users, Act::answer("403 Forbidden", "", b"no")),
        (Place::Tokens, Act::answer("502 Bad Gateway", "", b"no")),
    ] {
        let fire = fire();
        fire.hub.gate.rule(Rule {
            place,
            after: 0,
            times: 1,
            act: act.clone(),
        });
        let said = fire.account_create().run();
        assert!(matches!(said.code, Some(1 | 3)), "{act:?}: {said:?}");
        assert_eq!(
            fire.left_of_create(),
            Vec::<String>::new(),
            "{act:?}: {said:?}"
        );
    }
}

/// The pod was killed, and its state directory with it: where the account is dedicated, the next one takes the server
/// away; where it is not, it says whose it may be, and leaves it alone.
fn a_lost_run_on_a_dedicated_account(_: &Hubs) {
    for dedicated in [true, false] {
        let fire = fire();
        fire.write(
            "suite.yaml",
            &format!(
                "hubs:\n  here:\n    url: {}\n    accounts:\n      {ACCOUNT}: {{ token: {{ file: token }}, dedicated: {dedicated} }}\n\
                 probes:\n  p: {{ steps: [] }}\n",
                fire.hub.url()
            ),
        );
        let check = || fire.hubprobe(&["check", "--suite", "suite.yaml", "--format", "json"]);
        let mut child = check().start();
        wait_for("our server", Duration::from_secs(10), || {
            fire.hub
                .world
                .servers(ACCOUNT)
                .get("")
                .filter(|server| server.is_ready())
                .cloned()
        });
        child.kill().unwrap();
        child.wait().unwrap();
        std::fs::remove_dir_all(fire.dir.join("state")).unwrap();
        let lost = fire.hub.world.servers(ACCOUNT)[""].started;
        let said = check().run();
        if dedicated {
            said.passes();
            assert_eq!(fire.left(), Vec::<String>::new());
        } else {
            said.exits(1).finds("spawn.already-running");
            assert_eq!(fire.hub.world.servers(ACCOUNT)[""].started, lost);
        }
        fire.assert_nobody_harmed();
    }
}
