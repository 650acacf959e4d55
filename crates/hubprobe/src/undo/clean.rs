//! `hubprobe clean`, and the clean-up that a run does before it begins: takes
//! back what processes that have ended left in the ledger.
//!
//! What a living process owns is its own business, what is kept on purpose
//! stays until it is asked for, and what another host wrote stays for that
//! host, unless the caller says otherwise.

use std::time::Duration;

use jupyterhub_client::{Hub, Token};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::credential::{self, Doubtful};
use super::lock::{self, Lock, NotLocked, Of, Place, Seen};
use super::owner::Life;
use super::server::{LATE_START, Taking, Trouble};
use super::survivor::Look;
use super::{Entry, Ledger, LedgerError, Made, Owner, ServerMade, Survivor, rotation};
use crate::connect;
use crate::vocabulary::SecretSource;

/// A hub that cannot be reached at all is asked again so long.
const UNREACHABLE: Duration = Duration::from_secs(5);

/// A hub goes on with a request whose asker is gone: so long after it was asked
/// for, a user or a token that is not there may still come.
const LATE_CREDENTIAL: Duration = Duration::from_secs(30);

/// Between two looks for it.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// What to take back, and how.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Those kept on purpose, too.
    pub kept: bool,
    /// Those that other hosts wrote, too.
    pub other_hosts: bool,
    /// A token to use in place of the one that the ledger names.
    pub token: Option<Token>,
    /// Only on this hub and account.
    pub only: Option<(url::Url, String)>,
    /// Only this server, whose lock the caller holds.
    pub server: Option<String>,
    /// Only of this kind.
    pub kind: Kind,
    /// A run on another host that is known to be over.
    pub over: Option<Uuid>,
}

/// Which entries: a visit takes back servers alone, or it could delete the
/// account that it is to test; a command on an account leaves those alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// All of them.
    #[default]
    All,
    /// Servers.
    Servers,
    /// Users and tokens.
    Credentials,
}

impl Kind {
    fn holds(self, made: &Made) -> bool {
        match self {
            Self::All => true,
            Self::Servers => matches!(made, Made::Server(_)),
            Self::Credentials => !matches!(made, Made::Server(_)),
        }
    }
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is gone; what was seen.
    Gone(String),
    /// It is not ours any more, and was left alone; the entry is struck out.
    NotOurs(String),
    /// It was left for a good reason; the entry stays.
    Left(String),
    /// It could not be taken back, and may still be there; the entry stays.
    Failed(String),
    /// It outlived its stop and was seen to live on: it must be ended by hand; the entry stays.
    LivesOn(String),
    /// It outlived its stop, and whether it lives on cannot be seen from here; the entry stays.
    Unseen(String),
}

/// An entry and what became of it.
#[derive(Debug, Clone)]
pub struct Cleaned {
    /// What it is.
    pub what: String,
    /// Its entry; none for a file that is none.
    pub id: Option<Uuid>,
    /// What became of it.
    pub outcome: Outcome,
}

/// Takes back what is left. `budget` is for each entry.
///
/// # Errors
/// [`LedgerError`] where the ledger cannot be read.
pub async fn clean(
    ledger: &Ledger,
    choice: &Choice,
    run: Uuid,
    budget: Duration,
) -> Result<Vec<Cleaned>, LedgerError> {
    let content = ledger.read()?;
    let mut cleaned: Vec<Cleaned> = content
        .unreadable
        .into_iter()
        .map(|(path, reason)| Cleaned {
            what: path.display().to_string(),
            id: None,
            outcome: Outcome::Failed(format!(
                "this file of the ledger cannot be read: {reason}. See what it says, then delete it"
            )),
        })
        .collect();
    for entry in content.entries {
        if let Some((url, account)) = &choice.only
            && (&entry.target.url != url || &entry.account != account)
        {
            continue;
        }
        if !choice.kind.holds(&entry.made) {
            continue;
        }
        if choice.server.is_some() && choice.server.as_ref() != entry.made.server() {
            continue;
        }
        let outcome = match reason_to_leave(ledger, &entry, choice).await {
            Some(reason) => Outcome::Left(reason),
            None => match hold(ledger, &entry, choice, run).await {
                Ok(_lock) => take_back(ledger, &entry, choice, run, budget).await,
                Err(reason) => Outcome::Left(reason),
            },
        };
        let outcome = struck_out(ledger, &entry, outcome);
        cleaned.push(Cleaned {
            what: entry.describe(),
            id: Some(entry.id),
            outcome,
        });
    }
    Ok(cleaned)
}

