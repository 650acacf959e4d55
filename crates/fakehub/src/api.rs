//! The hub's REST API, as far as a visit and an account command ask it.

mod progress;
mod servers;
mod tokens;
mod users;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::world::{Inner, World};

/// All below `/hub/`.
pub(crate) fn routes(world: World) -> Router {
    let one = |path: &str| format!("/hub/api/users/{{user}}{path}");
    Router::new()
        .route("/hub/api/", get(root))
        .route("/hub/api/info", get(info))
        .route("/hub/health", get(|| async {}))
        .route("/hub/api/health", get(|| async {}))
        .route(
            "/_chp_healthz",
            get(|| async { Json(json!({"status": "OK"})) }),
        )
        .route("/hub/api/user", get(users::whoami))
        .route(
            &one(""),
            get(users::read)
                .post(users::create)
                .patch(users::change)
                .delete(users::delete),
        )
        .route(&one("/tokens"), get(tokens::list).post(tokens::mint))
        .route(
            &one("/tokens/{id}"),
            get(tokens::read).delete(tokens::revoke),
        )
        .route(
            &one("/server"),
            post(servers::start_default).delete(servers::stop_default),
        )
        .route(&one("/server/progress"), get(progress::of_default))
        .route(
            &one("/servers/{server}"),
            post(servers::start).delete(servers::stop),
        )
        .route(&one("/servers/{server}/progress"), get(progress::of))
        .route("/hub/api/authorizations/token/{token}", get(no).delete(no))
        .fallback(not_here)
        .layer(from_fn_with_state(world.clone(), dressed))
        .with_state(world)
}

/// Every answer of a hub carries its version; a hostile one more than that.
async fn dressed(State(world): State<World>, request: Request, next: Next) -> Response {
    let (version, echo) = {
        let inner = world.lock();
        (inner.script.version.clone(), inner.script.echo.clone())
    };
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Ok(version) = HeaderValue::try_from(version) {
        headers.insert("x-jupyterhub-version", version);
    }
    if let Some(echo) = echo.and_then(|echo| HeaderValue::try_from(echo).ok()) {
        headers.insert("x-echo", echo.clone());
        headers.insert("server", echo.clone());
        headers.insert("via", echo);
    }
    response
}

async fn root(State(world): State<World>) -> Json<Value> {
    Json(json!({ "version": world.lock().script.version }))
}

async fn info(State(world): State<World>, headers: HeaderMap) -> Response {
    let inner = world.lock();
    if caller(&inner, &headers).is_none() {
        return refuse(&inner, 403, None);
    }
    Json(json!({
        "version": inner.script.version, "python": "3", "sys_executable": "/usr/bin/python3",
        "authenticator": {"class": "fakehub", "version": "0"}, "spawner": {"class": "fakehub", "version": "0"},
    }))
    .into_response()
}

async fn no(State(world): State<World>) -> Response {
    refuse(&world.lock(), 404, None)
}

/// A path that the hub does not have, or a server that is not there: the hub's own page, which wants a login.
async fn not_here(State(world): State<World>, request: Request) -> Response {
    let inner = world.lock();
    let path = request.uri().path();
    if path.starts_with("/hub/api/") {
        return refuse(&inner, 404, None);
    }
    let echo = inner.script.echo.clone().unwrap_or_default();
    let to = format!("/hub/login?next={path}&echo={echo}");
    (StatusCode::FOUND, [("location", to)]).into_response()
}

/// Who is asking, by the token.
pub(crate) fn caller(inner: &Inner, headers: &HeaderMap) -> Option<Caller> {
    let value = headers.get("authorization")?.to_str().ok()?;
    let token = value
        .strip_prefix("token ")
        .or_else(|| value.strip_prefix("Bearer "))?;
    let minted = inner.tokens.get(token)?;
    let admin = inner
        .users
        .get(&minted.owner)
        .is_some_and(|user| user.admin);
    Some(Caller {
        name: minted.owner.clone(),
        admin,
        id: minted.id.clone(),
        scopes: minted.scopes.clone(),
    })
}

/// Who is asking.
pub(crate) struct Caller {
    pub(crate) name: String,
    pub(crate) admin: bool,
    pub(crate) id: String,
    pub(crate) scopes: Option<Vec<String>>,
}

impl Caller {
    /// Whether it may touch what is that user's.
    pub(crate) fn may(&self, user: &str) -> bool {
        self.admin || self.name == user
    }
}

/// A refusal in the hub's words, with the echo where the hub is hostile.
pub(crate) fn refuse(inner: &Inner, status: u16, message: Option<&str>) -> Response {
    let message = match (&inner.script.echo, message) {
        (Some(echo), message) => Some(format!("{} {echo}", message.unwrap_or_default())),
        (None, message) => message.map(str::to_owned),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (
        status,
        Json(json!({ "status": status.as_u16(), "message": message })),
    )
        .into_response()
}

/// Lets a caller through who may touch what is that user's.
pub(crate) fn admit(
    inner: &Inner,
    headers: &HeaderMap,
    user: &str,
) -> Result<Caller, Box<Response>> {
    let Some(caller) = caller(inner, headers) else {
        return Err(Box::new(refuse(
            inner,
            403,
            Some("Missing or invalid credentials."),
        )));
    };
    if caller.may(user) {
        Ok(caller)
    } else {
        Err(Box::new(refuse(
            inner,
            404,
            Some("No access to resources or resources not found"),
        )))
    }
}
