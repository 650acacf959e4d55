//! The arguments of `hubprobe sandbox`, `hubprobe demo` and `hubprobe selftest`, as typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

/// `hubprobe sandbox`.
#[derive(Debug, Clone, Subcommand)]
pub enum Sandbox {
    /// Start a real JupyterHub on this machine, on loopback
    Up(Up),
    /// End a sandbox, and whatever lost ones left behind
    Down(Down),
    /// Which sandboxes there are, and what of them runs
    #[command(after_help = "Examples:
  hubprobe sandbox status")]
    Status,
    /// Print what a shell wants to know of a sandbox, for eval: its URL, and where its admin's token is
    Env(Env),
    /// Print a log: the hub's, the proxy's, or a server's
    Logs(Logs),
    /// What can be broken on purpose, by name (for up --fault, and for the spawn option fault)
    #[command(after_help = "Examples:
  hubprobe sandbox faults
  hubprobe sandbox up --fault slow:20")]
    Faults,
    /// Serve a front of our own: what up starts for some faults
    #[command(hide = true)]
    Front(Front),
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

/// `hubprobe sandbox env`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe sandbox env
  hubprobe sandbox env --name broken --direct

In a shell, eval \"$(hubprobe sandbox env)\" sets what it prints, and check and
account need not be told of the hub.")]
pub struct Env {
    /// Which one.
    #[command(flatten)]
    pub named: Named,
    /// The URL past a front that stands before the hub; few fronts would let an account be made
    #[arg(long)]
    pub direct: bool,
}

/// `hubprobe sandbox up`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe sandbox up
  hubprobe sandbox up --light --hub-version 5.5.4
  hubprobe sandbox up --name broken --fault strip_auth
  hubprobe sandbox up --slurm            # servers are jobs

It says where the hub is, where an administrator's token is, and what to do
next. hubprobe sandbox down ends it.")]
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
    /// Servers are jobs of a real Slurm on this machine (wants Debian's packages: tools/setup slurm)
    #[arg(long, conflicts_with = "faults")]
    pub slurm: bool,
    /// Break something from the start on (hubprobe sandbox faults lists what); may be given again
    #[arg(long = "fault", value_name = "NAME[:ARG]")]
    pub broken: Vec<String>,
}

/// `hubprobe sandbox front`, as the sandbox calls it.
#[derive(Debug, Clone, ClapArgs)]
pub struct Front {
    /// What the sandbox says.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

/// `hubprobe sandbox down`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe sandbox down
  hubprobe sandbox down --all")]
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
#[command(after_help = "Examples:
  hubprobe sandbox logs -n 50
  hubprobe sandbox logs --user servuser
  hubprobe sandbox logs --proxy")]
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
#[command(after_help = "Examples:
  hubprobe demo
  hubprobe demo --keep                   # and go on by hand")]
pub struct Demo {
    /// The JupyterHub version [default: the newest known good]
    #[arg(long, value_name = "VERSION")]
    pub hub_version: Option<String>,
    /// Leave the sandbox running at the end
    #[arg(long)]
    pub keep: bool,
}

/// `hubprobe selftest`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe selftest --fast
  hubprobe selftest spawn kernel.died --hub-version 5.5.4
  hubprobe selftest --list

Exit codes:
  0 every case went as it must, 1 one did not, 2 usage (nothing was done),
  3 our own side, 130 and 143 interrupted, after all hubs are down")]
pub struct Selftest {
    /// Which cases: a name, the code of a cause, or the beginning of either, such as spawn; all when none is named
    #[arg(value_name = "CASE")]
    pub cases: Vec<String>,
    /// The JupyterHub version [default: the newest known good]
    #[arg(long, value_name = "VERSION")]
    pub hub_version: Option<String>,
    /// Only the quick ones: a minute and a half in place of eight
    #[arg(long)]
    pub fast: bool,
    /// Only say which cases there are
    #[arg(long)]
    pub list: bool,
    /// How many at once, each on a hub of its own at worst
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = super::args::between(1_u8, 32))]
    pub jobs: u8,
    /// How the table is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "terminal")]
    pub format: SelftestFormat,
}

/// How a selftest's table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SelftestFormat {
    /// For a screen.
    Terminal,
    /// For a program.
    Json,
    /// For a page.
    Markdown,
}
