//! Starts the hub and the proxy as processes of their own, and waits until they answer.
//!
//! Tokens go through the environment of the processes, never through their arguments, which everybody on a machine can read.

use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::listening::listens;
use crate::process::{FRONT_MARKER, Identity, MARKER};
use crate::run::command;
use crate::state::{Ports, State};
use crate::{Error, config, end, files};

/// How long the hub may take to answer.
const HUB_PATIENCE: Duration = Duration::from_secs(60);
/// How long the proxy may take to listen.
const PROXY_PATIENCE: Duration = Duration::from_secs(20);
/// How long a front may take to listen.
const FRONT_PATIENCE: Duration = Duration::from_secs(15);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(50);
/// How many lines of a log an error quotes.
const QUOTED: usize = 15;
/// In how many lines of the proxy's log is looked for a port that it did not get: it says so among the first.
const LOOKED_THROUGH: usize = 40;

/// The fault that wants a small disk for the database, and the script that mounts one for the hub alone, which it then becomes.
const SMALL_DISK: (&str, &str) = (
    "db_full",
    "mkdir -p database && mount -t tmpfs -o size=4m,mode=0700 tmpfs database && exec \"$@\"",
);

/// What logs say where a port is taken: Node.js, Python.
const TAKEN: [&str; 2] = ["EADDRINUSE", "Address already in use"];

/// How variables begin that tell of other hubs, servers, Pythons and jobs: hubprobe itself may run in a job of a Slurm.
const FOREIGN: [&str; 14] = [
    "HUBPROBE_",
    "JUPYTER",
    "JPY_",
    "CONFIGPROXY_",
    "PYTHON",
    "SLURM",
    "SBATCH_",
    "SQUEUE_",
    "SCANCEL_",
    "SINFO_",
    "SCONTROL_",
    "SACCTMGR_",
    "MUNGE_",
    "MYSQL_",
];

/// The hub's log in a sandbox's directory.
pub(crate) fn hub_log(directory: &Path) -> PathBuf {
    directory.join("logs/hub.log")
}

/// The proxy's log in a sandbox's directory.
pub(crate) fn proxy_log(directory: &Path) -> PathBuf {
    directory.join("logs/proxy.log")
}

/// Ports that are free now; taken together, so that they differ.
pub(crate) fn free<const N: usize>() -> Result<[u16; N], Error> {
    let none = |source| Error::File {
        action: "listen on",
        path: "127.0.0.1".into(),
        source,
        advice: "see whether the loopback interface is up".to_owned(),
    };
    let mut held = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = quiet().map_or_else(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)), Ok);
        let listener = listener.map_err(none)?;
        *port = listener.local_addr().map_err(none)?.port();
        held.push(listener);
    }
    Ok(ports)
}

/// The lowest port that is tried.
const LOWEST: u16 = 12_000;

/// So many are tried.
const PICKS: usize = 50;

/// A port below those that the system gives to whoever asks for any. Every connection takes one of these, so what is free
/// there now may be taken when a hub comes to listen on it.
fn quiet() -> Option<TcpListener> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let begin: u16 = range.split_whitespace().next()?.parse().ok()?;
    let room = begin.checked_sub(LOWEST).filter(|room| *room > 1_000)?;
    // The seed of a hasher is random.
    let pick = || RandomState::new().build_hasher().finish() % u64::from(room);
    let ports = (0..PICKS).filter_map(|_| u16::try_from(pick()).ok());
    ports
        .filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, LOWEST + port)).ok())
        .next()
}

/// Three of them, for hub and proxy.
pub(crate) fn free_ports() -> Result<Ports, Error> {
    let [public, api, hub] = free()?;
    Ok(Ports { public, api, hub })
}

/// Starts the proxy, with the token in this file, and waits until it listens.
pub(crate) async fn proxy(directory: &Path, state: &State, token: &str) -> Result<Identity, Error> {
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
    let earlier = std::fs::metadata(&log).map_or(0, |log| log.len());
    let identity = launch(
        directory,
        state,
        &log,
        &arguments,
        &secrets(directory, token)?,
    )
    .await?;
    let waited = Waited {
        what: "the proxy",
        log: &log,
        identity,
        patience: PROXY_PATIENCE,
    };
    if let Err(error) = waited.until_listening(ports.api).await {
        // Where somebody else has the port of its API it lives on as well.
        if !files::since(&log, earlier).contains(TAKEN[0]) {
            return Err(error);
        }
        end::kill(identity).await;
        return Err(waited.exited(ports.api));
    }
    // It lives on where somebody else has its public port, and only its log says so; once it has answered, it has tried both.
    is_well(ports.api, "/").await;
    if files::since(&log, earlier).contains(TAKEN[0]) {
        end::kill(identity).await;
        return Err(waited.exited(ports.public));
    }
    Ok(identity)
}

/// Whether the proxy has its public port. Where somebody else was faster, configurable-http-proxy says so in its log and lives on
/// without it, and a hub that answers there is not ours. To be asked when the hub has answered: by then it is said.
pub(crate) fn proxy_has_its_port(directory: &Path, ports: Ports) -> Result<(), Error> {
    let tail = files::last_lines(&proxy_log(directory), LOOKED_THROUGH);
    let end = format!("127.0.0.1:{}", ports.public);
    let taken = tail
        .lines()
        .any(|line| line.contains("EADDRINUSE") && line.trim_end().ends_with(&end));
    if taken {
        return Err(Error::PortTaken {
            what: "the proxy",
            port: ports.public,
            tail,
        });
    }
    Ok(())
}

