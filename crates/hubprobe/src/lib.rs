//! hubprobe tests JupyterHub deployments with service accounts that have no
//! password, and names what is wrong in plain words.
//!
//! The flow, in one breath: a suite file or flags become probes ([`suite`]),
//! the [`engine`] walks each probe's steps over a hub and says what happens as
//! events, everything that shows or keeps something listens to these events
//! ([`dispatch`], [`listen`]), and a finished run ([`vocabulary::run`]) becomes
//! reports ([`report`]). What a visit makes for itself stands in a ledger
//! before it is made, and is taken back by one piece of code ([`undo`]).
//!
//! This library exists for the `hubprobe` binary and its tests. The client of
//! JupyterHub, which knows nothing of tests, is the crate `jupyterhub-client`.

pub mod account;
pub mod artifacts;
pub mod cli;
pub mod connect;
pub mod diagnose;
pub mod dispatch;
pub mod engine;
pub mod explain;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod hook;
pub mod journal;
pub mod listen;
pub mod means;
pub mod notebook;
pub mod report;
pub mod selftest;
pub mod suite;
pub mod undo;
pub mod vocabulary;
