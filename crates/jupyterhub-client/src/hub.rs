//! A hub: the operations of JupyterHub's REST API, one method each.
//!
//! A [`Hub`] is an address, a token and a pool of connections; cloning it is cheap, and
//! [`Hub::with_token`] gives the same hub as seen by somebody else. It answers with what the hub said and
//! never tries a second time: patience, polling and judgement are the caller's.

mod account;
mod servers;

use std::fmt;
use std::sync::Arc;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

pub use account::{AuthState, MintedToken};

use crate::error::Error;
use crate::head::{Look, Seen};
use crate::http::{Call, Certificate, Link};
use crate::model::{ApiRoot, HubInfo, Identity};
use crate::place;
use crate::server::JupyterServer;
use crate::settings::Settings;
use crate::token::Token;

/// A JupyterHub, as one token sees it.
#[derive(Clone)]
pub struct Hub {
    pub(crate) link: Arc<Link>,
    token: Option<Token>,
}

impl Hub {
    /// Sets up; nothing is sent.
    ///
    /// # Errors
    /// [`crate::Stage::Setup`] for a URL that is no `http` or `https` one or holds a password, for a header
    /// that cannot be sent, and for certificates that cannot be read.
    pub fn new(settings: Settings) -> Result<Hub, Error> {
        // Fields can be changed after `Settings::new`, so the URL is put in order once more.
        let url = Settings::new(settings.url.clone()).url;
        let settings = Settings { url, ..settings };
        Ok(Hub {
            link: Arc::new(Link::new(&settings)?),
            token: settings.token,
        })
    }

