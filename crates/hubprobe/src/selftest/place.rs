//! Where a check is told to go, and what has to stand there as long as it runs.

use std::path::{Path, PathBuf};

use jupyterhub_sandbox::{Fault, Front, OwnFront, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::case::At;
use super::trouble::Trouble;

/// A URL, and what stands there.
#[derive(Debug)]
pub(super) struct Place {
    /// The URL.
    pub(super) url: String,
    /// For `--ca-file`.
    pub(super) ca_file: Option<PathBuf>,
    front: Option<Front>,
    /// Listens and says nothing.
    _silent: Option<TcpListener>,
    stranger: Option<JoinHandle<()>>,
}

/// What a web server says that knows nothing of hubs.
const PAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: 45\r\nConnection: close\r\n\r\n\
      <html><body>Welcome to nginx!</body></html>\r\n";

impl Place {
    /// Sets it up. `sandbox` is there where the place needs one.
    pub(super) async fn open(
        at: At,
        sandbox: Option<&Sandbox>,
        program: &Path,
    ) -> Result<Self, Trouble> {
        let plain = |url: String| Self {
            url,
            ca_file: None,
            front: None,
            _silent: None,
            stranger: None,
        };
        let needed = || sandbox.ok_or_else(|| Trouble::Local("no sandbox".to_owned()));
        Ok(match at {
            At::Hub => plain(needed()?.url().to_owned()),
            At::Path(path) => {
                let sandbox = needed()?;
                let mut url: url::Url = sandbox
                    .url()
                    .parse()
                    .map_err(|error| Trouble::Local(format!("{}: {error}", sandbox.url())))?;
                url.set_path(path);
                plain(url.into())
            }
            At::Front { fault, trusted } => {
                let fault: Fault = fault.parse()?;
                // Those that nginx cannot serve are served by the hubprobe that is tested.
                let own = OwnFront(vec![program.into(), "sandbox".into(), "front".into()]);
                let front = needed()?.front(&fault, &own).await?;
                Self {
                    ca_file: front.ca_file().filter(|_| trusted).map(Path::to_owned),
                    ..plain(front.url().to_owned())
                }
                .behind(front)
            }
            At::Url(url) => plain(url.to_owned()),
            At::Closed => {
                let (_, url) = listener().await?;
                plain(url)
            }
            At::Silent => {
                let (listener, url) = listener().await?;
                Self {
                    _silent: Some(listener),
                    ..plain(url)
                }
            }
            At::Stranger => {
                let (listener, url) = listener().await?;
                Self {
                    stranger: Some(tokio::spawn(answer_all(listener))),
                    ..plain(url)
                }
            }
        })
    }

    fn behind(mut self, front: Front) -> Self {
        self.front = Some(front);
        self
    }

    /// Takes down what was set up.
    ///
    /// # Errors
    /// A front that does not end.
    pub(super) async fn close(self) -> Result<(), Trouble> {
        if let Some(stranger) = self.stranger {
            stranger.abort();
        }
        if let Some(front) = self.front {
            front.down().await?;
        }
        Ok(())
    }
}

async fn listener() -> Result<(TcpListener, String), Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    Ok((listener, url))
}

async fn answer_all(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok() {
                drop(stream.write_all(PAGE).await);
                drop(stream.shutdown().await);
            }
        });
    }
}
