//! What it means when the hub refuses to make a user or a token.

use jupyterhub_client::Error;

use super::Problem;
use super::asking::Asking;
use crate::diagnose::token;
use crate::vocabulary::{Cause, Finding};

/// How the user was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It was not there, and we made it.
    Made,
    /// It was there.
    There,
    /// We may not look.
    Unseen,
}

/// The hub has understood and said no: nothing was made. What stands in front of
/// it may say no too, but after it has passed the request on.
pub(super) fn understood(error: &Error) -> bool {
    let no = error
        .status()
        .is_some_and(|status| (400..500).contains(&status) && status != 408);
    no && token::by_the_hub(error)
}

/// The finding for a user that was not made.
pub(super) async fn not_creatable(asking: &Asking, name: &str, error: &Error) -> Finding {
    if error.status() != Some(400) {
        return asking.failure(error).await;
    }
    let words = error.hub_message().unwrap_or("no reason");
    let finding = Finding::new(
        Cause::AccountNotCreatable,
        format!("the hub refuses to create the user {name}: {words}"),
    )
    .seen(error.to_string())
    .advise(format!(
        "See in the hub's log why: with PAM the system user must be there (useradd {name}, or \
         c.LocalAuthenticator.create_system_users = True), and c.Authenticator.username_pattern must match the name."
    ));
    asking.shown(finding, error)
}

/// The problem for a token that was not made; `scoped` where somebody has typed
/// its scopes.
pub(super) async fn not_minted(
    asking: &Asking,
    name: &str,
    scoped: bool,
    error: &Error,
    found: Found,
) -> Problem {
    let words = error.hub_message().unwrap_or("no reason");
    match error.status() {
        Some(400) if words.contains("expires_in") => Problem::Usage(format!(
            "the hub refuses this --expires: {} (seconds; c.JupyterHub.token_expires_in_max_seconds). Ask for less",
            asking.scrub(words)
        )),
        Some(400) if words.contains("does not exist") => Problem::Usage(format!(
            "--scopes: the hub does not know such a scope: {}",
            asking.scrub(words)
        )),
        Some(400) if words.contains("scope") => {
            let finding = Finding::new(
                Cause::AccountScopesExceedOwner,
                format!("{name} does not hold the scopes that its token shall have"),
            )
            .seen(error.to_string())
            .advise(format!(
                "Ask for fewer with --scopes, or give {name} a role that holds them: c.JupyterHub.load_roles \
                 (z2jh: hub.loadRoles), then restart the hub."
            ));
            asking.shown(finding, error).into()
        }
        Some(500) if scoped => {
            let finding = asking.failure(error).await;
            finding
                .advise("Check --scopes for typing errors: before 5.0 a hub answers so to a scope that it does not know (seen on 4.1.6). Else look at the hub's log.")
                .into()
        }
        // JupyterHub 2 to 6 say the same of a user that is not there.
        Some(403) if words.contains("not found") && found == Found::Unseen => {
            let finding = token::no_such_user(error, name)
                .seen("the admin token may make tokens, but cannot see whether the user is there");
            asking.shown(finding, error).into()
        }
        Some(403) if words.contains("not found") => {
            let finding = Finding::new(
                Cause::TokenMissingScope,
                format!("the hub does not let this admin token make tokens for {name}, who is there"),
            )
            .seen(error.to_string())
            .advise(
                "Use an administrator's token. If this is a service's whose scope is tokens!user=NAME: JupyterHub \
                 4.1 takes only an unfiltered tokens from services (seen on 4.1.6; 6.1 takes both).",
            );
            asking.shown(finding, error).into()
        }
        _ => asking.failure(error).await.into(),
    }
}
