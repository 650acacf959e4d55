//! Lengths of time, as the schema has them.

use schemars::JsonSchema;

/// How long each part of a visit may take: above zero, and 7d at most.
#[derive(JsonSchema)]
#[schemars(rename = "Deadlines", deny_unknown_fields)]
pub(super) struct DeadlinesFile {
    /// From the first request to the hub's answer.
    #[schemars(extend("default" = "10s"))]
    reach: Option<Time>,
    /// From the start request to a server that is ready.
    #[schemars(extend("default" = "5m"))]
    start: Option<Time>,
    /// The wait in a scheduler's queue. While the server is pending, `start` stands still and this one runs.
    #[schemars(extend("default" = "20m"))]
    queue: Option<Time>,
    /// From a server that is ready to its answer through the proxy.
    #[schemars(extend("default" = "30s"))]
    open: Option<Time>,
    /// The page of the step `lab`, with all that it loads.
    #[schemars(extend("default" = "60s"))]
    lab: Option<Time>,
    /// From the request for a kernel to its first answer.
    #[schemars(extend("default" = "60s"))]
    kernel: Option<Time>,
    /// Each piece of code.
    #[schemars(extend("default" = "60s"))]
    execute: Option<Time>,
    /// Writing, reading back and deleting the file of the step `files`.
    #[schemars(extend("default" = "60s"))]
    files: Option<Time>,
    /// From the stop request to a server that is gone. It is also the time for taking back what a visit left.
    #[schemars(extend("default" = "2m"))]
    stop: Option<Time>,
    /// The whole visit. Where it is left out, it is the sum of the others and 30s, and what notebooks and a restart may take.
    total: Option<Time>,
}

/// A length of time: whole numbers with `d`, `h`, `m`, `s` or `ms`.
#[derive(JsonSchema)]
pub(super) struct Time(
    #[schemars(regex(pattern = r"^\s*(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?\s*$|\$\{"), length(min = 2), extend("examples" = ["90s", "5m", "1h30m"]))]
     String,
);
