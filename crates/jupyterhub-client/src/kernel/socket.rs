//! The websocket itself: an ordinary request with upgrade headers, then frames.
//!
//! The handshake goes through the same HTTP client as everything else, so that proxies, certificates, deadlines
//! and secrets are treated alike, and so that a refusal is an answer with a head and a body.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use reqwest::Upgraded;
use reqwest::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message as Frame};

use super::Framing;
use crate::error::{Error, Stage, json_message};
use crate::http::{Call, Trail};
use crate::message::{Message, Request};
use crate::server::JupyterServer;
use crate::wire;

/// The largest message that is read, in bytes.
const LIMIT: usize = 12 << 20;

/// The framing that the server chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FramingUsed {
    /// `v1.kernel.websocket.jupyter.org`
    V1,
    /// JSON, since the server chose no subprotocol.
    Json,
}

pub(super) struct Socket {
    stream: WebSocketStream<Upgraded>,
    framing: FramingUsed,
    opened: Instant,
}

/// What a frame was.
pub(super) enum Came {
    Message(Box<Message>),
    /// A ping or pong.
    Sign,
}

impl Socket {
    pub(super) async fn open(
        server: &JupyterServer,
        mut call: Call<'_>,
        framing: Framing,
    ) -> Result<(Socket, Trail), Error> {
        let key = generate_key();
        let mut headers = HeaderMap::new();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        if let Ok(key) = HeaderValue::try_from(key.as_str()) {
            headers.insert(SEC_WEBSOCKET_KEY, key);
        }
        if framing == Framing::PreferV1 {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(wire::V1));
        }
        call.headers = headers;
        call.accept = "*/*";
        call.phase = "upgrade";
        let open = server.hub().link.send(call).await?;
        let used = match chosen(&open.response, &key) {
            Ok(used) => used,
            Err(complaint) => {
                // A 101 has no body: what follows it is no HTTP any more.
                let switched = open.head.status == 101;
                let answer = if switched {
                    open.bare()
                } else {
                    open.glimpse().await
                };
                let body = answer.text();
                let message = if switched {
                    Some(complaint)
                } else {
                    json_message(&body)
                };
                return Err(answer.trail.fail(Stage::Upgrade {
                    head: answer.head,
                    message,
                    body,
                }));
            }
        };
        let (trail, until, after) = (open.trail, open.until, open.deadline);
        let upgraded = match timeout_at(until, open.response.upgrade()).await {
            Ok(Ok(upgraded)) => upgraded,
            Ok(Err(error)) => {
                let message = trail.clean(&error.without_url().to_string());
                return Err(trail.fail(Stage::Lost { message }));
            }
            Err(_) => {
                return Err(trail.fail(Stage::Timeout {
                    phase: "upgrade",
                    after,
                }));
            }
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(16 << 10)
            .write_buffer_size(0)
            .max_message_size(Some(LIMIT))
            .max_frame_size(Some(LIMIT));
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
        Ok((
            Socket {
                stream,
                framing: used,
                opened: Instant::now(),
            },
            trail,
        ))
    }

    pub(super) fn framing(&self) -> FramingUsed {
        self.framing
    }

    pub(super) async fn send(&mut self, request: &Request) -> Result<(), Stage> {
        let frame = match self.framing {
            FramingUsed::V1 => wire::encode_v1(request).map(|frame| Frame::Binary(frame.into())),
            FramingUsed::Json => wire::encode_json(request).map(|frame| Frame::Text(frame.into())),
        };
        let frame = frame.map_err(|error| Stage::Setup {
            message: error.to_string(),
        })?;
        self.stream
            .send(frame)
            .await
            .map_err(|error| self.stage(&error))
    }

    /// The next frame. May be dropped while it waits, without losing one.
    pub(super) async fn next(&mut self) -> Result<Came, Stage> {
        let frame = match self.stream.next().await {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Err(self.stage(&error)),
            None => return Err(self.closed(None, String::new())),
        };
        let message = match frame {
            Frame::Text(text) => wire::decode_json(&Bytes::from(text)),
            Frame::Binary(bytes) => match self.framing {
                FramingUsed::V1 => wire::decode_v1(&bytes),
                FramingUsed::Json => wire::decode_json_binary(&bytes),
            },
            Frame::Close(Some(close)) => {
                return Err(self.closed(Some(close.code.into()), close.reason.as_str().to_owned()));
            }
            Frame::Close(None) => return Err(self.closed(None, String::new())),
            Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => return Ok(Came::Sign),
        };
        message
            .map(|message| Came::Message(Box::new(message)))
            .map_err(|error| Stage::Body {
                message: format!("the kernel websocket: {error}"),
            })
    }

    pub(super) async fn close(mut self) {
        // Whether the other side says goodbye too is its own business.
        let _ = timeout(Duration::from_secs(2), self.stream.close(None)).await;
    }

    fn closed(&self, code: Option<u16>, reason: String) -> Stage {
        Stage::Closed {
            code,
            reason,
            after: self.opened.elapsed(),
        }
    }

    fn stage(&self, error: &tungstenite::Error) -> Stage {
        match error {
            tungstenite::Error::Capacity(_) => Stage::Body {
                message: format!("the kernel websocket: {error}"),
            },
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
                self.closed(None, String::new())
            }
            other => self.closed(None, other.to_string()),
        }
    }
}

/// The framing that an answer to the handshake chooses, else what is wrong with it (RFC 6455, section 4.1).
fn chosen(response: &reqwest::Response, key: &str) -> Result<FramingUsed, String> {
    if response.status().as_u16() != 101 {
        return Err("the upgrade was refused".to_owned());
    }
    let header = |name| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    if !header(UPGRADE).is_some_and(|to| to.eq_ignore_ascii_case("websocket")) {
        return Err(
            "101, but not to a websocket: something between here and the server answered"
                .to_owned(),
        );
    }
    if header(SEC_WEBSOCKET_ACCEPT) != Some(derive_accept_key(key.as_bytes()).as_str()) {
        return Err("101, but for another handshake (Sec-WebSocket-Accept): something between here and the server answered".to_owned());
    }
    match header(SEC_WEBSOCKET_PROTOCOL) {
        None | Some("") => Ok(FramingUsed::Json),
        Some(wire::V1) => Ok(FramingUsed::V1),
        Some(other) => Err(format!(
            "the server chose the subprotocol {other:?}, which was not offered"
        )),
    }
}
