//! Starts the hub and the proxy as processes of their own, and waits until they answer.
//!
//! Tokens go through the environment of the processes, never through their arguments, which everybody on a machine can read.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::{Identity, MARKER};
use crate::run::command;
use crate::state::{Ports, State};
use crate::{Error, config, files};

/// How long the hub may take to answer.
const HUB_PATIENCE: Duration = Duration::from_secs(60);
/// How long the proxy may take to listen.
const PROXY_PATIENCE: Duration = Duration::from_secs(20);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(50);
/// How many lines of a log an error quotes.
const QUOTED: usize = 15;

/// The hub's log in a sandbox's directory.
pub(crate) fn hub_log(directory: &Path) -> PathBuf {
    directory.join("logs/hub.log")
}

/// The proxy's log in a sandbox's directory.
pub(crate) fn proxy_log(directory: &Path) -> PathBuf {
    directory.join("logs/proxy.log")
}

/// Three ports that are free now; taken together, so that they differ.
pub(crate) fn free_ports() -> Result<Ports, Error> {
    let none = |source| Error::File {
        action: "listen on",
        path: "127.0.0.1".into(),
        source,
        advice: "see whether the loopback interface is up".to_owned(),
    };
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(none);
    let port = |listener: &TcpListener| {
        listener
            .local_addr()
            .map(|address| address.port())
            .map_err(none)
    };
    let listeners = (listen()?, listen()?, listen()?);
    Ok(Ports {
        public: port(&listeners.0)?,
        api: port(&listeners.1)?,
        hub: port(&listeners.2)?,
    })
}

/// Starts the proxy and waits until it listens.
pub(crate) async fn proxy(directory: &Path, state: &State) -> Result<Identity, Error> {
    let ports = state.ports;
    let hub = format!("http://127.0.0.1:{}", ports.hub);
    let arguments = [
        state.node.display().to_string(),
        state.proxy_script.display().to_string(),
        "--ip=127.0.0.1".to_owned(),
        format!("--port={}", ports.public),
        "--api-ip=127.0.0.1".to_owned(),
        format!("--api-port={}", ports.api),
        format!("--default-target={hub}"),
        format!("--error-target={hub}{}hub/error", state.base_url),
    ];
    let log = proxy_log(directory);
    let identity = launch(directory, state, &log, &arguments).await?;
    let waited = Waited {
        what: "the proxy",
        log: &log,
        identity,
        patience: PROXY_PATIENCE,
    };
    waited.until_listening(ports.api).await?;
    Ok(identity)
}

/// Starts the hub, without waiting.
pub(crate) async fn hub(directory: &Path, state: &State) -> Result<Identity, Error> {
    config::write_settings(directory, state)?;
    let arguments = [
        state.python.display().to_string(),
        "-m".to_owned(),
        "jupyterhub".to_owned(),
        "-f".to_owned(),
        config::CONFIG.to_owned(),
    ];
    launch(directory, state, &hub_log(directory), &arguments).await
}

/// Waits until the hub says that it is well, asked on this port: the proxy's or its own.
pub(crate) async fn hub_answers(
    directory: &Path,
    state: &State,
    hub: Identity,
    port: u16,
) -> Result<(), Error> {
    let log = hub_log(directory);
    let waited = Waited {
        what: "the hub",
        log: &log,
        identity: hub,
        patience: HUB_PATIENCE,
    };
    // First on its own port, or the proxy's log would fill with errors of our making.
    waited.until_listening(state.ports.hub).await?;
    waited
        .until_well(port, &format!("{}hub/health", state.base_url))
        .await
}

