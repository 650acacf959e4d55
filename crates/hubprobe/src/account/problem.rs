//! Why a command on an account came to no good end, and what is left of it.

use jiff::Timestamp;

use super::register::RegisterError;
use crate::connect::{ConnectError, SecretError};
use crate::undo::LedgerError;
use crate::vocabulary::Finding;

/// Why it did not work.
#[derive(Debug)]
pub enum Problem {
    /// The hub, the network or the token: diagnosed.
    Finding(Box<Finding>),
    /// What was asked for cannot be: nothing was done, or all of it was undone.
    Usage(String),
    /// Our own side, such as a full disk.
    Local(String),
    /// An earlier command on the same account was ended before it could undo, and
    /// what it made cannot be taken back now; in words.
    Earlier(Vec<String>),
    /// We were asked to end.
    Interrupted,
}

/// A problem, and what became of what had been made by then.
#[derive(Debug)]
pub struct Stopped {
    /// What is wrong.
    pub problem: Problem,
    /// What was taken back, in words.
    pub undone: Vec<String>,
    /// What may be left on the hub, in words. It stands in the ledger.
    pub left: Vec<String>,
    /// When it ended.
    pub at: Timestamp,
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            undone: Vec::new(),
            left: Vec::new(),
            at: Timestamp::now(),
        }
    }
}

impl From<Finding> for Problem {
    fn from(finding: Finding) -> Self {
        Self::Finding(Box::new(finding))
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        Self::Local(error.to_string())
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        Self::Local(error.to_string())
    }
}

impl From<ConnectError> for Problem {
    fn from(error: ConnectError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Self {
        Self::Usage(error.to_string())
    }
}
