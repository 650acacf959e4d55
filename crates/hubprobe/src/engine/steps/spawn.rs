//! Spawn: a server is asked for with the probe's options, and becomes ready.
//!
//! What was there before is somebody's work and is left alone (unless the
//! operator says that the account is dedicated). The request stands in the
//! ledger before it is sent.

use std::sync::Arc;
use std::time::Duration;

use jupyterhub_client::{Error, Hub, Server, Stage, start_body};
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep};

use super::follow::{self, Follow};
use super::{company, earlier};
use crate::diagnose::{environment, reach, spawn as diagnose, token};
use crate::engine::Walk;
use crate::explain;
use crate::means;
use crate::undo::entry::server_words;
use crate::undo::server::Taking;
use crate::undo::{Made, ServerMade};
use crate::vocabulary::{Cause, Finding};

/// The start request may block as long as the hub's `slow_spawn_timeout`
/// (10 s by default); one that takes longer than this is left to the model.
const START_REQUEST: Duration = Duration::from_secs(60);

/// A place that somebody else has just left is left empty so long: another run
/// is still looking whether its server is gone, and would find ours.
const SETTLING: Duration = Duration::from_secs(3);

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
    let began = Instant::now();
    let mut least_wait = Duration::from_secs(1);
    loop {
        // Again before each request: while we waited, somebody may have come.
        let before = make_room(walk, &hub).await?;
        if let Some(share) = &walk.share {
            share.begin(&walk.probe.options)?;
        }
        let asked = ask(walk, &hub, &before)?;
        match follow::follow(walk, &hub, asked).await {
            Follow::Ready(server) => {
                walk.server = Some(server);
                walk.ready_at = Some(Instant::now());
                if let Some(on_ready) = walk.on_ready.take() {
                    drop(on_ready.send(Arc::clone(&walk.probe)));
                }
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
                strike(walk);
                if let Some(share) = &walk.share {
                    share.waits(true);
                }
                let queue_left = walk.probe.deadlines.queue.saturating_sub(began.elapsed());
                let wait = retry_after(&error).map(|wait| wait.max(least_wait));
                let Some(wait) = wait.filter(|wait| *wait <= queue_left) else {
                    return Err(refused(walk, &hub, &error).await);
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
                let url = walk.server_api(&hub, "/progress");
                return Err(match finding.curl {
                    Some(_) => finding,
                    None => finding.with_curl(walk.curl("GET", &url)),
                });
            }
        }
    }
}

/// What was there before our request.
struct Before {
    /// The hub's clock, as its answer said it.
    hub_clock: jiff::Timestamp,
    /// By how many seconds that clock and ours are apart.
    apart_s: u32,
    /// Nothing of that name was there, not even stopped.
    absent: bool,
}

/// Looks what is there, and waits for a stop that is under way.
async fn make_room(walk: &mut Walk, hub: &Hub) -> Result<Before, Finding> {
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
            if walk.probe.server.is_empty() || walk.probe.account.dedicated {
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
            .advise("Take it away with hubprobe clean --kept, or use another server with --server NAME.")
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

/// Writes the ledger, then sends the start request, in a task of its own: it
/// may block for long, and it must reach the hub whole, whatever happens to
/// the visit.
fn ask(walk: &mut Walk, hub: &Hub, before: &Before) -> Result<follow::Asking, Finding> {
    let options = walk.probe.options.clone();
    let made = ServerMade {
        name: walk.probe.server.clone(),
        asked: before.hub_clock,
        apart_s: before.apart_s,
        options: options.clone(),
        removable: before.absent && !walk.probe.server.is_empty(),
        answered: None,
        started: None,
        url: None,
    };
    let entry = walk.new_entry(Made::Server(made.clone()));
    walk.ledger.enter(&entry).map_err(|error| {
        Finding::new(Cause::ProberLimits, error.to_string())
            .advise("Nothing was asked of the hub, since it could not have been undone.")
    })?;
    walk.entry = Some(entry);
    walk.asked.get_or_insert_with(Instant::now);
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

/// Nothing was made.
fn strike(walk: &mut Walk) {
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
