//! The hubs that tests share: one a version, started on demand, ended at the end.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use futures_util::future::join_all;
use jupyterhub_sandbox::{Places, Sandbox, SingleUser, Spec, sweep};
use tokio::sync::OnceCell;

use crate::at::Residence;

const VERSIONS: &str = "6.1.1,5.5.4,4.1.6";

pub struct Hubs {
    versions: Vec<String>,
    state: tempfile::TempDir,
    running: BTreeMap<String, OnceLock<Running>>,
    own: Mutex<Vec<Sandbox>>,
}

pub struct Running {
    pub sandbox: Sandbox,
    /// A server for all tests that need one and leave it as it is.
    pub residence: OnceCell<Residence>,
}

impl Hubs {
    pub fn new() -> Self {
        let versions = std::env::var("HUBPROBE_TEST_VERSIONS").unwrap_or(VERSIONS.to_owned());
        let versions: Vec<String> = versions.split(',').map(str::to_owned).collect();
        Self {
            running: versions
                .iter()
                .map(|version| (version.clone(), OnceLock::new()))
                .collect(),
            versions,
            state: tempfile::tempdir().unwrap(),
            own: Mutex::new(Vec::new()),
        }
    }

    pub fn versions(&self) -> &[String] {
        &self.versions
    }

    pub fn newest(&self) -> &str {
        &self.versions[0]
    }

    /// The shared hub of a version.
    pub fn of(&self, version: &str) -> &Running {
        self.running[version].get_or_init(|| {
            let spec = Spec {
                name: format!("v{version}"),
                hub_version: version.to_owned(),
                ..self.spec()
            };
            Running {
                sandbox: block_on(self.start(&spec)),
                residence: OnceCell::new(),
            }
        })
    }

    /// What all hubs of these tests have in common.
    pub fn spec(&self) -> Spec {
        Spec {
            hub_version: self.newest().to_owned(),
            single_user: SingleUser::Light,
            faults: true,
            dies_with_parent: true,
            ..Spec::default()
        }
    }

    /// A hub for one test alone; ended at the end at the latest.
    pub async fn own(&self, spec: &Spec) -> Sandbox {
        let sandbox = self.start(spec).await;
        let again = Sandbox::find(&self.places(), &spec.name).unwrap().unwrap();
        self.own.lock().unwrap().push(again);
        sandbox
    }

    fn places(&self) -> Places {
        Places {
            state: self.state.path().to_path_buf(),
            ..Places::from_env().unwrap()
        }
    }

    async fn start(&self, spec: &Spec) -> Sandbox {
        let mut quiet = |_: jupyterhub_sandbox::Progress<'_>| {};
        Sandbox::up(&self.places(), spec, &mut quiet).await.unwrap()
    }

    /// Ends all hubs; what went wrong with that, and what was left.
    pub fn down(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let shared = self.running.values().filter_map(OnceLock::get);
        let own = self.own.lock().unwrap();
        let all = shared.map(|running| &running.sandbox).chain(own.iter());
        let downs = all.map(async |sandbox| {
            let down = sandbox.down().await;
            down.map_err(|error| format!("{}: {error}", sandbox.name()))
        });
        complaints.extend(
            block_on(join_all(downs))
                .into_iter()
                .filter_map(Result::err),
        );
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

pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
