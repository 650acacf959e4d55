//! Exit codes: a contract, so they are constants with names.

use std::process::ExitCode;

use crate::journal;
use crate::vocabulary::{Cause, Run, Verdict};

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every probe passed, nothing left behind.
    Passed = 0,
    /// The deployment or its account failed a probe.
    Failed = 1,
    /// Usage or suite error, or no probe ran; nothing was done.
    Usage = 2,
    /// Queued, throttled, or our own side's fault.
    Inconclusive = 3,
    /// Something may be left behind on the hub.
    LeftBehind = 4,
    /// A bug in hubprobe.
    Bug = 70,
    /// SIGINT, after cleaning up.
    Interrupted = 130,
    /// SIGTERM, after cleaning up.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// All of them, by their numbers.
    pub const ALL: [Self; 8] = [
        Self::Passed,
        Self::Failed,
        Self::Usage,
        Self::Inconclusive,
        Self::LeftBehind,
        Self::Bug,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// What `hubprobe check` says by it.
    #[must_use]
    pub const fn means(self) -> &'static str {
        match self {
            Self::Passed => "every probe passed, and nothing is left behind",
            Self::Failed => "the deployment or its account failed a probe",
            Self::Usage => {
                "a mistake in the command or in the suite, or no probe to run; nothing was done"
            }
            Self::Inconclusive => {
                "inconclusive: the hub is full or the job is queued, or our own side is at fault (no token, limits that are too low, a report that nobody got)"
            }
            Self::LeftBehind => {
                "something may be left behind on the hub: run `hubprobe clean` (of a hub that is gone for good: `hubprobe clean --forget URL`); what outlived its stop is to be ended by hand"
            }
            Self::Bug => "a bug in hubprobe",
            Self::Interrupted => "interrupted (SIGINT), after cleaning up",
            Self::Terminated => "terminated (SIGTERM, SIGHUP), after cleaning up",
        }
    }

    /// The exit code that a run makes.
    pub fn of(run: &Run) -> Self {
        let bug = run.visits.iter().any(|visit| {
            visit
                .finding
                .as_ref()
                .is_some_and(|finding| finding.cause == Cause::ProberBug)
        });
        if run.left_behind() {
            Self::LeftBehind
        } else if bug {
            Self::Bug
        } else if let Some(signal) = &run.interrupted
            && signal != journal::CUT
            && run.merged.is_empty()
        {
            Self::of_signal(signal)
        } else {
            Self::of_verdict(run.verdict)
        }
    }

    /// The exit code after a signal, by its name. A terminal that is gone
    /// (SIGHUP) ends us as SIGTERM does.
    pub fn of_signal(name: &str) -> Self {
        if name == "SIGINT" {
            Self::Interrupted
        } else {
            Self::Terminated
        }
    }

    /// The exit code of a verdict alone.
    pub fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::Passed,
            Verdict::Failed => Self::Failed,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::Skipped => Self::Usage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_help_of_check_names_every_code() {
        let mut command = crate::cli::args::Args::command();
        let check = command.find_subcommand_mut("check").unwrap();
        let help = check.render_long_help().to_string();
        let (_, codes) = help.split_once("Exit codes:").unwrap();
        let words: Vec<&str> = codes
            .split(|it: char| !it.is_ascii_digit())
            .filter(|it| !it.is_empty())
            .collect();
        let all = Exit::ALL.map(|exit| (exit as u8).to_string());
        assert_eq!(words, all);
    }
}
