//! What a command of the suite says of a server's job: the scheduler's own word,
//! which the hub passes on late, in part, or not at all.
//!
//! Read is the first word of each line, as `squeue -o "%T %r"` and `qstat` write
//! states; what is not known is shown as it stands and judged to be nothing.

use super::excerpt;

pub use super::spawn::is_down;

/// How a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It is in the queue.
    Waits,
    /// It has its nodes.
    Runs,
    /// It has ended, or the scheduler does not know it any more.
    Over,
    /// The scheduler does not answer.
    Down,
    /// Nobody knows what that means.
    Unclear,
}

/// States of Slurm, long and short, and of PBS and Grid Engine.
const STATES: &[(Word, &[&str])] = &[
    (
        Word::Waits,
        &[
            "PENDING",
            "PD",
            "REQUEUED",
            "RQ",
            "REQUEUE_HOLD",
            "RH",
            "REQUEUE_FED",
            "RF",
            "SPECIAL_EXIT",
            "SE",
            "QUEUED",
            "HELD",
            "Q",
            "H",
            "QW",
            "HQW",
        ],
    ),
    (Word::Runs, &["RUNNING", "R", "CONFIGURING", "CF"]),
    (
        Word::Over,
        &[
            "COMPLETING",
            "CG",
            "COMPLETED",
            "CD",
            "CANCELLED",
            "CA",
            "FAILED",
            "F",
            "TIMEOUT",
            "TO",
            "NODE_FAIL",
            "NF",
            "PREEMPTED",
            "PR",
            "BOOT_FAIL",
            "BF",
            "DEADLINE",
            "DL",
            "OUT_OF_MEMORY",
            "OOM",
        ],
    ),
];

/// What can be done about a reason of Slurm's for letting a job wait (`squeue -o %r`); the first that fits.
const REASONS: &[(&[&str], &str)] = &[
    (
        &["jobheld"],
        "Somebody holds the job: see who (scontrol show job), or why jobs of the account are held when they are submitted.",
    ),
    (
        &[
            "partitionconfig",
            "partitionnodelimit",
            "partitiontimelimit",
            "badconstraints",
            "perjob",
            "notallowed",
            "invalidaccount",
            "invalidqos",
            "neversatisfied",
            "reservationdeleted",
        ],
        "As it was asked for, the job will never start: ask for less, or for another partition, reservation or account.",
    ),
    (
        &[
            "partitiondown",
            "partitioninactive",
            "reqnodenotavail",
            "nodedown",
            "node_fail",
        ],
        "Nodes or the partition are down or drained: sinfo -R says why.",
    ),
    (
        &["qos", "assoc", "maxjobs", "maxcpu", "maxmem"],
        "A limit of the account or its quality of service is reached: wait until its other jobs have ended, or raise the limit.",
    ),
    (
        &["reservation"],
        "The job waits until its reservation begins, or has room: use another one, or none.",
    ),
];

/// What the scheduler's command said of a job, and what that means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// How the job is.
    pub word: Word,
    command: String,
    said: String,
}

impl Job {
    /// What `command` said; `about_it`: whether it asks for this very job. Otherwise its words are shown, and prove nothing.
    pub fn of(command: &str, said: &str, about_it: bool) -> Self {
        let word = if about_it { word(said) } else { Word::Unclear };
        Self {
            word,
            command: command.to_owned(),
            said: said.to_owned(),
        }
    }

    /// That `command`, which has spoken before, does not reach the scheduler any more.
    pub fn down(command: &str, why: &str) -> Self {
        Self {
            word: Word::Down,
            command: command.to_owned(),
            said: why.to_owned(),
        }
    }

    /// Its time was over: its own limit's, or its partition's.
    pub fn timed_out(&self) -> bool {
        self.begins_with(&["TIMEOUT", "TO", "DEADLINE", "DL"])
    }

    /// It wanted more memory than it had.
    pub fn out_of_memory(&self) -> bool {
        self.begins_with(&["OUT_OF_MEMORY", "OOM"])
    }

    /// It ends just now; how, is told later.
    pub fn is_ending(&self) -> bool {
        self.begins_with(&["COMPLETING", "CG"])
    }

    fn begins_with(&self, states: &[&str]) -> bool {
        let first = self.said.split_whitespace().next().unwrap_or_default();
        self.word == Word::Over && states.iter().any(|state| first.eq_ignore_ascii_case(state))
    }

    /// A message of the hub's, with what it leaves out.
    pub fn beside(&self, message: &str) -> String {
        let message = message.trim();
        let mut reason = self.said.split_whitespace().skip(1).peekable();
        let told = reason.peek().is_some() && reason.all(|word| message.contains(word));
        match told {
            true => message.to_owned(),
            false => format!("{message} [{}]", self.in_words()),
        }
    }

