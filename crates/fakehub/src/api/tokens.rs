//! Tokens: list, mint, read, revoke.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{admit, refuse};
use crate::world::{Minted, World};

fn model(token: &Minted) -> Value {
    json!({
        "id": token.id, "kind": "api_token", "user": token.owner, "note": token.note, "created": token.created,
        "expires_at": token.expires, "last_activity": jiff::Timestamp::now(),
        "scopes": token.scopes.clone().unwrap_or_default(), "roles": [],
    })
}

/// `GET …/tokens`.
pub(super) async fn list(
    State(world): State<World>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Response {
    let inner = world.lock();
    if let Err(refusal) = admit(&inner, &headers, &user) {
        return *refusal;
    }
    let all = inner.tokens.values().filter(|token| token.owner == user);
    Json(json!({ "api_tokens": all.map(model).collect::<Vec<_>>() })).into_response()
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    note: String,
    expires_in: Option<u64>,
    scopes: Option<Vec<String>>,
}

/// `POST …/tokens`.
pub(super) async fn mint(
    State(world): State<World>,
    Path(user): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut inner = world.lock();
    if let Err(refusal) = admit(&inner, &headers, &user) {
        return *refusal;
    }
    if !inner.users.contains_key(&user) {
        return refuse(&inner, 404, None);
    }
    let asked: Asked = serde_json::from_slice(&body).unwrap_or_default();
    let life = asked.expires_in.map(Duration::from_secs);
    let (token, minted) = inner.mint(&user, &asked.note, life, asked.scopes);
    let mut model = model(&minted);
    model["token"] = json!(token);
    (StatusCode::CREATED, Json(model)).into_response()
}

/// `GET …/tokens/ID`.
pub(super) async fn read(
    State(world): State<World>,
    Path((user, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let inner = world.lock();
    if let Err(refusal) = admit(&inner, &headers, &user) {
        return *refusal;
    }
    let found = inner
        .tokens
        .values()
        .find(|token| token.owner == user && token.id == id);
    match found {
        Some(token) => Json(model(token)).into_response(),
        None => refuse(&inner, 404, None),
    }
}

/// `DELETE …/tokens/ID`.
pub(super) async fn revoke(
    State(world): State<World>,
    Path((user, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let mut inner = world.lock();
    if let Err(refusal) = admit(&inner, &headers, &user) {
        return *refusal;
    }
    let before = inner.tokens.len();
    inner
        .tokens
        .retain(|_, token| !(token.owner == user && token.id == id));
    if inner.tokens.len() == before {
        return refuse(&inner, 404, None);
    }
    StatusCode::NO_CONTENT.into_response()
}
