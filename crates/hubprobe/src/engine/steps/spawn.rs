//! Spawn: a server is asked for with the probe's options, and becomes ready.
//!
//! The request stands in the ledger before it is sent. A restart asks again for
//! the same server, and renews its entry.

use std::time::Duration;

use jupyterhub_client::{Error, Hub, Stage, start_body};
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep};

use super::earlier;
use super::follow::{self, Follow};
use super::room::{Before, Place, make_room};
use crate::diagnose::{environment, reach, spawn as diagnose, token};
use crate::engine::Walk;
use crate::explain;
use crate::means;
use crate::undo::{Made, ServerMade};
use crate::vocabulary::{Cause, Finding};

/// The start request may block as long as the hub's `slow_spawn_timeout`
/// (10 s by default); one that takes longer than this is left to the model.
const START_REQUEST: Duration = Duration::from_secs(60);

/// Asks for the server and follows it until it is ready.
///
/// # Errors
/// A finding of the spawn's layers.
pub async fn spawn(walk: &mut Walk) -> Result<String, Finding> {
    let hub = walk.hub()?;
    means::look(means::FOR_A_VISIT).map_err(|short| {
        Finding::new(Cause::ProberLimits, short.what)
            .advise(short.remedy)
            .seen("no server was asked for, since undoing it could have failed too")
    })?;
    if environment::nested(&walk.probe.options).is_some() {
        walk.voice.warn(environment::NESTED);
    }
    earlier::lock(walk).await?;
    earlier::take_back(walk, &hub).await?;
    until_ready(walk, &hub, Place::Anybodys).await
}

/// Asks anew for the server of this visit, which is stopped and gone, and follows
/// it until it is ready. Its entry in the ledger is renewed, so that there is one
/// at any instant.
///
/// # Errors
/// A finding of the spawn's layers; `prober.busy` where another run came between.
pub(super) async fn again(walk: &mut Walk, hub: &Hub) -> Result<String, Finding> {
    let made = walk.entry.as_ref().and_then(|entry| match &entry.made {
        Made::Server(made) => Some(made),
        _ => None,
    });
    let place = Place::Ours {
        removable: made.is_some_and(|made| made.removable),
        born: made.and_then(|made| made.started),
    };
    until_ready(walk, hub, place).await
}

async fn until_ready(walk: &mut Walk, hub: &Hub, place: Place) -> Result<String, Finding> {
    let began = Instant::now();
    let mut least_wait = Duration::from_secs(1);
    loop {
        // Again before each request: while we waited, somebody may have come.
        let before = make_room(walk, hub, place).await?;
        if let Some(share) = &walk.share {
            share.begin(&walk.probe.options)?;
        }
        let asked = ask(walk, hub, &before, place)?;
        match follow::follow(walk, hub, asked).await {
            Follow::Ready(server) => {
                walk.server = Some(server);
                walk.is_ready();
                // A hub may say nothing between the queue and the end.
                if let Some(share) = &walk.share {
                    share.waits(false);
                }
                return Ok(format!(
                    "ready after {:.1} s",
                    began.elapsed().as_secs_f64()
                ));
            }
            Follow::Refused(error) => {
                match place {
                    // What stands there stopped is still to be removed, and is told by the birth of the first: else what
                    // somebody starts there now would look like ours.
                    Place::Ours {
                        removable: true,
                        born,
                    } => born_as(walk, born)?,
                    Place::Ours { .. } | Place::Anybodys => strike(walk),
                }
                if let Some(share) = &walk.share {
                    share.waits(true);
                }
                let queue_left = walk.probe.deadlines.queue.saturating_sub(began.elapsed());
                let wait = retry_after(&error).map(|wait| wait.max(least_wait));
                let Some(wait) = wait.filter(|wait| *wait <= queue_left) else {
                    return Err(refused(walk, hub, &error).await);
                };
                // A hub that says 0 is not hammered.
                least_wait = (least_wait * 2).min(Duration::from_secs(30));
                walk.voice.progress(
                    None,
                    &format!("the hub is busy; asking again in {} s", wait.as_secs()),
                );
                sleep(wait).await;
            }
            Follow::Failed(finding) => {
                let url = walk.server_api(hub, "/progress");
                return Err(match finding.curl {
                    Some(_) => finding,
                    None => finding.with_curl(walk.curl("GET", &url)),
                });
            }
        }
    }
}

