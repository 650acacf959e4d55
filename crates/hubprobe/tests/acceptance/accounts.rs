//! Service accounts: made without clicking, least privilege, gone again.

use std::os::unix::fs::PermissionsExt;

use crate::Case;
use crate::hubs::{Hubs, block_on, limits_tokens};
use crate::keeping::registered;
use crate::world::{Call, World};

pub const EVERY_VERSION: &[Case] = &[
    ("accounts::made_shown_revoked", made_shown_revoked),
    (
        "accounts::a_user_that_is_there_already",
        a_user_that_is_there_already,
    ),
    ("accounts::ours_without_a_token", ours_without_a_token),
];

pub const EDGES: &[Case] = &[
    (
        "accounts::refused_before_anything_is_sent",
        refused_before_anything_is_sent,
    ),
    ("accounts::slips_of_the_hand", slips_of_the_hand),
    ("accounts::a_token_in_an_argument", a_token_in_an_argument),
    (
        "accounts::an_administrator_without_rights",
        an_administrator_without_rights,
    ),
    (
        "accounts::the_token_alone_on_standard_output",
        the_token_alone_on_standard_output,
    ),
];

fn account(world: &World, what: &str, name: &str) -> Call {
    let admin = world.admin_token_file.display().to_string();
    world
        .hubprobe(&["account", what, name, "--url", &world.url])
        .and(&["--admin-token-file", &admin])
}

fn made_shown_revoked(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "account-maker");
    let made = account(&world, "create", "fresh")
        .and(&["--out", "fresh.token"])
        .run();
    made.exits(0).says("in 90 days").says("fresh.token");
    let path = world.dir.join("fresh.token");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let token = std::fs::read_to_string(&path).unwrap();
    assert!(!made.out.contains(token.trim()) && !made.err.contains(token.trim()));
    assert_eq!(world.ledger(), Vec::<std::path::PathBuf>::new());
    // What the hub itself says that it may do: no more than is needed.
    let tokens = block_on(world.admin.tokens("fresh")).unwrap();
    if limits_tokens(version) {
        let scopes = tokens[0].scopes.clone().unwrap();
        let own = |scope: &String| scope.ends_with("!user=fresh");
        assert!(scopes.iter().all(own), "{scopes:?}");
        let mints = |scope: &String| scope.starts_with("tokens");
        assert!(!scopes.iter().any(mints), "{scopes:?}");
    } else {
        made.says("cannot limit tokens");
    }
    assert!(tokens[0].expires_at.is_some());
    account(&world, "show", "fresh")
        .run()
        .exits(0)
        .says("fresh");
    account(&world, "revoke", "fresh")
        .run()
        .exits(0)
        .says("revoked");
    assert!(block_on(world.admin.tokens("fresh")).unwrap().is_empty());
    assert!(!path.exists(), "the file with the dead token is left");
}

/// Its tokens are gone; that we made the user is known until it is deleted.
fn ours_without_a_token(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "bare-keeper");
    let create = |file: &str| {
        let call = account(&world, "create", "bare").and(&["--out", file]);
        call.run().exits(0);
    };
    let revoke = || account(&world, "revoke", "bare").run();
    create("bare.token");
    revoke().exits(0).says("revoked, and gone");
    revoke().exits(2).complains("nothing to revoke");
    // A token that came and went later takes nothing of it along.
    create("later.token");
    revoke().exits(0);
    assert_eq!(registered(&world), 1);
    account(&world, "delete", "bare")
        .run()
        .exits(0)
        .says("deleted, and gone");
    assert_eq!(registered(&world), 0);
    // Somebody has made it anew in the meantime.
    create("bare.token");
    revoke().exits(0);
    block_on(async {
        world.admin.delete_user("bare").await.unwrap();
        world.admin.create_user("bare").await.unwrap();
    });
    let delete = || account(&world, "delete", "bare");
    delete().run().exits(2).complains("made it anew");
    delete().and(&["--even-if-not-ours"]).run().exits(0);
    assert_eq!(registered(&world), 0);
    assert!(world.ledger().is_empty());
}

/// `load_roles` may have made it.
fn a_user_that_is_there_already(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "account-there");
    let made = account(&world, "create", "account-there")
        .and(&["--out", "there.token"])
        .run();
    made.exits(0).says("already");
    let again = account(&world, "create", "account-there")
        .and(&["--out", "there.token"])
        .run();
    again.exits(2).complains("there.token");
}

