//! The kernel websocket when the other side refuses, lies, falls silent, or dies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jupyterhub_client::{
    Error, ExecutionStatus, Framing, FramingUsed, Hub, KernelConnection, Stage,
};
use serde_json::{Value, json};
use support::{Answer, Scripted, settings};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_async};

type Peer = WebSocketStream<TcpStream>;

async fn connect(url: &str, framing: Framing) -> Result<KernelConnection, Error> {
    let hub = Hub::new(settings(url)).unwrap();
    hub.server(&url.parse().unwrap())
        .connect("k1", framing)
        .await
}

/// A kernel's server in JSON framing that does what `script` does with the socket; whatever else is asked later gets 404.
async fn kernel<F: Future<Output = ()> + Send + 'static>(
    script: impl FnOnce(Peer) -> F + Send + 'static,
) -> KernelConnection {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        script(accept_async(socket).await.unwrap()).await;
    });
    let connection = connect(&url, Framing::PreferV1).await.unwrap();
    assert_eq!(connection.framing(), FramingUsed::Json);
    connection
}

/// The next request: its type and id.
async fn request(peer: &mut Peer) -> (String, String) {
    loop {
        let Some(Ok(frame)) = peer.next().await else {
            return (String::new(), String::new());
        };
        let Frame::Text(text) = frame else { continue };
        let value: Value = serde_json::from_str(&text).unwrap();
        let field = |name: &str| value["header"][name].as_str().unwrap().to_owned();
        assert_eq!(value["channel"], "shell");
        return (field("msg_type"), field("msg_id"));
    }
}

async fn say(peer: &mut Peer, channel: &str, kind: &str, parent: &str, content: Value) {
    let parent = if parent.is_empty() {
        json!({})
    } else {
        json!({ "msg_id": parent })
    };
    let message = json!({"channel": channel, "header": {"msg_type": kind, "msg_id": "x"}, "parent_header": parent, "metadata": {}, "content": content});
    peer.send(Frame::text(message.to_string())).await.unwrap();
}

const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_refused_upgrade_keeps_its_evidence() {
    let server = Scripted::start(vec![
        Answer::with("400 Bad Request", "", "Can \"Upgrade\" only to \"WebSocket\"."),
        Answer::with("404 Not Found", "", "{\"message\": \"Kernel does not exist: k1\"}"),
        Answer::with("200 OK", "", "<html>"),
        Answer::new("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: wrong\r\n\r\n").hold(),
        Answer::new("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n").hold(),
        Answer::new("").hold(),
    ])
    .await;
    let mut errors = Vec::new();
    for _ in 0..6 {
        errors.push(connect(&server.url, Framing::PreferV1).await.err().unwrap());
    }
    for error in &errors[..5] {
        assert!(matches!(error.stage, Stage::Upgrade { .. }), "{error:?}");
    }
    assert_eq!(
        errors[0].body(),
        Some("Can \"Upgrade\" only to \"WebSocket\".")
    );
    assert_eq!(
        (errors[1].status(), errors[1].hub_message()),
        (Some(404), Some("Kernel does not exist: k1"))
    );
    assert_eq!(errors[2].status(), Some(200));
    assert!(
        errors[3].to_string().contains("Sec-WebSocket-Accept"),
        "{}",
        errors[3]
    );
    assert!(
        errors[4].to_string().contains("not to a websocket"),
        "{}",
        errors[4]
    );
    assert!(
        matches!(
            errors[5].stage,
            Stage::Timeout {
                phase: "upgrade",
                ..
            }
        ),
        "{}",
        errors[5]
    );
    let _ = connect(&server.url, Framing::JsonOnly).await;
    let requests = server.requests();
    assert!(requests[0].contains("sec-websocket-protocol: v1.kernel.websocket.jupyter.org\r\n"));
    assert!(
        requests[0].contains("sec-websocket-version: 13\r\n")
            && requests[0].contains("authorization: token ")
    );
    assert!(!requests[0].contains("origin:") && !requests[6].contains("sec-websocket-protocol"));
}

#[tokio::test]
async fn ready_and_execute_in_the_order_that_comes() {
    let mut connection = kernel(async |mut peer: Peer| {
        let (kind, id) = request(&mut peer).await;
        assert_eq!(kind, "kernel_info_request");
        say(
            &mut peer,
            "iopub",
            "status",
            "",
            json!({"execution_state": "starting"}),
        )
        .await;
        say(
            &mut peer,
            "iopub",
            "status",
            &id,
            json!({"execution_state": "idle"}),
        )
        .await;
        say(
            &mut peer,
            "shell",
            "kernel_info_reply",
            &id,
            json!({"language_info": {"name": "python", "version": "3.12"}}),
        )
        .await;
        let (kind, id) = request(&mut peer).await;
        assert_eq!(kind, "execute_request");
        say(
            &mut peer,
            "shell",
            "execute_reply",
            &id,
            json!({"status": "ok", "execution_count": 1}),
        )
        .await;
        peer.send(Frame::Ping("are you there".into()))
            .await
            .unwrap();
        assert_eq!(
            peer.next().await.unwrap().unwrap(),
            Frame::Pong("are you there".into())
        );
        say(
            &mut peer,
            "iopub",
            "stream",
            "somebody",
            json!({"name": "stdout", "text": "not ours"}),
        )
        .await;
        say(
            &mut peer,
            "iopub",
            "stream",
            &id,
            json!({"name": "stdout", "text": "42\n"}),
        )
        .await;
        say(
            &mut peer,
            "iopub",
            "status",
            &id,
            json!({"execution_state": "idle"}),
        )
        .await;
        let _ = peer.next().await;
    })
    .await;
    assert_eq!(
        connection.ready(SHORT).await.unwrap().language_info.name,
        "python"
    );
    let done = connection.execute("print(6*7)", SHORT).await.unwrap();
    assert_eq!(
        (done.status, done.text().as_str()),
        (ExecutionStatus::Ok, "42\n")
    );
    connection.close().await;
}

