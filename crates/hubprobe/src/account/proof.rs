//! The proof of a new token: the hub is asked, with the token, whose it is and
//! what it may do.

use std::time::Duration;

use jupyterhub_client::{Error, Hub, HubVersion, Token};
use tokio::time::sleep;

use super::asking::Asking;
use super::scopes;
use crate::diagnose::token;
use crate::vocabulary::{Cause, Finding};

/// A hub whose database is locked refuses now and then (JupyterHub 2 to 6): so
/// often it is asked again.
const TRIES: u32 = 3;

/// Between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(400);

/// A token that was made a moment ago.
#[derive(Debug)]
pub(super) struct Fresh<'a> {
    pub(super) token: &'a Token,
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    /// What was asked for; none where the hub was not asked for scopes.
    pub(super) asked: Option<&'a [String]>,
    pub(super) version: Option<&'a HubVersion>,
}

/// Whose token it is, as the hub says.
#[derive(Debug)]
pub(super) struct Proof {
    /// The scopes that it holds; none where the hub does not say.
    pub(super) scopes: Option<Vec<String>>,
    /// What to mind.
    pub(super) warnings: Vec<String>,
}

/// Proves a token.
///
/// # Errors
/// `token.stale-login`, `token.wrong-user`, `token.missing-scope`,
/// `hub.database`, or what is wrong below.
pub(super) async fn prove(asking: &Asking, fresh: &Fresh<'_>) -> Result<Proof, Finding> {
    let own = asking.hub.with_token(fresh.token.clone());
    let identity = match whoami(&own).await {
        Ok(identity) => identity,
        Err(error) if error.status() == Some(403) => {
            return Err(refused(asking, fresh, &error).await);
        }
        Err(error) => return Err(asking.failure(&error).await),
    };
    if identity.name != fresh.name {
        return Err(Finding::new(
            Cause::TokenWrongUser,
            format!("the new token is not {}'s, says the hub", fresh.name),
        )
        .seen(format!(
            "GET /hub/api/user answers {} {}",
            identity.kind, identity.name
        )));
    }
    let mut warnings = Vec::new();
    if let (Some(asked), Some(held)) = (fresh.asked, &identity.scopes) {
        let compared = scopes::compare(asked, held, fresh.name);
        if !compared.lacking.is_empty() {
            return Err(Finding::new(
                Cause::TokenMissingScope,
                format!("the new token lacks what was asked for: {}", compared.lacking.join(", ")),
            )
            .seen(token::held_scopes(held))
            .advise(format!(
                "The account does not hold them any more: see that {} is not in blocked_users, and has a role with \
                 these scopes (c.JupyterHub.load_roles; z2jh: hub.loadRoles).",
                fresh.name
            )));
        }
        if !compared.beyond.is_empty() {
            warnings.push(format!(
                "the token may do more than was asked for: {}",
                compared.beyond.join(", ")
            ));
        }
    }
    Ok(Proof {
        scopes: identity.scopes,
        warnings,
    })
}

/// Who a token is, asked again where the hub refuses it at first.
///
/// # Errors
/// Any of the client's; 403 if it was refused every time.
pub(super) async fn whoami(hub: &Hub) -> Result<jupyterhub_client::Identity, Error> {
    let mut tries = 1;
    loop {
        match hub.whoami().await {
            Ok(seen) => return Ok(seen.value),
            Err(error) if error.status() == Some(403) && tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
        sleep(BETWEEN_TRIES).await;
    }
}

/// A fresh token that the hub refuses: has the hub lost it, or does it refuse
/// the account?
async fn refused(asking: &Asking, fresh: &Fresh<'_>, error: &Error) -> Finding {
    let model = asking.hub.token_model(fresh.name, fresh.id).await;
    if let Err(lost) = model {
        return Finding::new(
            Cause::HubDatabase,
            "the hub has made a token, and does not know it a moment later",
        )
        .seen(error.to_string())
        .seen(lost.to_string());
    }
    let name = fresh.name;
    Finding::new(
        Cause::TokenStaleLogin,
        format!(
            "the hub refuses {name}, who never logged in, with a token that it made a moment ago"
        ),
    )
    .seen(error.to_string())
    .seen(format!(
        "the hub still lists the token as {} of {name}",
        fresh.id
    ))
    .advise(format!(
        "{} Then try again.",
        token::exempt(fresh.version, name)
    ))
}
