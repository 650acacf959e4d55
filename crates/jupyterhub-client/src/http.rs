//! One request, one answer: the only place where requests are sent.
//!
//! It puts the token and the extra headers on requests to trusted origins only, never follows a redirect,
//! gives every request a deadline, caps what is read, takes secrets out of what comes back, and turns each
//! failure into an [`Error`] with its stage. It does not know endpoints.

mod answer;
mod certificate;
mod classify;
mod dns;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, UPGRADE,
};
use reqwest::{Client, Method};
use tokio::time::{Instant, timeout_at};
use url::Url;

pub(crate) use answer::{Answer, Open};
pub use certificate::Certificate;
use certificate::LastSeen;

use crate::error::{Error, Stage};
use crate::exchange::{Live, Observer};
use crate::head::{Head, Headers, http_date};
use crate::place;
use crate::settings::Settings;
use crate::token::{Secret, Token, without_beginning};

/// How much of a body is kept as evidence.
pub(crate) const GLIMPSE: usize = 8 << 10;

/// A header that is sent with a longer value is told to an observer by its length.
const SHOWN: usize = 200;

/// Connections idle for longer are not used again. Node's default is to close them after 5 s, and a request
/// on a connection that is just being closed fails without any fault of the hub's.
const IDLE: Duration = Duration::from_secs(3);

/// The connections to one hub and its servers, with what every request carries.
pub(crate) struct Link {
    client: Client,
    /// For handshakes, each on a connection of its own: configurable-http-proxy closes one whose upgrade was
    /// refused without saying so, and the next request on it would fail without any fault of the hub's.
    handshakes: Client,
    /// The hub's own base, with a slash at its end.
    pub(crate) base: Url,
    extra: HeaderMap,
    secrets: Arc<[Secret]>,
    pub(crate) request_timeout: Duration,
    body_limit: usize,
    certificate: LastSeen,
    observer: Option<Observer>,
}

/// A request to be.
pub(crate) struct Call<'a> {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) token: Option<&'a Token>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) accept: &'static str,
    /// More headers, for the websocket handshake.
    pub(crate) headers: HeaderMap,
    /// For the whole request, the body of its answer included.
    pub(crate) deadline: Duration,
    /// The largest body that is read, in bytes.
    pub(crate) limit: usize,
    /// What its answer is called when the deadline comes first.
    pub(crate) phase: &'static str,
}

/// What is known of a request under way: enough to make an error of it.
#[derive(Clone)]
pub(crate) struct Trail {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) started: Instant,
    token: Option<Token>,
    secrets: Arc<[Secret]>,
    /// Where somebody looks on.
    pub(crate) live: Option<Arc<Live>>,
}

impl Trail {
    /// The same request's trail for another operation that begins now.
    pub(crate) fn again(&self, operation: &'static str) -> Trail {
        Trail {
            operation,
            started: Instant::now(),
            ..self.clone()
        }
    }

    /// The error for this request. What the other side of a websocket said is cleaned here.
    pub(crate) fn fail(&self, mut stage: Stage) -> Error {
        if let Stage::Closed { reason: words, .. }
        | Stage::KernelDied { state: words }
        | Stage::Body { message: words } = &mut stage
        {
            *words = self.clean(words);
        }
        let error = Error::new(
            self.operation,
            self.method.as_str(),
            self.clean(&place::shown(&self.url)),
            stage,
            self.started.elapsed(),
        );
        if let Some(live) = &self.live {
            live.failed(|| error.to_string());
        }
        error
    }

    /// A text that was cut, without the beginning of a secret at its end.
    pub(crate) fn without_beginnings(&self, mut text: String) -> String {
        let token = self.token.iter().map(Token::expose);
        for secret in token.chain(self.secrets.iter().map(Secret::expose)) {
            text.truncate(without_beginning(&text, secret));
        }
        text
    }

    /// So many bytes more of the answer's body have come.
    pub(crate) fn received(&self, bytes: usize) {
        if let Some(live) = &self.live {
            live.received(bytes);
        }
    }

    /// The whole answer is here.
    pub(crate) fn over(&self) {
        if let Some(live) = &self.live {
            live.over();
        }
    }

    /// The text without secrets.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut clean = match &self.token {
            Some(token) => token.scrub(text),
            None => text.to_owned(),
        };
        for secret in self.secrets.iter() {
            clean = secret.scrub(&clean);
        }
        clean
    }
}

