//! The requests of a visit, kept while it goes on, for the artifacts of one that does not pass.
//!
//! A visit that waits for hours asks thousands of times, and how it began and how it ended are what tell: so the first and the last
//! are kept, and how many there were between them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jupyterhub_client::{Exchange, Observer, Watched};

use super::har;

/// So many from the start are kept.
const FIRST: usize = 100;

/// So many from the end are kept.
const LAST: usize = 400;

/// The requests of one visit.
#[derive(Debug, Clone, Default)]
pub struct Requests(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    first: Vec<Watched>,
    last: VecDeque<Watched>,
    between: u64,
}

impl Requests {
    /// Whoever tells a client of this has its requests kept.
    pub fn observer(&self) -> Observer {
        let kept = Arc::clone(&self.0);
        Observer::new(move |watched| {
            kept.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .keep(watched);
        })
    }

    /// All of them as an HTTP archive (HAR 1.2); `clean` takes out what is secret: the client knows only the token of the request
    /// itself, and some are sent without one.
    pub fn archive(&self, clean: &dyn Fn(&str) -> String) -> String {
        let (first, last, between) = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let now = |all: &mut dyn Iterator<Item = &Watched>| -> Vec<Exchange> {
                all.map(Watched::now).collect()
            };
            let first = now(&mut kept.first.iter());
            (first, now(&mut kept.last.iter()), kept.between)
        };
        har::archive(first.iter().chain(&last), between, clean)
    }
}

impl Kept {
    fn keep(&mut self, watched: Watched) {
        if self.first.len() < FIRST {
            self.first.push(watched);
            return;
        }
        if self.last.len() == LAST {
            self.last.pop_front();
            self.between += 1;
        }
        self.last.push_back(watched);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jupyterhub_client::{Hub, Method, Settings};
    use serde_json::Value;

    #[tokio::test]
    async fn the_first_and_the_last_are_kept_and_the_others_counted() {
        let requests = Requests::default();
        // Nothing listens on port 1, and nothing has to.
        let mut settings = Settings::new("http://127.0.0.1:1/".parse().unwrap());
        settings.observer = Some(requests.observer());
        let hub = Hub::new(settings).unwrap();
        for number in 0..FIRST + LAST + 5 {
            let url = hub.api_url(&number.to_string());
            hub.look(Method::GET, &url, false).await.unwrap_err();
        }
        let archive: Value = serde_json::from_str(&requests.archive(&str::to_owned)).unwrap();
        let entries = archive["log"]["entries"].as_array().unwrap();
        let number = |entry: &Value| {
            let url = entry["request"]["url"].as_str().unwrap();
            url.rsplit('/').next().unwrap().to_owned()
        };
        assert_eq!(entries.len(), FIRST + LAST);
        assert_eq!(number(&entries[0]), "0");
        assert_eq!(number(&entries[FIRST - 1]), (FIRST - 1).to_string());
        assert_eq!(number(&entries[FIRST]), (FIRST + 5).to_string());
        let last = number(entries.last().unwrap());
        assert_eq!(last, (FIRST + LAST + 4).to_string());
        let comment = archive["log"]["comment"].as_str().unwrap();
        assert!(comment.contains('5'), "{comment}");
    }
}
