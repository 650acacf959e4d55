//! How a server of ours ends: it is stopped, and seen to be gone.
//!
//! The way back does this once a visit, a restart in its middle as well, with the
//! same care: what a DELETE answers proves nothing. Says no steps; whoever asks
//! tells what came of it.
//!
//! A visit knows more of a stop than `clean` does: the server was there a moment
//! ago, and a kernel of it is still connected. A hub that has only forgotten
//! the server says "gone" like one that has stopped it; the kernel does not.

use std::future::Future;
use std::time::Duration;

use jupyterhub_client::{Hub, KernelConnection};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use uuid::Uuid;

use super::company::{self, Since};
use super::{lost, scheduler, survivor};
use crate::diagnose::{server, stop, token};
use crate::engine::Walk;
use crate::explain;
use crate::undo::entry::server_words;
use crate::undo::server::{Stopped, Taking, Trouble};
use crate::undo::{ServerMade, Survivor};
use crate::vocabulary::{Cause, Finding};

/// How long a process may go on after the hub has called it stopped: pods and
/// jobs get some seconds to end.
const AFTERLIFE: Duration = Duration::from_secs(30);

/// So long after the deadline of the stop it is still asked why it went wrong.
pub(super) const REASONING: Duration = Duration::from_millis(3500);

/// For so long a server that came up is believed to be ours without a look, where the hub is too slow for one.
const LATELY: Duration = Duration::from_secs(60);

/// How long a kernel may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// A hub that restarts is back by then.
const UNREACHABLE: Duration = Duration::from_secs(45);

/// A server that is gone.
#[derive(Default)]
pub(super) struct Gone {
    /// What was seen.
    pub(super) words: String,
    /// The run that has started its own in the same place since.
    pub(super) successor: Option<Uuid>,
}

/// The taking of a server that was asked for in this visit, which must be done
/// within its deadline from now on. `witnessed`: our kernel's connection is open.
pub(super) fn taking<'a>(
    walk: &'a Walk,
    hub: &'a Hub,
    made: &'a ServerMade,
    witnessed: bool,
) -> Taking<'a> {
    let last = walk.ready_at.max(walk.asked_again);
    let lately = last.is_some_and(|last| last.elapsed() < LATELY);
    Taking {
        hub,
        user: walk.user(),
        made,
        // What was ours long ago may have ended since, and a restart has stopped it, or is about to: what is there now may be
        // somebody else's.
        fresh: made.started.is_some() && (witnessed || lately) && !walk.restarting,
        may_come_until: None,
        answered: walk.answered.clone(),
        unreachable: UNREACHABLE,
        deadline: Instant::now() + walk.probe.deadlines.stop,
    }
}

/// Stops it. `expected`: it was there a moment ago.
///
/// # Errors
/// What the stop met; also where what was expected was not there any more.
pub(super) async fn stop(
    walk: &Walk,
    taking: &Taking<'_>,
    expected: bool,
    witness: &mut Option<KernelConnection>,
) -> Result<Stopped, Trouble> {
    let stopped = beside(witness, taking.stop()).await?;
    if expected && stopped == Stopped::WasNotThere {
        let before = server::gone_before_the_stop();
        let why = lost::by_its_limit(walk, before.clone());
        let finding = timeout_at(taking.deadline + REASONING, why).await;
        let finding = finding.unwrap_or(before);
        return Err(Trouble {
            finding,
            ours: false,
            survived: None,
        });
    }
    Ok(stopped)
}

/// Sees that it is gone: from the hub and the proxy, as its kernel shows, and as the
/// scheduler has it.
///
/// # Errors
/// What is still there, or there again.
pub(super) async fn gone(
    walk: &Walk,
    taking: &Taking<'_>,
    witness: &mut Option<KernelConnection>,
) -> Result<Gone, Trouble> {
    let gone = beside(witness, from_the_hub(walk, taking)).await;
    let (gone, outlived) = match gone {
        Ok(gone) => (Some(gone), outlived(witness, taking).await),
        Err(trouble) if trouble.survived.is_some() => (None, Err(trouble)),
        Err(trouble) => return Err(trouble),
    };
    let outlived = match outlived {
        Ok(()) => Ok(()),
        Err(trouble) => Err(located(walk, trouble, witness, taking).await),
    };
    let also = by_the_scheduler(walk, outlived, taking).await?;
    let Gone { words, successor } = gone.unwrap_or_default();
    Ok(Gone {
        words: words + also,
        successor,
    })
}

async fn from_the_hub(walk: &Walk, taking: &Taking<'_>) -> Result<Gone, Trouble> {
    let seen = |words: String, successor| Gone { words, successor };
    let trouble = match taking.gone().await {
        Ok(words) => return Ok(seen(words, None)),
        Err(trouble) if is_somebody_elses(&trouble) => trouble,
        Err(trouble) => return Err(trouble),
    };
    match company::has_come_since(walk, taking.hub, taking.deadline).await {
        Since::Run(run) => Ok(seen(
            format!("gone; the run {run} has started its own since"),
            Some(run),
        )),
        Since::Gone => Ok(seen(
            "gone; another server came since, and went".to_owned(),
            None,
        )),
        Since::Stays => Err(trouble),
    }
}

