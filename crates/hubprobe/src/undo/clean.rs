//! `hubprobe clean`, and the clean-up that a run does before it begins: takes
//! back what processes that have ended left in the ledger.
//!
//! What a living process owns is its own business, what is kept on purpose
//! stays until it is asked for, and what another host wrote stays for that
//! host, unless the caller says otherwise.

use std::time::Duration;

use jupyterhub_client::Token;
use tokio::time::Instant;
use uuid::Uuid;

use super::credential::{self, Doubtful};
use super::owner::Life;
use super::server::{LATE_START, Taking, Trouble};
use super::{Entry, Ledger, LedgerError, Made, ServerMade};
use crate::connect;
use crate::vocabulary::SecretSource;

/// A hub that cannot be reached at all is asked again so long.
const UNREACHABLE: Duration = Duration::from_secs(5);

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
}

/// An entry and what became of it.
#[derive(Debug, Clone)]
pub struct Cleaned {
    /// What it is.
    pub what: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// Takes back what is left. `budget` is for each entry.
///
/// # Errors
/// [`LedgerError`] where the ledger cannot be read or written.
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
        let outcome = match reason_to_leave(&entry, choice) {
            Some(reason) => Outcome::Left(reason),
            None => take_back(&entry, choice, run, budget).await,
        };
        if matches!(outcome, Outcome::Gone(_) | Outcome::NotOurs(_)) {
            ledger.strike(entry.id)?;
        }
        cleaned.push(Cleaned {
            what: entry.describe(),
            outcome,
        });
    }
    Ok(cleaned)
}

fn reason_to_leave(entry: &Entry, choice: &Choice) -> Option<String> {
    if entry.kept {
        return (!choice.kept).then(|| "it is kept on purpose; --kept takes it away".to_owned());
    }
    match entry.owner.life() {
        Life::Alive => Some(format!(
            "the run of process {} that made it is still going on",
            entry.owner.pid
        )),
        Life::Elsewhere if !choice.other_hosts => Some(format!(
            "a process on {} made it; clean there, or with --other-hosts if that run is over",
            entry.owner.host
        )),
        Life::Elsewhere | Life::Dead => None,
    }
}

async fn take_back(entry: &Entry, choice: &Choice, run: Uuid, budget: Duration) -> Outcome {
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
            take_server(&taking).await
        }
        Made::Token {
            user,
            token_id,
            note,
        } => match credential::revoke(&hub, user, token_id.as_deref(), note).await {
            Ok(0) => Outcome::Gone("it was not there".to_owned()),
            Ok(_) => Outcome::Gone("revoked".to_owned()),
            Err(error) => Outcome::Failed(error),
        },
        Made::User {
            name,
            confirmed: true,
            ..
        } => match credential::delete_user(&hub, name).await {
            Ok(()) => Outcome::Gone("deleted".to_owned()),
            Err(error) => Outcome::Failed(error),
        },
        Made::User { name, asked, .. } => {
            match credential::delete_doubtful(&hub, name, *asked).await {
                Ok(Doubtful::Absent) => Outcome::Gone("it was not there".to_owned()),
                Ok(Doubtful::Deleted) => Outcome::Gone("deleted".to_owned()),
                Ok(Doubtful::NotOurs(why)) => Outcome::NotOurs(format!("{why}: it is left alone")),
                Err(error) => Outcome::Failed(error),
            }
        }
    };
    scrubbed(outcome, &token)
}

/// A start request whose answer never came may still be at work in the hub.
fn may_come_until(entry: &Entry, made: &ServerMade) -> Option<Instant> {
    if made.started.is_some() || made.answered.is_some() {
        return None;
    }
    let age = jiff::Timestamp::now().duration_since(entry.written);
    let age = Duration::try_from(age).unwrap_or_default();
    LATE_START
        .checked_sub(age)
        .map(|left| Instant::now() + left)
}

async fn take_server(taking: &Taking<'_>) -> Outcome {
    let taken = match taking.stop().await {
        Ok(stopped) => taking
            .gone()
            .await
            .map(|words| format!("{stopped}, {words}")),
        Err(trouble) => Err(trouble),
    };
    match taken {
        Ok(words) => Outcome::Gone(words),
        Err(Trouble { finding, ours }) => {
            let words = format!(
                "{} ({}): {}",
                finding.summary,
                finding.cause,
                finding.evidence.join("; ")
            );
            if ours {
                Outcome::Failed(words)
            } else {
                Outcome::NotOurs(words)
            }
        }
    }
}

fn scrubbed(outcome: Outcome, token: &Token) -> Outcome {
    match outcome {
        Outcome::Gone(text) => Outcome::Gone(token.scrub(&text)),
        Outcome::NotOurs(text) => Outcome::NotOurs(token.scrub(&text)),
        Outcome::Left(text) => Outcome::Left(token.scrub(&text)),
        Outcome::Failed(text) => Outcome::Failed(token.scrub(&text)),
    }
}
