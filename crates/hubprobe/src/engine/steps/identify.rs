//! Identify: whom the hub takes us for, which scopes we hold, for how long.

use indexmap::IndexMap;
use jiff::SignedDuration;
use jupyterhub_client::{Hub, Identity, Server, TokenModel};

use crate::diagnose::scope::{self, Held};
use crate::diagnose::{reach, token};
use crate::engine::Walk;
use crate::explain;
use crate::undo::entry::server_words;
use crate::vocabulary::{Finding, in_days};

/// A token that expires within so many days is warned of.
const EXPIRES_SOON_DAYS: i64 = 14;

/// Asks who we are, and compares what the token may do with what the probe
/// needs.
///
/// # Errors
/// A finding of the token's or the account's layer.
pub async fn identify(walk: &mut Walk) -> Result<String, Finding> {
    let hub = walk.hub()?;
    let show = walk.curl("GET", hub.api_url("user").as_str());
    let identity = match hub.whoami().await {
        // Every hub says which it is (JupyterHub 2 to 6, apihandlers/base.py).
        Ok(seen) if seen.value.kind.is_empty() => {
            return Err(reach::no_identity(hub.api_url("user").as_str()).with_curl(show));
        }
        Ok(seen) => seen.value,
        Err(error) if error.status() == Some(403) => {
            let finding = explain::token::refused(&hub, &error, walk.known()).await;
            return Err(finding.with_curl(show));
        }
        Err(error) => return Err(walk.hub_failure(&hub, &error).await),
    };
    let user = walk.user().to_owned();
    let server = walk.probe.server.clone();
    if let Some(finding) = token::lacks(&identity, walk.version.as_ref(), &user, &server) {
        return Err(finding.with_curl(show));
    }
    user_exists(walk, &hub, &user).await?;
    may_access(walk, &identity, &user, &server)?;
    let expiry = expiry(walk, &hub, &identity).await;
    let summary = format!("{} {}{expiry}", identity.kind, identity.name);
    walk.identity = Some(identity);
    Ok(summary)
}

/// A token may hold scopes over users that are not there.
async fn user_exists(walk: &Walk, hub: &Hub, user: &str) -> Result<(), Finding> {
    match hub.user(user, false).await {
        Ok(seen) => {
            if walk.dry_run {
                foresee(walk, seen.value.servers.as_ref());
            }
            Ok(())
        }
        Err(error) if error.status() == Some(404) => {
            // The user may be there, and this be something else's 404.
            if !token::by_the_hub(&error) {
                return Err(walk.hub_failure(hub, &error).await);
            }
            let url = hub.api_url(&format!("users/{user}"));
            Err(token::no_such_user(&error, user).with_curl(walk.curl("GET", url.as_str())))
        }
        Err(error) => Err(walk.hub_failure(hub, &error).await),
    }
}

/// In a dry run: what stands in the way of a check.
fn foresee(walk: &Walk, servers: Option<&IndexMap<String, Server>>) {
    let server = servers.and_then(|all| all.get(&walk.probe.server));
    if server.is_none_or(|server| server.stopped == Some(true)) {
        return;
    }
    let words = server_words(&walk.probe.server);
    walk.voice.warn(&if walk.probe.account.dedicated {
        format!("{words} is there: a check would first stop it, since the account is dedicated")
    } else {
        format!("{words} is there: a check would refuse to start (spawn.already-running)")
    });
}

/// Access to the server itself is proved by the step `open`; here it is only
/// foreseen, and in a dry run, where `open` does not run, it decides.
fn may_access(walk: &Walk, identity: &Identity, user: &str, server: &str) -> Result<(), Finding> {
    let Some(scopes) = &identity.scopes else {
        return Ok(());
    };
    let words = match scope::held(scopes, scope::ACCESS, user, server) {
        Held::Yes => return Ok(()),
        Held::ForGroup(group) => format!(
            "the token holds {group}, which servers do not understand: it wants {}!user={user}",
            scope::ACCESS
        ),
        Held::Elsewhere(_) | Held::No => format!(
            "the token lacks the scope {}!user={user}: the server will not let it in",
            scope::ACCESS
        ),
    };
    if walk.dry_run {
        let who = format!("{} {}", identity.kind, identity.name);
        return Err(token::missing(scope::ACCESS, user, &who)
            .seen(words)
            .seen(token::held_scopes(scopes)));
    }
    walk.voice.warn(&words);
    Ok(())
}

/// A token that was used within so long may be the one that asks.
const JUST_USED: SignedDuration = SignedDuration::from_secs(60);

/// What the hub knows of our token. Before JupyterHub 5 it does not say which
/// one it is: then it is the only one, or the only one that was just used.
async fn our_token(walk: &Walk, hub: &Hub, identity: &Identity) -> Option<TokenModel> {
    if let Some(id) = &identity.token_id {
        return hub.token_model(&identity.name, id).await.ok();
    }
    let mut tokens = hub.tokens(&identity.name).await.ok()?;
    if tokens.len() > 1 {
        let now = walk.clock.now();
        tokens.retain(|token| {
            token
                .last_activity
                .is_some_and(|used| now.duration_since(used) < JUST_USED)
        });
    }
    match tokens.len() {
        1 => tokens.pop(),
        _ => None,
    }
}

/// How long the token is good for, where the hub lets it ask.
async fn expiry(walk: &mut Walk, hub: &Hub, identity: &Identity) -> String {
    // Only users have tokens that the API shows; a service's is in the
    // configuration.
    if identity.kind != "user" {
        return String::new();
    }
    let Some(model) = our_token(walk, hub, identity).await else {
        return String::new();
    };
    let Some(expires) = model.expires_at else {
        walk.voice
            .warn("the token never expires; hubprobe account create makes one that does");
        return ", token never expires".to_owned();
    };
    walk.expires = Some(expires);
    walk.voice.token_expires(expires);
    let days = (expires.duration_since(walk.clock.now()).as_hours() + 12) / 24;
    if days < EXPIRES_SOON_DAYS {
        walk.voice.warn(&format!(
            "the token expires in {}, on {}",
            in_days(days),
            expires.strftime("%Y-%m-%d")
        ));
    }
    format!(", token expires in {}", in_days(days))
}
