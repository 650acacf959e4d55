//! From a failed request to a finding, with the second looks that a diagnosis
//! wants: is the proxy alive, does the hub still know the token. Cheap,
//! bounded and harmless: one GET each.
//!
//! The judgement is [`crate::diagnose`]'s, which looks at nothing itself. For
//! visits and for account commands alike.

use std::time::Duration;

use jupyterhub_client::{Error, Hub, Look};
use tokio::time::timeout;

use crate::diagnose::{reach, token};
use crate::vocabulary::{Cause, Finding};

/// How long a look may take.
const LOOK: Duration = Duration::from_secs(5);

/// What the proxy's own health path shows; none where it does not answer.
pub async fn proxy_health(hub: &Hub) -> Option<Look> {
    timeout(LOOK, hub.proxy_health()).await.ok()?.ok()
}

/// The same, where an error makes one want to know.
pub async fn proxy_behind(hub: &Hub, error: &Error) -> Option<Look> {
    match error.status() {
        Some(502..=504) => proxy_health(hub).await,
        _ => None,
    }
}

/// The finding for an error of the hub's API that nothing more special
/// explains: below the hub, the token, a scope, or the hub itself.
pub async fn failure(hub: &Hub, error: &Error, known: token::Known<'_>) -> Finding {
    let proxy = proxy_behind(hub, error).await;
    if let Some(finding) = reach::below_the_hub(error, proxy.as_ref()) {
        return finding;
    }
    if error.status() == Some(403) {
        return forbidden(hub, error, known).await;
    }
    Finding::new(Cause::HubError, "the hub answers with an error").seen(error.to_string())
}

/// A 403: is it the token, or a scope? `GET /hub/api/user` tells, in every
/// version.
async fn forbidden(hub: &Hub, error: &Error, known: token::Known<'_>) -> Finding {
    match timeout(LOOK, hub.whoami()).await {
        Ok(Ok(seen)) => {
            let who = format!("{} {}", seen.value.kind, seen.value.name);
            Finding::new(
                Cause::TokenMissingScope,
                format!("the token of {who} may not do this"),
            )
            .seen(error.to_string())
            .seen(token::held_scopes(
                seen.value.scopes.as_deref().unwrap_or_default(),
            ))
        }
        Ok(Err(again)) if again.status() == Some(403) => token::refused(error, known),
        Ok(Err(again)) => doubtful(error).seen(again.to_string()),
        Err(_) => doubtful(error).seen("GET /hub/api/user does not answer"),
    }
}

fn doubtful(error: &Error) -> Finding {
    Finding::new(
        Cause::HubError,
        "the hub refuses, and does not say who we are",
    )
    .seen(error.to_string())
}
