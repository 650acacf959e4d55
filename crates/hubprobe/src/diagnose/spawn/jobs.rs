//! What a batch scheduler says of a job that it does not take, or that is gone.
//!
//! Slurm's words as sbatch and squeue print them (slurm_errno.c; seen on 22.05),
//! passed on whole by batchspawner and behind `std_err:` by firecrestspawner.
//! Only words that are a verdict on the job count as a refusal: what else may
//! stand behind "Batch job submission failed" (a full disk, a protocol) is a
//! plain error of the spawner.

use super::super::excerpt;
use super::super::queue::is_running;
use super::super::scheduler::{Job, Word};
use super::Failure;
use crate::vocabulary::{Cause, Finding};

/// The scheduler does not answer, or not in time.
const DOWN: &[&str] = &[
    "unable to contact slurm controller",
    "unable to contact slurm database",
    "slurm backup controller in standby mode",
    "socket timed out on send/recv",
    // FirecREST is not there (httpx), and its way to slurmctld (asyncssh), as firecrestspawner passes them on.
    "all connection attempts failed",
    "channel not open for sending",
];

/// The job as it was asked for is refused.
const REJECTED: &[&str] = &[
    "invalid account or account/partition combination",
    "invalid partition name",
    "requested partition configuration not available",
    "required partition not available",
    "requested reservation is invalid",
    "access denied to requested reservation",
    "requested reservation not usable",
    "reservation is invalid",
    "invalid qos specification",
    "requested time limit is invalid",
    "requested node configuration is not available",
    "node count specification invalid",
    "more processors requested than permitted",
    "memory specification can not be satisfied",
    "requested memory limit",
    "invalid feature specification",
    "invalid generic resource",
    "invalid time specification",
    "job violates accounting/qos policy",
    "user's group not permitted to use this partition",
    "invalid user id",
    "invalid wckey specification",
    "job constraints",
    "burst buffer",
    "invalid license specification",
];

/// The job is gone, or ended before its server was reached.
const VANISHED: &[&str] = &[
    "batch job has disappeared while pending",
    "batch job started but died before launching",
];

/// Nobody took the job, and the spawner keeps the reason to itself.
const NOT_SUBMITTED: &str = "batch job submission failure";

/// What a spawner says of a job before it has heard of it (firecrestspawner, batchspawner).
const UNHEARD: &[&str] = &["waiting for job status", "unknown status"];

/// Nobody waits longer for the first word of a scheduler that answers.
const FIRST_WORD_S: f64 = 10.0;

/// The finding where the last word after so many seconds was that nothing has been heard of the job.
pub(super) fn unheard(last_progress: Option<&str>, seconds: f64) -> Option<Finding> {
    let last = last_progress?.to_lowercase();
    let unheard = UNHEARD.iter().any(|words| last.contains(words));
    (unheard && seconds >= FIRST_WORD_S).then(|| {
        Finding::new(
            Cause::SpawnSchedulerDown,
            format!(
                "the spawner heard nothing of its job for {seconds:.0} s: the scheduler, or what stands before it \
                 (FirecREST), does not answer"
            ),
        )
    })
}

/// The finding for a process that ended while its server was awaited, where that was a job which had been seen to run.
pub(super) fn ended(last_progress: Option<&str>) -> Option<Finding> {
    is_running(last_progress?).then(|| {
        Finding::new(
            Cause::SpawnJobVanished,
            "the job ran, and ended before its server answered",
        )
    })
}

/// The finding for a scheduler's words; none where there are none.
pub(super) fn of_text(said: &str) -> Option<Finding> {
    let lower = said.to_lowercase();
    let any = |table: &[&str]| table.iter().any(|words| lower.contains(words));
    if is_down(said) {
        return Some(Finding::new(
            Cause::SpawnSchedulerDown,
            format!("the scheduler does not answer: {}", own_words(said)),
        ));
    }
    // A hook may say "invalid time specification" too; a scheduler says who it is.
    let submitted = ["sbatch:", "job submission failed", "srun:"];
    if submitted.iter().any(|words| lower.contains(words)) && any(REJECTED) {
        return Some(Finding::new(
            Cause::SpawnJobRejected,
            format!("the scheduler refuses the job: {}", own_words(said)),
        ));
    }
    if lower.contains(NOT_SUBMITTED) {
        return Some(
            Finding::new(
                Cause::SpawnError,
                "the spawner could not submit the job, and does not say why",
            )
            .advise(
                "The hub's log has the reason, behind \"Job submission failed\": FirecREST that is unwell or refuses the \
                 account (a limit, a QOS, its login), or a banner in sbatch's output.",
            ),
        );
    }
    any(VANISHED).then(|| {
        Finding::new(
            Cause::SpawnJobVanished,
            "the job disappeared from the queue, or ended before it had started the server",
        )
    })
}

