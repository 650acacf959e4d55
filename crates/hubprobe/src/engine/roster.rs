//! Who walks next: the probes that wait, the seats that are taken, and how many visits a hub may have at a time.
//!
//! One visit at a time sits on an account's server. Probes go in the order of the suite; one whose seats are all taken, or
//! whose hub has no room, lets the next go first. It decides, and starts nothing itself.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::spacing::{Outcome, Room, Spacing};
use crate::suite::Probe;

/// A hub, an account on it, one of its servers.
type Place = (String, String, String);

/// A probe whose turn it is, at one seat.
#[derive(Debug)]
pub(super) struct Turn {
    /// What is walked, and as whom.
    pub(super) probe: Arc<Probe>,
    /// Why it is not tried, where it is not.
    pub(super) held_back: Option<String>,
}

/// The probes of a run that are still to be walked.
#[derive(Debug)]
pub(super) struct Roster {
    waiting: VecDeque<Probe>,
    taken: HashSet<Place>,
    on_hub: HashMap<String, u32>,
    spacing: Spacing,
}

impl Roster {
    pub(super) fn new(probes: Vec<Probe>) -> Self {
        Self {
            waiting: probes.into(),
            taken: HashSet::new(),
            on_hub: HashMap::new(),
            spacing: Spacing::default(),
        }
    }

    /// The first probe that can go now; its seat is taken until it is [`Roster::left`].
    pub(super) fn next(&mut self) -> Option<Turn> {
        let (at, seat, held_back) = self.waiting.iter().enumerate().find_map(|(at, probe)| {
            let hub = probe.hub.url.as_str();
            let held_back = match self.spacing.room(hub, self.on_hub.get(hub).copied()) {
                Room::None => return None,
                Room::NoMore(why) => Some(why),
                Room::Some => None,
            };
            let mut seats = probe.seats();
            let free = seats.find(|seat| {
                !self
                    .taken
                    .contains(&place(hub, &seat.account.name, &seat.server))
            });
            free.map(|seat| (at, seat, held_back))
        })?;
        let probe = self.waiting.remove(at)?.at(seat);
        self.taken.insert(place_of(&probe));
        *self.on_hub.entry(probe.hub.url.to_string()).or_default() += 1;
        Some(Turn {
            probe: Arc::new(probe),
            held_back,
        })
    }

    /// An attempt at a probe has ended; its seat stays taken.
    pub(super) fn note(&mut self, outcome: &Outcome) {
        self.spacing.note(outcome);
    }

    /// Whether another failed spawn on this hub would be too many, even where somebody asks for it.
    pub(super) fn is_enough(&self, probe: &Probe) -> bool {
        self.spacing.is_enough(probe.hub.url.as_str())
    }

    /// A probe is done with, and its seat is free.
    pub(super) fn left(&mut self, probe: &Probe) {
        self.taken.remove(&place_of(probe));
        if let Some(count) = self.on_hub.get_mut(probe.hub.url.as_str()) {
            *count = count.saturating_sub(1);
        }
    }
}

fn place(hub: &str, account: &str, server: &str) -> Place {
    (hub.to_owned(), account.to_owned(), server.to_owned())
}

fn place_of(probe: &Probe) -> Place {
    place(probe.hub.url.as_str(), &probe.account.name, &probe.server)
}
