//! `account revoke`: takes an account's tokens away, those that are ours.
//!
//! Ours is what the register names, and what an ended process left in the
//! ledger. Another token goes only by its id. Whether a token is gone is asked
//! of the hub afterwards; then its file goes too, if it is the file that we
//! wrote, untouched since, and the hub refuses what is in it. The user stays, and
//! the register keeps in mind that it is ours.

use std::path::Path;

use jupyterhub_client::Hub;
use uuid::Uuid;

use super::asking::Asking;
use super::register::{Register, Registered};
use super::{Problem, scopes};
use crate::connect;
use crate::diagnose::scope::{Held, held};
use crate::undo::owner::Life;
use crate::undo::{Entry, Ledger, Made, Stamp, credential};
use crate::vocabulary::{Cause, Finding, SecretSource, Target};

/// Which tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All that are ours.
    Ours,
    /// The one with this id, whoever made it.
    Id(String),
    /// The one that is asking.
    Itself,
}

/// What became of one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Which token, in words.
    pub what: String,
    /// What was seen; an error if it may still be good.
    pub outcome: Result<String, String>,
    /// What else there is to say of it.
    pub notes: Vec<String>,
}

/// Revokes. An empty list means that nothing of ours is known.
///
/// # Errors
/// A finding, a token that cannot be read, or a register that cannot.
pub async fn revoke(
    target: &Target,
    name: &str,
    source: &SecretSource,
    which: &Which,
    state_dir: &Path,
    ledger: &Ledger,
) -> Result<Vec<Revoked>, Problem> {
    let register = Register::of(state_dir);
    let (registered, unreadable) = register.find(&target.url, name)?;
    if let Some(file) = unreadable.first() {
        return Err(Problem::Local(format!(
            "the register cannot be read: {file}. See what it says, then delete it"
        )));
    }
    let left = left_in_ledger(ledger, target, name)?;
    if *which == Which::Ours && registered.is_empty() && left.is_empty() {
        return Ok(Vec::new());
    }
    let asking = Asking::open(target, source, Uuid::now_v7()).await?;
    let mut taking = Taking {
        asking: &asking,
        register: &register,
        ledger,
        name,
        revoked: Vec::new(),
    };
    let identity = asking.greet().await?.identity;
    if let Some(finding) = may_not(&asking, &identity, name, which) {
        return Err(finding.into());
    }
    match which {
        Which::Ours => {
            for entry in registered {
                taking.one(&entry.token_id.clone(), Some(entry)).await?;
            }
            for entry in left {
                taking.left(&entry).await?;
            }
        }
        Which::Id(id) => {
            let known = asking
                .hub
                .token_model(name, id)
                .await
                .ok()
                .map(|model| model.note);
            let entry = registered.into_iter().find(|entry| {
                &entry.token_id == id && known.as_ref().is_none_or(|note| note == &entry.note)
            });
            taking.one(id, entry).await?;
        }
        Which::Itself => {
            let id = identity.token_id.clone().or_else(|| {
                // Before 5.0 the hub does not say; the register may.
                let SecretSource::File(path) = source else {
                    return None;
                };
                let stamp = Stamp::of(path)?;
                let known = registered.iter().find(|entry| {
                    entry.file.as_ref() == Some(path) && entry.stamp.as_ref() == Some(&stamp)
                });
                known.map(|entry| entry.token_id.clone())
            });
            let Some(id) = id else {
                return Err(Problem::Usage(format!(
                    "this hub does not say which of {name}'s tokens is asking, and the register does not know its file; \
                     see hubprobe account show {name}, then name it with --token-id ID"
                )));
            };
            let note = match asking.hub.token_model(name, &id).await {
                Ok(model) => model.note,
                Err(error) => return Err(asking.failure(&error).await.into()),
            };
            let entry = registered
                .into_iter()
                .find(|entry| entry.token_id == id && entry.note == note);
            taking.itself(&id, entry).await?;
        }
    }
    Ok(taking.revoked)
}

/// What ended processes left on this hub for this account.
fn left_in_ledger(ledger: &Ledger, target: &Target, name: &str) -> Result<Vec<Entry>, Problem> {
    let entries = ledger.read()?.entries.into_iter().filter(|entry| {
        let ours = match &entry.made {
            Made::Token { user, .. } => user == name,
            Made::Rotation(rotation) => rotation.user == name,
            _ => false,
        };
        ours && entry.target.url == target.url && entry.owner.life() == Life::Dead
    });
    Ok(entries.collect())
}

fn may_not(
    asking: &Asking,
    identity: &jupyterhub_client::Identity,
    name: &str,
    which: &Which,
) -> Option<Finding> {
    if *which != Which::Itself {
        return asking.lacks(
            identity,
            "tokens",
            name,
            &format!("revoke tokens of {name}"),
        );
    }
    if identity.name != name || identity.kind == "service" {
        return Some(Finding::new(
            Cause::TokenWrongUser,
            format!(
                "the token is of {} {}, not of {name}",
                identity.kind, identity.name
            ),
        )
        .advise("Give the file of the account's own token, or an administrator's with --admin-token-file."));
    }
    let scopes = identity.scopes.as_ref()?;
    if matches!(
        held(scopes, "tokens", name, ""),
        Held::Yes | Held::ForGroup(_)
    ) {
        return None;
    }
    let finding = Finding::new(Cause::TokenMissingScope, format!("the token of {name} may not revoke itself"))
        .seen(format!("it lacks the scope tokens!user={name}; it may {}", scopes::in_words(scopes).join("; ")))
        .advise(format!(
            "An administrator can: hubprobe account revoke {name} --url {} --admin-token-file FILE; or whoever may log \
             in as {name}, at {}hub/token. It is no good any more when it has expired, either.",
            asking.target.url, asking.target.url
        ));
    Some(asking.clean(finding))
}

