//! Tags: words on probes by which some of them are chosen. What a word means is
//! the suite's affair.

use super::Suite;
use super::document::{Document, Kind, Node};
use super::error::SuiteError;
use super::fields::{text, wrong_type};
use super::nearest::nearest;
use super::resolved::Probe;

/// Reads the tags of a probe: a list of words, each once.
pub(super) fn tags(document: &Document, node: &Node) -> Result<Vec<String>, SuiteError> {
    let Kind::List(items) = &node.kind else {
        return Err(wrong_type(
            document,
            node,
            "tags",
            "a list of words",
            "write it as in [slow, gpu]",
        ));
    };
    let mut tags: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        let tag = text(document, item, "a tag")?;
        // A byte order mark is white space to the schema.
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '\u{feff}');
        if tag.is_empty() || tag.contains(is_odd) {
            return Err(document.error(
                item.place,
                "a tag is one word, without spaces and commas",
                "write it as in [slow, gpu]",
            ));
        }
        tags.push(tag.to_owned());
    }
    tags.sort();
    tags.dedup();
    Ok(tags)
}

impl Suite {
    /// Those of `probes` that have one of these tags; all of them when no tag is
    /// named.
    ///
    /// # Errors
    /// [`SuiteError`] when no probe of the suite has a tag of that name (it lists
    /// those that there are), and when none of `probes` has any of them.
    pub fn tagged(&self, probes: Vec<Probe>, tags: &[String]) -> Result<Vec<Probe>, SuiteError> {
        if tags.is_empty() {
            return Ok(probes);
        }
        let mut known: Vec<&str> = self
            .probes
            .iter()
            .flat_map(|probe| probe.tags.iter().map(String::as_str))
            .collect();
        known.sort_unstable();
        known.dedup();
        if let Some(unknown) = tags.iter().find(|tag| !known.contains(&tag.as_str())) {
            let all = if known.is_empty() {
                "no probe of it has tags; add tags: [slow] to one".to_owned()
            } else {
                format!("its tags are: {}", known.join(", "))
            };
            let remedy = nearest(unknown, &known).map_or_else(
                || all.clone(),
                |near| format!("did you mean `{near}`? {all}"),
            );
            return Err(SuiteError::whole(
                &self.source,
                format!("no probe of the suite has the tag `{unknown}`"),
                remedy,
            ));
        }
        let chosen: Vec<Probe> = probes
            .into_iter()
            .filter(|probe| probe.tags.iter().any(|tag| tags.contains(tag)))
            .collect();
        if chosen.is_empty() {
            return Err(SuiteError::whole(
                &self.source,
                format!(
                    "none of the probes that are named has the tag {}",
                    tags.join(" or ")
                ),
                "name others, or leave out the names or the tags",
            ));
        }
        Ok(chosen)
    }
}
