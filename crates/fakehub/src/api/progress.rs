//! The progress stream of a spawn.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{admit, refuse};
use crate::world::World;

/// Between two words, and between two looks at the spawn.
const TICK: Duration = Duration::from_millis(20);

/// `GET …/server/progress`.
pub(super) async fn of_default(
    State(world): State<World>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Response {
    follow(world, user, String::new(), &headers)
}

/// `GET …/servers/NAME/progress`.
pub(super) async fn of(
    State(world): State<World>,
    Path((user, server)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    follow(world, user, server, &headers)
}

/// How far a listener has heard.
struct Heard {
    world: World,
    user: String,
    server: String,
    words: Vec<String>,
    next: usize,
    over: bool,
}

impl Heard {
    /// The next event; none when all is said.
    async fn event(mut self) -> Option<(Value, Self)> {
        if self.over {
            return None;
        }
        if self.next < self.words.len() {
            let percent = 100 * self.next / (self.words.len() + 1);
            let word = json!({ "progress": percent, "message": self.words[self.next] });
            self.next += 1;
            sleep(TICK).await;
            return Some((word, self));
        }
        loop {
            let (there, ready) = {
                let mut inner = self.world.lock();
                let ready = inner.ready(&self.user, &self.server).is_some();
                let there = inner
                    .users
                    .get(&self.user)
                    .is_some_and(|user| user.servers.contains_key(&self.server));
                (there, ready)
            };
            if ready || !there {
                self.over = true;
                let last = if ready {
                    json!({ "progress": 100, "ready": true, "message": format!("Server ready at /user/{}/", self.user) })
                } else {
                    json!({ "progress": 100, "failed": true, "message": "Spawn failed: it was stopped" })
                };
                return Some((last, self));
            }
            sleep(TICK).await;
        }
    }
}

fn follow(world: World, user: String, server: String, headers: &HeaderMap) -> Response {
    let words = {
        let inner = world.lock();
        if let Err(refusal) = admit(&inner, headers, &user) {
            return *refusal;
        }
        let known = inner
            .users
            .get(&user)
            .is_some_and(|user| user.servers.contains_key(&server));
        if !known {
            return refuse(&inner, 404, None);
        }
        let echo = inner.script.echo.clone();
        inner.script.progress.iter().cloned().chain(echo).collect()
    };
    let heard = Heard {
        world,
        user,
        server,
        words,
        next: 0,
        over: false,
    };
    let events = unfold(heard, |heard| async {
        let (event, heard) = heard.event().await?;
        Some((
            Ok::<_, Infallible>(Event::default().data(event.to_string())),
            heard,
        ))
    });
    Sse::new(events).into_response()
}
