//! A token that the hub refuses: does the hub know it, does it refuse it
//! always, does the header that carries it arrive at all?

use std::time::Duration;

use jupyterhub_client::{Error, Hub, Look, Method};
use tokio::time::{sleep, timeout};

use super::{DATABASE_LOOK, LOOK};
use crate::diagnose::header::{self, Arrival};
use crate::diagnose::token::{self as diagnose, Doubts, Known, Lookup};
use crate::vocabulary::Finding;

/// Before the hub is asked once more.
const A_MOMENT: Duration = Duration::from_millis(400);

/// The finding for a token that `GET /hub/api/user` refuses.
pub async fn refused(hub: &Hub, error: &Error, known: Known<'_>) -> Finding {
    if !diagnose::by_the_hub(error) {
        return diagnose::refused_in_front(error);
    }
    let lookup = lookup(hub).await;
    sleep(A_MOMENT).await;
    let again = timeout(DATABASE_LOOK, hub.whoami()).await;
    let header = match lookup {
        Lookup::Unknown => arrival(hub, hub.api_url("").as_str()).await,
        _ => Arrival::Unsaid,
    };
    let doubts = Doubts {
        lookup,
        accepted_again: matches!(again, Ok(Ok(_))),
        header,
    };
    diagnose::refused(error, known, &doubts)
}

/// Whether the hub knows the token, whatever it thinks of its owner: its old
/// endpoint for looking up a token wants one that it knows, and does not
/// refresh the owner's login (JupyterHub 2 to 6, apihandlers/auth.py,
/// `token_authenticated`). What is looked up is no token.
pub(super) async fn lookup(hub: &Hub) -> Lookup {
    let url = hub.api_url("authorizations/token/hubprobe");
    let asked = timeout(LOOK, hub.look(Method::GET, &url, false)).await;
    let Ok(Ok(without)) = asked else {
        return Lookup::Unsaid;
    };
    match timeout(DATABASE_LOOK, hub.look(Method::GET, &url, true)).await {
        Ok(Ok(with)) => diagnose::lookup(&with, &without),
        _ => Lookup::Unsaid,
    }
}

/// Whether an Authorization header arrives behind what stands in front of
/// `url`, which answers anybody. See [`header`].
pub async fn arrival(hub: &Hub, url: &str) -> Arrival {
    let Ok(url) = url.parse() else {
        return Arrival::Unsaid;
    };
    let mut looks: Vec<Option<Look>> = Vec::new();
    for headers in header::questions() {
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let look = timeout(LOOK, hub.look_with(Method::GET, &url, &headers)).await;
        looks.push(look.ok().and_then(Result::ok));
    }
    header::judge(&looks)
}
