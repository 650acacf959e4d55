//! The hubs that tests share: one a version, started on demand, ended at the
//! end. On each lives a human with a default and a named server, which must
//! still be there, unharmed, after everything.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use jupyterhub_client::{Hub, Settings, Token, Url};
use jupyterhub_sandbox::{Places, Sandbox, SingleUser, Spec, sweep};

/// A person whose servers nobody may touch.
pub const HUMAN: &str = "ada";

const VERSIONS: &str = "6.1.1,5.5.4,4.1.6";

/// Of these, what every version must do, with HUBPROBE_TEST=all.
const OLD: &[&str] = &["3.1.1", "2.3.1"];

/// JupyterHub 2 takes no notice of the scopes that a token is to have: each holds all that its owner may.
pub fn limits_tokens(version: &str) -> bool {
    !version.starts_with("2.")
}

pub struct Hubs {
    versions: Vec<String>,
    old: Vec<String>,
    state: tempfile::TempDir,
    running: BTreeMap<String, OnceLock<Running>>,
    own: Mutex<Vec<Sandbox>>,
}

pub struct Running {
    pub sandbox: Sandbox,
    /// When the human's servers were started: their births.
    human: BTreeMap<String, jiff::Timestamp>,
}

impl Hubs {
    pub fn new() -> Self {
        let chosen = std::env::var("HUBPROBE_TEST_VERSIONS").ok();
        let all = std::env::var("HUBPROBE_TEST").is_ok_and(|value| value == "all");
        let old = if all && chosen.is_none() { OLD } else { &[] };
        let old: Vec<String> = old.iter().map(|&version| version.to_owned()).collect();
        let versions = chosen.unwrap_or(VERSIONS.to_owned());
        let versions: Vec<String> = versions.split(',').map(str::to_owned).collect();
        Self {
            running: versions
                .iter()
                .chain(&old)
                .map(|version| (version.clone(), OnceLock::new()))
                .collect(),
            versions,
            old,
            state: tempfile::tempdir().unwrap(),
            own: Mutex::new(Vec::new()),
        }
    }

    pub fn versions(&self) -> &[String] {
        &self.versions
    }

    /// Versions that only the slow run looks at.
    pub fn old(&self) -> &[String] {
        &self.old
    }

    /// The shared hub of a version.
    pub fn of(&self, version: &str) -> &Running {
        self.running[version].get_or_init(|| {
            let spec = Spec {
                name: format!("v{version}"),
                ..self.spec(version)
            };
            let sandbox = self.start(&spec);
            let human = human_moves_in(&sandbox);
            Running { sandbox, human }
        })
    }

    /// What all hubs of these tests have in common.
    pub fn spec(&self, version: &str) -> Spec {
        Spec {
            hub_version: version.to_owned(),
            single_user: SingleUser::Light,
            faults: true,
            dies_with_parent: true,
            ..Spec::default()
        }
    }

    /// A hub for one test alone; ended at the end at the latest.
    pub fn own(&self, spec: &Spec) -> Sandbox {
        let sandbox = self.start(spec);
        let mut own = self.own.lock().unwrap();
        own.push(Sandbox::find(&self.places(), &spec.name).unwrap().unwrap());
        sandbox
    }

    fn places(&self) -> Places {
        Places {
            state: self.state.path().to_path_buf(),
            ..Places::from_env().unwrap()
        }
    }

    fn start(&self, spec: &Spec) -> Sandbox {
        let mut quiet = |_: jupyterhub_sandbox::Progress<'_>| {};
        let up = block_on(Sandbox::up(&self.places(), spec, &mut quiet));
        // As people read it: what is missing, and how to get it.
        up.unwrap_or_else(|error| panic!("{error}"))
    }

    /// What happened to the humans on the hubs that ran.
    pub fn humans_lost(&self) -> Vec<String> {
        let mut lost = Vec::new();
        for (version, running) in &self.running {
            let Some(running) = running.get() else {
                continue;
            };
            let now = births(&running.sandbox);
            if now != running.human {
                lost.push(format!(
                    "{version}: a human's servers were harmed: {:?} became {now:?}",
                    running.human
                ));
            }
        }
        lost
    }

    /// Ends all hubs; what went wrong with that.
    pub fn down(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let shared = self.running.values().filter_map(OnceLock::get);
        let own = self.own.lock().unwrap();
        for sandbox in shared.map(|running| &running.sandbox).chain(own.iter()) {
            if let Err(error) = block_on(sandbox.down()) {
                complaints.push(format!("{}: {error}", sandbox.name()));
            }
        }
        match block_on(sweep(&self.places())) {
            Ok(swept) if swept.is_empty() => {}
            Ok(swept) => complaints.push(format!("left behind: {swept:?}")),
            Err(error) => complaints.push(error.to_string()),
        }
        // Empty, if nothing is left.
        if let Err(error) = std::fs::remove_dir(self.state.path()) {
            complaints.push(format!("{}: {error}", self.state.path().display()));
        }
        complaints
    }
}

/// The hub as its admin sees it.
pub fn admin(sandbox: &Sandbox) -> Hub {
    let mut settings = Settings::new(sandbox.url().parse::<Url>().unwrap());
    let token = std::fs::read_to_string(sandbox.admin_token_file()).unwrap();
    settings.token = Some(Token::parse(&token).unwrap());
    Hub::new(settings).unwrap()
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Looks again and again until it is there.
pub fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(began.elapsed() < limit, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn human_moves_in(sandbox: &Sandbox) -> BTreeMap<String, jiff::Timestamp> {
    let hub = admin(sandbox);
    block_on(async {
        hub.create_user(HUMAN).await.unwrap();
        for server in ["", "thesis"] {
            let options = serde_json::json!({});
            hub.start_server(HUMAN, server, &options, Duration::from_secs(60))
                .await
                .unwrap();
        }
    });
    wait_for("the human's servers", Duration::from_secs(60), || {
        let user = block_on(hub.user(HUMAN, false)).unwrap().value;
        let servers = user.servers.unwrap();
        (servers.len() == 2 && servers.values().all(|server| server.ready)).then_some(())
    });
    births(sandbox)
}

fn births(sandbox: &Sandbox) -> BTreeMap<String, jiff::Timestamp> {
    let user = block_on(admin(sandbox).user(HUMAN, false)).unwrap().value;
    let servers = user.servers.unwrap_or_default();
    servers
        .into_iter()
        .filter(|(_, server)| server.ready)
        .filter_map(|(name, server)| Some((name, server.started?)))
        .collect()
}

/// A directory for a test.
pub fn directory() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_path_buf();
    (dir, path)
}
