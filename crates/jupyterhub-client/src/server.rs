//! A Jupyter server behind a hub: its REST API, and the way to its kernels.
//!
//! The server sits at `{hub}/user/{name}/` and is reached through the hub's proxy, so an answer may come from
//! the server, the proxy or the hub: a stopped server is a redirect to the hub, a forgotten route the hub's
//! page. All of that shows as [`crate::Stage`]s; what it means is the caller's to say.

mod contents;
mod kernels;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

pub use contents::FileFormat;

use crate::error::Error;
use crate::head::{Head, Look, Page, Seen};
use crate::http::Call;
use crate::hub::Hub;
use crate::kernel::{Framing, KernelConnection};
use crate::model::{ApiVersion, Me, ServerStatus};
use crate::place;

/// A Jupyter server of a user.
#[derive(Debug, Clone)]
pub struct JupyterServer {
    hub: Hub,
    url: Url,
}

impl JupyterServer {
    pub(crate) fn new(hub: Hub, mut url: Url) -> JupyterServer {
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        url.set_query(None);
        url.set_fragment(None);
        JupyterServer { hub, url }
    }

    /// Its own base, with a slash at its end.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// `{base}{path}`; the path is encoded already and may have a query.
    fn below(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        url.set_path(&format!(
            "{}{}",
            self.url.path(),
            path.trim_start_matches('/')
        ));
        url.set_query(query);
        url
    }

    /// `{base}{prefix}/{name}{suffix}` with the name as one encoded segment.
    fn named(
        &self,
        operation: &'static str,
        prefix: &str,
        name: &str,
        suffix: &str,
    ) -> Result<Url, Error> {
        let name = place::segment(name)
            .map_err(|message| Error::setup(operation, place::shown(&self.url), message))?;
        Ok(self.below(&format!("{prefix}/{name}{suffix}")))
    }

    fn call(&self, operation: &'static str, method: Method, url: Url) -> Call<'_> {
        self.hub.link.call(operation, method, url, self.hub.token())
    }

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

    async fn ask<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<Seen<T>, Error> {
        self.hub.link.fetch(call).await?.decode()
    }

    /// Sends a request that is answered with 204.
    async fn tell(&self, call: Call<'_>) -> Result<(), Error> {
        self.hub.link.fetch(call).await?.expect(&[204]).map(drop)
    }

    /// Looks at a path below the server (`api`, `lab`, `?` with a query allowed), and takes any answer; see
    /// [`Hub::look`].
    ///
    /// # Errors
    /// Only if there is no answer.
    pub async fn look(&self, method: Method, path: &str, with_token: bool) -> Result<Look, Error> {
        self.hub
            .look_as("look at the server", method, self.below(path), with_token)
            .await
    }

    /// Reads a page of the server, as a browser would; at most `most` bytes.
    ///
    /// # Errors
    /// [`crate::Stage::Setup`] for an address that is not below the server, so that the token goes nowhere else;
    /// [`crate::Stage::Status`] and [`crate::Stage::Redirect`] for anything but 200, and any other stage.
    pub async fn page(&self, url: &Url, most: usize) -> Result<Page, Error> {
        let call = Call {
            limit: most,
            ..self.browse(url)?
        };
        Ok(self.hub.link.fetch(call).await?.expect(&[200])?.page())
    }

    /// Reads what a page loads to its end, and keeps only how many bytes it had.
    ///
    /// # Errors
    /// As [`JupyterServer::page`].
    pub async fn weigh(&self, url: &Url) -> Result<(Head, u64), Error> {
        self.hub.link.send(self.browse(url)?).await?.weigh().await
    }

    fn browse(&self, url: &Url) -> Result<Call<'_>, Error> {
        if !url.as_str().starts_with(self.url.as_str()) {
            let message = format!("it is not below {}", place::shown(&self.url));
            return Err(Error::setup("read a page", place::shown(url), message));
        }
        Ok(Call {
            accept: "*/*",
            ..self.call("read a page", Method::GET, url.clone())
        })
    }

    /// `GET api` without a token: is this a Jupyter server, and which?
    ///
    /// # Errors
    /// Any stage; [`crate::Stage::Redirect`] while no server runs there.
    pub async fn version(&self) -> Result<Seen<ApiVersion>, Error> {
        self.ask(
            self.hub
                .link
                .get("ask for the server's version", self.below("api"), None),
        )
        .await
    }

    /// `GET api/status`, which proves that the server knows the token's owner.
    ///
    /// # Errors
    /// Any stage; 403 if the server refuses the token or its scopes.
    pub async fn status(&self) -> Result<Seen<ServerStatus>, Error> {
        self.ask(self.call("read server status", Method::GET, self.below("api/status")))
            .await
    }

    /// `GET api/me`: who the server takes the token's owner for.
    ///
    /// # Errors
    /// Any stage; 404 on jupyter_server 1.x and notebook 6.
    pub async fn me(&self) -> Result<Me, Error> {
        Ok(self
            .ask(self.call("read identity", Method::GET, self.below("api/me")))
            .await?
            .value)
    }

    /// Opens the websocket of a kernel, within the request deadline of the settings.
    ///
    /// # Errors
    /// Any stage; [`crate::Stage::Upgrade`] if there is an answer that is no websocket.
    pub async fn connect(
        &self,
        kernel_id: &str,
        framing: Framing,
    ) -> Result<KernelConnection, Error> {
        let session = uuid::Uuid::new_v4().to_string();
        let suffix = format!("/channels?session_id={session}");
        let url = self.named("connect to kernel", "api/kernels", kernel_id, &suffix)?;
        KernelConnection::open(
            self.clone(),
            kernel_id,
            self.call("connect to kernel", Method::GET, url),
            session,
            framing,
        )
        .await
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn server(url: &str) -> JupyterServer {
        let hub = Hub::new(Settings::new(
            "http://127.0.0.1:8000/jhub/".parse().unwrap(),
        ))
        .unwrap();
        let url = hub.resolve(url).unwrap();
        hub.server(&url)
    }

    #[test]
    fn paths_stay_below_the_server() {
        let server = server("/jhub/user/a%40b");
        assert_eq!(
            server.url().as_str(),
            "http://127.0.0.1:8000/jhub/user/a%40b/"
        );
        assert_eq!(
            server.below("/api?x=1").as_str(),
            "http://127.0.0.1:8000/jhub/user/a%40b/api?x=1"
        );
        assert_eq!(
            server
                .named("t", "api/kernels", "a/b?c", "/interrupt")
                .unwrap()
                .as_str(),
            "http://127.0.0.1:8000/jhub/user/a%40b/api/kernels/a%2Fb%3Fc/interrupt"
        );
        assert!(server.named("t", "api/kernels", "..", "").is_err());
    }
}
