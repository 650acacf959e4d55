//! A server that does not let the token in, although it should: does the
//! header arrive there, does the hub still know the token, do the versions fit?

use std::time::Duration;

use jupyterhub_client::{Hub, Identity, JupyterServer, Method};
use tokio::time::timeout;

use super::{DATABASE_LOOK, token};
use crate::diagnose::header::Arrival;
use crate::diagnose::scope::{self, Held};
use crate::diagnose::server as diagnose;
use crate::diagnose::token::Known;
use crate::vocabulary::Finding;

/// How long a look at the server may take.
const LOOK: Duration = Duration::from_secs(5);

/// The finding in place of `forbidden`, where a look shows a better one.
pub async fn forbidden(
    hub: &Hub,
    server: &JupyterServer,
    finding: Finding,
    identity: Option<&Identity>,
    known: Known<'_>,
    name: &str,
) -> Finding {
    let scopes = identity.and_then(|identity| identity.scopes.as_deref());
    let held = scopes.map(|scopes| scope::held(scopes, scope::ACCESS, known.user, name));
    if held.as_ref().is_some_and(|held| *held != Held::Yes) {
        return finding;
    }
    if let Ok(Err(error)) = timeout(DATABASE_LOOK, hub.whoami()).await
        && error.status() == Some(403)
    {
        return token::refused(hub, &error, known).await;
    }
    let api = format!("{}api", server.url());
    if token::arrival(hub, &api).await == Arrival::No {
        return diagnose::header_stripped(&finding, &api);
    }
    let inside = timeout(LOOK, server.look(Method::GET, "api", false)).await;
    let inside = inside.ok().and_then(Result::ok);
    let inside = inside.as_ref().and_then(|look| look.head.hub_version());
    if held == Some(Held::Yes) && inside.is_none() {
        return diagnose::no_single_user(&finding);
    }
    let finding = finding.seen("the hub says that the token holds access:servers");
    diagnose::mind_versions(finding, known.version, inside, identity, known.user)
}
