//! Layer 10: a stop that was not one, as far as a visit itself can see.
//!
//! What the hub and the proxy say of a stop is judged where servers are taken
//! back (`undo`). Here is what only a visit knows: it was there before, and it
//! held a connection.

use super::excerpt;
use crate::vocabulary::{Cause, Finding};

/// The finding for a server whose kernel still answers on a connection that was
/// open before the stop. Hubs answer 204 and forget a server also where the
/// spawner's stop failed (JupyterHub 2 to 6, handlers/base.py,
/// `stop_single_user`).
pub fn survived(server: &str) -> Finding {
    Finding::new(
        Cause::StopSurvived,
        format!("the hub says that {server} is stopped, but its process lives on"),
    )
    .seen("its kernel still answers on the websocket that was open before the stop")
    .seen("neither the hub's model nor the proxy shows it any more, so nothing will end it")
}

/// The finding for a server that the hub calls stopped, and whose job the
/// scheduler still has: what the suite's command said of it.
pub fn still_queued(server: &str, command: &str, said: &str) -> Finding {
    Finding::new(
        Cause::StopSurvived,
        format!("the hub says that {server} is stopped, but the scheduler still has its job"),
    )
    .seen(format!("{command}: {}", excerpt(said)))
    .seen("neither the hub's model nor the proxy shows it any more, so nothing will end it")
}

/// Whether a command that failed says that there is no such job: squeue forgets
/// jobs some minutes after their end (`MinJobAge`), qstat at once.
pub fn says_no_such_job(errors: &str) -> bool {
    let lower = errors.to_lowercase();
    [
        "invalid job id",
        "unknown job id",
        "job has finished",
        "do not exist",
    ]
    .iter()
    .any(|words| lower.contains(words))
}

/// Why a command that failed told nothing.
pub fn no_answer(program: &str, status: &str, errors: &str) -> String {
    format!("{program} ended with {status}: {}", excerpt(errors))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As squeue of Slurm 22.05 and qstat of OpenPBS and Grid Engine say it.
    #[test]
    fn no_such_job() {
        assert!(says_no_such_job(
            "slurm_load_jobs error: Invalid job id specified"
        ));
        assert!(says_no_such_job("qstat: Unknown Job Id 12.pbs"));
        assert!(says_no_such_job(
            "qstat: 12.pbs Job has finished, use -x or -H"
        ));
        assert!(says_no_such_job("Following jobs do not exist: 12"));
        assert!(!says_no_such_job(
            "slurm_load_jobs error: Unable to contact slurm controller (connect failure)"
        ));
    }
}
