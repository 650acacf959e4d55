//! Kernel: a kernel starts, and speaks over the websocket.

use jupyterhub_client::{Framing, JupyterServer};
use tokio::time::{Instant, timeout_at};

use crate::diagnose::kernel as diagnose;
use crate::engine::Walk;
use crate::vocabulary::{Cause, Finding};

/// Starts a session with the probe's kernel, opens its websocket and waits for
/// its greeting.
///
/// # Errors
/// A finding of the kernel's layer.
pub async fn kernel(walk: &mut Walk) -> Result<String, Finding> {
    let Some(server) = walk.server.clone() else {
        return Err(Finding::new(
            Cause::KernelNotStarted,
            "there is no server to start it on",
        ));
    };
    let until = Instant::now() + walk.probe.deadlines.kernel;
    let name = choose(walk, &server, until).await?;
    let path = format!("hubprobe-{}.ipynb", walk.run);
    let session = timeout_at(until, server.start_session(&path, &name)).await;
    let session = match session {
        Ok(Ok(session)) => session,
        Ok(Err(error)) => return Err(diagnose::not_started(&error)),
        Err(_) => return Err(late(walk, "for the kernel to start")),
    };
    let kernel_id = session.kernel.id.clone();
    walk.session = Some(session);
    let show = walk.curl("GET", &format!("{}api/kernels/{kernel_id}", server.url()));
    let silent = |finding: Finding| finding.with_curl(show.clone());
    let connecting = server.connect(&kernel_id, Framing::PreferV1);
    let mut connection = match timeout_at(until, connecting).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            let died = super::server_died(walk).await;
            return Err(died.unwrap_or_else(|| silent(diagnose::silent(&error))));
        }
        Err(_) => return Err(late(walk, "for the kernel's websocket")),
    };
    let left = until.saturating_duration_since(Instant::now());
    let info = match connection.ready(left).await {
        Ok(info) => info,
        Err(error) => {
            let died = super::server_died(walk).await;
            return Err(died.unwrap_or_else(|| silent(diagnose::silent(&error))));
        }
    };
    walk.kernel = Some(connection);
    let language = info.language_info;
    Ok(format!("{name}, {} {}", language.name, language.version))
}

/// The kernelspec that the probe asks for, or the server's own choice.
async fn choose(walk: &Walk, server: &JupyterServer, until: Instant) -> Result<String, Finding> {
    let specs = match timeout_at(until, server.kernelspecs()).await {
        Ok(Ok(specs)) => specs,
        Ok(Err(error)) => return Err(diagnose::not_started(&error)),
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

fn late(walk: &Walk, waited_for: &str) -> Finding {
    Finding::new(
        Cause::KernelSilent,
        format!(
            "no kernel within {:.0?}: still waiting {waited_for}",
            walk.probe.deadlines.kernel
        ),
    )
}
