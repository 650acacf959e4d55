//! Whether a server that is gone was ended by its job's own time limit.
//!
//! A hub is told nothing of it: to batchspawner a job that ran out of time is one that ended, and what Slurm says
//! ("DUE TO TIME LIMIT") stands in the job's log alone. What is known is the time that was asked for in the options,
//! and how long the server can have lived: at most since the scheduler last said that it waits, at least since it was
//! ready. Slurm counts in whole minutes, rounds up, looks every half minute, and lets a job live on for a moment
//! (`KillWait`, 30 s by default). Where nothing was asked for (a partition's default), only the scheduler knows, whom the suite's
//! command may ask.

use std::time::Duration;

use serde_json::{Map, Value};

use super::scheduler::Job;
use crate::vocabulary::{Cause, Finding};

/// What pages call it, in small letters and without what stands between words. `req_runtime` is batchspawner's name.
const NAMES: &[&str] = &[
    "runtime",
    "walltime",
    "time",
    "timelimit",
    "walltimelimit",
    "jobtime",
    "maxtime",
    "reqruntime",
    "reqwalltime",
    "reqtime",
];

/// No job is ended before its time; our own clock is read a moment late or early.
const SLACK: Duration = Duration::from_secs(1);

/// How long after its time a job may live, and we may not have noticed: the scheduler's look, its patience, our own.
const GRACE: Duration = Duration::from_secs(120);

const MINUTE: u64 = 60;

/// A time that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The option and its value, as they were sent.
    words: String,
    time: Duration,
}

/// How long a job can have run: between these two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Since its server was ready.
    pub least: Duration,
    /// Since it was asked for, or waited last.
    pub most: Duration,
}

/// The time that these options ask for.
pub fn limit(options: &Map<String, Value>) -> Option<Limit> {
    options.iter().find_map(|(name, value)| {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let known = NAMES.contains(&plain.to_ascii_lowercase().as_str());
        let time = known.then(|| time(value))??;
        let words = format!("{name}={value}");
        Some(Limit { words, time })
    })
}

impl Limit {
    /// Whether a job that has lived so long may be ended by it now.
    pub fn has_come(&self, life: Life) -> bool {
        let minutes = self.time.as_secs().div_ceil(MINUTE);
        let latest = Duration::from_secs(minutes.saturating_mul(MINUTE)).saturating_add(GRACE);
        life.most + SLACK >= self.time && life.least <= latest
    }
}

/// The finding in place of one of a server that died or was stopped, where its time was over.
pub fn instead(finding: Finding, limit: Option<&Limit>, life: Life) -> Finding {
    let lost = matches!(finding.cause, Cause::ServerDied | Cause::ServerCulled);
    let Some(limit) = limit.filter(|limit| lost && limit.has_come(life)) else {
        return finding;
    };
    Finding::new(
        Cause::ServerWalltime,
        format!(
            "the server was gone when the time was over that was asked for: {}",
            limit.words
        ),
    )
    .seen(format!(
        "its job had run for {} to {} s",
        life.least.as_secs(),
        life.most.as_secs()
    ))
    .seen(finding.summary)
    .seen_all(finding.evidence)
}

/// The finding in place of one of a server that died or was stopped, by how the scheduler says that its job ended.
pub fn by_word(finding: Finding, job: &Job) -> Finding {
    if !matches!(finding.cause, Cause::ServerDied | Cause::ServerCulled) {
        return finding;
    }
    let (cause, summary) = if job.timed_out() {
        (
            Cause::ServerWalltime,
            "the scheduler ended the job, since its time was over",
        )
    } else if job.out_of_memory() {
        (
            Cause::ServerDied,
            "the scheduler ended the job, since it wanted more memory than it had",
        )
    } else {
        return finding.seen(job.evidence());
    };
    Finding::new(cause, summary)
        .seen(job.evidence())
        .seen(finding.summary)
        .seen_all(finding.evidence)
}

/// What a template takes: the value, or the first of a list.
fn time(value: &Value) -> Option<Duration> {
    match value {
        Value::String(text) => length(text),
        Value::Number(minutes) => seconds(minutes.as_u64()?.checked_mul(MINUTE)?),
        Value::Array(values) => values.first().and_then(time),
        _ => None,
    }
}

/// As sbatch reads it (`MINUTES`, `MINUTES:SECONDS`, `HOURS:MINUTES:SECONDS`, `DAYS-HOURS[:MINUTES[:SECONDS]]`), or with a unit
/// as people write it (`90s`, `30 min`, `1h30m`).
fn length(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text.contains(|it: char| it.is_ascii_alphabetic()) {
        return with_units(text);
    }
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(days.parse::<u64>().ok()?), rest),
        None => (None, text),
    };
    let parts: Vec<u64> = rest
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let (hours, minutes, rest) = match (days, parts.as_slice()) {
        (None, &[minutes]) => (0, minutes, 0),
        (None, &[minutes, seconds]) => (0, minutes, seconds),
        (Some(_), &[hours]) => (hours, 0, 0),
        (Some(_), &[hours, minutes]) => (hours, minutes, 0),
        (_, &[hours, minutes, seconds]) => (hours, minutes, seconds),
        _ => return None,
    };
    let days = days.unwrap_or(0).checked_mul(24 * 60 * MINUTE)?;
    let hours = hours.checked_mul(60 * MINUTE)?;
    let minutes = minutes.checked_mul(MINUTE)?;
    let sum = days.checked_add(hours)?.checked_add(minutes)?;
    seconds(sum.checked_add(rest)?)
}

