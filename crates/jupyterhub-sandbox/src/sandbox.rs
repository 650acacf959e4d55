//! A sandbox as its user holds it: names, addresses, logs, and the deeds: up, status, down, and the stopping and starting of its
//! parts for tests of faults. Holds no process; what may change is read from disk each time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::process::{Identity, members};
use crate::run::Tell;
use crate::state::State;
use crate::{Down, Error, Places, Process, Spec, Status, config, end, files, launch, spec, up};

/// How long `down` waits before it kills.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long a hub may take to stop its servers and itself.
const HUB_PATIENCE: Duration = Duration::from_secs(30);

/// A local JupyterHub with its proxy.
#[derive(Debug)]
pub struct Sandbox {
    directory: PathBuf,
    url: String,
    admin_token: PathBuf,
    /// As it was when the sandbox was found; names and ports stay, processes may have changed since.
    found: State,
    /// Two tasks of one process must not write the state at once.
    writing: Mutex<()>,
}

impl Sandbox {
    pub(crate) fn new(directory: PathBuf, found: State) -> Self {
        let (url, admin_token) = (Self::url_of(&found), directory.join(config::ADMIN_TOKEN));
        Self {
            directory,
            url,
            admin_token,
            found,
            writing: Mutex::new(()),
        }
    }

    pub(crate) fn url_of(state: &State) -> String {
        format!("http://127.0.0.1:{}{}", state.ports.public, state.base_url)
    }

    /// Installs what is missing, starts proxy and hub, and returns when the hub answers through the proxy.
    ///
    /// Cancel safe: what was started until then belongs to a sandbox that [`find`](Self::find) finds and
    /// [`sweep`](crate::sweep) ends.
    ///
    /// # Errors
    /// Nearly all of [`Error`]; nothing is left running then, and the logs stay where the error says.
    pub async fn up(places: &Places, spec: &Spec, progress: Tell<'_>) -> Result<Self, Error> {
        up::up(places, spec, progress).await
    }

    /// The sandbox of this name, running or not; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::BadName`], and [`Error::File`] or [`Error::State`] when its state cannot be read.
    pub fn find(places: &Places, name: &str) -> Result<Option<Self>, Error> {
        spec::check_name(name)?;
        let directory = places.state.join(name);
        Ok(State::load(&directory)?.map(|state| Self::new(directory, state)))
    }

    /// All sandboxes, by name.
    ///
    /// # Errors
    /// [`Error::File`] or [`Error::State`] when the state directory, or the state of one, cannot be read.
    pub fn all(places: &Places) -> Result<Vec<Self>, Error> {
        let entries = match std::fs::read_dir(&places.state) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(files::error("read", &places.state, source)),
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.retain(|name| spec::check_name(name).is_ok());
        names.sort();
        names
            .iter()
            .filter_map(|name| Self::find(places, name).transpose())
            .collect()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.found.name
    }

    /// Where the hub answers, such as `http://127.0.0.1:35001/`; ends with its base URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The version of its JupyterHub.
    #[must_use]
    pub fn hub_version(&self) -> &str {
        &self.found.hub_version
    }

