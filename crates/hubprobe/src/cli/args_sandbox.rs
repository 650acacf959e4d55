//! The arguments of `hubprobe sandbox` and `hubprobe demo`, as typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

/// `hubprobe sandbox`.
#[derive(Debug, Clone, Subcommand)]
pub enum Sandbox {
    /// Start a real JupyterHub on this machine, on loopback
    Up(Up),
    /// End a sandbox, and whatever lost ones left behind
    Down(Down),
    /// Which sandboxes there are, and what of them runs
    Status,
    /// Print a log: the hub's, the proxy's, or a server's
    Logs(Logs),
}

/// Which sandbox.
#[derive(Debug, Clone, ClapArgs)]
pub struct Named {
    /// The sandbox's name
    #[arg(
        long,
        value_name = "NAME",
        default_value = "default",
        env = "HUBPROBE_SANDBOX"
    )]
    pub name: String,
}

/// `hubprobe sandbox up`.
#[derive(Debug, Clone, ClapArgs)]
pub struct Up {
    /// Which one.
    #[command(flatten)]
    pub named: Named,
    /// The JupyterHub version [default: the newest known good]
    #[arg(long, value_name = "VERSION")]
    pub hub_version: Option<String>,
    /// Jupyter Server without JupyterLab as the single-user server: starts faster
    #[arg(long)]
    pub light: bool,
    /// The hub's base URL
    #[arg(long, value_name = "PATH", default_value = "/")]
    pub base_url: String,
    /// A Python file that is run after the sandbox's own configuration, with the same c; may be given again
    #[arg(long = "config", value_name = "FILE")]
    pub configs: Vec<PathBuf>,
    /// A spawner that fails when asked to, through the user option fault (see docs/sandbox.md)
    #[arg(long)]
    pub faults: bool,
}

/// `hubprobe sandbox down`.
#[derive(Debug, Clone, ClapArgs)]
pub struct Down {
    /// Which one.
    #[command(flatten)]
    pub named: Named,
    /// All of them
    #[arg(long, conflicts_with = "name")]
    pub all: bool,
    /// Leave the logs
    #[arg(long)]
    pub keep_logs: bool,
}

/// `hubprobe sandbox logs`.
#[derive(Debug, Clone, ClapArgs)]
pub struct Logs {
    /// Which one.
    #[command(flatten)]
    pub named: Named,
    /// The proxy's log in place of the hub's
    #[arg(long, conflicts_with = "user")]
    pub proxy: bool,
    /// The log of this user's servers
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// The log of this named server
    #[arg(long, value_name = "NAME", requires = "user", default_value = "")]
    pub server: String,
    /// Only the last so many lines
    #[arg(long, short = 'n', value_name = "N")]
    pub lines: Option<usize>,
}

/// `hubprobe demo`.
#[derive(Debug, Clone, ClapArgs)]
pub struct Demo {
    /// The JupyterHub version [default: the newest known good]
    #[arg(long, value_name = "VERSION")]
    pub hub_version: Option<String>,
    /// Leave the sandbox running at the end
    #[arg(long)]
    pub keep: bool,
}
