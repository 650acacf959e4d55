//! Signals: the first asks what is going on to end and to undo what it made, the
//! second leaves at once and says how to clean up.

use std::sync::{Arc, OnceLock};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::printer::Printer;

/// Listens for SIGINT, SIGTERM and SIGHUP as long as the process lives. The
/// first cancels `end` after `first` was told its name; the second leaves with the
/// command `clean` as its last words.
///
/// # Errors
/// Where the system does not let us listen.
pub(super) fn listen(
    printer: Printer,
    clean: String,
    end: CancellationToken,
    first: impl Fn(&str) + Send + 'static,
) -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // nohup has it ignored, and listening would undo that.
    let mut hang_up = if hang_up_is_ignored() {
        None
    } else {
        Some(signal(SignalKind::hangup())?)
    };
    tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
                () = heard(hang_up.as_mut()) => "SIGHUP",
            };
            if end.is_cancelled() {
                printer.note(&format!(
                    "hubprobe: leaving at once; what is left on the hub is taken away by: {clean}"
                ));
                std::process::exit(Exit::LeftBehind as i32);
            }
            first(name);
            end.cancel();
        }
    });
    Ok(())
}

/// The exit code of the signal that was heard first, once one was.
#[derive(Debug, Clone, Default)]
pub(super) struct Signalled(Arc<OnceLock<Exit>>);

impl Signalled {
    /// None as long as no signal was heard.
    pub(super) fn exit(&self) -> Option<Exit> {
        self.0.get().copied()
    }
}

/// [`listen`] for a command that says what it does about the first signal, and
/// ends with its code.
///
/// # Errors
/// Where the system does not let us listen.
pub(super) fn end_at_first(
    printer: Printer,
    clean: String,
    doing: &'static str,
) -> std::io::Result<(CancellationToken, Signalled)> {
    let (end, signalled) = (CancellationToken::new(), Signalled::default());
    let seen = signalled.clone();
    listen(printer, clean, end.clone(), move |signal| {
        printer.note(&format!("hubprobe: {signal}: {doing}"));
        seen.0.set(Exit::of_signal(signal)).ok();
    })?;
    Ok((end, signalled))
}

async fn heard(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// The mask of ignored signals, as proc(5) has it: bit 0 is signal 1, SIGHUP.
fn hang_up_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}
