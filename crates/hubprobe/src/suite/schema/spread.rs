//! What spreads, repeats and limits visits, as the schema has it.

use schemars::JsonSchema;

use super::Time;

/// A name, or several of which any will do.
#[derive(JsonSchema)]
#[schemars(rename = "Names", untagged)]
pub(super) enum NamesFile {
    /// This one, and no other.
    One(String),
    /// Any of these will do.
    AnyOf(#[schemars(length(min = 1))] Vec<String>),
}

/// How often a visit that did not pass is tried again.
#[derive(JsonSchema)]
#[schemars(rename = "Retries", untagged)]
pub(super) enum RetriesFile {
    /// How often at most, 10 s after each attempt, and not after a spawn that failed.
    Times(#[schemars(range(max = 10))] u32),
    /// How often, when, and after what.
    More(RetriesMap),
}

/// How often, when and after what a visit is tried again.
#[derive(JsonSchema)]
#[schemars(rename = "RetriesMap", deny_unknown_fields)]
pub(super) struct RetriesMap {
    /// How often at most.
    #[schemars(range(max = 10))]
    times: u32,
    /// How long to wait after the end of an attempt.
    #[schemars(extend("default" = "10s"))]
    wait: Option<Time>,
    /// Try again also after a spawn that failed. A hub may end itself after a few that fail in a row.
    #[schemars(default)]
    spawn: bool,
}

/// How much node time all visits of a run together may take.
#[derive(JsonSchema)]
#[schemars(rename = "NodeTime", untagged)]
pub(super) enum NodeTimeFile {
    /// Nodes times time. The number of nodes is that of the option `nnodes`, `nodes` or `num_nodes`, or 1.
    Limit(Time),
    /// The same, with the option that says how many nodes.
    More(NodeTimeMap),
}

/// How much node time, and where the number of nodes stands.
#[derive(JsonSchema)]
#[schemars(rename = "NodeTimeMap", deny_unknown_fields)]
pub(super) struct NodeTimeMap {
    /// Nodes times time.
    limit: Time,
    /// The spawn option that says how many nodes. Where it is left out, it is `nnodes`, `nodes` or `num_nodes`.
    #[schemars(extend("examples" = ["nnodes"]))]
    nodes: Option<String>,
}
