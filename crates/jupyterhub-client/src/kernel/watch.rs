//! Watching a kernel's model beside its websocket: a kernel that is gone cannot say so itself.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::error::Error;
use crate::model::Kernel;
use crate::server::JupyterServer;

/// How often the model is read.
const EVERY: Duration = Duration::from_secs(3);

type Reading = Pin<Box<dyn Future<Output = Result<Kernel, Error>> + Send>>;

pub(super) struct Watch {
    server: JupyterServer,
    kernel_id: String,
    at: Instant,
    reading: Option<Reading>,
}

impl Watch {
    pub(super) fn new(server: JupyterServer, kernel_id: String) -> Watch {
        Watch {
            server,
            kernel_id,
            at: Instant::now() + EVERY,
            reading: None,
        }
    }

    /// Returns when the kernel is dead or gone, with the word for it. May be dropped at any time: the next call
    /// goes on where it was.
    pub(super) async fn died(&mut self) -> String {
        loop {
            let reading = match &mut self.reading {
                Some(reading) => reading,
                None => {
                    sleep_until(self.at).await;
                    let (server, id) = (self.server.clone(), self.kernel_id.clone());
                    self.reading
                        .insert(Box::pin(async move { server.kernel(&id).await }))
                }
            };
            let read = reading.await;
            self.reading = None;
            self.at = Instant::now() + EVERY;
            match read {
                Ok(kernel) if kernel.execution_state == "dead" => {
                    return match kernel.reason.filter(|reason| !reason.is_empty()) {
                        Some(reason) => format!("dead: {reason}"),
                        None => "dead".to_owned(),
                    };
                }
                Err(error) if error.status() == Some(404) => return "gone".to_owned(),
                // Other failures say nothing about the kernel; the websocket and the deadline do.
                _ => {}
            }
        }
    }
}
