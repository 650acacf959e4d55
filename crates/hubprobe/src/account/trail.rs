//! What `account create` has made so far, in memory and in the ledger, and the
//! way back.

use std::time::Duration;

use jiff::Timestamp;
use jupyterhub_client::Hub;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::undo::credential::{self, Doubtful};
use crate::undo::{Entry, Ledger, LedgerError, Made, Owner, owner};
use crate::vocabulary::{SecretSource, Target};

/// A request that was cut off may reach the hub a little later: so long what is
/// not there is looked for again.
const LATE: Duration = Duration::from_secs(3);

/// Between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// How long taking back one thing may take.
const BUDGET: Duration = Duration::from_secs(60);

/// What was made, or is about to be.
#[derive(Debug)]
pub(super) struct Trail<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) run: Uuid,
    target: &'a Target,
    admin: &'a SecretSource,
    name: &'a str,
    user: Option<Entry>,
    token: Option<Entry>,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Undone {
    /// Gone, or not ours.
    pub(super) gone: Vec<String>,
    /// May still be there; stands in the ledger.
    pub(super) left: Vec<String>,
}

impl<'a> Trail<'a> {
    /// Nothing is made yet.
    pub(super) fn new(
        ledger: &'a Ledger,
        run: Uuid,
        target: &'a Target,
        admin: &'a SecretSource,
        name: &'a str,
    ) -> Self {
        Self {
            ledger,
            run,
            target,
            admin,
            name,
            user: None,
            token: None,
        }
    }

    fn entry(&self, made: Made) -> Entry {
        Entry {
            id: Uuid::now_v7(),
            run: self.run,
            owner: Owner::this(),
            written: Timestamp::now(),
            up_s: owner::up_s(),
            target: self.target.clone(),
            account: self.name.to_owned(),
            token: self.admin.clone(),
            kept: false,
            survived: None,
            made,
        }
    }

    /// The user is about to be asked for; `asked` by the hub's clock.
    pub(super) fn making_user(&mut self, asked: Timestamp) -> Result<(), LedgerError> {
        let entry = self.entry(Made::User {
            name: self.name.to_owned(),
            asked,
            confirmed: false,
        });
        self.ledger.enter(&entry)?;
        self.user = Some(entry);
        Ok(())
    }

    /// The hub says that it has made the user.
    pub(super) fn made_user(&mut self) -> Result<(), LedgerError> {
        let Some(entry) = &mut self.user else {
            return Ok(());
        };
        if let Made::User { confirmed, .. } = &mut entry.made {
            *confirmed = true;
        }
        self.ledger.enter(entry)
    }

    /// The hub says that it has not.
    pub(super) fn no_user(&mut self) -> Result<(), LedgerError> {
        strike(self.ledger, &mut self.user)
    }

    /// A token with this note is about to be asked for.
    pub(super) fn minting(&mut self, note: &str) -> Result<(), LedgerError> {
        let entry = self.entry(Made::Token {
            user: self.name.to_owned(),
            token_id: None,
            note: note.to_owned(),
        });
        self.ledger.enter(&entry)?;
        self.token = Some(entry);
        Ok(())
    }

    /// The hub has made the token.
    pub(super) fn minted(&mut self, id: &str) -> Result<(), LedgerError> {
        let Some(entry) = &mut self.token else {
            return Ok(());
        };
        if let Made::Token { token_id, .. } = &mut entry.made {
            *token_id = Some(id.to_owned());
        }
        self.ledger.enter(entry)
    }

    /// The hub says that it has not.
    pub(super) fn no_token(&mut self) -> Result<(), LedgerError> {
        strike(self.ledger, &mut self.token)
    }

    /// All is done: what was made is there to stay.
    pub(super) fn done(&mut self) -> Result<(), LedgerError> {
        let token = strike(self.ledger, &mut self.token);
        strike(self.ledger, &mut self.user).and(token)
    }

    /// Takes back what was made: the token, then the user, if it is ours.
    pub(super) async fn undo(&mut self, hub: &Hub) -> Undone {
        let mut undone = Undone::default();
        for mut entry in [self.token.take(), self.user.take()] {
            let Some(found) = &entry else { continue };
            let what = found.describe();
            let taken = timeout(BUDGET, take_back(hub, &found.made))
                .await
                .unwrap_or_else(|_| Err(format!("not within {} s", BUDGET.as_secs())));
            let struck = taken.and_then(|words| {
                strike(self.ledger, &mut entry).map_err(|error| error.to_string())?;
                Ok(words)
            });
            match struck {
                Ok(words) => undone.gone.push(format!("{what}: {words}")),
                Err(why) => undone.left.push(format!("{what}: {why}")),
            }
        }
        undone
    }
}

fn strike(ledger: &Ledger, entry: &mut Option<Entry>) -> Result<(), LedgerError> {
    if let Some(found) = entry {
        ledger.strike(found.id)?;
        *entry = None;
    }
    Ok(())
}

async fn take_back(hub: &Hub, made: &Made) -> Result<String, String> {
    let until = Instant::now() + LATE;
    match made {
        Made::Token {
            user,
            token_id,
            note,
        } => loop {
            match credential::revoke(hub, user, token_id.as_deref(), note).await? {
                0 if Instant::now() < until => sleep(BETWEEN_LOOKS).await,
                0 => return Ok("it was not there".to_owned()),
                _ => return Ok("revoked".to_owned()),
            }
        },
        Made::User {
            name,
            confirmed: true,
            ..
        } => credential::delete_user(hub, name)
            .await
            .map(|()| "deleted".to_owned()),
        Made::User { name, asked, .. } => loop {
            match credential::delete_doubtful(hub, name, *asked).await? {
                Doubtful::Absent if Instant::now() < until => sleep(BETWEEN_LOOKS).await,
                Doubtful::Absent => return Ok("it was not there".to_owned()),
                Doubtful::Deleted => return Ok("deleted".to_owned()),
                Doubtful::NotOurs(why) => return Ok(format!("left alone: {why}")),
            }
        },
        Made::Server(_) | Made::Rotation(_) => {
            Err("account create makes users and tokens alone".to_owned())
        }
    }
}
