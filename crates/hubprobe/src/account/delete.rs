//! `account delete`: a service account goes, with its tokens and their files.
//!
//! Only what hubprobe made, as the register says and the hub's date of the user
//! confirms; else with a word of its own. Never an administrator, and never a user
//! with a server that runs or a named one that is stopped: deleting a user stops
//! what runs and deletes what belongs to its servers, volumes among that
//! (kubespawner's `delete_forever`). A hub answers 204, so it is asked afterwards.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use jupyterhub_client::{Server, User};
use uuid::Uuid;

use super::alone::alone;
use super::asking::Asking;
use super::demote::for_people;
use super::register::{Register, Registered};
use super::{Problem, earlier, revoke};
use crate::connect;
use crate::undo::entry::server_words;
use crate::undo::owner::Life;
use crate::undo::{Ledger, Made};
use crate::vocabulary::{Cause, SecretSource, Target};

/// Between the making of a user and of its token, in one `account create`.
const BIRTH_WINDOW: SignedDuration = SignedDuration::from_secs(120);

/// By how much the hub's two dates may be in the wrong order.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(3);

/// What became of it.
#[derive(Debug)]
pub struct Deleted {
    /// What was seen, in words; an error if it may still be there.
    pub outcome: Result<String, String>,
    /// What else there is to say.
    pub notes: Vec<String>,
}

/// Deletes; `even_if_not_ours` is the word for users and tokens that hubprobe did
/// not make.
///
/// # Errors
/// [`Problem::Usage`] where it is refused, and nothing was done; a finding.
pub async fn delete(
    target: &Target,
    name: &str,
    source: &SecretSource,
    even_if_not_ours: bool,
    state_dir: &Path,
    ledger: &Ledger,
) -> Result<Deleted, Problem> {
    let run = Uuid::now_v7();
    let _lock = alone(state_dir, target, name, run).await?;
    let register = Register::of(state_dir);
    let (registered, unreadable) = register.find_with_gone(&target.url, name)?;
    if let Some(file) = unreadable.first() {
        return Err(Problem::Local(format!(
            "the register cannot be read: {file}. See what it says, then delete it"
        )));
    }
    nothing_goes_on(ledger, target, name)?;
    let asking = Asking::open(target, source, run).await?;
    for file in registered.iter().filter_map(|entry| entry.file.clone()) {
        // A hub may say them back.
        if let Ok(read) = connect::read_token(&SecretSource::File(file)).await {
            asking.hide(&read.token);
        }
    }
    let identity = asking.greet().await?.identity;
    if identity.kind != "service" && identity.name == name {
        return Err(Problem::Usage(format!(
            "{name} is asking, and a hub lets nobody delete itself; ask with an administrator's token"
        )));
    }
    let what = format!("delete the user {name}");
    for scope in ["delete:users", "read:servers"] {
        if let Some(finding) = asking.lacks(&identity, scope, name, &what) {
            return Err(finding.into());
        }
    }
    let mut notes = earlier::take_back(&asking, ledger, run, name).await?;
    let found = match asking.hub.user(name, true).await {
        Ok(seen) => Some(seen.value),
        // Something of ours is left of it.
        Err(error)
            if error.status() == Some(404) && !(registered.is_empty() && notes.is_empty()) =>
        {
            None
        }
        Err(error) => {
            let finding = asking.failure_about(name, &error).await;
            return Err(if finding.cause == Cause::AccountNoSuchUser {
                finding.advise(
                    "Check the name for typing errors. If it is right, there is nothing to delete.",
                )
            } else {
                finding
            }
            .into());
        }
    };
    let outcome = match found {
        None => Ok("it was gone already".to_owned()),
        Some(user) => {
            refuse_work(&user, target)?;
            if !even_if_not_ours {
                refuse_foreign(&asking, &user, &registered).await?;
            }
            if let Some(note) = home(&user) {
                notes.push(note);
            }
            take_away(&asking, name).await?
        }
    };
    if outcome.is_ok() {
        for entry in &registered {
            notes.extend(revoke::remove_file(&asking.hub, entry).await);
            register.remove(entry.id)?;
        }
    }
    let scrubbed = |text: String| asking.scrub(&text);
    Ok(Deleted {
        outcome: outcome.map_err(scrubbed),
        notes: notes.into_iter().map(scrubbed).collect(),
    })
}

