//! Reach: a JupyterHub answers at the URL, and says its version.

use jiff::{SignedDuration, Timestamp};
use jupyterhub_client::{Hub, HubVersion};
use tokio::time::timeout;

use crate::diagnose::{curl, reach as diagnose};
use crate::engine::Walk;
use crate::explain::nearby;
use crate::vocabulary::{Finding, in_days};

/// A clock that is off by more than this is worth a word.
const CLOCK_OFF: SignedDuration = SignedDuration::from_secs(30);

/// A certificate that expires within so many days is warned of.
const EXPIRES_SOON_DAYS: i64 = 14;

/// Asks `GET /hub/api/`, which needs no token.
///
/// # Errors
/// A finding of the layers below the hub.
pub async fn reach(walk: &mut Walk) -> Result<String, Finding> {
    let hub = walk.hub()?;
    let deadline = walk.probe.deadlines.reach;
    let show = curl::plain(&walk.target, "GET", hub.api_url("").as_str());
    let answer = match timeout(deadline, hub.root()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(nearby::unreached(&hub, &error).await.with_curl(show)),
        Err(_) => return Err(nearby::unanswered(&hub, deadline).await.with_curl(show)),
    };
    let text = answer.value.version;
    walk.version = HubVersion::parse(&text);
    walk.voice.hub_version(&text);
    if walk.version.is_none() {
        walk.voice.warn(&format!(
            "the hub's version \"{text}\" is not understood; it is taken for one before 6"
        ));
    }
    if let Some(date) = answer.head.date {
        clock(walk, date).map_err(|finding| finding.with_curl(show))?;
    }
    certificate(walk, &hub);
    Ok(format!(
        "JupyterHub {text}, {} ms",
        answer.head.elapsed.as_millis()
    ))
}

/// Compares the hub's clock with ours.
fn clock(walk: &mut Walk, date: Timestamp) -> Result<(), Finding> {
    let now = walk.clock.now();
    if let Some(finding) = diagnose::clock_skew(date, now) {
        return Err(finding);
    }
    let off = date.duration_since(now).abs();
    walk.apart = off.unsigned_abs();
    if off > CLOCK_OFF {
        walk.voice.warn(&format!(
            "the hub's clock and ours are {} s apart",
            off.as_secs()
        ));
    }
    Ok(())
}

/// A certificate that is still good, but not for long.
fn certificate(walk: &Walk, hub: &Hub) {
    let Some(certificate) = hub.certificate() else {
        return;
    };
    let left = certificate.not_after.duration_since(walk.clock.now());
    let days = left.as_hours() / 24;
    if days < EXPIRES_SOON_DAYS {
        walk.voice.warn(&format!(
            "the hub's certificate expires in {}, on {}",
            in_days(days),
            certificate.not_after.strftime("%Y-%m-%d")
        ));
    }
}
