//! Taking back what a visit made for itself.
//!
//! Before anything is made on a hub it stands in the [`ledger`], on disk, so
//! that it can be undone whatever happens to this process. [`server`] and
//! [`credential`] take things back and look whether they are gone: a DELETE that answers 204
//! proves nothing. One piece of code, used by visits, by signals and by
//! `hubprobe clean` ([`clean`]).
//!
//! Never taken back: what was there before us, and what looks as if somebody
//! else had made it since.

pub mod birth;
pub mod clean;
pub mod credential;
pub mod entry;
mod gone;
pub mod ledger;
pub mod lock;
pub mod owner;
pub mod rotation;
mod route;
pub mod server;
pub mod stamp;
pub mod survivor;
pub mod unfinished;

pub use clean::{Cleaned, Outcome};
pub use entry::{Entry, Made, ServerMade};
pub use ledger::{Ledger, LedgerError};
pub use owner::Owner;
pub use rotation::Rotation;
pub use stamp::Stamp;
pub use survivor::Survivor;
