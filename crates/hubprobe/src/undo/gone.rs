//! Whether a stopped server is gone: from the hub's model, twice, and then from
//! the proxy. Asks, and changes nothing.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use url::Url;

use super::Survivor;
use super::birth::State;
use super::entry::server_words;
use super::route::Route;
use super::server::{BETWEEN_LOOKS, Taking, Trouble, left};
use crate::vocabulary::{Cause, Finding};

/// How long a route may outlive its server.
const ROUTE_GRACE: Duration = Duration::from_secs(15);

impl Taking<'_> {
    /// Looks whether the stopped server is gone, from the model and from the
    /// proxy; returns what was seen.
    ///
    /// # Errors
    /// `stop.undone`, `stop.survived` or `stop.timeout`.
    pub async fn gone(&self) -> Result<String, Trouble> {
        let mut absent = 0;
        let mut last = String::new();
        while absent < 2 {
            match self.look().await {
                Ok(State::Absent) => absent += 1,
                Ok(State::Ours { stopping: true, .. }) => {
                    "the hub still shows it".clone_into(&mut last)
                }
                // The stop saw it gone.
                Ok(State::Ours { .. }) => return Err(self.undone("it is back")),
                Ok(State::Foreign(why)) => return Err(self.foreign(&why)),
                Err(blind) => last = blind.words,
            }
            if Instant::now() >= self.deadline {
                return Err(self.never_ended(&last));
            }
            if absent < 2 {
                self.pause(BETWEEN_LOOKS).await;
            }
        }
        self.route_gone().await
    }

    async fn route_gone(&self) -> Result<String, Trouble> {
        let Ok(url) = self.hub.resolve(&self.route()) else {
            return Ok("gone from the hub; its route is not known".to_owned());
        };
        let server = self.hub.server(&url);
        let until = self.deadline.min(Instant::now() + ROUTE_GRACE);
        loop {
            let asked = timeout_at(self.look_until(), server.version()).await;
            let seen = match asked {
                Ok(Ok(answer)) => Route::Alive(format!(
                    "GET {url}api answers {} as Jupyter Server {}",
                    answer.head.status, answer.value.version
                )),
                Ok(Err(error)) => Route::of(&error),
                Err(_) => Route::Unknown(format!("GET {url}api: no answer")),
            };
            match seen {
                Route::Gone(how) => return Ok(format!("gone from the hub and the proxy ({how})")),
                Route::Alive(evidence) if Instant::now() >= until => {
                    // Meanwhile somebody may have started another there.
                    return Err(match self.look().await {
                        Ok(State::Foreign(why)) => self.foreign(&why),
                        _ => self.survived(&url, &evidence),
                    });
                }
                Route::Unknown(evidence) if Instant::now() >= until => {
                    return Err(self.never_ended(&evidence));
                }
                Route::Alive(_) | Route::Unknown(_) => self.pause(BETWEEN_LOOKS).await,
            }
        }
    }

    fn survived(&self, url: &Url, evidence: &str) -> Trouble {
        let seen = format!(
            "the hub says that {} is stopped, but it still answers at {url}",
            server_words(&self.made.name)
        );
        let survivor = Survivor {
            seen: seen.clone(),
            ..Survivor::default()
        };
        Trouble {
            survived: Some(Box::new(survivor)),
            ..left(Finding::new(Cause::StopSurvived, seen).seen(evidence))
        }
    }

    fn route(&self) -> String {
        self.made.url.clone().unwrap_or_else(|| {
            let mut url = self.hub.url().clone();
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().extend(["user", self.user]);
                if !self.made.name.is_empty() {
                    path.push(&self.made.name);
                }
                path.push("");
            }
            url.into()
        })
    }
}
