//! Room for a server of ours: what is there before it is asked for?
//!
//! What was there is somebody's work and is left alone, unless the operator says
//! that the account is dedicated. Where a server of this visit is started again the
//! place is ours already, and whoever is in it has come between.

use std::time::Duration;

use jupyterhub_client::{Hub, Server};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::company::{self, Since};
use super::{earlier, spawn};
use crate::engine::Walk;
use crate::undo::ServerMade;
use crate::undo::entry::server_words;
use crate::undo::server::Taking;
use crate::vocabulary::{Cause, Finding};

/// A place that somebody else has just left is left empty so long: another run
/// is still looking whether its server is gone, and would find ours.
const SETTLING: Duration = Duration::from_secs(3);

/// Whose the place of the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing of ours was there.
    Anybodys,
    /// A server of this visit was there a moment ago.
    Ours {
        /// It may be removed at the end, and stands there stopped until then.
        removable: bool,
        /// When the server of this visit was started that was there.
        born: Option<jiff::Timestamp>,
    },
}

impl Place {
    /// Whether this is the server of this visit that was stopped.
    fn was_of(self, server: &Server) -> bool {
        matches!(self, Self::Ours { born: Some(born), .. } if server.started == Some(born))
    }
}

/// What was there before our request.
pub(super) struct Before {
    /// The hub's clock, as its answer said it.
    pub(super) hub_clock: jiff::Timestamp,
    /// By how many seconds that clock and ours are apart.
    pub(super) apart_s: u32,
    /// Nothing of that name was there, not even stopped.
    pub(super) absent: bool,
}

/// Looks what is there, and waits for a stop that is under way.
pub(super) async fn make_room(walk: &mut Walk, hub: &Hub, place: Place) -> Result<Before, Finding> {
    let began = Instant::now();
    let (mut told, mut settled) = (false, true);
    loop {
        let until = began + walk.patience.waited() + walk.probe.deadlines.stop;
        let seen = match hub.user(walk.user(), true).await {
            Ok(seen) => seen,
            Err(error) => return Err(walk.hub_failure(hub, &error).await),
        };
        let now = walk.clock.now();
        let hub_clock = seen.head.date.unwrap_or(now);
        let apart = hub_clock.duration_since(now).abs().as_secs();
        let apart_s = u32::try_from(apart).unwrap_or(u32::MAX);
        let before = |absent| Before {
            hub_clock,
            apart_s,
            absent,
        };
        let servers = seen.value.servers.unwrap_or_default();
        let Some(server) = servers.get(&walk.probe.server) else {
            // Whoever was here looks whether it is gone.
            if !std::mem::replace(&mut settled, true) {
                sleep(SETTLING).await;
                continue;
            }
            return Ok(before(true));
        };
        if server.stopped == Some(true) {
            let may_stand_there = place != Place::Anybodys || walk.probe.account.dedicated;
            if walk.probe.server.is_empty() || may_stand_there {
                return Ok(before(false));
            }
            return Err(in_the_way(walk, hub, server, "is there, stopped"));
        }
        settled = false;
        match server.pending.as_deref() {
            Some("stop" | "check") if Instant::now() < until => {
                walk.voice
                    .progress(None, "waiting for the last stop of this server to end");
                sleep(Duration::from_secs(1)).await;
            }
            Some(pending @ ("stop" | "check")) => {
                return Err(Finding::new(
                    Cause::SpawnPendingStop,
                    format!(
                        "{} is still pending {pending}",
                        server_words(&walk.probe.server)
                    ),
                ));
            }
            _ if place.was_of(server) => return Err(is_back(walk, server)),
            _ if place != Place::Anybodys => came_between(walk, hub, server, until).await?,
            // A run on another machine may be waiting for it.
            Some("spawn")
                if walk.probe.account.dedicated && began.elapsed() < walk.probe.deadlines.start =>
            {
                earlier::not_ours_to_clear(walk)?;
                walk.voice
                    .progress(None, "waiting for a spawn that is under way to end");
                sleep(Duration::from_secs(1)).await;
            }
            _ => {
                let Err(finding) = clear(walk, hub, server, until).await else {
                    // Nobody else looks after that one.
                    settled = true;
                    continue;
                };
                if !walk.patience.left().is_zero() && !std::mem::replace(&mut told, true) {
                    walk.voice
                        .progress(None, &format!("waiting: {}", finding.summary));
                }
                if !walk.patience.wait().await {
                    return Err(finding);
                }
            }
        }
    }
}

