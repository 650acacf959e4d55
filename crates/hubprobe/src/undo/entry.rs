//! What stands in the ledger: one thing that a process made, or is about to
//! make, on a hub, with all that it takes to find it again and to be sure that
//! it is ours. No secret: only the place where the token is.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Owner, Rotation, Survivor, owner};
use crate::vocabulary::{SecretSource, Target};

/// One thing that is ours on a hub, or may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The entry's own id, and its file's name.
    pub id: Uuid,
    /// The run that wrote it.
    pub run: Uuid,
    /// The process that wrote it.
    pub owner: Owner,
    /// When it was written.
    pub written: Timestamp,
    /// When it was written, in seconds since the boot of the owner's host: tells
    /// its age though the wall clock was set anew.
    #[serde(default)]
    pub up_s: Option<u64>,
    /// The hub.
    pub target: Target,
    /// Whose it is on the hub.
    pub account: String,
    /// Where a token that can undo it is found.
    pub token: SecretSource,
    /// It stays on purpose, until `hubprobe clean --kept`.
    #[serde(default)]
    pub kept: bool,
    /// It outlived its stop, and the hub has forgotten it: only another look where it was seen can tell that it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survived: Option<Survivor>,
    /// What it is.
    pub made: Made,
}

/// What is ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Made {
    /// A notebook server.
    Server(ServerMade),
    /// A user that did not exist before.
    User {
        /// Its name.
        name: String,
        /// When it was asked for, by the hub's clock.
        asked: Timestamp,
        /// Whether the hub said that it had made it.
        confirmed: bool,
    },
    /// An API token.
    Token {
        /// The user that it acts as.
        user: String,
        /// The hub's id of it, once known.
        token_id: Option<String>,
        /// The note that it was minted with; holds the run's id, so that it can be found.
        note: String,
    },
    /// An API token that is taking another's place in a file.
    Rotation(Box<Rotation>),
}

impl Made {
    /// The name of the server that it is, if it is one.
    pub fn server(&self) -> Option<&String> {
        match self {
            Self::Server(made) => Some(&made.name),
            Self::User { .. } | Self::Token { .. } | Self::Rotation(_) => None,
        }
    }
}

/// A notebook server that we asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerMade {
    /// The server's name; empty for the default server.
    pub name: String,
    /// When it was asked for, by the hub's clock (ours, corrected by what the
    /// hub's `Date` headers said).
    pub asked: Timestamp,
    /// By how many seconds the clock that `asked` was read from (the `Date` of
    /// an answer, which a proxy may have written) and ours were apart: so much
    /// less is known of when the hub was asked.
    #[serde(default)]
    pub apart_s: u32,
    /// The options that were sent.
    pub options: Map<String, Value>,
    /// The named server was not there, not even stopped, before we asked: so
    /// it may be removed, and not only stopped.
    pub removable: bool,
    /// The status that the start request was answered with, once it was. 201
    /// proves that the server is ours (joining somebody's spawn gives 202).
    #[serde(default)]
    pub answered: Option<u16>,
    /// The hub's `started` of our server, once seen: its birth certificate.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// Where it answers, as the hub says it (a path, or a URL with subdomains).
    #[serde(default)]
    pub url: Option<String>,
}

impl Entry {
    /// How long ago it was written.
    pub fn age(&self) -> Duration {
        let by_uptime = self.up_s.filter(|_| self.owner.is_of_this_boot());
        if let Some((then, now)) = by_uptime.zip(owner::up_s()) {
            return Duration::from_secs(now.saturating_sub(then));
        }
        let age = Timestamp::now().duration_since(self.written);
        Duration::try_from(age).unwrap_or_default()
    }

    /// What it is, in words.
    pub fn describe(&self) -> String {
        let hub = &self.target.url;
        match &self.made {
            Made::Server(server) => {
                format!(
                    "{} of {} on {hub}",
                    server_words(&server.name),
                    self.account
                )
            }
            Made::User { name, .. } => format!("the user {name} on {hub}"),
            Made::Token {
                user,
                token_id,
                note,
            } => match token_id {
                Some(id) => format!("the API token {id} of {user} on {hub}"),
                None => format!("an API token of {user} with the note \"{note}\" on {hub}"),
            },
            Made::Rotation(rotation) => format!(
                "the rotation of {}, with a token of {} on {hub}",
                rotation.file.display(),
                rotation.user
            ),
        }
    }
}

/// "the default server" or "the server NAME".
pub fn server_words(name: &str) -> String {
    if name.is_empty() {
        "the default server".to_owned()
    } else {
        format!("the server {name}")
    }
}
