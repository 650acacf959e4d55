//! Service accounts on a hub: a user that nobody logs in as, and an API token
//! for it in a file.
//!
//! [`create`] makes one, [`show`] says what the hub knows of it, [`rotate`] puts a
//! new token in place of the old one, [`revoke`] takes its tokens away, [`delete`]
//! itself; [`doctor`] says what is wrong with one; [`auth_state`] is about the login secrets of an account that never logs
//! in. What is half made stands in the ledger and is undone;
//! what is done leaves the ledger for the [`register`], which says for good
//! which tokens are ours. This room prints nothing: it gives back what was
//! done, or a [`Problem`], and the command shows it.

mod alone;
mod asking;
pub mod auth_state;
pub mod create;
pub mod delete;
pub mod demote;
pub mod doctor;
mod earlier;
pub mod expiry;
pub mod hub_config;
pub mod name;
mod problem;
mod proof;
mod refusal;
pub mod register;
mod replaced;
pub mod revoke;
pub mod rotate;
pub mod scopes;
pub mod show;
mod successor;
mod token_file;
mod trail;

pub use asking::hub_version;
pub use create::{Created, Out, Wanted, create};
pub use delete::{Deleted, delete};
pub use expiry::Expiry;
pub use problem::{Problem, Stopped};
pub use register::{Register, Registered};
pub use revoke::{Revoked, Which, revoke};
pub use rotate::{Rotated, Rotating, rotate};
pub use show::{Shown, show};
