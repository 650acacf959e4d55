//! What must hold of answers and of the errors that they become, whatever comes instead of a hub's.
//!
//! An answer is written as in HTTP, without the version: the status, a line for each header, an empty line, the body.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Error, Stage, json_message};
use crate::head::{Head, Headers, KEPT, http_date};
use crate::model::{
    ApiRoot, ApiVersion, Content, HubInfo, Identity, Kernel, KernelSpecs, Me, Server, ServerStatus,
    Session, TokenModel, User,
};
use crate::place;
use crate::token::Token;
use crate::version::HubVersion;
use url::Url;

/// What no error may hold; part of the corpus, in several spellings.
const TOKEN: &str = "k3y-of-the-hub";

/// The head and the body of an answer.
///
/// # Panics
/// When one of these does not hold: an error is one line that a terminal can show, and not long; no secret is in it; only
/// headers that are named are kept; a wait that is asked for can be waited for; null is the same as nothing in all
/// models; a version and an instant that were read say the same when they are read again.
pub fn answer(bytes: &[u8]) {
    let Ok(token) = Token::parse(TOKEN) else {
        return;
    };
    let (head, body) = parts(bytes, &token);
    let text = token.scrub(&String::from_utf8_lossy(body));
    let message = json_message(&text);
    let location = head.headers.get("location").unwrap_or_default().to_owned();
    for stage in [
        Stage::Status {
            head: head.clone(),
            message: message.clone(),
            body: text.clone(),
        },
        Stage::Upgrade {
            head: head.clone(),
            message: message.clone(),
            body: text.clone(),
        },
        Stage::Decode {
            head: head.clone(),
            message: "x".to_owned(),
            body: text.clone(),
        },
        Stage::Redirect {
            head: head.clone(),
            location: location.clone(),
        },
        Stage::Closed {
            code: Some(head.status),
            reason: text.clone(),
            after: Duration::ZERO,
        },
        Stage::Lost {
            message: text.clone(),
        },
        Stage::KernelDied {
            state: text.clone(),
        },
    ] {
        let error = Error::new(
            "ask",
            "GET",
            "https://hub/",
            stage,
            Duration::from_millis(1),
        );
        let words = error.to_string();
        assert!(!words.chars().any(char::is_control), "{words:?}");
        assert!(words.chars().count() < 1_000, "{words}");
        assert!(!words.contains(TOKEN), "{words}");
        assert_eq!(error.status().is_some(), error.head().is_some());
    }
    heads(&head);
    models(body);
    versions(&text);
    places(&location, &text);
}

fn parts<'a>(bytes: &'a [u8], token: &Token) -> (Head, &'a [u8]) {
    let (mut map, mut status, mut rest) = (HeaderMap::new(), None, bytes);
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        if line.is_empty() {
            break;
        }
        let text = String::from_utf8_lossy(line);
        match (status, text.split_once(": ")) {
            (None, _) => status = Some(text.parse().unwrap_or(500)),
            (Some(_), Some((name, _))) => {
                let value = line.get(name.len() + 2..).unwrap_or_default();
                if let (Ok(name), Ok(value)) = (
                    HeaderName::from_bytes(name.as_bytes()),
                    HeaderValue::from_bytes(value),
                ) {
                    map.append(name, value);
                }
            }
            (Some(_), None) => {}
        }
    }
    let headers = Headers::keep(&map, |text| token.scrub(text));
    let date = headers.get("date").and_then(http_date);
    let head = Head {
        status: status.unwrap_or(500),
        headers,
        elapsed: Duration::ZERO,
        date,
    };
    (head, rest)
}

fn heads(head: &Head) {
    for (name, value) in head.headers.iter() {
        assert!(KEPT.contains(&name), "{name}");
        assert!(!value.contains(TOKEN), "{value}");
    }
    let _ = head.is_json();
    if let Some(wait) = head.retry_after() {
        // Whoever waits adds it to an instant.
        let until = tokio::time::Instant::now().checked_add(wait);
        assert!(until.is_some(), "{wait:?}");
    }
    if let Some(date) = head.date {
        let again = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        assert_eq!(http_date(&again), Some(date), "{again}");
    }
}

fn models(body: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return;
    };
    null_is_nothing::<ApiRoot>(&value);
    null_is_nothing::<ApiVersion>(&value);
    null_is_nothing::<Content>(&value);
    null_is_nothing::<HubInfo>(&value);
    null_is_nothing::<Identity>(&value);
    null_is_nothing::<Kernel>(&value);
    null_is_nothing::<KernelSpecs>(&value);
    null_is_nothing::<Me>(&value);
    null_is_nothing::<Server>(&value);
    null_is_nothing::<ServerStatus>(&value);
    null_is_nothing::<Session>(&value);
    null_is_nothing::<TokenModel>(&value);
    null_is_nothing::<User>(&value);
}

fn null_is_nothing<T: DeserializeOwned + std::fmt::Debug>(value: &Value) {
    let read = |value: Value| serde_json::from_value::<T>(value).map(|read| format!("{read:?}"));
    let without: Value = match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        other => other.clone(),
    };
    match (read(value.clone()), read(without)) {
        (Ok(with), Ok(without)) => assert_eq!(with, without),
        (Err(_), Err(_)) => {}
        // Where a field has to be there, it must not be null.
        (with, without) => unreachable!("{with:?} but {without:?} without nulls"),
    }
}

fn versions(text: &str) {
    let Some(version) = HubVersion::parse(text) else {
        return;
    };
    assert_eq!(HubVersion::parse(&version.text), Some(version.clone()));
    assert_eq!(version.text, text.trim());
}

fn places(location: &str, text: &str) {
    let Ok(hub) = Url::parse("https://hub.example.org/jhub/") else {
        return;
    };
    if let Ok(url) = hub.join(location) {
        let shown = place::shown(&url);
        assert!(!shown.contains('#'), "{shown}");
        if place::trusted(&hub, &url) {
            let host = url.host_str().unwrap_or_default();
            assert!(url.scheme() == "https" && url.port().is_none(), "{url}");
            assert!(
                host == "hub.example.org" || host.ends_with(".hub.example.org"),
                "{url}"
            );
        }
    }
    // No name reaches another endpoint.
    if let Ok(segment) = place::segment(text)
        && let Ok(url) = hub.join(&format!("users/{segment}/server"))
    {
        let segments: Vec<&str> = url.path().split('/').collect();
        assert_eq!(segments, ["", "jhub", "users", segment.as_str(), "server"]);
    }
}
