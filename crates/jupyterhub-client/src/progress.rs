//! The progress stream of a spawn: server-sent events, one JSON object each.
//!
//! The hub sends `data:` lines and, every 8 s, an empty one to keep the connection alive. Proxies may hold
//! everything back until the end, and the stream can end before the spawn does; so this says only what came,
//! and that nothing came for too long. It does not poll.

mod events;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use crate::error::{Error, Stage};
use crate::http::{Open, Trail};
use crate::json::{each_text, is_heavy};
use events::Lines;

/// The hub sends something every 8 s (`keepalive_interval`); this is the silence that means it does not.
const SILENCE: Duration = Duration::from_secs(20);

/// The progress stream of one server. Dropping it closes the connection.
pub struct ProgressStream {
    response: reqwest::Response,
    trail: Trail,
    body: Body,
    ended: bool,
}

/// What of a stream's body has come: from bytes to events, without the network.
#[derive(Default)]
struct Body {
    lines: Lines,
    waiting: VecDeque<ProgressEvent>,
    /// What is wrong with the body after the events that wait.
    broken: Option<String>,
}

/// One event of a spawn.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProgressEvent {
    /// 0 to 100; some spawners send events without it.
    pub percent: Option<f64>,
    /// Plain text; empty if there is none.
    pub message: String,
    /// The same as HTML, where the spawner gives it.
    pub html_message: Option<String>,
    /// The server is ready. Only the hub itself can say so.
    pub ready: bool,
    /// The spawn failed; the message says why.
    pub failed: bool,
    /// Where the server is, once it is ready.
    pub url: Option<String>,
    /// The whole event, such as KubeSpawner's `raw_event`.
    pub raw: Value,
}

impl ProgressStream {
    pub(crate) async fn begin(open: Open) -> Result<ProgressStream, Error> {
        if open.head.status != 200 {
            return Err(open.read().await?.refuse());
        }
        let kind = open
            .head
            .headers
            .get("content-type")
            .unwrap_or_default()
            .to_ascii_lowercase();
        if !kind.starts_with("text/event-stream") {
            let answer = open.glimpse().await;
            let body = answer.text();
            let message = "not an event stream".to_owned();
            return Err(answer.trail.fail(Stage::Decode {
                head: answer.head,
                message,
                body,
            }));
        }
        Ok(ProgressStream {
            response: open.response,
            trail: open.trail,
            body: Body::default(),
            ended: false,
        })
    }

    /// The next event; `None` when the stream has ended cleanly. Keep-alives are not shown. May be dropped
    /// while it waits, without losing an event.
    ///
    /// # Errors
    /// [`Stage::Timeout`] after 20 s without event or keep-alive, [`Stage::Lost`] if the connection breaks,
    /// [`Stage::Body`] for an event that is no JSON object or is larger than 1 MiB. After an error the stream is
    /// at its end.
    pub async fn next(&mut self) -> Result<Option<ProgressEvent>, Error> {
        loop {
            if let Some(event) = self.body.waiting.pop_front() {
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            let stage = if let Some(message) = self.body.broken.take() {
                Stage::Body { message }
            } else {
                match timeout(SILENCE, self.response.chunk()).await {
                    Ok(Ok(Some(bytes))) => {
                        self.trail.received(bytes.len());
                        self.body.feed(&bytes, |text| self.trail.clean(text));
                        continue;
                    }
                    Ok(Ok(None)) => {
                        self.ended = true;
                        self.trail.over();
                        continue;
                    }
                    Ok(Err(error)) => Stage::Lost {
                        message: self.trail.clean(&error.without_url().to_string()),
                    },
                    Err(_) => Stage::Timeout {
                        phase: "progress",
                        after: SILENCE,
                    },
                }
            };
            self.ended = true;
            return Err(self.trail.fail(stage));
        }
    }
}

impl Body {
    /// Takes in bytes; `clean` takes secrets out of an event's data. Once the body is broken, the rest is not looked at.
    fn feed(&mut self, bytes: &[u8], clean: impl Fn(&str) -> String) {
        if self.broken.is_some() {
            return;
        }
        let Body { lines, waiting, .. } = self;
        let fed = lines.feed(bytes, |data| {
            if !data.trim().is_empty() {
                waiting.push_back(ProgressEvent::parse(&data, &clean)?);
            }
            Ok(())
        });
        self.broken = fed.err();
    }
}

impl ProgressEvent {
    fn parse(data: &str, clean: &impl Fn(&str) -> String) -> Result<ProgressEvent, String> {
        if is_heavy(data.as_bytes()) {
            return Err("an event holds too many values".to_owned());
        }
        let mut raw: Value =
            serde_json::from_str(data).map_err(|error| format!("an event is not JSON: {error}"))?;
        // Once it is read: escapes may spell a secret in many ways.
        each_text(&mut raw, clean);
        ProgressEvent::read(raw).ok_or_else(|| "an event is no JSON object".to_owned())
    }

