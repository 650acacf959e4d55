//! Listeners: what a person sees while a run goes on.
//!
//! They know the words of [`crate::vocabulary`] and where they write, and
//! nothing of the engine or of each other.

mod bars;
mod lines;

pub use bars::Bars;
pub use lines::Lines;
