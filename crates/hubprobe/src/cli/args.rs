//! The arguments as typed. What they mean together is for [`super::settings`].

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::FalseyValueParser;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Tests JupyterHub deployments with service accounts that have no password,
/// and names what is wrong.
#[derive(Debug, Parser)]
#[command(
    name = "hubprobe",
    version,
    max_term_width = 80,
    after_help = "Examples:
  hubprobe demo                          # on a hub of this machine
  hubprobe account create servuser --url https://hub.example.org \\
      --admin-token-file admin.token --out servuser.token
  hubprobe check --url https://hub.example.org --user servuser \\
      --token-file servuser.token
  hubprobe clean                         # after a run that was killed"
)]
pub struct Args {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, ClapArgs)]
pub struct Global {
    /// Where hubprobe keeps what it must undo [default: $XDG_STATE_HOME/hubprobe, else ~/.local/state/hubprobe]
    #[arg(
        long,
        value_name = "DIR",
        global = true,
        env = "HUBPROBE_STATE_DIR",
        hide_short_help = true
    )]
    pub state_dir: Option<PathBuf>,
    /// How much to tell of what goes on
    #[arg(
        long,
        value_name = "LEVEL",
        global = true,
        env = "HUBPROBE_LOG",
        default_value = "warn",
        value_parser = ["off", "error", "warn", "info", "debug", "trace"],
        ignore_case = true,
        hide_short_help = true
    )]
    pub log: String,
    /// Colour on the screen; auto knows NO_COLOR and pipes
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        env = "HUBPROBE_COLOR",
        default_value = "auto",
        hide_short_help = true
    )]
    pub color: ColorWhen,
}

/// A whole number from `least` to `most`; says so where it is none.
pub(super) fn between<T>(
    least: T,
    most: T,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: Copy + PartialOrd + FromStr + Display + Send + Sync + 'static,
{
    move |text| match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("write a whole number from {least} to {most}")),
    }
}

/// When there is colour on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a hub: start a server as the account, work on it, stop it, see that it is gone
    Check(Box<Check>),
    /// Service accounts: make one with a token in a file, examine it, rotate its token, take it away
    #[command(
        subcommand,
        after_help = "Examples:
  hubprobe account create servuser --url https://hub.example.org \\
      --admin-token-file admin.token --out servuser.token
  hubprobe account doctor servuser --url https://hub.example.org \\
      --token-file servuser.token
  hubprobe account hub-config servuser --flavor z2jh > accounts.yaml"
    )]
    Account(super::args_account::Account),
    /// Take away what earlier runs left on hubs, as the ledger says
    Clean(Clean),
    /// See it all on a real local hub: sandbox, account, check, all gone again
    Demo(super::args_sandbox::Demo),
    /// A real JupyterHub on this machine, to try things on
    #[command(
        subcommand,
        after_help = "Examples:
  hubprobe sandbox up
  hubprobe sandbox up --fault strip_auth       # broken on purpose
  hubprobe sandbox logs -n 50
  hubprobe sandbox down"
    )]
    Sandbox(super::args_sandbox::Sandbox),
    /// Test hubprobe itself: break hubs of this machine on purpose, and see that each cause is named
    Selftest(super::args_sandbox::Selftest),
    /// Suite files: examine them, list their probes; nothing is sent
    #[command(
        subcommand,
        after_help = "Examples:
  hubprobe suite lint suite.yaml
  hubprobe suite list --suite suite.yaml --tag slow"
    )]
    Suite(super::args_suite::Suite),
    /// Tell a run again, in any format, from its journal or its JSON report; several as one
    Report(Report),
    /// Print a JSON schema: of the report or of the suite file
    Schema(Schema),
    /// Print what completes hubprobe's words in a shell
    Completions(Completions),
    /// Print the manual page, or write those of all commands into a directory
    Man(Man),
}

/// How to reach a hub, and as whom.
#[derive(Debug, Clone, ClapArgs)]
pub struct HubArgs {
    /// The hub's URL, as a person opens it [env: also JUPYTERHUB_API_URL]
    #[arg(long, value_name = "URL", env = "HUBPROBE_URL")]
    pub url: Option<String>,
    /// PEM certificates to trust beside the system's
    #[arg(
        long,
        value_name = "PEM",
        env = "HUBPROBE_CA_FILE",
        hide_short_help = true
    )]
    pub ca_file: Option<PathBuf>,
    /// A header for every request, for access proxies; its value is read from an environment variable
    #[arg(
        long = "header",
        value_name = "NAME=ENV",
        env = "HUBPROBE_HEADER",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub headers: Vec<String>,
}

