//! An account examined: what is right, what is wrong, and what cures it.

use std::os::unix::fs::PermissionsExt;

use jupyterhub_client::NewToken;

use crate::Case;
use crate::hubs::{Hubs, block_on, limits_tokens};
use crate::keeping::{names_tokens, silent};
use crate::world::World;

pub const EVERY_VERSION: &[Case] = &[("doctor::examined", examined)];

fn examined(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "patient");
    let doctor = |file: &str| {
        world
            .hubprobe(&["account", "doctor", "patient", "--url", &world.url])
            .and(&["--token-file", file])
    };
    let admin = world.admin_token_file.display().to_string();
    let with_admin = |file: &str| doctor(file).and(&["--admin-token-file", &admin]);
    let said = doctor("token").run();
    silent(&said, &[&world.token]);
    if !limits_tokens(version) {
        return;
    }
    said.exits(0)
        .says("ok     it may do all that a check needs")
        .says("scope read:hub");
    if names_tokens(version) {
        said.says("ok     its token is good until");
    } else {
        said.says("mind   when its token ends is not known");
    }
    with_admin("token")
        .run()
        .exits(0)
        .says(&format!("ok     JupyterHub {version}, "))
        .says("is an ordinary user");
    // An administrator alone: what that does not show is said, and what its file shows others.
    let loose = world.write("loose", &std::fs::read_to_string(&admin).unwrap());
    std::fs::set_permissions(&loose, std::fs::Permissions::from_mode(0o644)).unwrap();
    world
        .hubprobe(&["account", "doctor", "patient", "--url", &world.url])
        .and(&["--admin-token-file", "loose"])
        .run()
        .exits(0)
        .says("mind   whether the hub takes its token")
        .says("can be read by others");
    // Too little, and nothing of the kind in what the hub says is taken for good.
    let mint = |scopes: &[&str]| {
        let new = NewToken {
            note: "for the doctor".to_owned(),
            scopes: Some(scopes.iter().map(|&scope| scope.to_owned()).collect()),
            ..NewToken::default()
        };
        let minted = block_on(world.admin.create_token("patient", &new)).unwrap();
        (minted.token.expose().to_owned(), minted.model.id)
    };
    let (weak, id) = mint(&["servers!user=patient"]);
    world.write("weak", &weak);
    let said = with_admin("weak").run();
    said.exits(1)
        .says("WRONG  it lacks access:servers!user=patient")
        .says("cure: hubprobe account rotate patient --scopes")
        .says(&format!("account revoke patient --token-id {id}"));
    silent(&said, &[&weak]);
    // Too much.
    block_on(world.admin.set_admin("patient", true)).unwrap();
    let (mighty, _) = mint(&["admin:users", "servers", "access:servers"]);
    world.write("mighty", &mighty);
    let said = with_admin("mighty").run();
    block_on(world.admin.set_admin("patient", false)).unwrap();
    said.exits(1)
        .says("WRONG  it reaches beyond patient: ")
        .says("admin:users")
        .says("WRONG  patient is an administrator")
        .says("admin_users");
    // Somebody else's, and one that is dead.
    world.write("theirs", &std::fs::read_to_string(&admin).unwrap());
    doctor("theirs")
        .run()
        .exits(1)
        .says("WRONG  its token is of");
    let other = World::new(hubs, version, "neighbour");
    world.write("neighbours", &other.token);
    doctor("neighbours")
        .run()
        .exits(1)
        .says("WRONG  its token is of user neighbour");
    let nowhere = [
        "account",
        "doctor",
        "patient",
        "--url",
        "http://127.0.0.1:9/",
    ];
    let said = world
        .hubprobe(&nowhere)
        .and(&["--token-file", "token"])
        .run();
    said.exits(1).complains("reach.");
    world.write("dead", &"1".repeat(64));
    doctor("dead").run().exits(1).says("token.rejected");
    let said = with_admin("dead").run();
    said.exits(1)
        .says("token.rejected")
        .says("an ordinary user");
}
