//! Open: the server answers through the proxy, as this account, and it is the
//! one that we asked for.
//!
//! Called ready is not yet reachable: a route may come a moment later. And
//! what answers may be an older server on the same port, which the hub
//! believes stopped.

use std::time::Duration;

use jupyterhub_client::{JupyterServer, Seen, ServerStatus};
use tokio::time::{Instant, sleep, timeout_at};

use super::lost;
use crate::diagnose::server::{self as diagnose, Answer};
use crate::engine::Walk;
use crate::explain;
use crate::undo::Made;
use crate::undo::birth::{self, State};
use crate::vocabulary::{Cause, Finding};

/// The age of a server and its answer's date may come from two clocks, so an
/// older server is only called one when it is older by more than this.
const CLOCK_SLACK: Duration = Duration::from_secs(10);

/// A server that is gone so soon after it was shown ready was never really so.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Asks `GET {server}/api/status` until it answers.
///
/// # Errors
/// A finding of the server's layer.
pub async fn open(walk: &mut Walk) -> Result<String, Finding> {
    let hub = walk.hub()?;
    let Some(server) = walk.server.clone() else {
        return Err(Finding::new(
            Cause::ServerNoRoute,
            "the server's address is not known",
        ));
    };
    let began = Instant::now();
    let until = began + walk.probe.deadlines.open;
    let show = walk.curl("GET", &format!("{}api/status", server.url()));
    let answer = match answer(walk, &server, until).await {
        Ok(answer) => answer,
        Err(finding) if finding.cause == Cause::ServerForbidden => {
            let identity = walk.identity.as_ref();
            let name = &walk.probe.server;
            let finding =
                explain::server::forbidden(&hub, &server, finding, identity, walk.known(), name)
                    .await;
            return Err(finding.with_curl(show));
        }
        Err(finding) => {
            let finding = lost::by_its_limit(walk, finding).await;
            let proxy = explain::proxy_health(&hub).await;
            let url = walk.target.url.as_str();
            let finding = diagnose::mind_internal_address(finding, url, proxy.as_ref());
            return Err(finding.with_curl(show));
        }
    };
    if let Some(finding) = older_than_our_request(walk, &answer) {
        return Err(finding.with_curl(show));
    }
    walk.server_began = answer.value.started;
    let waited = began.elapsed();
    let version = server_version(walk, &server).await;
    as_this_account(walk, &server).await?;
    Ok(format!("{version}, {} ms", waited.as_millis()))
}

async fn answer(
    walk: &Walk,
    server: &JupyterServer,
    until: Instant,
) -> Result<Seen<ServerStatus>, Finding> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(100);
    let mut last = None;
    let mut gone = 0;
    // A route with nothing behind it was seen: then it died, whoever tidied up.
    let mut dead = false;
    loop {
        match timeout_at(until, server.status()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => match diagnose::refused(&error, walk.user()) {
                Answer::Wrong(finding) => return Err(finding),
                Answer::NotYet(finding) => {
                    dead |= finding.cause == Cause::ServerDied || error.status() == Some(502);
                    gone = if in_the_model(walk).await {
                        0
                    } else {
                        gone + 1
                    };
                    if gone >= 2 {
                        return Err(diagnose::vanished(
                            error.to_string(),
                            dead,
                            began.elapsed() < AT_ONCE,
                        ));
                    }
                    last = Some(finding);
                }
            },
            Err(_) => {}
        }
        if Instant::now() + pause >= until {
            return Err(last.unwrap_or_else(|| {
                Finding::new(
                    Cause::ServerNoRoute,
                    "the server does not answer through the proxy",
                )
                .seen(format!("GET {}api/status: no answer", server.url()))
            }));
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

/// Whether the hub still calls our server ready, and is not stopping it.
pub(super) async fn is_ready(walk: &Walk) -> bool {
    let Some(hub) = &walk.hub else {
        return false;
    };
    let looking = tokio::time::timeout(Duration::from_secs(5), hub.user(walk.user(), false));
    let Ok(Ok(user)) = looking.await else {
        return false;
    };
    let servers = user.value.servers.unwrap_or_default();
    servers
        .get(&walk.probe.server)
        .is_some_and(|server| server.ready && server.pending.is_none())
}

/// Whether the hub still shows our server; yes where it does not say.
async fn in_the_model(walk: &Walk) -> bool {
    let (Some(hub), Some(entry)) = (&walk.hub, &walk.entry) else {
        return true;
    };
    let Made::Server(made) = &entry.made else {
        return true;
    };
    let looking = tokio::time::timeout(Duration::from_secs(5), hub.user(walk.user(), false));
    match looking.await {
        Ok(Ok(user)) => birth::state(&user.value, made) != State::Absent,
        _ => true,
    }
}

/// An orphan of an earlier spawn answers in the place of ours.
fn older_than_our_request(walk: &Walk, answer: &Seen<ServerStatus>) -> Option<Finding> {
    let started = answer.value.started?;
    let now = answer.head.date?;
    let age = now.duration_since(started).as_secs_f64();
    let asked = walk.asked?.elapsed().as_secs_f64();
    let slack = CLOCK_SLACK + walk.apart;
    (age > asked + slack.as_secs_f64()).then(|| diagnose::orphan(age, asked))
}

/// Which Jupyter Server, and which JupyterHub is in the user's environment.
async fn server_version(walk: &Walk, server: &JupyterServer) -> String {
    let Ok(seen) = server.version().await else {
        return "it answers".to_owned();
    };
    let inside = seen.head.hub_version().map(str::to_owned);
    if let (Some(inside), Some(hub)) = (&inside, &walk.version)
        && let Some(warning) = diagnose::versions_differ(hub, inside)
    {
        walk.voice.warn(&warning);
    }
    format!("Jupyter Server {}", seen.value.version)
}

/// The server takes us for whom the hub takes us. Servers before Jupyter
/// Server 2.0 cannot say (404).
async fn as_this_account(walk: &Walk, server: &JupyterServer) -> Result<(), Finding> {
    let Some(identity) = &walk.identity else {
        return Ok(());
    };
    match server.me().await {
        Ok(me) if me.username() == Some(identity.name.as_str()) || me.username().is_none() => {
            Ok(())
        }
        Ok(me) => Err(Finding::new(
            Cause::ServerForbidden,
            format!(
                "the server takes us for somebody else than {}",
                identity.name
            ),
        )
        .seen(format!("it says: {}", me.username().unwrap_or_default()))),
        Err(error) => {
            if error.status() != Some(404) {
                walk.voice
                    .warn(&format!("the server does not say who we are: {error}"));
            }
            Ok(())
        }
    }
}
