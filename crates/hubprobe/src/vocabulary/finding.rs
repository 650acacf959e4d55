//! A finding: what is wrong, who is to blame, what was seen, what to do.
//!
//! Every visit that did not pass carries exactly one. The summary is one
//! sentence in plain words, the evidence is what was seen and is shown word
//! for word, the advice ends with something that a person can do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Blame, Cause, Verdict};

/// What is wrong, with all that is needed to act on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The cause's code, as in the table of causes: `spawn.never-answered`.
    pub cause: Cause,
    /// Who is to blame; follows from the cause.
    pub blame: Blame,
    /// One sentence in plain words.
    pub summary: String,
    /// What was seen, word for word, without secrets.
    pub evidence: Vec<String>,
    /// What to do next.
    pub advice: String,
    /// A command that shows the same again. The token is read from a file or
    /// an environment variable, and never stands in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub curl: Option<String>,
}

/// The most characters of one text. A hub, or what stands in its place, may say as much as it likes.
const LONGEST: usize = 1_500;

fn cut(text: impl Into<String>) -> String {
    let mut text = text.into();
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

impl Finding {
    /// A finding with the cause's own advice, and no evidence yet.
    pub fn new(cause: Cause, summary: impl Into<String>) -> Self {
        Self {
            cause,
            blame: cause.blame(),
            summary: cut(summary),
            evidence: Vec::new(),
            advice: cause.advice().to_owned(),
            curl: None,
        }
    }

    /// Adds one line of evidence; an empty one is passed over.
    #[must_use]
    pub fn seen(mut self, evidence: impl Into<String>) -> Self {
        let evidence = cut(evidence);
        if !evidence.trim().is_empty() {
            self.evidence.push(evidence);
        }
        self
    }

    /// Adds what was seen for another finding, in whose place this one is.
    #[must_use]
    pub fn seen_all(self, evidence: impl IntoIterator<Item = String>) -> Self {
        evidence.into_iter().fold(self, Self::seen)
    }

    /// Says what to do in place of the cause's own advice.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = cut(advice);
        self
    }

    /// Adds the command that shows the same again.
    #[must_use]
    pub fn with_curl(mut self, curl: impl Into<String>) -> Self {
        self.curl = Some(curl.into());
        self
    }

    /// The verdict that this finding makes of a visit.
    pub fn verdict(&self) -> Verdict {
        match self.cause.blame() {
            Blame::Deployment | Blame::Account => Verdict::Failed,
            Blame::Capacity | Blame::Prober => Verdict::Inconclusive,
        }
    }

    /// The same finding with every text put through `clean`, for taking
    /// secrets out of what a hub has echoed.
    #[must_use]
    pub fn map_texts(mut self, clean: impl Fn(&str) -> String) -> Self {
        self.summary = clean(&self.summary);
        self.advice = clean(&self.advice);
        self.evidence = self.evidence.iter().map(|line| clean(line)).collect();
        self.curl = self.curl.as_deref().map(clean);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_without_end_is_cut() {
        let long = "é".repeat(100_000);
        let finding = Finding::new(Cause::ReachRedirect, format!("to {long}"))
            .seen(long.clone())
            .advise(long);
        for text in [&finding.summary, &finding.advice, &finding.evidence[0]] {
            assert_eq!(text.chars().count(), LONGEST + 1);
            assert!(text.ends_with('…'));
        }
    }
}
