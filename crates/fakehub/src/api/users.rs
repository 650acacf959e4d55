//! Users: who am I, who is that, make one, change it, take it away.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{admit, caller, refuse};
use crate::world::World;

/// `GET /hub/api/user`.
pub(super) async fn whoami(State(world): State<World>, headers: HeaderMap) -> Response {
    let mut inner = world.lock();
    let Some(caller) = caller(&inner, &headers) else {
        return refuse(&inner, 403, None);
    };
    let scopes = caller.scopes.unwrap_or_else(|| {
        let scopes: &[&str] = if caller.admin {
            &[
                "access:servers",
                "admin:auth_state",
                "admin:servers",
                "admin:users",
                "delete:servers",
                "delete:users",
                "list:users",
                "read:servers",
                "read:tokens",
                "read:users",
                "servers",
                "start:servers",
                "tokens",
            ]
        } else {
            &[
                "access:servers",
                "delete:servers",
                "read:servers",
                "read:tokens",
                "read:users",
                "servers",
                "start:servers",
                "tokens",
            ]
        };
        let end = if caller.admin {
            String::new()
        } else {
            format!("!user={}", caller.name)
        };
        scopes.iter().map(|scope| format!("{scope}{end}")).collect()
    });
    let Some(mut model) = inner.user_model(&caller.name) else {
        return refuse(&inner, 404, None);
    };
    model["scopes"] = json!(scopes);
    // Since 5.0 a hub says which token is asking.
    let major = inner.script.version.split('.').next();
    let says = major.is_some_and(|major| major.parse().is_ok_and(|major: u32| major >= 5));
    model["token_id"] = json!(says.then_some(caller.id));
    model["session_id"] = json!(null);
    Json(model).into_response()
}

/// `GET /hub/api/users/NAME`.
pub(super) async fn read(
    State(world): State<World>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Response {
    let mut inner = world.lock();
    if let Err(refusal) = admit(&inner, &headers, &user) {
        return *refusal;
    }
    let admin = caller(&inner, &headers).is_some_and(|caller| caller.admin);
    match inner.user_model(&user) {
        Some(mut model) => {
            if admin {
                model["auth_state"] = inner.users[&user].auth_state.clone();
            }
            Json(model).into_response()
        }
        None => refuse(&inner, 404, None),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Change {
    admin: Option<bool>,
    auth_state: Option<Value>,
}

/// `PATCH /hub/api/users/NAME`.
pub(super) async fn change(
    State(world): State<World>,
    Path(user): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut inner = world.lock();
    match caller(&inner, &headers) {
        Some(caller) if caller.admin => {}
        _ => return refuse(&inner, 403, None),
    }
    let change: Change = serde_json::from_slice(&body).unwrap_or_default();
    let Some(account) = inner.users.get_mut(&user) else {
        return refuse(&inner, 404, None);
    };
    if let Some(admin) = change.admin {
        account.admin = admin;
    }
    if let Some(state) = change.auth_state {
        account.auth_state = state;
    }
    let state = account.auth_state.clone();
    let mut model = inner.user_model(&user).unwrap_or_default();
    model["auth_state"] = state;
    Json(model).into_response()
}

/// `POST /hub/api/users/NAME`.
pub(super) async fn create(
    State(world): State<World>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Response {
    let mut inner = world.lock();
    match caller(&inner, &headers) {
        Some(caller) if caller.admin => {}
        _ => return refuse(&inner, 403, None),
    }
    if inner.users.contains_key(&user) {
        return refuse(&inner, 409, Some(&format!("User {user} already exists")));
    }
    inner.make_user(&user, false);
    let model = inner.user_model(&user).unwrap_or_default();
    (StatusCode::CREATED, Json(model)).into_response()
}

/// `DELETE /hub/api/users/NAME`.
pub(super) async fn delete(
    State(world): State<World>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Response {
    let mut inner = world.lock();
    match caller(&inner, &headers) {
        Some(caller) if caller.admin => {}
        _ => return refuse(&inner, 403, None),
    }
    if inner.users.remove(&user).is_none() {
        return refuse(&inner, 404, None);
    }
    inner.tokens.retain(|_, token| token.owner != user);
    StatusCode::NO_CONTENT.into_response()
}