/// Ours was stopped, and the server that is there now is not ours.
pub(super) fn is_somebody_elses(trouble: &Trouble) -> bool {
    trouble.finding.cause == Cause::StopUndone && !trouble.ours
}

/// Keeps the connection of the kernel open meanwhile.
async fn beside<T>(witness: &mut Option<KernelConnection>, ending: impl Future<Output = T>) -> T {
    let mut ending = std::pin::pin!(ending);
    tokio::select! {
        biased;
        ended = &mut ending => ended,
        () = keep_alive(witness) => ending.await,
    }
}

/// Keeps the connection of the kernel open while something else is done; never returns.
pub(super) async fn keep_alive(witness: &mut Option<KernelConnection>) {
    match witness {
        Some(kernel) => kernel.keep_alive().await,
        None => std::future::pending().await,
    }
}

/// Whether the kernel outlives its server.
async fn outlived(
    witness: &mut Option<KernelConnection>,
    taking: &Taking<'_>,
) -> Result<(), Trouble> {
    let Some(kernel) = witness else {
        return Ok(());
    };
    // The other half of what is left is for asking where it lives.
    let half = taking.deadline.saturating_duration_since(Instant::now()) / 2;
    let until = Instant::now() + AFTERLIFE.min(half);
    let left = (taking.deadline + REASONING).saturating_duration_since(Instant::now());
    while kernel.still_answers(ANSWER.min(left)).await {
        if Instant::now() >= until {
            let finding = stop::survived(&server_words(&taking.made.name));
            return Err(lives_on(finding, Survivor::default()));
        }
        sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}

/// The trouble of a server that lives on.
fn lives_on(finding: Finding, survivor: Survivor) -> Trouble {
    let survivor = Survivor {
        seen: finding.summary.clone(),
        ..survivor
    };
    Trouble {
        finding,
        ours: true,
        survived: Some(Box::new(survivor)),
    }
}

/// The same trouble, with where it lives on, as far as the kernel and the hub told.
async fn located(
    walk: &Walk,
    trouble: Trouble,
    witness: &mut Option<KernelConnection>,
    taking: &Taking<'_>,
) -> Trouble {
    let Some(mut survivor) = trouble.survived else {
        return trouble;
    };
    survivor.job.clone_from(&walk.job_id);
    if let Some(kernel) = witness {
        let latest = taking.deadline + REASONING;
        survivor::locate(kernel, &mut survivor, latest).await;
    }
    let place = survivor.place();
    Trouble {
        finding: trouble.finding.seen(place),
        survived: Some(survivor),
        ..trouble
    }
}

/// What the scheduler says of it, where the suite has it asked; beside what the kernel showed.
async fn by_the_scheduler(
    walk: &Walk,
    outlived: Result<(), Trouble>,
    taking: &Taking<'_>,
) -> Result<&'static str, Trouble> {
    let said = scheduler::ask(walk, taking.deadline + REASONING).await;
    match (outlived, said) {
        (Ok(()), scheduler::Answer::NotAsked) => Ok(""),
        (Ok(()), scheduler::Answer::Gone) => Ok(", and from the scheduler"),
        (Ok(()), scheduler::Answer::StillThere(finding, words)) => {
            let survivor = Survivor {
                job: walk.job_id.clone(),
                asked: Some(words),
                ..Survivor::default()
            };
            Err(lives_on(finding, survivor))
        }
        (Err(trouble), scheduler::Answer::StillThere(there, words)) => {
            let finding = trouble.finding.seen(there.summary).seen_all(there.evidence);
            let survived = trouble.survived.map(|mut survivor| {
                survivor.asked = Some(words);
                survivor
            });
            Err(Trouble {
                finding,
                survived,
                ..trouble
            })
        }
        (Err(trouble), _) => Err(trouble),
    }
}

/// Where the hub did not let us stop the server: is it that it does not know
/// us any more?
pub(super) async fn with_reason(walk: &Walk, trouble: Trouble) -> Trouble {
    let Some(hub) = walk.hub.as_ref().filter(|_| {
        matches!(
            trouble.finding.cause,
            Cause::StopRefused | Cause::StopTimeout
        )
    }) else {
        return trouble;
    };
    let asked = timeout(ANSWER, hub.whoami()).await;
    let finding = match asked {
        Ok(Err(error)) if error.status() == Some(403) => {
            explain::token::refused(hub, &error, walk.known()).await
        }
        Ok(Ok(seen)) => {
            let version = walk.version.as_ref();
            let lacks = token::lacks(&seen.value, version, walk.user(), &walk.probe.server);
            match lacks {
                Some(finding) => {
                    finding.seen("when the visit began the token held all that is needed")
                }
                None => return trouble,
            }
        }
        _ => return trouble,
    };
    let finding = finding
        .seen(trouble.finding.summary)
        .seen_all(trouble.finding.evidence);
    Trouble { finding, ..trouble }
}