fn refused_before_anything_is_sent(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "account-refused");
    let create = || account(&world, "create", "never-made");
    create()
        .and(&["--out", "no/such/dir/x.token"])
        .run()
        .exits(2)
        .complains("no/such/dir");
    create()
        .and(&["--out", "x", "--expires", "soon"])
        .run()
        .exits(2)
        .complains("soon");
    account(&world, "create", "a/b")
        .and(&["--out", "x"])
        .run()
        .exits(2)
        .complains("a/b");
    let secret = std::fs::read_to_string(&world.admin_token_file).unwrap();
    let said = create()
        .and(&["--out", "x", "--admin-token", secret.trim()])
        .run();
    said.exits(2).complains("--admin-token-file");
    assert!(!said.err.contains(secret.trim()));
    create()
        .and(&["--out", "x", "--note", " "])
        .run()
        .exits(2)
        .complains("--note is empty");
    create()
        .and(&["--out", "x", "--demote-admin", ""])
        .run()
        .exits(2)
        .complains("--demote-admin: the account's name is empty");
    create()
        .and(&["--out", "x", "--demote-admin", "nobody-at-all"])
        .run()
        .exits(1)
        .complains("typing errors");
    // The administrator's token is not to be lost, by whatever path it is named.
    let copy = world.write("admin-copy", &secret);
    std::os::unix::fs::symlink(&copy, world.dir.join("to-copy")).unwrap();
    for out in ["admin-copy", "to-copy"] {
        world
            .hubprobe(&["account", "create", "never-made", "--url", &world.url])
            .and(&["--admin-token-file", "admin-copy", "--out", out, "--force"])
            .run()
            .exits(2)
            .complains("the administrator's token");
    }
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), secret);
    let missing = block_on(world.admin.user("never-made", false)).unwrap_err();
    assert_eq!(missing.status(), Some(404));
}

/// The other commands too say what was typed wrongly, and ask no hub for it.
fn slips_of_the_hand(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "account-slips");
    for what in ["show", "doctor", "rotate", "revoke", "delete", "auth-state"] {
        let said = account(&world, what, "").run();
        said.exits(2).complains("the account's name is empty");
    }
    let gone = account(&world, "delete", "nobody-at-all").run();
    gone.exits(1).complains("typing errors");
    account(&world, "rotate", "account-slips")
        .and(&["--out", "-"])
        .run()
        .exits(2)
        .complains("standard output");
    account(&world, "revoke", "account-slips")
        .and(&["--token-id", ""])
        .run()
        .exits(2)
        .complains("no id of a token");
}

/// A token in the wrong place is not said back.
fn a_token_in_an_argument(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "account-argument");
    let secret = std::fs::read_to_string(&world.admin_token_file).unwrap();
    let secret = secret.trim();
    for (what, more, said) in [
        ("show", vec![secret], "unexpected argument"),
        ("doctor", vec!["--token", secret], "--token is not taken"),
        ("delete", vec!["--token", secret], "--token is not taken"),
        ("revoke", vec!["--token-id", secret], "looks like a token"),
        (
            "auth-state",
            vec!["--access-token", secret],
            "--access-token is not taken",
        ),
    ] {
        let ended = account(&world, what, "account-argument").and(&more).run();
        ended.exits(2).complains(said);
        assert!(!ended.err.contains(secret), "{what}: {}", ended.err);
        assert!(!ended.out.contains(secret), "{what}: {}", ended.out);
    }
    let url = world
        .hubprobe(&["account", "show", "account-argument", "--url", secret])
        .run();
    url.exits(2).complains("looks like a token");
    assert!(!url.err.contains(secret));
    // Each secret goes to whom it is for.
    let admin = world.admin_token_file.display().to_string();
    account(&world, "auth-state", "account-argument")
        .and(&["--refresh-token-file", &admin])
        .run()
        .exits(2)
        .complains("two different tokens");
}

fn an_administrator_without_rights(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "account-weak");
    let create = |token: &str| {
        world
            .hubprobe(&["account", "create", "too-much", "--url", &world.url])
            .and(&["--out", "x.token", "--admin-token-file", token])
            .run()
    };
    create("token").exits(1).complains("token.missing-scope");
    world.write("bad", &"1".repeat(64));
    create("bad").exits(1).complains("token.rejected");
    assert!(!world.dir.join("x.token").exists());
    assert_eq!(world.ledger(), Vec::<std::path::PathBuf>::new());
}

fn the_token_alone_on_standard_output(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "account-out");
    let said = account(&world, "create", "piped")
        .and(&["--out", "-"])
        .run();
    said.exits(0);
    let token = said.out.strip_suffix('\n').unwrap();
    assert!(
        token.len() >= 32 && token.chars().all(|c| c.is_ascii_alphanumeric()),
        "{token}"
    );
    let check = world
        .hubprobe(&["check", "--url", &world.url, "--user", "piped", "--dry-run"])
        .env("HUBPROBE_TOKEN", token);
    check.run().exits(0);
}
