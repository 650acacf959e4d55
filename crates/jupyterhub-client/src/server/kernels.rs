//! Kernelspecs, sessions and kernels over REST.

use reqwest::Method;
use serde_json::json;

use super::JupyterServer;
use crate::error::Error;
use crate::http::Call;
use crate::model::{Kernel, KernelSpecs, Session};

impl JupyterServer {
    /// `GET api/kernelspecs`.
    ///
    /// # Errors
    /// Any stage.
    pub async fn kernelspecs(&self) -> Result<KernelSpecs, Error> {
        Ok(self
            .ask(self.call(
                "list kernelspecs",
                Method::GET,
                self.below("api/kernelspecs"),
            ))
            .await?
            .value)
    }

    /// `POST api/sessions`: a notebook session with a kernel, as a person's notebook has. The path need not exist;
    /// a path that has a session already answers with that one. Twice the usual deadline, since the kernel process
    /// starts within it.
    ///
    /// # Errors
    /// Any stage; 501 for a kernel that is not installed, 500 with the launcher's words for one that does not
    /// start (which is why sessions tell more than kernels do).
    pub async fn start_session(&self, path: &str, kernel: &str) -> Result<Session, Error> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let body =
            json!({ "path": path, "name": name, "type": "notebook", "kernel": { "name": kernel } });
        let call = self.call_with(
            "start session",
            Method::POST,
            self.below("api/sessions"),
            &body,
        );
        let deadline = call.deadline * 2;
        Ok(self.ask(Call { deadline, ..call }).await?.value)
    }

    /// `GET api/sessions`.
    ///
    /// # Errors
    /// Any stage.
    pub async fn sessions(&self) -> Result<Vec<Session>, Error> {
        Ok(self
            .ask(self.call("list sessions", Method::GET, self.below("api/sessions")))
            .await?
            .value)
    }

    /// `DELETE api/sessions/{id}`, which ends its kernel too.
    ///
    /// # Errors
    /// Any stage; 404 if it is gone.
    pub async fn delete_session(&self, id: &str) -> Result<(), Error> {
        let operation = "delete session";
        let url = self.named(operation, "api/sessions", id, "")?;
        self.tell(self.call(operation, Method::DELETE, url)).await
    }

    /// `GET api/kernels`.
    ///
    /// # Errors
    /// Any stage.
    pub async fn kernels(&self) -> Result<Vec<Kernel>, Error> {
        Ok(self
            .ask(self.call("list kernels", Method::GET, self.below("api/kernels")))
            .await?
            .value)
    }

    /// `POST api/kernels`: a kernel without a session, by the name of its spec. Twice the usual deadline.
    ///
    /// # Errors
    /// Any stage; a bare 500 for one that does not start.
    pub async fn start_kernel(&self, name: &str) -> Result<Kernel, Error> {
        let call = self.call_with(
            "start kernel",
            Method::POST,
            self.below("api/kernels"),
            &json!({ "name": name }),
        );
        let deadline = call.deadline * 2;
        Ok(self.ask(Call { deadline, ..call }).await?.value)
    }

    /// `GET api/kernels/{id}`, asked so that it does not count as activity.
    ///
    /// # Errors
    /// Any stage; 404 if it is gone.
    pub async fn kernel(&self, id: &str) -> Result<Kernel, Error> {
        let url = self.named("read kernel", "api/kernels", id, "?no_track_activity=1")?;
        Ok(self
            .ask(self.call("read kernel", Method::GET, url))
            .await?
            .value)
    }

    /// `POST api/kernels/{id}/interrupt`.
    ///
    /// # Errors
    /// Any stage.
    pub async fn interrupt_kernel(&self, id: &str) -> Result<(), Error> {
        let operation = "interrupt kernel";
        let url = self.named(operation, "api/kernels", id, "/interrupt")?;
        self.tell(self.call(operation, Method::POST, url)).await
    }

    /// `POST api/kernels/{id}/restart`. Twice the usual deadline.
    ///
    /// # Errors
    /// Any stage; 500 if it does not come back.
    pub async fn restart_kernel(&self, id: &str) -> Result<Kernel, Error> {
        let operation = "restart kernel";
        let url = self.named(operation, "api/kernels", id, "/restart")?;
        let call = self.call(operation, Method::POST, url);
        let deadline = call.deadline * 2;
        Ok(self.ask(Call { deadline, ..call }).await?.value)
    }

    /// `DELETE api/kernels/{id}`.
    ///
    /// # Errors
    /// Any stage; 404 if it is gone.
    pub async fn delete_kernel(&self, id: &str) -> Result<(), Error> {
        let operation = "delete kernel";
        let url = self.named(operation, "api/kernels", id, "")?;
        self.tell(self.call(operation, Method::DELETE, url)).await
    }
}