/// The DELETE, and a look.
async fn take_away(asking: &Asking, name: &str) -> Result<Result<String, String>, Problem> {
    let refused = match asking.hub.delete_user(name).await {
        Ok(()) => None,
        // The hub's own no is an answer; of anything else only a look can tell.
        Err(error) if super::refusal::understood(&error) && error.status() != Some(404) => {
            return Err(asking.failure(&error).await.into());
        }
        Err(error) if error.status() == Some(404) => None,
        Err(error) => Some(error),
    };
    Ok(match (asking.hub.user(name, false).await, refused) {
        (Err(error), _) if error.status() == Some(404) => Ok("deleted, and gone".to_owned()),
        (Err(error), _) => Err(format!("whether it is gone is not known: {error}")),
        (Ok(_), Some(error)) => Err(format!("it is still there: {error}")),
        (Ok(_), None) => Err("the hub says that it is deleted, but still shows it".to_owned()),
    })
}

/// A visit of a living process, or one that keeps its server, is on the account.
fn nothing_goes_on(ledger: &Ledger, target: &Target, name: &str) -> Result<(), Problem> {
    for entry in ledger.read()?.entries {
        if entry.target.url != target.url || entry.account != name {
            continue;
        }
        let what = entry.describe();
        let why = match (&entry.made, entry.owner.life()) {
            (_, Life::Alive) => format!("process {} is still at it", entry.owner.pid),
            _ if entry.survived.is_some() => format!(
                "it outlived its stop; end it by hand, then hubprobe clean, or hubprobe clean --forget {}",
                entry.id
            ),
            (Made::Server(_), _) => {
                "hubprobe clean takes it away (--kept, if it is kept)".to_owned()
            }
            // Users and tokens of dead runs are taken back in a moment.
            _ => continue,
        };
        return Err(Problem::Usage(format!(
            "{name} is not deleted: {what} stands in the ledger, and {why}"
        )));
    }
    Ok(())
}

/// Servers and administrators are nobody's to delete.
fn refuse_work(user: &User, target: &Target) -> Result<(), Problem> {
    let name = &user.name;
    let role = user.roles.iter().flatten().any(|role| role == "admin");
    if user.admin == Some(true) || role {
        return Err(Problem::Usage(format!(
            "{name} is an administrator of the hub, and is not deleted; take the admin bit off first"
        )));
    }
    let Some(servers) = &user.servers else {
        return Err(Problem::Usage(format!(
            "{name} is not deleted: its servers are not shown to this token (scope read:servers), and one may be running"
        )));
    };
    for server in servers.values() {
        if let Some(why) = work(server) {
            return Err(Problem::Usage(format!(
                "{name} is not deleted: {} {why}, and would go with it. See at {}hub/admin whose work it is, and stop or \
                 delete it there first",
                server_words(&server.name),
                target.url
            )));
        }
    }
    Ok(())
}

/// Why a server is somebody's work, or may be.
fn work(server: &Server) -> Option<String> {
    let time = |at: Option<Timestamp>| {
        at.map_or_else(
            || "at an unknown time".to_owned(),
            |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        )
    };
    if let Some(pending) = &server.pending {
        return Some(format!("is there, and a {pending} is under way"));
    }
    if server.stopped != Some(true) {
        return Some(format!(
            "is running (started {}, last active {})",
            time(server.started),
            time(server.last_activity)
        ));
    }
    (!server.name.is_empty()).then(|| {
        format!(
            "is there, stopped (last active {}), with what belongs to it",
            time(server.last_activity)
        )
    })
}

/// What goes with the default server.
fn home(user: &User) -> Option<String> {
    let server = user.servers.as_ref()?.get("")?;
    server.last_activity.map(|at| {
        format!(
            "what belonged to its default server, last active {}, went with it where the spawner deletes it (KubeSpawner: \
             the volume)",
            at.strftime("%Y-%m-%d %H:%M UTC")
        )
    })
}

