//! What an earlier run left on this account, killed before it could undo: the
//! next run takes it back first, by the same code as `hubprobe clean`.

use jupyterhub_client::Hub;

use crate::engine::Walk;
use crate::undo::Outcome;
use crate::undo::clean::{self, Choice};
use crate::vocabulary::{Cause, Finding};

/// Takes back what the ledger names of dead runs on this hub and account.
///
/// # Errors
/// `prober.limits` where the ledger cannot be read.
pub(super) async fn take_back(walk: &Walk, hub: &Hub) -> Result<(), Finding> {
    let choice = Choice {
        token: hub.token().cloned(),
        only: Some((walk.target.url.clone(), walk.user().to_owned())),
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
        }
    }
    Ok(())
}
