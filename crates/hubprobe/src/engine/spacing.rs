//! Never harm a hub by failing on it: after two spawns in a row that failed on
//! one hub, the rest of its probes are not tried.
//!
//! A hub may end itself after some consecutive failed spawns
//! (`Spawner.consecutive_failure_limit`; zero-to-jupyterhub sets 5), and then
//! everybody on it suffers. So visits that go on side by side must not fail side by side either: until a spawn of this
//! run has succeeded on a hub, and after one that failed, no more visits are on it than may still fail.

use std::collections::HashMap;

use crate::vocabulary::{Blame, Finding, Verdict};

/// So many failed spawns in a row are enough.
const ENOUGH: u32 = 2;

/// So many are, where the suite asks to try failed spawns again: one less than what ends a hub of zero-to-jupyterhub.
const ENOUGH_IF_ASKED: u32 = 4;

/// How a visit ended, as far as the next one cares.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// The hub's URL.
    pub(super) hub: String,
    /// What was found wrong.
    pub(super) finding: Option<Finding>,
    /// A server was asked for.
    pub(super) asked: bool,
    /// It was ready.
    pub(super) ready: bool,
    /// Something of ours may still be there.
    pub(super) left_behind: bool,
}

impl Outcome {
    /// Whether trying again may end otherwise, and does no harm; `spawn`: also where a server was asked for and did not
    /// come.
    pub(super) fn is_worth_another(&self, spawn: bool) -> bool {
        let Some(finding) = &self.finding else {
            return false;
        };
        let may_pass = match finding.cause.blame() {
            Blame::Deployment => true,
            Blame::Capacity => spawn,
            // A token does not get better, and we are no judges of ourselves.
            Blame::Account | Blame::Prober => false,
        };
        may_pass && !self.left_behind && (spawn || !self.asked || self.ready)
    }

    fn is_a_failed_spawn(&self) -> bool {
        self.finding.as_ref().is_some_and(|finding| {
            finding.cause.code().starts_with("spawn.") && finding.verdict() == Verdict::Failed
        })
    }
}

/// Whether one more visit may begin on a hub.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// It may.
    Some,
    /// Not while those that are on it are.
    None,
    /// Not in this run, and why.
    NoMore(String),
}

/// Failed spawns in a row, by hub, and whether one has succeeded.
#[derive(Debug, Default)]
pub(super) struct Spacing {
    hubs: HashMap<String, Record>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Record {
    failures: u32,
    proven: bool,
}

impl Spacing {
    /// Whether another visit may begin on a hub that has so many.
    pub(super) fn room(&self, hub: &str, now: Option<u32>) -> Room {
        let Record { failures, proven } = self.hubs.get(hub).copied().unwrap_or_default();
        if failures >= ENOUGH {
            return Room::NoMore(format!(
                "not tried: {failures} spawns in a row failed on this hub, and a hub may end \
                 itself after a few more (consecutive_failure_limit)"
            ));
        }
        let sure = proven && failures == 0;
        if sure || failures + now.unwrap_or(0) < ENOUGH {
            Room::Some
        } else {
            Room::None
        }
    }

    /// Whether another failed spawn would be too many, even where somebody asks for it.
    pub(super) fn is_enough(&self, hub: &str) -> bool {
        let record = self.hubs.get(hub);
        record.is_some_and(|record| record.failures >= ENOUGH_IF_ASKED)
    }

    /// Takes note of how a visit ended.
    pub(super) fn note(&mut self, outcome: &Outcome) {
        if !outcome.asked {
            return;
        }
        let record = self.hubs.entry(outcome.hub.clone()).or_default();
        if outcome.is_a_failed_spawn() {
            record.failures += 1;
            record.proven = false;
        } else {
            record.failures = 0;
            record.proven |= outcome.ready;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::Cause;

    const HUB: &str = "http://127.0.0.1/";

    fn ended(cause: Option<Cause>, ready: bool) -> Outcome {
        Outcome {
            hub: HUB.to_owned(),
            finding: cause.map(|cause| Finding::new(cause, "")),
            asked: true,
            ready,
            left_behind: false,
        }
    }

    #[test]
    fn visits_go_side_by_side_once_a_spawn_has_succeeded() {
        let mut spacing = Spacing::default();
        assert_eq!(spacing.room(HUB, None), Room::Some);
        assert_eq!(spacing.room(HUB, Some(1)), Room::Some);
        assert_eq!(spacing.room(HUB, Some(2)), Room::None);
        spacing.note(&ended(None, true));
        assert_eq!(spacing.room(HUB, Some(100)), Room::Some);
        spacing.note(&ended(Some(Cause::SpawnError), false));
        assert_eq!(spacing.room(HUB, Some(1)), Room::None);
        assert_eq!(spacing.room(HUB, Some(0)), Room::Some);
        spacing.note(&ended(Some(Cause::SpawnError), false));
        assert!(matches!(spacing.room(HUB, Some(0)), Room::NoMore(_)));
        assert!(matches!(spacing.room("http://other/", None), Room::Some));
    }

    #[test]
    fn a_server_that_came_and_failed_later_is_no_failed_spawn() {
        let mut spacing = Spacing::default();
        spacing.note(&ended(Some(Cause::SpawnError), false));
        spacing.note(&ended(Some(Cause::KernelError), true));
        assert_eq!(spacing.room(HUB, Some(7)), Room::Some);
    }

    #[test]
    fn what_is_tried_again() {
        let worth = |cause, ready, spawn| ended(Some(cause), ready).is_worth_another(spawn);
        assert!(worth(Cause::KernelSilent, true, false));
        assert!(!worth(Cause::SpawnError, false, false));
        assert!(worth(Cause::SpawnError, false, true));
        assert!(!worth(Cause::SpawnQueued, false, false));
        assert!(worth(Cause::SpawnQueued, false, true));
        assert!(!worth(Cause::TokenRejected, false, true));
        assert!(!worth(Cause::ProberInterrupted, true, true));
        assert!(!ended(None, true).is_worth_another(true));
        let before_the_spawn = Outcome {
            asked: false,
            ..ended(Some(Cause::ReachTimeout), false)
        };
        assert!(before_the_spawn.is_worth_another(false));
        let left = Outcome {
            left_behind: true,
            ..ended(Some(Cause::KernelSilent), true)
        };
        assert!(!left.is_worth_another(true));
    }
}
