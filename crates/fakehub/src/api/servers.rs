//! Servers: start one, stop one.

use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use super::{admit, refuse};
use crate::world::World;

/// Between two looks at a spawn.
const TICK: Duration = Duration::from_millis(5);

/// `POST …/server`.
pub(super) async fn start_default(
    State(world): State<World>,
    Path(user): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    begin(&world, &user, "", &headers, &body).await
}

/// `POST …/servers/NAME`.
pub(super) async fn start(
    State(world): State<World>,
    Path((user, server)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    begin(&world, &user, &server, &headers, &body).await
}

/// The options, as hubs take them: raw up to 5.x, `{"user_options": …}` from 6 on.
fn options(version: &str, body: &[u8]) -> Value {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let wrapped = version.split('.').next().is_some_and(|major| major >= "6");
    match body.get("user_options") {
        Some(options) if wrapped => options.clone(),
        _ if body.is_object() => body,
        _ => json!({}),
    }
}

async fn begin(
    world: &World,
    user: &str,
    name: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let until = {
        let mut inner = world.lock();
        if let Err(refusal) = admit(&inner, headers, user) {
            return *refusal;
        }
        if !inner.users.contains_key(user) {
            return refuse(&inner, 404, None);
        }
        let options = options(&inner.script.version, body);
        if !inner.start(user, name, options) {
            if inner.ready(user, name).is_some() {
                return refuse(&inner, 400, Some(&format!("{user} is already running")));
            }
            return StatusCode::ACCEPTED.into_response();
        }
        Instant::now() + inner.script.patience
    };
    // A real hub goes on with this when the asker is gone; so does the clock of the spawn here.
    while Instant::now() < until {
        if world.lock().ready(user, name).is_some() {
            return StatusCode::CREATED.into_response();
        }
        sleep(TICK).await;
    }
    StatusCode::ACCEPTED.into_response()
}

/// `DELETE …/server`.
pub(super) async fn stop_default(
    State(world): State<World>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Response {
    end(&world, &user, "", &headers)
}

/// `DELETE …/servers/NAME`.
pub(super) async fn stop(
    State(world): State<World>,
    Path((user, server)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    end(&world, &user, &server, &headers)
}

fn end(world: &World, user: &str, name: &str, headers: &HeaderMap) -> Response {
    let mut inner = world.lock();
    if let Err(refusal) = admit(&inner, headers, user) {
        return *refusal;
    }
    match inner.stop(user, name) {
        status @ (202 | 204) => StatusCode::from_u16(status)
            .unwrap_or_default()
            .into_response(),
        status => refuse(&inner, status, None),
    }
}
