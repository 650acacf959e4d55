//! Lengths of time, as the schema has them.

use schemars::JsonSchema;

/// How long each part may take, as in 90s, 5m, 1h30m or 250ms; above zero and 7d at most.
#[derive(JsonSchema)]
#[schemars(rename = "Deadlines", deny_unknown_fields)]
pub(super) struct DeadlinesFile {
    /// An answer to the first request; 10s.
    reach: Option<Time>,
    /// A server that is ready; 5m.
    start: Option<Time>,
    /// The wait in a scheduler's queue, during which start stands still; 20m.
    queue: Option<Time>,
    /// The server's answer through the proxy; 30s.
    open: Option<Time>,
    /// The page that a person would open, with all that it loads; 60s.
    lab: Option<Time>,
    /// A kernel that answers; 60s.
    kernel: Option<Time>,
    /// Each piece of code; 60s.
    execute: Option<Time>,
    /// Writing, reading back and deleting a file; 60s.
    files: Option<Time>,
    /// A server that is gone; 2m.
    stop: Option<Time>,
    /// The whole visit; the sum of the others and 30s where it is left out, and what a restart may take.
    total: Option<Time>,
}

/// A length of time: whole numbers with d, h, m, s or ms.
#[derive(JsonSchema)]
pub(super) struct Time(
    #[schemars(regex(pattern = r"^\s*(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?\s*$|\$\{"), length(min = 2), extend("examples" = ["90s", "5m", "1h30m"]))]
     String,
);
