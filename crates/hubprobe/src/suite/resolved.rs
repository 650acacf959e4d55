//! A suite as the engine walks it: every name looked up, every default filled
//! in, every path made absolute or relative to where the command runs. Not the
//! shape of the file (that is `file`), and without line numbers: what could be
//! wrong has been said by now.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use super::error::SuiteError;
use super::nearest::nearest;
use super::{
    Deadlines, EnvironmentStep, Expect, NodeTime, NotebookStep, Retries, SchedulerHook, Seat,
};
use crate::vocabulary::{SecretSource, StepName, Target};

/// One test: an account's walk over a hub, with everything that the walk needs to know.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The name in the suite, or one that the command line made up.
    pub name: String,
    /// The deployment under test.
    pub hub: Hub,
    /// Who walks.
    pub account: Account,
    /// The named server to start; empty for the default server, as JupyterHub's own API has it.
    pub server: String,
    /// The other seats that it may take, so that probes can be spread; empty where it has one.
    pub elsewhere: Vec<Seat>,
    /// Spawn options, sent as they stand (raw up to JupyterHub 5, as `user_options` from 6).
    pub options: Map<String, Value>,
    /// How long each part may take.
    pub deadlines: Deadlines,
    /// Which kernel is started.
    pub kernel: KernelStep,
    /// Code that runs after the nonce that every visit computes.
    pub execute: Vec<ExecuteStep>,
    /// How long a step may take before it is warned of.
    pub budgets: Vec<(StepName, Duration)>,
    /// What is to be found around the kernel; none: it is not looked for.
    pub environment: Option<EnvironmentStep>,
    /// Compare what became of the spawn options.
    pub options_honoured: bool,
    /// Notebooks that are run, in this order.
    pub notebooks: Vec<NotebookStep>,
    /// A file that is written and read back; none: the home is not tried.
    pub files: Option<FilesStep>,
    /// How the scheduler is asked why the server's job waits; none: only what the hub says of it is known.
    pub queue: Option<SchedulerHook>,
    /// How the scheduler is asked whether the server is gone; none: only the hub and the proxy are.
    pub gone: Option<SchedulerHook>,
    /// The words by which it is chosen, each once, in the order of the alphabet.
    pub tags: Vec<String>,
    /// The page that is looked at; none: it is not.
    pub lab: Option<LabStep>,
    /// When it is tried again.
    pub retries: Retries,
    /// Leave the server running at the end.
    pub keep: bool,
}

impl Probe {
    /// Whether the server is started again in the middle of the visit.
    #[must_use]
    pub fn restarts(&self) -> bool {
        self.files.is_some_and(|files| files.persist)
    }

    /// How long the whole visit may take.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.deadlines.whole(self.restarts())
    }

    /// What a copy costs, in bytes, roughly.
    pub(super) fn weight(&self) -> usize {
        let header =
            |(name, value): &(String, SecretSource)| name.len() + format!("{value:?}").len();
        let code = |step: &ExecuteStep| {
            step.code.len()
                + step
                    .expect
                    .as_ref()
                    .map_or(0, |expect| expect.words().len())
        };
        let seat = |seat: &Seat| {
            let token = format!("{:?}", seat.account.token).len();
            200 + seat.account.name.len() + seat.server.len() + token
        };
        let words = [
            Some(&self.name),
            Some(&self.server),
            self.hub.name.as_ref(),
            Some(&self.account.name),
            self.kernel.name.as_ref(),
            self.lab.as_ref().map(|lab| &lab.path),
        ];
        2_000
            + Value::Object(self.options.clone()).to_string().len()
            + words.into_iter().flatten().map(String::len).sum::<usize>()
            + self.hub.url.as_str().len()
            + self.hub.headers.iter().map(header).sum::<usize>()
            + format!("{:?}{:?}", self.account.token, self.hub.ca_file).len()
            + self.execute.iter().map(code).sum::<usize>()
            + self
                .notebooks
                .iter()
                .map(NotebookStep::weight)
                .sum::<usize>()
            + self
                .queue
                .iter()
                .chain(&self.gone)
                .flat_map(|hook| hook.command.iter().map(String::len))
                .sum::<usize>()
            + self.tags.iter().map(String::len).sum::<usize>()
            + self.elsewhere.iter().map(seat).sum::<usize>()
    }
}

/// One JupyterHub deployment and how to get to it.
#[derive(Clone, Debug)]
pub struct Hub {
    /// The name in the suite; none for a hub that was given by its URL alone.
    pub name: Option<String>,
    /// The hub's own URL, prefix included, always ending in `/`; `hub/api` comes after it.
    pub url: Url,
    /// PEM certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Headers for every request (access proxies); their values are secrets.
    pub headers: Vec<(String, SecretSource)>,
    /// After so many failed spawns in a row it ends itself, as its `consecutive_failure_limit` says; 0: never.
    pub failure_limit: u32,
}