#[tokio::test]
async fn a_late_execution_can_be_waited_for() {
    let mut connection = kernel(async |mut peer: Peer| {
        let (_, id) = request(&mut peer).await;
        say(
            &mut peer,
            "iopub",
            "stream",
            &id,
            json!({"name": "stdout", "text": "a"}),
        )
        .await;
        tokio::time::sleep(2 * SHORT).await;
        say(
            &mut peer,
            "iopub",
            "error",
            &id,
            json!({"ename": "KeyboardInterrupt"}),
        )
        .await;
        say(
            &mut peer,
            "iopub",
            "status",
            &id,
            json!({"execution_state": "idle"}),
        )
        .await;
        say(
            &mut peer,
            "shell",
            "execute_reply",
            &id,
            json!({"status": "error", "ename": "KeyboardInterrupt"}),
        )
        .await;
        let _ = peer.next().await;
    })
    .await;
    let error = connection.execute("loop", SHORT).await.unwrap_err();
    assert!(
        matches!(
            error.stage,
            Stage::Timeout {
                phase: "execute",
                ..
            }
        ),
        "{error}"
    );
    let done = connection.resume(3 * SHORT).await.unwrap();
    assert_eq!(
        (done.status, done.text().as_str()),
        (ExecutionStatus::Error, "a")
    );
    assert_eq!(done.error.unwrap().ename, "KeyboardInterrupt");
    assert!(matches!(
        connection.resume(SHORT).await.unwrap_err().stage,
        Stage::Setup { .. }
    ));
}

#[tokio::test]
async fn a_kernel_that_dies_is_seen_to_die() {
    let mut told = kernel(async |mut peer: Peer| {
        request(&mut peer).await;
        say(
            &mut peer,
            "iopub",
            "status",
            "",
            json!({"execution_state": "restarting"}),
        )
        .await;
        let _ = peer.next().await;
    })
    .await;
    let error = told.execute("die", 10 * SHORT).await.unwrap_err();
    assert!(
        matches!(&error.stage, Stage::KernelDied { state } if state == "restarting"),
        "{error}"
    );
    // Silence on the socket, and a model that says what happened.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let peer = accept_async(socket).await.unwrap();
        let (mut socket, _) = listener.accept().await.unwrap();
        tokio::io::AsyncReadExt::read(&mut socket, &mut [0; 4096])
            .await
            .unwrap();
        let body = r#"{"id": "k1", "execution_state": "dead", "reason": "no space left"}"#;
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        tokio::io::AsyncWriteExt::write_all(&mut socket, answer.as_bytes())
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(peer);
    });
    let mut silent = connect(&url, Framing::PreferV1).await.unwrap();
    let error = silent
        .execute("die", Duration::from_secs(20))
        .await
        .unwrap_err();
    assert!(
        matches!(&error.stage, Stage::KernelDied { state } if state == "dead: no space left"),
        "{error}"
    );
}

#[tokio::test]
async fn silence_close_cut_and_garbage() {
    let mut silent = kernel(async |mut peer: Peer| while peer.next().await.is_some() {}).await;
    let error = silent.ready(SHORT).await.unwrap_err();
    assert!(
        matches!(
            error.stage,
            Stage::Timeout {
                phase: "kernel",
                ..
            }
        ),
        "{error}"
    );
    silent.rest(SHORT).await.unwrap();

    let mut closed = kernel(async |mut peer: Peer| {
        request(&mut peer).await;
        peer.close(Some(CloseFrame {
            code: 1001.into(),
            reason: "going".into(),
        }))
        .await
        .unwrap();
        let _ = peer.next().await;
    })
    .await;
    let error = closed.ready(SHORT).await.unwrap_err();
    assert!(
        matches!(&error.stage, Stage::Closed { code: Some(1001), reason, .. } if reason == "going"),
        "{error}"
    );

    let mut cut = kernel(async |mut peer: Peer| {
        request(&mut peer).await;
    })
    .await;
    let error = cut.ready(SHORT).await.unwrap_err();
    assert!(
        matches!(&error.stage, Stage::Closed { code: None, .. }),
        "{error}"
    );

    let mut garbage = kernel(async |mut peer: Peer| {
        request(&mut peer).await;
        peer.send(Frame::Binary(vec![0xff; 40].into()))
            .await
            .unwrap();
        let _ = peer.next().await;
    })
    .await;
    let error = garbage.ready(SHORT).await.unwrap_err();
    assert!(matches!(&error.stage, Stage::Body { .. }), "{error}");
}

#[tokio::test]
async fn endless_talk_does_not_outrun_the_deadline() {
    let mut connection = kernel(async |mut peer: Peer| {
        let (_, id) = request(&mut peer).await;
        let line = json!({"channel": "iopub", "header": {"msg_type": "stream"}, "parent_header": {"msg_id": id}, "content": {"name": "stdout", "text": "y\n"}}).to_string();
        while peer.send(Frame::text(line.clone())).await.is_ok() {}
    })
    .await;
    let begun = std::time::Instant::now();
    let error = connection
        .execute("while True: print('y')", SHORT)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.stage,
            Stage::Timeout {
                phase: "execute",
                ..
            }
        ),
        "{error}"
    );
    assert!(begun.elapsed() < 4 * SHORT);
}
