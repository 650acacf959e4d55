//! `account create --demote-admin NAME`: the administrator who was needed to make
//! the account is an ordinary user again.
//!
//! The bit is taken off last, when the account is made and proven, and the token
//! that asked goes after that: the other way round nobody would be there to take
//! the bit off. A token outlives the bit of its owner. It loses what only an
//! administrator may (a hub compares a token's scopes with its owner's at every
//! request), and keeps what every user may, revoking itself among that.
//!
//! What goes wrong here does not undo the account.

use jupyterhub_client::{Identity, TokenModel};

use super::asking::{Asking, Greeted};
use super::{Problem, scopes};
use crate::vocabulary::{Cause, Finding};

/// Who is to be an ordinary user.
#[derive(Debug, Clone)]
pub struct Demote {
    /// The administrator.
    pub name: String,
    /// The token that asks is to be revoked, too.
    pub revoke_token: bool,
}

/// What became of it.
#[derive(Debug)]
pub struct Demoted {
    /// Whose bit.
    pub name: String,
    /// The hub does not show the bit any more, in words; else why it may.
    pub bit: Result<String, Box<Finding>>,
    /// The token that asked is gone, in words; else why not. None if it was to stay.
    pub token: Option<Result<String, String>>,
    /// What to mind.
    pub warnings: Vec<String>,
}

/// Whether it can be asked for at all; before anything is made.
///
/// # Errors
/// A missing scope, a user that is not there.
pub(super) async fn possible(
    asking: &Asking,
    greeted: &Greeted,
    wanted: &Demote,
) -> Result<(), Problem> {
    let name = &wanted.name;
    let what = format!("take the admin bit off {name}");
    if let Some(finding) = asking.lacks(&greeted.identity, "admin:users", name, &what) {
        return Err(finding.into());
    }
    if wanted.revoke_token && greeted.identity.kind == "service" {
        return Err(Problem::Usage(format!(
            "--revoke-admin-token: the token is the service {}'s, which only the hub's configuration takes away \
             (c.JupyterHub.services; z2jh: hub.services). Leave it out",
            greeted.identity.name
        )));
    }
    asking.user(name).await.map_err(|finding| {
        if finding.cause == Cause::AccountNoSuchUser {
            finding.advise("Check --demote-admin for typing errors. Nothing was made.")
        } else {
            finding
        }
    })?;
    Ok(())
}

/// Takes the bit off, looks, and revokes the token that asked, if that is wanted.
pub(super) async fn demote(asking: &Asking, identity: &Identity, wanted: &Demote) -> Demoted {
    let name = wanted.name.clone();
    let itself = identity.kind != "service" && identity.name == name;
    // While the token still may look: before 5.0 a hub does not say which it is.
    let which = if wanted.revoke_token {
        Some(own_id(asking, identity).await)
    } else {
        None
    };
    let mut warnings = Vec::new();
    if let Ok(seen) = asking.hub.user(&name, false).await
        && seen.value.admin == Some(false)
    {
        warnings.push(format!(
            "{name} was no administrator before, either: see that the name is right"
        ));
    }
    let bit = match asking.hub.set_admin(&name, false).await {
        Ok(_) => look(asking, &name, itself, &mut warnings).await,
        Err(error) => {
            let finding = asking.failure(&error).await;
            Err(Box::new(finding.seen(format!(
                "PATCH /hub/api/users/{name} was to take the admin bit off"
            ))))
        }
    };
    let token = match (which, &bit) {
        (None, _) => None,
        (Some(_), Err(_)) => Some(Err(format!(
            "it stays, since the admin bit of {name} may be there still"
        ))),
        (Some(Err(why)), Ok(_)) => Some(Err(why)),
        (Some(Ok(id)), Ok(_)) => Some(revoke_itself(asking, identity, &id).await),
    };
    if itself && bit.is_ok() && token.is_none() {
        warnings.push(format!(
            "the token of {} that asked outlives the admin bit, and may still do what its owner may; \
             --revoke-admin-token revokes it, or its owner at {}hub/token",
            identity.name, asking.target.url
        ));
    }
    Demoted {
        name,
        bit,
        token,
        warnings,
    }
}

