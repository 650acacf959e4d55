//! A kernel over its websocket: getting it ready, running code, and noticing that it died.
//!
//! The socket carries everybody's messages of this kernel in no promised order across channels, the server
//! swallows the first ones while it connects, and a dead kernel says nothing at all. So a request counts as
//! answered when its reply and its `idle` have both come, the kernel is asked again until it answers for the first
//! time, and its model is polled beside the socket. What code printed is collected, with a cap.

mod execution;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
mod outputs;
mod socket;
mod watch;

use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

pub use execution::{Execution, ExecutionStatus};
pub use outputs::{KernelError, Output};
pub use socket::FramingUsed;

use crate::error::{Error, Stage};
use crate::http::{Call, Trail};
use crate::json::{self, or_missing};
use crate::message::{Message, Request, Status};
use crate::server::JupyterServer;
use execution::Pending;
use socket::{Came, Socket};
use watch::Watch;

/// After this long without an answer the kernel is asked again who it is.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// Which framing to ask the server for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// `v1.kernel.websocket.jupyter.org`, else JSON for servers that do not know it (notebook 6).
    #[default]
    PreferV1,
    /// JSON, which every server knows.
    JsonOnly,
}

/// What a kernel says of itself.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct KernelInfo {
    /// The version of the protocol that it speaks: `5.3`.
    #[serde(default, deserialize_with = "or_missing")]
    pub protocol_version: String,
    /// `ipython`
    #[serde(default, deserialize_with = "or_missing")]
    pub implementation: String,
    /// The version of it.
    #[serde(default, deserialize_with = "or_missing")]
    pub implementation_version: String,
    /// Its language.
    #[serde(default, deserialize_with = "or_missing")]
    pub language_info: LanguageInfo,
}

/// The language of a kernel.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct LanguageInfo {
    /// `python`
    #[serde(default, deserialize_with = "or_missing")]
    pub name: String,
    /// `3.12.3`
    #[serde(default, deserialize_with = "or_missing")]
    pub version: String,
}

/// An open websocket to a kernel.
///
/// Pings are answered while one of its methods runs. The server closes a connection that has not answered for 90 s, so
/// one that must outlive a long pause should spend it in [`KernelConnection::rest`].
pub struct KernelConnection {
    socket: Socket,
    session: String,
    watch: Watch,
    trail: Trail,
    pending: Option<Pending>,
}

impl KernelConnection {
    pub(crate) async fn open(
        server: JupyterServer,
        kernel_id: &str,
        call: Call<'_>,
        session: String,
        framing: Framing,
    ) -> Result<KernelConnection, Error> {
        let (socket, trail) = Socket::open(&server, call, framing).await?;
        let watch = Watch::new(server, kernel_id.to_owned());
        Ok(KernelConnection {
            socket,
            session,
            watch,
            trail,
            pending: None,
        })
    }

    /// Which framing the server chose.
    #[must_use]
    pub fn framing(&self) -> FramingUsed {
        self.socket.framing()
    }

    /// Waits until the kernel answers: asks who it is, again every 5 s, until a reply and an `idle` have come.
    ///
    /// # Errors
    /// [`Stage::Timeout`] with phase `kernel`, [`Stage::KernelDied`], [`Stage::Closed`], [`Stage::Body`] for frames
    /// that are no messages.
    pub async fn ready(&mut self, deadline: Duration) -> Result<KernelInfo, Error> {
        let trail = self.begin("wait for kernel");
        let until = trail.started + deadline;
        let timed_out = || {
            trail.fail(Stage::Timeout {
                phase: "kernel",
                after: deadline,
            })
        };
        let mut asked: Vec<String> = Vec::new();
        let (mut info, mut idle): (Option<KernelInfo>, bool) = (None, false);
        loop {
            let request = Request::kernel_info(&self.session);
            asked.push(request.header.msg_id.clone());
            self.send(&request, until)
                .await
                .map_err(|stage| trail.fail(stage.unwrap_or_timeout("kernel", deadline)))?;
            let again = until.min(Instant::now() + ASK_AGAIN);
            while let Some(message) = self.next(again).await.map_err(|stage| trail.fail(stage))? {
                if !message
                    .parent
                    .as_ref()
                    .is_some_and(|parent| asked.contains(parent))
                {
                    continue;
                }
                match message.header.msg_type.as_str() {
                    "kernel_info_reply" => {
                        info = Some(json::read(&message.content).unwrap_or_default())
                    }
                    "status" => idle |= state(&message) == "idle",
                    _ => {}
                }
                if idle && let Some(info) = info.take() {
                    return Ok(info);
                }
            }
            if Instant::now() >= until {
                return Err(timed_out());
            }
        }
    }

    /// Runs code and waits until it is done: until its reply and its `idle` have come, in any order. When the
    /// `idle` is lost, the execution counts as done 5 s after the reply.
    ///
    /// Code that raises is a success of this method; see [`Execution::status`].
    ///
    /// # Errors
    /// [`Stage::Timeout`] with phase `execute`: the code runs on, and [`KernelConnection::resume`] waits on.
    /// Else as [`KernelConnection::ready`].
    pub async fn execute(&mut self, code: &str, deadline: Duration) -> Result<Execution, Error> {
        self.execute_request(code, true, deadline).await
    }

    /// The same, but the kernel does not abort what is asked of it right after code that raises: for code that may.
    ///
    /// # Errors
    /// As [`KernelConnection::execute`].
    pub async fn execute_and_go_on(
        &mut self,
        code: &str,
        deadline: Duration,
    ) -> Result<Execution, Error> {
        self.execute_request(code, false, deadline).await
    }

