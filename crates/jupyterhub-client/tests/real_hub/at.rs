//! What a test stands on: the hub of its version, and users of its own there.

use std::time::{Duration, Instant};

use jupyterhub_client::{
    Error, Hub, HubVersion, JupyterServer, MintedToken, NewToken, Server, Settings, Started, Token,
    Url, User, start_body,
};
use jupyterhub_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::hubs::{Hubs, Running};

/// Longer than anything takes that works.
pub const LONG: Duration = Duration::from_secs(60);

/// The hub of a version.
pub struct At {
    pub hubs: &'static Hubs,
    running: &'static Running,
    pub version: HubVersion,
}

/// A server that tests share.
pub struct Residence {
    token: Token,
    url: Url,
}

/// A user of a hub, with a token that may all that the user may.
pub struct Account {
    pub name: String,
    pub admin: Hub,
    /// The hub as the user sees it.
    pub hub: Hub,
    pub minted: MintedToken,
    version: HubVersion,
}

impl At {
    pub fn new(hubs: &'static Hubs, version: &str) -> At {
        At {
            hubs,
            running: hubs.of(version),
            version: HubVersion::parse(version).unwrap(),
        }
    }

    pub fn sandbox(&self) -> &'static Sandbox {
        &self.running.sandbox
    }

    /// The hub as its admin sees it.
    pub fn admin(&self) -> Hub {
        Hub::new(admin_settings(self.sandbox(), self.sandbox().url())).unwrap()
    }

    /// A new user.
    pub async fn account(&self, name: &str) -> Account {
        Account::new(self.admin(), &self.version, name).await
    }

    /// The server that is shared: no test stops it, or starts a second of what it starts there.
    pub async fn jupyter(&self) -> JupyterServer {
        let residence = self
            .running
            .residence
            .get_or_init(|| async {
                let account = self.account("resident").await;
                let url = account.start(&json!({})).await.url().clone();
                Residence {
                    token: account.minted.token,
                    url,
                }
            })
            .await;
        self.admin()
            .with_token(residence.token.clone())
            .server(&residence.url)
    }
}

/// How the admin of a sandbox reaches it at this URL.
pub fn admin_settings(sandbox: &Sandbox, url: &str) -> Settings {
    let mut settings = Settings::new(url.parse().unwrap());
    let token = std::fs::read_to_string(sandbox.admin_token_file()).unwrap();
    settings.token = Some(Token::parse(&token).unwrap());
    settings
}

impl Account {
    pub async fn new(admin: Hub, version: &HubVersion, name: &str) -> Account {
        admin.create_user(name).await.unwrap();
        let minted = admin
            .create_token(name, &NewToken::default())
            .await
            .unwrap();
        Account {
            name: name.to_owned(),
            hub: admin.with_token(minted.token.clone()),
            admin,
            minted,
            version: version.clone(),
        }
    }

    /// Asks for a server with options.
    pub async fn ask(&self, server: &str, options: &Value) -> Result<Started, Error> {
        self.ask_raw(server, &start_body(&self.version, options))
            .await
    }

    /// Asks for a server with this very body.
    pub async fn ask_raw(&self, server: &str, body: &Value) -> Result<Started, Error> {
        let started = self
            .hub
            .start_server(&self.name, server, body, LONG)
            .await?;
        Ok(started.value)
    }

    /// Starts the default server, and waits until it is there.
    pub async fn start(&self, options: &Value) -> JupyterServer {
        self.ask("", options).await.unwrap();
        let server = self.ready("").await;
        self.hub
            .server(&self.hub.resolve(&server.url.unwrap()).unwrap())
    }

    pub async fn user(&self) -> User {
        self.hub.user(&self.name, false).await.unwrap().value
    }

    /// A server as the hub's model has it; none if it is not active.
    pub async fn server(&self, name: &str) -> Option<Server> {
        self.user().await.servers.unwrap().shift_remove(name)
    }

    /// The server, once it is ready.
    pub async fn ready(&self, name: &str) -> Server {
        wait_for("the server to be ready", async || {
            self.server(name).await.filter(|server| server.ready)
        })
        .await
    }

    /// The server, once something is pending.
    pub async fn pending(&self, name: &str) -> Server {
        wait_for("something to be pending", async || {
            self.server(name)
                .await
                .filter(|server| server.pending.is_some())
        })
        .await
    }

    /// Waits until the server is not active any more.
    pub async fn gone(&self, name: &str) {
        wait_for("the server to be gone", async || {
            self.server(name).await.is_none().then_some(())
        })
        .await;
    }

    /// Stops a server, and waits until it is gone.
    pub async fn stop(&self, name: &str) {
        self.hub.stop_server(&self.name, name, false).await.unwrap();
        self.gone(name).await;
    }
}

/// Looks again and again until it is there.
pub async fn wait_for<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(began.elapsed() < LONG, "{what}: not within {LONG:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// That an operation was refused with this status, and that the hub's or the server's own words hold this.
#[track_caller]
pub fn refused<T>(outcome: Result<T, Error>, status: u16, words: &str) -> Error {
    let Err(error) = outcome else {
        panic!("not refused");
    };
    assert_eq!(error.status(), Some(status), "{error}");
    let message = error.hub_message().unwrap_or_default();
    assert!(
        message.contains(words),
        "{message:?} does not hold {words:?}"
    );
    error
}
