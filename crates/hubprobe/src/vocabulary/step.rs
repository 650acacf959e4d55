//! The names of the steps: the things a person does with a hub.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that a person does. They always run in this order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum StepName {
    /// A JupyterHub answers at the URL.
    Reach,
    /// The hub knows the token, and it may do what the probe needs.
    Identify,
    /// A server is asked for and becomes ready.
    Spawn,
    /// The server answers through the proxy, as this account, and it is ours.
    Open,
    /// The page that a person would open comes, with all that it loads; only where
    /// the probe asks for it.
    Lab,
    /// A kernel starts and speaks over the websocket.
    Kernel,
    /// Code runs and says what it should.
    Execute,
    /// The kernel finds around it what should be there; only where the probe asks for
    /// it.
    Environment,
    /// The server got the spawn options that were asked for; only where the probe asks
    /// for it.
    #[serde(rename = "options-honoured")]
    OptionsHonoured,
    /// Notebooks run cell by cell, each in a kernel of its own, and show what they should;
    /// only where the probe asks for it.
    Notebook,
    /// A file is written to the home, read back and deleted; only where the probe
    /// asks for it.
    Files,
    /// A file in the home survives a restart of the server; only where the probe asks
    /// for it.
    Persist,
    /// The hub is asked to stop the server, and does.
    Stop,
    /// The server is gone from the hub's model and from the proxy.
    Gone,
}

impl StepName {
    /// All steps, in the order in which they run.
    pub const ALL: [Self; 14] = [
        Self::Reach,
        Self::Identify,
        Self::Spawn,
        Self::Open,
        Self::Lab,
        Self::Kernel,
        Self::Execute,
        Self::Environment,
        Self::OptionsHonoured,
        Self::Notebook,
        Self::Files,
        Self::Persist,
        Self::Stop,
        Self::Gone,
    ];

    /// The word that stands in reports and suites.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reach => "reach",
            Self::Identify => "identify",
            Self::Spawn => "spawn",
            Self::Open => "open",
            Self::Lab => "lab",
            Self::Kernel => "kernel",
            Self::Execute => "execute",
            Self::Environment => "environment",
            Self::OptionsHonoured => "options-honoured",
            Self::Notebook => "notebook",
            Self::Files => "files",
            Self::Persist => "persist",
            Self::Stop => "stop",
            Self::Gone => "gone",
        }
    }
}

impl std::fmt::Display for StepName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}
