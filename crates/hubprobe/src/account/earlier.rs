//! What an earlier command on the same account left, killed before it
//! could undo: the next one takes it back first, by the same code as `hubprobe
//! clean`, with the token of who is asking now.

use std::time::Duration;

use uuid::Uuid;

use super::Problem;
use super::asking::Asking;
use crate::undo::clean::{self, Choice, Kind};
use crate::undo::{Ledger, Outcome};

/// How long taking back one thing may take.
const BUDGET: Duration = Duration::from_secs(30);

/// Takes back users and tokens that the ledger names of dead runs on this hub
/// and account; says what it took.
///
/// # Errors
/// [`Problem::Earlier`] where something stays: by a run that is still at it, or
/// since the hub does not let it go.
pub(super) async fn take_back(
    asking: &Asking,
    ledger: &Ledger,
    run: Uuid,
    name: &str,
) -> Result<Vec<String>, Problem> {
    let choice = Choice {
        token: Some(asking.token.clone()),
        only: Some((asking.target.url.clone(), name.to_owned())),
        kind: Kind::Credentials,
        ..Choice::default()
    };
    let mut told = Vec::new();
    let mut left = Vec::new();
    for one in clean::clean(ledger, &choice, run, BUDGET).await? {
        let what = one.what;
        match one.outcome {
            Outcome::Gone(how) => told.push(format!(
                "{what} was left by an earlier account command and is taken back: {how}"
            )),
            Outcome::NotOurs(_) => {}
            Outcome::Left(why)
            | Outcome::Failed(why)
            | Outcome::LivesOn(why)
            | Outcome::Unseen(why) => left.push(format!("{what}: {why}")),
        }
    }
    if left.is_empty() {
        Ok(told)
    } else {
        Err(Problem::Earlier(left))
    }
}