impl Link {
    /// # Errors
    /// [`Stage::Setup`] for a URL that is no `http` or `https` one, a header that cannot be sent, or
    /// certificates that cannot be read.
    pub(crate) fn new(settings: &Settings) -> Result<Link, Error> {
        let base = settings.url.clone();
        let fail = |message: String| Error::setup("set up", place::shown(&base), message);
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(fail("not an http or https URL: give the hub's own, such as https://jupyter.example.org/".to_owned()));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(fail("the URL holds a user name or a password: take them out, the token goes into a header".to_owned()));
        }
        let mut extra = HeaderMap::new();
        for (name, secret) in &settings.headers {
            let key = HeaderName::try_from(name.as_str()).map_err(|_| {
                fail(format!(
                    "{name:?} is no header name: use letters, digits and hyphens"
                ))
            })?;
            if [
                AUTHORIZATION,
                reqwest::header::ORIGIN,
                reqwest::header::REFERER,
                reqwest::header::COOKIE,
            ]
            .contains(&key)
            {
                return Err(fail(format!(
                    "the header {name:?} cannot be set: hubs take it for something else"
                )));
            }
            let mut value = HeaderValue::try_from(secret.expose())
                .map_err(|_| fail(format!("the value of the header {name:?} cannot be sent: it holds a line break or control characters")))?;
            value.set_sensitive(true);
            extra.append(key, value);
        }
        let certificate = LastSeen::default();
        let tls = tls::config(settings.ca_pem.as_deref(), certificate.clone()).map_err(&fail)?;
        let client = |kept: usize| {
            Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .dns_resolver(Arc::new(dns::SystemResolver))
                .http1_only()
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .retry(reqwest::retry::never())
                .user_agent(&settings.user_agent)
                // Shorter than the request's, so that a deadline says what it was waiting for.
                .connect_timeout(
                    settings
                        .connect_timeout
                        .min(settings.request_timeout * 4 / 5),
                )
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(kept)
                .tcp_nodelay(true)
                .build()
                .map_err(|error| fail(classify::words(&error)))
        };
        Ok(Link {
            client: client(8)?,
            handshakes: client(0)?,
            base,
            extra,
            secrets: settings
                .headers
                .iter()
                .map(|(_, secret)| secret.clone())
                .collect(),
            request_timeout: settings.request_timeout,
            body_limit: settings.body_limit,
            certificate,
            observer: settings.observer.clone(),
        })
    }

    /// The certificate that the last handshake showed, refused or taken.
    pub(crate) fn certificate(&self) -> Option<Certificate> {
        self.certificate.read()
    }

    /// A GET with the usual deadline.
    pub(crate) fn get<'a>(
        &self,
        operation: &'static str,
        url: Url,
        token: Option<&'a Token>,
    ) -> Call<'a> {
        self.call(operation, Method::GET, url, token)
    }

    /// A request without a body, with the usual deadline.
    pub(crate) fn call<'a>(
        &self,
        operation: &'static str,
        method: Method,
        url: Url,
        token: Option<&'a Token>,
    ) -> Call<'a> {
        Call {
            operation,
            method,
            url,
            token,
            body: None,
            accept: "application/json",
            headers: HeaderMap::new(),
            deadline: self.request_timeout,
            limit: self.body_limit,
            phase: "response",
        }
    }

    /// Sends, and waits for the head of the answer.
    pub(crate) async fn send(&self, mut call: Call<'_>) -> Result<Open, Error> {
        let started = Instant::now();
        let until = started + call.deadline;
        // A user name in a URL would become another Authorization header.
        let _ = call.url.set_username("");
        let _ = call.url.set_password(None);
        let trusted = place::trusted(&self.base, &call.url);
        let mut trail = Trail {
            operation: call.operation,
            method: call.method.clone(),
            url: call.url.clone(),
            started,
            token: call.token.cloned(),
            secrets: Arc::clone(&self.secrets),
            live: None,
        };
        trail.live = self.watch(&call, trusted, &trail);
        let client = if call.headers.contains_key(UPGRADE) {
            &self.handshakes
        } else {
            &self.client
        };
        let mut request = client
            .request(call.method, call.url)
            .headers(call.headers)
            .header(ACCEPT, call.accept);
        if trusted {
            request = request.headers(self.extra.clone());
            if let Some(token) = call.token {
                request = request.header(AUTHORIZATION, authorization(token, &trail)?);
            }
        }
        if let Some(body) = call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let outcome = match timeout_at(until, request.send()).await {
            Err(_) => Err(Stage::Timeout {
                phase: call.phase,
                after: call.deadline,
            }),
            Ok(Err(error)) => Err(classify::stage(
                error,
                started.elapsed(),
                call.phase,
                |text| trail.clean(text),
            )),
            Ok(Ok(response)) => Ok(response),
        };
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (operation, method, path) = (trail.operation, trail.method.as_str(), trail.url.path());
        match outcome {
            Ok(response) => {
                let head = head(&response, &trail);
                if let Some(live) = &trail.live {
                    let version = format!("{:?}", response.version());
                    live.answered(head.status, version, &head.headers, |place| {
                        match trail.url.join(place) {
                            Ok(url) => place::shown(&url),
                            Err(_) => "[no URL]".to_owned(),
                        }
                    });
                }
                tracing::debug!(
                    operation,
                    method,
                    path,
                    status = head.status,
                    ms,
                    "answered"
                );
                Ok(Open {
                    response,
                    head,
                    trail,
                    until,
                    deadline: call.deadline,
                    limit: call.limit,
                })
            }
            Err(stage) => {
                let stage = note_proxy(stage, trail.url.scheme(), |name| {
                    std::env::var_os(name).is_some()
                });
                tracing::debug!(operation, method, path, ms, "not answered");
                Err(trail.fail(stage))
            }
        }
    }

    /// Tells of a request that is about to be sent, where somebody wants to know; without what is secret in it.
    fn watch(&self, call: &Call<'_>, trusted: bool, trail: &Trail) -> Option<Arc<Live>> {
        let observer = self.observer.as_ref()?;
        let mut headers = vec![("accept".to_owned(), call.accept.to_owned())];
        if trusted {
            let hidden = self.extra.keys().map(HeaderName::as_str);
            let token = call.token.map(|_| AUTHORIZATION.as_str());
            let hidden = hidden.chain(token).map(str::to_owned);
            headers.extend(hidden.map(|name| (name, "[hidden]".to_owned())));
        }
        if call.body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        for (name, value) in &call.headers {
            let value = if *name == AUTHORIZATION {
                "[hidden]".to_owned()
            } else if value.len() > SHOWN {
                format!("[{} bytes]", value.len())
            } else {
                trail.clean(&String::from_utf8_lossy(value.as_bytes()))
            };
            headers.push((name.as_str().to_owned(), value));
        }
        Some(Arc::new(Live::begin(
            observer,
            call.operation,
            call.method.as_str().to_owned(),
            trail.clean(&place::shown(&call.url)),
            headers,
            call.body.as_ref().map_or(0, Vec::len),
        )))
    }

    /// Sends, and reads the whole answer: all of the body of a success, the start of it otherwise.
    pub(crate) async fn fetch(&self, call: Call<'_>) -> Result<Answer, Error> {
        self.send(call).await?.read().await
    }
}

