//! `account doctor`: what is right with an account, what is not, and what cures it.
//!
//! It only looks. The account's own token shows whether it works and what it may do;
//! an administrator's shows the rest: the hub's parts, the login secrets, other
//! tokens. Either will do, both show most. What cannot be seen is said, and is not
//! taken for good. The judgements are functions of what was seen.

mod judge;
mod parts;
mod point;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jupyterhub_client::Identity;
use tokio::time::sleep;
use uuid::Uuid;

use super::asking::{Asking, Greeted};
use super::hub_config::Lack;
use super::register::{Register, Registered};
use super::{Problem, scopes};
use crate::diagnose::scope::{Held, held};
use crate::suite::format_duration;
use crate::vocabulary::{Cause, Finding, SecretSource, Target};
use judge::{of_end, of_scopes, of_tokens, of_user};
use parts::{Own, exemption, of_parts};
pub use point::{Grade, Point};

/// Which account, and who looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// The hub.
    pub target: &'a Target,
    /// The account's name.
    pub name: &'a str,
    /// Where the account's own token is.
    pub own: Option<&'a SecretSource>,
    /// Where an administrator's is.
    pub admin: Option<&'a SecretSource>,
}

/// Asks again with the account's own token, once the hub has to refresh its login
/// (`c.Authenticator.auth_refresh_age`, which no API tells): whether that refuses it.
///
/// # Errors
/// A token that cannot be read; a finding where the hub does not answer.
pub async fn later(sides: Sides<'_>, patience: Duration) -> Result<Point, Problem> {
    let Sides { target, name, .. } = sides;
    let Some(own) = sides.own else {
        return Err(Problem::Usage(format!("there is no token of {name}")));
    };
    let asking = Asking::open(target, own, Uuid::now_v7()).await?;
    let waited = format_duration(patience);
    if asking.hub.whoami().await.is_err() {
        // What is wrong from the beginning is said already.
        return Ok(Point::bad(
            Grade::Mind,
            format!(
                "the hub does not take its token, so asking again after {waited} would tell nothing"
            ),
            "see above",
        ));
    }
    sleep(patience).await;
    match asking.hub.whoami().await {
        Ok(_) => Ok(Point::well(format!(
            "the hub still takes its token after {waited}"
        ))),
        Err(error) => {
            let finding = asking.failure(&error).await;
            if !finding.cause.to_string().starts_with("token.") {
                return Err(finding.into());
            }
            let words = format!("the hub took its token, and after {waited} not any more: ");
            Ok(refused(&words, finding, Lack::Exemption, name))
        }
    }
}

/// The cure for what the asking token is not shown.
const ASK_ADMIN: &str = "ask with an administrator's token (--admin-token-file)";

/// How a refused token is begun to be told.
const ITS_TOKEN: &str = "its token: ";

/// A refused token: what is wrong with it, and what cures that.
fn refused(words: &str, finding: Finding, lack: Lack, name: &str) -> Point {
    let words = format!("{words}{} ({})", finding.summary, finding.cause);
    if finding.cause == Cause::TokenStaleLogin {
        let cure = "exempt the account from the refresh of logins, and restart the hub (hubprobe account hub-config keeps a hook that is there; \
             --own-refresh is for authenticators that ask none):";
        return Point::bad(Grade::Wrong, words, cure).configured(lack, name, None);
    }
    Point::bad(Grade::Wrong, words, finding.advice)
}

/// Looks at an account from all sides that the tokens show.
///
/// # Errors
/// A finding where not even one token is of use; a token that cannot be read.
pub async fn examine(
    sides: Sides<'_>,
    state_dir: &Path,
    now: Timestamp,
) -> Result<Vec<Point>, Problem> {
    let Sides {
        target,
        name,
        own,
        admin,
    } = sides;
    let (registered, _) = Register::of(state_dir).find(&target.url, name)?;
    let run = Uuid::now_v7();
    let mut points = Vec::new();
    let open = async |source: Option<&SecretSource>| match source {
        Some(source) => Asking::open(target, source, run).await.map(Some),
        None => Ok(None),
    };
    let (own, admin) = (open(own).await?, open(admin).await?);
    if let (Some(own), Some(admin)) = (&own, &admin) {
        // A hub may say the one back to the other.
        own.hide(&admin.token);
        admin.hide(&own.token);
    }
    let (mut seen, alone) = (None, admin.is_none());
    if own.is_none() {
        points.push(Point::bad(
            Grade::Mind,
            "whether the hub takes its token, and what that may do, is not known",
            format!("name {name}'s own token with --token-file"),
        ));
    }
    let (mut taken, mut refusal) = (Own::Unknown, None);
    if let Some(asking) = own {
        points.extend(of_file(&asking));
        match asking.greet().await {
            Ok(greeted) => {
                let seen_by_itself = of_own(&asking, &greeted, name, &registered, now).await;
                points.extend(scrubbed(seen_by_itself, &asking));
                // Somebody else's may see nothing, which would say nothing.
                if greeted.identity.name == name {
                    if greeted.identity.kind != "service" {
                        taken = Own::Taken;
                    }
                    seen = Some((asking, greeted));
                }
            }
            // What is wrong below the token is not the account's.
            Err(finding) if !finding.cause.to_string().starts_with("token.") => {
                return Err(finding.into());
            }
            Err(finding) => refusal = Some(finding),
        }
    }
    let looking = match admin {
        Some(asking) => {
            points.extend(of_file(&asking));
            let greeted = asking.greet().await?;
            Some((asking, greeted))
        }
        None => seen.take(),
    };
    let Some((asking, greeted)) = looking else {
        points.extend(refusal.map(|finding| refused(ITS_TOKEN, finding, Lack::Exemption, name)));
        return Ok(points);
    };
    points.extend(of_hub(&asking, &greeted, taken, refusal, name).await?);
    match asking.hub.user(name, true).await {
        Ok(seen) => points.extend(of_user(&seen.value)),
        // A hub says the same 404 of a user that is not there and of one that is not shown.
        Err(error) if alone && matches!(error.status(), Some(403 | 404)) => {
            points.push(Point::bad(
                Grade::Mind,
                format!(
                    "whether {name} is an administrator and has servers is not shown to this token"
                ),
                ASK_ADMIN,
            ));
        }
        Err(error) => return Err(asking.failure_about(name, &error).await.into()),
    }
    let own_id = greeted.identity.token_id.filter(|_| alone);
    points.extend(match asking.hub.tokens(name).await {
        Ok(tokens) => of_tokens(&tokens, own_id.as_deref(), &registered, name, now),
        Err(error) => vec![Point::bad(
            Grade::Mind,
            format!("its other tokens are not shown: {error}"),
            ASK_ADMIN,
        )],
    });
    Ok(scrubbed(points, &asking))
}

