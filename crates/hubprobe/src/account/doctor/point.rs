//! One thing that was looked at: how good it is, and what cures it. The cure is a command, or words; where it is the
//! hub's configuration, there is also a line of it for each kind of site.

use jupyterhub_client::HubVersion;

use crate::account::hub_config::{FLAVORS, Flavor, Lack, line};

/// How good a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// As it should be.
    Well,
    /// To mind.
    Mind,
    /// A check fails of it, or an account should not be so.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// How good it is.
    pub grade: Grade,
    /// What was seen.
    pub words: String,
    /// What cures it; a command, or where to look.
    pub cure: Option<String>,
    /// The line of configuration that cures it, for each kind of site; none where no configuration does.
    pub lines: Vec<(Flavor, String)>,
}

impl Point {
    pub(super) fn well(words: impl Into<String>) -> Self {
        Self {
            grade: Grade::Well,
            words: words.into(),
            cure: None,
            lines: Vec::new(),
        }
    }

    pub(super) fn bad(grade: Grade, words: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            grade,
            words: words.into(),
            cure: Some(cure.into()),
            lines: Vec::new(),
        }
    }

    /// With the lines of configuration that give the account what it lacks.
    pub(super) fn configured(
        mut self,
        lack: Lack,
        name: &str,
        version: Option<&HubVersion>,
    ) -> Self {
        let lines = FLAVORS.map(|flavor| (flavor, line(flavor, lack, name, version)));
        self.lines.extend(lines);
        self
    }

    /// With every text changed so.
    pub(super) fn map(self, change: impl Fn(&str) -> String) -> Self {
        let lines = self.lines.iter();
        Self {
            grade: self.grade,
            words: change(&self.words),
            cure: self.cure.as_deref().map(&change),
            lines: lines
                .map(|(flavor, text)| (*flavor, change(text)))
                .collect(),
        }
    }
}
