//! Layer 8: the server, as it answers through the proxy.

use jupyterhub_client::{Error, HubVersion, Identity, Look, Stage};

use super::{excerpt, first_line, front, server_of};
use crate::vocabulary::{Cause, Finding};

/// What an answer of the server's URL says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Not there yet: worth another look until the grace is over.
    NotYet(Finding),
    /// There is no point in waiting.
    Wrong(Finding),
}

/// Reads a failed `GET {server}/api/status` with the account's token.
pub fn refused(error: &Error, user: &str) -> Answer {
    let said = error.hub_message().unwrap_or_default();
    let seen = error.to_string();
    if let Some(wall) = front::login_wall(error) {
        return Answer::Wrong(wall);
    }
    match &error.stage {
        Stage::Redirect { location, .. } => Answer::NotYet(no_route().seen(seen).seen(format!(
            "it redirects to {location}: the proxy has no route, and the hub answers"
        ))),
        Stage::Status { head, body, .. } => match head.status {
            // Jupyter and the hub refuse in JSON; a page is somebody else's.
            403 if !head.is_json() && head.hub_version().is_none() => Answer::NotYet(
                no_route()
                    .seen(seen)
                    .seen(server_of(error))
                    .seen(first_line(body)),
            ),
            403 | 401 => Answer::Wrong(forbidden(user).seen(seen).seen(excerpt(said))),
            404 => Answer::NotYet(no_route().seen(seen).seen(server_of(error))),
            424 => Answer::NotYet(
                Finding::new(
                    Cause::ServerDied,
                    "the hub called the server ready, and now says that it does not run",
                )
                .seen(seen),
            ),
            // A proxy has no JSON: these are the server's own words.
            503 if head.is_json() && !said.is_empty() && !said.contains("appears to be down") => {
                Answer::NotYet(
                    Finding::new(
                        Cause::ServerError,
                        format!("the server answers that it cannot work: {}", excerpt(said)),
                    )
                    .seen(seen),
                )
            }
            503 => Answer::NotYet(
                Finding::new(
                    Cause::ServerDied,
                    "the proxy has a route to the server, but nothing answers there",
                )
                .seen(seen),
            ),
            500 if is_redirect_loop(body) => {
                Answer::NotYet(no_route().seen(seen).seen(excerpt(said)))
            }
            500 | 502 if ASKS_THE_HUB.iter().any(|words| said.contains(words)) => Answer::Wrong(
                Finding::new(
                    Cause::ServerCannotReachHub,
                    "the server cannot ask the hub who we are",
                )
                .seen(seen),
            ),
            502 | 504 => Answer::NotYet(
                no_route()
                    .seen(seen)
                    .seen(server_of(error))
                    .seen(excerpt(body)),
            ),
            _ => Answer::Wrong(
                Finding::new(Cause::ServerError, "the server answers with an error").seen(seen),
            ),
        },
        _ => Answer::NotYet(
            super::reach::below_the_hub(error, None)
                .unwrap_or_else(|| no_route().seen(seen.clone())),
        ),
    }
}

/// What a server says that cannot ask the hub (jupyterhub/services/auth.py,
/// `_api_request`).
const ASKS_THE_HUB: &[&str] = &[
    "connect to Hub API",
    "checking authorization",
    "check authorization",
];

/// The hub sends whoever asks it for a ready server to the proxy, and the proxy
/// without a route sends them back, until the hub says "Redirect loop
/// detected." Where the versions differ, if only by a patch, it says so too and
/// loses patience sooner, but the loop is the same (handlers/base.py,
/// `_redirect_to_user_server`; seen on 4.1.6 and 6.1.1 with servers of 1.5.1
/// and of 6.1.1).
fn is_redirect_loop(body: &str) -> bool {
    body.contains("Redirect loop")
}

/// The finding for a server that does not let the token in.
pub fn forbidden(user: &str) -> Finding {
    Finding::new(
        Cause::ServerForbidden,
        format!("the server of {user} does not let this token in"),
    )
}

