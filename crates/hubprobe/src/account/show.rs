//! `account show`: what the hub says of an account and its tokens, and what
//! the register knows. Nothing is changed.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use jupyterhub_client::{Identity, TokenModel, User};
use uuid::Uuid;

use super::asking::Asking;
use super::demote::for_people;
use super::register::{Register, Registered};
use super::{Problem, scopes};
use crate::vocabulary::{Cause, Finding, SecretSource, Target};

/// A token that ends within so long is warned of.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What is known of an account.
#[derive(Debug)]
pub struct Shown {
    /// The hub's version, as it says.
    pub version: String,
    /// Who is asking.
    pub asker: Identity,
    /// The account itself is asking.
    pub own: bool,
    /// The account.
    pub user: User,
    /// Its tokens, or why they are not seen.
    pub tokens: Result<Vec<TokenModel>, String>,
    /// What the register names.
    pub registered: Vec<Registered>,
    /// Things to mind.
    pub warnings: Vec<String>,
}

/// Whose token is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// The account's own.
    Account,
    /// An administrator's.
    Admin,
}

/// Looks.
///
/// # Errors
/// A finding, or a token that cannot be read.
pub async fn show(
    target: &Target,
    name: &str,
    source: &SecretSource,
    who: As,
    state_dir: &Path,
    now: Timestamp,
) -> Result<Shown, Problem> {
    let (registered, unreadable) = Register::of(state_dir).find(&target.url, name)?;
    let asking = Asking::open(target, source, Uuid::now_v7()).await?;
    let greeted = asking.greet().await?;
    let asker = greeted.identity;
    let own = asker.kind != "service" && asker.name == name;
    if who == As::Account && !own {
        return Err(Finding::new(
            Cause::TokenWrongUser,
            format!(
                "the token from {source} is of {} {}, not of {name}",
                asker.kind, asker.name
            ),
        )
        .seen(format!(
            "GET /hub/api/user answers {} {}",
            asker.kind, asker.name
        ))
        .advise("Give the account's own token, or an administrator's with --admin-token-file.")
        .into());
    }
    let user = asking.user(name).await?;
    let tokens = match asking.hub.tokens(name).await {
        Ok(tokens) => Ok(tokens),
        Err(error) if matches!(error.status(), Some(403 | 404)) => {
            Err("this token may not see them (scope read:tokens)".to_owned())
        }
        Err(error) => return Err(asking.failure(&error).await.into()),
    };
    let mut warnings = asking.warnings.clone();
    warnings.extend(
        unreadable
            .into_iter()
            .map(|file| format!("the register cannot be read: {file}")),
    );
    let held = asker.scopes.as_deref().filter(|_| own).unwrap_or_default();
    warnings.extend(too_much(&user, name, held));
    match &tokens {
        Ok(tokens) => {
            warnings.extend(tokens.iter().filter_map(|token| ending(token, now)));
            for entry in &registered {
                // Ids are used again on SQLite; the note holds the run's id.
                if !tokens
                    .iter()
                    .any(|token| token.id == entry.token_id && token.note == entry.note)
                {
                    warnings.push(format!(
                        "the token {} of the register is not on the hub any more: it has expired, or was revoked \
                         (account revoke {name} forgets it)",
                        entry.token_id
                    ));
                }
            }
        }
        Err(_) => warnings.extend(
            registered
                .iter()
                .filter_map(|entry| soon(&entry.token_id, entry.expires, now)),
        ),
    }
    Ok(Shown {
        version: greeted.version_text,
        asker,
        own,
        user,
        tokens,
        registered,
        warnings,
    })
}

fn too_much(user: &User, name: &str, held: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    if user.admin == Some(true) {
        warnings.push(format!(
            "{name} is an administrator of the hub; a service account should be an ordinary user"
        ));
    }
    let unfiltered = scopes::unfiltered(held);
    if !unfiltered.is_empty() {
        warnings.push(format!(
            "this token reaches beyond {name}: {}",
            unfiltered.join(", ")
        ));
    }
    warnings
}

/// What there is to say of a token's end. Those that the hub makes for servers
/// and browsers end with them, and are passed over.
fn ending(token: &TokenModel, now: Timestamp) -> Option<String> {
    if for_people(token) {
        soon(&token.id, token.expires_at, now)
    } else {
        None
    }
}

fn soon(id: &str, expires: Option<Timestamp>, now: Timestamp) -> Option<String> {
    let Some(end) = expires else {
        return Some(format!("the token {id} never expires"));
    };
    let left = end.duration_since(now);
    if left <= SignedDuration::ZERO {
        return Some(format!("the token {id} has expired"));
    }
    (left < SOON).then(|| {
        let days = left.as_hours() / 24;
        let words = if days > 0 {
            format!("{days} days")
        } else {
            format!("{} hours", left.as_hours())
        };
        format!(
            "the token {id} expires in {words}; put a new one in its place in time with hubprobe account rotate"
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ends_are_warned_of_in_time() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let cases = [
            (
                json!({"expires_at": "2026-11-27T13:00:00Z"}),
                Some("6 days"),
            ),
            (
                json!({"expires_at": "2026-11-21T15:30:00Z"}),
                Some("3 hours"),
            ),
            (
                json!({"expires_at": "2026-11-21T11:00:00Z"}),
                Some("has expired"),
            ),
            (json!({"expires_at": null}), Some("never expires")),
            (
                json!({"expires_at": null, "note": "Server at /user/x/"}),
                None,
            ),
            (
                json!({"expires_at": "2026-11-22T12:00:00Z", "oauth_client": "Server at /user/x/"}),
                None,
            ),
            (json!({"expires_at": "2026-12-06T12:00:00Z"}), None),
        ];
        for (mut model, expected) in cases {
            model["id"] = json!("a1");
            let token: TokenModel = serde_json::from_value(model.clone()).unwrap();
            let said = ending(&token, now);
            match expected {
                Some(part) => assert!(said.unwrap().contains(part), "{model}"),
                None => assert_eq!(said, None, "{model}"),
            }
        }
    }
}
