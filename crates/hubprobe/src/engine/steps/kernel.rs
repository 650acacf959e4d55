//! Kernel: a kernel starts, and speaks over the websocket.

use std::time::Duration;

use jupyterhub_client::{Framing, JupyterServer, KernelConnection, KernelInfo};
use tokio::time::{Instant, sleep, timeout_at};

use super::{company, lost};
use crate::diagnose::kernel as diagnose;
use crate::engine::Walk;
use crate::vocabulary::{Cause, Finding};

/// Between two looks at a kernel that does not answer yet.
const GIVEN_UP_LOOKS: Duration = Duration::from_secs(2);

/// Starts a session with the probe's kernel, opens its websocket and waits for
/// its greeting.
///
/// # Errors
/// A finding of the kernel's layer.
pub async fn kernel(walk: &mut Walk) -> Result<String, Finding> {
    match start(walk).await {
        Ok(summary) => Ok(summary),
        Err(finding) if finding.cause == Cause::ProberBusy => {
            company::leave(walk).await;
            Err(finding)
        }
        Err(finding) => Err(super::or_the_home(walk, finding).await),
    }
}

async fn start(walk: &mut Walk) -> Result<String, Finding> {
    let Some(server) = walk.server.clone() else {
        return Err(Finding::new(
            Cause::KernelNotStarted,
            "there is no server to start it on",
        ));
    };
    let until = Instant::now() + walk.probe.deadlines.kernel;
    company::give_way(walk).await?;
    let name = choose(walk, &server, until).await?;
    let path = company::path_of(walk.run);
    let starting = timeout_at(until, server.start_session(&path, &name));
    tokio::pin!(starting);
    let mut shared = None;
    let session = tokio::select! {
        biased;
        session = &mut starting => session,
        // What is asked for is waited for, so that it can be taken away again.
        finding = company::comes_first(walk) => {
            shared = Some(finding);
            starting.await
        }
    };
    let session = match session {
        Ok(Ok(session)) if shared.is_some() => {
            walk.session = Some(session);
            return Err(shared.unwrap_or_else(|| late(walk, "for the kernel to start")));
        }
        Ok(Ok(session)) => session,
        Ok(Err(error)) => {
            let died = lost::server_died(walk).await;
            return Err(died.unwrap_or_else(|| diagnose::not_started(&error)));
        }
        Err(_) => return Err(late(walk, "for the kernel to start")),
    };
    let kernel_id = session.kernel.id.clone();
    walk.session = Some(session);
    let (connection, info) = connect(walk, &server, &kernel_id, until).await?;
    walk.kernel = Some(connection);
    company::give_way(walk).await?;
    let language = info.language_info;
    Ok(format!("{name}, {} {}", language.name, language.version))
}

/// Opens the websocket of a kernel that was started, and waits for its greeting.
///
/// # Errors
/// A finding of the kernel's layer.
pub(super) async fn connect(
    walk: &Walk,
    server: &JupyterServer,
    kernel_id: &str,
    until: Instant,
) -> Result<(KernelConnection, KernelInfo), Finding> {
    let show = walk.curl("GET", &format!("{}api/kernels/{kernel_id}", server.url()));
    let silent = |finding: Finding| finding.with_curl(show.clone());
    let connecting = server.connect(kernel_id, Framing::PreferV1);
    let connected = tokio::select! {
        biased;
        connected = timeout_at(until, connecting) => connected,
        state = given_up(server, kernel_id) => return Err(silent(diagnose::given_up(&state))),
    };
    let mut connection = match connected {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            let died = lost::server_died(walk).await;
            return Err(died.unwrap_or_else(|| silent(diagnose::silent(&error))));
        }
        Err(_) => return Err(late(walk, "for the kernel's websocket")),
    };
    let left = until.saturating_duration_since(Instant::now());
    let info = match connection.ready(left).await {
        Ok(info) => info,
        Err(error) => {
            let died = lost::server_died(walk).await;
            return Err(died.unwrap_or_else(|| silent(diagnose::silent(&error))));
        }
    };
    Ok((connection, info))
}

/// Returns when the server has given the kernel up: it starts one that ends
/// again five times, while it answers no websocket, and then forgets it.
async fn given_up(server: &JupyterServer, kernel_id: &str) -> String {
    loop {
        sleep(GIVEN_UP_LOOKS).await;
        match server.kernel(kernel_id).await {
            Ok(kernel) if kernel.execution_state == "dead" => return kernel.execution_state,
            Err(error) if error.status() == Some(404) && error.hub_message().is_some() => {
                return error.to_string();
            }
            _ => {}
        }
    }
}

/// The kernelspec that the probe asks for, or the server's own choice.
async fn choose(walk: &Walk, server: &JupyterServer, until: Instant) -> Result<String, Finding> {
    let specs = match timeout_at(until, server.kernelspecs()).await {
        Ok(Ok(specs)) => specs,
        Ok(Err(error)) => {
            let died = lost::server_died(walk).await;
            return Err(died.unwrap_or_else(|| diagnose::not_started(&error)));
        }
        Err(_) => return Err(late(walk, "for the list of kernels")),
    };
    let name = match &walk.probe.kernel.name {
        Some(name) => name.clone(),
        None => specs.default.clone(),
    };
    if specs.kernelspecs.contains_key(&name) {
        return Ok(name);
    }
    let there: Vec<String> = specs.kernelspecs.keys().cloned().collect();
    // The default may be named for a kernel that is not installed.
    match (&walk.probe.kernel.name, there.first()) {
        (None, Some(first)) => Ok(first.clone()),
        _ => Err(diagnose::no_spec(&name, &there)),
    }
}

pub(super) fn late(walk: &Walk, waited_for: &str) -> Finding {
    Finding::new(
        Cause::KernelSilent,
        format!(
            "no kernel within {:.0?}: still waiting {waited_for}",
            walk.probe.deadlines.kernel
        ),
    )
}
