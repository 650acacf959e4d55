//! Files over REST, in memory.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Place;

/// `/api/contents/PATH`.
pub(super) fn answer(place: &Place, method: &Method, path: &str, body: Value) -> Response {
    match *method {
        Method::PUT => {
            let model = model(path, &body);
            place.home(|home| home.insert(path.to_owned(), body));
            (StatusCode::CREATED, Json(model)).into_response()
        }
        Method::GET => match place.home(|home| home.get(path).cloned()) {
            Some(file) => {
                let mut model = model(path, &file);
                model["content"] = file["content"].clone();
                model["format"] = file["format"].clone();
                Json(model).into_response()
            }
            None => missing(path),
        },
        Method::DELETE => {
            let below = format!("{path}/");
            let found = place.home(|home| {
                home.retain(|name, _| !name.starts_with(&below));
                home.remove(path).is_some()
            });
            if found {
                StatusCode::NO_CONTENT.into_response()
            } else {
                missing(path)
            }
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn model(path: &str, file: &Value) -> Value {
    let content = file["content"].as_str().unwrap_or_default();
    let size = match file["format"].as_str() {
        Some("base64") => STANDARD
            .decode(content.replace('\n', ""))
            .map_or(0, |bytes| bytes.len()),
        _ => content.len(),
    };
    json!({
        "name": path.rsplit('/').next().unwrap_or(path), "path": path, "type": file["type"], "format": null,
        "content": null, "size": size, "writable": true, "mimetype": null,
        "created": Timestamp::now(), "last_modified": Timestamp::now(),
    })
}

fn missing(path: &str) -> Response {
    let message = format!("No such file or directory: {path}");
    (
        StatusCode::NOT_FOUND,
        Json(json!({ "message": message, "reason": null })),
    )
        .into_response()
}
