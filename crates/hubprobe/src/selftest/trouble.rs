//! Why a case could not be brought about: our own side, never what a check said.

/// Why a case could not be brought about.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Trouble {
    /// A hub did not come up, or did not do what its admin asked.
    #[error("the sandbox: {0}")]
    Sandbox(String),
    /// A file or a process.
    #[error("{0}")]
    Local(String),
    /// Asked to end.
    #[error("interrupted")]
    Interrupted,
}

impl From<jupyterhub_sandbox::Error> for Trouble {
    fn from(error: jupyterhub_sandbox::Error) -> Self {
        Self::Sandbox(error.to_string())
    }
}

impl From<jupyterhub_client::Error> for Trouble {
    fn from(error: jupyterhub_client::Error) -> Self {
        Self::Sandbox(error.to_string())
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Local(error.to_string())
    }
}
