//! A token that takes another's place in a file, and the way out of it at any
//! instant: forward once the file holds the new one, back until then.
//!
//! One entry of the ledger speaks of both tokens, since the rename that puts the
//! new one in place is the one step that decides: before it the new token is to
//! go, after it the old one. Which of the two it is, the file's stamp says; where
//! somebody has written the file in between, the hub is asked whose token is in it.

use std::path::PathBuf;

use jupyterhub_client::Hub;
use serde::{Deserialize, Serialize};

use super::{Stamp, credential, unfinished};
use crate::connect;
use crate::vocabulary::SecretSource;

/// What the temporary file of a token is called, up to its random part.
pub const UNFINISHED: &str = ".hubprobe-token-";

/// A token on the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The hub's id of it, once known.
    pub token_id: Option<String>,
    /// Its note.
    pub note: String,
}

/// A token that is taking another's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// The user that both act as.
    pub user: String,
    /// The file.
    pub file: PathBuf,
    /// The file that the new one is written into before it is put in place.
    pub temporary: PathBuf,
    /// The file as it was; none where there was none.
    pub before: Option<Stamp>,
    /// The file as it will be, once it is written.
    pub after: Option<Stamp>,
    /// The new token.
    pub new: Named,
    /// The token whose place it takes, and which is to go then; none if it stays.
    pub old: Option<Named>,
}

/// Which token is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InPlace {
    New,
    NotTheNew,
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// In words.
    pub words: String,
    /// It was asked for and was not there: it may still come.
    pub may_come: bool,
}

/// Takes away the one that is not in the file, and sees that it is gone.
///
/// # Errors
/// A sentence that says what stands in the way.
pub async fn take_back(hub: &Hub, rotation: &Rotation) -> Result<Taken, String> {
    match in_place(hub, rotation).await? {
        InPlace::New => finish(hub, rotation).await,
        InPlace::NotTheNew => withdraw(hub, rotation).await,
    }
}

/// The new one is in its place: takes away the old one.
///
/// # Errors
/// A sentence that says what stands in the way.
pub async fn finish(hub: &Hub, rotation: &Rotation) -> Result<Taken, String> {
    match &rotation.old {
        Some(old) => revoke(hub, rotation, old, "the new token").await,
        None => Ok(Taken {
            words: format!(
                "it was done: {} holds the new token",
                rotation.file.display()
            ),
            may_come: false,
        }),
    }
}

/// The new one is not in its place: takes it away, and its unfinished file.
///
/// # Errors
/// A sentence that says what stands in the way.
pub async fn withdraw(hub: &Hub, rotation: &Rotation) -> Result<Taken, String> {
    remove_unfinished(rotation);
    revoke(hub, rotation, &rotation.new, "what was there").await
}

async fn revoke(
    hub: &Hub,
    rotation: &Rotation,
    token: &Named,
    kept: &str,
) -> Result<Taken, String> {
    let file = rotation.file.display();
    let id = token.token_id.as_deref();
    let count = credential::revoke(hub, &rotation.user, id, &token.note).await?;
    let which = id.map_or_else(
        || format!("with the note \"{}\"", token.note),
        str::to_owned,
    );
    let words = if count == 0 {
        format!("{file} holds {kept}; the other, {which}, was not there")
    } else {
        format!("{file} holds {kept}; the other, {which}, is revoked")
    };
    Ok(Taken {
        words,
        may_come: count == 0 && id.is_none(),
    })
}

/// What the stamps alone say.
fn by_stamp(rotation: &Rotation, now: Option<&Stamp>) -> Option<InPlace> {
    match (now, &rotation.after) {
        (Some(now), Some(after)) if now == after => Some(InPlace::New),
        // It was never written.
        (_, None) => Some(InPlace::NotTheNew),
        _ if now == rotation.before.as_ref() => Some(InPlace::NotTheNew),
        _ => None,
    }
}

async fn in_place(hub: &Hub, rotation: &Rotation) -> Result<InPlace, String> {
    let stamp = Stamp::of(&rotation.file);
    if let Some(known) = by_stamp(rotation, stamp.as_ref()) {
        return Ok(known);
    }
    let shown = rotation.file.display();
    let unknown = |why: String| {
        format!(
            "{shown} was written by somebody since, and which token is in it is not known ({why}); see with \
             hubprobe account show {}, and revoke the other with hubprobe account revoke --token-id ID",
            rotation.user
        )
    };
    if stamp.is_none() {
        return Err(unknown("it is not there".to_owned()));
    }
    let read = connect::read_token(&SecretSource::File(rotation.file.clone()))
        .await
        .map_err(|error| unknown(error.to_string()))?;
    match hub.with_token(read.token).whoami().await {
        Ok(seen) if seen.value.name != rotation.user => Ok(InPlace::NotTheNew),
        Ok(seen) => match seen.value.token_id {
            Some(id) if Some(&id) == rotation.new.token_id.as_ref() => Ok(InPlace::New),
            Some(_) => Ok(InPlace::NotTheNew),
            None => Err(unknown("this hub does not say".to_owned())),
        },
        Err(error) => Err(unknown(error.to_string())),
    }
}

/// Takes away what was written and not put in place.
fn remove_unfinished(rotation: &Rotation) {
    let path = &rotation.temporary;
    let ours = unfinished::begins(path, UNFINISHED);
    if ours && path.parent() == rotation.file.parent() && Stamp::of(path).is_some() {
        std::fs::remove_file(path).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(inode: u64) -> Stamp {
        Stamp {
            inode,
            modified: (1, 0),
        }
    }

    fn rotation(before: Option<u64>, after: Option<u64>) -> Rotation {
        let named = |id: &str| Named {
            token_id: Some(id.to_owned()),
            note: id.to_owned(),
        };
        Rotation {
            user: "x".to_owned(),
            file: "/d/x.token".into(),
            temporary: "/d/.hubprobe-token-1".into(),
            before: before.map(stamp),
            after: after.map(stamp),
            new: named("a2"),
            old: Some(named("a1")),
        }
    }

    #[test]
    fn the_rename_decides() {
        for (before, after, now, expected) in [
            // Not written yet, written, in place.
            (Some(1), None, Some(1), Some(InPlace::NotTheNew)),
            (Some(1), Some(2), Some(1), Some(InPlace::NotTheNew)),
            (Some(1), Some(2), Some(2), Some(InPlace::New)),
            // There was no file.
            (None, Some(2), None, Some(InPlace::NotTheNew)),
            (None, Some(2), Some(2), Some(InPlace::New)),
            // Somebody wrote it, or took it away, in between.
            (Some(1), Some(2), Some(3), None),
            (Some(1), Some(2), None, None),
            (None, Some(2), Some(3), None),
            (Some(1), None, Some(3), Some(InPlace::NotTheNew)),
        ] {
            let now = now.map(stamp);
            assert_eq!(
                by_stamp(&rotation(before, after), now.as_ref()),
                expected,
                "{before:?} {after:?} {now:?}"
            );
        }
    }

    #[test]
    fn only_an_unfinished_file_of_ours_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, "t").unwrap();
            let found = Rotation {
                file: dir.path().join("x.token"),
                temporary: path.clone(),
                ..rotation(None, None)
            };
            remove_unfinished(&found);
            path.exists()
        };
        assert!(!at(".hubprobe-token-abc"));
        assert!(at("x.token"));
        assert!(at("somebody"));
    }
}
