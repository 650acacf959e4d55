//! Signals: the first asks what is going on to end and to undo what it made, the
//! second leaves at once and says how to clean up.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::printer::Printer;

/// Listens for SIGINT, SIGTERM and SIGHUP as long as the process lives. The
/// first cancels `end` after `first` was told its name.
///
/// # Errors
/// Where the system does not let us listen.
pub(super) fn listen(
    printer: Printer,
    end: CancellationToken,
    first: impl Fn(&str) + Send + 'static,
) -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
                _ = hang_up.recv() => "SIGHUP",
            };
            if end.is_cancelled() {
                printer.note(
                    "hubprobe: leaving at once; what is left on the hub is taken away by: hubprobe clean",
                );
                std::process::exit(Exit::LeftBehind as i32);
            }
            first(name);
            end.cancel();
        }
    });
    Ok(())
}
