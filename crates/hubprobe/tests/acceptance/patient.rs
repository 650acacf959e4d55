//! `account doctor --patient`: a login that the hub cannot refresh any more shows only once it has to.

use std::time::Duration;

use jupyterhub_sandbox::Spec;

use crate::Case;
use crate::hubs::{Hubs, directory};
use crate::world::{Said, World};

pub const EDGES: &[Case] = &[(
    "patient::a_login_that_grows_stale",
    a_login_that_grows_stale,
)];

fn a_login_that_grows_stale(hubs: &Hubs, version: &str) {
    let (_holder, dir) = directory();
    let good = dir.join("logins-are-good");
    std::fs::write(&good, "").unwrap();
    let config = format!(
        r#"
import os
from jupyterhub.auth import DummyAuthenticator

class Remembers(DummyAuthenticator):
    async def refresh_user(self, user, handler=None):
        return not user.name.startswith("stale") or os.path.exists({good:?})

c.JupyterHub.authenticator_class = Remembers
c.Authenticator.auth_refresh_age = 1
c.Authenticator.auth_refresh_strict = True
"#
    );
    let sandbox = hubs.own(&Spec {
        name: format!("patient-{version}"),
        extra_config_text: Some(config),
        ..hubs.spec(version)
    });
    let (fresh, stale) = (World::on(&sandbox, "fresh"), World::on(&sandbox, "stale"));
    let doctor = |world: &World, args: &[&str]| {
        let command = ["account", "doctor", &world.account, "--url", &world.url];
        let call = world.hubprobe(&command);
        call.and(&["--token-file", "token"]).and(args)
    };
    doctor(&stale, &[])
        .run()
        .exits(0)
        .says("the hub takes its token");
    let first = doctor(&fresh, &["--patient", "6s"]).start();
    let second = doctor(&stale, &["--patient", "6s"]).start();
    std::thread::sleep(Duration::from_secs(3));
    std::fs::remove_file(&good).unwrap();
    let first = Said::of(first);
    first.exits(0).says("still takes its token after 6s");
    first.complains("asking again in 6s");
    let second = Said::of(second);
    second
        .exits(1)
        .says("after 6s not any more")
        .says("token.stale-login");
    second.says("hub-config");
    // From the beginning: nothing is waited for.
    let third = doctor(&stale, &["--patient", "10m"]).run();
    third.exits(1).says("would tell nothing");
    let bad = doctor(&stale, &["--patient", "300"]).run();
    bad.exits(2).complains("has no unit");
}
