//! Layers 3 and 4: does the hub know the token, whose is it, and what may it
//! do.

use std::time::Duration;

use jiff::Timestamp;
use jupyterhub_client::{Error, HubVersion, Identity, Look};

use super::header::Arrival;
use super::hub;
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
    /// Whose it is meant to be.
    pub user: &'a str,
    /// The hub's version, once it is known.
    pub version: Option<&'a HubVersion>,
}

/// Whether the hub knows a token, whatever it thinks of its owner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Lookup {
    /// It does.
    Known,
    /// It does not.
    Unknown,
    /// It fails over the question: its words.
    Failing(String),
    /// It cannot be told.
    #[default]
    Unsaid,
}

/// Reads the answers of the hub's endpoint for looking up a token, asked for
/// something that is no token: with the token in question, and without any.
/// Who asks without a token that the hub knows gets 403, else 404 for what is
/// no token.
pub fn lookup(with: &Look, without: &Look) -> Lookup {
    // An endpoint that is gone, or something in front, says nothing.
    if without.head.status != 403 || without.head.hub_version().is_none() {
        return Lookup::Unsaid;
    }
    match with.head.status {
        404 => Lookup::Known,
        403 => Lookup::Unknown,
        500 if with.head.hub_version().is_some() => {
            Lookup::Failing(with.message().unwrap_or_default())
        }
        _ => Lookup::Unsaid,
    }
}

/// What more was seen of a token that was refused.
#[derive(Debug, Clone, Default)]
pub struct Doubts {
    /// Whether the hub knows it.
    pub lookup: Lookup,
    /// Asked a moment later, the hub took it.
    pub accepted_again: bool,
    /// Whether the header that carries it arrives.
    pub header: Arrival,
}

/// A hub that refuses after so long was waiting for something: for a token
/// that it does not know it takes milliseconds, and SQLite waits 5 s for a
/// lock.
const WAITED: Duration = Duration::from_secs(3);

/// Whether an answer is the hub's own, and not that of something in front.
pub fn by_the_hub(error: &Error) -> bool {
    let headed = error
        .head()
        .is_some_and(|head| head.hub_version().is_some() || head.is_json());
    headed || error.hub_message().is_some()
}

/// Whether an error may be about the token's rights: a 403, or the 404 in
/// which a hub hides what a token may not see.
pub fn concerns_rights(error: &Error) -> bool {
    match error.status() {
        Some(403) => true,
        Some(404) => error
            .hub_message()
            .is_some_and(|message| message.contains("No access")),
        _ => false,
    }
}

/// Whether a refusal of a start request is about the token's rights, and not
/// about what a policy, a hook or the spawner thinks of it: these have words of
/// their own.
pub fn is_about_rights(error: &Error) -> bool {
    const WORDS: &[&str] = &[
        "Missing or invalid credentials",
        "Action is not authorized",
        "No access to resources",
    ];
    let said = error.hub_message().unwrap_or_default();
    concerns_rights(error)
        && by_the_hub(error)
        && (said.is_empty() || WORDS.iter().any(|words| said.contains(words)))
}

/// The finding for a refusal that is not the hub's.
pub fn refused_in_front(error: &Error) -> Finding {
    Finding::new(
        Cause::ReachLoginWall,
        "something in front of the hub refuses requests that carry the hub's token",
    )
    .seen(error.to_string())
    .seen(super::server_of(error))
    .seen(super::first_line(error.body().unwrap_or_default()))
}

/// The finding for a 403 from `GET /hub/api/user`, which any valid token may
/// ask.
pub fn refused(error: &Error, known: Known<'_>, doubts: &Doubts) -> Finding {
    let place = known.place;
    let expired = matches!((known.expires, known.now), (Some(end), Some(now)) if end <= now);
    let finding = if expired {
        Finding::new(
            Cause::TokenExpired,
            format!("the token from {place} has expired"),
        )
        .seen(
            known
                .expires
                .map(|end| format!("it was good until {end}"))
                .unwrap_or_default(),
        )
    } else if let Some(finding) = database(error, doubts) {
        finding
    } else if doubts.header == Arrival::No {
        Finding::new(
            Cause::TokenHeaderStripped,
            "a proxy removes the Authorization header, so the hub sees no token",
        )
        .seen("a request whose Authorization header is too large is not refused behind the proxy, while one with another header of that size is")
    } else if doubts.lookup == Lookup::Known {
        stale_login(known)
    } else if known.worked {
        Finding::new(
            Cause::TokenLost,
            format!("the hub knew the token from {place} a moment ago, and does not any more"),
        )
    } else {
        Finding::new(
            Cause::TokenRejected,
            format!("the hub does not know the token from {place}"),
        )
        .seen(known.expires.map(|end| format!("as far as is known here it is good until {end}: it was revoked, or the hub's database was reset")).unwrap_or_default())
    };
    finding.seen(error.to_string())
}

