//! Layer 8: the server, as it answers through the proxy.

use jupyterhub_client::{Error, Look, Stage};

use super::excerpt;
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
    match &error.stage {
        Stage::Redirect { location, .. } => Answer::NotYet(no_route().seen(seen).seen(format!(
            "it redirects to {location}: the proxy has no route, and the hub answers"
        ))),
        Stage::Status { head, body, .. } => match head.status {
            403 | 401 => Answer::Wrong(
                Finding::new(
                    Cause::ServerForbidden,
                    format!("the server of {user} does not let this token in"),
                )
                .seen(seen)
                .seen(excerpt(said)),
            ),
            404 => Answer::NotYet(no_route().seen(seen)),
            424 => Answer::NotYet(
                Finding::new(
                    Cause::ServerDied,
                    "the hub called the server ready, and now says that it does not run",
                )
                .seen(seen),
            ),
            503 => Answer::NotYet(
                Finding::new(
                    Cause::ServerDied,
                    "the proxy has a route to the server, but nothing answers there",
                )
                .seen(seen),
            ),
            502 | 504 => Answer::NotYet(no_route().seen(seen).seen(excerpt(body))),
            500 if said.contains("Redirect loop") => Answer::NotYet(no_route().seen(seen)),
            500 if said.contains("connect to Hub API")
                || said.contains("checking authorization") =>
            {
                Answer::Wrong(
                    Finding::new(
                        Cause::ServerCannotReachHub,
                        "the server cannot ask the hub who we are",
                    )
                    .seen(seen),
                )
            }
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

/// The finding for a server that answered before and does not any more; none
/// where this error does not say so.
pub fn died(error: &Error) -> Option<Finding> {
    let gone = match &error.stage {
        Stage::Redirect { .. } => true,
        Stage::Status { head, .. } => matches!(head.status, 404 | 424 | 502 | 503),
        _ => false,
    };
    gone.then(|| {
        Finding::new(Cause::ServerDied, "the server worked, and then it was gone")
            .seen(error.to_string())
    })
}

/// The finding for a server that was ready and is not in the hub's model any
/// more.
pub fn vanished(seen: String) -> Finding {
    Finding::new(
        Cause::ServerDied,
        "the hub called the server ready, and then it was gone: it ended, or somebody stopped it",
    )
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
