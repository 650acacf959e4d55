//! The arguments of `hubprobe suite`, as typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

/// `hubprobe suite`.
#[derive(Debug, Subcommand)]
pub enum Suite {
    /// Say what is wrong in suite files; nothing is sent
    Lint(Lint),
    /// List the probes of a suite, with every default filled in; nothing is sent
    List(List),
}

/// `hubprobe suite lint`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe suite lint suite.yaml
  hubprobe suite lint suites/*.yaml")]
pub struct Lint {
    /// Suite files; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// `hubprobe suite list`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe suite list --suite suite.yaml
  hubprobe suite list --suite suite.yaml --tag slow --format json")]
pub struct List {
    /// The suite file; - is standard input
    #[arg(long, value_name = "FILE", env = "HUBPROBE_SUITE")]
    pub suite: Option<PathBuf>,
    /// Only the probes that have this tag. May be given again: with any of them
    #[arg(
        long = "tag",
        value_name = "TAG",
        env = "HUBPROBE_TAG",
        value_delimiter = ','
    )]
    pub tags: Vec<String>,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub format: ListFormat,
}

/// How the list looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A few lines for each probe.
    Text,
    /// One JSON object.
    Json,
}
