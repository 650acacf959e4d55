//! The judgements, row by row: what was seen on hubs, and what it must be
//! called. A rule that is broken on purpose must turn one of these red.

mod fronts;
mod homes;
mod kernels;
mod others;
mod pods;
mod reaching;
mod servers;
mod spawning;
mod telling;
mod tokens;
mod words;

use std::time::Duration;

use jupyterhub_client::{Error, Head, Look, Stage};
use serde_json::json;

/// A head with these headers.
fn head(status: u16, headers: &[(&'static str, &'static str)]) -> Head {
    Head {
        status,
        headers: headers.iter().copied().collect(),
        ..Head::default()
    }
}

/// An error of this stage, of a GET of this URL.
fn error_at(url: &str, stage: Stage) -> Error {
    Error::new("test", "GET", url, stage, Duration::from_millis(5))
}

/// An error of this stage, of the hub's API.
fn error(stage: Stage) -> Error {
    error_at("http://hub.example.org/hub/api/", stage)
}

/// An error of any answer: its headers, the message of its JSON (empty: none),
/// its body.
fn answer(
    status: u16,
    headers: &[(&'static str, &'static str)],
    message: &str,
    body: impl Into<String>,
) -> Stage {
    Stage::Status {
        head: head(status, headers),
        message: (!message.is_empty()).then(|| message.to_owned()),
        body: body.into(),
    }
}

fn json_of(status: u16, message: &str) -> String {
    json!({"status": status, "message": message}).to_string()
}

/// An answer of the hub's own, with its message.
fn hub_says(status: u16, message: &str) -> Stage {
    let headers = [
        ("x-jupyterhub-version", "6.1.1"),
        ("content-type", "application/json"),
    ];
    answer(status, &headers, message, json_of(status, message))
}

/// An answer in JSON of a server that is not JupyterHub's, or whose version a
/// proxy has taken away.
fn jupyter_says(status: u16, message: &str) -> Stage {
    let headers = [("content-type", "application/json")];
    answer(status, &headers, message, json_of(status, message))
}

/// A page of the hub's own, or of a user's server.
fn hub_page(status: u16, body: &str) -> Stage {
    let headers = [
        ("x-jupyterhub-version", "6.1.1"),
        ("content-type", "text/html"),
    ];
    answer(status, &headers, "", body)
}

/// An answer of something else, with its page.
fn page(status: u16, body: &str) -> Stage {
    let headers = [("server", "nginx/1.22.1"), ("content-type", "text/html")];
    answer(status, &headers, "", body)
}

/// A redirect, by the hub or by something else.
fn redirect(location: &str, by_the_hub: bool) -> Stage {
    let headers: &[(&'static str, &'static str)] = if by_the_hub {
        &[("x-jupyterhub-version", "6.1.1")]
    } else {
        &[("server", "nginx")]
    };
    Stage::Redirect {
        head: head(302, headers),
        location: location.to_owned(),
    }
}

/// A look with this status, by the hub or by something else.
fn look(status: u16, by_the_hub: bool) -> Look {
    let headers: &[(&'static str, &'static str)] = if by_the_hub {
        &[
            ("x-jupyterhub-version", "6.1.1"),
            ("content-type", "application/json"),
        ]
    } else {
        &[("content-type", "text/html")]
    };
    Look {
        head: head(status, headers),
        body: String::new(),
        url: "http://hub.example.org/x".parse().unwrap(),
    }
}