    /// As a person says it: `PENDING (Resources)`.
    pub fn in_words(&self) -> String {
        match self.said.split_whitespace().collect::<Vec<_>>().as_slice() {
            [] => "nothing of the job any more".to_owned(),
            [state, reason] if !reason.starts_with('(') => format!("{state} ({reason})"),
            words => excerpt(&words.join(" ")),
        }
    }

    /// The command and what it said.
    pub fn evidence(&self) -> String {
        match self.said.as_str() {
            "" => format!("{} says nothing any more", self.command),
            said => format!("{}: {}", self.command, excerpt(said)),
        }
    }

    /// What can be done about the reason for which it waits.
    pub fn advice(&self) -> Option<&'static str> {
        let lower = self.said.to_lowercase();
        let fits = |words: &&str| lower.contains(words);
        let row = REASONS.iter().find(|(words, _)| words.iter().any(fits))?;
        Some(row.1)
    }
}

/// The state that all lines begin with.
fn word(said: &str) -> Word {
    let mut words = said.lines().map(|line| {
        let state = line.split_whitespace().next().unwrap_or_default();
        let state = state.trim_end_matches([',', ';', ':', '+']).to_uppercase();
        let row = STATES
            .iter()
            .find(|(_, states)| states.contains(&state.as_str()));
        row.map_or(Word::Unclear, |(word, _)| *word)
    });
    let Some(first) = words.next() else {
        return Word::Over;
    };
    if words.all(|word| word == first) {
        first
    } else {
        Word::Unclear
    }
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

    fn of(said: &str) -> Job {
        Job::of("squeue -j 7", said, true)
    }

    #[test]
    fn states_and_what_is_none() {
        for (said, word) in [
            ("PENDING Resources", Word::Waits),
            ("PD (Priority)", Word::Waits),
            ("qw", Word::Waits),
            ("PENDING Resources\nPENDING Priority", Word::Waits),
            ("RUNNING None", Word::Runs),
            ("CONFIGURING None", Word::Runs),
            ("COMPLETING None", Word::Over),
            ("FAILED NonZeroExitCode", Word::Over),
            ("", Word::Over),
            ("PENDING Resources\nRUNNING None", Word::Unclear),
            ("7 debug jupyter PD", Word::Unclear),
            ("SUSPENDED None", Word::Unclear),
        ] {
            assert_eq!(of(said).word, word, "{said}");
        }
        let all = Job::of("squeue -u me", "PENDING Resources", false);
        assert_eq!(all.word, Word::Unclear);
    }

    #[test]
    fn how_it_ended() {
        assert!(of("TIMEOUT TimeLimit").timed_out());
        assert!(of("OUT_OF_MEMORY OutOfMemory").out_of_memory());
        assert!(of("COMPLETING TimeLimit").is_ending());
        for other in ["RUNNING None", "FAILED NonZeroExitCode", "", "TIMEOUTS x"] {
            let job = of(other);
            assert!(!job.timed_out() && !job.out_of_memory(), "{other}");
        }
    }

    #[test]
    fn reasons_as_people_read_them() {
        assert_eq!(of("PENDING Resources").in_words(), "PENDING (Resources)");
        assert_eq!(of("PD (Priority)").in_words(), "PD (Priority)");
        assert_eq!(of("PENDING").in_words(), "PENDING");
        let waits = of("PENDING Priority");
        assert_eq!(
            waits.beside("Job 13 is pending in queue "),
            "Job 13 is pending in queue [PENDING (Priority)]"
        );
        let told = "Job 13 is pending in queue (Priority)";
        assert_eq!(waits.beside(told), told);
        assert_eq!(of("RUNNING").evidence(), "squeue -j 7: RUNNING");
        assert_eq!(of("").evidence(), "squeue -j 7 says nothing any more");
        for (reason, advice) in [
            ("JobHeldAdmin", Some("holds the job")),
            ("PartitionConfig", Some("never start")),
            ("QOSMaxCpuPerJobLimit", Some("never start")),
            ("ReqNodeNotAvail", Some("sinfo -R")),
            ("QOSMaxJobsPerUserLimit", Some("limit")),
            ("AssocGrpCpuLimit", Some("limit")),
            ("Reservation", Some("its reservation")),
            ("Resources", None),
            ("Priority", None),
        ] {
            let found = of(&format!("PENDING {reason}")).advice();
            assert_eq!(found.is_some(), advice.is_some(), "{reason}: {found:?}");
            assert!(
                found
                    .unwrap_or_default()
                    .contains(advice.unwrap_or_default()),
                "{reason}: {found:?}"
            );
        }
    }

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
