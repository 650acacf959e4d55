//! Where things are kept: environments in a cache that may be deleted at any time, sandboxes in a state directory.
//!
//! Follows the XDG base directory specification: variables that are unset, empty or relative count as absent.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Error;

/// The two directories that this crate writes to. Neither needs to exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Installed environments, safe to delete while no sandbox runs.
    pub cache: PathBuf,
    /// One directory for each sandbox.
    pub state: PathBuf,
}

impl Places {
    /// `$XDG_CACHE_HOME/hubprobe` (default `~/.cache/hubprobe`) and `$XDG_STATE_HOME/hubprobe/sandbox` (default
    /// `~/.local/state/hubprobe/sandbox`).
    ///
    /// # Errors
    /// [`Error::NoHome`] when neither the variable nor `HOME` is an absolute path.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let absolute = |name: &str| {
            lookup(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let place = |variable: &'static str, below_home: &str, what| {
            absolute(variable)
                .or_else(|| absolute("HOME").map(|home| home.join(below_home)))
                .ok_or(Error::NoHome { what, variable })
        };
        Ok(Self {
            cache: place("XDG_CACHE_HOME", ".cache", "environments")?.join("hubprobe"),
            state: place("XDG_STATE_HOME", ".local/state", "sandboxes")?.join("hubprobe/sandbox"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(pairs: &[(&str, &str)]) -> Result<Places, Error> {
        Places::from_lookup(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn xdg_wins_over_home() {
        let found = places(&[
            ("HOME", "/h"),
            ("XDG_CACHE_HOME", "/c"),
            ("XDG_STATE_HOME", "/s"),
        ])
        .unwrap();
        assert_eq!(found.cache, PathBuf::from("/c/hubprobe"));
        assert_eq!(found.state, PathBuf::from("/s/hubprobe/sandbox"));
    }

    #[test]
    fn defaults_are_below_home_and_relative_paths_are_ignored() {
        let found = places(&[
            ("HOME", "/h"),
            ("XDG_CACHE_HOME", "relative"),
            ("XDG_STATE_HOME", ""),
        ])
        .unwrap();
        assert_eq!(found.cache, PathBuf::from("/h/.cache/hubprobe"));
        assert_eq!(
            found.state,
            PathBuf::from("/h/.local/state/hubprobe/sandbox")
        );
    }

    #[test]
    fn without_any_the_error_names_the_variable() {
        let error = places(&[("XDG_CACHE_HOME", "/c")]).unwrap_err();
        assert!(error.to_string().contains("XDG_STATE_HOME"), "{error}");
    }
}
