//! Service accounts on a hub: a user that nobody logs in as, and an API token
//! for it in a file.
//!
//! [`create`] makes one, [`show`] says what the hub knows of it, [`revoke`]
//! takes its token away. What is half made stands in the ledger and is undone;
//! what is done leaves the ledger for the [`register`], which says for good
//! which tokens are ours. This room prints nothing: it gives back what was
//! done, or a [`Problem`], and the command shows it.

mod asking;
pub mod create;
pub mod expiry;
pub mod name;
mod problem;
mod proof;
mod refusal;
pub mod register;
pub mod revoke;
pub mod scopes;
pub mod show;
mod token_file;
mod trail;

pub use create::{Created, Out, Wanted, create};
pub use expiry::Expiry;
pub use problem::{Problem, Stopped};
pub use register::{Register, Registered};
pub use revoke::{Revoked, Which, revoke};
pub use show::{Shown, show};