    /// Reads an event; `None` if it is no object. Odd fields are taken as missing.
    fn read(raw: Value) -> Option<ProgressEvent> {
        let event = raw.as_object()?;
        let text = |key: &str| event.get(key).and_then(Value::as_str).map(str::to_owned);
        let flag = |key: &str| event.get(key).and_then(Value::as_bool).unwrap_or(false);
        let percent = event.get("progress").and_then(|value| match value {
            Value::String(text) => text.trim().trim_end_matches('%').parse().ok(),
            other => other.as_f64(),
        });
        Some(ProgressEvent {
            percent: percent.filter(|percent: &f64| percent.is_finite()),
            message: text("message").unwrap_or_default(),
            html_message: text("html_message"),
            ready: flag("ready"),
            failed: flag("failed"),
            url: text("url"),
            raw,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_ready_event_of_6_1_1() {
        let raw = json!({"progress": 100, "ready": true, "message": "Server ready at /user/x/",
            "html_message": "Server ready at <a>", "url": "/user/x/"});
        let event = ProgressEvent::read(raw).unwrap();
        assert!(event.ready && !event.failed);
        assert_eq!(
            (event.percent, event.url.as_deref()),
            (Some(100.0), Some("/user/x/"))
        );
    }

    fn body(text: &str) -> (Vec<String>, Option<String>) {
        let token = crate::token::Token::parse("s3cret").unwrap();
        let mut body = Body::default();
        body.feed(text.as_bytes(), |text| token.scrub(text));
        let messages = body.waiting.into_iter().map(|event| event.message);
        (messages.collect(), body.broken)
    }

    #[test]
    fn what_came_before_nonsense_in_the_same_piece_is_not_lost() {
        let good = "data: {\"message\": \"why it failed\", \"failed\": true}\n\n";
        let (messages, broken) = body(&format!("{good}data: <html>\n\n{good}"));
        assert_eq!(messages, ["why it failed"]);
        assert!(broken.unwrap().starts_with("an event is not JSON"));
    }

    #[test]
    fn no_escape_hides_a_secret() {
        let (messages, broken) =
            body("data: {\"message\": \"a s3cret, s\\u0033cret, %733cret\"}\n\n");
        assert_eq!(
            (messages, broken),
            (vec!["a [token], [token], [token]".to_owned()], None)
        );
    }

    #[test]
    fn an_event_of_countless_values_is_refused() {
        let event = format!("data: {{\"raw_event\": [0{}]}}\n\n", ",0".repeat(1 << 19));
        let (messages, broken) = body(&event);
        assert!(messages.is_empty() && broken.is_some());
    }

    #[test]
    fn odd_fields_are_missing_fields() {
        let event = ProgressEvent::read(
            json!({"progress": "40%", "message": 3, "failed": "yes", "url": null}),
        )
        .unwrap();
        assert_eq!(
            (
                event.percent,
                event.message.as_str(),
                event.failed,
                event.url
            ),
            (Some(40.0), "", false, None)
        );
        let event = ProgressEvent::read(json!({"progress": {"a": 1}})).unwrap();
        assert_eq!(event.percent, None);
        assert!(ProgressEvent::read(json!([1])).is_none());
    }
}
