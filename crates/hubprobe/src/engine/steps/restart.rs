//! Restart: the visit's server is stopped, seen to be gone, and asked for again.
//!
//! The stop is as careful as the one at the end, since nothing is proven by a
//! server that lived on. A named server is stopped and never removed here: with
//! it may go its volume, which is what a restart is to spare. Its entry stands in
//! the ledger until the next start renews it, so that at any instant what is
//! there can be taken back.
//!
//! The second server gets a kernel at once: by its session other runs know
//! whose the server is, and its connection shows at the end whether it is gone.

use uuid::Uuid;

use super::company;
use super::ending::{self, Gone};
use super::{kernel, open, spawn};
use crate::engine::Walk;
use crate::undo::entry::server_words;
use crate::undo::server::{Taking, Trouble};
use crate::undo::{Entry, Made, ServerMade, Survivor};
use crate::vocabulary::{Cause, Finding};

/// Stops the server of the visit and starts it again, until a kernel of it runs;
/// gives back how the spawn went, in a few words.
///
/// # Errors
/// A finding of the stop, or of the step of the second start that did not pass.
pub(super) async fn restart(walk: &mut Walk) -> Result<String, Finding> {
    stop(walk)
        .await
        .map_err(|finding| during("the server was stopped, to be started again", finding))?;
    start(walk)
        .await
        .map_err(|finding| during("the server was started again", finding))
}

/// A finding, with the words that it was the restart.
fn during(what: &str, finding: Finding) -> Finding {
    let summary = format!("when {what}: {}", finding.summary);
    Finding { summary, ..finding }.seen("the first start of this visit had gone well")
}

async fn stop(walk: &mut Walk) -> Result<(), Finding> {
    if let Err(busy) = company::give_way_at_last(walk).await {
        company::leave(walk).await;
        return Err(busy);
    }
    let entry = walk.entry.as_ref().map(|entry| entry.made.clone());
    let (Some(hub), Some(Made::Server(made))) = (walk.hub.clone(), entry) else {
        let summary = "there is no server to start again";
        return Err(Finding::new(Cause::ServerNoRoute, summary));
    };
    walk.voice
        .progress(None, "the server is stopped, to be started again");
    let made = ServerMade {
        removable: false,
        ..made
    };
    let mut witness = walk.kernel.take();
    walk.session = None;
    let expected = walk.server.take().is_some();
    walk.restarting = false;
    let fresh = ending::taking(walk, &hub, &made, witness.is_some()).fresh;
    walk.restarting = true;
    let taking = Taking {
        fresh,
        ..ending::taking(walk, &hub, &made, witness.is_some())
    };
    let ended = match ending::stop(walk, &taking, expected, &mut witness).await {
        Ok(_) => ending::gone(walk, &taking, &mut witness).await,
        Err(trouble) => Err(trouble),
    };
    match ended {
        Ok(Gone {
            successor: Some(run),
            ..
        }) => {
            spawn::strike(walk);
            Err(company::came_between(walk, run))
        }
        Ok(_) => Ok(()),
        Err(trouble) => {
            let trouble = ending::with_reason(walk, trouble).await;
            // The way back looks at it once more, and says what is left.
            walk.kernel = witness;
            Err(given_up(walk, trouble))
        }
    }
}

/// The finding of a stop that failed; what is somebody else's is forgotten.
fn given_up(walk: &mut Walk, trouble: Trouble) -> Finding {
    if ending::is_somebody_elses(&trouble) {
        spawn::strike(walk);
    }
    trouble.finding
}

async fn start(walk: &mut Walk) -> Result<String, Finding> {
    let hub = walk.hub()?;
    let before = walk.server_began.take();
    // Nothing is there now: it was never ready, and takes no nodes.
    walk.ready_at = None;
    if let Some(share) = &walk.share {
        share.waits(true);
    }
    walk.job_id = None;
    walk.queued_at = None;
    if !walk.may_start_again().await {
        return Err(Finding::new(
            Cause::ProberLimits,
            "it is not asked for again, since too many spawns in a row have failed on this hub, which may end itself",
        )
        .advise("See why the others failed."));
    }
    walk.voice.progress(None, "gone; it is asked for again");
    let summary = spawn::again(walk, &hub).await?;
    open::open(walk).await?;
    if before.is_some() && walk.server_began == before {
        return Err(same_again(walk));
    }
    kernel::kernel(walk).await?;
    Ok(summary)
}

/// The hub says that it started another, and it is the one that it had stopped.
fn same_again(walk: &Walk) -> Finding {
    let seen = format!(
        "the process of the first {} of {} answers though the hub has stopped it",
        server_words(&walk.probe.server),
        walk.user()
    );
    // The visit's entry is of the second.
    if let Some(entry) = &walk.entry {
        let survivor = Survivor {
            seen: seen.clone(),
            ..Survivor::default()
        };
        let first = Entry {
            id: Uuid::now_v7(),
            survived: Some(survivor),
            ..entry.clone()
        };
        if let Err(error) = walk.ledger.enter(&first) {
            walk.voice.warn(&error.to_string());
        }
    }
    walk.voice.lives_on(&seen);
    let began = walk.server_began.map(|at| at.to_string());
    Finding::new(
        Cause::StopSurvived,
        "the server that was stopped answers in the place of the new one",
    )
    .seen(format!(
        "api/status says of both: started {}",
        began.unwrap_or_default()
    ))
}
