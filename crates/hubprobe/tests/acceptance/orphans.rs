//! An older server that the hub believes stopped answers in the place of ours;
//! and a token that is about to expire.

use std::time::{Duration, Instant};

use jupyterhub_client::NewToken;
use jupyterhub_sandbox::Spec;
use serde_json::Value;
use uuid::Uuid;

use crate::Case;
use crate::hubs::{Hubs, block_on};
use crate::world::World;

pub const EDGES: &[Case] = &[
    (
        "orphans::what_outlived_its_stop_is_not_called_gone",
        what_outlived_its_stop_is_not_called_gone,
    ),
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
    // What lives on is said by each run that sees it.
    let finding = world.check().run().exits(4).finds("stop.survived");
    assert!(
        finding["evidence"]
            .to_string()
            .contains("we asked for ours"),
        "{finding}"
    );
}

/// The hub says that it is stopped, and has forgotten it: its process goes on, so `clean` says so, until it was ended by hand.
fn what_outlived_its_stop_is_not_called_gone(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "survivor");
    let said = world
        .check()
        .option("fault=stop_noop")
        .and(&["--deadline", "stop=6s"])
        .run();
    let command = format!(
        "hubprobe clean --state-dir {}",
        world.dir.join("state").display()
    );
    said.exits(4).complains(&command).finds("stop.survived");
    let visit = said.visit();
    assert_eq!(
        visit["left_behind"].as_array().unwrap().len(),
        1,
        "{visit:#}"
    );
    assert_eq!(visit["by_hand"], visit["left_behind"]);
    let [path] = &world.ledger()[..] else {
        panic!("{:?}", world.ledger());
    };
    let entry: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let server = entry["survived"]["processes"]["server"]["pid"].to_string();
    let left = visit["left_behind"].to_string();
    assert!(
        left.contains(&format!("its server is process {server}")),
        "{left}"
    );

    // One of a host that cannot be seen from here: it stays until it is named, also where it was kept on purpose once.
    let mut far = entry.clone();
    far["kept"] = true.into();
    let far_id = Uuid::now_v7().to_string();
    far["id"] = far_id.clone().into();
    for process in ["kernel", "server"] {
        far["survived"]["processes"][process]["boot"] = "another".into();
    }
    let far_path = path.with_file_name(format!("{far_id}.json"));
    std::fs::write(far_path, far.to_string()).unwrap();

    let clean = |more: &[&str]| world.hubprobe(&["clean"]).and(more).run();
    let cleaned = clean(&[]);
    cleaned
        .exits(4)
        .says("LIVES ON: the default server")
        .says(&format!("process {server} runs"))
        .says("LIVES ON?: the default server")
        .complains("end its process, pod or job by hand")
        .complains(&format!("{command} --forget {far_id}"));
    assert_eq!(world.ledger().len(), 2);
    clean(&["--dry-run"])
        .exits(0)
        .says(&format!("process {server}"));

    // A later run takes nothing of it for its own, and says what it sees.
    let again = world.check().run();
    again.exits(4);
    let visit = again.visit();
    assert_eq!(visit["verdict"], "passed", "{visit:#}");
    let (by_hand, warnings) = (visit["by_hand"].to_string(), visit["warnings"].to_string());
    assert!(by_hand.contains("from an earlier run"), "{visit:#}");
    assert!(
        warnings.contains(&format!("--forget {far_id}")),
        "{visit:#}"
    );
    assert_eq!(world.ledger().len(), 2);

    // Its kernel ends when it sees that.
    let killed = std::process::Command::new("kill")
        .args(["-KILL", &server])
        .status();
    assert!(killed.unwrap().success());
    let began = Instant::now();
    while world.ledger().len() > 1 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "its kernel lives on"
        );
        let cleaned = clean(&[]);
        cleaned.exits(4);
        if cleaned.out.contains("gone: ") {
            cleaned.says("have ended");
        }
    }
    clean(&["--forget", &far_id])
        .exits(0)
        .says("forgotten: the default server");
    let state = world.dir.join("state").display().to_string();
    clean(&[])
        .exits(0)
        .says(&format!("nothing is left: the ledger in {state} is empty"));
    world.assert_nothing_left();
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
