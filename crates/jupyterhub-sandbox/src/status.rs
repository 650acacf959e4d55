//! What is seen of a sandbox from outside: which of its processes run. Plain data, for people and for reports.

/// A process that a sandbox should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// It runs.
    Running {
        /// Its process id.
        pid: u32,
    },
    /// It does not.
    Stopped,
}

impl Process {
    /// Its process id, if it runs.
    #[must_use]
    pub fn pid(self) -> Option<u32> {
        match self {
            Self::Running { pid } => Some(pid),
            Self::Stopped => None,
        }
    }
}

/// A single-user server's process, found by the environment that the hub gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerProcess {
    /// The user.
    pub user: String,
    /// The server's name, empty for the default server.
    pub server: String,
    /// Its process id.
    pub pid: u32,
}

/// A sandbox as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The hub.
    pub hub: Process,
    /// The proxy.
    pub proxy: Process,
    /// Single-user servers, whether or not the hub knows them.
    pub servers: Vec<ServerProcess>,
    /// When the sandbox was made.
    pub since: jiff::Timestamp,
    /// It was to end with the process that made it, which is gone.
    pub stale: bool,
}

/// What ending a sandbox took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Down {
    /// The processes that were ended: id and what it was (`hub`, `proxy`, `front`, `server of NAME`, or the program's name).
    pub ended: Vec<(u32, String)>,
}

/// A leftover that [`sweep`](crate::sweep) ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// The sandbox's name.
    pub name: String,
    /// Why it was taken for a leftover.
    pub why: &'static str,
    /// What was ended.
    pub down: Down,
}
