//! The one place where time is taken.
//!
//! Lengths come from tokio's clock, which tests can pause; the wall clock is
//! read once, when the run begins, and goes on from there by the same clock,
//! so that a wall clock that jumps moves nothing.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// A run's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: Instant,
    started: Timestamp,
}

impl Clock {
    /// Begins now.
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
            started: Timestamp::now(),
        }
    }

    /// The wall clock when it began.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// Since it began.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The wall clock now, unmoved by jumps.
    pub fn now(&self) -> Timestamp {
        self.started + self.elapsed()
    }
}
