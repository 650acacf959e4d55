//! Never harm a hub by failing on it: after two spawns in a row that failed on
//! one hub, the rest of its probes are not tried.
//!
//! A hub may end itself after some consecutive failed spawns
//! (`Spawner.consecutive_failure_limit`; zero-to-jupyterhub sets 5), and then
//! everybody on it suffers. Visits that go on side by side may fail side by side, so a visit whose server is not ready yet
//! counts as one that may still fail: with those that have failed, these are never as many as would end the hub.

use std::collections::HashMap;

use crate::vocabulary::{Blame, Cause, Finding, Verdict};

/// So many failed spawns in a row are enough.
const ENOUGH: u32 = 2;

/// So many may fail before a hub with this limit ends itself.
fn harmless(limit: u32) -> u32 {
    match limit {
        0 => u32::MAX,
        limit => (limit - 1).max(1),
    }
}

/// How a visit ended, as far as the next one cares.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// What was found wrong.
    pub(super) finding: Option<Finding>,
    /// A server was asked for.
    pub(super) asked: bool,
    /// One was ready, and was not lost in a restart.
    pub(super) had_server: bool,
    /// It counts as one without a server.
    pub(super) coming: bool,
    /// Something of ours may still be there, or the way back failed.
    pub(super) unclean: bool,
    /// Its server is still there, on purpose.
    pub(super) kept: bool,
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
        let had_its_server = self.had_server && !self.is_a_failed_spawn();
        may_pass && !self.unclean && !self.kept && (spawn || !self.asked || had_its_server)
    }

    /// Also one that followed upon one that succeeded: a restart.
    fn is_a_failed_spawn(&self) -> bool {
        self.asked
            && self.finding.as_ref().is_some_and(|finding| {
                finding.cause.code().starts_with("spawn.")
                    && finding.cause != Cause::SpawnOptionsIgnored
                    && finding.verdict() == Verdict::Failed
            })
    }
}

/// Whether one more visit may begin on a hub.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// It may.
    Some,
    /// Not while those that are on it have no server yet.
    None,
    /// Not in this run, and why.
    NoMore(String),
}

/// What is known of each hub in this run.
#[derive(Debug, Default)]
pub(super) struct Spacing {
    hubs: HashMap<String, Record>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Record {
    /// Failed spawns in a row.
    failures: u32,
    /// Visits whose server is not ready yet.
    coming: u32,
    /// A spawn has succeeded, and none has failed since.
    proven: bool,
}

impl Spacing {
    /// Whether another visit may begin on a hub that ends itself after `limit` failures; `asked`: it is one that is tried
    /// again after a failed spawn, as the suite wants.
    pub(super) fn room(&self, hub: &str, limit: u32, asked: bool) -> Room {
        let record = self.hubs.get(hub).copied().unwrap_or_default();
        let harmless = harmless(limit);
        let first = ENOUGH.min(harmless);
        let enough = if asked { harmless } else { first };
        if record.failures >= enough {
            return Room::NoMore(format!(
                "not tried: {} spawns in a row failed on this hub, and a hub may end \
                 itself after a few more (consecutive_failure_limit)",
                record.failures
            ));
        }
        let may_fail = if record.proven || asked {
            harmless
        } else {
            first
        };
        if record.failures + record.coming < may_fail {
            Room::Some
        } else {
            Room::None
        }
    }

    /// A visit begins on a hub.
    pub(super) fn begins(&mut self, hub: &str) {
        self.hubs.entry(hub.to_owned()).or_default().coming += 1;
    }

    /// The server of a visit is ready: the hub counts anew.
    pub(super) fn ready(&mut self, hub: &str) {
        let record = self.hubs.entry(hub.to_owned()).or_default();
        record.coming = record.coming.saturating_sub(1);
        record.failures = 0;
        record.proven = true;
    }