async fn launch(
    directory: &Path,
    state: &State,
    log: &Path,
    arguments: &[String],
) -> Result<Identity, Error> {
    let mut launcher = command(&state.python);
    // What is set around us for other hubs and servers must not reach this one.
    for (name, _) in std::env::vars_os() {
        let foreign = ["HUBPROBE_", "JUPYTER", "JPY_", "CONFIGPROXY_", "PYTHON"];
        if name
            .to_str()
            .is_some_and(|name| foreign.iter().any(|prefix| name.starts_with(prefix)))
        {
            launcher.env_remove(name);
        }
    }
    let secret = |name: &str| {
        let path = directory.join(name);
        std::fs::read_to_string(&path).map_err(|source| files::error("read", &path, source))
    };
    if let Some(bin) = state.python.parent() {
        let old = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(bin.to_owned()).chain(std::env::split_paths(&old));
        if let Ok(path) = std::env::join_paths(path) {
            launcher.env("PATH", path);
        }
    }
    launcher
        .env("CONFIGPROXY_AUTH_TOKEN", secret(config::PROXY_TOKEN)?)
        .env("JUPYTERHUB_CRYPT_KEY", secret(config::CRYPT_KEY)?)
        .env("PYTHONNOUSERSITE", "1")
        .env("PYTHONUNBUFFERED", "1")
        .env(MARKER, &state.id)
        // Not when it is dropped half-way: it would leave a process that nobody has noted.
        .kill_on_drop(false)
        .args(["-I", "-S"])
        .arg(directory.join(config::LAUNCHER))
        .arg(log)
        .arg(directory)
        .args(arguments);
    let failed = |source| Error::Run {
        program: state.python.clone(),
        source,
    };
    let output = launcher.output().await.map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let exited = |tail: String| Error::Exited {
        what: "the launcher",
        log: log.to_owned(),
        tail,
    };
    let pid: u32 = said
        .trim()
        .parse()
        .map_err(|_| exited(String::from_utf8_lossy(&output.stderr).trim().to_owned()))?;
    Identity::of(pid).ok_or_else(|| exited(files::last_lines(log, QUOTED)))
}

/// Something that was started, and is waited for.
struct Waited<'a> {
    what: &'static str,
    log: &'a Path,
    identity: Identity,
    patience: Duration,
}

impl Waited<'_> {
    async fn until_listening(&self, port: u16) -> Result<(), Error> {
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_err()
        {
            self.look(begun, port, "/").await?;
        }
        // Somebody else may be listening there, for whom ours had to give way.
        if self.identity.is_alive() {
            Ok(())
        } else {
            Err(self.exited(port))
        }
    }

    async fn until_well(&self, port: u16, path: &str) -> Result<(), Error> {
        let begun = Instant::now();
        while !is_well(port, path).await {
            self.look(begun, port, path).await?;
        }
        if self.identity.is_alive() {
            Ok(())
        } else {
            Err(self.exited(port))
        }
    }

    /// One more try, unless there is no point.
    async fn look(&self, begun: Instant, port: u16, path: &str) -> Result<(), Error> {
        if !self.identity.is_alive() {
            return Err(self.exited(port));
        }
        if begun.elapsed() > self.patience {
            return Err(Error::NotUp {
                what: self.what,
                url: format!("http://127.0.0.1:{port}{path}"),
                seconds: self.patience.as_secs(),
                log: self.log.to_owned(),
                tail: files::last_lines(self.log, QUOTED),
            });
        }
        tokio::time::sleep(LOOK).await;
        Ok(())
    }

    fn exited(&self, port: u16) -> Error {
        let tail = files::last_lines(self.log, QUOTED);
        let (what, log) = (self.what, self.log.to_owned());
        let taken = ["EADDRINUSE", "Address already in use"]
            .iter()
            .any(|words| tail.contains(words));
        if taken {
            Error::PortTaken { what, port, tail }
        } else {
            Error::Exited { what, log, tail }
        }
    }
}

/// Whether `GET path` answers 200 within two seconds.
async fn is_well(port: u16, path: &str) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(64).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer.starts_with(b"HTTP/1.1 200 "))
    };
    matches!(
        tokio::time::timeout(Duration::from_secs(2), ask).await,
        Ok(Ok(true))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ() {
        let ports = free_ports().unwrap();
        assert!(ports.public != ports.api && ports.api != ports.hub && ports.public != ports.hub);
    }

    #[tokio::test]
    async fn nothing_listening_is_not_well() {
        let port = free_ports().unwrap().hub;
        assert!(!is_well(port, "/hub/health").await);
    }
}
