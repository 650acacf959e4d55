//! A server of a JupyterHub that knows no scopes (1.5.1): it lets in its own
//! user, and nobody whom the hub gave `access:servers`; and what the hub says of
//! versions where it is the route that is missing.

use jupyterhub_client::NewToken;
use jupyterhub_sandbox::{Sandbox, Spec};

use crate::Case;
use crate::hubs::{Hubs, block_on};
use crate::world::{Said, World};

pub const EDGES: &[Case] = &[(
    "version_mismatch::a_server_without_scopes",
    a_server_without_scopes,
)];

/// Whom the hub's service may start servers for.
const SERVED: &str = "servuser";

/// Another user who may do all that a check needs on the server of `SERVED`;
/// the hub makes whom a role names.
const FRIENDS: &str = r#"
c.JupyterHub.load_roles.append({
    "name": "friends",
    "users": ["friend"],
    "scopes": ["servers!user=servuser", "access:servers!user=servuser"],
})
"#;

fn a_server_without_scopes(hubs: &Hubs, version: &str) {
    let standing = ["service", "old_server", "route_never"];
    let sandbox = hubs.own(&Spec {
        name: format!("old-server-{version}"),
        standing: standing.map(|fault| fault.parse().unwrap()).into(),
        extra_config_text: Some(FRIENDS.to_owned()),
        ..hubs.spec(version)
    });
    let world = World::on(&sandbox, SERVED);

    // The hub's own server lets the service in, so it is the old one's fault.
    let service = std::fs::read_to_string(sandbox.service_token_file()).unwrap();
    world.write("service.token", &service);
    check(&world, "service.token", "none").passes();
    let said = check(&world, "service.token", "old_server");
    refused_for_its_age(&sandbox, &said, "the service prober-service");
    world.assert_nothing_left();

    // So it is with a user who was given access.
    let scopes = ["servers", "access:servers"].map(|scope| format!("{scope}!user={SERVED}"));
    let new = NewToken {
        note: "acceptance".to_owned(),
        scopes: Some(scopes.into()),
        ..NewToken::default()
    };
    let friend = block_on(world.admin.create_token("friend", &new)).unwrap();
    world.write("friend.token", friend.token.expose());
    check(&world, "friend.token", "none").passes();
    let said = check(&world, "friend.token", "old_server");
    refused_for_its_age(&sandbox, &said, "the user friend");
    world.assert_nothing_left();

    // The user's own token works, kernel and all; the versions are a warning.
    let said = world.check().option("fault=old_server").run();
    let visit = said.passes();
    let warnings = visit["warnings"].to_string();
    for words in ["JupyterHub 1.5.1", version] {
        assert!(warnings.contains(words), "{words}: {visit:#}");
    }
    world.assert_nothing_left();

    // Where the route is missing the hub blames the versions to whoever follows
    // its redirects ("Redirect loop detected. Notebook has jupyterhub version
    // 1.5.1, but the Hub expects 6.1.1."). It is the route.
    let said = world.check().and(&["--deadline", "open=5s"]).run();
    said.exits(1).finds("server.no-route");
    world.assert_nothing_left();
}

/// A check of the served user with a token in this file and this fault.
fn check(world: &World, token: &str, fault: &str) -> Said {
    world
        .hubprobe(&["check", "--url", &world.url, "--user", SERVED])
        .and(&["--token-file", token, "--format", "json"])
        .option(&format!("fault={fault}"))
        .run()
}

fn refused_for_its_age(sandbox: &Sandbox, said: &Said, owner: &str) {
    let finding = said.exits(1).finds("server.version-mismatch");
    let evidence = finding["evidence"].to_string();
    for words in [sandbox.hub_version(), "1.5.1", owner, "access:servers"] {
        assert!(evidence.contains(words), "{words}: {finding:#}");
    }
    assert!(
        finding["advice"].to_string().contains(SERVED),
        "{finding:#}"
    );
}
