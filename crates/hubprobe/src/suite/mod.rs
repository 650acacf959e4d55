//! What to test: hubs, accounts, probes, from a suite file or from flags.
//!
//! Everything here is data. Reading a suite looks at the suite file and at what
//! it names, and nothing else: variables of the environment and files that its
//! texts ask for, and whether a `ca_file` is there. No request is sent, no token
//! is read, no clock is asked. What comes out is a [`Probe`], resolved to the point where the engine can walk it
//! without asking again; what goes wrong is a [`SuiteError`] with file, line,
//! column, reason and remedy, before anything has happened on a hub.
//!
//! It is not the place where flags and environment are weighed against the
//! suite (that is the command line's), nor where a token comes out of its
//! [`SecretSource`].

mod budget;
mod deadlines;
mod defaults;
mod document;
mod duration;
mod environment;
mod error;
mod expect;
mod extends;
mod fields;
mod hub_url;
mod hubs;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
mod listing;
mod load;
mod masked;
mod matrix;
mod nearest;
mod node_time;
mod notebooks;
mod options;
mod parts;
mod probes;
mod raw;
mod resolved;
mod retries;
mod scalar;
mod scheduler;
mod schema;
mod seats;
mod size;
mod sources;
mod steps;
mod tags;
mod variables;
mod walker;

pub use crate::vocabulary::SecretSource;
pub use deadlines::{DeadlineName, Deadlines, parse_deadline};
pub use duration::{format_duration, parse_duration};
pub use environment::{Access, EnvironmentStep};
pub use error::{MOST_TOLD, OptionError, Place, SuiteError, UrlError};
pub use expect::Expect;
pub use hub_url::hub_url;
pub use listing::{as_json, as_text};
pub use load::{lint, load};
pub(crate) use masked::{masked, masked_words};
pub(crate) use nearest::nearest;
pub use node_time::NodeTime;
pub use notebooks::NotebookStep;
pub use options::{parse_option, parse_options_object};
pub(crate) use raw::Raw;
pub use resolved::{Account, ExecuteStep, FilesStep, Hub, KernelStep, LabStep, Probe, Suite};
pub use retries::Retries;
pub use scheduler::SchedulerHook;
pub use schema::schema;
pub use seats::Seat;
pub use size::{format_size, parse_size};

#[cfg(test)]
mod tests;
