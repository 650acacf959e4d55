//! Another run of hubprobe on the same server, from a machine that shares no
//! state directory with us: no lock tells of it, so the server is asked.
//!
//! A run's session is named after the run, and its kernel has a connection as
//! long as the run lives. Two runs whose start requests reach the hub at the
//! same instant with the same options share one spawn, and no answer of the hub
//! tells them apart: there the run that began later gives way.

use std::time::Duration;

use jupyterhub_client::{Hub, JupyterServer, Server, Session};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::engine::Walk;
use crate::undo::entry::server_words;
use crate::vocabulary::{Cause, Finding};

/// How long one look may take.
const LOOK: Duration = Duration::from_secs(3);

/// A run that is alive shows itself on a server within this: it connects to its
/// kernel as soon as the server is ready.
const WATCH: Duration = Duration::from_secs(10);

/// Between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// A run has its session so soon after its server is ready, also on a slow machine.
const AT_ONCE: Duration = Duration::from_secs(6);

/// Between two looks while our kernel starts.
const BETWEEN_GLANCES: Duration = Duration::from_millis(250);

/// So long a run that began later is waited for, once our kernel runs.
const LATER_RUN: Duration = Duration::from_secs(20);

/// How long the last look before the stop may take, and the pause after it.
const LAST_LOOK: Duration = Duration::from_millis(500);

/// So long such a run is waited for before the stop, and no longer than a
/// quarter of the time for it.
const LAST_MOMENT: Duration = Duration::from_secs(3);

/// The path of a run's session, relative to the server's root directory.
pub(super) fn path_of(run: Uuid) -> String {
    format!("hubprobe-{run}.ipynb")
}

/// The path of the session of a run's notebook, which is beside that: servers have one session a path.
pub(super) fn path_of_notebook(run: Uuid, number: usize) -> String {
    format!("hubprobe-{run}-{number}.ipynb")
}

fn run_of(session: &Session) -> Option<Uuid> {
    let name = session.path.strip_suffix(".ipynb")?;
    let name = name.strip_prefix("hubprobe-")?;
    let (run, number) = name.split_at_checked(uuid::fmt::Hyphenated::LENGTH)?;
    let is_number = |text: &str| text.parse::<usize>().is_ok();
    let is_ours = number.is_empty() || number.strip_prefix('-').is_some_and(is_number);
    is_ours.then(|| run.parse().ok()).flatten()
}

/// Gives way where a run that began before ours is on the server that we take
/// for ours; one that began later is waited for, since it gives way as soon as
/// it sees us. A look that shows nothing lets us go on.
///
/// # Errors
/// `prober.busy`.
pub(super) async fn give_way(walk: &Walk) -> Result<(), Finding> {
    give_way_within(walk, LATER_RUN, LOOK, BETWEEN_LOOKS).await
}

/// The same before the stop, which is not put off for long.
///
/// # Errors
/// `prober.busy`.
pub(super) async fn give_way_at_last(walk: &Walk) -> Result<(), Finding> {
    let patience = LAST_MOMENT.min(walk.probe.deadlines.stop / 4);
    give_way_within(walk, patience, LAST_LOOK, LAST_LOOK).await
}

/// Another run is waited for at most so long, in looks with pauses between them.
async fn give_way_within(
    walk: &Walk,
    patience: Duration,
    look: Duration,
    pause: Duration,
) -> Result<(), Finding> {
    let until = Instant::now() + patience;
    while let Some(run) = other(walk, look).await {
        if run < walk.run {
            return Err(shared(walk, run));
        }
        if Instant::now() >= until {
            break;
        }
        sleep(pause).await;
    }
    Ok(())
}

/// Returns when a run that began before ours shows itself on the server.
pub(super) async fn comes_first(walk: &Walk) -> Finding {
    loop {
        match other(walk, LOOK).await {
            Some(run) if run < walk.run => return shared(walk, run),
            _ => sleep(BETWEEN_GLANCES).await,
        }
    }
}

/// The first of the other runs on the server. The ids of runs begin with the
/// time.
async fn other(walk: &Walk, within: Duration) -> Option<Uuid> {
    let server = walk.server.as_ref()?;
    let sessions = timeout(within, server.sessions()).await.ok()?.ok()?;
    alive(&sessions).filter(|run| *run != walk.run).min()
}

/// The runs whose kernels somebody is connected to: an orphan of an earlier run
/// has its session still, and nobody.
fn alive(sessions: &[Session]) -> impl Iterator<Item = Uuid> {
    sessions
        .iter()
        .filter(|session| session.kernel.connections.is_some_and(|count| count > 0))
        .filter_map(run_of)
}

/// What is known of a server that is there since ours was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// It is another run's, which began just when the place was empty.
    Run(Uuid),
    /// It has gone again by itself.
    Gone,
    /// It is somebody's who stays.
    Stays,
}