/// What is done with is struck out. Where that fails (a disk that became
/// read-only), it is gone from the hub all the same, and the next `clean` finds
/// that out again.
fn struck_out(ledger: &Ledger, entry: &Entry, outcome: Outcome) -> Outcome {
    let add = |text: String| match ledger.strike(entry.id) {
        Ok(()) => text,
        Err(error) => format!("{text}; but it still stands in the ledger: {error}"),
    };
    match outcome {
        Outcome::Gone(text) => Outcome::Gone(add(text)),
        Outcome::NotOurs(text) => Outcome::NotOurs(add(text)),
        other => other,
    }
}

async fn reason_to_leave(ledger: &Ledger, entry: &Entry, choice: &Choice) -> Option<String> {
    // What outlived its stop is not there on purpose any more.
    if entry.kept && entry.survived.is_none() {
        return (!choice.kept).then(|| "it is kept on purpose; --kept takes it away".to_owned());
    }
    let Owner { host, pid, .. } = &entry.owner;
    // It is only looked at, which anybody may do.
    if entry.survived.is_some() && entry.owner.life() != Life::Alive {
        return None;
    }
    match entry.owner.life() {
        Life::Alive => Some(format!(
            "the run of process {pid} that made it is still going on"
        )),
        Life::Dead => None,
        Life::Elsewhere if choice.over == Some(entry.run) => None,
        Life::Elsewhere => match locked(ledger, entry).await {
            Seen::Held => Some(format!(
                "the run of process {pid} on {host} that made it is still going on"
            )),
            Seen::Ended => None,
            Seen::Unknown => (!choice.other_hosts).then(|| {
                format!(
                    "a process on {host} made it; clean there, or with --other-hosts if that run is over"
                )
            }),
        },
    }
}

/// The lock of a server's place, while it is taken back: a run that is at work there takes back itself what is left, and
/// its own server may look like the lost one.
async fn hold(
    ledger: &Ledger,
    entry: &Entry,
    choice: &Choice,
    run: Uuid,
) -> Result<Option<Lock>, String> {
    let (Some(name), None) = (entry.made.server(), &choice.server) else {
        return Ok(None);
    };
    let place = Place {
        hub: &entry.target.url,
        account: &entry.account,
        of: Of::Server(name),
    };
    match lock::take(ledger.state_dir(), place, run).await {
        Ok(lock) => Ok(Some(lock)),
        Err(NotLocked::Held(holder)) => Err(format!(
            "another run is at work on this server: {holder}; it takes back what is left there"
        )),
        // Better taken back without it than left.
        Err(NotLocked::Unusable(_)) => Ok(None),
    }
}

/// What the lock of an entry's place says of its run.
async fn locked(ledger: &Ledger, entry: &Entry) -> Seen {
    let of = match &entry.made {
        Made::Server(made) => Of::Server(&made.name),
        Made::User { .. } | Made::Token { .. } | Made::Rotation(_) => Of::Account,
    };
    let place = Place {
        hub: &entry.target.url,
        account: &entry.account,
        of,
    };
    lock::look(ledger.state_dir(), place, entry.run, &entry.owner).await
}