/// The hub is asked whether it shows the bit still.
async fn look(
    asking: &Asking,
    name: &str,
    itself: bool,
    warnings: &mut Vec<String>,
) -> Result<String, Box<Finding>> {
    let (admin, roles) = if itself {
        let seen = match asking.hub.whoami().await {
            Ok(seen) => seen.value,
            Err(error) => return Err(Box::new(asking.failure(&error).await)),
        };
        let beyond = scopes::unfiltered(seen.scopes.as_deref().unwrap_or_default());
        let beyond: Vec<String> = beyond.into_iter().filter(|scope| mighty(scope)).collect();
        if !beyond.is_empty() {
            warnings.push(format!(
                "{name} still holds {}, by another role than admin: see c.JupyterHub.load_roles (z2jh: hub.loadRoles)",
                beyond.join(", ")
            ));
        }
        (seen.admin, seen.roles)
    } else {
        match asking.hub.user(name, false).await {
            Ok(seen) => (seen.value.admin, seen.value.roles),
            Err(error) => return Err(Box::new(asking.failure(&error).await)),
        }
    };
    let in_role = roles.iter().flatten().any(|role| role == "admin");
    if admin == Some(false) && !in_role {
        return Ok(format!("{name} is no administrator any more"));
    }
    let found = Finding::new(
        Cause::HubError,
        format!("the hub has taken the admin bit off {name}, and does not show that it is gone"),
    )
    .seen(format!("admin: {admin:?}, roles: {roles:?}"))
    .advise(format!(
        "Look at {}hub/admin with another administrator whether {name} is one still.",
        asking.target.url
    ));
    Err(Box::new(asking.clean(found)))
}

/// A scope that no ordinary user's token needs beyond its own user.
fn mighty(scope: &str) -> bool {
    scope.starts_with("admin:")
        || matches!(
            scope,
            "users" | "servers" | "tokens" | "groups" | "proxy" | "shutdown" | "access:servers"
        )
}

/// The id of the token that asks: the hub's word, or the only one that it can be.
async fn own_id(asking: &Asking, identity: &Identity) -> Result<String, String> {
    if let Some(id) = &identity.token_id {
        return Ok(id.clone());
    }
    let by_hand = |why: &str| {
        format!(
            "{why}; revoke it at {}hub/token, as {}",
            asking.target.url, identity.name
        )
    };
    let tokens = asking
        .hub
        .tokens(&identity.name)
        .await
        .map_err(|error| by_hand(&asking.scrub(&error.to_string())))?;
    let mut typed = tokens.into_iter().filter(for_people);
    match (typed.next(), typed.next()) {
        (Some(only), None) => Ok(only.id),
        _ => Err(by_hand(
            "this hub does not say which of several tokens it is",
        )),
    }
}

/// Not one that the hub made for a server or a browser.
pub(super) fn for_people(token: &TokenModel) -> bool {
    let hubs_own = token
        .oauth_client
        .as_deref()
        .is_none_or(|client| client == "JupyterHub");
    hubs_own && !token.note.starts_with("Server at ")
}

/// Revokes the token that asks; that the hub refuses it then is the proof.
async fn revoke_itself(asking: &Asking, identity: &Identity, id: &str) -> Result<String, String> {
    let owner = &identity.name;
    if let Err(error) = asking.hub.revoke_token(owner, id).await {
        return Err(asking.scrub(&format!(
            "{error}; {owner} can revoke it at {}hub/token",
            asking.target.url
        )));
    }
    match asking.hub.whoami().await {
        Err(error) if error.status() == Some(403) => Ok(format!(
            "{id} of {owner} is revoked: the hub does not know it any more"
        )),
        Ok(_) => Err("the hub says that it is revoked, but still takes it".to_owned()),
        Err(error) => Err(asking.scrub(&format!("whether it is gone is not known: {error}"))),
    }
}
