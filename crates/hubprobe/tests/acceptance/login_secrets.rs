//! The login secrets of an account that never logs in: shown, stored, taken away, and never said.

use std::path::Path;

use jupyterhub_sandbox::Spec;

use crate::Case;
use crate::hubs::{Hubs, block_on};
use crate::keeping::{account, account_as, silent};
use crate::world::World;

pub const EVERY_VERSION: &[Case] = &[("login_secrets::stored_and_shown", stored_and_shown)];

pub const EDGES: &[Case] = &[
    ("login_secrets::a_hub_without_a_key", a_hub_without_a_key),
    (
        "login_secrets::what_is_stored_is_refreshed",
        what_is_stored_is_refreshed,
    ),
];

/// A provider of logins that knows one refresh token, once, and one access token.
const PROVIDER: &str = r#"
import json, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

class Provider(BaseHTTPRequestHandler):
    refresh = "the-offline-token-of-the-provider"

    def say(self, code, content):
        body = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.headers.get("Authorization") == "Bearer an-access-token-that-works":
            self.say(200, {"preferred_username": "refreshed"})
        else:
            self.say(401, {"error": "invalid_token"})

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        good = form.get("grant_type") == ["refresh_token"] and form.get("refresh_token") == [Provider.refresh]
        if not good:
            self.say(400, {"error": "invalid_grant"})
            return
        Provider.refresh = "the-next-token-of-the-provider"
        self.say(200, {"access_token": "an-access-token-that-works", "token_type": "Bearer",
                       "refresh_token": Provider.refresh, "expires_in": 300})

    def log_message(self, *_):
        pass

provider = HTTPServer(("127.0.0.1", 0), Provider)
threading.Thread(target=provider.serve_forever, daemon=True).start()
c.GenericOAuthenticator.token_url = f"http://127.0.0.1:{provider.server_port}/token"
c.GenericOAuthenticator.userdata_url = f"http://127.0.0.1:{provider.server_port}/userinfo"
c.GenericOAuthenticator.username_claim = "preferred_username"
c.GenericOAuthenticator.allow_all = True
"#;

/// `{"exp": 2000000000}`: a token of a provider that ends in 2033.
const REFRESH: &str =
    "eyJhbGciOiJub25lIn0.eyJleHAiOjIwMDAwMDAwMDB9.c2lnbmF0dXJlLW9mLXRoZS1yZWZyZXNo";

fn stored_and_shown(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "stateful");
    let state = || account(&world, "auth-state", "stateful");
    let kept = || {
        block_on(world.admin.auth_state("stateful"))
            .unwrap()
            .unwrap()
    };
    state().run().exits(0).says("no auth_state");
    world.write("refresh", &format!("{REFRESH}\n"));
    world.write("other", "opaque-refresh-token-0123456789");
    let all = [REFRESH, "opaque-refresh-token-0123456789"];
    let said = state()
        .and(&["--refresh-token-file", "refresh", "--log", "trace"])
        .run();
    said.exits(0).says("gives the same back").says("2033-05-18");
    silent(&said, &all);
    let stored = kept().unwrap();
    assert_eq!(stored.expose()["refresh_token"], REFRESH);
    assert_eq!(stored.expose()["token_response"]["refresh_token"], REFRESH);
    let said = state().and(&["--log", "trace"]).run();
    said.exits(0)
        .says("refresh_token: there; until 2033-05-18")
        .says("token_response: there, with access_token, refresh_token, token_type");
    silent(&said, &all);

    let store = || state().and(&["--refresh-token-file", "other"]);
    let said = store().run();
    said.exits(2).complains("--force");
    silent(&said, &all);
    assert_eq!(kept().unwrap().expose()["refresh_token"], REFRESH);
    world.write("access", "an-access-token");
    let forced = store()
        .and(&["--force", "--access-token-file", "access"])
        .run();
    forced.exits(0).says("it does not say when it ends");
    silent(
        &forced,
        &["opaque-refresh-token-0123456789", "an-access-token"],
    );
    assert_eq!(kept().unwrap().expose()["access_token"], "an-access-token");

    state().and(&["--clear"]).run().exits(0).says("shows none");
    assert!(kept().is_none_or(|state| state.expose().is_empty()));
    state().run().exits(0).says("no auth_state");
    state()
        .and(&["--refresh-token", "secret-in-an-argument"])
        .run()
        .exits(2)
        .complains("--refresh-token-file");
    // The account's own token may not see it.
    let own = account_as(&world, "auth-state", "stateful", Path::new("token")).run();
    own.exits(1).complains("token.missing-scope");
}

fn a_hub_without_a_key(hubs: &Hubs, version: &str) {
    let sandbox = hubs.own(&Spec {
        name: format!("no-key-{version}"),
        extra_config_text: Some("c.CryptKeeper.keys = []\n".to_owned()),
        ..hubs.spec(version)
    });
    let world = World::on(&sandbox, "keyless");
    world.write("refresh", REFRESH);
    let state = || account(&world, "auth-state", "keyless");
    state().run().exits(0).says("no auth_state");
    let said = state().and(&["--refresh-token-file", "refresh"]).run();
    said.exits(1)
        .complains("hub.error")
        .complains("JUPYTERHUB_CRYPT_KEY")
        .complains("enable_auth_state");
    silent(&said, &[REFRESH]);
    block_on(sandbox.down()).unwrap();
}

/// The shape is the one that oauthenticator refreshes a login from: the account is refused without it, and a whole
/// check passes with it.
fn what_is_stored_is_refreshed(hubs: &Hubs, version: &str) {
    let sandbox = hubs.own(&Spec {
        name: format!("refreshes-{version}"),
        standing: vec!["stale_login".parse().unwrap()],
        extra_config_text: Some(PROVIDER.to_owned()),
        ..hubs.spec(version)
    });
    let world = World::on(&sandbox, "refreshed");
    world.check().run().finds("token.stale-login");
    let state = || account(&world, "auth-state", "refreshed");
    let store = || state().and(&["--refresh-token-file", "refresh"]);
    // One that the provider does not know is no cure.
    world.write("refresh", "a-token-that-the-provider-does-not-know");
    store().run().exits(0);
    world.check().run().finds("token.stale-login");
    world.write("refresh", "the-offline-token-of-the-provider");
    store()
        .and(&["--force"])
        .run()
        .exits(0)
        .says("access_token: none yet");
    world.check().run().passes();
    // The hub has got itself an access token, and the refresh token that comes after.
    let kept = block_on(world.admin.auth_state("refreshed")).unwrap();
    let kept = kept.unwrap().unwrap();
    assert_eq!(kept.expose()["access_token"], "an-access-token-that-works");
    assert_eq!(
        kept.expose()["refresh_token"],
        "the-next-token-of-the-provider"
    );
    let said = state().run();
    said.exits(0).says("access_token: there");
    silent(&said, &["an-access-token", "the-next-token"]);
    // The doctor knows it, too.
    let doctor = account(&world, "doctor", "refreshed").and(&["--token-file", "token"]);
    let said = doctor.run();
    said.exits(0)
        .says("oauthenticator.generic.GenericOAuthenticator");
    assert!(!said.out.contains("refresh_user_hook"), "{}", said.out);
    state().and(&["--clear"]).run().exits(0);
    account(&world, "doctor", "refreshed")
        .run()
        .exits(0)
        .says("refresh_user_hook");
    block_on(sandbox.down()).unwrap();
}
