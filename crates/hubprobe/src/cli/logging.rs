//! What goes on inside, on standard error, for who wants to know: operations,
//! URLs, statuses and times. Never headers or bodies, so never a token.

use tracing_subscriber::EnvFilter;

use super::args::Global;

/// Starts the log at the level asked for; a level that is not understood is
/// taken for `warn`.
pub(super) fn start(global: &Global) {
    let named = global.log.to_ascii_lowercase();
    let level = match named.as_str() {
        known @ ("error" | "warn" | "info" | "debug" | "trace" | "off") => known,
        _ => "warn",
    };
    let filter = EnvFilter::new(format!(
        "off,hubprobe={level},jupyterhub_client={level},jupyterhub_sandbox={level}"
    ));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        // It would say on standard error that standard error cannot be written,
        // and panic of that.
        .log_internal_errors(false)
        .finish();
    drop(tracing::subscriber::set_global_default(log));
}
