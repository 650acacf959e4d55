//! Layer 10: a stop that was not one, as far as a visit itself can see.
//!
//! What the hub and the proxy say of a stop is judged where servers are taken
//! back (`undo`). Here is what only a visit knows: it was there before, and it
//! held a connection.

use super::excerpt;
use crate::vocabulary::{Cause, Finding};

/// The finding for a server whose kernel still answers on a connection that was
/// open before the stop. Hubs answer 204 and forget a server also where the
/// spawner's stop failed (JupyterHub 2 to 6, handlers/base.py,
/// `stop_single_user`).
pub fn survived(server: &str) -> Finding {
    Finding::new(
        Cause::StopSurvived,
        format!("the hub says that {server} is stopped, but its process lives on"),
    )
    .seen("its kernel still answers on the websocket that was open before the stop")
    .seen("neither the hub's model nor the proxy shows it any more, so nothing will end it")
}

/// The finding for a server that the hub calls stopped, and whose job the
/// scheduler still has: what the suite's command said of it.
pub fn still_queued(server: &str, command: &str, said: &str) -> Finding {
    Finding::new(
        Cause::StopSurvived,
        format!("the hub says that {server} is stopped, but the scheduler still has its job"),
    )
    .seen(format!("{command}: {}", excerpt(said)))
    .seen("neither the hub's model nor the proxy shows it any more, so nothing will end it")
}
