//! What the hub does with a spawn and a stop, and how long it takes.

use std::time::Duration;

/// How the hub behaves; can be changed while it runs.
#[derive(Debug, Clone)]
pub struct Script {
    /// The version that it says it is.
    pub version: String,
    /// From the start request to a server that is ready.
    pub spawn: Duration,
    /// A start request is answered when the server is ready, or after so long (JupyterHub's
    /// `slow_spawn_timeout`: 10 s).
    pub patience: Duration,
    /// What the progress stream says while the server starts.
    pub progress: Vec<String>,
    /// What becomes of a DELETE.
    pub stop: Stop,
    /// What the kernel does with code.
    pub kernel: Kernel,
    /// What was written to a home is there when its server is started again.
    pub homes_stay: bool,
    /// Said back in every answer: in errors, headers, redirects, progress messages and the kernel's output. For
    /// tests on secrets.
    pub echo: Option<String>,
}

/// What becomes of a DELETE of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// 204, and the server is gone.
    AtOnce,
    /// 202, and the server is gone after so long.
    After(Duration),
    /// 204, and the server stays, ready as before.
    Ignored,
    /// 204; the model is without it for so many looks, and then shows it again.
    Returns(u32),
    /// 204, and somebody has started another at once, with the same options.
    Replaced,
    /// 500, and the server stays.
    Fails,
}

/// What the kernel does with code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// What it can.
    Works,
    /// Prints pieces of so many bytes for ever, as part of the execution.
    Chatters(usize),
    /// Prints one text of so many bytes, and goes on as ever.
    PrintsOnce(usize),
    /// Is busy, and says nothing more.
    IsBusy,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            version: "6.1.1".to_owned(),
            spawn: Duration::from_millis(150),
            patience: Duration::from_secs(10),
            progress: vec![
                "Server requested".to_owned(),
                "Spawning server...".to_owned(),
            ],
            stop: Stop::AtOnce,
            kernel: Kernel::Works,
            homes_stay: true,
            echo: None,
        }
    }
}
