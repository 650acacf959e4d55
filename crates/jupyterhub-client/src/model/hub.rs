//! Models of the hub's REST API (<https://jupyterhub.readthedocs.io/en/stable/reference/rest-api.html>),
//! as 2.x to 6.1 really answer.

use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::instant;
use crate::json::or_default;

/// `GET /hub/api/`.
#[derive(Debug, Clone, Deserialize)]
pub struct ApiRoot {
    /// The hub's version.
    pub version: String,
}

/// `GET /hub/api/info` (scope read:hub).
#[derive(Debug, Clone, Deserialize)]
pub struct HubInfo {
    /// The hub's version.
    pub version: String,
    /// The version of its Python.
    #[serde(default, deserialize_with = "or_default")]
    pub python: String,
    /// The path of its Python.
    #[serde(default, deserialize_with = "or_default")]
    pub sys_executable: String,
    /// Its authenticator.
    #[serde(default, deserialize_with = "or_default")]
    pub authenticator: Component,
    /// Its spawner.
    #[serde(default, deserialize_with = "or_default")]
    pub spawner: Component,
}

/// A pluggable class of the hub.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Component {
    /// The full name of the class.
    #[serde(default, deserialize_with = "or_default")]
    pub class: String,
    /// The version of the package that it is in; `unknown` is possible.
    #[serde(default, deserialize_with = "or_default")]
    pub version: String,
}

/// `GET /hub/api/user`: who the token stands for.
#[derive(Debug, Clone, Deserialize)]
pub struct Identity {
    /// `user` or `service`.
    #[serde(default, deserialize_with = "or_default")]
    pub kind: String,
    /// The name of either.
    pub name: String,
    /// Whether it is an administrator; absent for services and where the scopes do not show it.
    #[serde(default)]
    pub admin: Option<bool>,
    /// The expanded scopes of the token (since 2.0).
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// The token's id (since 5.0).
    #[serde(default)]
    pub token_id: Option<String>,
    /// The session, for tokens of a browser session (since 2.0).
    #[serde(default)]
    pub session_id: Option<String>,
    /// The groups, where the scopes show them.
    #[serde(default)]
    pub groups: Option<Vec<String>>,
    /// The roles, where the scopes show them.
    #[serde(default)]
    pub roles: Option<Vec<String>>,
    /// The active servers, where the scopes show them.
    #[serde(default)]
    pub servers: Option<IndexMap<String, Server>>,
}

/// A user. With only `read:servers` the fields `server` and `pending` are absent: decide from `servers`.
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    /// The name.
    pub name: String,
    /// `user`
    #[serde(default)]
    pub kind: Option<String>,
    /// Whether it is an administrator.
    #[serde(default)]
    pub admin: Option<bool>,
    /// Its roles.
    #[serde(default)]
    pub roles: Option<Vec<String>>,
    /// Its groups.
    #[serde(default)]
    pub groups: Option<Vec<String>>,
    /// Its active servers (ready or pending), and the stopped ones where they were asked for; the default
    /// server has the empty name. Absent without `read:servers`.
    #[serde(default)]
    pub servers: Option<IndexMap<String, Server>>,
    /// What is pending for the default server.
    #[serde(default)]
    pub pending: Option<String>,
    /// The URL of the default server, if it is ready.
    #[serde(default)]
    pub server: Option<String>,
    /// When it was created.
    #[serde(default, deserialize_with = "instant")]
    pub created: Option<Timestamp>,
    /// When it was last active.
    #[serde(default, deserialize_with = "instant")]
    pub last_activity: Option<Timestamp>,
}