/// Whose server is there since ours was stopped. It is younger than our stop, so
/// whatever session of a run is on it is one of a run that has come since.
pub(super) async fn has_come_since(walk: &Walk, hub: &Hub, until: Instant) -> Since {
    let until = until.min(Instant::now() + LATER_RUN);
    let mut ready = None;
    while Instant::now() < until {
        let user = timeout(LOOK, hub.user(walk.user(), false)).await;
        let Ok(Ok(user)) = user else {
            return Since::Stays;
        };
        let servers = user.value.servers.unwrap_or_default();
        let Some(server) = servers.get(&walk.probe.server) else {
            return Since::Gone;
        };
        if let Some(jupyter) = jupyter(hub, server) {
            if let Some(run) = named(&jupyter).await {
                return Since::Run(run);
            }
            // Whoever uses it is no run: one has its session at once.
            if *ready.get_or_insert_with(Instant::now) + AT_ONCE < Instant::now() {
                return Since::Stays;
            }
        }
        sleep(BETWEEN_GLANCES).await;
    }
    Since::Stays
}

/// The run that has a session on a server.
async fn named(server: &JupyterServer) -> Option<Uuid> {
    let looked = timeout(LOOK, server.sessions()).await;
    looked.ok()?.ok()?.iter().find_map(run_of)
}

/// Leaves the server to the other run: nothing of ours stays on it, and it is
/// not ours to stop any more.
pub(super) async fn leave(walk: &mut Walk) {
    if let Some(kernel) = walk.kernel.take() {
        kernel.close().await;
    }
    super::execute::end_session(walk).await;
    if let Some(entry) = walk.entry.take()
        && let Err(error) = walk.ledger.strike(entry.id)
    {
        walk.voice.warn(&error.to_string());
    }
}

fn shared(walk: &Walk, run: Uuid) -> Finding {
    Finding::new(
        Cause::ProberBusy,
        format!(
            "another run of hubprobe asked for {} at the same instant, and was there first",
            server_words(&walk.probe.server)
        ),
    )
    .seen(format!(
        "the session hubprobe-{run}.ipynb is on the server, and the hub made one spawn of both requests"
    ))
    .seen("the server is left to that run, which stops it")
}

/// A run that is at work on a server that is there, as one look shows.
pub(super) async fn at_work(walk: &Walk, hub: &Hub, server: &Server) -> Option<Finding> {
    let run = connected(&jupyter(hub, server)?).await?;
    Some(busy(walk, run))
}

/// The same, watched for a while: one that has just got its server has no
/// kernel yet.
pub(super) async fn comes_to_work(walk: &Walk, hub: &Hub, server: &Server) -> Option<Finding> {
    let jupyter = jupyter(hub, server)?;
    let until = Instant::now() + WATCH;
    while Instant::now() < until {
        if let Some(run) = connected(&jupyter).await {
            return Some(busy(walk, run));
        }
        sleep(BETWEEN_LOOKS).await;
    }
    None
}

fn jupyter(hub: &Hub, server: &Server) -> Option<JupyterServer> {
    let url = hub.resolve(server.url.as_deref()?).ok()?;
    server.ready.then(|| hub.server(&url))
}

/// The run whose kernel somebody is connected to.
async fn connected(server: &JupyterServer) -> Option<Uuid> {
    let looked = timeout(LOOK, server.sessions()).await;
    alive(&looked.ok()?.ok()?).next()
}

/// Another run took the place while ours was stopped to be started again.
pub(super) fn came_between(walk: &Walk, run: Uuid) -> Finding {
    Finding::new(
        Cause::ProberBusy,
        format!(
            "another run of hubprobe started {} of {} in the moment in which ours was stopped",
            server_words(&walk.probe.server),
            walk.user()
        ),
    )
    .seen(format!("the session hubprobe-{run}.ipynb is on the server"))
    .seen("the server is left to that run, which stops it")
}

fn busy(walk: &Walk, run: Uuid) -> Finding {
    Finding::new(
        Cause::ProberBusy,
        format!(
            "another run of hubprobe is at work on {} of {}",
            server_words(&walk.probe.server),
            walk.user()
        ),
    )
    .seen(format!(
        "the session hubprobe-{run}.ipynb is on the server, and its kernel is connected"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_told_by_each_of_its_sessions() {
        let run = Uuid::now_v7();
        let of = |path: &str| {
            let session = serde_json::json!({"id": "s", "path": path, "kernel": {"id": "k"}});
            run_of(&serde_json::from_value(session).unwrap())
        };
        assert_eq!(of(&path_of(run)), Some(run));
        assert_eq!(of(&path_of_notebook(run, 12)), Some(run));
        for other in [
            "hubprobe-.ipynb".to_owned(),
            format!("hubprobe-{run}-x.ipynb"),
            format!("hubprobe-{run}12.ipynb"),
            format!("{run}.ipynb"),
            "hubprobe-éééééééééééééééééééééééé.ipynb".to_owned(),
        ] {
            assert_eq!(of(&other), None, "{other}");
        }
    }
}
