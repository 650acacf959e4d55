//! Servers: start, stop, and the progress between.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::Hub;
use crate::error::Error;
use crate::head::Seen;
use crate::http::Call;
use crate::model::{Started, Stopped};
use crate::progress::ProgressStream;

impl Hub {
    /// The endpoint of a server; the default one has the empty name.
    fn server_endpoint(
        &self,
        operation: &'static str,
        user: &str,
        server: &str,
        more: &[&str],
    ) -> Result<Url, Error> {
        let mut names = vec!["users", user];
        if server.is_empty() {
            names.push("server");
        } else {
            names.extend(["servers", server]);
        }
        names.extend(more);
        self.endpoint(operation, &names)
    }

    /// `POST hub/api/users/{user}/server`, or `…/servers/{server}` for a named one. The body is
    /// [`crate::start_body`]'s. The hub may keep the request for 10 s (`slow_spawn_timeout`) before it answers.
    ///
    /// # Errors
    /// Any stage. A [`crate::Stage::Timeout`] says nothing about the spawn, which lives on in the hub.
    pub async fn start_server(
        &self,
        user: &str,
        server: &str,
        body: &Value,
        timeout: Duration,
    ) -> Result<Seen<Started>, Error> {
        let url = self.server_endpoint("start server", user, server, &[])?;
        let call = Call {
            deadline: timeout,
            ..self.call_with("start server", Method::POST, url, body)
        };
        let answer = self.link.fetch(call).await?.expect(&[201, 202])?;
        let value = if answer.head.status == 201 {
            Started::Ready
        } else {
            Started::Pending
        };
        Ok(Seen {
            value,
            head: answer.head,
        })
    }

    /// `DELETE hub/api/users/{user}/server`, or `…/servers/{server}`. With `remove`, a named server is also
    /// forgotten, and its spawner may delete its storage.
    ///
    /// # Errors
    /// Any stage; 400 while something is pending (a pending spawn is cancelled since 5.1), 404 for a name that
    /// the hub does not know.
    pub async fn stop_server(
        &self,
        user: &str,
        server: &str,
        remove: bool,
    ) -> Result<Seen<Stopped>, Error> {
        let url = self.server_endpoint("stop server", user, server, &[])?;
        let call = if remove {
            self.call_with(
                "stop server",
                Method::DELETE,
                url,
                &json!({ "remove": true }),
            )
        } else {
            self.call("stop server", Method::DELETE, url)
        };
        let answer = self.link.fetch(call).await?.expect(&[202, 204])?;
        let value = if answer.head.status == 204 {
            Stopped::Gone
        } else {
            Stopped::Pending
        };
        Ok(Seen {
            value,
            head: answer.head,
        })
    }

    /// `GET hub/api/users/{user}/server/progress`: the event stream of a spawn. It ends by itself when the spawn
    /// does, and sometimes earlier; after a failed spawn it repeats the failure until the next one begins.
    ///
    /// # Errors
    /// Any stage; 404 if nothing was ever started, 400 if nothing is starting, [`crate::Stage::Decode`] if the
    /// answer is no event stream.
    pub async fn progress(&self, user: &str, server: &str) -> Result<ProgressStream, Error> {
        let operation = "follow progress";
        let url = self.server_endpoint(operation, user, server, &["progress"])?;
        let call = Call {
            accept: "text/event-stream",
            ..self.call(operation, Method::GET, url)
        };
        ProgressStream::begin(self.link.send(call).await?).await
    }
}
