//! A case: one thing that is broken on purpose, and the cause that hubprobe must name. Pure data, made with the small
//! words of `wording.rs`; how a case is run is in `walk.rs`, and how it is judged in `verdict.rs`.

use std::time::Duration;

use super::kind::HubKind;
use crate::vocabulary::Cause;

/// The longest name, so that a row fits on a screen of 80 columns.
pub const LONGEST_NAME: usize = 20;

/// One row of the fault matrix.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Its name: the layer, a hyphen, words; at most [`LONGEST_NAME`] characters.
    pub name: &'static str,
    /// What is broken, in plain words without a full stop.
    pub broken: &'static str,
    /// What a check must find; none where it must be green.
    pub cause: Option<Cause>,
    /// The exit code, where it is not the one that the cause makes.
    pub exit: Option<i32>,
    /// The words of Kubernetes, Slurm or FirecREST, without them.
    pub emulated: bool,
    /// Part of the quick selection.
    pub fast: bool,
    /// The oldest and the newest major version of JupyterHub on which it can be brought about.
    pub majors: (u64, u64),
    /// The hub that it wants.
    pub hub: &'static HubKind,
    /// Where the check is told to go.
    pub at: At,
    /// What is typed.
    pub typed: Typed,
    /// The token that the check is given.
    pub token: Token,
    /// What happens, and at which moment.
    pub deeds: &'static [(When, Deed)],
    /// What there is afterwards.
    pub after: After,
    /// How long it may take in all.
    pub limit: Duration,
}

/// Where the check is told to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The sandbox's own URL.
    Hub,
    /// A front of this fault before the sandbox, whose certificate authority is trusted or not.
    Front {
        /// The fault, as `hubprobe sandbox front` takes it.
        fault: &'static str,
        /// With `--ca-file`.
        trusted: bool,
    },
    /// The sandbox's host and port, but another path.
    Path(&'static str),
    /// No sandbox at all: this URL.
    Url(&'static str),
    /// No sandbox at all: a port of this machine where nothing listens.
    Closed,
    /// No sandbox at all: a port where somebody listens and never says a word.
    Silent,
    /// No sandbox at all: a web server that answers everything with a page of its own.
    Stranger,
}

impl At {
    /// Whether a hub is needed.
    pub fn needs_hub(self) -> bool {
        matches!(self, Self::Hub | Self::Front { .. } | Self::Path(_))
    }
}

/// What is typed after `hubprobe`.
#[derive(Debug, Clone, Copy)]
pub struct Typed {
    /// Another program that runs hubprobe, such as `prlimit --nofile=16`.
    pub under: &'static [&'static str],
    /// The command.
    pub command: Command,
    /// Spawn options: `--option KEY=VALUE`.
    pub options: &'static [&'static str],
    /// More flags, word by word.
    pub flags: &'static [&'static str],
    /// `--user` in place of the case's own account.
    pub user: Option<&'static str>,
    /// Code for the kernel; the check then has a suite.
    pub code: Option<&'static str>,
    /// What the code must say.
    pub expect: Option<&'static str>,
    /// More steps of the suite: a line of YAML each.
    pub steps: &'static [&'static str],
    /// The suite's budget of node time.
    pub node_time: Option<&'static str>,
    /// Files beside the suite: their names, and what is in them.
    pub files: &'static [(&'static str, &'static str)],
}

/// Which command is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// `hubprobe check`.
    Check,
    /// `hubprobe account create NAME`; the token is the administrator's.
    Create(&'static str),
}

/// The token that the check is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// The account's own, with the least scopes that a check needs.
    Usual,
    /// The account's own with these scopes, or with all that the account holds; `USER` stands for the account's name.
    Scopes(&'static [&'static str]),
    /// As [`Token::Usual`], made by `hubprobe account create` in the same state directory, which so knows when it expires.
    Registered(&'static str),
    /// The sandbox's admin's.
    Admin,
    /// That of the service which may start servers for `servuser`; the check is for that account. On a hub with the fault
    /// `service`, `stale_login` or `stale_spawn`.
    Service,
    /// A file with this text.
    Text(&'static str),
    /// A file that is not there.
    NoFile,
}

/// When something happens to a check.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// Before it begins.
    Before,
    /// Once its spawn stands in its ledger: the start request goes out.
    Asked,
    /// Once the hub's model shows the spawn as pending, and so many seconds later.
    Pending(f64),
    /// Once the hub's model shows the server as ready, and so many seconds later.
    Ready(f64),
    /// So many seconds after it began.
    Begun(f64),
}

/// What happens to a check, or to its hub.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Deed {
    /// Nothing, for so many seconds.
    Wait(f64),
    /// The hub is killed; its servers live on.
    KillHub,
    /// The hub is killed and started again.
    RestartHub,
    /// The hub's process is stopped (SIGSTOP) for so many seconds.
    FreezeHub(f64),
    /// The proxy ends, and with it all its routes.
    StopProxy,
    /// The proxy ends and is started again without its routes.
    RestartProxy,
    /// The hub's database is locked by another process for so many seconds.
    LockDatabase(f64),
    /// The hub's token for the proxy's API is not the proxy's any more.
    BreakProxyToken,
    /// The account's tokens are revoked.
    RevokeToken,
    /// The account's user is deleted.
    DeleteUser,
    /// Somebody starts this server of the account's (the default one has no name), with these options as JSON.
    Start(&'static str, &'static str),
    /// Somebody stops the account's server.
    Stop,
    /// Another account starts its server, with these options as JSON.
    OtherStarts(&'static str),
    /// The check is sent this signal: `INT` or `TERM`.
    Signal(&'static str),
    /// The same check ran before, whatever came of it.
    EarlierCheck,
    /// The same check ran before, and left something behind.
    EarlierLoss,
    /// The same check is at work meanwhile: its server is ready.
    OtherCheck,
}

/// What there is after a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Nothing: no server of the account, an empty ledger.
    Nothing,
    /// Somebody's server, unharmed; nothing in the ledger.
    Somebodys,
    /// Something of ours, which is said and stands in the ledger; once the hub is well, `hubprobe clean` takes it away.
    Leftovers,
    /// Something of ours that the hub's admin has to take away; it stands in the ledger or not.
    Anything,
}

impl Case {
    /// Its layer: the name up to the first hyphen.
    pub fn layer(&self) -> &'static str {
        self.name.split('-').next().unwrap_or(self.name)
    }

    /// The code of the cause, or `green`.
    pub fn expected(&self) -> &'static str {
        self.cause.map_or("green", Cause::code)
    }

    /// Whether this version of JupyterHub can have it.
    pub fn fits(&self, version: &str) -> bool {
        let major = version.split('.').next().and_then(|it| it.parse().ok());
        major.is_none_or(|major: u64| (self.majors.0..=self.majors.1).contains(&major))
    }
}