/// Writes the ledger, then sends the start request, in a task of its own: it
/// may block for long, and it must reach the hub whole, whatever happens to
/// the visit.
fn ask(
    walk: &mut Walk,
    hub: &Hub,
    before: &Before,
    place: Place,
) -> Result<follow::Asking, Finding> {
    let options = walk.probe.options.clone();
    let made = ServerMade {
        name: walk.probe.server.clone(),
        asked: before.hub_clock,
        apart_s: before.apart_s,
        options: options.clone(),
        removable: match place {
            Place::Anybodys => before.absent && !walk.probe.server.is_empty(),
            Place::Ours { removable, .. } => removable,
        },
        answered: None,
        started: None,
        url: None,
    };
    let mut entry = walk.new_entry(Made::Server(made.clone()));
    if let Some(renewed) = &walk.entry {
        entry.id = renewed.id;
    }
    walk.ledger.enter(&entry).map_err(|error| {
        Finding::new(Cause::ProberLimits, error.to_string())
            .advise("Nothing was asked of the hub, since it could not have been undone.")
    })?;
    walk.entry = Some(entry);
    walk.restarting = false;
    match place {
        Place::Anybodys => walk.asked.get_or_insert_with(Instant::now),
        Place::Ours { .. } => walk.asked.insert(Instant::now()),
    };
    walk.asked_again = Some(Instant::now());
    let (say_answered, answered) = watch::channel(false);
    walk.answered = Some(answered);
    let options = Value::Object(options);
    let body = match &walk.version {
        Some(version) => start_body(version, &options),
        None => options,
    };
    let (hub, user, name) = (hub.clone(), walk.user().to_owned(), made.name.clone());
    let (to, answer) = oneshot::channel();
    tokio::spawn(async move {
        let answer = hub.start_server(&user, &name, &body, START_REQUEST).await;
        // Without a status the hub may still be at it, unless it never heard.
        let heard = match &answer {
            Ok(_) => true,
            Err(error) => error.status().is_some() || never_sent(error),
        };
        say_answered.send_replace(heard);
        drop(to.send(answer));
    });
    Ok(follow::Asking { made, answer })
}

/// Whether the request cannot have reached anybody.
fn never_sent(error: &Error) -> bool {
    matches!(
        error.stage,
        Stage::Dns { .. } | Stage::Connect { .. } | Stage::Tls { .. } | Stage::Setup { .. }
    )
}

/// Nothing new was made: the entry is that of the first server again.
fn born_as(walk: &mut Walk, born: Option<jiff::Timestamp>) -> Result<(), Finding> {
    let Some(entry) = &mut walk.entry else {
        return Ok(());
    };
    if let Made::Server(made) = &mut entry.made {
        made.started = born;
    }
    let entered = walk.ledger.enter(entry);
    entered.map_err(|error| Finding::new(Cause::ProberLimits, error.to_string()))
}

/// Nothing was made.
pub(super) fn strike(walk: &mut Walk) {
    if let Some(entry) = walk.entry.take()
        && let Err(error) = walk.ledger.strike(entry.id)
    {
        walk.voice.warn(&error.to_string());
    }
}

/// How long a hub that is busy wants us to wait; only where it says so.
fn retry_after(error: &Error) -> Option<Duration> {
    if error.status() != Some(429) {
        return None;
    }
    error.head()?.retry_after()
}

async fn refused(walk: &Walk, hub: &Hub, error: &Error) -> Finding {
    let finding = if token::is_about_rights(error) {
        explain::failure(hub, error, walk.known()).await
    } else {
        reach::below_the_hub(error, None).unwrap_or_else(|| diagnose::refused(error))
    };
    finding.with_curl(walk.curl("POST", &walk.server_api(hub, "")))
}
