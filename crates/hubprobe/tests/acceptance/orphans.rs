//! An older server that the hub believes stopped answers in the place of ours;
//! and a token that is about to expire.

use std::time::Duration;

use jupyterhub_client::NewToken;
use jupyterhub_sandbox::Spec;

use crate::Case;
use crate::hubs::{Hubs, block_on};
use crate::world::World;

pub const EDGES: &[Case] = &[
    (
        "orphans::an_older_server_in_the_place_of_ours",
        an_older_server_in_the_place_of_ours,
    ),
    (
        "orphans::a_token_that_expires_soon",
        a_token_that_expires_soon,
    ),
];

/// As seen with FirecREST: the stop did nothing, and the next start leads to the
/// same address, where the old server answers.
const ORPHANS: &str = r#"
from faults import FaultSpawner

class Orphans(FaultSpawner):
    addresses = {}

    def start(self):
        return self.start_or_find()

    async def start_or_find(self):
        name = self.user.name
        if name not in self.addresses:
            self.addresses[name] = await FaultSpawner.start(self)
        return self.addresses[name]

    async def poll(self):
        return None if self.user.name in self.addresses else 0

    async def stop(self, now=False):
        pass

c.JupyterHub.spawner_class = Orphans
"#;

fn an_older_server_in_the_place_of_ours(hubs: &Hubs, version: &str) {
    let sandbox = hubs.own(&Spec {
        name: format!("orphans-{version}"),
        extra_config_text: Some(ORPHANS.to_owned()),
        ..hubs.spec(version)
    });
    let world = World::on(&sandbox, "orphan");
    // The first is stopped in name alone, which its kernel gives away.
    let said = world.check().and(&["--deadline", "stop=6s"]).run();
    let finding = said.exits(4).finds("stop.survived");
    assert!(
        finding["evidence"].to_string().contains("kernel"),
        "{finding}"
    );
    std::thread::sleep(Duration::from_secs(12));
    let finding = world.check().run().exits(1).finds("stop.survived");
    assert!(
        finding["evidence"]
            .to_string()
            .contains("we asked for ours"),
        "{finding}"
    );
}

fn a_token_that_expires_soon(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "expires");
    let new = NewToken {
        note: "short".to_owned(),
        expires_in: Some(Duration::from_secs(6 * 86_400)),
        ..NewToken::default()
    };
    let minted = block_on(world.admin.create_token("expires", &new)).unwrap();
    world.write("token", minted.token.expose());
    let said = world.check().and(&["--dry-run"]).run();
    said.exits(0);
    let warnings = said.visit()["warnings"].to_string();
    assert!(warnings.contains("expires in 6 days"), "{warnings}");
    // What is wrong soon is heard of in a crontab, too.
    let said = world.check().and(&["--dry-run", "--quiet"]).run();
    said.exits(0)
        .complains("warning: check: the token expires in 6 days");
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
}
