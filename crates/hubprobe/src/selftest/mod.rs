//! `hubprobe selftest`: hubprobe against hubs that are broken on purpose. Each case of the fault matrix is brought about on a
//! real hub of the sandbox, a check is run as an operator types it, and what it finds is compared with what it must find.
//!
//! The flow: [`matrix`] says which [`Case`]s there are, [`choose`] which of them are wanted, [`Plan::run`] runs them, several
//! at a time, each with an account, a token and a state directory of its own, on hubs that are started when their first case
//! wants them and ended after their last; [`table`] and [`page`] show the [`Outcome`]s. It judges by what the binary says and by what is
//! left on the hub, and knows nothing of how hubprobe comes to its findings.
//!
//! It never speaks to any hub but those that it starts, on loopback.

pub mod case;
mod choose;
mod deeds;
mod hubs;
pub mod kind;
pub mod matrix;
pub mod page;
mod place;
pub mod plan;
mod process;
pub mod table;
mod trouble;
mod verdict;
mod walk;
mod wording;
mod world;

pub use case::Case;
pub use choose::{UnknownCase, choose};
pub use plan::{Plan, Results, Told};
pub use trouble::Trouble;
pub use verdict::{Outcome, Seen};
