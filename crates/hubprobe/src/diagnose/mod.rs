//! From what was seen to a finding: which layer failed, whose fault it is,
//! what to do.
//!
//! Pure: no network, no files, no clock. One file a layer, in the order in
//! which a visit meets them: [`reach`] (name, connection, TLS, proxy, hub),
//! [`token`] (who, which scopes), [`spawn`] (refusals and failures, by the
//! hub's own texts), [`server`] (route and access), [`kernel`]. Where nothing
//! fits, the layer's plain error with the evidence: a guess that sounds certain
//! is worse than that.

pub mod curl;
pub mod kernel;
pub mod queue;
pub mod reach;
pub mod scope;
pub mod server;
pub mod spawn;
pub mod token;

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
