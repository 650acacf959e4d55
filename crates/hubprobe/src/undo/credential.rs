//! Taking back an API token or a user that this tool made.
//!
//! A user is deleted only where the hub said that we made it, and it has no
//! server: deleting a user deletes its servers, and with KubeSpawner their
//! volumes (kubespawner's `delete_forever`).

use jiff::{SignedDuration, Timestamp};
use jupyterhub_client::{Hub, Server, User};

/// By how much two clocks may differ that were compared by HTTP dates, which
/// have whole seconds.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(3);

/// So long after it was asked for, a user can still be the one asked for.
const BIRTH_WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// Revokes the token of `user` that has this id and this note, or all that
/// have this note where no id is known; returns how many there were.
///
/// # Errors
/// A sentence that says what stands in the way.
pub async fn revoke(
    hub: &Hub,
    user: &str,
    token_id: Option<&str>,
    note: &str,
) -> Result<usize, String> {
    let ids = match token_id {
        Some(id) => match hub.token_model(user, id).await {
            // Ids are used again (seen on SQLite): the note makes it ours.
            Ok(token) if token.note == note => vec![id.to_owned()],
            Ok(_) => Vec::new(),
            Err(error) if error.status() == Some(404) => Vec::new(),
            Err(error) => return Err(error.to_string()),
        },
        None => match hub.tokens(user).await {
            Ok(tokens) => tokens
                .into_iter()
                .filter(|token| token.note == note)
                .map(|token| token.id)
                .collect(),
            // Without its user there is no token. (With filtered scopes the
            // hub says 404 of what it only hides, in other words.)
            Err(error) if absent(&error) => Vec::new(),
            Err(error) => return Err(error.to_string()),
        },
    };
    for id in &ids {
        match hub.revoke_token(user, id).await {
            Ok(()) => {}
            Err(error) if error.status() == Some(404) => {}
            Err(error) => return Err(error.to_string()),
        }
        match hub.token_model(user, id).await {
            Err(error) if error.status() == Some(404) => {}
            Err(error) => return Err(format!("whether it is gone is not known: {error}")),
            Ok(_) => return Err("the hub says that it is revoked, but still shows it".to_owned()),
        }
    }
    Ok(ids.len())
}

/// Deletes a user that this tool made, if nothing runs as it.
///
/// # Errors
/// A sentence that says what stands in the way.
pub async fn delete_user(hub: &Hub, name: &str) -> Result<(), String> {
    match hub.user(name, true).await {
        Err(error) if error.status() == Some(404) => return Ok(()),
        Err(error) => return Err(error.to_string()),
        Ok(user) => match &user.value.servers {
            Some(servers) if !servers.values().any(used) => {}
            Some(_) => {
                return Err("it has servers by now, so it is somebody's work".to_owned());
            }
            None => return Err("its servers are not shown to this token".to_owned()),
        },
    }
    match hub.delete_user(name).await {
        Ok(()) => {}
        Err(error) if error.status() == Some(404) => {}
        Err(error) => return Err(error.to_string()),
    }
    match hub.user(name, false).await {
        Err(error) if error.status() == Some(404) => Ok(()),
        Err(error) => Err(format!("whether it is gone is not known: {error}")),
        Ok(_) => Err("the hub says that it is deleted, but still shows it".to_owned()),
    }
}

/// Whether there has ever been such a server: among the stopped ones a hub shows
/// a user's default server even if it was never started (seen on JupyterHub
/// 4.1.6 and 6.1.1), without any date.
fn used(server: &Server) -> bool {
    let blank = server.name.is_empty()
        && server.stopped == Some(true)
        && server.started.is_none()
        && server.last_activity.is_none()
        && server.pending.is_none();
    !blank
}

/// What became of a user of whom it is not certain that we made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubtful {
    /// There is none.
    Absent,
    /// It was as new and untouched as ours would be, and is gone.
    Deleted,
    /// It is somebody's, or may be; the reason.
    NotOurs(String),
}