/// It was seen to be gone, and the hub has it again: it stays ours to stop.
fn is_back(walk: &Walk, server: &Server) -> Finding {
    let what = server_words(&walk.probe.server);
    let summary = format!("{what} of {} was stopped and is there again", walk.user());
    Finding::new(Cause::StopUndone, summary).seen(describe(server))
}

/// Somebody started a server while ours was stopped to be started again: it is left
/// alone, and ours is gone.
///
/// # Errors
/// Who it was, unless it goes again by itself.
async fn came_between(
    walk: &mut Walk,
    hub: &Hub,
    server: &Server,
    until: Instant,
) -> Result<(), Finding> {
    let finding = match company::has_come_since(walk, hub, until).await {
        Since::Gone => return Ok(()),
        Since::Run(run) => company::came_between(walk, run),
        Since::Stays => Finding::new(
            Cause::SpawnAlreadyRunning,
            format!(
                "somebody else started {} of {} in the moment in which ours was stopped",
                server_words(&walk.probe.server),
                walk.user()
            ),
        )
        .seen(describe(server)),
    };
    spawn::strike(walk);
    Err(finding)
}

/// Takes away what is there, where it is ours to take away.
///
/// # Errors
/// What is in the way.
async fn clear(walk: &Walk, hub: &Hub, server: &Server, until: Instant) -> Result<(), Finding> {
    if walk.probe.account.dedicated {
        earlier::not_ours_to_clear(walk)?;
        if let Some(busy) = company::comes_to_work(walk, hub, server).await {
            return Err(busy);
        }
        return take_leftover(walk, hub, server, until).await;
    }
    if let Some(busy) = company::at_work(walk, hub, server).await {
        return Err(busy.seen(describe(server)));
    }
    if server.pending.as_deref() == Some("spawn") {
        return Err(Finding::new(
            Cause::SpawnForeignPending,
            format!(
                "{} is starting already, and not by us",
                server_words(&walk.probe.server)
            ),
        )
        .seen(describe(server)));
    }
    Err(in_the_way(walk, hub, server, "is running already"))
}

fn in_the_way(walk: &Walk, hub: &Hub, server: &Server, how: &str) -> Finding {
    let finding = Finding::new(
        Cause::SpawnAlreadyRunning,
        format!(
            "{} of {} {how}, and this run did not start it",
            server_words(&walk.probe.server),
            walk.user()
        ),
    );
    let finding = match earlier::known(walk) {
        Some(known) => finding
            .advise(format!(
                "Take it away with {}, or use another server with --server NAME.",
                walk.clean_command("--kept")
            ))
            .seen(known),
        None => finding,
    };
    finding.seen(describe(server)).with_curl(walk.curl(
        "GET",
        hub.api_url(&format!("users/{}", walk.user())).as_str(),
    ))
}

/// On an account that is nobody else's, what is left of a lost run is ours to
/// take away.
async fn take_leftover(
    walk: &Walk,
    hub: &Hub,
    server: &Server,
    deadline: Instant,
) -> Result<(), Finding> {
    walk.voice.warn(&format!(
        "{} was there before us and is taken away, since the account is dedicated ({})",
        server_words(&walk.probe.server),
        describe(server)
    ));
    let options = match &server.user_options {
        Some(Value::Object(options)) => options.clone(),
        _ => serde_json::Map::new(),
    };
    let made = ServerMade {
        apart_s: 0,
        name: walk.probe.server.clone(),
        asked: server.started.unwrap_or_else(|| walk.clock.now()),
        options,
        removable: false,
        answered: Some(201),
        started: server.started,
        url: server.url.clone(),
    };
    let taking = Taking {
        hub,
        user: walk.user(),
        made: &made,
        fresh: true,
        may_come_until: None,
        answered: None,
        unreachable: Duration::from_secs(45),
        deadline,
    };
    taking.stop().await.map_err(|trouble| trouble.finding)?;
    taking.gone().await.map_err(|trouble| trouble.finding)?;
    Ok(())
}

/// What a server in the model looks like, in one line.
fn describe(server: &Server) -> String {
    let started = server.started.map_or_else(
        || "not started yet".to_owned(),
        |at| format!("started {at}"),
    );
    let active = server
        .last_activity
        .map(|at| format!(", last active {at}"))
        .unwrap_or_default();
    let options = server
        .user_options
        .as_ref()
        .map(|options| format!(", options {options}"))
        .unwrap_or_default();
    format!("{started}{active}{options}")
}
