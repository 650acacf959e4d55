//! What an earlier run left on this account, killed before it could undo: the
//! next run takes it back first, by the same code as `hubprobe clean`.

use jupyterhub_client::Hub;
use tokio::time::Instant;

use crate::engine::Walk;
use crate::undo::clean::{self, Choice, Kind};
use crate::undo::entry::server_words;
use crate::undo::lock::{self, NotLocked, Of, Place};
use crate::undo::owner::Life;
use crate::undo::{Made, Outcome};
use crate::vocabulary::{Cause, Finding};

/// Takes the lock of the account's server, for the rest of the visit; waits for
/// whoever has it as long as the patience lasts.
///
/// # Errors
/// `prober.busy` where another run of this state directory has it.
pub(super) async fn lock(walk: &mut Walk) -> Result<(), Finding> {
    let mut told = false;
    loop {
        let began = Instant::now();
        let place = Place {
            hub: &walk.target.url,
            account: walk.user(),
            of: Of::Server(&walk.probe.server),
        };
        let taken = lock::take(walk.ledger.state_dir(), place, walk.run).await;
        walk.patience.spent_since(began);
        match taken {
            Ok(lock) => {
                walk.lock = Some(lock);
                return Ok(());
            }
            Err(NotLocked::Held(holder)) => {
                // Not without patience: then the finding says it.
                if !walk.patience.left().is_zero() && !std::mem::replace(&mut told, true) {
                    walk.voice.progress(
                        None,
                        &format!("waiting for another run, which holds the lock: {holder}"),
                    );
                }
                if !walk.patience.wait().await {
                    let words = format!(
                        "another run of hubprobe is at work on {} of {}",
                        server_words(&walk.probe.server),
                        walk.user()
                    );
                    return Err(Finding::new(Cause::ProberBusy, words)
                        .seen(format!("its lock is held by {holder}")));
                }
            }
            // The hub's own state still tells most of it.
            Err(NotLocked::Unusable(error)) => {
                walk.voice.warn(&format!(
                    "no lock could be taken in the state directory: {error}"
                ));
                return Ok(());
            }
        }
    }
}

/// What our ledger knows of the server that is there.
pub(super) fn known(walk: &Walk) -> Option<String> {
    let content = walk.ledger.read().ok()?;
    let entry = content.entries.iter().find(|entry| {
        let same_server =
            matches!(&entry.made, Made::Server(made) if made.name == walk.probe.server);
        same_server
            && entry.survived.is_none()
            && entry.target.url == walk.target.url
            && entry.account == walk.user()
    })?;
    let since = entry.written.strftime("%Y-%m-%d %H:%M UTC");
    if entry.kept {
        Some(format!(
            "a check kept it on purpose ({since}); {} takes it away",
            walk.clean_command("--kept")
        ))
    } else if entry.owner.life() == Life::Alive {
        Some(format!("the run of process {} is at it", entry.owner.pid))
    } else {
        None
    }
}

/// What is left on a dedicated account may be taken away, but not what a live
/// run is at (on another host, or without a lock), nor what was kept on purpose.
///
/// # Errors
/// `spawn.already-running`.
pub(super) fn not_ours_to_clear(walk: &Walk) -> Result<(), Finding> {
    let Some(why) = known(walk) else {
        return Ok(());
    };
    Err(Finding::new(
        Cause::SpawnAlreadyRunning,
        format!(
            "{} is there, and not ours to clear",
            server_words(&walk.probe.server)
        ),
    )
    .advise(format!(
        "{} takes a kept one away; a run that is going on is waited for.",
        walk.clean_command("--kept")
    ))
    .seen(why))
}

/// Takes back what the ledger names of dead runs on this account's server.
///
/// # Errors
/// `prober.limits` where the ledger cannot be read.
pub(super) async fn take_back(walk: &Walk, hub: &Hub) -> Result<(), Finding> {
    let choice = Choice {
        token: hub.token().cloned(),
        only: Some((walk.target.url.clone(), walk.user().to_owned())),
        // Of another server of the account, whoever is at work on it, another visit of this run perhaps, does it.
        server: Some(walk.probe.server.clone()),
        kind: Kind::Servers,
        over: walk.lock.as_ref().and_then(|lock| lock.overtook),
        ..Choice::default()
    };
    let cleaned = clean::clean(&walk.ledger, &choice, walk.run, walk.probe.deadlines.stop)
        .await
        .map_err(|error| Finding::new(Cause::ProberLimits, error.to_string()))?;
    for one in cleaned {
        match one.outcome {
            Outcome::Gone(how) => walk.voice.warn(&format!(
                "{} was left by an earlier run and is taken back: {how}",
                one.what
            )),
            Outcome::NotOurs(_) | Outcome::Left(_) => {}
            Outcome::Failed(why) => walk
                .voice
                .left_behind(&format!("{}, from an earlier run: {why}", one.what)),
            Outcome::LivesOn(why) => walk
                .voice
                .lives_on(&format!("{}, from an earlier run: {why}", one.what)),
            Outcome::Unseen(why) => walk.voice.warn(&format!(
                "{}, from an earlier run, may live on: {why}; once it is ended by hand: {}",
                one.what,
                walk.clean_command(&format!("--forget {}", one.id.unwrap_or_default()))
            )),
        }
    }
    Ok(())
}
