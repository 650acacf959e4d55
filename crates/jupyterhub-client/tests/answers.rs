//! What the client makes of answers that are late, wrong, cut, huge, hostile, or somebody else's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::time::Duration;

use jupyterhub_client::{ConnectKind, Hub, Method, NewToken, Stage, Started, Stopped};
use serde_json::json;
use support::{Answer, Scripted, TOKEN, settings};

const JSON: &str = "content-type: application/json\r\n";

#[tokio::test]
async fn secrets_go_home_and_nowhere_else() {
    let home = Scripted::start(vec![Answer::with("200 OK", JSON, "{}")]).await;
    let away = Scripted::start(vec![Answer::with("200 OK", JSON, "{}")]).await;
    let hub = home.hub();
    for (url, with_token) in [(&home.url, true), (&home.url, false), (&away.url, true)] {
        hub.look(Method::GET, &url.parse().unwrap(), with_token)
            .await
            .unwrap();
    }
    hub.server(&away.url.parse().unwrap())
        .status()
        .await
        .unwrap();
    let (home, away) = (home.requests(), away.requests());
    assert!(
        home[0].contains(&format!("authorization: token {TOKEN}\r\n"))
            && home[0].contains("x-access: acce55\r\n")
    );
    assert!(!home[1].contains("authorization") && home[1].contains("x-access: acce55\r\n"));
    assert_eq!(away.len(), 2);
    for request in home.iter().chain(&away) {
        assert!(
            request.contains("user-agent: jupyterhub-client/"),
            "{request}"
        );
        for never in ["origin:", "referer:", "cookie:"] {
            assert!(!request.contains(never), "{request}");
        }
    }
    for request in away {
        assert!(
            !request.contains(TOKEN) && !request.contains("acce55"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn redirects_are_answers() {
    let answer = || {
        Answer::with(
            "302 Found",
            "location: http://elsewhere.invalid/login?t=1\r\nset-cookie: a=b\r\n",
            "",
        )
    };
    let server = Scripted::start(vec![answer()]).await;
    let error = server.hub().root().await.unwrap_err();
    let Stage::Redirect { head, location } = &error.stage else {
        panic!("{error}")
    };
    assert_eq!(
        (head.status, location.as_str()),
        (302, "http://elsewhere.invalid/login?t=1")
    );
    let look = server
        .hub()
        .look(Method::GET, &server.url.parse().unwrap(), true)
        .await
        .unwrap();
    assert_eq!(
        (look.head.status, look.head.headers.get("set-cookie")),
        (302, None)
    );
}

#[tokio::test]
async fn every_wait_ends_and_says_what_for() {
    let silent = Scripted::start(vec![Answer::new("").hold()]).await;
    let error = silent.hub().whoami().await.unwrap_err();
    assert!(
        matches!(
            error.stage,
            Stage::Timeout {
                phase: "response",
                ..
            }
        ),
        "{error}"
    );
    let stalls = Scripted::start(vec![
        Answer::new("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").hold(),
    ])
    .await;
    let error = stalls.hub().whoami().await.unwrap_err();
    assert!(
        matches!(error.stage, Stage::Timeout { phase: "body", .. }),
        "{error}"
    );
    let error = silent
        .hub()
        .start_server("x", "", &json!({}), Duration::from_millis(50))
        .await
        .unwrap_err();
    assert!(error.is_timeout() && error.is_transport());
    assert!(
        error.to_string().contains("no response within 0.1 s"),
        "{error}"
    );
    // The head of a refusal is evidence enough, whatever becomes of its body.
    let refuses = Scripted::start(vec![
        Answer::new("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 99\r\n\r\nupstream").hold(),
    ])
    .await;
    let error = refuses.hub().whoami().await.unwrap_err();
    assert_eq!(
        (error.status(), error.body()),
        (Some(502), Some("upstream"))
    );
}

#[tokio::test]
async fn bodies_are_bounded() {
    let long = "x".repeat(3000);
    let announced = Answer::with("200 OK", JSON, &long);
    let chunked = Answer::new(format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nbb8\r\n{long}\r\n0\r\n\r\n"
    ));
    for answer in [announced, chunked] {
        let server = Scripted::start(vec![answer]).await;
        let mut settings = settings(&server.url);
        settings.body_limit = 2000;
        let error = Hub::new(settings).unwrap().root().await.unwrap_err();
        assert!(
            matches!(error.stage, Stage::Body { .. }) && error.to_string().contains("2000 bytes"),
            "{error}"
        );
    }
    let page = Scripted::start(vec![Answer::with("404 Not Found", "", &"é".repeat(10_000))]).await;
    assert!(page.hub().root().await.unwrap_err().body().unwrap().len() <= 8200);
    let look = page
        .hub()
        .look(Method::GET, &page.url.parse().unwrap(), false)
        .await
        .unwrap();
    assert!(look.body.len() > 8000 && look.body.len() <= 8200);
}

#[tokio::test]
async fn broken_connections_and_odd_bodies() {
    let cut = Scripted::start(vec![Answer::new(
        "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"version\"",
    )])
    .await;
    let error = cut.hub().root().await.unwrap_err();
    assert!(matches!(error.stage, Stage::Lost { .. }), "{error:?}");
    let mute = Scripted::start(vec![Answer::new("")]).await;
    let error = mute.hub().root().await.unwrap_err();
    assert!(matches!(error.stage, Stage::Lost { .. }), "{error:?}");
    let no_http = Scripted::start(vec![Answer::new("SSH-2.0-OpenSSH_9.6\r\n")]).await;
    let error = no_http.hub().root().await.unwrap_err();
    assert!(matches!(error.stage, Stage::Lost { .. }), "{error:?}");
    let page = Scripted::start(vec![Answer::with(
        "200 OK",
        "content-type: text/html\r\n",
        "<html>Sign in</html>",
    )])
    .await;
    let error = page.hub().root().await.unwrap_err();
    assert!(matches!(error.stage, Stage::Decode { .. }), "{error:?}");
    assert_eq!(error.body(), Some("<html>Sign in</html>"));
    let nobody = Hub::new(settings("http://127.0.0.1:1/"))
        .unwrap()
        .root()
        .await
        .unwrap_err();
    assert!(
        matches!(
            nobody.stage,
            Stage::Connect {
                kind: ConnectKind::Refused,
                ..
            }
        ),
        "{nobody:?}"
    );
}

#[tokio::test]
async fn what_echoes_a_secret_is_cleaned() {
    let echo = format!("{{\"message\": \"bad token {TOKEN}\", \"x\": \"acce55\"}}");
    let server = Scripted::start(vec![
        Answer::with("403 Forbidden", JSON, &echo),
        Answer::with(
            "302 Found",
            &format!("location: /login?next=%2Ftoken%3D{TOKEN}\r\n"),
            "",
        ),
        Answer::with("200 OK", JSON, &format!("[\"{TOKEN}\"]")),
        Answer::with("200 OK", &format!("server: {TOKEN}\r\n"), &echo),
    ])
    .await;
    let hub = server.hub();
    for _ in 0..3 {
        let error = hub.whoami().await.unwrap_err();
        let text = format!("{error} {error:?} {:?}", error.hub_message());
        assert!(!text.contains(TOKEN) && !text.contains("acce55"), "{text}");
    }
    let look = hub
        .look(Method::GET, &server.url.parse().unwrap(), true)
        .await
        .unwrap();
    assert!(!format!("{look:?}").contains(TOKEN));
    assert_eq!(look.message().as_deref(), Some("bad token [token]"));
}

#[tokio::test]
async fn login_secrets_are_in_no_error_and_no_debug() {
    for body in [
        r#"{"name": "x", "auth_state": {"refresh_token": "r3fr3sh"}"#,
        r#""r3fr3sh""#,
    ] {
        let answer = || Answer::with("200 OK", JSON, body);
        let server = Scripted::start(vec![answer(), answer()]).await;
        for error in [
            server.hub().auth_state("x").await.unwrap_err(),
            server.hub().set_admin("x", false).await.unwrap_err(),
        ] {
            let text = format!("{error} {error:?}");
            assert!(!text.contains("r3fr3sh"), "{text}");
        }
    }
    for (body, shown, there) in [
        (r#"{"name": "x"}"#, false, false),
        (r#"{"name": "x", "auth_state": null}"#, true, false),
        (
            r#"{"name": "x", "auth_state": {"refresh_token": "r3fr3sh"}}"#,
            true,
            true,
        ),
    ] {
        let server = Scripted::start(vec![Answer::with("200 OK", JSON, body)]).await;
        let seen = server.hub().auth_state("x").await.unwrap();
        assert_eq!(
            (seen.is_some(), seen.iter().flatten().count() == 1),
            (shown, there)
        );
        assert!(!format!("{seen:?}").contains("r3fr3sh"));
    }
}

#[tokio::test]
async fn a_new_token_is_in_no_error() {
    for body in [
        r#"{"token": "n3w-s3cret", "id": 7}"#,
        r#"{"token": "n3w-s3cret", "id": "a1""#,
        r#"{"token": "n3w s3cret", "id": "a1"}"#,
    ] {
        let server = Scripted::start(vec![Answer::with("201 Created", JSON, body)]).await;
        let error = server
            .hub()
            .create_token("x", &NewToken::default())
            .await
            .unwrap_err();
        assert!(matches!(error.stage, Stage::Decode { .. }));
        assert!(
            !format!("{error} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    }
    let server = Scripted::start(vec![Answer::with(
        "201 Created",
        JSON,
        r#"{"token": "n3w-s3cret", "id": "a1"}"#,
    )])
    .await;
    let new = NewToken {
        expires_in: Some(Duration::from_secs(60)),
        scopes: Some(vec!["self".to_owned()]),
        ..NewToken::default()
    };
    let minted = server.hub().create_token("x", &new).await.unwrap();
    assert_eq!(
        (minted.token.expose(), minted.model.id.as_str()),
        ("n3w-s3cret", "a1")
    );
    assert!(!format!("{minted:?}").contains("s3cret"));
    assert!(server.requests()[0].ends_with(r#"{"note":"","expires_in":60,"scopes":["self"]}"#));
}

#[tokio::test]
async fn servers_are_started_and_stopped_by_their_names() {
    let status =
        |status: &str| Answer::new(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"));
    let server = Scripted::start(vec![
        status("201 Created"),
        status("202 Accepted"),
        Answer::new("HTTP/1.1 204 No Content\r\n\r\n"),
        status("202 Accepted"),
    ])
    .await;
    let hub = server.hub();
    let start = async |name| {
        hub.start_server(
            "a@b",
            name,
            &json!({"user_options": {}}),
            Duration::from_secs(1),
        )
        .await
        .unwrap()
        .value
    };
    assert_eq!(
        (start("").await, start("s/1").await),
        (Started::Ready, Started::Pending)
    );
    assert_eq!(
        hub.stop_server("a@b", "", false).await.unwrap().value,
        Stopped::Gone
    );
    assert_eq!(
        hub.stop_server("a@b", "s/1", true).await.unwrap().value,
        Stopped::Pending
    );
    let requests = server.requests();
    assert!(requests[0].starts_with("post /hub/api/users/a%40b/server http/1.1"));
    assert!(
        requests[0].contains("content-type: application/json")
            && requests[0].ends_with(r#"{"user_options":{}}"#)
    );
    assert!(requests[1].starts_with("post /hub/api/users/a%40b/servers/s%2f1 "));
    assert!(
        requests[2].starts_with("delete /hub/api/users/a%40b/server ")
            && requests[2].ends_with("\r\n\r\n")
    );
    assert!(requests[3].ends_with(r#"{"remove":true}"#));
}

#[tokio::test]
async fn progress_events_end_and_silence() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let events = "\n\ndata: {\"progress\": 0, \"message\": \"Server requested\"}\n\n\n\ndata: {\"failed\": true}\n\n";
    let server = Scripted::start(vec![
        Answer::new(format!("{head}{events}")),
        Answer::new(format!("{head}data: {{\"progress\": 10}}\n\n\n\n")).hold(),
        Answer::new(format!("{head}data: <html>\n\n")),
        Answer::with("200 OK", "content-type: text/html\r\n", "<html>"),
        Answer::with(
            "400 Bad Request",
            JSON,
            "{\"message\": \"x is not starting...\"}",
        ),
    ])
    .await;
    let hub = server.hub();
    let mut stream = hub.progress("x", "").await.unwrap();
    assert_eq!(
        stream.next().await.unwrap().unwrap().message,
        "Server requested"
    );
    assert!(stream.next().await.unwrap().unwrap().failed);
    assert!(stream.next().await.unwrap().is_none() && stream.next().await.unwrap().is_none());
    let mut silent = hub.progress("x", "").await.unwrap();
    assert_eq!(silent.next().await.unwrap().unwrap().percent, Some(10.0));
    let mut odd = hub.progress("x", "").await.unwrap();
    assert!(matches!(
        odd.next().await.unwrap_err().stage,
        Stage::Body { .. }
    ));
    assert!(matches!(
        hub.progress("x", "").await.err().unwrap().stage,
        Stage::Decode { .. }
    ));
    assert_eq!(
        hub.progress("x", "").await.err().unwrap().hub_message(),
        Some("x is not starting...")
    );
    tokio::time::pause();
    let error = silent.next().await.unwrap_err();
    assert!(
        matches!(
            error.stage,
            Stage::Timeout {
                phase: "progress",
                ..
            }
        ),
        "{error}"
    );
    assert!(silent.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_connection_that_is_not_made_is_told_from_an_answer_that_does_not_come() {
    // A listener that accepts nobody: once its queue is full, the system drops what else wants to connect.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let _listener = socket.listen(1).unwrap();
    let mut queue = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(
        Duration::from_millis(100),
        tokio::net::TcpStream::connect(address),
    )
    .await
    {
        queue.push(stream);
    }
    let error = Hub::new(settings(&format!("http://{address}/")))
        .unwrap()
        .root()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.stage,
            Stage::Timeout {
                phase: "connect",
                ..
            }
        ),
        "{error:?}"
    );
}
