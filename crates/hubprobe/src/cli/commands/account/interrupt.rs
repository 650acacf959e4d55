//! Signals for a command that is no run of probes: the first asks it to undo
//! and to end, the second leaves at once.

use std::sync::{Arc, OnceLock};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::exit::Exit;
use crate::cli::printer::Printer;

/// How the command ends if a signal has come.
pub(super) type Signalled = Arc<OnceLock<Exit>>;

/// Listens for SIGINT, SIGTERM and SIGHUP as long as the process lives.
///
/// # Errors
/// Where the system does not let us listen.
pub(super) fn listen(printer: Printer, end: CancellationToken) -> std::io::Result<Signalled> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let signalled = Signalled::default();
    let seen = Arc::clone(&signalled);
    tokio::spawn(async move {
        loop {
            let (name, exit) = tokio::select! {
                _ = interrupt.recv() => ("SIGINT", Exit::Interrupted),
                _ = terminate.recv() => ("SIGTERM", Exit::Terminated),
                _ = hang_up.recv() => ("SIGHUP", Exit::Terminated),
            };
            if seen.set(exit).is_err() {
                printer.note(
                    "hubprobe: leaving at once; what is left on the hub is taken away by: hubprobe clean",
                );
                std::process::exit(Exit::LeftBehind as i32);
            }
            printer.note(&format!("hubprobe: {name}: undoing what was made"));
            end.cancel();
        }
    });
    Ok(signalled)
}
