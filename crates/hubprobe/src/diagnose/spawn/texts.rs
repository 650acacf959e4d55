//! What hubs, spawners and hooks say when a spawn is refused or fails: two
//! tables, read from the top, first match wins.
//!
//! Texts and versions: JupyterHub, `apihandlers/users.py` and
//! `handlers/base.py` (`spawn_single_user`) for refusals, `user.py` (`spawn`,
//! `_wait_up`) for failures as the progress stream repeats them; the words of
//! Python, Docker and OAuth providers as spawners pass them on. Kubernetes's
//! are in [`super::super::kubernetes`].

use crate::vocabulary::Cause;

/// One row: what is found in the text, in lower case, all of it; the cause,
/// and the summary.
pub(super) struct Row {
    words: &'static [&'static str],
    pub(super) cause: Cause,
    pub(super) summary: &'static str,
}

const fn row(words: &'static [&'static str], cause: Cause, summary: &'static str) -> Row {
    Row {
        words,
        cause,
        summary,
    }
}

/// The first row that fits.
pub(super) fn find(table: &'static [Row], text: &str) -> Option<&'static Row> {
    let text = text.to_lowercase();
    table
        .iter()
        .find(|row| row.words.iter().all(|words| text.contains(words)))
}

/// What a hub says when it refuses a start request.
pub(super) const REFUSALS: &[Row] = &[
    row(
        &["is already running"],
        Cause::SpawnAlreadyRunning,
        "a server is running that we did not start",
    ),
    row(
        &["is pending stop"],
        Cause::SpawnPendingStop,
        "the server's last stop does not end",
    ),
    row(
        &["is pending check"],
        Cause::SpawnPendingStop,
        "the hub has not yet looked after the server since it was restarted",
    ),
    row(
        &["too many users trying to log in"],
        Cause::SpawnThrottled,
        "too many servers are starting at once",
    ),
    row(
        &["active user limit exceeded"],
        Cause::SpawnHubFull,
        "the hub's limit of running servers is reached",
    ),
    row(
        &["named servers are not enabled"],
        Cause::SpawnNamedServers,
        "the hub has named servers disabled",
    ),
    row(
        &["already has the maximum of", "named servers"],
        Cause::SpawnNamedServers,
        "the account has as many named servers as the hub allows",
    ),
    row(
        &["invalid server_name"],
        Cause::SpawnNamedServers,
        "the hub does not like the server's name",
    ),
    row(
        &["auth has expired for"],
        Cause::SpawnStaleLogin,
        "the hub wants the account to log in again before a spawn",
    ),
    row(
        &["authentication has expired"],
        Cause::SpawnStaleLogin,
        "the hub wants the account to log in again before a spawn",
    ),
    row(
        &["login has expired"],
        Cause::SpawnStaleLogin,
        "the account is to log in again before a spawn",
    ),
    row(
        &["login expired"],
        Cause::SpawnStaleLogin,
        "the account is to log in again before a spawn",
    ),
    row(
        &["session has expired"],
        Cause::SpawnStaleLogin,
        "the account is to log in again before a spawn",
    ),
    row(
        &["log in again"],
        Cause::SpawnStaleLogin,
        "the account is to log in again before a spawn",
    ),
    row(
        &["login again"],
        Cause::SpawnStaleLogin,
        "the account is to log in again before a spawn",
    ),
    row(
        &["invalid user options"],
        Cause::SpawnBadOptions,
        "the hub refuses the options",
    ),
    row(
        &["no such profile"],
        Cause::SpawnBadOptions,
        "the hub has no such profile",
    ),
];

/// What a spawner or a hook says, whether the spawn was refused or failed.
pub(super) const CREDENTIALS: &[Row] = &[
    row(
        &["invalid_grant"],
        Cause::SpawnCredentialsExpired,
        "the account's refresh token is not good any more",
    ),
    row(
        &["session not active"],
        Cause::SpawnCredentialsExpired,
        "the account's session at the identity provider has ended",
    ),
    row(
        &["token is not active"],
        Cause::SpawnCredentialsExpired,
        "the account's refresh token is not good any more",
    ),
    row(
        &["refresh token", "expired"],
        Cause::SpawnCredentialsExpired,
        "the account's refresh token has expired",
    ),
    row(
        &["refresh_token", "expired"],
        Cause::SpawnCredentialsExpired,
        "the account's refresh token has expired",
    ),
    row(
        &["'nonetype' object is not subscriptable"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook stumbled over something that is not there, most likely the account's auth_state",
    ),
    row(
        &["'nonetype' object has no attribute 'get'"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook stumbled over something that is not there, most likely the account's auth_state",
    ),
    row(
        &["auth_state", "none"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["no auth_state"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["auth_state", "no access"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["auth_state", "no refresh"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["auth_state", "without"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["auth_state", "not found"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["auth_state", "empty"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["auth_state", "lacks"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["auth_state", "not set"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["no access token"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["no access_token"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["no refresh token"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["no refresh_token"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
    row(
        &["auth_state", "missing"],
        Cause::SpawnNoCredentials,
        "the spawner or a hook needs an auth_state that the account does not have",
    ),
];

/// A missing key's name is all that Python says of it (`KeyError`).
const KEYS: &[&str] = &["access_token", "refresh_token", "id_token", "auth_state"];

const MISSING_KEY: Row = row(
    &[],
    Cause::SpawnNoCredentials,
    "the spawner or a hook looked for a token in the account's auth_state, and there is none",
);

/// A failure whose whole text is the name of a token.
pub(super) fn missing_key(reason: &str) -> Option<&'static Row> {
    let name = reason.trim().trim_start_matches("KeyError:").trim();
    let quoted = name
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))?;
    KEYS.contains(&quoted).then_some(&MISSING_KEY)
}

/// What a hub says of a spawn that failed.
pub(super) const FAILURES: &[Row] = &[
    row(
        &["auth has expired for"],
        Cause::SpawnStaleLogin,
        "the hub wants the account to log in again before a spawn",
    ),
    row(
        &["spawn cancelled"],
        Cause::SpawnCancelled,
        "somebody stopped the server while it started",
    ),
    row(
        &["no such profile"],
        Cause::SpawnBadOptions,
        "the hub has no such profile",
    ),
    row(
        &["invalid user options"],
        Cause::SpawnBadOptions,
        "the hub refuses the options",
    ),
    row(
        &["failed to start [status=127]"],
        Cause::SpawnNoCommand,
        "a shell did not find the single-user command (status 127)",
    ),
    row(
        &["failed to start [status=126]"],
        Cause::SpawnNoCommand,
        "the single-user command may not be run (status 126)",
    ),
    row(
        &["no such file or directory", "singleuser"],
        Cause::SpawnNoCommand,
        "the single-user command is missing",
    ),
    row(
        &["no such file or directory", "/bin/"],
        Cause::SpawnNoCommand,
        "the single-user command is missing",
    ),
    row(
        &["permission denied", "singleuser"],
        Cause::SpawnNoCommand,
        "the single-user command may not be run",
    ),
    row(
        &["executable file not found"],
        Cause::SpawnNoCommand,
        "the single-user command is missing in the image",
    ),
    row(
        &["command not found"],
        Cause::SpawnNoCommand,
        "the single-user command is missing",
    ),
    row(
        &["failed to start [status"],
        Cause::SpawnExited,
        "the server's process ended before it answered",
    ),
    row(
        &["didn't respond in"],
        Cause::SpawnNeverAnswered,
        "the server was started, but the hub never reached it",
    ),
];

/// Words about options in a refusal that is in no table: 400 and 422 are what
/// a hook or a spawner gives for options that it does not take.
pub(super) const OF_OPTIONS: &[&str] = &[
    "option",
    "profile",
    "image",
    "invalid",
    "unknown",
    "not valid",
    "must be",
    "not a valid",
    "not allowed value",
    "choose",
    "choices",
    "one of",
    "no such",
    "exceed",
    "maximum",
    "minimum",
    "at most",
    "at least",
];
