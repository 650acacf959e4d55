//! Ends processes: politely, then not. Knows nothing of hubs; looks again and again, since what is ended may start something.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::process::{Identity, Member};

const LOOK: Duration = Duration::from_millis(40);

/// Ends all that `find` finds, until it finds nothing. After `patience` it kills; 5 s later it gives up and says what is left.
pub(crate) async fn all(
    patience: Duration,
    mut find: impl FnMut() -> Vec<Member>,
) -> Result<Vec<(u32, String)>, Vec<u32>> {
    let begun = Instant::now();
    let mut seen: BTreeMap<Identity, String> = BTreeMap::new();
    loop {
        for member in find() {
            let identity = member.identity;
            if seen.insert(identity, member.what).is_none() {
                if member.at_once {
                    identity.signal(Signal::KILL);
                } else {
                    terminate(identity);
                }
            }
        }
        let alive: Vec<Identity> = seen.keys().copied().filter(|it| it.is_alive()).collect();
        if alive.is_empty() {
            return Ok(seen
                .into_iter()
                .map(|(identity, what)| (identity.pid, what))
                .collect());
        }
        if begun.elapsed() > patience + Duration::from_secs(5) {
            return Err(alive.iter().map(|it| it.pid).collect());
        }
        if begun.elapsed() > patience {
            alive.iter().for_each(|it| it.signal(Signal::KILL));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Ends one; whether it is gone.
pub(crate) async fn one(identity: Identity, patience: Duration) -> bool {
    terminate(identity);
    wait(identity, patience).await || kill(identity).await
}

/// Kills one; whether it is gone.
pub(crate) async fn kill(identity: Identity) -> bool {
    identity.signal(Signal::KILL);
    wait(identity, Duration::from_secs(5)).await
}

/// A process that is stopped takes no signal before it goes on.
fn terminate(identity: Identity) {
    identity.signal(Signal::TERM);
    identity.signal(Signal::CONT);
}

async fn wait(identity: Identity, patience: Duration) -> bool {
    let begun = Instant::now();
    while identity.is_alive() {
        if begun.elapsed() > patience {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
    true
}