impl Hub {
    /// What hubs of zero-to-jupyterhub have, and is believed of others until the suite says so.
    pub const USUAL_LIMIT: u32 = 5;
}

impl From<&Hub> for Target {
    fn from(hub: &Hub) -> Self {
        Self {
            url: hub.url.clone(),
            ca_file: hub.ca_file.clone(),
            headers: hub.headers.clone(),
        }
    }
}

/// A service account on a hub.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user's name on the hub.
    pub name: String,
    /// Where its token is.
    pub token: SecretSource,
    /// The operator's word that nobody but hubprobe uses it, so that leftovers on
    /// it may be taken away.
    pub dedicated: bool,
    /// When its token ends, where the one who made it has noted that.
    pub expires: Option<Timestamp>,
}

/// Settings of the step `lab`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabStep {
    /// The page below the server, without a slash before it: `lab`, `tree`, `lab/tree/x.ipynb`.
    pub path: String,
}

impl LabStep {
    /// Reads a path as it is typed.
    ///
    /// # Errors
    /// Why it is no path below a server.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let path = typed.trim().trim_start_matches('/');
        if path.contains("://") {
            return Err(format!(
                "{} is an address, and a path below the server is wanted",
                super::masked(typed)
            ));
        }
        if path.is_empty() || path.split('/').any(|part| part == "..") {
            return Err(format!("{typed:?} is no path below the server"));
        }
        Ok(Self {
            path: path.to_owned(),
        })
    }
}

impl Default for LabStep {
    fn default() -> Self {
        Self {
            path: "lab".to_owned(),
        }
    }
}

/// Settings of the kernel step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelStep {
    /// The kernelspec's name; none for the server's default.
    pub name: Option<String>,
}

/// Code to run in the kernel, and what it must print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecuteStep {
    /// The code.
    pub code: String,
    /// What standard output must be; none: it only has to run without an error.
    pub expect: Option<Expect>,
}

/// Settings of the step `files`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilesStep {
    /// The file's size, in bytes.
    pub size: u64,
    /// A small file must survive a restart of the server.
    pub persist: bool,
}

impl FilesStep {
    /// More than the body that nginx takes by default (1 MiB), which is what
    /// most often stands in the way of a notebook.
    pub const USUAL: u64 = 2 << 20;

    /// The largest file that is tried: it rides in JSON, in base64.
    pub const LARGEST: u64 = 32 << 20;
}

impl Default for FilesStep {
    fn default() -> Self {
        Self {
            size: Self::USUAL,
            persist: false,
        }
    }
}

/// A suite file that held what it should: its probes, in the order of the file.
#[derive(Clone, Debug)]
pub struct Suite {
    pub(super) source: PathBuf,
    pub(super) probes: Vec<Probe>,
    pub(super) node_time: Option<NodeTime>,
}

impl Suite {
    /// The file, as it was named.
    #[must_use]
    pub fn source(&self) -> &std::path::Path {
        &self.source
    }

    /// How much time of nodes all visits together may take.
    #[must_use]
    pub fn node_time(&self) -> Option<&NodeTime> {
        self.node_time.as_ref()
    }

    /// The names of all probes, in the order of the file.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.probes
            .iter()
            .map(|probe| probe.name.as_str())
            .collect()
    }

    /// The probes of these names, in the order asked for and each once; all of
    /// them, in the order of the file, when none is named.
    ///
    /// # Errors
    /// [`SuiteError`] when a name is not in the suite; it lists those that are, and the nearest.
    pub fn probes(&self, names: &[String]) -> Result<Vec<Probe>, SuiteError> {
        if names.is_empty() {
            return Ok(self.probes.clone());
        }
        let mut chosen: Vec<Probe> = Vec::with_capacity(names.len());
        for name in names {
            if chosen.iter().any(|probe| probe.name == *name) {
                continue;
            }
            match self.probes.iter().find(|probe| probe.name == *name) {
                Some(probe) => chosen.push(probe.clone()),
                None => return Err(self.unknown_probe(name)),
            }
        }
        Ok(chosen)
    }

    fn unknown_probe(&self, name: &str) -> SuiteError {
        let known = self.names();
        let mut remedy = format!("its probes are: {}", known.join(", "));
        if let Some(near) = nearest(name, &known) {
            remedy = format!("did you mean `{near}`? {remedy}");
        }
        SuiteError::whole(
            &self.source,
            format!("the suite has no probe named `{name}`"),
            remedy,
        )
    }
}
