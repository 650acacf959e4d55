//! A real local JupyterHub, for tests and for looking: installed from PyPI, with configurable-http-proxy from npm, on loopback.
//!
//! [`Sandbox::up`] installs what is missing into a cache, starts hub and proxy on ports that the system gives, and returns when
//! the hub answers through the proxy. [`Sandbox::down`] ends every process that came of it. Whoever holds a [`Sandbox`] holds no
//! process: all that is known is on disk, so another process may find it and end it, and [`sweep`] ends what was left behind.
//!
//! With [`Spec::slurm`] its servers are jobs of a real Slurm that is started and ended with it.
//!
//! It is not a way to run a JupyterHub for people: anybody who reaches the loopback address can log in as anybody.
//! It works on Linux only, since it finds processes in `/proc`. It never prints: progress goes to a callback.

mod config;
mod deeds;
mod end;
mod environment;
mod error;
mod fault;
mod files;
pub mod front;
mod launch;
mod listening;
mod modules;
mod npm;
mod places;
mod process;
mod proxy;
mod python;
mod releases;
mod run;
mod sandbox;
mod slurm;
mod spec;
mod state;
mod status;
mod sweep;
mod up;

pub use deeds::DatabaseLock;
pub use error::Error;
pub use fault::{Fault, FaultKind, Place, fault_kinds};
pub use front::{Front, OwnFront};
pub use modules::Modules;
pub use npm::{Installed, Package};
pub use places::Places;
pub use releases::{NEWEST_KNOWN_GOOD, known_versions};
pub use sandbox::Sandbox;
pub use slurm::{SLURM_ACCOUNT, SLURM_RESERVATION};
pub use spec::{Node, Progress, SingleUser, Spec};
pub use status::{Down, Process, ServerProcess, Status, Swept};
pub use sweep::sweep;
