//! The OpenID provider: a process that ends with the pipe to its standard
//! input, and so with the test, however that ends. What it saw is read from its
//! standard output, line by line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use jupyterhub_sandbox::{Node, Package, Places};
use serde_json::{Value, json};

use crate::hubs::block_on;

const PACKAGE: Package<'_> = Package {
    name: "oidc-provider",
    directory: "oidc",
    package: include_str!("provider/package.json"),
    lock: include_str!("provider/package-lock.json"),
    script: "oidc-provider/lib/index.js",
};

/// How long an access token lives, in seconds: no longer than the hub waits
/// before it asks again, so that it must use the refresh token then. The
/// provider counts whole seconds, so one of 1 s may be dead on arrival.
pub const ACCESS: u64 = 3;

/// How long the provider may take to say that it did what it was told.
const PATIENCE: Duration = Duration::from_secs(20);

/// An OpenID provider on loopback.
pub struct Provider {
    child: Child,
    orders: Option<ChildStdin>,
    lines: Receiver<Value>,
    /// All that it saw.
    seen: Vec<Value>,
    port: u64,
}

impl Provider {
    /// One that listens, and answers nobody before it knows where its client is.
    pub fn start() -> Self {
        assert!(
            !PACKAGE.lock.contains("\"resolved\""),
            "the lock file is bound to a registry"
        );
        let places = Places::from_env().unwrap();
        let installed = block_on(PACKAGE.ensure(&places, Node::Auto, &mut |_| {})).unwrap();
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/acceptance/oauth/provider/provider.mjs"
        );
        let mut child = Command::new(installed.node)
            .args([script.as_ref(), installed.script.as_os_str()])
            .arg(ACCESS.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if send.send(serde_json::from_str(&line).unwrap()).is_err() {
                    break;
                }
            }
        });
        let mut provider = Self {
            orders: child.stdin.take(),
            child,
            lines,
            seen: Vec::new(),
            port: 0,
        };
        provider.port = provider.wait("listening")["port"].as_u64().unwrap();
        provider
    }

    /// What a hub's configuration says of it.
    pub fn config(&self) -> String {
        let port = self.port;
        format!(
            "c.JupyterHub.authenticator_class = 'oauthenticator.generic.GenericOAuthenticator'\n\
             authenticator = c.GenericOAuthenticator\n\
             authenticator.client_id = 'hub'\n\
             authenticator.client_secret = 'a-secret-of-this-test-only-0123456789'\n\
             authenticator.oauth_callback_url = c.JupyterHub.bind_url + 'hub/oauth_callback'\n\
             authenticator.authorize_url = 'http://127.0.0.1:{port}/auth'\n\
             authenticator.token_url = 'http://127.0.0.1:{port}/token'\n\
             authenticator.userdata_url = 'http://127.0.0.1:{port}/me'\n\
             authenticator.login_service = 'the institute'\n\
             authenticator.scope = ['openid']\n\
             authenticator.username_claim = 'sub'\n\
             authenticator.allow_all = True\n\
             authenticator.enable_auth_state = True\n"
        )
    }

    /// Tells it where its client, the hub, is.
    pub fn serve(&mut self, hub: &str) {
        self.order(&json!({ "redirect": format!("{hub}hub/oauth_callback") }));
        self.wait("redirect");
    }

    /// Ends an account's sessions, and all that came of them.
    pub fn revoke(&mut self, account: &str) {
        self.order(&json!({ "revoke": account }));
        self.wait("revoked");
    }

    /// How often it granted this to an account.
    pub fn granted(&mut self, grant: &str, account: &str) -> usize {
        self.seen.extend(self.lines.try_iter());
        let wanted = json!({ "saw": "granted", "grant": grant, "account": account });
        self.seen.iter().filter(|event| **event == wanted).count()
    }

    /// How often it refused this, to whomever.
    pub fn refused(&mut self, grant: &str) -> usize {
        self.seen.extend(self.lines.try_iter());
        let fits = |event: &&Value| event["saw"] == "refused" && event["grant"] == grant;
        self.seen.iter().filter(fits).count()
    }

    /// Whether an account's name stands in anything that it saw.
    pub fn knows(&mut self, account: &str) -> bool {
        self.seen.extend(self.lines.try_iter());
        self.seen.iter().any(|event| event["account"] == account)
    }

    fn order(&mut self, order: &Value) {
        let orders = self.orders.as_mut().unwrap();
        writeln!(orders, "{order}").unwrap();
        orders.flush().unwrap();
    }

    fn wait(&mut self, saw: &str) -> Value {
        loop {
            let event = self
                .lines
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|error| panic!("the provider: no {saw:?}: {error}"));
            self.seen.push(event.clone());
            if event["saw"] == saw {
                return event;
            }
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // As it ends when a test is killed: by the end of its orders.
        drop(self.orders.take());
        let ended = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            matches!(self.child.try_wait(), Ok(Some(_)))
        });
        if !ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        assert!(
            ended || std::thread::panicking(),
            "the provider outlived its standard input"
        );
    }
}
