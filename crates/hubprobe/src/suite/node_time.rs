//! The setting `node_time` of a suite: how much time of the site's nodes all its visits together may take.
//!
//! A visit takes as many nodes as one of its spawn options says, for as long as its server starts, runs and stops; while a
//! scheduler keeps it waiting it takes none.

use std::time::Duration;

use serde_json::{Map, Value};

use super::deadlines::checked;
use super::document::{Document, Kind, Node};
use super::error::SuiteError;
use super::fields::{Fields, Shape, text};

pub(super) const NODE_TIME: Shape = Shape {
    what: "`node_time`",
    known: &["limit", "nodes"],
    secret: false,
};

/// The options that say how many nodes are asked for, where the suite names none.
const USUAL: [&str; 3] = ["nnodes", "nodes", "num_nodes"];

/// A budget of node time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeTime {
    /// Nodes times time.
    pub limit: Duration,
    /// The spawn option that says how many nodes; none for the usual ones.
    pub nodes: Option<String>,
}

impl NodeTime {
    /// How many nodes a server with these options takes: 1 where they do not say.
    pub fn nodes_of(&self, options: &Map<String, Value>) -> u32 {
        let named = self.nodes.as_deref();
        let names = match &named {
            Some(name) => std::slice::from_ref(name),
            None => &USUAL[..],
        };
        let given = names.iter().find_map(|name| options.get(*name));
        given
            .and_then(count)
            .filter(|nodes| *nodes > 0)
            .unwrap_or(1)
    }
}

/// A number, as a number, a text or the first of a list; the end of a range as Slurm takes it (`2-4`).
fn count(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|count| u32::try_from(count).ok()),
        Value::String(text) => {
            let last = text.trim().rsplit('-').next().unwrap_or_default();
            last.trim().parse().ok()
        }
        Value::Array(items) => items.first().and_then(count),
        _ => None,
    }
}

/// Reads a length of time, or a map of `limit` and `nodes`.
pub(super) fn node_time(document: &Document, node: &Node) -> Result<NodeTime, SuiteError> {
    let Kind::Map(_) = &node.kind else {
        let limit = length(document, node, "node_time")?;
        return Ok(NodeTime { limit, nodes: None });
    };
    let fields = Fields::of(document, node, "`node_time`", &NODE_TIME)?;
    let limit = fields.required("limit", "node_time: { limit: 2h, nodes: nnodes }")?;
    Ok(NodeTime {
        limit: length(document, limit, "limit")?,
        nodes: fields.text("nodes")?.map(str::to_owned),
    })
}

fn length(document: &Document, node: &Node, key: &str) -> Result<Duration, SuiteError> {
    let written = match &node.kind {
        Kind::Number(_) => node.typed().unwrap_or_default(),
        _ => text(document, node, key)?,
    };
    checked(written).map_err(|reason| document.error(node.place, format!("{key}: {reason}"), ""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nodes_are_counted_as_sites_write_them() {
        let count = |nodes: Option<&str>, options: Value| {
            let budget = NodeTime {
                limit: Duration::from_secs(1),
                nodes: nodes.map(str::to_owned),
            };
            budget.nodes_of(options.as_object().unwrap())
        };
        for (options, nodes) in [
            (json!({}), 1),
            (json!({"nnodes": ["2"]}), 2),
            (json!({"nodes": 3}), 3),
            (json!({"num_nodes": "2-4"}), 4),
            (json!({"nnodes": ["0"]}), 1),
            (json!({"nnodes": "many"}), 1),
            (json!({"nnodes": []}), 1),
            (json!({"size": 7}), 1),
        ] {
            assert_eq!(count(None, options.clone()), nodes, "{options}");
        }
        assert_eq!(count(Some("size"), json!({"size": 7, "nodes": 2})), 7);
        assert_eq!(count(Some("size"), json!({"nodes": 2})), 1);
    }
}
