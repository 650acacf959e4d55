//! From a failed request to a finding, with the second looks that a diagnosis
//! wants: is the proxy alive, does the hub still know the token, does a header
//! arrive, is the hub somewhere near. Cheap, bounded and harmless: one GET
//! each, and what is written into a home is taken away again.
//!
//! The judgement is [`crate::diagnose`]'s, which looks at nothing itself. For
//! visits and for account commands alike. One file for each layer that wants
//! looks of its own.

pub mod home;
pub mod nearby;
pub mod server;
pub mod token;

use std::time::Duration;

use jupyterhub_client::{Error, Hub, Look};
use tokio::time::timeout;

use crate::diagnose::token::Lookup;
use crate::diagnose::{hub as diagnose_hub, reach, token as diagnose_token};
use crate::vocabulary::Finding;

/// How long a look may take.
const LOOK: Duration = Duration::from_secs(5);

/// How long a look may take that wants the hub's database: SQLite waits 5 s
/// for a lock before it gives up, and a hub may ask it twice.
const DATABASE_LOOK: Duration = Duration::from_secs(12);

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
/// explains: below the hub, the token, a scope, the database, or the hub
/// itself.
pub async fn failure(hub: &Hub, error: &Error, known: diagnose_token::Known<'_>) -> Finding {
    let proxy = proxy_behind(hub, error).await;
    if let Some(finding) = reach::below_the_hub(error, proxy.as_ref()) {
        return finding.seen_certificate(hub);
    }
    if diagnose_token::concerns_rights(error) {
        return forbidden(hub, error, known).await;
    }
    database_or(hub, diagnose_hub::failed(error)).await
}

/// An error of the hub's own, or the database's, where looking up a token fails
/// too.
pub async fn database_or(hub: &Hub, finding: Finding) -> Finding {
    match token::lookup(hub).await {
        Lookup::Failing(words) => diagnose_hub::database_behind(finding, &words),
        _ => finding,
    }
}

/// A 403, or a 404 that hides: is it the token, or a scope? `GET
/// /hub/api/user` tells, in every version.
async fn forbidden(hub: &Hub, error: &Error, known: diagnose_token::Known<'_>) -> Finding {
    match timeout(DATABASE_LOOK, hub.whoami()).await {
        Ok(Ok(seen)) => diagnose_token::not_allowed(error, &seen.value, known),
        Ok(Err(again)) if again.status() == Some(403) => token::refused(hub, error, known).await,
        Ok(Err(again)) => diagnose_token::doubtful(error).seen(again.to_string()),
        Err(_) => diagnose_token::doubtful(error).seen("GET /hub/api/user does not answer"),
    }
}

/// Adds what the server's certificate says to a finding about it.
pub trait SeenCertificate {
    /// The finding with the certificate's issuer, dates and names, if it is
    /// about TLS.
    #[must_use]
    fn seen_certificate(self, hub: &Hub) -> Self;
}

impl SeenCertificate for Finding {
    fn seen_certificate(self, hub: &Hub) -> Self {
        reach::with_certificate(self, hub.certificate().as_ref())
    }
}
