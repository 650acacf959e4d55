//! From what was seen to a finding: which layer failed, whose fault it is,
//! what to do.
//!
//! Pure: no network, no files, no clock. One file a layer, in the order in
//! which a visit meets them: [`reach`] (name, connection, TLS, proxy, hub),
//! [`token`] (who, which scopes), [`spawn`] (refusals and failures, by the
//! hub's own texts), [`server`] (route and access), [`kernel`]. Where nothing
//! fits, the layer's plain error with the evidence: a guess that sounds certain
//! is worse than that.

use jupyterhub_client::Error;

pub mod curl;
pub mod environment;
pub mod front;
pub mod header;
pub mod home;
pub mod hub;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
pub mod kernel;
pub mod kubernetes;
pub mod lab;
pub mod nearby;
pub mod notebook;
pub mod queue;
pub mod reach;
pub mod scheduler;
pub mod scope;
pub mod server;
pub mod spawn;
pub mod stop;
pub mod token;
pub mod walltime;

#[cfg(test)]
mod tests;

/// The first line of what a server said, cut to a length that a report can
/// hold.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 400;
    let text = text.trim();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Who has written an answer, as far as it says; for evidence.
fn server_of(error: &Error) -> String {
    let header = |name| error.head().and_then(|head| head.headers.get(name));
    match (header("server"), header("via")) {
        (Some(server), Some(via)) => format!("the answer says Server: {server}, Via: {via}"),
        (Some(server), None) => format!("the answer says Server: {server}"),
        (None, Some(via)) => format!("the answer says Via: {via}"),
        (None, None) => String::new(),
    }
}

/// The first line with something on it: of an error page, that is enough.
fn first_line(body: &str) -> String {
    let line = body.lines().map(str::trim).find(|line| !line.is_empty());
    line.map(|line| format!("it says: {}", excerpt(line)))
        .unwrap_or_default()
}