/// What is to be minded of the file that a token came from.
fn of_file(asking: &Asking) -> Vec<Point> {
    let point = |words: &String| {
        Point::bad(
            Grade::Mind,
            words.clone(),
            "chmod 600, and a new token if others have read it",
        )
    };
    asking.warnings.iter().map(point).collect()
}

/// Without secrets that a hub may have said back.
fn scrubbed(points: Vec<Point>, asking: &Asking) -> Vec<Point> {
    let points = points.into_iter();
    points
        .map(|point| point.map(|text| asking.scrub(text)))
        .collect()
}

/// The scopes of a service that works as this account and nobody else, as `hub-config
/// --as-service` makes it.
fn works_as<'a>(identity: &'a Identity, name: &str) -> Option<&'a [String]> {
    let have = identity.scopes.as_deref()?;
    let works = matches!(held(have, "access:servers", name, ""), Held::Yes);
    (identity.kind == "service" && works && scopes::unfiltered(have).is_empty()).then_some(have)
}

/// What the account's own token says of itself.
async fn of_own(
    asking: &Asking,
    greeted: &Greeted,
    name: &str,
    registered: &[Registered],
    now: Timestamp,
) -> Vec<Point> {
    let identity = &greeted.identity;
    if let Some(have) = works_as(identity, name) {
        let mut points = vec![Point::well(format!(
            "the hub takes its token, which is of the service {}",
            identity.name
        ))];
        points.extend(of_scopes(have, greeted.version.as_ref(), name));
        points.push(Point::well(
            "its token stands in the hub's configuration, and does not end by itself",
        ));
        return points;
    }
    if identity.kind == "service" || identity.name != name {
        return vec![Point::bad(
            Grade::Wrong,
            format!("its token is of {} {}", identity.kind, identity.name),
            format!("name {name}'s own token with --token-file"),
        )];
    }
    let mut points = vec![Point::well("the hub takes its token")];
    points.extend(match &identity.scopes {
        Some(held) => of_scopes(held, greeted.version.as_ref(), name),
        None => vec![Point::bad(
            Grade::Mind,
            "this hub does not say what the token may do",
            "JupyterHub 2.0 and newer do",
        )],
    });
    let model = match &identity.token_id {
        Some(id) => asking.hub.token_model(name, id).await.ok(),
        None => None,
    };
    let known = model.as_ref().map(|model| model.expires_at).or_else(|| {
        let SecretSource::File(path) = &asking.source else {
            return None;
        };
        let stamp = crate::undo::Stamp::of(path)?;
        let entry = registered
            .iter()
            .find(|entry| entry.stamp.as_ref() == Some(&stamp));
        entry.map(|entry| entry.expires)
    });
    points.push(match known {
        Some(end) => of_end(end, name, now),
        None => Point::bad(
            Grade::Mind,
            "when its token ends is not known",
            format!("{ASK_ADMIN}, or give it the scope read:tokens!user={name}"),
        ),
    });
    points
}

/// What the hub is made of, and the login secrets, as far as they are shown.
async fn of_hub(
    asking: &Asking,
    greeted: &Greeted,
    own: Own,
    refusal: Option<Finding>,
    name: &str,
) -> Result<Vec<Point>, Problem> {
    let own = match &refusal {
        Some(finding) if finding.cause == Cause::TokenStaleLogin => Own::Stale,
        _ => own,
    };
    let told = |lack| refusal.map(|finding| refused(ITS_TOKEN, finding, lack, name));
    let info = match asking.hub.info().await {
        Ok(info) => info,
        Err(error) if matches!(error.status(), Some(403 | 404)) => {
            let hidden = Point::bad(
                Grade::Mind,
                format!(
                    "JupyterHub {}; its authenticator and spawner are not shown to this token (scope read:hub)",
                    greeted.version_text
                ),
                ASK_ADMIN,
            );
            return Ok(told(Lack::Exemption).into_iter().chain([hidden]).collect());
        }
        Err(error) => return Err(asking.failure(&error).await.into()),
    };
    let state = match asking.hub.auth_state(name).await {
        Ok(Some(state)) => Some(state.is_some_and(|state| !state.expose().is_empty())),
        _ => None,
    };
    let told = told(exemption(
        &info.authenticator.class,
        &info.authenticator.version,
    ))
    .into_iter();
    Ok(told.chain(of_parts(&info, state, own, name)).collect())
}