    /// The hub's own base, with a slash at its end and without `hub/`.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.link.base
    }

    /// The token that requests carry.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// The same hub, over the same connections, with another token.
    #[must_use]
    pub fn with_token(&self, token: Token) -> Hub {
        Hub {
            link: Arc::clone(&self.link),
            token: Some(token),
        }
    }

    /// The same hub without a token.
    #[must_use]
    pub fn without_token(&self) -> Hub {
        Hub {
            link: Arc::clone(&self.link),
            token: None,
        }
    }

    /// Resolves a path or URL that the hub named (`server.url`, `progress_url`, a `Location`) against the
    /// hub's origin: paths of the hub hold its prefix already, and with subdomains they are absolute URLs.
    ///
    /// # Errors
    /// [`crate::Stage::Setup`] if it is no URL, or not an `http` or `https` one.
    pub fn resolve(&self, path_or_url: &str) -> Result<Url, Error> {
        let fail = |message: String| {
            // Not the query, and nothing with a password in it.
            let path = path_or_url.split(['?', '#']).next().unwrap_or_default();
            let shown = if path.contains('@') { "[hidden]" } else { path };
            Error::setup(
                "resolve URL",
                shown.chars().take(200).collect::<String>(),
                message,
            )
        };
        let mut origin = self.link.base.clone();
        origin.set_path("/");
        let url = origin
            .join(path_or_url)
            .map_err(|error| fail(format!("not a URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(fail("not an http or https URL".to_owned()));
        }
        Ok(url)
    }

    /// The URL of an endpoint: `{base}hub/api/{path}`. The path is taken as it is, encoded already.
    #[must_use]
    pub fn api_url(&self, path: &str) -> Url {
        self.below("hub/api/", path)
    }

    /// `{base}{prefix}{path}`, `path` with an optional query.
    fn below(&self, prefix: &str, path: &str) -> Url {
        let mut url = self.link.base.clone();
        let (path, query) = match path.trim_start_matches('/').split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path.trim_start_matches('/'), None),
        };
        url.set_path(&format!("{}{prefix}{path}", self.link.base.path()));
        url.set_query(query);
        url
    }

    /// The URL of an endpoint from names, each one path segment.
    fn endpoint(&self, operation: &'static str, names: &[&str]) -> Result<Url, Error> {
        let parts: Result<Vec<String>, String> =
            names.iter().map(|name| place::segment(name)).collect();
        let parts = parts
            .map_err(|message| Error::setup(operation, place::shown(&self.link.base), message))?;
        Ok(self.api_url(&parts.join("/")))
    }

    fn call(&self, operation: &'static str, method: Method, url: Url) -> Call<'_> {
        self.link.call(operation, method, url, self.token.as_ref())
    }

    /// A request with a JSON body.
    fn call_with(
        &self,
        operation: &'static str,
        method: Method,
        url: Url,
        body: &Value,
    ) -> Call<'_> {
        Call {
            body: Some(body.to_string().into_bytes()),
            ..self.call(operation, method, url)
        }
    }

    /// Looks at any URL and takes any answer: every status is `Ok`, redirects are not followed, at most 8 KiB of
    /// the body are read. The token goes along only if `with_token`, and only to the hub's own origin and
    /// hosts below it.
    ///
    /// # Errors
    /// Only if there is no answer: name, connection, TLS, time.
    pub async fn look(&self, method: Method, url: &Url, with_token: bool) -> Result<Look, Error> {
        self.look_as("look", method, url.clone(), with_token).await
    }

    /// As [`Hub::look`], without the token and with more headers. One of them may be `Authorization`: what it carries must be no
    /// secret, since it is not taken out of what comes back.
    ///
    /// # Errors
    /// [`crate::Stage::Setup`] for a header that cannot be sent; else only if there is no answer.
    pub async fn look_with(
        &self,
        method: Method,
        url: &Url,
        headers: &[(&str, &str)],
    ) -> Result<Look, Error> {
        let mut more = HeaderMap::new();
        for (name, value) in headers {
            let header = HeaderName::try_from(*name)
                .ok()
                .zip(HeaderValue::try_from(*value).ok());
            let (name, value) = header.ok_or_else(|| {
                let message = format!("{name:?} is no header that can be sent");
                Error::setup("look", place::shown(url), message)
            })?;
            more.append(name, value);
        }
        let call = Call {
            accept: "*/*",
            headers: more,
            ..self.link.call("look", method, url.clone(), None)
        };
        Ok(self.link.send(call).await?.glimpse().await.look())
    }

    /// The certificate that the last TLS handshake showed, refused or taken; none over plain HTTP.
    #[must_use]
    pub fn certificate(&self) -> Option<Certificate> {
        self.link.certificate()
    }

    pub(crate) async fn look_as(
        &self,
        operation: &'static str,
        method: Method,
        url: Url,
        with_token: bool,
    ) -> Result<Look, Error> {
        let token = self.token.as_ref().filter(|_| with_token);
        let call = Call {
            accept: "*/*",
            ..self.link.call(operation, method, url, token)
        };
        Ok(self.link.send(call).await?.glimpse().await.look())
    }

    /// `GET hub/api/`, which needs no token and gets none: is this a hub, and which version?
    ///
    /// # Errors
    /// Any stage; [`crate::Stage::Decode`] if something else than a hub answers.
    pub async fn root(&self) -> Result<Seen<ApiRoot>, Error> {
        let call = self.link.get("ask for the version", self.api_url(""), None);
        self.link.fetch(call).await?.decode()
    }

    /// `GET hub/api/info` (scope read:hub).
    ///
    /// # Errors
    /// Any stage.
    pub async fn info(&self) -> Result<HubInfo, Error> {
        let call = self.call("read hub info", Method::GET, self.api_url("info"));
        Ok(self.link.fetch(call).await?.decode()?.value)
    }

    /// `GET hub/health` without a token: 200 and empty while the hub process answers.
    ///
    /// # Errors
    /// Only if there is no answer.
    pub async fn health(&self) -> Result<Look, Error> {
        self.look_as(
            "ask for the hub's health",
            Method::GET,
            self.below("hub/", "health"),
            false,
        )
        .await
    }

    /// `GET /_chp_healthz` at the origin: configurable-http-proxy answers 200 `{"status": "OK"}` itself, also
    /// while the hub is down; other proxies do not know it.
    ///
    /// # Errors
    /// Only if there is no answer.
    pub async fn proxy_health(&self) -> Result<Look, Error> {
        let url = self.resolve("/_chp_healthz")?;
        self.look_as("ask for the proxy's health", Method::GET, url, false)
            .await
    }

    /// `GET hub/api/user`: who the token stands for. Any valid token gets 200; an invalid, expired or revoked one
    /// 403, with the message `Forbidden` up to 5.x and without one on 6.x.
    ///
    /// # Errors
    /// Any stage.
    pub async fn whoami(&self) -> Result<Seen<Identity>, Error> {
        let call = self.call("identify", Method::GET, self.api_url("user"));
        self.link.fetch(call).await?.decode()
    }

    /// The Jupyter server at a URL, usually a resolved `server.url`. It gets the token only if it is on the hub's
    /// origin or a host below it.
    #[must_use]
    pub fn server(&self, url: &Url) -> JupyterServer {
        JupyterServer::new(self.clone(), url.clone())
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("url", &self.link.base.as_str())
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(url: &str) -> Hub {
        Hub::new(Settings::new(url.parse().unwrap())).unwrap()
    }

    #[test]
    fn what_the_hub_names_is_resolved_against_its_origin() {
        let hub = hub("https://hub.example.org/jhub");
        assert_eq!(hub.url().as_str(), "https://hub.example.org/jhub/");
        for (named, url) in [
            ("/jhub/user/x/", "https://hub.example.org/jhub/user/x/"),
            (
                "https://x.hub.example.org/jhub/user/x/",
                "https://x.hub.example.org/jhub/user/x/",
            ),
            (
                "/jhub/hub/api/users/x/server/progress",
                "https://hub.example.org/jhub/hub/api/users/x/server/progress",
            ),
        ] {
            assert_eq!(hub.resolve(named).unwrap().as_str(), url);
        }
        for bad in [
            "javascript:alert(1)",
            "https://",
            "http://u:hunter2@[/?token=hunter2",
        ] {
            let error = hub.resolve(bad).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn endpoints_are_below_the_prefix() {
        let hub = hub("https://hub.example.org/jhub/");
        assert_eq!(
            hub.api_url("users?limit=1").as_str(),
            "https://hub.example.org/jhub/hub/api/users?limit=1"
        );
        assert_eq!(
            hub.api_url("").as_str(),
            "https://hub.example.org/jhub/hub/api/"
        );
        let url = hub.endpoint("t", &["users", "a/../b@c", "server"]).unwrap();
        assert_eq!(
            url.as_str(),
            "https://hub.example.org/jhub/hub/api/users/a%2F..%2Fb%40c/server"
        );
        assert!(hub.endpoint("t", &["users", "..", "server"]).is_err());
    }

    #[test]
    fn the_same_hub_for_somebody_else() {
        let hub = hub("https://hub.example.org/").with_token(Token::parse("s3cret").unwrap());
        assert_eq!(hub.token().map(Token::expose), Some("s3cret"));
        assert!(hub.without_token().token().is_none());
        assert!(!format!("{hub:?}").contains("s3cret"));
    }
}
