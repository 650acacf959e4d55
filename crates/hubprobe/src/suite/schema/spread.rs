//! What spreads, repeats and limits visits, as the schema has it.

use schemars::JsonSchema;

use super::Time;

/// A name, or several of which any will do.
#[derive(JsonSchema)]
#[schemars(rename = "Names", untagged)]
pub(super) enum NamesFile {
    /// This one.
    One(String),
    /// Any of these.
    AnyOf(#[schemars(length(min = 1))] Vec<String>),
}

/// How often a visit that did not pass is tried again.
#[derive(JsonSchema)]
#[schemars(rename = "Retries", untagged)]
pub(super) enum RetriesFile {
    /// So often, 10 s after each attempt, and not after a spawn that failed.
    Times(#[schemars(range(max = 10))] u32),
    /// With more to say.
    More(RetriesMap),
}

/// How often, when and after what a visit is tried again.
#[derive(JsonSchema)]
#[schemars(rename = "RetriesMap", deny_unknown_fields)]
pub(super) struct RetriesMap {
    /// How often, at most.
    #[schemars(range(max = 10))]
    times: u32,
    /// How long after the end of the last attempt; 10s where it is left out.
    wait: Option<Time>,
    /// Also after a spawn that failed. Hubs may end themselves after a few that fail in a row.
    #[schemars(default)]
    spawn: bool,
}

/// How much time of nodes all visits together may take.
#[derive(JsonSchema)]
#[schemars(rename = "NodeTime", untagged)]
pub(super) enum NodeTimeFile {
    /// So much; the number of nodes is that of the option nnodes, nodes or num_nodes, or 1.
    Limit(Time),
    /// With more to say.
    More(NodeTimeMap),
}

/// How much time of nodes, and where their number stands.
#[derive(JsonSchema)]
#[schemars(rename = "NodeTimeMap", deny_unknown_fields)]
pub(super) struct NodeTimeMap {
    /// Nodes times time.
    limit: Time,
    /// The spawn option that says how many nodes.
    #[schemars(extend("examples" = ["nnodes"]))]
    nodes: Option<String>,
}