/// Which reports, and where.
#[derive(Debug, Clone, ClapArgs)]
pub struct FormatArgs {
    /// A report: terminal, json, junit, html, markdown, tap, nagios, prometheus; to standard output, or to a file
    /// with =PATH. May be given again
    #[arg(
        long = "format",
        value_name = "FORMAT[=PATH]",
        env = "HUBPROBE_FORMAT",
        value_delimiter = ',',
        value_parser = super::formats::Offered,
        hide_possible_values = true
    )]
    pub formats: Vec<String>,
}

/// `hubprobe check`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe check --url https://hub.example.org --user servuser \\
      --token-file servuser.token
  hubprobe check --url https://hub.example.org --user servuser \\
      --token-file servuser.token --option 'runtime=[\"00:05:00\"]' \\
      --deadline start=90s --format terminal --format junit=out.xml
  hubprobe check --suite suite.yaml normal

Exit codes:
  0 passed, 1 failed, 2 usage (nothing was done), 3 inconclusive,
  4 something may be left on the hub (hubprobe clean), 70 a bug,
  130 and 143 interrupted, after cleaning up")]
pub struct Check {
    /// Which probes of the suite; all when none is named
    #[arg(value_name = "PROBE")]
    pub probes: Vec<String>,
    /// A suite file: hubs, accounts and probes
    #[arg(long, value_name = "FILE", env = "HUBPROBE_SUITE")]
    pub suite: Option<PathBuf>,
    /// Only the probes of the suite that have this tag. May be given again: with any of them
    #[arg(
        long = "tag",
        value_name = "TAG",
        env = "HUBPROBE_TAG",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub tags: Vec<String>,
    /// The hub.
    #[command(flatten)]
    pub hub: HubArgs,
    /// The service account
    #[arg(long, value_name = "NAME", env = "HUBPROBE_USER")]
    pub user: Option<String>,
    /// A file with the account's token; - is standard input [env: also HUBPROBE_TOKEN, JUPYTERHUB_API_TOKEN]
    #[arg(long, value_name = "FILE", env = "HUBPROBE_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// Not taken: other users of the machine could read it
    #[arg(long, value_name = "TOKEN", hide = true)]
    pub token: Option<String>,
    /// A spawn option; VALUE is YAML, so runtime='["00:05:00"]' is a list
    /// (several in HUBPROBE_OPTION: one a line)
    #[arg(
        long = "option",
        value_name = "KEY=VALUE",
        env = "HUBPROBE_OPTION",
        hide_env_values = true,
        value_delimiter = '\n'
    )]
    pub option: Vec<String>,
    /// All spawn options as one JSON object, or @FILE
    #[arg(
        long,
        value_name = "JSON",
        env = "HUBPROBE_OPTIONS",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub options: Option<String>,
    /// A named server in place of the default one
    #[arg(long, value_name = "NAME", env = "HUBPROBE_SERVER")]
    pub server: Option<String>,
    /// The kernel to start [default: the server's own default]
    #[arg(
        long,
        value_name = "NAME",
        env = "HUBPROBE_KERNEL",
        hide_short_help = true
    )]
    pub kernel: Option<String>,
    /// Also look at the page that a person would open, and at what it loads [default path: lab]
    #[arg(long, value_name = "PATH", env = "HUBPROBE_LAB", hide_short_help = true, num_args = 0..=1, default_missing_value = "lab")]
    pub lab: Option<String>,
    /// Also write a file to the home, read it back and delete it; of this size
    #[arg(long, value_name = "SIZE", env = "HUBPROBE_FILES", hide_short_help = true, num_args = 0..=1, default_missing_value = "2MiB")]
    pub files: Option<String>,
    /// Also stop the server in the middle, start it again, and see that a file in its home is still there; --files is then implied
    #[arg(long, env = "HUBPROBE_PERSIST", hide_short_help = true, value_parser = FalseyValueParser::new())]
    pub persist: bool,
    /// How long something may take: reach, start, queue, open, lab, kernel, execute, files, stop, total
    #[arg(
        long = "deadline",
        value_name = "WHAT=TIME",
        env = "HUBPROBE_DEADLINE",
        value_delimiter = ','
    )]
    pub deadlines: Vec<String>,
    /// How long another run that is at work on the same server, or a server that is there, is waited for: 90s, 10m
    #[arg(
        long,
        value_name = "TIME",
        env = "HUBPROBE_WAIT",
        hide_short_help = true,
        default_value = "0s",
        hide_default_value = true
    )]
    pub wait: String,
    /// How many visits at a time, each on an account's server of its own
    #[arg(
        long,
        value_name = "N",
        env = "HUBPROBE_JOBS",
        default_value_t = 1,
        hide_default_value = true,
        value_parser = between(1_u16, 200),
        hide_short_help = true
    )]
    pub jobs: u16,
    /// Try what did not pass again, so often at most; never after a spawn that failed, unless the suite says so
    #[arg(
        long,
        value_name = "N",
        env = "HUBPROBE_RETRIES",
        value_parser = between(0_u32, crate::suite::Retries::MOST),
        hide_short_help = true
    )]
    pub retries: Option<u32>,
    /// Nobody else uses the account: what is left on it from lost runs may be taken away
    #[arg(long, env = "HUBPROBE_DEDICATED", hide_short_help = true, value_parser = FalseyValueParser::new())]
    pub dedicated: bool,
    /// Leave the server running
    #[arg(long, conflicts_with = "dry_run", env = "HUBPROBE_KEEP", value_parser = FalseyValueParser::new())]
    pub keep: bool,
    /// Change nothing on the hub: reach, identify, and what would be sent
    #[arg(long, env = "HUBPROBE_DRY_RUN", value_parser = FalseyValueParser::new())]
    pub dry_run: bool,
    /// Say nothing of what passes but its warnings: no lines on the way, no report on the screen (for cron)
    #[arg(long, short, env = "HUBPROBE_QUIET", value_parser = FalseyValueParser::new())]
    pub quiet: bool,
    /// Write down what happens, as it happens; hubprobe report tells it again
    #[arg(
        long,
        value_name = "FILE",
        env = "HUBPROBE_JOURNAL",
        hide_short_help = true
    )]
    pub journal: Option<PathBuf>,
    /// The reports.
    #[command(flatten)]
    pub reports: FormatArgs,
    /// Keep what visits leave, a folder for each below this directory: notebooks as they ran, and of those that did not pass reports, journal and requests
    #[arg(
        long,
        value_name = "DIR",
        env = "HUBPROBE_ARTIFACTS",
        hide_short_help = true
    )]
    pub artifacts: Option<PathBuf>,
}