/// Starts the hub, without waiting.
pub(crate) async fn hub(directory: &Path, state: &State) -> Result<Identity, Error> {
    config::write_settings(directory, state)?;
    let mut arguments = Vec::new();
    if state.standing.iter().any(|fault| fault == SMALL_DISK.0) {
        let namespace = if rustix::process::geteuid().is_root() {
            "-m"
        } else {
            "-rm"
        };
        let wrapper = ["unshare", namespace, "sh", "-c", SMALL_DISK.1, "sh"];
        arguments.extend(wrapper.map(str::to_owned));
    }
    arguments.push(state.python.display().to_string());
    arguments.extend(["-m", "jupyterhub", "-f", config::CONFIG].map(str::to_owned));
    let log = hub_log(directory);
    let secrets = secrets(directory, config::PROXY_TOKEN)?;
    launch(directory, state, &log, &arguments, &secrets).await
}

/// Starts a front and waits until it listens on these ports. What does not come up is ended.
pub(crate) async fn front(
    directory: &Path,
    state: &State,
    log: &Path,
    arguments: &[OsString],
    ports: &[u16],
) -> Result<Identity, Error> {
    let environment = [(FRONT_MARKER, "1".to_owned())];
    let identity = launch(directory, state, log, arguments, &environment).await?;
    let waited = Waited {
        what: "the front",
        log,
        identity,
        patience: FRONT_PATIENCE,
    };
    for port in ports {
        if let Err(error) = waited.until_listening(*port).await {
            end::kill(identity).await;
            return Err(error);
        }
    }
    Ok(identity)
}

/// What hub and proxy must know, and nobody else.
fn secrets(directory: &Path, token: &str) -> Result<[(&'static str, String); 2], Error> {
    let secret = |name: &str| {
        let path = directory.join(name);
        std::fs::read_to_string(&path).map_err(|source| files::error("read", &path, source))
    };
    Ok([
        ("CONFIGPROXY_AUTH_TOKEN", secret(token)?),
        ("JUPYTERHUB_CRYPT_KEY", secret(config::CRYPT_KEY)?),
    ])
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

/// What is set around us for other hubs, servers and schedulers must not reach those of the sandbox.
pub(crate) fn forget_others(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let is_foreign = |name: &str| FOREIGN.iter().any(|prefix| name.starts_with(prefix));
        if name.to_str().is_some_and(is_foreign) {
            command.env_remove(name);
        }
    }
}

/// Starts a program of the sandbox, with its marker, in a session of its own.
pub(crate) async fn launch(
    directory: &Path,
    state: &State,
    log: &Path,
    arguments: &[impl AsRef<OsStr>],
    environment: &[(&str, String)],
) -> Result<Identity, Error> {
    let mut launcher = command(&state.python);
    forget_others(&mut launcher);
    if let Some(bin) = state.python.parent() {
        let old = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(bin.to_owned()).chain(std::env::split_paths(&old));
        if let Ok(path) = std::env::join_paths(path) {
            launcher.env("PATH", path);
        }
    }
    launcher
        .envs(environment.iter().map(|(name, value)| (name, value)))
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
        // Somebody else may be listening there, for whom ours will have to give way: another sandbox, which answers just so.
        while !listens(self.identity, port) {
            self.look(begun, port, "/").await?;
        }
        Ok(())
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
        let taken = TAKEN.iter().any(|words| tail.contains(words));
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
        let mut ports = free::<6>().unwrap().to_vec();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 6);
    }

    /// As configurable-http-proxy 5.3.0 says it, and lives on.
    #[test]
    fn a_proxy_without_its_port_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("logs")).unwrap();
        let words = "2026-11-25T14:45:52.609Z [ConfigProxy] info: Proxy API at http://39999:127.0.0.1/api/routes\n\
                     2026-11-25T14:45:52.613Z [ConfigProxy] error: Error: listen EADDRINUSE: address already in use 127.0.0.1:43193\n    \
                         at Server.setupListenHandle [as _listen2] (node:net:1908:16)\n";
        std::fs::write(proxy_log(directory.path()), words).unwrap();
        let mut ports = Ports {
            public: 43193,
            api: 39999,
            hub: 39998,
        };
        let error = proxy_has_its_port(directory.path(), ports).unwrap_err();
        assert!(
            matches!(error, Error::PortTaken { port: 43193, .. }),
            "{error}"
        );
        // That was another try.
        ports.public = 43194;
        proxy_has_its_port(directory.path(), ports).unwrap();
    }

    #[test]
    fn ports_are_none_that_a_connection_may_take() {
        let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
        let begin: u16 = range.split_whitespace().next().unwrap().parse().unwrap();
        if begin > LOWEST + 1_000 {
            let ports = free::<6>().unwrap();
            let different: std::collections::BTreeSet<u16> = ports.into();
            assert_eq!(different.len(), 6);
            assert!(
                different.iter().all(|port| (LOWEST..begin).contains(port)),
                "{ports:?}"
            );
        }
    }

    #[tokio::test]
    async fn nothing_listening_is_not_well() {
        let port = free_ports().unwrap().hub;
        assert!(!is_well(port, "/hub/health").await);
    }
}