/// A token that is known and refused all the same: by the refresh of its
/// owner's login, which happens when a user's token asks (JupyterHub,
/// `Authenticator.refresh_user`).
fn stale_login(known: Known<'_>) -> Finding {
    let summary = if known.worked {
        "the hub knows the token, but the account's login has gone stale within the visit"
    } else {
        "the hub knows the token, and refuses its account: the login cannot be refreshed"
    };
    Finding::new(Cause::TokenStaleLogin, summary)
        .seen(
            "asked for its oldest endpoint, which does not refresh logins, the hub knows the token",
        )
        .advise(exempt(known.version, known.user))
}

/// What exempts an account from the refresh of logins, on this version.
pub fn exempt(version: Option<&HubVersion>, user: &str) -> String {
    let strict = version.is_some_and(|version| (version.major, version.minor) >= (6, 1));
    let how = if strict {
        "On this hub it is enough to set c.Authenticator.auth_refresh_strict = False (the default). Or exempt"
    } else {
        "Exempt"
    };
    format!(
        "{how} the account from the refresh of logins (oauthenticator 17.3 and newer):\n\
         def refresh_user_hook(authenticator, user, auth_state):\n    \
             return True if user.name == \"{user}\" else None\n\
         c.OAuthenticator.refresh_user_hook = refresh_user_hook\n\
         Then restart the hub. hubprobe account hub-config NAME --flavor f7t4jhub|z2jh|python --login oauth prints it for each kind of \
         site, so that a hook that is there already is kept."
    )
}

/// A refusal that is the database's: it fails over the token, takes it a
/// moment later, or waited before it said no.
fn database(error: &Error, doubts: &Doubts) -> Option<Finding> {
    let waited = error.elapsed >= WAITED;
    let finding = match &doubts.lookup {
        Lookup::Failing(words) => {
            hub::database("the hub cannot look up the token: its database is locked, full or away")
                .seen(format!(
                    "looking up the token, the hub answers 500{}",
                    if words.is_empty() {
                        String::new()
                    } else {
                        format!(": {words}")
                    }
                ))
        }
        _ if doubts.accepted_again => hub::database(
            "the hub refuses a good token now and then: its database does not keep up",
        )
        .seen("asked again a moment later, it took the same token"),
        _ => return None,
    };
    Some(finding.seen(if waited {
        format!(
            "it took {:.1} s to refuse, which takes milliseconds where a token is not known",
            error.elapsed.as_secs_f64()
        )
    } else {
        String::new()
    }))
}

/// The finding for a known token that may not do what was asked.
pub fn not_allowed(error: &Error, identity: &Identity, known: Known<'_>) -> Finding {
    let who = format!("{} {}", identity.kind, identity.name);
    let finding = match scope::of_request(&error.method, &error.url, known.version) {
        Some(needed) => missing(needed, known.user, &who),
        None => Finding::new(
            Cause::TokenMissingScope,
            format!("the token of {who} may not do this"),
        ),
    };
    let finding = finding
        .seen(error.to_string())
        .seen(held_scopes(identity.scopes.as_deref().unwrap_or_default()));
    if known.worked {
        finding.seen("when the visit began the token held all that is needed: a role or a group of the account was changed since")
    } else {
        finding
    }
}

/// The finding for a refusal that the hub itself does not explain.
pub fn doubtful(error: &Error) -> Finding {
    Finding::new(
        Cause::HubError,
        "the hub refuses, and does not say who we are",
    )
    .seen(error.to_string())
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