    /// A visit has ended.
    pub(super) fn ended(&mut self, hub: &str, outcome: &Outcome) {
        let record = self.hubs.entry(hub.to_owned()).or_default();
        if outcome.coming {
            record.coming = record.coming.saturating_sub(1);
        }
        if outcome.is_a_failed_spawn() {
            record.failures += 1;
            record.proven = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUB: &str = "http://127.0.0.1/";

    fn ended(cause: Option<Cause>, ready: bool) -> Outcome {
        Outcome {
            finding: cause.map(|cause| Finding::new(cause, "")),
            asked: true,
            had_server: ready,
            coming: !ready,
            unclean: false,
            kept: false,
        }
    }

    #[test]
    fn those_that_may_still_fail_are_never_as_many_as_end_a_hub() {
        let mut spacing = Spacing::default();
        for _ in 0..2 {
            assert_eq!(spacing.room(HUB, 5, false), Room::Some);
            spacing.begins(HUB);
        }
        assert_eq!(spacing.room(HUB, 5, false), Room::None);
        spacing.ready(HUB);
        for _ in 0..3 {
            assert_eq!(spacing.room(HUB, 5, false), Room::Some);
            spacing.begins(HUB);
        }
        // Four have no server yet, however many have one.
        assert_eq!(spacing.room(HUB, 5, false), Room::None);
        assert_eq!(spacing.room("http://other/", 5, false), Room::Some);
        spacing.ended(HUB, &ended(Some(Cause::SpawnError), false));
        assert_eq!(spacing.room(HUB, 5, false), Room::None);
        spacing.ended(HUB, &ended(Some(Cause::SpawnError), false));
        assert!(matches!(spacing.room(HUB, 5, false), Room::NoMore(_)));
        // One that is tried again as the suite wants: two have failed, two may still.
        assert_eq!(spacing.room(HUB, 5, true), Room::None);
        spacing.ended(HUB, &ended(Some(Cause::SpawnQueued), false));
        assert_eq!(spacing.room(HUB, 5, true), Room::Some);
        spacing.ready(HUB);
        assert_eq!(spacing.room(HUB, 5, false), Room::Some);
    }

    #[test]
    fn the_hub_s_own_limit_counts() {
        let mut spacing = Spacing::default();
        spacing.begins(HUB);
        assert_eq!(spacing.room(HUB, 1, false), Room::None);
        assert_eq!(spacing.room(HUB, 2, false), Room::None);
        assert_eq!(spacing.room(HUB, 0, false), Room::Some);
        spacing.ready(HUB);
        for _ in 0..100 {
            spacing.begins(HUB);
        }
        assert_eq!(spacing.room(HUB, 0, false), Room::Some);
        assert_eq!(spacing.room(HUB, 5, false), Room::None);
    }

    #[test]
    fn what_says_nothing_of_spawns_counts_neither_way() {
        let mut spacing = Spacing::default();
        let mut tried = |cause| {
            spacing.begins(HUB);
            spacing.ended(HUB, &ended(Some(cause), false));
            spacing.room(HUB, 5, false)
        };
        assert_eq!(tried(Cause::SpawnError), Room::Some);
        assert_eq!(tried(Cause::SpawnQueued), Room::Some);
        assert!(matches!(tried(Cause::SpawnError), Room::NoMore(_)));
    }

    #[test]
    fn a_server_that_came_and_failed_later_is_no_failed_spawn() {
        let mut spacing = Spacing::default();
        spacing.begins(HUB);
        spacing.ended(HUB, &ended(Some(Cause::SpawnError), false));
        spacing.begins(HUB);
        spacing.ready(HUB);
        spacing.ended(HUB, &ended(Some(Cause::KernelError), true));
        assert_eq!(spacing.room(HUB, 5, false), Room::Some);
        assert_eq!(spacing.hubs[HUB].failures, 0);
    }

    #[test]
    fn what_is_tried_again() {
        let worth = |cause, ready, spawn| ended(Some(cause), ready).is_worth_another(spawn);
        assert!(worth(Cause::KernelSilent, true, false));
        assert!(!worth(Cause::SpawnError, false, false));
        assert!(worth(Cause::SpawnError, false, true));
        // A restart failed, and options did not arrive.
        assert!(!worth(Cause::SpawnError, true, false));
        assert!(worth(Cause::SpawnOptionsIgnored, true, false));
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
        let unclean = Outcome {
            unclean: true,
            ..ended(Some(Cause::KernelSilent), true)
        };
        assert!(!unclean.is_worth_another(true));
        let kept = Outcome {
            kept: true,
            ..ended(Some(Cause::KernelSilent), true)
        };
        assert!(!kept.is_worth_another(true));
    }
}
