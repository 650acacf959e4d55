//! Which token is to be replaced: the one that is in the file.
//!
//! Its id is the hub's own word (`token_id` of `GET /hub/api/user`, since 5.0);
//! before that, what the register knows of the file, if it is untouched. A token
//! that the register does not name was not made by hubprobe, as far as it knows,
//! and goes only where that was asked for. Other files of the same account are none
//! of a rotation's business.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jupyterhub_client::Token;

use super::Problem;
use super::asking::Asking;
use super::proof;
use super::register::{Register, Registered};
use super::rotate::Rotating;
use crate::connect;
use crate::undo::rotation::Named;
use crate::undo::{Stamp, credential};
use crate::vocabulary::{Cause, Finding, SecretSource};

/// What is in the file.
#[derive(Debug)]
pub(super) enum Old {
    /// There is no file.
    Nothing,
    /// The hub does not take it, and the register does not know it.
    Dead,
    /// A token of the account that is to go, or is left good on purpose.
    Token {
        /// By what it is revoked; none where the hub does not say which it is.
        named: Option<Named>,
        /// What the register knows of it.
        entry: Option<Box<Registered>>,
        /// What it may do; none where that is not known.
        scopes: Option<Vec<String>>,
        /// When it ends.
        expires: Option<Timestamp>,
    },
}

impl Old {
    pub(super) fn named(&self) -> Option<Named> {
        match self {
            Self::Token { named, .. } => named.clone(),
            _ => None,
        }
    }

    pub(super) fn entry(&self) -> Option<&Registered> {
        match self {
            Self::Token { entry, .. } => entry.as_deref(),
            _ => None,
        }
    }

    pub(super) fn scopes(&self) -> Option<&[String]> {
        match self {
            Self::Token { scopes, .. } => scopes.as_deref(),
            _ => None,
        }
    }

    /// Which it is.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Nothing => "there was none".to_owned(),
            Self::Dead => "the hub did not take it any more".to_owned(),
            Self::Token {
                named: Some(Named {
                    token_id: Some(id), ..
                }),
                ..
            } => id.clone(),
            Self::Token { .. } => "a token that this hub does not name".to_owned(),
        }
    }

    /// What became of it.
    pub(super) fn became(&self, kept: bool) -> String {
        let Self::Token { entry, expires, .. } = self else {
            return self.words();
        };
        let words = self.words();
        if !kept {
            return format!("{words} is revoked, and gone");
        }
        let end = expires.map_or_else(
            || "and it never expires".to_owned(),
            |end| format!("until {}", end.strftime("%Y-%m-%d %H:%M UTC")),
        );
        match entry {
            Some(_) => format!("{words} stays good ({end}); the next rotation takes it away"),
            None => {
                format!("{words} stays good ({end}); hubprobe did not make it, and leaves it alone")
            }
        }
    }
}

/// The token in the file, and the file as it was when it was read.
pub(super) struct InFile {
    pub(super) token: Token,
    pub(super) stamp: Stamp,
}

/// Reads the file, where there is one; nothing is sent.
///
/// # Errors
/// [`Problem::Usage`] where it holds no token, and must not be replaced.
pub(super) async fn read(file: &Path) -> Result<Option<InFile>, Problem> {
    let Some(stamp) = Stamp::of(file) else {
        return Ok(None);
    };
    match connect::read_token(&SecretSource::File(file.to_owned())).await {
        Ok(read) => Ok(Some(InFile {
            token: read.token,
            stamp,
        })),
        Err(error) => Err(Problem::Usage(format!(
            "{error}: it is not replaced, since there is no token in it. Name another file with --out, or take it away"
        ))),
    }
}

/// The only file that the register knows of the account.
pub(super) fn only_file(register: &Register, wanted: &Rotating) -> Result<PathBuf, Problem> {
    let (entries, _) = register.find(&wanted.target.url, &wanted.name)?;
    let mut files: Vec<PathBuf> = entries.into_iter().filter_map(|entry| entry.file).collect();
    files.sort();
    files.dedup();
    match <[PathBuf; 1]>::try_from(files) {
        Ok([file]) => Ok(file),
        Err(files) if files.is_empty() => Err(Problem::Usage(format!(
            "which file? The register names none of {} on {}; say it with --out FILE",
            wanted.name, wanted.target.url
        ))),
        Err(files) => {
            let files: Vec<String> = files
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            Err(Problem::Usage(format!(
                "which file? The register names several of {} on {}: {}; say one with --out FILE",
                wanted.name,
                wanted.target.url,
                files.join(", ")
            )))
        }
    }
}

/// Whether two paths are one file's.
fn same(one: Option<&Path>, other: &Path) -> bool {
    let Some(one) = one else { return false };
    one == other
        || match (one.canonicalize(), other.canonicalize()) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        }
}

