//! Service accounts kept: rotated, deleted, with an administrator who is none any more, with login secrets.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use jupyterhub_client::{Hub, NewToken, Token};

use crate::Case;
use crate::hubs::{HUMAN, Hubs, block_on, limits_tokens, wait_for};
use crate::world::{Call, Said, World};

pub const EVERY_VERSION: &[Case] = &[
    ("keeping::rotated_and_deleted", rotated_and_deleted),
    ("keeping::rotated_by_itself", rotated_by_itself),
    ("keeping::a_foreign_token_stays", a_foreign_token_stays),
    ("keeping::deleted_is_only_ours", deleted_is_only_ours),
    ("keeping::an_admin_no_more", an_admin_no_more),
];

pub const EDGES: &[Case] = &[
    ("keeping::rotate_refuses", rotate_refuses),
    ("keeping::no_demotion_no_account", no_demotion_no_account),
];

pub fn account(world: &World, what: &str, name: &str) -> Call {
    account_as(world, what, name, &world.admin_token_file)
}

pub fn account_as(world: &World, what: &str, name: &str, admin: &Path) -> Call {
    let admin = admin.display().to_string();
    world
        .hubprobe(&["account", what, name, "--url", &world.url])
        .and(&["--admin-token-file", &admin])
}

/// Hubs say since 5.0 which token is asking.
pub fn names_tokens(version: &str) -> bool {
    version
        .split('.')
        .next()
        .is_some_and(|major| major.parse::<u32>().unwrap() >= 5)
}

fn with(world: &World, token: &str) -> Hub {
    world.admin.with_token(Token::parse(token).unwrap())
}

/// Whose the token is, as the hub says; none if it refuses it.
fn works(world: &World, token: &str) -> Option<String> {
    match block_on(with(world, token).whoami()) {
        Ok(seen) => Some(seen.value.name),
        Err(error) => {
            assert_eq!(error.status(), Some(403), "{error}");
            None
        }
    }
}

fn in_file(world: &World, name: &str) -> String {
    let path = world.dir.join(name);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}

fn ids(world: &World, name: &str) -> Vec<String> {
    let tokens = block_on(world.admin.tokens(name)).unwrap();
    tokens.into_iter().map(|token| token.id).collect()
}

pub fn silent(said: &Said, secrets: &[&str]) {
    for secret in secrets {
        let told = said.out.contains(secret) || said.err.contains(secret);
        assert!(!told, "a secret in: {said:?}");
    }
}

/// Nothing in the directory but what is named here.
fn tidy(world: &World, names: &[&str]) {
    let files = std::fs::read_dir(&world.dir).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let others: Vec<String> = files
        .filter(|file| {
            !names.contains(&file.as_str()) && !["token", "state"].contains(&file.as_str())
        })
        .collect();
    assert_eq!(others, Vec::<String>::new());
    assert!(world.ledger().is_empty());
}

pub fn registered(world: &World) -> usize {
    std::fs::read_dir(world.dir.join("state/accounts"))
        .unwrap()
        .count()
}