async fn take_back(
    ledger: &Ledger,
    entry: &Entry,
    choice: &Choice,
    run: Uuid,
    budget: Duration,
) -> Outcome {
    if let Some(survivor) = &entry.survived {
        let outcome = look_again(survivor, budget).await;
        return without_the_token(entry, outcome).await;
    }
    let token = match &choice.token {
        Some(token) => token.clone(),
        None if entry.token == SecretSource::Stdin => {
            return Outcome::Failed(
                "the token came through standard input, which is over; name one with --token-file"
                    .to_owned(),
            );
        }
        None => match connect::read_token(&entry.token).await {
            Ok(read) => read.token,
            Err(error) => return Outcome::Failed(error.to_string()),
        },
    };
    let hub = match connect::hub(&entry.target, Some(token.clone()), run).await {
        Ok(connected) => connected.hub,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let outcome = match &entry.made {
        Made::Server(made) => {
            let taking = Taking {
                hub: &hub,
                user: &entry.account,
                made,
                fresh: false,
                may_come_until: may_come_until(entry, made),
                answered: None,
                unreachable: UNREACHABLE.min(budget),
                deadline: Instant::now() + budget,
            };
            match take_server(&taking).await {
                (outcome, Some(survived)) => {
                    let known = Entry {
                        survived: Some(*survived),
                        kept: false,
                        ..entry.clone()
                    };
                    noted(ledger, &known, outcome)
                }
                (outcome, None) => outcome,
            }
        }
        made => take_credential(&hub, made, entry).await,
    };
    scrubbed(outcome, &token)
}

async fn take_credential(hub: &Hub, made: &Made, entry: &Entry) -> Outcome {
    let until = Instant::now() + left_of(LATE_CREDENTIAL, entry);
    let absent = || Outcome::Gone("it was not there".to_owned());
    match made {
        Made::Token {
            user,
            token_id,
            note,
        } => loop {
            match credential::revoke(hub, user, token_id.as_deref(), note).await {
                Ok(0) if token_id.is_none() && Instant::now() < until => sleep(BETWEEN_LOOKS).await,
                Ok(0) => return absent(),
                Ok(_) => return Outcome::Gone("revoked".to_owned()),
                Err(error) => return Outcome::Failed(error),
            }
        },
        Made::User {
            name,
            confirmed: true,
            ..
        } => match credential::delete_user(hub, name).await {
            Ok(()) => Outcome::Gone("deleted".to_owned()),
            Err(error) => Outcome::Failed(error),
        },
        Made::User { name, asked, .. } => loop {
            match credential::delete_doubtful(hub, name, *asked).await {
                Ok(Doubtful::Absent) if Instant::now() < until => sleep(BETWEEN_LOOKS).await,
                Ok(Doubtful::Absent) => return absent(),
                Ok(Doubtful::Deleted) => return Outcome::Gone("deleted".to_owned()),
                Ok(Doubtful::NotOurs(why)) => {
                    return Outcome::NotOurs(format!("{why}: it is left alone"));
                }
                Err(error) => return Outcome::Failed(error),
            }
        },
        Made::Rotation(rotation) => loop {
            match rotation::take_back(hub, rotation).await {
                Ok(taken) if taken.may_come && Instant::now() < until => sleep(BETWEEN_LOOKS).await,
                Ok(taken) => return Outcome::Gone(taken.words),
                Err(error) => return Outcome::Failed(error),
            }
        },
        Made::Server(_) => Outcome::Left("a server is no credential".to_owned()),
    }
}

/// What is left of a time that began when the entry was written.
fn left_of(time: Duration, entry: &Entry) -> Duration {
    time.saturating_sub(entry.age())
}

/// A start request whose answer never came may still be at work in the hub.
fn may_come_until(entry: &Entry, made: &ServerMade) -> Option<Instant> {
    if made.started.is_some() || made.answered.is_some() {
        return None;
    }
    let left = left_of(LATE_START, entry);
    (!left.is_zero()).then(|| Instant::now() + left)
}

/// The scheduler's command may say anything.
async fn without_the_token(entry: &Entry, outcome: Outcome) -> Outcome {
    // Standard input is over, and is somebody else's now.
    if entry.token == SecretSource::Stdin {
        return outcome;
    }
    match connect::read_token(&entry.token).await {
        Ok(read) => scrubbed(outcome, &read.token),
        Err(_) => outcome,
    }
}

/// What the hub has forgotten is only looked for.
async fn look_again(survivor: &Survivor, budget: Duration) -> Outcome {
    let place = survivor.place();
    let told = |how: String| {
        if place.is_empty() {
            format!("{}: {how}", survivor.seen)
        } else {
            format!("{} ({place}): {how}", survivor.seen)
        }
    };
    match survivor.look(budget).await {
        Look::Gone(how) => Outcome::Gone(format!("it had outlived its stop; {how}")),
        Look::LivesOn(how) => Outcome::LivesOn(told(how)),
        Look::Unknown(why) => Outcome::Unseen(told(why)),
    }
}

/// The hub takes it for stopped from now on: without this in the ledger, the next look would take it for gone.
fn noted(ledger: &Ledger, known: &Entry, outcome: Outcome) -> Outcome {
    match (ledger.enter(known), outcome) {
        (Err(error), Outcome::LivesOn(text)) => Outcome::LivesOn(format!("{text}; {error}")),
        (_, outcome) => outcome,
    }
}

async fn take_server(taking: &Taking<'_>) -> (Outcome, Option<Box<Survivor>>) {
    let taken = match taking.stop().await {
        Ok(stopped) => taking
            .gone()
            .await
            .map(|words| format!("{stopped}, {words}")),
        Err(trouble) => Err(trouble),
    };
    match taken {
        Ok(words) => (Outcome::Gone(words), None),
        Err(Trouble {
            finding,
            ours,
            survived,
        }) => {
            let words = format!(
                "{} ({}): {}",
                finding.summary,
                finding.cause,
                finding.evidence.join("; ")
            );
            let outcome = match (&survived, ours) {
                (Some(_), _) => Outcome::LivesOn(words),
                (None, true) => Outcome::Failed(words),
                (None, false) => Outcome::NotOurs(words),
            };
            (outcome, survived)
        }
    }
}

fn scrubbed(outcome: Outcome, token: &Token) -> Outcome {
    match outcome {
        Outcome::Gone(text) => Outcome::Gone(token.scrub(&text)),
        Outcome::NotOurs(text) => Outcome::NotOurs(token.scrub(&text)),
        Outcome::Left(text) => Outcome::Left(token.scrub(&text)),
        Outcome::Failed(text) => Outcome::Failed(token.scrub(&text)),
        Outcome::LivesOn(text) => Outcome::LivesOn(token.scrub(&text)),
        Outcome::Unseen(text) => Outcome::Unseen(token.scrub(&text)),
    }
}
