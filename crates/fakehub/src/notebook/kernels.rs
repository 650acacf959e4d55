//! Sessions and kernels over REST.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Place;

/// The one kernel that there is.
pub(super) fn specs() -> Value {
    json!({ "default": "python3", "kernelspecs": { "python3": { "name": "python3", "spec": {
        "argv": ["python"], "display_name": "Python 3", "language": "python",
    } } } })
}

fn kernel(id: &str) -> Value {
    json!({ "id": id, "name": "python3", "execution_state": "idle", "connections": 0 })
}

fn session(id: &str, path: &str) -> Value {
    json!({ "id": id, "path": path, "name": path, "type": "notebook", "kernel": kernel(id) })
}

/// A session and its kernel have the same id here.
pub(super) fn answer(place: &Place, method: &Method, rest: &[&str], body: &Value) -> Response {
    match (method, rest) {
        (&Method::POST, ["api", "sessions" | "kernels"]) => {
            let id = uuid::Uuid::new_v4().to_string();
            let path = body["path"].as_str().unwrap_or_default().to_owned();
            place.desk(|desk| desk.kernels.insert(id.clone(), path.clone()));
            (StatusCode::CREATED, Json(session(&id, &path))).into_response()
        }
        (&Method::GET, ["api", "sessions"]) => {
            let all: Vec<Value> = place.desk(|desk| {
                desk.kernels
                    .iter()
                    .map(|(id, path)| session(id, path))
                    .collect()
            });
            Json(all).into_response()
        }
        (&Method::GET, ["api", "kernels"]) => {
            let all: Vec<Value> =
                place.desk(|desk| desk.kernels.keys().map(|id| kernel(id)).collect());
            Json(all).into_response()
        }
        (&Method::GET, ["api", "kernels", id])
            if place.desk(|desk| desk.kernels.contains_key(*id)) =>
        {
            Json(kernel(id)).into_response()
        }
        (&Method::POST, ["api", "kernels", _, "interrupt"]) => {
            StatusCode::NO_CONTENT.into_response()
        }
        (&Method::DELETE, ["api", "sessions" | "kernels", id]) => {
            match place.desk(|desk| desk.kernels.remove(*id)) {
                Some(_) => StatusCode::NO_CONTENT.into_response(),
                None => gone(),
            }
        }
        _ => gone(),
    }
}

fn gone() -> Response {
    (
        StatusCode::NOT_FOUND,
        Json(json!({ "message": "Not Found", "reason": null })),
    )
        .into_response()
}
