//! What is kept on disk of a sandbox, so that any process may find it, use it and end it.
//!
//! Holds process ids with start times, ports and paths. No token: those are in files of their own.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::process::Identity;
use crate::slurm::Slurm;
use crate::{Error, SingleUser, files};

const FILE: &str = "sandbox.json";

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    /// Somebody is starting it.
    Starting,
    /// It has been up.
    Up,
}

/// The file's content.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    /// The marker's value.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) hub_version: String,
    pub(crate) single_user: SingleUser,
    pub(crate) base_url: String,
    pub(crate) faults: bool,
    /// Standing faults, as `NAME[:ARGUMENT]`.
    #[serde(default)]
    pub(crate) standing: Vec<String>,
    pub(crate) extra_config: Vec<PathBuf>,
    pub(crate) dies_with_parent: bool,
    /// The process that made it.
    pub(crate) parent: Identity,
    pub(crate) since: jiff::Timestamp,
    pub(crate) phase: Phase,
    pub(crate) ports: Ports,
    /// Python of its environment.
    pub(crate) python: PathBuf,
    /// The single-user server of the fault `old_server`, where the sandbox was made with it.
    #[serde(default)]
    pub(crate) old_server: Option<PathBuf>,
    /// Its Slurm, where it was made with one.
    #[serde(default)]
    pub(crate) slurm: Option<Slurm>,
    pub(crate) node: PathBuf,
    pub(crate) proxy_script: PathBuf,
    pub(crate) hub: Option<Identity>,
    pub(crate) proxy: Option<Identity>,
}

/// Where it listens, all on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Ports {
    /// The proxy, for people.
    pub(crate) public: u16,
    /// The proxy's own interface, for the hub.
    pub(crate) api: u16,
    pub(crate) hub: u16,
}

impl State {
    /// The state in this directory; `None` when there is none.
    pub(crate) fn load(directory: &Path) -> Result<Option<Self>, Error> {
        let path = directory.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(source) => return Err(files::error("read", &path, source)),
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| Error::State {
                path,
                reason: error.to_string(),
            })
    }

    pub(crate) fn save(&self, directory: &Path) -> Result<(), Error> {
        let path = directory.join(FILE);
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::State {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        files::write_private(&path, &text)
    }

    /// Nobody needs it any more: why, or `None`.
    pub(crate) fn leftover(&self) -> Option<&'static str> {
        let maker_lives = self.parent.is_alive();
        let alive = |process: Option<Identity>| process.is_some_and(Identity::is_alive);
        match self.phase {
            Phase::Starting if maker_lives => None,
            Phase::Starting => Some("its start was cut short"),
            Phase::Up if self.dies_with_parent && !maker_lives => {
                Some("the process that made it is gone")
            }
            Phase::Up if !(alive(self.hub) || self.dies_with_parent && maker_lives) => {
                Some("its hub is dead")
            }
            Phase::Up => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let me = Identity::of(std::process::id()).unwrap();
        State {
            id: "id".into(),
            name: "n".into(),
            hub_version: "6.1.1".into(),
            single_user: SingleUser::Light,
            base_url: "/".into(),
            faults: false,
            standing: Vec::new(),
            extra_config: Vec::new(),
            dies_with_parent: true,
            parent: me,
            since: jiff::Timestamp::UNIX_EPOCH,
            phase: Phase::Up,
            ports: Ports {
                public: 1,
                api: 2,
                hub: 3,
            },
            python: "/p".into(),
            old_server: None,
            slurm: None,
            node: "/n".into(),
            proxy_script: "/s".into(),
            hub: Some(me),
            proxy: None,
        }
    }

    #[test]
    fn state_survives_the_disk_and_rubbish_is_named() {
        let directory = tempfile::tempdir().unwrap();
        assert!(State::load(directory.path()).unwrap().is_none());
        state().save(directory.path()).unwrap();
        assert_eq!(
            State::load(directory.path()).unwrap().unwrap().ports,
            state().ports
        );
        std::fs::write(directory.path().join(FILE), "{\"id\": 1}").unwrap();
        let error = State::load(directory.path()).unwrap_err().to_string();
        assert!(
            error.contains("sandbox.json") && error.contains("remove"),
            "{error}"
        );
    }

    #[test]
    fn leftovers() {
        let gone = Identity {
            pid: std::process::id(),
            start: 1,
        };
        assert_eq!(state().leftover(), None);
        assert!(
            State {
                parent: gone,
                ..state()
            }
            .leftover()
            .is_some()
        );
        assert_eq!(
            State {
                parent: gone,
                dies_with_parent: false,
                ..state()
            }
            .leftover(),
            None
        );
        assert!(
            State {
                hub: Some(gone),
                dies_with_parent: false,
                ..state()
            }
            .leftover()
            .is_some()
        );
        // A test that has stopped the hub on purpose still holds its sandbox.
        assert_eq!(
            State {
                hub: Some(gone),
                ..state()
            }
            .leftover(),
            None
        );
        assert_eq!(
            State {
                phase: Phase::Starting,
                hub: None,
                ..state()
            }
            .leftover(),
            None
        );
        assert!(
            State {
                phase: Phase::Starting,
                parent: gone,
                hub: None,
                ..state()
            }
            .leftover()
            .is_some()
        );
    }
}