/// What the register knows of the account; entries of this file whose token is gone
/// from the hub are forgotten.
pub(super) async fn forget_lost(
    asking: &Asking,
    register: &Register,
    name: &str,
    file: &Path,
) -> Result<Vec<Registered>, Problem> {
    let (entries, unreadable) = register.find(&asking.target.url, name)?;
    if let Some(file) = unreadable.first() {
        return Err(Problem::Local(format!(
            "the register cannot be read: {file}. See what it says, then delete it"
        )));
    }
    let now = Stamp::of(file);
    for entry in &entries {
        let in_place = entry.stamp.is_some() && entry.stamp == now;
        if !in_place && same(entry.file.as_deref(), file) && !there(asking, entry).await? {
            register.forget(entry)?;
        }
    }
    // Those that were forgotten still say whether the user was made by us.
    Ok(entries)
}

/// Whether the hub still has a token of the register.
async fn there(asking: &Asking, entry: &Registered) -> Result<bool, Problem> {
    match asking.hub.token_model(&entry.name, &entry.token_id).await {
        // Ids are used again on SQLite; the note holds the run's id.
        Ok(model) => Ok(model.note == entry.note),
        Err(error) if error.status() == Some(404) => Ok(false),
        Err(error) => Err(asking.failure(&error).await.into()),
    }
}

/// Looks what is in the file.
pub(super) async fn find(
    asking: &Asking,
    wanted: &Rotating,
    registered: &[Registered],
    in_file: Option<&InFile>,
    file: &Path,
) -> Result<Old, Problem> {
    let name = &wanted.name;
    let shown = file.display();
    let Some(InFile { token, stamp }) = in_file else {
        return Ok(Old::Nothing);
    };
    let by_stamp = registered
        .iter()
        .find(|entry| entry.stamp.as_ref() == Some(stamp) && same(entry.file.as_deref(), file));
    let hub = asking.hub.with_token(token.clone());
    let (id, scopes) = match proof::whoami(&hub).await {
        Ok(identity) if identity.kind == "service" || &identity.name != name => {
            return Err(asking
                .clean(
                    Finding::new(
                        Cause::TokenWrongUser,
                        format!(
                            "{shown} holds a token of {} {}, not of {name}: it is not replaced",
                            identity.kind, identity.name
                        ),
                    )
                    .advise("Name the account's own file with --out FILE."),
                )
                .into());
        }
        Ok(identity) => (identity.token_id, identity.scopes),
        // Refused, but perhaps only for a login that is stale: the register may know it.
        Err(error) if error.status() == Some(403) => match by_stamp {
            Some(entry) => (Some(entry.token_id.clone()), None),
            None => return Ok(Old::Dead),
        },
        Err(error) => return Err(asking.failure(&error).await.into()),
    };
    let Some(id) = id.or_else(|| by_stamp.map(|entry| entry.token_id.clone())) else {
        if wanted.keep_old {
            return Ok(Old::Token {
                named: None,
                entry: None,
                scopes,
                expires: None,
            });
        }
        return Err(Problem::Usage(format!(
            "this hub does not say which of {name}'s tokens is in {shown}, and the register does not know the file. Leave \
             that one good with --keep-old; hubprobe account show {name} lists them, and account revoke {name} --token-id \
             ID takes one away"
        )));
    };
    let model = match asking.hub.token_model(name, &id).await {
        Ok(model) => model,
        Err(error) if error.status() == Some(404) => return Ok(Old::Dead),
        Err(error) => return Err(asking.failure(&error).await.into()),
    };
    let entry = registered
        .iter()
        .find(|entry| entry.token_id == id && entry.note == model.note);
    if entry.is_none() && !wanted.foreign && !wanted.keep_old {
        return Err(Problem::Usage(format!(
            "the token in {shown} ({id}, \"{}\") does not stand in hubprobe's register, so it may be in use elsewhere. \
             --revoke-foreign revokes it once the new one is in place, --keep-old leaves it good; nothing was done",
            asking.scrub(&model.note)
        )));
    }
    Ok(Old::Token {
        named: Some(Named {
            token_id: Some(id),
            note: model.note,
        }),
        entry: entry.cloned().map(Box::new),
        scopes: scopes.or(model.scopes),
        expires: model.expires_at,
    })
}

/// Revokes what earlier rotations left good on purpose; says so.
pub(super) async fn revoke_kept(
    asking: &Asking,
    register: &Register,
    registered: &[Registered],
    file: &Path,
    old: &Old,
) -> Result<Vec<String>, Problem> {
    let current = old.entry().map(|entry| entry.id);
    let mut told = Vec::new();
    for entry in registered {
        if !entry.replaced || current == Some(entry.id) || !same(entry.file.as_deref(), file) {
            continue;
        }
        let id = Some(entry.token_id.as_str());
        let count = credential::revoke(&asking.hub, &entry.name, id, &entry.note)
            .await
            .map_err(|why| {
                Problem::Local(asking.scrub(&format!(
                    "the token {} that an earlier rotation left good cannot be taken away: {why}",
                    entry.token_id
                )))
            })?;
        register.forget(entry)?;
        if count > 0 {
            told.push(format!(
                "the token {} that an earlier rotation left good is revoked",
                entry.token_id
            ));
        }
    }
    Ok(told)
}