/// `hubprobe clean`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe clean --dry-run               # only say what is left
  hubprobe clean
  hubprobe clean --kept                  # what check --keep left running, too
  hubprobe clean --forget https://gone.example.org

A server that its hub has forgotten, and that lives on all the same, cannot be
taken away: end its process, pod or job by hand. What is seen to be gone is
struck out; what cannot be seen from here stays until --forget ENTRY.

Exit codes: 0 nothing is left (with --dry-run: it was listed), 2 usage
(nothing was done), 3 our own side, 4 something may still be left.")]
pub struct Clean {
    /// Also what was kept on purpose (check --keep)
    #[arg(long)]
    pub kept: bool,
    /// Also what processes on other hosts made; only when they are over
    #[arg(long)]
    pub other_hosts: bool,
    /// A token in place of the one that the ledger names
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Strike what stands in the ledger for this hub without asking it: for a hub that is gone for good; or one entry: for a server that outlived its stop and was ended by hand
    #[arg(long, value_name = "URL|ENTRY", conflicts_with = "token_file")]
    pub forget: Option<String>,
    /// Only say what the ledger holds; no hub is asked
    #[arg(long)]
    pub dry_run: bool,
    /// How long each may take
    #[arg(long, value_name = "TIME", default_value = "2m")]
    pub deadline: String,
}

/// `hubprobe report`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe report run.jsonl
  hubprobe report run.jsonl --format html=report.html
  hubprobe report monday.json tuesday.json --format junit=week.xml

A journal is what check --journal FILE writes, a JSON report what --format
json=FILE writes. The exit code is that of the run. Of several files one that
cannot be read is told, the others are reported, and exit code 0 becomes 3;
where none can be read it is 2.")]
pub struct Report {
    /// Journals (check --journal FILE) or JSON reports; - is standard input
    #[arg(value_name = "JOURNAL", required = true)]
    pub files: Vec<PathBuf>,
    /// The reports.
    #[command(flatten)]
    pub reports: FormatArgs,
}

/// `hubprobe schema`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe schema suite > suite.schema.json
  hubprobe schema report > report.schema.json")]
pub struct Schema {
    /// Of what
    #[arg(value_enum)]
    pub what: SchemaOf,
}

/// `hubprobe completions`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe completions bash \\
      > ~/.local/share/bash-completion/completions/hubprobe
  hubprobe completions zsh > ~/.zfunc/_hubprobe
  hubprobe completions fish > ~/.config/fish/completions/hubprobe.fish

For zsh, fpath+=~/.zfunc stands in ~/.zshrc before compinit.")]
pub struct Completions {
    /// For which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `hubprobe man`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe man | man -l -
  hubprobe man ~/.local/share/man/man1")]
pub struct Man {
    /// Where one page for each command goes
    #[arg(value_name = "DIR")]
    pub directory: Option<PathBuf>,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// The JSON report.
    Report,
    /// The suite file.
    Suite,
}
