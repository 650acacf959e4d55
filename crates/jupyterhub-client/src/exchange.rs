//! Exchanges: what was asked and what came of it, for whoever wants to look at them afterwards. The client keeps none itself: an
//! [`Observer`] is handed each one when it is sent, and sees it become whole.
//!
//! Nothing in them is secret: tokens and extra headers are left out where they are sent, and taken out of what comes back. Bodies that
//! are sent are not kept; of those that come, the start is, and only where the answer was not a success.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::head::Headers;

/// The longest header of an answer, and the longest error, in bytes.
const LONGEST: usize = 2 << 10;

/// A request and what has come of it so far.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// What it was for: `start server`.
    pub operation: &'static str,
    /// The method.
    pub method: String,
    /// The URL, as it may be shown.
    pub url: String,
    /// The headers that were sent; `[hidden]` in the place of what is secret.
    pub headers: Vec<(String, String)>,
    /// How many bytes of body were sent.
    pub sent: usize,
    /// When it was sent.
    pub at: Timestamp,
    /// The answer's head, once it has come.
    pub answer: Option<Answered>,
    /// How many bytes of the answer's body were read.
    pub received: u64,
    /// The start of the body of an answer that is no success.
    pub text: String,
    /// What went wrong, where something did: in sending, in reading, or in what was made of the answer.
    pub failed: Option<String>,
    /// From the request to the end of the answer, or to where it was given up; none while it goes on.
    pub took: Option<Duration>,
    began: Instant,
}

/// The head of an answer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answered {
    /// The HTTP status code.
    pub status: u16,
    /// The version of HTTP: `HTTP/1.1`.
    pub version: String,
    /// The headers that are kept, see [`crate::KEPT`].
    pub headers: Headers,
    /// From the request to the end of the head.
    pub waited: Duration,
}

impl Exchange {
    /// How long it took, or has taken so far.
    #[must_use]
    pub fn so_far(&self) -> Duration {
        self.took.unwrap_or_else(|| self.began.elapsed())
    }
}

/// An exchange that may still be under way.
#[derive(Debug, Clone)]
pub struct Watched(Arc<Mutex<Exchange>>);

impl Watched {
    /// As it is now.
    #[must_use]
    pub fn now(&self) -> Exchange {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Is handed each exchange when it begins. It must not block.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(Watched) + Send + Sync>);

impl Observer {
    /// One that calls this.
    pub fn new(hears: impl Fn(Watched) + Send + Sync + 'static) -> Observer {
        Observer(Arc::new(hears))
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// The client's own end of an exchange: once nobody holds it any more, the exchange is over.
pub(crate) struct Live(Arc<Mutex<Exchange>>);

impl Live {
    /// Tells the observer of a request that is about to be sent.
    pub(crate) fn begin(
        observer: &Observer,
        operation: &'static str,
        method: String,
        url: String,
        headers: Vec<(String, String)>,
        sent: usize,
    ) -> Live {
        let exchange = Arc::new(Mutex::new(Exchange {
            operation,
            method,
            url,
            headers,
            sent,
            at: Timestamp::now(),
            answer: None,
            received: 0,
            text: String::new(),
            failed: None,
            took: None,
            began: Instant::now(),
        }));
        (observer.0)(Watched(Arc::clone(&exchange)));
        Live(exchange)
    }

    /// The head has come; `place` says how a URL that it names may be shown.
    pub(crate) fn answered(
        &self,
        status: u16,
        version: String,
        headers: &Headers,
        place: impl Fn(&str) -> String,
    ) {
        let told = headers.map(|name, value| match name {
            "location" => cut(place(value)),
            _ => cut(value.to_owned()),
        });
        self.change(|it| {
            let waited = it.began.elapsed();
            it.answer = Some(Answered {
                status,
                version,
                headers: told,
                waited,
            });
        });
    }

    /// More of the body has come.
    pub(crate) fn received(&self, bytes: usize) {
        self.change(|it| it.received += bytes as u64);
    }

    /// The start of a body that is evidence.
    pub(crate) fn text(&self, text: &str) {
        self.change(|it| text.clone_into(&mut it.text));
    }

    /// The first thing that goes wrong is what is told.
    pub(crate) fn failed(&self, why: impl FnOnce() -> String) {
        self.change(|it| {
            it.failed.get_or_insert_with(|| cut(why()));
        });
    }

    /// The whole answer is here, whatever is made of it.
    pub(crate) fn over(&self) {
        self.change(|it| {
            it.took.get_or_insert(it.began.elapsed());
        });
    }

    fn change(&self, how: impl FnOnce(&mut Exchange)) {
        how(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// What is longer than anybody reads is cut.
fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}

impl Drop for Live {
    fn drop(&mut self) {
        self.over();
    }
}