fn rotated_and_deleted(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "keeper");
    account(&world, "create", "keepsake")
        .and(&["--out", "keepsake.token"])
        .run()
        .exits(0);
    let first = in_file(&world, "keepsake.token");
    let may = |token: &str| block_on(with(&world, token).whoami()).unwrap().value.scopes;
    let scopes = may(&first);

    // The register knows the file.
    let said = account(&world, "rotate", "keepsake")
        .and(&["--expires", "12h"])
        .run();
    said.exits(0)
        .says("is revoked, and gone")
        .says("in 12 hours");
    if said.out.contains("work on the servers") {
        said.says("\n         work on the servers");
    }
    let second = in_file(&world, "keepsake.token");
    assert_ne!(first, second);
    silent(&said, &[&first, &second]);
    assert_eq!(works(&world, &first), None);
    assert_eq!(works(&world, &second).as_deref(), Some("keepsake"));
    assert_eq!(may(&second), scopes, "other scopes than the old one's");
    assert_eq!((ids(&world, "keepsake").len(), registered(&world)), (1, 1));
    tidy(&world, &["keepsake.token"]);

    // Left good for those that have read it, until the next time.
    account(&world, "rotate", "keepsake")
        .and(&["--keep-old"])
        .run()
        .exits(0)
        .says("the next rotation takes it away");
    let third = in_file(&world, "keepsake.token");
    assert_eq!(works(&world, &second).as_deref(), Some("keepsake"));
    assert_eq!(works(&world, &third).as_deref(), Some("keepsake"));
    assert_eq!((ids(&world, "keepsake").len(), registered(&world)), (2, 2));
    account(&world, "show", "keepsake")
        .run()
        .exits(0)
        .says("the next rotation takes it away");
    account(&world, "rotate", "keepsake").run().exits(0);
    assert_eq!(works(&world, &second), None);
    assert_eq!(works(&world, &third), None);
    assert_eq!((ids(&world, "keepsake").len(), registered(&world)), (1, 1));

    // The check lives on it.
    let fourth = in_file(&world, "keepsake.token");
    let check = ["check", "--url", &world.url, "--user", "keepsake"];
    world
        .hubprobe(&check)
        .and(&["--token-file", "keepsake.token", "--format", "json"])
        .run()
        .passes();

    let said = account(&world, "delete", "keepsake").run();
    said.exits(0)
        .says("deleted, and gone")
        .says("keepsake.token");
    let missing = block_on(world.admin.user("keepsake", false)).unwrap_err();
    assert_eq!(missing.status(), Some(404));
    assert_eq!(works(&world, &fourth), None);
    assert_eq!(registered(&world), 0);
    tidy(&world, &[]);
    account(&world, "delete", "keepsake")
        .run()
        .exits(1)
        .complains("account.no-such-user");
}

fn rotated_by_itself(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "self-keeper");
    let create = account(&world, "create", "alone").and(&["--out", "alone.token"]);
    let create = if limits_tokens(version) {
        create.and(&["--scopes", "servers!user=alone,tokens!user=alone"])
    } else {
        create
    };
    create.run().exits(0);
    let rotate = |file: &str| {
        world
            .hubprobe(&["account", "rotate", "alone", "--url", &world.url])
            .and(&["--token-file", file])
    };
    for _ in 0..2 {
        let before = in_file(&world, "alone.token");
        rotate("alone.token")
            .run()
            .exits(0)
            .says("is revoked, and gone");
        let after = in_file(&world, "alone.token");
        assert_eq!(works(&world, &before), None);
        assert_eq!(works(&world, &after).as_deref(), Some("alone"));
        assert_eq!((ids(&world, "alone").len(), registered(&world)), (1, 1));
    }
    tidy(&world, &["alone.token"]);
    if limits_tokens(version) {
        // It would be the last time.
        rotate("alone.token")
            .and(&["--scopes", "servers!user=alone"])
            .run()
            .exits(2)
            .complains("tokens!user=alone");
        // The least that a check needs is not enough for this.
        let said = rotate("token").run();
        said.exits(1).complains("token.wrong-user");
        let said = world
            .hubprobe(&["account", "rotate", "self-keeper", "--url", &world.url])
            .and(&["--token-file", "token"])
            .run();
        said.exits(1)
            .complains("token.missing-scope")
            .complains("--admin-token-file");
        assert_eq!(works(&world, &world.token).as_deref(), Some("self-keeper"));
    }
    assert_eq!(ids(&world, "alone").len(), 1);
}

/// It is in a file, and nobody knows where else.
fn a_foreign_token_stays(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "of-others");
    let rotate = || account(&world, "rotate", "of-others").and(&["--out", "token"]);
    let said = rotate().run();
    said.exits(2).complains("register");
    assert_eq!(in_file(&world, "token"), world.token);
    assert_eq!(ids(&world, "of-others").len(), 1);
    let said = if names_tokens(version) {
        rotate().and(&["--revoke-foreign"]).run()
    } else {
        // Which of its tokens it is, nobody can say.
        rotate().and(&["--revoke-foreign"]).run().exits(2);
        rotate().and(&["--keep-old"]).run()
    };
    said.exits(0);
    let new = in_file(&world, "token");
    assert_eq!(works(&world, &new).as_deref(), Some("of-others"));
    let old = works(&world, &world.token);
    assert_eq!(old.is_none(), names_tokens(version));
    tidy(&world, &[]);
}

