//! What can be done to a sandbox while it runs: a locked database, a proxy that no longer listens to its hub, a route that is
//! gone, a hub that starts again. Each is a real one of these; what stands from the start on is a fault (fault.rs).

use std::net::Ipv4Addr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;

use crate::process::MARKER;
use crate::run::command;
use crate::{Error, Sandbox, config, files, launch};

/// Locks, says so, and waits. Ends with its standard input as well, which is closed when whoever asked for the lock is gone.
const LOCK: &str = "\
import select, sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
database.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
select.select([sys.stdin], [], [], float(sys.argv[2]))
database.execute('ROLLBACK')
";

/// A lock on the hub's database, held by a process of its own. Dropped, it is let go at once.
#[derive(Debug)]
pub struct DatabaseLock {
    process: Child,
}

impl DatabaseLock {
    /// Waits until its time is over.
    pub async fn ended(mut self) {
        // What is piped is closed before waiting otherwise, and with it the lock would end.
        let _open = self.process.stdin.take();
        // A process that is gone holds no lock, however it went.
        let _ = self.process.wait().await;
    }
}

impl Sandbox {
    /// Locks the hub's database so that the hub can neither read nor write, for so long. Returns when it is locked.
    ///
    /// # Errors
    /// [`Error::Run`] when Python does not run, [`Error::Exited`] when it cannot lock within 30 s.
    pub async fn lock_database(&self, how_long: Duration) -> Result<DatabaseLock, Error> {
        let state = self.now();
        let failed = |source| Error::Run {
            program: state.python.clone(),
            source,
        };
        let mut process = command(&state.python)
            .args(["-I", "-c", LOCK])
            .arg(self.dir().join("jupyterhub.sqlite"))
            .arg(how_long.as_secs_f64().to_string())
            .env(MARKER, &state.id)
            .stdin(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut said = String::new();
        if let Some(output) = process.stdout.take() {
            let mut output = BufReader::new(output);
            output.read_line(&mut said).await.map_err(failed)?;
        }
        if said.trim() == "locked" {
            return Ok(DatabaseLock { process });
        }
        let mut tail = String::new();
        if let Some(mut errors) = process.stderr.take() {
            errors.read_to_string(&mut tail).await.map_err(failed)?;
        }
        Err(Error::Exited {
            what: "the lock on the database",
            log: self.hub_log(),
            tail,
        })
    }

    /// Starts the proxy again with another token than the hub's: people are served, but the hub's own requests to it are refused.
    /// The routes of servers are lost.
    ///
    /// # Errors
    /// As those of [`stop_proxy`](Self::stop_proxy) and [`start_proxy`](Self::start_proxy).
    pub async fn break_proxy_token(&self) -> Result<(), Error> {
        self.stop_proxy().await?;
        let other = config::OTHER_PROXY_TOKEN;
        files::write_private(&self.dir().join(other), &config::secret())?;
        let proxy = launch::proxy(self.dir(), &self.now(), other).await?;
        self.note(|state| state.proxy = Some(proxy)).await
    }

    /// Starts the proxy again with the hub's token. Routes come back as [`start_proxy`](Self::start_proxy) says.
    ///
    /// # Errors
    /// As those of [`stop_proxy`](Self::stop_proxy) and [`start_proxy`](Self::start_proxy).
    pub async fn mend_proxy_token(&self) -> Result<(), Error> {
        self.stop_proxy().await?;
        self.start_proxy().await
    }

    /// Takes the route of a user's server out of the proxy's table, behind the hub's back; whether it was there. An empty server
    /// name means the default server. Names that need escaping in a URL are not for this.
    ///
    /// # Errors
    /// [`Error::File`] when the proxy's token cannot be read, [`Error::Proxy`] when the proxy does not answer as it should.
    pub async fn drop_route(&self, user: &str, server: &str) -> Result<bool, Error> {
        let state = self.now();
        let path = self.dir().join(config::PROXY_TOKEN);
        let token =
            std::fs::read_to_string(&path).map_err(|source| files::error("read", &path, source))?;
        let route = format!("{}user/{user}/{server}", state.base_url);
        let route = route.trim_end_matches('/');
        let request = format!(
            "DELETE /api/routes{route} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token {}\r\nConnection: close\r\n\r\n",
            token.trim()
        );
        let ask = async {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, state.ports.api)).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
        };
        let answer = tokio::time::timeout(Duration::from_secs(10), ask).await;
        let reason = match answer {
            Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 204") => return Ok(true),
            Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 404") => return Ok(false),
            Ok(Ok(answer)) => answer.lines().next().unwrap_or_default().to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer within 10 s".to_owned(),
        };
        Err(Error::Proxy {
            reason,
            log: self.proxy_log(),
        })
    }

    /// Stops the hub, politely or by SIGKILL, and starts it again, as [`stop_hub`](Self::stop_hub) and
    /// [`start_hub`](Self::start_hub) do.
    ///
    /// # Errors
    /// As those of both.
    pub async fn restart_hub(&self, kill: bool) -> Result<(), Error> {
        self.stop_hub(kill).await?;
        self.start_hub().await
    }
}
