//! The Jupyter servers behind the hub's proxy, as far as a visit uses them.
//!
//! A server answers only while the hub's world has it ready; what was its own (kernels, and files, where homes do not
//! stay) ends with it. Without one, the hub's page answers in its place, as a proxy without a route does.

mod channels;
mod contents;
mod kernels;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api;
use crate::script::Kernel;
use crate::world::World;

/// All below `/user/`.
pub(crate) fn routes(world: World) -> Router {
    let servers = Servers {
        world,
        desks: Arc::default(),
        homes: Arc::default(),
    };
    Router::new()
        .route("/user/{*rest}", any(serve))
        .layer(DefaultBodyLimit::max(256 << 20))
        .with_state(servers)
}

/// All servers.
#[derive(Debug, Clone)]
struct Servers {
    world: World,
    desks: Arc<Mutex<BTreeMap<u64, Desk>>>,
    homes: Arc<Mutex<BTreeMap<String, Home>>>,
}

/// The files of a home, by their paths.
type Home = BTreeMap<String, Value>;

/// What is on one server, by the life of it.
#[derive(Debug, Default)]
struct Desk {
    kernels: BTreeMap<String, String>,
}

/// One server that is there.
#[derive(Debug, Clone)]
struct Place {
    servers: Servers,
    user: String,
    server: String,
    life: u64,
    started: Timestamp,
}

impl Place {
    fn desks(&self) -> MutexGuard<'_, BTreeMap<u64, Desk>> {
        self.servers
            .desks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with what is on the server.
    fn desk<T>(&self, work: impl FnOnce(&mut Desk) -> T) -> T {
        work(self.desks().entry(self.life).or_default())
    }

    /// Does something with what is in the home: the user's, or that of this life of the server.
    fn home<T>(&self, work: impl FnOnce(&mut Home) -> T) -> T {
        let whose = if self.servers.world.lock().script.homes_stay {
            self.user.clone()
        } else {
            format!("{} {}", self.user, self.life)
        };
        let mut homes = self
            .servers
            .homes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        work(homes.entry(whose).or_default())
    }

    /// Whether it is still the same server that is there.
    fn is_there(&self) -> bool {
        let mut inner = self.servers.world.lock();
        inner
            .ready(&self.user, &self.server)
            .is_some_and(|server| server.life == self.life)
    }

    /// What its kernels do.
    fn kernel(&self) -> Kernel {
        self.servers.world.lock().script.kernel
    }

    /// What a hostile server says besides.
    fn echo(&self) -> Option<String> {
        self.servers.world.lock().script.echo.clone()
    }
}

/// `/user/NAME/…` and `/user/NAME/SERVER/…`: the place, and the rest of the path.
fn find(servers: &Servers, path: &str) -> Option<(Place, Vec<String>)> {
    let mut parts: Vec<String> = path.split('/').skip(2).map(str::to_owned).collect();
    let user = parts.first()?.clone();
    let named = parts
        .get(1)
        .is_some_and(|part| !part.is_empty() && part != "api");
    let server = if named {
        parts[1].clone()
    } else {
        String::new()
    };
    let (life, started) = {
        let mut inner = servers.world.lock();
        let running = inner.ready(&user, &server)?;
        (running.life, running.started)
    };
    let rest = parts.split_off(if named { 2 } else { 1 });
    Some((
        Place {
            servers: servers.clone(),
            user,
            server,
            life,
            started,
        },
        rest,
    ))
}

async fn serve(
    State(servers): State<Servers>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    body: Bytes,
) -> Response {
    let Some((place, rest)) = find(&servers, uri.path()) else {
        let to = format!("/hub{}", uri.path());
        return (StatusCode::FOUND, [("location", to)]).into_response();
    };
    let rest: Vec<&str> = rest
        .iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    if rest == ["api"] {
        return Json(json!({ "version": "2.17.0" })).into_response();
    }
    let known = {
        let inner = servers.world.lock();
        api::caller(&inner, &headers)
            .filter(|caller| caller.may(&place.user))
            .map(|caller| caller.name)
    };
    let Some(name) = known else {
        return (
            StatusCode::FORBIDDEN,
            Json(json!({ "message": "Forbidden", "reason": null })),
        )
            .into_response();
    };
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    match (&method, rest.as_slice()) {
        (_, ["api", "status"]) => Json(json!({
            "started": place.started, "last_activity": Timestamp::now(), "kernels": 0, "connections": 0,
        }))
        .into_response(),
        (_, ["api", "me"]) => {
            Json(json!({ "identity": {"username": name, "name": name}, "permissions": {} })).into_response()
        }
        (_, ["api", "kernelspecs"]) => Json(kernels::specs()).into_response(),
        (_, ["api", "kernels", id, "channels"]) => match upgrade {
            Ok(upgrade) => channels::open(upgrade, place, id),
            Err(rejection) => rejection.into_response(),
        },
        (_, ["api", "sessions" | "kernels", ..]) => kernels::answer(&place, &method, &rest, &body),
        (_, ["api", "contents", path @ ..]) => contents::answer(&place, &method, &path.join("/"), body),
        _ => (StatusCode::NOT_FOUND, Json(json!({ "message": "Not Found", "reason": null }))).into_response(),
    }
}
