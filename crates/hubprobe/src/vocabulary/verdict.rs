//! How a step, a visit or a run ended.
//!
//! Four words and no more. A failed check is data: it is a verdict, never an
//! `Err`. What failed, and why, stands in a [`super::Finding`] beside it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a step, a visit or a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every step proved its effect.
    Passed,
    /// The deployment or its account did not do what it should.
    Failed,
    /// Nothing can be said of the deployment: it was full, or our own side
    /// was at fault.
    Inconclusive,
    /// It was not tried, since something before it did not pass.
    Skipped,
}

impl Verdict {
    /// The word that stands in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Inconclusive => "inconclusive",
            Self::Skipped => "skipped",
        }
    }

    /// The verdict over several: failed wins over inconclusive, which wins
    /// over passed. Skipped counts only where nothing else is there.
    pub fn over(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().fold(Self::Skipped, |worst, next| {
            if next.weight() > worst.weight() {
                next
            } else {
                worst
            }
        })
    }

    fn weight(self) -> u8 {
        match self {
            Self::Skipped => 0,
            Self::Passed => 1,
            Self::Inconclusive => 2,
            Self::Failed => 3,
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Failed, Inconclusive, Passed, Skipped};
    use super::*;

    #[test]
    fn failed_wins_over_inconclusive_over_passed() {
        assert_eq!(Verdict::over([Passed, Inconclusive, Passed]), Inconclusive);
        assert_eq!(Verdict::over([Inconclusive, Failed, Passed]), Failed);
        assert_eq!(Verdict::over([Passed, Skipped]), Passed);
        assert_eq!(Verdict::over([]), Skipped);
    }
}