/// Whether what the scheduler says of the job would tell more than a finding of this cause.
pub fn is_vague(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::SpawnQueued
            | Cause::SpawnTooSlow
            | Cause::SpawnStartTimeout
            | Cause::SpawnNeverAnswered
            | Cause::SpawnExited
    )
}

/// A finding, with what the suite's command said of the job; in its place, where that tells the cause.
pub(super) fn with_job(finding: Finding, failure: &Failure) -> Finding {
    let Some(job) = failure.job.as_ref().filter(|_| is_vague(finding.cause)) else {
        return finding;
    };
    let (cause, summary) = match job.word {
        Word::Over => (
            Cause::SpawnJobVanished,
            "the job ended or was cancelled before its server answered",
        ),
        Word::Down if finding.cause != Cause::SpawnExited => (
            Cause::SpawnSchedulerDown,
            "the scheduler has stopped answering while the server started",
        ),
        _ => return waiting(finding, job),
    };
    Finding::new(cause, summary)
        .seen(job.evidence())
        .seen(finding.summary)
        .seen_all(finding.evidence)
}

/// Where it waits: why, and what can be done about that.
fn waiting(mut finding: Finding, job: &Job) -> Finding {
    if finding.cause == Cause::SpawnQueued && job.word != Word::Runs {
        finding.summary = format!("{}; it waits: {}", finding.summary, job.in_words());
        if let Some(advice) = job.advice() {
            finding = finding.advise(advice);
        }
    }
    finding.seen(job.evidence())
}

/// Whether these are words of a scheduler's command that does not reach it.
pub fn is_down(said: &str) -> bool {
    let lower = said.to_lowercase();
    DOWN.iter().any(|words| lower.contains(words))
}

