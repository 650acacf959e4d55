//! Answers: reading bodies with a cap, and deciding whether an answer is the one that was hoped for.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use super::{GLIMPSE, Trail, classify};
use crate::error::{Error, Stage, json_message};
use crate::head::{Head, Look, Page, Seen};
use crate::json::is_heavy;

/// An answer whose body has not been read.
pub(crate) struct Open {
    pub(crate) response: reqwest::Response,
    pub(crate) head: Head,
    pub(crate) trail: Trail,
    pub(crate) until: Instant,
    pub(crate) deadline: Duration,
    pub(crate) limit: usize,
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: Bytes,
    pub(crate) trail: Trail,
}

impl Open {
    /// Reads the body: whole for a success, the start of it otherwise.
    pub(crate) async fn read(self) -> Result<Answer, Error> {
        if !self.response.status().is_success() {
            return Ok(self.glimpse().await);
        }
        let Open {
            mut response,
            mut head,
            trail,
            until,
            deadline,
            limit,
        } = self;
        let too_large = || {
            let message = format!("larger than the {limit} bytes that are read at most");
            trail.fail(Stage::Body { message })
        };
        if response
            .content_length()
            .is_some_and(|length| length > limit as u64)
        {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        loop {
            match timeout_at(until, response.chunk()).await {
                Err(_) => {
                    return Err(trail.fail(Stage::Timeout {
                        phase: "body",
                        after: deadline,
                    }));
                }
                Ok(Err(error)) => {
                    let stage = classify::stage(error, trail.started.elapsed(), "body", |text| {
                        trail.clean(text)
                    });
                    return Err(trail.fail(stage));
                }
                Ok(Ok(None)) => break,
                Ok(Ok(Some(chunk))) if body.len() + chunk.len() > limit => {
                    drop(chunk);
                    return Err(too_large());
                }
                Ok(Ok(Some(chunk))) => {
                    trail.received(chunk.len());
                    body.extend_from_slice(&chunk);
                }
            }
        }
        head.elapsed = trail.started.elapsed();
        trail.over();
        Ok(Answer {
            head,
            body: body.freeze(),
            trail,
        })
    }

    /// Reads the body of a success to its end and keeps none of it: its length in bytes.
    pub(crate) async fn weigh(mut self) -> Result<(Head, u64), Error> {
        if self.head.status != 200 {
            return Err(self.glimpse().await.refuse());
        }
        let mut length = 0;
        loop {
            match timeout_at(self.until, self.response.chunk()).await {
                Err(_) => {
                    return Err(self.trail.fail(Stage::Timeout {
                        phase: "body",
                        after: self.deadline,
                    }));
                }
                Ok(Err(error)) => {
                    let trail = &self.trail;
                    let elapsed = trail.started.elapsed();
                    let stage = classify::stage(error, elapsed, "body", |text| trail.clean(text));
                    return Err(trail.fail(stage));
                }
                Ok(Ok(None)) => break,
                Ok(Ok(Some(chunk))) => {
                    self.trail.received(chunk.len());
                    length += chunk.len() as u64;
                }
            }
        }
        self.head.elapsed = self.trail.started.elapsed();
        Ok((self.head, length))
    }

    /// The head alone.
    pub(crate) fn bare(self) -> Answer {
        Answer {
            head: self.head,
            body: Bytes::new(),
            trail: self.trail,
        }
    }

    /// Reads the start of the body. The head is evidence enough, so a body that breaks off is no failure.
    pub(crate) async fn glimpse(mut self) -> Answer {
        let mut body = BytesMut::new();
        while body.len() < GLIMPSE {
            match timeout_at(self.until, self.response.chunk()).await {
                Ok(Ok(Some(chunk))) => {
                    self.trail.received(chunk.len());
                    body.extend_from_slice(&chunk[..chunk.len().min(GLIMPSE - body.len())]);
                }
                _ => break,
            }
        }
        self.head.elapsed = self.trail.started.elapsed();
        let answer = Answer {
            head: self.head,
            body: body.freeze(),
            trail: self.trail,
        };
        if let Some(live) = &answer.trail.live
            && !(200..300).contains(&answer.head.status)
        {
            live.text(&answer.text());
        }
        answer.trail.over();
        answer
    }
}

impl Answer {
    /// The start of the body as text, without secrets.
    pub(crate) fn text(&self) -> String {
        let start = &self.body[..self.body.len().min(GLIMPSE)];
        let text = self.trail.clean(&String::from_utf8_lossy(start));
        if self.body.len() < GLIMPSE {
            return text;
        }
        // What is cut may end within a secret.
        self.trail.without_beginnings(text)
    }

    /// The answer itself if its status is one of these, else the error that it is.
    pub(crate) fn expect(self, statuses: &[u16]) -> Result<Answer, Error> {
        if statuses.contains(&self.head.status) {
            Ok(self)
        } else {
            Err(self.refuse())
        }
    }

    /// The error that an unexpected answer is.
    pub(crate) fn refuse(self) -> Error {
        let body = self.text();
        let Answer { head, trail, .. } = self;
        let location = head.headers.get("location").map(str::to_owned);
        trail.fail(match location {
            Some(location) if (300..400).contains(&head.status) => {
                Stage::Redirect { head, location }
            }
            _ => Stage::Status {
                head,
                message: json_message(&body),
                body,
            },
        })
    }

    /// The body of a 200 or 201 as JSON.
    pub(crate) fn decode<T: DeserializeOwned>(self) -> Result<Seen<T>, Error> {
        let answer = self.expect(&[200, 201])?.light()?;
        match serde_json::from_slice(&answer.body) {
            Ok(value) => Ok(Seen {
                value,
                head: answer.head,
            }),
            Err(error) => {
                let body = answer.text();
                Err(answer.undecodable(error.to_string(), body))
            }
        }
    }

    /// The body of a 200 or 201 as JSON that may hold a secret: none of it gets into an error.
    pub(crate) fn decode_secret<T: DeserializeOwned>(self) -> Result<Seen<T>, Error> {
        let answer = self.expect(&[200, 201])?.light()?;
        match serde_json::from_slice(&answer.body) {
            Ok(value) => Ok(Seen {
                value,
                head: answer.head,
            }),
            // The category only: the full message can quote a value.
            Err(error) => {
                let message = format!(
                    "{:?} error in JSON at line {}, column {}",
                    error.classify(),
                    error.line(),
                    error.column()
                );
                Err(answer.undecodable(message, "[hidden: it may hold a new token]".to_owned()))
            }
        }
    }

    /// The answer itself, unless its JSON would become far larger than it is.
    fn light(self) -> Result<Answer, Error> {
        if is_heavy(&self.body) {
            let message = "it holds more values than are read".to_owned();
            return Err(self.trail.fail(Stage::Body { message }));
        }
        Ok(self)
    }

    fn undecodable(self, message: String, body: String) -> Error {
        let Answer { head, trail, .. } = self;
        let message = trail.clean(&message);
        trail.fail(Stage::Decode {
            head,
            message,
            body,
        })
    }

    /// The whole of a page.
    pub(crate) fn page(self) -> Page {
        Page {
            length: self.body.len(),
            body: self.trail.clean(&String::from_utf8_lossy(&self.body)),
            head: self.head,
        }
    }

    /// Any answer as a look.
    pub(crate) fn look(self) -> Look {
        let body = self.text();
        Look {
            head: self.head,
            body,
            url: self.trail.url,
        }
    }
}
