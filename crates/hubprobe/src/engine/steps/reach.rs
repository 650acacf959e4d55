//! Reach: a JupyterHub answers at the URL, and says its version.

use jupyterhub_client::HubVersion;
use tokio::time::timeout;

use crate::diagnose::{curl, reach as diagnose};
use crate::engine::Walk;
use crate::explain;
use crate::vocabulary::{Cause, Finding};

/// Asks `GET /hub/api/`, which needs no token.
///
/// # Errors
/// A finding of the layers below the hub.
pub async fn reach(walk: &mut Walk) -> Result<String, Finding> {
    let hub = walk.hub()?;
    let deadline = walk.probe.deadlines.reach;
    let url = hub.api_url("");
    let show = curl::plain(&walk.target, "GET", url.as_str());
    let answer = match timeout(deadline, hub.root()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let proxy = explain::proxy_behind(&hub, &error).await;
            return Err(diagnose::first_request(&error, proxy.as_ref()).with_curl(show));
        }
        Err(_) => {
            return Err(Finding::new(
                Cause::ReachTimeout,
                format!("{url} does not answer within {deadline:.0?}"),
            )
            .seen(format!("GET {url}: no answer, neither good nor bad"))
            .with_curl(show));
        }
    };
    let text = answer.value.version;
    walk.version = HubVersion::parse(&text);
    walk.voice.hub_version(&text);
    if walk.version.is_none() {
        walk.voice.warn(&format!(
            "the hub's version \"{text}\" is not understood; it is taken for one before 6"
        ));
    }
    Ok(format!(
        "JupyterHub {text}, {} ms",
        answer.head.elapsed.as_millis()
    ))
}
