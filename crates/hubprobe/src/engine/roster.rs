//! Who walks next: the probes that wait, those that are to be tried again, the seats that are taken, and how many visits a
//! hub may have without a server.
//!
//! One visit at a time sits on an account's server. What is tried again goes first, then probes in the order of the suite;
//! one whose seats are all taken, or whose hub has no room, lets the next go first. It decides, and starts nothing itself.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::spacing::{Outcome, Room, Spacing};
use crate::suite::{Probe, Seat};
use crate::vocabulary::VisitId;

/// What makes a seat: a hub, an account on it, one of its servers; or, of a hub that has two names, the token in place of
/// the first two.
type Place = (String, String, String);

/// A visit that is to be tried again, with its seat.
#[derive(Debug)]
pub(super) struct Again {
    /// Which visit.
    pub(super) id: VisitId,
    /// What is walked, and as whom.
    pub(super) probe: Arc<Probe>,
    /// The attempts so far.
    pub(super) attempts: u32,
}

/// Whose turn it is.
#[derive(Debug)]
pub(super) enum Turn {
    /// A probe at one of its seats, which is taken until it has [`Roster::left`].
    First(Arc<Probe>),
    /// A probe that is not tried, and why.
    HeldBack(Arc<Probe>, String),
    /// Another attempt.
    Again(Again),
    /// No other attempt, after all.
    NotAgain(Again),
}

/// The probes of a run that are still to be walked.
#[derive(Debug)]
pub(super) struct Roster {
    waiting: VecDeque<Probe>,
    again: VecDeque<Again>,
    taken: HashSet<Place>,
    kept: HashSet<Place>,
    spacing: Spacing,
    /// Nothing is asked of a hub that could fail.
    dry_run: bool,
}

impl Roster {
    pub(super) fn new(probes: Vec<Probe>, dry_run: bool) -> Self {
        Self {
            waiting: probes.into(),
            again: VecDeque::new(),
            taken: HashSet::new(),
            kept: HashSet::new(),
            spacing: Spacing::default(),
            dry_run,
        }
    }

    /// The first that can go now.
    pub(super) fn next(&mut self) -> Option<Turn> {
        self.next_again().or_else(|| self.next_first())
    }

    fn next_again(&mut self) -> Option<Turn> {
        let (at, goes) = self.again.iter().enumerate().find_map(|(at, again)| {
            match self.room(&again.probe, again.probe.retries.spawn) {
                Room::Some => Some((at, true)),
                Room::NoMore(_) => Some((at, false)),
                Room::None => None,
            }
        })?;
        let again = self.again.remove(at)?;
        if !goes {
            return Some(Turn::NotAgain(again));
        }
        self.spacing.begins(hub_of(&again.probe));
        Some(Turn::Again(again))
    }

    fn next_first(&mut self) -> Option<Turn> {
        let (at, seat, held_back) = self.waiting.iter().enumerate().find_map(|(at, probe)| {
            let held_back = match self.room(probe, false) {
                Room::None if !self.dry_run => return None,
                Room::NoMore(why) => Some(why),
                Room::None | Room::Some => None,
            };
            self.seat(probe).map(|seat| (at, seat, held_back))
        })?;
        let probe = Arc::new(self.waiting.remove(at)?.at(seat));
        self.taken.extend(places(&probe));
        Some(match held_back {
            Some(why) => Turn::HeldBack(probe, why),
            None => {
                self.spacing.begins(hub_of(&probe));
                Turn::First(probe)
            }
        })
    }

    fn room(&self, probe: &Probe, asked: bool) -> Room {
        self.spacing
            .room(hub_of(probe), probe.hub.failure_limit, asked)
    }

    /// A seat that nobody has; one with a server that was kept on purpose only where there is no other.
    fn seat(&self, probe: &Probe) -> Option<Seat> {
        let mut kept = None;
        let mut may_be_free = false;
        for seat in probe.seats() {
            let places = places(&probe.at(seat.clone()));
            if places.iter().any(|place| self.taken.contains(place)) {
                may_be_free = true;
            } else if places.iter().any(|place| self.kept.contains(place)) {
                kept = kept.or(Some(seat));
            } else {
                return Some(seat);
            }
        }
        kept.filter(|_| !may_be_free)
    }

    /// Whether a visit may start its server again now; none: not yet. What is granted counts from now on.
    pub(super) fn restarts(&mut self, probe: &Probe) -> Option<bool> {
        match self.room(probe, true) {
            Room::Some => {
                self.spacing.begins(hub_of(probe));
                Some(true)
            }
            Room::NoMore(_) => Some(false),
            Room::None => None,
        }
    }

    /// The server of a visit is ready.
    pub(super) fn ready(&mut self, probe: &Probe) {
        self.spacing.ready(hub_of(probe));
    }

    /// An attempt has ended; its seat stays taken.
    pub(super) fn ended(&mut self, probe: &Probe, outcome: &Outcome) {
        self.spacing.ended(hub_of(probe), outcome);
        if outcome.kept {
            self.kept.extend(places(probe));
        }
    }

    /// Another attempt is wanted, as soon as there is room for it.
    pub(super) fn again(&mut self, again: Again) {
        self.again.push_back(again);
    }

    /// Those that wait for another attempt, of which nothing comes any more.
    pub(super) fn give_up(&mut self) -> impl Iterator<Item = Again> {
        std::mem::take(&mut self.again).into_iter()
    }

    /// A probe is done with, and its seat is free.
    pub(super) fn left(&mut self, probe: &Probe) {
        for place in places(probe) {
            self.taken.remove(&place);
        }
    }
}

fn hub_of(probe: &Probe) -> &str {
    probe.hub.url.as_str()
}

fn places(probe: &Probe) -> [Place; 2] {
    let server = || probe.server.clone();
    let token = format!("{:?}", probe.account.token);
    let hub = probe.hub.url.to_string();
    [
        (hub, probe.account.name.clone(), server()),
        (token, probe.account.name.clone(), server()),
    ]
}