    async fn execute_request(
        &mut self,
        code: &str,
        stop_on_error: bool,
        deadline: Duration,
    ) -> Result<Execution, Error> {
        let trail = self.begin("execute");
        let until = trail.started + deadline;
        let request = Request::execute(&self.session, code, stop_on_error);
        self.pending = Some(Pending::new(request.header.msg_id.clone()));
        self.send(&request, until)
            .await
            .map_err(|stage| trail.fail(stage.unwrap_or_timeout("execute", deadline)))?;
        self.finish(&trail, until, deadline).await
    }

    /// Waits on for the execution whose deadline came first, after an interrupt for example. What was collected is
    /// kept.
    ///
    /// # Errors
    /// [`Stage::Setup`] if there is none; else as [`KernelConnection::execute`].
    pub async fn resume(&mut self, deadline: Duration) -> Result<Execution, Error> {
        let trail = self.begin("wait for execution");
        let until = trail.started + deadline;
        self.finish(&trail, until, deadline).await
    }

    async fn finish(
        &mut self,
        trail: &Trail,
        until: Instant,
        deadline: Duration,
    ) -> Result<Execution, Error> {
        loop {
            let Some(pending) = &mut self.pending else {
                let message = "no execution is under way on this connection".to_owned();
                return Err(trail.fail(Stage::Setup { message }));
            };
            if pending.is_done(Instant::now()) {
                // Just seen to be there.
                if let Some(execution) = self.pending.take().and_then(Pending::into_execution) {
                    return Ok(execution);
                }
                continue;
            }
            let wake = pending.grace_ends().map_or(until, |grace| grace.min(until));
            match self.next(wake).await.map_err(|stage| trail.fail(stage))? {
                Some(message) => {
                    if let Some(pending) = &mut self.pending {
                        pending.take(&message);
                    }
                }
                None if wake >= until => {
                    return Err(trail.fail(Stage::Timeout {
                        phase: "execute",
                        after: deadline,
                    }));
                }
                None => {}
            }
        }
    }

    /// Spends a pause with the connection kept alive: pings are answered, messages are dropped.
    ///
    /// # Errors
    /// [`Stage::KernelDied`], [`Stage::Closed`], [`Stage::Body`].
    pub async fn rest(&mut self, pause: Duration) -> Result<(), Error> {
        let trail = self.begin("keep connection");
        let until = trail.started + pause;
        while self
            .next(until)
            .await
            .map_err(|stage| trail.fail(stage))?
            .is_some()
        {}
        Ok(())
    }

    /// Whether the kernel still answers on this very connection, whatever its model says: it is asked who it is. A server that
    /// was stopped has closed the connection; one that was only forgotten by its hub goes on answering, since proxies do not cut
    /// what is open when they lose a route.
    pub async fn still_answers(&mut self, deadline: Duration) -> bool {
        let until = Instant::now() + deadline;
        let request = Request::kernel_info(&self.session);
        if self.send(&request, until).await.is_err() {
            return false;
        }
        let answered = async {
            loop {
                match self.socket.next().await {
                    Ok(Came::Message(message))
                        if message.parent.as_ref() == Some(&request.header.msg_id) =>
                    {
                        return true;
                    }
                    Ok(_) => {}
                    Err(_) => return false,
                }
            }
        };
        timeout_at(until, answered).await.unwrap_or(false)
    }

    /// Answers pings, drops messages, asks nothing; never returns. To be dropped when something else is done.
    pub async fn keep_alive(&mut self) {
        while self.socket.next().await.is_ok() {}
        std::future::pending().await
    }

    /// Says goodbye, for 2 s at most, and closes.
    pub async fn close(self) {
        self.socket.close().await;
    }

    fn begin(&self, operation: &'static str) -> Trail {
        self.trail.again(operation)
    }

    async fn send(&mut self, request: &Request, until: Instant) -> Result<(), Halt> {
        match timeout_at(until, self.socket.send(request)).await {
            Ok(sent) => sent.map_err(Halt::Stage),
            Err(_) => Err(Halt::Deadline),
        }
    }

    /// The next message; `None` when the instant comes first. A message about the kernel's death is an error.
    async fn next(&mut self, until: Instant) -> Result<Option<Message>, Stage> {
        loop {
            // A kernel that never stops talking must not outrun the deadline.
            if Instant::now() >= until {
                return Ok(None);
            }
            let came = tokio::select! {
                biased;
                came = self.socket.next() => came?,
                state = self.watch.died() => return Err(Stage::KernelDied { state }),
                () = tokio::time::sleep_until(until) => return Ok(None),
            };
            let Came::Message(message) = came else {
                continue;
            };
            if message.parent.is_none() && message.header.msg_type == "status" {
                let state = state(&message);
                if matches!(state.as_str(), "restarting" | "autorestarting" | "dead") {
                    return Err(Stage::KernelDied { state });
                }
            }
            // A kernel that is told to go says so to all (Jupyter's messaging,
            // "Kernel shutdown"); who restarts it by hand is told of it in no
            // other way.
            if message.channel == "iopub" && message.header.msg_type == "shutdown_reply" {
                return Err(Stage::KernelDied {
                    state: "somebody shut it down or restarted it".to_owned(),
                });
            }
            return Ok(Some(*message));
        }
    }
}

/// Why a request could not be sent.
enum Halt {
    Deadline,
    Stage(Stage),
}

impl Halt {
    fn unwrap_or_timeout(self, phase: &'static str, after: Duration) -> Stage {
        match self {
            Halt::Deadline => Stage::Timeout { phase, after },
            Halt::Stage(stage) => stage,
        }
    }
}

/// The state that a `status` message tells; empty if it is not readable.
fn state(message: &Message) -> String {
    serde_json::from_slice::<Status>(&message.content)
        .map(|status| status.execution_state)
        .unwrap_or_default()
}