/// Deletes a user that was absent before we asked for it at `asked` (the hub's
/// clock), and whose making the hub did not confirm, since the answer was lost.
/// Only one that was made at that moment, and that nobody has touched since, is
/// ours: no login, no server, no token, no group, no role but the one that
/// everybody has.
///
/// # Errors
/// A sentence that says what stands in the way; the user may be ours.
pub async fn delete_doubtful(hub: &Hub, name: &str, asked: Timestamp) -> Result<Doubtful, String> {
    let user = match hub.user(name, true).await {
        Ok(user) => user.value,
        Err(error) if absent(&error) => return Ok(Doubtful::Absent),
        Err(error) => return Err(error.to_string()),
    };
    if let Some(why) = touched(&user, asked) {
        return Ok(Doubtful::NotOurs(why));
    }
    match hub.tokens(name).await {
        Ok(tokens) if tokens.is_empty() => {}
        Ok(_) => {
            return Ok(Doubtful::NotOurs(
                "somebody has made a token for it".to_owned(),
            ));
        }
        Err(error) => return Err(error.to_string()),
    }
    delete_user(hub, name).await.map(|()| Doubtful::Deleted)
}

/// Why a user is not, or not for certain, the one asked for.
fn touched(user: &User, asked: Timestamp) -> Option<String> {
    let Some(created) = user.created else {
        return Some("the hub does not say when it was made".to_owned());
    };
    let age = created.duration_since(asked);
    if age < -CLOCK_SLACK || age > BIRTH_WINDOW {
        return Some(format!(
            "it was made at {created}, and we asked for it at {asked}"
        ));
    }
    if let Some(active) = user.last_activity {
        return Some(format!("somebody was active as it at {active}"));
    }
    let given = |list: &Option<Vec<String>>| list.iter().flatten().any(|one| one != "user");
    if user.admin == Some(true) || given(&user.roles) || given(&user.groups) {
        return Some("somebody has given it a role or a group".to_owned());
    }
    None
}

fn absent(error: &jupyterhub_client::Error) -> bool {
    error.status() == Some(404)
        && !error
            .hub_message()
            .is_some_and(|text| text.contains("No access"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_default_server_that_never_ran_is_none() {
        for (model, is) in [
            (
                json!({"name": "", "stopped": true, "started": null, "last_activity": null}),
                false,
            ),
            (
                json!({"name": "", "stopped": true, "last_activity": "2026-11-21T12:00:00Z"}),
                true,
            ),
            (json!({"name": "", "stopped": false, "ready": true}), true),
            (
                json!({"name": "", "stopped": true, "pending": "spawn"}),
                true,
            ),
            (json!({"name": "work", "stopped": true}), true),
        ] {
            let server: Server = serde_json::from_value(model.clone()).unwrap();
            assert_eq!(used(&server), is, "{model}");
        }
    }

    #[test]
    fn only_an_untouched_user_of_the_moment_is_ours() {
        let asked: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let cases = [
            (
                json!({"created": "2026-11-21T12:00:01.5Z", "roles": ["user"]}),
                true,
            ),
            (
                json!({"created": "2026-11-21T11:59:58Z", "last_activity": null}),
                true,
            ),
            (json!({"created": "2026-11-21T11:59:50Z"}), false),
            (json!({"created": "2026-11-21T12:05:00Z"}), false),
            (json!({"created": null}), false),
            (
                json!({"created": "2026-11-21T12:00:01Z", "last_activity": "2026-11-21T12:00:05Z"}),
                false,
            ),
            (
                json!({"created": "2026-11-21T12:00:01Z", "roles": ["user", "course"]}),
                false,
            ),
            (
                json!({"created": "2026-11-21T12:00:01Z", "groups": ["course"]}),
                false,
            ),
            (
                json!({"created": "2026-11-21T12:00:01Z", "admin": true}),
                false,
            ),
        ];
        for (model, ours) in cases {
            let mut full = json!({"name": "x", "kind": "user"});
            if let (Value::Object(full), Value::Object(model)) = (&mut full, model.clone()) {
                full.extend(model);
            }
            let user: User = serde_json::from_value(full).unwrap();
            assert_eq!(touched(&user, asked).is_none(), ours, "{model}");
        }
    }
}
