//! Layers 3 and 4: does the hub know the token, whose is it, and what may it
//! do.

use jiff::Timestamp;
use jupyterhub_client::{Error, HubVersion, Identity};

use super::scope::{self, Held};
use crate::vocabulary::{Cause, Finding};

/// What is known of the token besides the hub's answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// It was accepted before, within this visit.
    pub worked: bool,
    /// When it expires, where that was learnt.
    pub expires: Option<Timestamp>,
    /// Now.
    pub now: Option<Timestamp>,
    /// Where it was read.
    pub place: &'a str,
}

/// The finding for a 403 from `GET /hub/api/user`, which any valid token may
/// ask.
pub fn refused(error: &Error, known: Known<'_>) -> Finding {
    let expired = matches!((known.expires, known.now), (Some(end), Some(now)) if end <= now);
    let (cause, summary) = if expired {
        (
            Cause::TokenExpired,
            format!("the token from {} has expired", known.place),
        )
    } else if known.worked {
        (
            Cause::TokenLost,
            format!(
                "the hub knew the token from {} a moment ago, and does not any more",
                known.place
            ),
        )
    } else {
        (
            Cause::TokenRejected,
            format!("the hub does not know the token from {}", known.place),
        )
    };
    Finding::new(cause, summary).seen(error.to_string())
}

/// The first thing that keeps a known token from doing what a visit of
/// `user`'s `server` needs of the hub.
pub fn lacks(
    identity: &Identity,
    version: Option<&HubVersion>,
    user: &str,
    server: &str,
) -> Option<Finding> {
    let who = format!("{} {}", identity.kind, identity.name);
    let Some(scopes) = &identity.scopes else {
        return None;
    };
    for needed in scope::needed(version) {
        match scope::held(scopes, needed, user, server) {
            Held::Yes | Held::ForGroup(_) => {}
            Held::Elsewhere(others) => {
                return Some(
                    Finding::new(
                        Cause::TokenWrongUser,
                        format!("the token is of {who} and may not act on the servers of {user}"),
                    )
                    .seen(format!(
                        "it holds {}, not {needed}!user={user}",
                        others.join(", ")
                    ))
                    .seen(held_scopes(scopes)),
                );
            }
            Held::No => {
                return Some(missing(needed, user, &who).seen(held_scopes(scopes)));
            }
        }
    }
    None
}

/// The finding for a scope that is missing.
pub fn missing(needed: &str, user: &str, who: &str) -> Finding {
    Finding::new(
        Cause::TokenMissingScope,
        format!("the token of {who} lacks the scope {needed}!user={user}"),
    )
    .advise(format!(
        "Mint the token with it (hubprobe account create does), and give the account a role that \
         holds it: c.JupyterHub.load_roles = [{{\"name\": \"service-check\", \"users\": \
         [\"{user}\"], \"scopes\": [\"servers!user={user}\", \"access:servers!user={user}\"]}}] \
         (z2jh: hub.loadRoles)."
    ))
}

/// What a token holds, in one line.
pub fn held_scopes(scopes: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut shown: Vec<&str> = scopes.iter().take(SHOWN).map(String::as_str).collect();
    let more = format!("and {} more", scopes.len().saturating_sub(SHOWN));
    if scopes.len() > SHOWN {
        shown.push(&more);
    }
    if shown.is_empty() {
        "the token holds no scope at all".to_owned()
    } else {
        format!("the token holds: {}", shown.join(", "))
    }
}

/// The finding for an account that the hub does not show.
pub fn no_such_user(error: &Error, user: &str) -> Finding {
    let hidden = error
        .hub_message()
        .is_some_and(|message| message.contains("No access"));
    if hidden {
        Finding::new(
            Cause::TokenWrongUser,
            format!("the hub hides the user {user} from this token"),
        )
        .seen(error.to_string())
    } else {
        Finding::new(
            Cause::AccountNoSuchUser,
            format!("the hub has no user {user}"),
        )
        .seen(error.to_string())
        .advise(format!(
            "Create it: hubprobe account create {user} --url URL --admin-token-file FILE --out \
             FILE, or name it in a role in c.JupyterHub.load_roles (z2jh: hub.loadRoles)."
        ))
    }
}