/// The finding for a server that refuses a token with every right, and that does
/// not say, as every server of JupyterHub's does, which JupyterHub it has
/// (jupyterhub/singleuser/mixins.py and extension.py, `X-JupyterHub-Version`).
pub fn no_single_user(forbidden: &Finding) -> Finding {
    Finding::new(
        Cause::ServerError,
        "what was started refuses a good token, and does not look like a server of JupyterHub's",
    )
    .seen_all(forbidden.evidence.clone())
    .seen("the hub says that the token holds access:servers")
    .seen("its answers have no header X-JupyterHub-Version")
    .advise(
        "See that c.Spawner.cmd starts jupyterhub-singleuser: a plain jupyter-lab or jupyter \
             server knows nothing of the hub's tokens. Else a proxy in between refuses.",
    )
}

/// The finding for a header that is removed only on the way to servers.
pub fn header_stripped(forbidden: &Finding, url: &str) -> Finding {
    Finding::new(
        Cause::TokenHeaderStripped,
        "a proxy removes the Authorization header on the way to the servers",
    )
    .seen(format!(
        "{url}: a request whose Authorization header is too large is not refused, while one with another header of that size is"
    ))
    .seen("the hub itself takes the token, and it holds access:servers")
    .seen_all(forbidden.evidence.clone())
}

/// The major version of JupyterHub that brought scopes.
const SCOPES: u32 = 2;

/// The JupyterHub in a server's environment, where it is of another major
/// version than the hub.
fn other_major(hub: &HubVersion, inside: &str) -> Option<u32> {
    let major = inside.split('.').next()?.parse().ok()?;
    (major != hub.major).then_some(major)
}

/// A server's refusal of a token that holds `access:servers` becomes one of
/// versions, where the server is too old to know scopes.
///
/// A hub since 2.0 says which scopes a token has, and servers since 2.0 ask for
/// `access:servers`. A server before 2.0 only asks whose the token is, and lets
/// in its own user alone (JupyterHub 1.5, services/auth.py, `check_hub_user`):
/// no service, no other user, not even the hub's admins. Seen with 1.5.1 on
/// 4.1.6, 5.5.4 and 6.1.1; servers of 2.3.1 fit all of these.
pub fn mind_versions(
    finding: Finding,
    hub: Option<&HubVersion>,
    inside: Option<&str>,
    owner: Option<&Identity>,
    user: &str,
) -> Finding {
    let (Some(hub), Some(inside)) = (hub, inside) else {
        return finding;
    };
    let Some(major) = other_major(hub, inside) else {
        return finding;
    };
    let versions = format!("the hub is JupyterHub {hub}, the server's environment has {inside}");
    let foreign = owner.filter(|owner| owner.kind == "service" || owner.name != user);
    let (Some(owner), true) = (foreign, major < SCOPES && hub.major >= SCOPES) else {
        return finding.seen(versions);
    };
    let kind = if owner.kind == "service" {
        "service"
    } else {
        "user"
    };
    Finding::new(
        Cause::ServerVersionMismatch,
        "the JupyterHub in the server's environment is too old for the hub: it knows no scopes",
    )
    .seen(versions)
    .seen(format!(
        "the token is that of the {kind} {}: a server before JupyterHub 2.0 lets in {user} alone, whatever a token may do",
        owner.name
    ))
    .seen_all(finding.evidence)
    .advise(format!(
        "Install in the server's environment the JupyterHub of the hub's own major version (at least 2.0); \
         until then only a token of {user}'s own gets in."
    ))
}

/// What to warn of where a server has let us in, but its JupyterHub is not of
/// the hub's major version.
pub fn versions_differ(hub: &HubVersion, inside: &str) -> Option<String> {
    let major = other_major(hub, inside)?;
    let differ = format!("the hub is {hub}, the server's environment has JupyterHub {inside}");
    if major < SCOPES && hub.major >= SCOPES {
        return Some(format!(
            "{differ}, which knows no scopes: it lets in all tokens of its own user, and none of others"
        ));
    }
    Some(differ)
}