fn rotate_refuses(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "rotate-refused");
    let rotate = |file: &str| account(&world, "rotate", "rotate-refused").and(&["--out", file]);
    // Not a token, and not this account's.
    world.write("letter", "dear diary\n");
    rotate("letter").run().exits(2).complains("no token in it");
    let letter = std::fs::read_to_string(world.dir.join("letter")).unwrap();
    assert_eq!(letter, "dear diary\n");
    let admin = std::fs::read_to_string(&world.admin_token_file).unwrap();
    world.write("boss", &admin);
    rotate("boss").run().exits(1).complains("token.wrong-user");
    assert_eq!(
        std::fs::read_to_string(world.dir.join("boss")).unwrap(),
        admin
    );
    rotate("no/such/x").run().exits(2).complains("no/such");
    account(&world, "rotate", "rotate-refused")
        .run()
        .exits(2)
        .complains("which file?");
    // One that is dead is replaced, and one that is not there is made.
    world.write("dead", &"1".repeat(64));
    for file in ["dead", "new"] {
        rotate(file)
            .run()
            .exits(0)
            .complains("the least that a check needs");
        let token = in_file(&world, file);
        assert_eq!(works(&world, &token).as_deref(), Some("rotate-refused"));
    }
    // The other file's token is none of its business.
    account(&world, "rotate", "rotate-refused")
        .run()
        .exits(2)
        .complains("several");
    let other = in_file(&world, "dead");
    rotate("new").run().exits(0);
    assert_eq!(works(&world, &other).as_deref(), Some("rotate-refused"));
    assert_eq!(
        works(&world, &world.token).as_deref(),
        Some("rotate-refused")
    );
}

fn deleted_is_only_ours(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "not-ours");
    let delete = |name: &str| account(&world, "delete", name);
    // A person with servers, and the word does not help.
    for call in [delete(HUMAN), delete(HUMAN).and(&["--even-if-not-ours"])] {
        call.run().exits(2).complains("is running (started");
    }
    let file = world.write("boss", &boss(&world, "boss-d"));
    account_as(&world, "delete", "boss-d", &file)
        .run()
        .exits(2)
        .complains("nobody delete itself");
    for call in [
        delete("boss-d"),
        delete("boss-d").and(&["--even-if-not-ours"]),
    ] {
        call.run().exits(2).complains("is an administrator");
    }
    delete("not-ours")
        .run()
        .exits(2)
        .complains("--even-if-not-ours");
    // Made by us; then somebody makes a token of it.
    account(&world, "create", "ours")
        .and(&["--out", "ours.token"])
        .run()
        .exits(0);
    let somebody = NewToken {
        note: "somebody's".to_owned(),
        ..NewToken::default()
    };
    let theirs = block_on(world.admin.create_token("ours", &somebody)).unwrap();
    delete("ours").run().exits(2).complains("somebody's");
    block_on(world.admin.revoke_token("ours", &theirs.model.id)).unwrap();
    // Then somebody works as it.
    let options = serde_json::json!({});
    let start = || {
        block_on(
            world
                .admin
                .start_server("ours", "", &options, Duration::from_secs(60)),
        )
    };
    start().unwrap();
    delete("ours")
        .run()
        .exits(2)
        .complains("the default server");
    wait_for("its server", Duration::from_secs(60), || {
        let user = block_on(world.admin.user("ours", false)).unwrap().value;
        user.servers
            .unwrap()
            .get("")
            .filter(|server| server.ready)
            .map(drop)
    });
    delete("ours")
        .run()
        .exits(2)
        .complains("is running (started");
    block_on(world.admin.stop_server("ours", "", false)).unwrap();
    wait_for("its stop", Duration::from_secs(60), || {
        let user = block_on(world.admin.user("ours", false)).unwrap().value;
        user.servers.unwrap().is_empty().then_some(())
    });
    // It was made anew: another user of that name.
    let entries = world.dir.join("state/accounts");
    let entry = std::fs::read_dir(&entries)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let kept = std::fs::read_to_string(entry.path()).unwrap();
    let other = kept.replace("\"user_created\": \"20", "\"user_created\": \"19");
    assert_ne!(kept, other);
    std::fs::write(entry.path(), other).unwrap();
    delete("ours").run().exits(2).complains("made it anew");
    std::fs::write(entry.path(), kept).unwrap();
    delete("ours").run().exits(0).says("deleted, and gone");
    delete("not-ours")
        .and(&["--even-if-not-ours"])
        .run()
        .exits(0);
    assert_eq!(works(&world, &world.token), None);
    // Somebody has deleted it: what is left of it here goes.
    account(&world, "create", "ours-too")
        .and(&["--out", "too.token"])
        .run()
        .exits(0);
    block_on(world.admin.delete_user("ours-too")).unwrap();
    delete("ours-too").run().exits(0).says("gone already");
    assert_eq!(registered(&world), 0);
    tidy(&world, &["boss"]);
}