/// What the scheduler said, without what its commands and the spawner put before it.
fn own_words(said: &str) -> String {
    let after = |text: &str, mark: &str| match text.rfind(mark) {
        Some(at) => text[at + mark.len()..].trim().to_owned(),
        None => text.trim().to_owned(),
    };
    let lines = said.lines().map(|line| {
        let line = after(line, "error:");
        after(&line, "Batch job submission failed:")
    });
    let words: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    excerpt(&words.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(said: &str) -> Option<(Cause, String)> {
        of_text(said).map(|it| (it.cause, it.summary))
    }

    /// As sbatch of Slurm 22.05.8 says it, through batchspawner 1.3.0.
    #[test]
    fn refusals_keep_the_schedulers_words() {
        for (said, words) in [
            (
                "sbatch: error: invalid partition specified: nosuch\nsbatch: error: Batch job submission failed: Invalid partition name specified",
                "invalid partition specified: nosuch; Invalid partition name specified",
            ),
            (
                "sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified",
                "Invalid account or account/partition combination specified",
            ),
            (
                "sbatch: error: Batch job submission failed: Requested reservation is invalid",
                "Requested reservation is invalid",
            ),
            (
                "sbatch: error: Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)",
                "Requested time limit is invalid (missing or exceeds some limit)",
            ),
            (
                "sbatch: error: Batch job submission failed: Invalid qos specification",
                "Invalid qos specification",
            ),
            (
                "sbatch: error: Batch job submission failed: Node count specification invalid",
                "Node count specification invalid",
            ),
            (
                "sbatch: error: Batch job submission failed: Invalid feature specification",
                "Invalid feature specification",
            ),
            (
                "sbatch: error: Batch job submission failed: More processors requested than permitted",
                "More processors requested than permitted",
            ),
            (
                "sbatch: error: Memory specification can not be satisfied\nsbatch: error: Batch job submission failed: Requested node configuration is not available",
                "Memory specification can not be satisfied; Requested node configuration is not available",
            ),
            (
                "Unexpected Slurm command response. exit_status:1 std_err:sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified\n",
                "Invalid account or account/partition combination specified",
            ),
        ] {
            let found = cause(said).unwrap();
            let summary = format!("the scheduler refuses the job: {words}");
            assert_eq!(found, (Cause::SpawnJobRejected, summary), "{said}");
        }
    }

    #[test]
    fn a_job_that_is_gone_and_a_scheduler_that_is() {
        for said in [
            "The Jupyter batch job has disappeared while pending in the queue or died immediately after starting.",
            "The Jupyter batch job has disappeared while pending in the queue or died  immediately after starting.",
        ] {
            assert_eq!(cause(said).unwrap().0, Cause::SpawnJobVanished);
        }
        for said in [
            "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)",
            "All connection attempts failed",
            "('Channel not open for sending',)",
            "slurm_load_jobs error: Unable to contact slurm controller (connect failure)",
            "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
        ] {
            assert_eq!(cause(said).unwrap().0, Cause::SpawnSchedulerDown, "{said}");
        }
    }

    fn found(cause: Cause, said: &str) -> Finding {
        let failure = Failure {
            job: Some(Job::of("squeue -j 7", said, true)),
            ..Failure::default()
        };
        with_job(Finding::new(cause, "it was so"), &failure)
    }

    #[test]
    fn what_the_suite_s_command_says_tells_more() {
        let waits = found(Cause::SpawnQueued, "PENDING JobHeldAdmin");
        assert_eq!(
            (waits.cause, waits.summary.as_str()),
            (
                Cause::SpawnQueued,
                "it was so; it waits: PENDING (JobHeldAdmin)"
            )
        );
        assert!(waits.advice.contains("holds the job"), "{}", waits.advice);
        assert_eq!(waits.evidence, ["squeue -j 7: PENDING JobHeldAdmin"]);
        for cause in [
            Cause::SpawnStartTimeout,
            Cause::SpawnNeverAnswered,
            Cause::SpawnExited,
        ] {
            let over = found(cause, "");
            assert_eq!(over.cause, Cause::SpawnJobVanished);
            assert_eq!(
                over.evidence,
                ["squeue -j 7 says nothing any more", "it was so"]
            );
            assert_eq!(found(cause, "RUNNING None").cause, cause);
        }
        // What has a cause of its own keeps it.
        let rejected = found(Cause::SpawnJobRejected, "");
        assert_eq!(rejected.evidence, Vec::<String>::new());
    }

    #[test]
    fn a_scheduler_that_has_stopped_answering() {
        let failure = Failure {
            job: Some(Job::down("squeue", "Unable to contact slurm controller")),
            ..Failure::default()
        };
        let late = Finding::new(Cause::SpawnTooSlow, "late");
        assert_eq!(with_job(late, &failure).cause, Cause::SpawnSchedulerDown);
        let ended = Finding::new(Cause::SpawnExited, "ended");
        assert_eq!(with_job(ended, &failure).cause, Cause::SpawnExited);
    }

    #[test]
    fn what_the_spawner_keeps_to_itself_or_never_heard() {
        for said in [
            "Jupyter batch job submission failure (no jobid in output)",
            "Jupyter batch job submission failure",
        ] {
            let (cause, summary) = cause(said).unwrap();
            assert_eq!(cause, Cause::SpawnError, "{said}");
            assert!(summary.contains("does not say why"), "{summary}");
        }
        let waiting = Some("Waiting for job status...");
        assert_eq!(
            unheard(waiting, 30.0).unwrap().cause,
            Cause::SpawnSchedulerDown
        );
        assert_eq!(unheard(waiting, 5.0), None);
        assert_eq!(unheard(Some("Job 13 is pending in queue "), 30.0), None);
        assert_eq!(unheard(None, 30.0), None);
        let ran = "Cluster job running... waiting to connect";
        assert_eq!(ended(Some(ran)).unwrap().cause, Cause::SpawnJobVanished);
        assert_eq!(ended(Some("Server requested")), None);
    }

    #[test]
    fn other_words_are_none_of_a_scheduler() {
        for said in [
            "sbatch: error: Batch job submission failed: I/O error writing script/output to file",
            "invalid time specification in the form",
            "I don't work!",
        ] {
            assert_eq!(cause(said), None, "{said}");
        }
    }
}