/// Adds to a failed connection that it may have been one to a proxy: the HTTP library does not say.
fn note_proxy(mut stage: Stage, scheme: &str, is_set: impl Fn(&str) -> bool) -> Stage {
    let own = if scheme == "https" {
        ["HTTPS_PROXY", "https_proxy"]
    } else {
        ["HTTP_PROXY", "http_proxy"]
    };
    let names = own.into_iter().chain(["ALL_PROXY", "all_proxy"]);
    if let Stage::Dns { message, .. } | Stage::Connect { message, .. } = &mut stage
        && let Some(name) = names.into_iter().find(|name| is_set(name))
    {
        message.push_str(&format!("; {name} is set, so this may be about that proxy"));
    }
    stage
}

fn authorization(token: &Token, trail: &Trail) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::try_from(format!("token {}", token.expose())).map_err(|_| {
        trail.fail(Stage::Setup {
            message: "the token cannot be sent as a header".to_owned(),
        })
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn head(response: &reqwest::Response, trail: &Trail) -> Head {
    let headers = Headers::keep(response.headers(), |text| trail.clean(text));
    Head {
        status: response.status().as_u16(),
        date: headers.get("date").and_then(http_date),
        headers,
        elapsed: trail.started.elapsed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ConnectKind;

    #[test]
    fn a_proxy_is_named_as_a_suspect() {
        let stage = || Stage::Connect {
            kind: ConnectKind::Refused,
            message: "refused".to_owned(),
        };
        let with =
            |set: &'static str| note_proxy(stage(), "http", move |name| name == set).to_string();
        assert!(with("http_proxy").contains("http_proxy is set"));
        assert!(with("ALL_PROXY").contains("ALL_PROXY is set"));
        assert!(!with("HTTPS_PROXY").contains("is set"));
    }

    #[test]
    fn bad_settings_are_told_without_their_secrets() {
        let new = |url: &str| Settings::new(url.parse().unwrap());
        let fail = |settings: &Settings| Link::new(settings).map(drop).unwrap_err().to_string();
        assert!(fail(&new("ftp://host/")).contains("not an http"));
        let text = fail(&new("https://user:hunter2@host/"));
        assert!(
            text.contains("take them out") && !text.contains("hunter2"),
            "{text}"
        );
        for (name, value) in [
            ("X-A", "hunter2\n"),
            ("bad name", "hunter2"),
            ("Authorization", "hunter2"),
        ] {
            let mut settings = new("https://host/");
            settings.headers.push((name.to_owned(), Secret::new(value)));
            let text = fail(&settings);
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
