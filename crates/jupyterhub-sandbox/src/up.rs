//! Makes a sandbox: installs what is missing, claims a directory, starts proxy and hub, and waits until they answer.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::environment::{self, Wanted};
use crate::process::Identity;
use crate::releases::{OLD_SERVER, release};
use crate::run::Tell;
use crate::state::{Phase, Ports, State};
use crate::{Error, Places, Progress, Sandbox, Spec, config, files, launch, proxy, slurm};

/// How often a start is tried when the ports turn out to be taken.
const TRIES: usize = 3;

/// See [`Sandbox::up`].
pub(crate) async fn up(places: &Places, spec: &Spec, tell: Tell<'_>) -> Result<Sandbox, Error> {
    spec.check()?;
    let release = release(&spec.hub_version)?;
    let extra_config = spec
        .extra_config
        .iter()
        .map(|path| files::canonical(path))
        .collect::<Result<_, _>>()?;
    refuse_if_up(places, &spec.name)?;
    let slurm = if spec.slurm {
        Some(slurm::prepare(places, tell).await?)
    } else {
        None
    };
    let environment = environment::ensure(&places.cache, &Wanted::hub(&release), tell).await?;
    let old_server = old_server(places, spec, tell).await?;
    let installed = proxy::ensure(&places.cache, spec.node, tell).await?;
    let mut state = State {
        id: Uuid::new_v4().to_string(),
        name: spec.name.clone(),
        hub_version: spec.hub_version.clone(),
        single_user: spec.single_user,
        base_url: spec.base_url.clone(),
        faults: spec.wants_own_spawner(),
        standing: spec.standing.iter().map(ToString::to_string).collect(),
        extra_config,
        dies_with_parent: spec.dies_with_parent,
        parent: Identity::of(std::process::id()).unwrap_or(Identity {
            pid: std::process::id(),
            start: 0,
        }),
        since: jiff::Timestamp::now(),
        phase: Phase::Starting,
        ports: Ports::default(),
        python: environment::interpreter(&environment),
        old_server,
        slurm,
        node: installed.node,
        proxy_script: installed.script,
        hub: None,
        proxy: None,
    };
    take_ports(&mut state)?;
    let directory = claim(places, &state).await?;
    let sandbox = Sandbox::new(directory, state.clone());
    match start(&sandbox, state, spec.extra_config_text.as_deref(), tell).await {
        Ok(state) => Ok(Sandbox::new(sandbox.dir().to_owned(), state)),
        Err(error) => {
            // The logs stay: the error names them.
            sandbox.down_keeping_logs().await?;
            Err(error)
        }
    }
}

/// The program of the fault `old_server`, which is installed for those sandboxes alone that are made with it.
async fn old_server(
    places: &Places,
    spec: &Spec,
    tell: Tell<'_>,
) -> Result<Option<PathBuf>, Error> {
    let mut names = spec.standing.iter().map(|fault| fault.kind().name);
    if !names.any(|name| name == "old_server") {
        return Ok(None);
    }
    let wanted = Wanted::server(&OLD_SERVER);
    let environment = environment::ensure(&places.cache, &wanted, tell).await?;
    Ok(Some(environment.join("bin/jupyterhub-singleuser")))
}

/// Before anything is installed for nothing.
fn refuse_if_up(places: &Places, name: &str) -> Result<(), Error> {
    match State::load(&places.state.join(name))? {
        Some(state) if state.leftover().is_none() => Err(refusal(&state)),
        _ => Ok(()),
    }
}

fn refusal(state: &State) -> Error {
    match state.phase {
        Phase::Starting => Error::Busy {
            name: state.name.clone(),
        },
        Phase::Up => Error::AlreadyUp {
            name: state.name.clone(),
            url: Sandbox::url_of(state),
        },
    }
}

/// Makes the sandbox's directory, of which there is one for each name: whoever makes it has the name.
async fn claim(places: &Places, state: &State) -> Result<PathBuf, Error> {
    files::create_directories(&places.state)?;
    let directory = places.state.join(&state.name);
    match State::load(&directory)? {
        Some(other) if other.leftover().is_none() => return Err(refusal(&other)),
        Some(other) => drop(Sandbox::new(directory.clone(), other).down().await?),
        // Logs of one that did not come up.
        None if directory.join("logs").exists() => files::remove_all(&directory)?,
        None => {}
    }
    match DirBuilder::new().mode(0o700).create(&directory) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Error::Busy {
                name: state.name.clone(),
            });
        }
        Err(source) => return Err(files::error("create", &directory, source)),
    }
    state.save(&directory)?;
    Ok(directory)
}

async fn start(
    sandbox: &Sandbox,
    mut state: State,
    extra: Option<&str>,
    tell: Tell<'_>,
) -> Result<State, Error> {
    let directory = sandbox.dir();
    config::lay_out(directory, &state, extra)?;
    for left in (0..TRIES).rev() {
        match start_once(directory, &mut state, tell).await {
            Err(Error::PortTaken { .. }) if left > 0 => {
                sandbox.end_processes().await?;
                take_ports(&mut state)?;
            }
            ended => {
                ended?;
                break;
            }
        }
    }
    state.phase = Phase::Up;
    state.save(directory)?;
    Ok(state)
}

/// All at once: what is let go of may be given again to the next who asks.
fn take_ports(state: &mut State) -> Result<(), Error> {
    let [public, api, hub, controller, node, accounts] = launch::free()?;
    state.ports = Ports { public, api, hub };
    if let Some(slurm) = &mut state.slurm {
        (slurm.controller, slurm.node, slurm.accounts) = (controller, node, accounts);
    }
    Ok(())
}

async fn start_once(directory: &Path, state: &mut State, tell: Tell<'_>) -> Result<(), Error> {
    if let Some(slurm) = state.slurm.clone() {
        slurm::start(directory, state, &slurm, tell).await?;
        // It took seconds, in which the others may have gone to somebody else.
        state.ports = launch::free_ports()?;
    }
    tell(Progress::Step {
        what: "starting the proxy",
    });
    let proxy = launch::proxy(directory, state, config::PROXY_TOKEN).await?;
    state.proxy = Some(proxy);
    state.save(directory)?;
    tell(Progress::Step {
        what: &format!("starting JupyterHub {}", state.hub_version),
    });
    let hub = launch::hub(directory, state).await?;
    state.hub = Some(hub);
    state.save(directory)?;
    launch::hub_answers(directory, state, hub, state.ports.public).await?;
    launch::proxy_has_its_port(directory, state.ports)
}
