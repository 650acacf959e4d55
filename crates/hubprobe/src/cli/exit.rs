//! Exit codes: a contract, so they are constants with names.

use std::process::ExitCode;

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
        } else if let Some(signal) = &run.interrupted {
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