/// Why a user is not, or not for certain, the one that we made; or has what we did
/// not make.
async fn refuse_foreign(
    asking: &Asking,
    user: &User,
    registered: &[Registered],
) -> Result<(), Problem> {
    let name = &user.name;
    let refused = |why: String| {
        Err(Problem::Usage(asking.scrub(&format!(
            "{name} is not deleted: {why}. If it is to go all the same: --even-if-not-ours"
        ))))
    };
    if let Err(why) = made_by_us(user.created, registered) {
        return refused(why);
    }
    let tokens = match asking.hub.tokens(name).await {
        Ok(tokens) => tokens,
        Err(error) if matches!(error.status(), Some(403 | 404)) => {
            return refused(
                "its tokens are not shown to this token (scope read:tokens), and somebody may use one"
                    .to_owned(),
            );
        }
        Err(error) => return Err(asking.failure(&error).await.into()),
    };
    let foreign = tokens
        .iter()
        .filter(|token| for_people(token))
        .find(|token| {
            // Ids are used again on SQLite; the note holds the run's id.
            let ours = |entry: &&Registered| entry.token_id == token.id && entry.note == token.note;
            !registered.iter().any(|entry| ours(&entry))
        });
    match foreign {
        Some(token) => refused(format!(
            "its token {} (\"{}\") does not stand in hubprobe's register, and somebody may use it",
            token.id, token.note
        )),
        None => Ok(()),
    }
}

/// Whether the user is the one that `account create` made.
fn made_by_us(created: Option<Timestamp>, registered: &[Registered]) -> Result<(), String> {
    let mut ours = registered.iter().filter(|entry| entry.made_user).peekable();
    if ours.peek().is_none() {
        return Err("hubprobe's register does not say that hubprobe made it".to_owned());
    }
    let Some(created) = created else {
        return Err("the hub does not say when it was made".to_owned());
    };
    let same = |entry: &Registered| match entry.user_created {
        Some(known) => known == created,
        // Entries of before say only when its token was made, a moment later.
        None => {
            let apart = entry.created.duration_since(created);
            (-CLOCK_SLACK..BIRTH_WINDOW).contains(&apart)
        }
    };
    if ours.any(same) {
        Ok(())
    } else {
        Err(format!(
            "it was made at {created}, and is not the one that hubprobe made: somebody has made it anew"
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(made_user: bool, user_created: Option<&str>, created: &str) -> Registered {
        Registered {
            made_user,
            user_created: user_created.map(|at| at.parse().unwrap()),
            ..Registered::sample("x", created.parse().unwrap())
        }
    }

    #[test]
    fn only_the_user_that_was_made_is_ours() {
        let born = "2026-11-21T12:00:00.5Z";
        let token = "2026-11-21T12:00:01Z";
        for (hub_says, entries, ours) in [
            (Some(born), vec![], false),
            (Some(born), vec![entry(false, None, token)], false),
            (Some(born), vec![entry(true, Some(born), token)], true),
            (None, vec![entry(true, Some(born), token)], false),
            (
                Some("2026-11-21T12:00:00Z"),
                vec![entry(true, Some(born), token)],
                false,
            ),
            (Some(born), vec![entry(true, None, token)], true),
            (
                Some("2026-11-21T12:10:00Z"),
                vec![entry(true, None, token)],
                false,
            ),
            (
                Some("2026-11-21T11:50:00Z"),
                vec![entry(true, None, token)],
                false,
            ),
            // A later token of it, with the birth handed on.
            (
                Some(born),
                vec![
                    entry(false, None, token),
                    entry(true, Some(born), "2027-01-01T00:00:00Z"),
                ],
                true,
            ),
        ] {
            let created = hub_says.map(|at| at.parse().unwrap());
            assert_eq!(
                made_by_us(created, &entries).is_ok(),
                ours,
                "{hub_says:?} {entries:?}"
            );
        }
    }

    #[test]
    fn whatever_may_be_work_is_named() {
        for (model, part) in [
            (json!({"name": "", "stopped": true}), None),
            (
                json!({"name": "", "stopped": true, "last_activity": "2026-11-21T12:00:00Z"}),
                None,
            ),
            (
                json!({"name": "", "ready": true, "started": "2026-11-21T12:00:00Z"}),
                Some("running (started 2026-11-21 12:00 UTC"),
            ),
            (
                json!({"name": "", "stopped": true, "pending": "spawn"}),
                Some("a spawn is under way"),
            ),
            (json!({"name": "work", "stopped": true}), Some("stopped")),
        ] {
            let server: Server = serde_json::from_value(model.clone()).unwrap();
            let why = work(&server);
            match part {
                Some(part) => assert!(why.unwrap().contains(part), "{model}"),
                None => assert_eq!(why, None, "{model}"),
            }
        }
    }
}