/// The finding for a server that answered before and does not any more; none
/// where this error does not say so.
///
/// A hub that stops a server first takes its route away (JupyterHub,
/// handlers/base.py, `stop_single_user`), so that the hub answers; a server
/// that dies leaves the route until the hub looks (`Spawner.poll_interval`,
/// 30 s), so that the proxy finds nobody.
pub fn died(error: &Error) -> Option<Finding> {
    let finding = match &error.stage {
        Stage::Redirect { location, .. } if location.contains("/hub/") => culled(),
        Stage::Status { head, .. } => match head.status {
            424 => culled(),
            404 if head.hub_version().is_none() && !head.is_json() => culled(),
            502 | 503 => Finding::new(Cause::ServerDied, "the server worked, and then it was dead")
                .seen("its route is still there, and nothing answers behind it"),
            _ => return None,
        },
        _ => return None,
    };
    Some(finding.seen(error.to_string()))
}

fn culled() -> Finding {
    Finding::new(
        Cause::ServerCulled,
        "the server worked, and then somebody stopped it: a culler, or a person",
    )
    .seen("its route was taken away, as a hub does that stops a server")
}

/// What looks like a stop, where the hub still calls the server ready: only its
/// route is gone.
pub fn route_lost(stopped: Finding) -> Finding {
    Finding::new(
        Cause::ServerNoRoute,
        "the proxy has lost the route to the server, which the hub still calls ready",
    )
    .seen_all(stopped.evidence.into_iter().skip(1))
}

/// The finding for a server that was ready when the visit stopped it, and was
/// not there.
pub fn gone_before_the_stop() -> Finding {
    culled().seen("when it was to be stopped, the account's model did not show it any more")
}

/// The finding for a server that was ready and is not in the hub's model any
/// more, and that never answered. `dead` is what was seen before that: a route
/// with nothing behind it; `at_once`: it was shown ready only a moment ago.
///
/// A spawn that somebody cancels is shown ready for a second before it is gone
/// (JupyterHub 5.1 to 6.1, seen on 5.5.4 and 6.1.1).
pub fn vanished(seen: String, dead: bool, at_once: bool) -> Finding {
    let finding = if dead {
        Finding::new(
            Cause::ServerDied,
            "the hub called the server ready, and then it was dead",
        )
        .seen("its route was there, and nothing answered behind it")
    } else if at_once {
        Finding::new(
            Cause::SpawnCancelled,
            "somebody stopped the server while it started, or the moment it was ready",
        )
    } else {
        Finding::new(
            Cause::ServerCulled,
            "the hub called the server ready, and then somebody stopped it: a culler, or a person",
        )
    };
    finding
        .seen("the account's model does not show it any more")
        .seen(seen)
}

fn no_route() -> Finding {
    Finding::new(
        Cause::ServerNoRoute,
        "the hub calls the server ready, but the proxy does not lead to it",
    )
}

/// The hub's internal address has no user routes: told by the proxy's health
/// path, which is not there.
pub fn mind_internal_address(finding: Finding, url: &str, proxy: Option<&Look>) -> Finding {
    let no_proxy = proxy.is_none_or(|look| look.head.status != 200);
    if finding.cause == Cause::ServerNoRoute && no_proxy {
        return finding
            .seen(format!("no configurable-http-proxy answers at {url}"))
            .advise(format!(
                "If {url} is the hub's internal address (port 8081, as in JUPYTERHUB_API_URL), \
                 give the public one: there are no routes to servers on it. Else look at the \
                 proxy's table and at the ingress rules for /user/."
            ));
    }
    finding
}

/// The finding for a server that is older than our request: an earlier job or
/// process that answers in the place of ours.
pub fn orphan(age_s: f64, asked_s: f64) -> Finding {
    Finding::new(
        Cause::StopSurvived,
        "an older server answers in the place of ours",
    )
    .seen(format!(
        "it says that it was started {age_s:.0} s ago, but we asked for ours {asked_s:.0} s ago"
    ))
    .advise(
        "A server that the hub believes stopped lives on and holds the address: find its process, \
         pod or job and end it; then look at why the spawner's stop() did not.",
    )
}
