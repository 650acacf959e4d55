//! What a run leaves behind: whether `hubprobe clean` can take it away, and how that is typed.

use super::Run;
use crate::vocabulary::shell;

impl Run {
    /// Whether anything of ours may still be on a hub.
    pub fn left_behind(&self) -> bool {
        self.visits
            .iter()
            .any(|visit| !visit.left_behind.is_empty())
    }

    /// Whether anything of that can be taken away by `hubprobe clean`.
    pub fn can_be_cleaned(&self) -> bool {
        self.visits.iter().any(|visit| {
            let mut left = visit.left_behind.iter();
            left.any(|what| !visit.by_hand.contains(what))
        })
    }

    /// Whether anything lives on that must be ended by hand.
    pub fn lives_on(&self) -> bool {
        self.visits.iter().any(|visit| !visit.by_hand.is_empty())
    }

    /// The command that takes away what is left.
    pub fn clean_command(&self) -> String {
        shell::clean(self.state_dir.as_deref())
    }
}
