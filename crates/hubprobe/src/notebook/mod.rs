//! Notebooks as data: what stands in a file of nbformat 4, which of its cells run and what is wanted of each, how outputs are
//! compared, and what a notebook looks like once it has run.
//!
//! Two programs that people know set the rules, so that a verdict here is theirs. Without a comparison they are nbclient's: a cell
//! that raises fails unless its tag allows it. With one they are nbval's (0.11), down to what it passes over. Where these two
//! differ (each has marks that the other does not know), the kind of comparison says whose rules hold; they are not mixed.
//!
//! Nothing here runs anything, reads a file or speaks to a kernel.

mod compare;
mod executed;
mod format;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
mod marks;
mod pattern;
mod sanitize;
mod template;

pub use compare::{Difference, compare, size};
pub use executed::{Executed, LARGEST_OUTPUTS};
pub use format::{Cell, LARGEST, Notebook};
pub use marks::{Compare, Duty};
pub use sanitize::{LARGEST_TEXT, MOST_RULES, Rule, in_nbval_s_format, sanitized};
