//! The progress stream, read by a task of its own, so that the model can be
//! polled beside it: streams get buffered, cut, and end early while the spawn
//! goes on.

use jupyterhub_client::{Hub, ProgressEvent};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What comes from the stream.
#[derive(Debug)]
pub(super) enum News {
    /// An event.
    Event(Box<ProgressEvent>),
    /// The stream ended without a last word, or could not be opened.
    Ended,
}

/// A stream that is being read; dropping it ends the reading.
#[derive(Debug)]
pub(super) struct Stream {
    news: mpsc::Receiver<News>,
    _task: JoinSet<()>,
}

impl Stream {
    /// Opens the stream of a user's server. The stream is sticky: it must not
    /// be opened before the hub shows the new spawn, or it tells of the last
    /// one.
    pub(super) fn open(hub: &Hub, user: &str, server: &str) -> Self {
        let (to, news) = mpsc::channel(64);
        let (hub, user, server) = (hub.clone(), user.to_owned(), server.to_owned());
        let mut task = JoinSet::new();
        task.spawn(async move {
            if let Ok(mut stream) = hub.progress(&user, &server).await {
                while let Ok(Some(event)) = stream.next().await {
                    let last = event.ready || event.failed;
                    if to.send(News::Event(Box::new(event))).await.is_err() || last {
                        return;
                    }
                }
            }
            drop(to.send(News::Ended).await);
        });
        Self { news, _task: task }
    }

    /// The next piece of news; waits for ever once all has been said.
    pub(super) async fn next(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }
}

/// The text of the last failure, which the stream goes on to show until the
/// next spawn begins.
pub(super) async fn last_failure(hub: &Hub, user: &str, server: &str) -> Option<String> {
    let reading = async {
        let mut stream = hub.progress(user, server).await.ok()?;
        while let Ok(Some(event)) = stream.next().await {
            if event.failed {
                return Some(event.message);
            }
            if event.ready {
                return None;
            }
        }
        None
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), reading)
        .await
        .ok()
        .flatten()
}
