//! A hub by script: what a real one does only on a bad day, as often and as exactly as a test wants it.
//!
//! Two halves. [`FakeHub`] answers as a JupyterHub and its Jupyter servers do, out of a [`World`] that a test can
//! look into and change. The [`Gate`] is a listener in front of it (or of a real hub): it reads the head of each
//! request, and lets it through, or does what a [`Rule`] says: falls silent, cuts, drips, floods, lies.
//!
//! It is for torture tests and load benchmarks. What a JupyterHub really does is tested on real ones.

mod api;
mod gate;
mod hub;
mod notebook;
mod script;
mod world;

pub use gate::{Act, Closer, Gate, Moment, Pace, Passing, Place, Rule, Spoil, Then, frames};
pub use hub::FakeHub;
pub use script::{Kernel, Script, Stop};
pub use world::{Account, Minted, Running, World};