/// An administrator with a token of its own.
fn boss(world: &World, name: &str) -> String {
    block_on(async {
        world.admin.create_user(name).await.unwrap();
        world.admin.set_admin(name, true).await.unwrap();
        let new = NewToken::default();
        let minted = world.admin.create_token(name, &new).await.unwrap();
        minted.token.expose().to_owned()
    })
}

fn an_admin_no_more(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "demoter");
    for (name, revoke) in [("boss-a", false), ("boss-b", true)] {
        let token = boss(&world, name);
        let file = world.write(name, &token);
        let (account, out) = (format!("of-{name}"), format!("{name}.token"));
        let create = account_as(&world, "create", &account, &file).and(&[
            "--out",
            &out,
            "--demote-admin",
            name,
        ]);
        let said = if revoke {
            create.and(&["--revoke-admin-token"]).run()
        } else {
            create.run()
        };
        said.exits(0)
            .says("is no administrator any more")
            .says("admin_users");
        silent(&said, &[&token]);
        let seen = block_on(world.admin.user(name, false)).unwrap().value;
        assert_eq!(seen.admin, Some(false));
        let account_token = in_file(&world, &out);
        assert_eq!(works(&world, &account_token), Some(account));
        if revoke {
            assert_eq!(works(&world, &token), None);
            said.says("is revoked");
        } else {
            // It outlives the bit, without its might.
            assert_eq!(works(&world, &token).as_deref(), Some(name));
            let no = block_on(with(&world, &token).create_user("no")).unwrap_err();
            assert_eq!(no.status(), Some(403));
            said.complains("outlives");
        }
    }
    // Another administrator's bit: the token that asks is not of who is demoted.
    boss(&world, "boss-c");
    let another = |account_name: &str| {
        account(&world, "create", account_name)
            .and(&["--out", account_name, "--demote-admin", "boss-c"])
            .run()
    };
    let said = another("of-c");
    said.exits(0);
    assert!(!said.err.contains("warning"), "{}", said.err);
    another("of-c-again")
        .exits(0)
        .complains("was no administrator before");
    let seen = block_on(world.admin.user("boss-c", false)).unwrap().value;
    assert_eq!(seen.admin, Some(false));
}

fn no_demotion_no_account(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "no-demoter");
    let create = |name: &str| account(&world, "create", name).and(&["--out", "x.token"]);
    create("never-1")
        .and(&["--demote-admin", "nobody-there"])
        .run()
        .exits(1)
        .complains("account.no-such-user");
    create("never-2")
        .and(&["--revoke-admin-token"])
        .run()
        .exits(2)
        .complains("--demote-admin");
    // A service's token goes with the configuration alone.
    boss(&world, "boss-e");
    create("never-3")
        .and(&["--demote-admin", "boss-e", "--revoke-admin-token"])
        .run()
        .exits(2)
        .complains("c.JupyterHub.services");
    for name in ["never-1", "never-2", "never-3"] {
        let missing = block_on(world.admin.user(name, false)).unwrap_err();
        assert_eq!(missing.status(), Some(404));
    }
    tidy(&world, &[]);
}
