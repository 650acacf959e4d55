//! Hubs that are odd, and in order: they pass.

use jupyterhub_sandbox::{Sandbox, Spec};

use crate::Case;
use crate::hubs::Hubs;
use crate::world::World;

pub const EDGES: &[Case] = &[
    (
        "no_false_alarm::options_that_come_late",
        options_that_come_late,
    ),
    ("no_false_alarm::options_that_change", options_that_change),
    (
        "no_false_alarm::a_token_for_one_server",
        a_token_for_one_server,
    ),
];

/// With HUBPROBE_TEST=all.
pub const ALL: &[Case] = &[("no_false_alarm::odd_progress", odd_progress)];

const LATE: &str = r#"
import asyncio

async def scopes(spawner):
    await asyncio.sleep(1.5)
    return []

c.Spawner.server_token_scopes = scopes
"#;

const CHANGED: &str = r#"
def canonical(spawner):
    spawner.user_options = {"machine": "m4.large"}
c.Spawner.pre_spawn_hook = canonical
"#;

const PROGRESS: &str = r#"
import faults

class Odd(faults.FaultSpawner):
    async def progress(self):
        case = (self.user_options or {}).get("progress")
        if case == "texts":
            yield {"progress": "12%", "message": "as text"}
            yield {"progress": None, "message": "none"}
            yield {"progress": 400, "message": "more than all"}
            yield {"progress": -1, "message": ["a", "list"]}
        elif case == "html":
            yield {"progress": 10, "html_message": "<b>no message</b>"}
        elif case == "escapes":
            yield {"progress": 5, "message": "\x1b[2J\u202e\n\ndata: {\"failed\": true}\n\n"}
        elif case == "troubles":
            yield {"progress": 5, "message": "the last pod: ImagePullBackOff; another is made"}
            yield {"progress": 6, "message": "0/3 nodes are available: 3 Insufficient memory."}
            yield {"progress": 7, "message": "exceeded quota yesterday; database is locked; all well"}
        elif case == "many":
            for n in range(5000):
                yield {"progress": n / 60, "message": f"line {n}"}

c.JupyterHub.spawner_class = Odd
c.Odd.log_directory = c.LocalSpawner.log_directory
"#;

fn with(hubs: &Hubs, version: &str, name: &str, config: &str) -> Sandbox {
    hubs.own(&Spec {
        name: format!("{name}-{version}"),
        extra_config_text: Some(config.to_owned()),
        ..hubs.spec(version)
    })
}

/// While a hub asks which scopes the server is to have, it shows the spawn without
/// a start, and with the options of the last one or with none (JupyterHub 5 and 6;
/// older ones do not ask).
fn options_that_come_late(hubs: &Hubs, version: &str) {
    let sandbox = with(hubs, version, "late-options", LATE);
    let world = World::on(&sandbox, "late-options");
    for nodes in ["nodes=1", "nodes=2"] {
        world.check().option(nodes).run().passes();
    }
    world.assert_nothing_left();
}

/// A hook that puts others in the place of our options makes it no less ours:
/// the hub says 201 of what it started for us.
fn options_that_change(hubs: &Hubs, version: &str) {
    let sandbox = with(hubs, version, "changed-options", CHANGED);
    let world = World::on(&sandbox, "changed-options");
    world.check().option("nodes=2").run().passes();
    world.assert_nothing_left();
}

fn odd_progress(hubs: &Hubs, version: &str) {
    let sandbox = with(hubs, version, "odd-progress", PROGRESS);
    let world = World::on(&sandbox, "odd-progress");
    for case in ["texts", "html", "escapes", "troubles", "many"] {
        let run = world.check().option(&format!("progress={case}")).run();
        run.passes();
    }
    world.assert_nothing_left();
}

/// A hub shows no list of servers to a token for one server alone (`!server=`)
/// while that server is not there: no list is no blindness, then.
fn a_token_for_one_server(hubs: &Hubs, version: &str) {
    let account = "one-server";
    let scopes = [
        &format!("servers!server={account}/"),
        &format!("access:servers!server={account}/"),
        &format!("read:users!user={account}"),
    ];
    let scopes = scopes.map(String::as_str);
    let world = World::with_scopes(&hubs.of(version).sandbox, account, &scopes);
    world.check().run().passes();
    world.assert_nothing_left();
}
