//! One command at a time on an account: two that make it at once would each take
//! the other's user for one that was there before.

use std::path::Path;

use uuid::Uuid;

use super::Problem;
use crate::undo::lock::{self, Lock, NotLocked, Of, Place};
use crate::vocabulary::{Cause, Finding, Target};

/// Takes the lock of an account, for as long as what is given back lives. None
/// where the state directory can hold no lock: the ledger tells most of it.
///
/// # Errors
/// `prober.busy` where another command of this state directory is at work on the
/// account.
pub(super) async fn alone(
    state_dir: &Path,
    target: &Target,
    name: &str,
    run: Uuid,
) -> Result<Option<Lock>, Problem> {
    let place = Place {
        hub: &target.url,
        account: name,
        of: Of::Account,
    };
    match lock::take(state_dir, place, run).await {
        Ok(lock) => Ok(Some(lock)),
        Err(NotLocked::Unusable(_)) => Ok(None),
        Err(NotLocked::Held(holder)) => {
            let words = format!("another hubprobe is at work on the account {name}");
            Err(Finding::new(Cause::ProberBusy, words)
                .seen(format!("its lock is held by {holder}"))
                .advise("Wait until it has ended, then ask again.")
                .into())
        }
    }
}