    /// Its directory: configuration, database, homes (`homes/USER`) and logs.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.directory
    }

    /// A file of mode 0600 with the token of a service that has the role `admin`.
    #[must_use]
    pub fn admin_token_file(&self) -> &Path {
        &self.admin_token
    }

    /// A file of mode 0600 with the token of the service `prober-service`, which may start and use servers for the user `servuser`,
    /// whom somebody has to create. There is such a service with the hub faults `service`, `stale_login` and `stale_spawn` only.
    #[must_use]
    pub fn service_token_file(&self) -> PathBuf {
        self.directory.join(config::SERVICE_TOKEN)
    }

    /// A user who is an admin.
    #[must_use]
    pub fn admin_user(&self) -> &str {
        config::ADMIN_USER
    }

    /// The hub's log.
    #[must_use]
    pub fn hub_log(&self) -> PathBuf {
        launch::hub_log(&self.directory)
    }

    /// The proxy's log.
    #[must_use]
    pub fn proxy_log(&self) -> PathBuf {
        launch::proxy_log(&self.directory)
    }

    /// The log of a user's server, which is there once it was started; an empty server name means the default server.
    #[must_use]
    pub fn server_log(&self, user: &str, server: &str) -> PathBuf {
        let name = if server.is_empty() {
            format!("user-{user}")
        } else {
            format!("user-{user}-{server}")
        };
        self.directory
            .join("logs")
            .join(format!("{}.log", name.replace('/', "_")))
    }

    /// The hub's process, if it runs.
    #[must_use]
    pub fn hub_pid(&self) -> Option<u32> {
        alive(self.now().hub).pid()
    }

    /// The proxy's process, if it runs.
    #[must_use]
    pub fn proxy_pid(&self) -> Option<u32> {
        alive(self.now().proxy).pid()
    }

    /// What of it runs.
    pub async fn status(&self) -> Status {
        let state = self.now();
        let found = members(&state.id, state.hub, state.proxy);
        Status {
            hub: alive(state.hub),
            proxy: alive(state.proxy),
            servers: found
                .into_iter()
                .filter_map(|member| member.server)
                .collect(),
            since: state.since,
            stale: state.dies_with_parent && !state.parent.is_alive(),
        }
    }

    /// Ends all its processes and removes its directory. A second call finds nothing to do.
    ///
    /// # Errors
    /// [`Error::Survivors`] when a process outlives SIGKILL; [`Error::File`] when the directory cannot be removed.
    pub async fn down(&self) -> Result<Down, Error> {
        let down = self.end_processes().await?;
        // A successor of the same name keeps its directory.
        if self.is_ours() {
            let going = self
                .directory
                .with_file_name(format!(".gone-{}", self.found.id));
            if std::fs::rename(&self.directory, &going).is_ok() {
                files::remove_all(&going)?;
            }
        }
        Ok(down)
    }

    /// As [`down`](Self::down), but `logs/` stays in its directory, until a sandbox of the same name comes up.
    ///
    /// # Errors
    /// As those of [`down`](Self::down).
    pub async fn down_keeping_logs(&self) -> Result<Down, Error> {
        let down = self.end_processes().await?;
        if self.is_ours() {
            let entries = std::fs::read_dir(&self.directory)
                .map_err(|source| files::error("read", &self.directory, source))?;
            for path in entries.flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    if !path.ends_with("logs") {
                        files::remove_all(&path)?;
                    }
                } else {
                    std::fs::remove_file(&path)
                        .map_err(|source| files::error("remove", &path, source))?;
                }
            }
        }
        Ok(down)
    }

    pub(crate) async fn end_processes(&self) -> Result<Down, Error> {
        let find = || {
            let state = self.now();
            members(&state.id, state.hub, state.proxy)
        };
        let ended = end::all(PATIENCE, find).await;
        ended
            .map(|ended| Down { ended })
            .map_err(|pids| Error::Survivors {
                name: self.name().to_owned(),
                pids,
            })
    }

    /// Stops the hub alone. Politely, so that it stops its servers first, or at once by SIGKILL, so that they live on.
    ///
    /// # Errors
    /// [`Error::Survivors`] when it does not end.
    pub async fn stop_hub(&self, kill: bool) -> Result<(), Error> {
        match self.now().hub {
            Some(hub) if kill => self.gone(end::kill(hub).await, hub),
            Some(hub) => self.gone(end::one(hub, HUB_PATIENCE).await, hub),
            None => Ok(()),
        }
    }

    /// Starts the hub again, on the same port with the same database, and waits until it answers. It needs the proxy.
    ///
    /// # Errors
    /// [`Error::Exited`], [`Error::NotUp`] or [`Error::PortTaken`] with the last lines of its log.
    pub async fn start_hub(&self) -> Result<(), Error> {
        let mut state = self.now();
        if alive(state.hub).pid().is_some() {
            return Ok(());
        }
        let hub = launch::hub(&self.directory, &state).await?;
        self.note(|state| state.hub = Some(hub)).await?;
        state.hub = Some(hub);
        let port = if alive(state.proxy).pid().is_some() {
            state.ports.public
        } else {
            state.ports.hub
        };
        launch::hub_answers(&self.directory, &state, hub, port).await
    }

    /// Stops the proxy alone; its routes are lost.
    ///
    /// # Errors
    /// [`Error::Survivors`] when it does not end.
    pub async fn stop_proxy(&self) -> Result<(), Error> {
        match self.now().proxy {
            Some(proxy) => self.gone(end::one(proxy, Duration::from_secs(3)).await, proxy),
            None => Ok(()),
        }
    }

    /// Starts the proxy again on the same ports, and waits until it listens. It knows the hub; the routes of servers come back
    /// when the hub next looks (`last_activity_interval`, 5 minutes) or is told to (`POST /hub/api/proxy`).
    ///
    /// # Errors
    /// [`Error::Exited`], [`Error::NotUp`] or [`Error::PortTaken`] with the last lines of its log.
    pub async fn start_proxy(&self) -> Result<(), Error> {
        let state = self.now();
        if alive(state.proxy).pid().is_some() {
            return Ok(());
        }
        let proxy = launch::proxy(&self.directory, &state, config::PROXY_TOKEN).await?;
        self.note(|state| state.proxy = Some(proxy)).await
    }

    /// The state on disk if it is still ours.
    pub(crate) fn now(&self) -> State {
        let on_disk = State::load(&self.directory)
            .ok()
            .flatten()
            .filter(|state| state.id == self.found.id);
        on_disk.unwrap_or_else(|| self.found.clone())
    }

    fn is_ours(&self) -> bool {
        matches!(State::load(&self.directory), Ok(Some(state)) if state.id == self.found.id)
    }

    pub(crate) async fn note(&self, change: impl FnOnce(&mut State)) -> Result<(), Error> {
        let _writing = self.writing.lock().await;
        let mut state = self.now();
        change(&mut state);
        state.save(&self.directory)
    }

    fn gone(&self, gone: bool, process: Identity) -> Result<(), Error> {
        if gone {
            Ok(())
        } else {
            Err(Error::Survivors {
                name: self.name().to_owned(),
                pids: vec![process.pid],
            })
        }
    }
}

fn alive(process: Option<Identity>) -> Process {
    process
        .filter(|process| process.is_alive())
        .map_or(Process::Stopped, |process| Process::Running {
            pid: process.pid,
        })
}
