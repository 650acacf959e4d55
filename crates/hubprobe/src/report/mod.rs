//! Reports: what a finished run looks like to a person, a program, a CI server.
//!
//! Each is a pure function of the [`Run`](crate::vocabulary::Run): no clock, no
//! network, no printing, no file. Where a report goes and in which colours is
//! decided elsewhere. A report never judges: verdicts and causes are in the run
//! by then.
//!
//! What a hub says is untrusted, and [`plain`] is the door through which it
//! gets into texts for terminals and XML.

pub mod annotations;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod nagios;
mod overview;
pub mod prometheus;
pub mod quiet;
pub mod tap;
pub mod terminal;

pub use crate::vocabulary::plain;
pub(crate) use wrap::wrap;

mod apart;
mod command;
mod conclusion;
mod failure;
mod left;
mod waterfall;
mod words;
mod wrap;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod snapshots;
