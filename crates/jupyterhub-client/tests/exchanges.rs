//! What an observer sees of the requests: all of what came of them, and nothing that is secret.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jupyterhub_client::{Exchange, Hub, Method, Observer, Watched};
use serde_json::json;
use support::{Answer, Scripted, TOKEN, settings};

const JSON: &str = "content-type: application/json\r\nset-cookie: s3ssion=1\r\n";

struct Seen(Arc<Mutex<Vec<Watched>>>);

impl Seen {
    fn all(&self) -> Vec<Exchange> {
        self.0.lock().unwrap().iter().map(Watched::now).collect()
    }
}

fn watched(url: &str) -> (Hub, Seen) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&seen);
    let mut settings = settings(url);
    settings.observer = Some(Observer::new(move |it| into.lock().unwrap().push(it)));
    (Hub::new(settings).unwrap(), Seen(seen))
}

#[tokio::test]
async fn what_came_of_each_request_is_seen_and_nothing_secret() {
    let echo = format!("{{\"message\": \"no {TOKEN} acce55\"}}");
    let server = Scripted::start(vec![
        Answer::with("200 OK", JSON, "{\"version\": \"6.1.1\"}"),
        Answer::with("403 Forbidden", JSON, &echo),
        Answer::with("200 OK", JSON, "[]"),
        Answer::with("201 Created", JSON, ""),
    ])
    .await;
    let (hub, seen) = watched(&server.url);
    hub.root().await.unwrap();
    hub.whoami().await.unwrap_err();
    hub.whoami().await.unwrap_err();
    hub.start_server("x", "", &json!({"a": 1}), Duration::from_secs(1))
        .await
        .unwrap();
    let all = seen.all();
    let text = format!("{all:?}");
    for secret in [TOKEN, "acce55", "s3ssion"] {
        assert!(!text.contains(secret), "{text}");
    }
    let header = |exchange: &Exchange, name: &str| {
        let found = exchange.headers.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value.clone())
    };
    assert_eq!(header(&all[0], "authorization"), None, "it needs no token");
    assert_eq!(header(&all[0], "x-access").as_deref(), Some("[hidden]"));
    assert_eq!(
        header(&all[1], "authorization").as_deref(),
        Some("[hidden]")
    );
    let seen: Vec<_> = all
        .iter()
        .map(|it| {
            let status = it.answer.as_ref().map(|answer| answer.status);
            (it.method.as_str(), status, it.received, it.sent)
        })
        .collect();
    let echoed = echo.len() as u64;
    assert_eq!(
        seen,
        [
            ("GET", Some(200), 20, 0),
            ("GET", Some(403), echoed, 0),
            ("GET", Some(200), 2, 0),
            ("POST", Some(201), 0, 7),
        ]
    );
    assert_eq!(all[1].text, "{\"message\": \"no [token] [token]\"}");
    assert_eq!(all[0].failed, None);
    assert!(all[1].failed.as_ref().unwrap().contains("403"), "{text}");
    assert!(all[2].failed.is_some(), "no identity in it");
    for exchange in &all {
        let waited = exchange.answer.as_ref().unwrap().waited;
        assert!(exchange.took.unwrap() >= waited, "{exchange:?}");
    }
}

/// An archive is passed on: a page may spell a secret as HTML does, end within one, and send it along in a redirect.
#[tokio::test]
async fn pages_and_redirects_give_nothing_away() {
    let page = format!("<p>{}", TOKEN.replace('-', "&#45;"));
    let cut = format!("{}{}", "x".repeat(8192 - 12), TOKEN);
    let redirect = "location: /oauth?code=0ne-time&state=0nce&next=%2F\r\n";
    let server = Scripted::start(vec![
        Answer::with("502 Bad", "", &page),
        Answer::with("502 Bad", "", &cut),
        Answer::with("302 Found", redirect, ""),
    ])
    .await;
    let (hub, seen) = watched(&server.url);
    for _ in 0..3 {
        hub.whoami().await.unwrap_err();
    }
    let all = seen.all();
    assert_eq!(all[0].text, "<p>[token]");
    assert!(all[1].text.len() < 8192 - 11 && all[1].text.ends_with("xx"));
    let location = all[2].answer.as_ref().unwrap().headers.get("location");
    let location = location.unwrap();
    assert!(location.contains("/oauth?code=...&state=..."), "{location}");
}

#[tokio::test]
async fn what_is_not_answered_and_what_is_given_up_is_seen_too() {
    let server = Scripted::start(vec![Answer::new("").hold()]).await;
    let (hub, seen) = watched(&server.url);
    hub.whoami().await.unwrap_err();
    let url = server.url.parse().unwrap();
    let given_up = tokio::time::timeout(
        Duration::from_millis(50),
        hub.look(Method::GET, &url, false),
    );
    given_up.await.unwrap_err();
    let asking = tokio::spawn(async move { hub.whoami().await.map(drop) });
    while seen.all().len() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let all = seen.all();
    asking.abort();
    assert!(all[0].answer.is_none() && all[0].took.is_some());
    assert!(all[0].failed.is_some());
    assert!(all[1].answer.is_none() && all[1].took.is_some());
    assert_eq!(all[1].failed, None, "nobody waits for it any more");
    assert_eq!(all[2].took, None, "it goes on");
}
