//! A hub that is not at the URL which was given: is it somewhere near, or is
//! it only very slow?

use std::time::Duration;

use jupyterhub_client::{Error, Hub, Method, Stage};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::{SeenCertificate, proxy_behind, proxy_health};
use crate::diagnose::{nearby, reach};
use crate::vocabulary::{Cause, Finding};

/// How long all looks nearby may take.
const LOOKS: Duration = Duration::from_secs(4);

/// A hub that did not answer in time is waited for so many times longer, to
/// tell a slow one from one that does not answer at all.
const PATIENCE: u32 = 3;

/// The longest that is waited for it.
const LONGEST: Duration = Duration::from_secs(30);

/// The finding for the first request that failed.
pub async fn unreached(hub: &Hub, error: &Error) -> Finding {
    let proxy = proxy_behind(hub, error).await;
    let finding = reach::first_request(error, proxy.as_ref()).seen_certificate(hub);
    let may_be_elsewhere = matches!(
        finding.cause,
        Cause::ReachNotAHub | Cause::ReachRedirect | Cause::ReachLoginWall
    );
    if may_be_elsewhere && let Some((there, version)) = elsewhere(hub, error).await {
        return reach::elsewhere(error, &there, &version);
    }
    finding
}

/// The base URL under which a hub answers, and its version. The same path over
/// https is no other place: that is the redirect's own word.
async fn elsewhere(hub: &Hub, error: &Error) -> Option<(String, String)> {
    let location = match &error.stage {
        Stage::Redirect { location, .. } => Some(location.as_str()),
        _ => None,
    };
    let mut looks = JoinSet::new();
    for (rank, place) in nearby::places(hub.url(), location).into_iter().enumerate() {
        if place.path() == hub.url().path() {
            continue;
        }
        let Ok(url) = place.join("hub/api/") else {
            continue;
        };
        let hub = hub.clone();
        looks.spawn(async move {
            let look = hub.look(Method::GET, &url, false).await.ok()?;
            let version = look.head.hub_version()?.to_owned();
            (look.head.status == 200 && look.head.is_json())
                .then(|| (rank, place.to_string(), version))
        });
    }
    let mut found = Vec::new();
    let all = async {
        while let Some(looked) = looks.join_next().await {
            found.extend(looked.ok().flatten());
        }
    };
    // What was found by then is enough.
    let _ = timeout(LOOKS, all).await;
    found.sort();
    found
        .into_iter()
        .next()
        .map(|(_, place, version)| (place, version))
}

/// The finding for a first request that was not answered in time.
pub async fn unanswered(hub: &Hub, deadline: Duration) -> Finding {
    let began = Instant::now();
    let patience = (deadline * PATIENCE).min(LONGEST);
    let (late, proxy) = tokio::join!(timeout(patience, hub.root()), proxy_health(hub));
    let late = matches!(late, Ok(Ok(_))).then(|| began.elapsed());
    let url = hub.api_url("");
    reach::no_answer(url.as_str(), deadline, late, proxy.as_ref())
}
