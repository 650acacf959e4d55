//! The words that all rooms share: causes and findings, verdicts, steps,
//! events, and the run that events add up to.
//!
//! Plain data, no doing: nothing here opens a file, asks a clock or speaks to
//! a network. What is said here is a contract: the codes of [`cause`] and the
//! shape of [`run`] are what dashboards, alerts and tests match on.

pub mod cause;
mod days;
pub mod event;
pub mod finding;
pub mod plain;
pub mod run;
mod secret_source;
pub mod shell;
pub mod step;
pub mod target;
pub mod verdict;

pub use cause::{Blame, Cause};
pub use days::in_days;
pub use event::{Event, VisitId, What};
pub use finding::Finding;
pub use run::Run;
pub use secret_source::SecretSource;
pub use step::StepName;
pub use target::Target;
pub use verdict::Verdict;
