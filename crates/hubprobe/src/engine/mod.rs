//! The walk: one account through one probe's steps, over one hub.
//!
//! `check`, `load` and `serve` are this, and differ only in when visits start
//! and in who listens. The engine says events and knows nothing of screens or
//! reports. What it makes stands in the ledger first, and is taken back
//! whatever happens: success, failure, deadline, panic, signal.

mod clock;
mod har;
mod node_time;
mod patience;
mod requests;
mod roster;
mod rounds;
mod spacing;
pub mod steps;
mod visit;
mod voice;
mod walk;

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use clock::Clock;
pub use node_time::Meter;
pub use patience::Patience;
pub use requests::Requests;
pub use voice::{Events, Voice};
pub use walk::Walk;

use crate::suite::Probe;
use crate::undo::Ledger;
use crate::vocabulary::What;
use crate::vocabulary::run::Planned;

/// What all visits of a run share.
#[derive(Debug, Clone)]
pub struct Engine {
    /// The run's id.
    pub run: Uuid,
    /// Where events go.
    pub events: Events,
    /// What must be undone.
    pub ledger: Ledger,
    /// Where time is taken.
    pub clock: Clock,
    /// Cancelled when the run is asked to end.
    pub end: CancellationToken,
    /// Change nothing on the hub.
    pub dry_run: bool,
    /// How long a visit waits for somebody else who is at its place.
    pub wait: Duration,
    /// How many visits go on at a time.
    pub jobs: usize,
    /// What they may take of the site's nodes; none: as much as they need.
    pub node_time: Option<Meter>,
    /// Whether anybody keeps what is for the artifacts.
    pub artifacts: bool,
    /// The state directory, for who reads of what is left; none where it is the usual one.
    pub state_dir: Option<String>,
}

impl Engine {
    /// Walks all probes, and says when the run began and ended.
    pub async fn run(&self, probes: Vec<Probe>) {
        self.events.say(What::RunStarted {
            run: self.run,
            started: self.clock.started(),
            hubprobe: env!("CARGO_PKG_VERSION").to_owned(),
            dry_run: self.dry_run,
            state_dir: self.state_dir.clone(),
        });
        for probe in &probes {
            self.events.say(What::Planned(Planned {
                probe: probe.name.clone(),
                hub: probe.hub.url.to_string(),
                account: probe.account.name.clone(),
                server: probe.server.clone(),
            }));
        }
        rounds::all(self, probes).await;
        self.events.say(What::RunFinished);
    }
}