fn with_units(text: &str) -> Option<Duration> {
    let mut sum = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        let unit = match unit.to_ascii_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
            "h" | "hour" | "hours" => 60 * MINUTE,
            "d" | "day" | "days" => 24 * 60 * MINUTE,
            _ => return None,
        };
        let number: u64 = number.parse().ok()?;
        sum = sum.checked_add(number.checked_mul(unit)?)?;
        rest = after.trim_start();
    }
    seconds(sum)
}

/// Nobody limits a job to nothing, which means no limit to some.
fn seconds(seconds: u64) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(options: &Value) -> Option<u64> {
        let limit = limit(options.as_object().unwrap())?;
        Some(limit.time.as_secs())
    }

    #[test]
    fn times_as_pages_send_them() {
        for (options, seconds) in [
            (json!({"runtime": ["00:05:00"]}), Some(300)),
            (
                json!({"runtime": "00:05:00", "partition": "debug"}),
                Some(300),
            ),
            (json!({"runtime": ["30"]}), Some(1800)),
            (json!({"req_runtime": "1-12"}), Some(36 * 3600)),
            (json!({"Time-Limit": "1-00:30"}), Some(24 * 3600 + 1800)),
            (json!({"walltime": "2-01:00:05"}), Some(49 * 3600 + 5)),
            (json!({"time": "90:30"}), Some(5430)),
            (json!({"time": 45}), Some(2700)),
            (json!({"time": "1h30m"}), Some(5400)),
            (json!({"time": "30 min"}), Some(1800)),
            (json!({"time": "90s"}), Some(90)),
            (json!({"runtime": "UNLIMITED"}), None),
            (json!({"runtime": "0"}), None),
            (json!({"runtime": ""}), None),
            (json!({"runtime": []}), None),
            (json!({"runtime": "1:2:3:4"}), None),
            (json!({"runtime": "-5"}), None),
            (json!({"runtime": {"hours": 1}}), None),
            (json!({"runtime": "18446744073709551615"}), None),
            (json!({"runtime": "99999999999999999999-1"}), None),
            (json!({"timezone": "00:05:00"}), None),
            (json!({}), None),
        ] {
            assert_eq!(of(&options), seconds, "{options}");
        }
    }

    fn life(least: u64, most: u64) -> Life {
        Life {
            least: Duration::from_secs(least),
            most: Duration::from_secs(most),
        }
    }

    #[test]
    fn how_the_scheduler_says_that_it_ended() {
        let after = |cause, said| {
            let job = Job::of("squeue -t all -j 7", said, true);
            let found = by_word(Finding::new(cause, "gone"), &job);
            (found.cause, found.evidence.len())
        };
        let died = Cause::ServerDied;
        assert_eq!(after(died, "TIMEOUT TimeLimit"), (Cause::ServerWalltime, 2));
        assert_eq!(after(died, "OUT_OF_MEMORY OutOfMemory"), (died, 2));
        assert_eq!(after(died, "RUNNING None"), (died, 1));
        assert_eq!(
            after(Cause::ServerNoRoute, "TIMEOUT TimeLimit"),
            (Cause::ServerNoRoute, 0)
        );
    }

    /// The first as seen with Slurm 22.05 and a limit of one minute.
    #[test]
    fn a_job_that_ends_with_its_time_and_one_that_does_not() {
        let minute = limit(json!({"runtime": ["00:01:00"]}).as_object().unwrap());
        let cause = |life| {
            let died = Finding::new(Cause::ServerDied, "the server worked, and then it was dead");
            instead(died, minute.as_ref(), life).cause
        };
        assert_eq!(cause(life(60, 65)), Cause::ServerWalltime);
        assert_eq!(cause(life(90, 97)), Cause::ServerWalltime);
        // Too early for it, by whatever way of counting; and long after it.
        assert_eq!(cause(life(40, 55)), Cause::ServerDied);
        assert_eq!(cause(life(400, 420)), Cause::ServerDied);
    }

    #[test]
    fn only_a_server_that_is_gone_and_only_where_a_time_was_asked_for() {
        let minute = limit(json!({"runtime": "1"}).as_object().unwrap());
        let after = |cause, limit: Option<&Limit>| {
            instead(
                Finding::new(cause, "gone").seen("a look"),
                limit,
                life(60, 65),
            )
        };
        let found = after(Cause::ServerCulled, minute.as_ref());
        assert_eq!(found.cause, Cause::ServerWalltime);
        assert!(found.summary.contains("runtime=\"1\""), "{}", found.summary);
        assert_eq!(found.evidence.len(), 3);
        assert_eq!(
            after(Cause::ServerNoRoute, minute.as_ref()).cause,
            Cause::ServerNoRoute
        );
        assert_eq!(after(Cause::ServerDied, None).cause, Cause::ServerDied);
    }
}
