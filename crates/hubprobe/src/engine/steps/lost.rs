//! A server that worked and is gone: seen by asking it once more, and told by
//! what took it, as far as that can be known.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::{open, scheduler};
use crate::diagnose::scheduler::Word;
use crate::diagnose::{reach, server as diagnose, walltime};
use crate::engine::Walk;
use crate::vocabulary::{Cause, Finding};

/// How long one look may take.
const LOOK: Duration = Duration::from_secs(5);

/// How long a proxy may take that is started again.
const PROXY_AGAIN: Duration = Duration::from_secs(6);

/// How long a server may take to end whose kernels are gone already: a scheduler
/// asks all processes of a job to end, and kills later.
const ENDING: Duration = Duration::from_secs(10);

/// Where a kernel or its websocket was lost: the finding for its server, if that
/// is what is gone.
pub(super) async fn server_died(walk: &Walk) -> Option<Finding> {
    let until = Instant::now() + ENDING;
    let due = |walk: &Walk| {
        let limit = walltime::limit(&walk.probe.options);
        limit
            .zip(life(walk))
            .is_some_and(|(limit, life)| limit.has_come(life))
    };
    let mut over = None;
    loop {
        if let Some(finding) = gone(walk).await {
            return Some(by_its_limit(walk, finding).await);
        }
        if Instant::now() >= until {
            return None;
        }
        if !due(walk) {
            if over.is_none() {
                over = Some(is_over(walk).await);
            }
            if over != Some(true) {
                return None;
            }
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// Whether the scheduler says that the job has ended, where it can be asked.
async fn is_over(walk: &Walk) -> bool {
    let job = scheduler::job(walk).await;
    job.is_some_and(|job| job.word == Word::Over)
}

/// One look, for longer only where there is no proxy.
async fn gone(walk: &Walk) -> Option<Finding> {
    let server = walk.server.as_ref()?;
    let until = Instant::now() + PROXY_AGAIN;
    let error = loop {
        let looking = timeout(LOOK, server.status());
        let error = looking.await.ok()?.err()?;
        // A proxy that is started again is back in a moment.
        if !error.is_transport() || Instant::now() >= until {
            break error;
        }
        sleep(Duration::from_millis(500)).await;
    };
    if error.is_transport() {
        return reach::below_the_hub(&error, None);
    }
    let finding = diagnose::died(&error)?;
    Some(
        if finding.cause == Cause::ServerCulled && open::is_ready(walk).await {
            diagnose::route_lost(finding)
        } else {
            finding
        },
    )
}

/// The finding in place of one of a lost server, where the time was over that
/// was asked for: by the options that were sent, or by those that the hub's
/// model shows, to which the hub may have added. Else by how the scheduler says
/// that the job ended.
pub(super) async fn by_its_limit(walk: &Walk, finding: Finding) -> Finding {
    let Some(life) = life(walk) else {
        return finding;
    };
    let mut limit = walltime::limit(&walk.probe.options);
    if limit.is_none() && matches!(finding.cause, Cause::ServerDied | Cause::ServerCulled) {
        limit = in_the_model(walk).await;
    }
    let finding = walltime::instead(finding, limit.as_ref(), life);
    if !matches!(finding.cause, Cause::ServerDied | Cause::ServerCulled) {
        return finding;
    }
    match scheduler::job(walk).await {
        Some(job) => walltime::by_word(finding, &job),
        None => finding,
    }
}

async fn in_the_model(walk: &Walk) -> Option<walltime::Limit> {
    let hub = walk.hub.as_ref()?;
    let looking = timeout(LOOK, hub.user(walk.user(), true));
    let user = looking.await.ok()?.ok()?.value;
    let server = user.servers?.shift_remove(&walk.probe.server)?;
    walltime::limit(server.user_options?.as_object()?)
}

/// How long the server's job can have run.
fn life(walk: &Walk) -> Option<walltime::Life> {
    let most = walk.queued_at.max(walk.asked_again).or(walk.asked)?;
    Some(walltime::Life {
        least: walk.ready_at?.elapsed(),
        most: most.elapsed(),
    })
}