/// A server of a user.
#[derive(Debug, Clone, Deserialize)]
pub struct Server {
    /// The name; empty for the default server.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// `user/server` (since 5.0)
    #[serde(default)]
    pub full_name: Option<String>,
    /// Whether it runs and nothing is pending.
    #[serde(default, deserialize_with = "or_default")]
    pub ready: bool,
    /// `spawn`, `stop`, `check` (after a restart of the hub), `rename` (6.x).
    #[serde(default)]
    pub pending: Option<String>,
    /// Whether it is stopped (since 3.0).
    #[serde(default)]
    pub stopped: Option<bool>,
    /// When it was started.
    #[serde(default, deserialize_with = "instant")]
    pub started: Option<Timestamp>,
    /// When it was last active.
    #[serde(default, deserialize_with = "instant")]
    pub last_activity: Option<Timestamp>,
    /// A path with the hub's prefix, or an absolute URL with subdomains. Resolve it with [`crate::Hub::resolve`].
    #[serde(default)]
    pub url: Option<String>,
    /// An absolute URL, where the hub knows its public one (since 5.0).
    #[serde(default)]
    pub full_url: Option<String>,
    /// The path of the progress stream, on the hub's own host.
    #[serde(default)]
    pub progress_url: Option<String>,
    /// The absolute URL of it (since 5.0).
    #[serde(default)]
    pub full_progress_url: Option<String>,
    /// The options that it was started with. Where the hub re-uses those of the last time (6.x), the model of a spawn
    /// that has just begun may not have them yet.
    #[serde(default)]
    pub user_options: Option<Value>,
    /// The spawner's own state (job, pod, pid); only with `admin:server_state`.
    #[serde(default)]
    pub state: Option<Value>,
}

/// What the hub says of a token; never the token itself.
#[derive(Debug, Clone, Deserialize)]
pub struct TokenModel {
    /// The id, for revoking.
    pub id: String,
    /// `api_token`
    #[serde(default)]
    pub kind: Option<String>,
    /// The user that owns it.
    #[serde(default)]
    pub user: Option<String>,
    /// The service that owns it.
    #[serde(default)]
    pub service: Option<String>,
    /// What its maker wrote of it.
    #[serde(default, deserialize_with = "or_default")]
    pub note: String,
    /// When it was made.
    #[serde(default, deserialize_with = "instant")]
    pub created: Option<Timestamp>,
    /// When it ends; none means never.
    #[serde(default, deserialize_with = "instant")]
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    #[serde(default, deserialize_with = "instant")]
    pub last_activity: Option<Timestamp>,
    /// Its scopes and those that they imply; absent on 2.x.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// Its roles; empty since 3.0.
    #[serde(default)]
    pub roles: Option<Vec<String>>,
    /// The OAuth client that it was issued to, for tokens of browser sessions.
    #[serde(default)]
    pub oauth_client: Option<String>,
}

/// What a new token shall be.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// What the hub shall show for it.
    pub note: String,
    /// How long it shall live, in whole seconds; none leaves it to the hub (never, or its maximum).
    pub expires_in: Option<Duration>,
    /// Its scopes (since 3.0; 2.x ignores them, and the token may do everything that its owner may).
    pub scopes: Option<Vec<String>>,
    /// Its roles (2.x; deprecated since).
    pub roles: Option<Vec<String>>,
}

/// What a start request was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// 201: done, says the hub. Read the model all the same: if the proxy refused the route, the hub says 201
    /// and stops the server again.
    Ready,
    /// 202: under way, perhaps since before this request.
    Pending,
}

/// What a stop request was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// 204: gone, says the hub. It says so too when its spawner failed to stop the server.
    Gone,
    /// 202: under way.
    Pending,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_as_6_1_1_answers() {
        let user: User = serde_json::from_str(
            r#"{"admin": false, "last_activity": "2026-11-21T20:45:55.123456Z", "created": null, "pending": null,
                "server": "/jhub/user/x/", "groups": [], "kind": "user", "name": "x", "roles": ["user"], "auth_state": {"t": "secret"},
                "servers": {"": {"name": "", "last_activity": "2026-11-21T20:45:55", "started": "2026-11-21T20:45:55.5Z",
                  "pending": null, "ready": true, "stopped": false, "url": "/jhub/user/x/", "user_options": {"a": ["b"]},
                  "progress_url": "/jhub/hub/api/users/x/server/progress", "full_url": null, "display_name": "new field"}}}"#,
        )
        .unwrap();
        let server = &user.servers.as_ref().unwrap()[""];
        assert!(server.ready);
        assert_eq!(
            server.started.unwrap().to_string(),
            "2026-11-21T20:45:55.5Z"
        );
        assert!(server.last_activity.is_some());
        assert!(!format!("{user:?}").contains("secret"));
    }

    #[test]
    fn little_is_needed() {
        let server: Server =
            serde_json::from_str(r#"{"ready": null, "started": "yesterday"}"#).unwrap();
        assert!(!server.ready && server.started.is_none());
        let token: TokenModel = serde_json::from_str(r#"{"id": "a3", "note": null}"#).unwrap();
        assert_eq!((token.id.as_str(), token.scopes), ("a3", None));
        assert!(serde_json::from_str::<User>("{}").is_err());
    }
}
