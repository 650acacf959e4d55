//! Requests as an HTTP archive, which the network panels of browsers read: HAR 1.2
//! (<https://w3c.github.io/web-performance/specs/HAR/Overview.html>).
//!
//! The client keeps no cookies and no bodies that it sends, so these are empty; what it hides is hidden. What a request was for stands in
//! its comment. A request without an answer has the status 0 and says why under `_error`, as browsers write it.

use std::time::Duration;

use jupyterhub_client::json::each_text;
use jupyterhub_client::{Answered, Exchange, Url};
use serde_json::{Value, json};

/// An archive of these, in the order in which they were sent; `missing` are left out. Each text in it goes through `clean`: numbers,
/// such as a status, stay what they are.
pub(super) fn archive<'a>(
    exchanges: impl Iterator<Item = &'a Exchange>,
    missing: u64,
    clean: &dyn Fn(&str) -> String,
) -> String {
    let entries: Vec<Value> = exchanges.map(entry).collect();
    let mut log = json!({
        "version": "1.2",
        "creator": { "name": "hubprobe", "version": env!("CARGO_PKG_VERSION") },
        "entries": entries,
    });
    if missing > 0 {
        log["comment"] = json!(format!(
            "{missing} requests of the visit's middle are not here"
        ));
    }
    each_text(&mut log, clean);
    format!("{:#}\n", json!({ "log": log }))
}

fn entry(exchange: &Exchange) -> Value {
    let took = exchange.so_far();
    let waited = exchange.answer.as_ref().map_or(took, |it| it.waited);
    let mut entry = json!({
        "startedDateTime": exchange.at.to_string(),
        "time": ms(took),
        "request": request(exchange),
        "response": response(exchange),
        "cache": {},
        "timings": { "send": 0, "wait": ms(waited), "receive": ms(took.saturating_sub(waited)) },
        "comment": exchange.operation,
    });
    if exchange.took.is_none() {
        entry["comment"] = json!(format!(
            "{}; it was still under way when this was written",
            exchange.operation
        ));
    }
    entry
}

fn request(exchange: &Exchange) -> Value {
    let url = Url::parse(&exchange.url).ok();
    let query: Vec<Value> = url
        .iter()
        .flat_map(|url| url.query_pairs())
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    json!({
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": version(exchange.answer.as_ref()),
        "cookies": [],
        "headers": headers(exchange.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
        "queryString": query,
        "headersSize": -1,
        "bodySize": exchange.sent,
    })
}

fn response(exchange: &Exchange) -> Value {
    let answer = exchange.answer.as_ref();
    let header = |name| answer.and_then(|it| it.headers.get(name)).unwrap_or("");
    let mut content = json!({ "size": exchange.received, "mimeType": header("content-type") });
    if !exchange.text.is_empty() {
        content["text"] = json!(exchange.text);
    }
    let mut response = json!({
        "status": answer.map_or(0, |it| it.status),
        "statusText": "",
        "httpVersion": version(answer),
        "cookies": [],
        "headers": answer.map_or(json!([]), |it| headers(it.headers.iter())),
        "content": content,
        "redirectURL": header("location"),
        "headersSize": -1,
        "bodySize": exchange.received,
    });
    let given_up = || "it was given up before there was an answer".to_owned();
    let error = exchange.failed.clone();
    let error = error.or_else(|| (answer.is_none() && exchange.took.is_some()).then(given_up));
    if let Some(error) = error {
        response["_error"] = json!(error);
    }
    response
}

fn version(answer: Option<&Answered>) -> &str {
    answer.map_or("HTTP/1.1", |it| &it.version)
}

fn headers<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    all.map(|(name, value)| json!({ "name": name, "value": value }))
        .collect()
}

/// Milliseconds, with three digits behind the point.
fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
