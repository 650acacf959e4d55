//! The hubs that pages are tried on: each kind once, started when a page first wants it, ended at the end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use jupyterhub_client::{Hub, NewToken, Settings, Token, Url};
use jupyterhub_sandbox::{Places, Sandbox, SingleUser, Spec, sweep};

/// Kinds of hubs, as pages name them (`<!-- hub: slurm -->`).
pub const KINDS: [&str; 4] = ["plain", "lab", "slurm", "firecrest"];

/// Login secrets are kept, as pages show them; nobody logs in through OAuth.
const KEEPS_SECRETS: &str =
    "c.Authenticator.enable_auth_state = True\nc.CryptKeeper.keys = [32 * b'k']\n";

/// What the page of batchspawner has the hub told, for every user: the state of one's own server.
const SHOWS_STATE: &str = "c.JupyterHub.load_roles = [*c.JupyterHub.load_roles, {\"name\": \"user\", \"scopes\": [\"self\", \
                           \"admin:server_state!user\"]}]\n";

pub struct Hubs {
    state: tempfile::TempDir,
    running: BTreeMap<&'static str, OnceLock<Sandbox>>,
}

impl Hubs {
    pub fn new() -> Self {
        let running = KINDS.map(|kind| (kind, OnceLock::new()));
        Self {
            state: tempfile::tempdir().unwrap(),
            running: running.into(),
        }
    }

    pub fn of(&self, kind: &str) -> &Sandbox {
        self.running[kind].get_or_init(|| {
            let standing = match kind {
                "firecrest" => vec!["firecrest".parse().unwrap()],
                _ => Vec::new(),
            };
            let spec = Spec {
                name: kind.to_owned(),
                single_user: match kind {
                    "plain" | "slurm" => SingleUser::Light,
                    _ => SingleUser::Lab,
                },
                slurm: kind == "slurm",
                faults: matches!(kind, "plain" | "lab"),
                standing,
                extra_config_text: Some(match kind {
                    "slurm" => SHOWS_STATE.to_owned(),
                    _ => KEEPS_SECRETS.to_owned(),
                }),
                dies_with_parent: true,
                ..Spec::default()
            };
            let up = block_on(Sandbox::up(&self.places(), &spec, &mut |_| {}));
            up.unwrap_or_else(|error| panic!("{error}"))
        })
    }

    fn places(&self) -> Places {
        Places {
            state: self.state.path().to_path_buf(),
            ..places()
        }
    }

    /// Ends all hubs; what went wrong with that.
    pub fn down(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for sandbox in self.running.values().filter_map(OnceLock::get) {
            if let Err(error) = block_on(sandbox.down()) {
                complaints.push(format!("{}: {error}", sandbox.name()));
            }
        }
        match block_on(sweep(&self.places())) {
            Ok(swept) if swept.is_empty() => {}
            Ok(swept) => complaints.push(format!("left behind: {swept:?}")),
            Err(error) => complaints.push(error.to_string()),
        }
        complaints
    }
}

pub fn places() -> Places {
    Places::from_env().unwrap()
}

/// The hub as who holds this token sees it.
pub fn hub(url: &str, token: &str) -> Hub {
    let mut settings = Settings::new(url.parse::<Url>().unwrap());
    settings.token = Token::parse(token).ok();
    Hub::new(settings).unwrap()
}

/// A token of a user who is an administrator; the user is made where it is missing.
pub fn administrator(sandbox: &Sandbox, name: &str) -> String {
    let token = std::fs::read_to_string(sandbox.admin_token_file()).unwrap();
    let hub = hub(sandbox.url(), &token);
    block_on(async {
        // It may be there already.
        hub.create_user(name).await.ok();
        hub.set_admin(name, true).await.unwrap();
        let new = NewToken {
            note: "documented".to_owned(),
            expires_in: Some(Duration::from_secs(86_400)),
            ..NewToken::default()
        };
        let minted = hub.create_token(name, &new).await.unwrap();
        minted.token.expose().to_owned()
    })
}

/// Whether the hub takes the token, for an administrator where one is wanted.
pub fn is_good(url: &str, file: &PathBuf, admin: bool) -> bool {
    let Ok(token) = std::fs::read_to_string(file) else {
        return false;
    };
    let who = block_on(hub(url, &token).whoami());
    who.is_ok_and(|who| !admin || who.value.admin == Some(true))
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