struct Taking<'a> {
    asking: &'a Asking,
    register: &'a Register,
    ledger: &'a Ledger,
    name: &'a str,
    revoked: Vec<Revoked>,
}

impl Taking<'_> {
    /// One by its id, with what the register knows of it. Hubs on SQLite use ids
    /// again: the note, with its run's id, makes a token the registered one.
    async fn one(&mut self, id: &str, entry: Option<Registered>) -> Result<(), Problem> {
        let hub = &self.asking.hub;
        let found = match hub.token_model(self.name, id).await {
            Ok(model) => Some(model.note),
            Err(error) if error.status() == Some(404) => None,
            Err(error) => return Err(self.asking.failure(&error).await.into()),
        };
        let mut notes = Vec::new();
        let note = match (&entry, found) {
            (Some(entry), _) => entry.note.clone(),
            (None, Some(note)) => {
                notes.push(format!(
                    "hubprobe's register does not name it (\"{note}\"); it was revoked since you named its id"
                ));
                note
            }
            (None, None) => {
                return Err(Problem::Usage(format!(
                    "{} has no token {id} on this hub; nothing was revoked",
                    self.name
                )));
            }
        };
        let outcome = credential::revoke(hub, self.name, Some(id), &note).await;
        self.finish(id, entry, outcome.map(said), notes).await
    }

    /// The token that is asking: once it is revoked, nobody is there to look,
    /// but the hub refuses it.
    async fn itself(&mut self, id: &str, entry: Option<Registered>) -> Result<(), Problem> {
        let hub = &self.asking.hub;
        if let Err(error) = hub.revoke_token(self.name, id).await {
            return Err(self.asking.failure(&error).await.into());
        }
        let outcome = match hub.whoami().await {
            Err(error) if error.status() == Some(403) => {
                Ok("revoked: the hub does not know it any more".to_owned())
            }
            Ok(_) => Err("the hub says that it is revoked, but still takes it".to_owned()),
            Err(error) => Err(format!("whether it is gone is not known: {error}")),
        };
        self.finish(id, entry, outcome, Vec::new()).await
    }

    async fn finish(
        &mut self,
        id: &str,
        entry: Option<Registered>,
        outcome: Result<String, String>,
        mut notes: Vec<String>,
    ) -> Result<(), Problem> {
        if let (Ok(_), Some(entry)) = (&outcome, &entry) {
            notes.extend(remove_file(&self.asking.hub, entry).await);
            self.register.forget(entry)?;
        }
        let scrubbed = |text: String| self.asking.scrub(&text);
        self.revoked.push(Revoked {
            what: format!("the API token {id} of {}", self.name),
            outcome: outcome.map(scrubbed).map_err(scrubbed),
            notes,
        });
        Ok(())
    }

    /// One that an ended process left in the ledger.
    async fn left(&mut self, entry: &Entry) -> Result<(), Problem> {
        let (user, token_id, note) = match &entry.made {
            Made::Token {
                user,
                token_id,
                note,
            } => (user, token_id, note),
            // The old one stands in the register, or was not ours.
            Made::Rotation(rotation) => {
                (&rotation.user, &rotation.new.token_id, &rotation.new.note)
            }
            _ => return Ok(()),
        };
        let outcome =
            match credential::revoke(&self.asking.hub, user, token_id.as_deref(), note).await {
                Ok(count) => {
                    self.ledger.strike(entry.id)?;
                    Ok(said(count))
                }
                Err(why) => Err(self.asking.scrub(&why)),
            };
        self.revoked.push(Revoked {
            what: entry.describe(),
            outcome,
            notes: vec!["an account command that was cut off had left it".to_owned()],
        });
        Ok(())
    }
}

/// What was seen, from the number of tokens that there were.
fn said(count: usize) -> String {
    if count == 0 {
        "it was gone already"
    } else {
        "revoked, and gone"
    }
    .to_owned()
}

/// Removes the file of a revoked token, if it is still the one that we wrote;
/// says what was done.
pub(super) async fn remove_file(hub: &Hub, entry: &Registered) -> Option<String> {
    let path = entry.file.as_ref()?;
    let shown = path.display();
    let stamp = Stamp::of(path)?;
    if entry.stamp.as_ref() != Some(&stamp) {
        return Some(format!(
            "{shown} was changed since we wrote it, so it stays"
        ));
    }
    let read = match connect::read_token(&SecretSource::File(path.clone())).await {
        Ok(read) => read,
        Err(error) => return Some(format!("{shown} stays: {error}")),
    };
    match hub.with_token(read.token).whoami().await {
        Err(error) if error.status() == Some(403) => {}
        Ok(_) => {
            return Some(format!(
                "{shown} stays: the hub still takes the token in it"
            ));
        }
        Err(error) => {
            return Some(format!(
                "{shown} stays: whether the hub still takes the token in it is not known ({error})"
            ));
        }
    }
    Some(match std::fs::remove_file(path) {
        Ok(()) => format!("{shown}, which held it, was removed"),
        Err(error) => format!("{shown}, which held it, cannot be removed: {error}"),
    })
}
