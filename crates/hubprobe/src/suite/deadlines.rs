//! How long each part of a visit may take. Every wait of the engine has one of
//! these names, and every deadline that is missed says which. Not a clock:
//! lengths only.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::duration::{format_duration, parse_duration};
use super::error::OptionError;
use super::nearest::nearest;

/// The longest deadline that is taken; anything beyond is a slip of the pen.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// What `total` adds to the sum of the parts, for what lies between them.
const SLACK: Duration = Duration::from_secs(30);

/// What a deadline is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeadlineName {
    /// An answer to the first request.
    Reach,
    /// From the start request to a server that the hub calls ready.
    Start,
    /// How much longer a start may take while the scheduler says that it is
    /// pending, or the hub that it is full.
    Queue,
    /// The server's answer through the proxy, once the hub calls it ready.
    Open,
    /// The page that a person would open, with all that it loads.
    Lab,
    /// A kernel that answers.
    Kernel,
    /// Each piece of code.
    Execute,
    /// Writing, reading back and deleting a file.
    Files,
    /// A server that is gone; also the budget of undoing.
    Stop,
    /// The whole visit.
    Total,
}

impl DeadlineName {
    /// All of them, in the order of a visit.
    pub const ALL: [Self; 10] = [
        Self::Reach,
        Self::Start,
        Self::Queue,
        Self::Open,
        Self::Lab,
        Self::Kernel,
        Self::Execute,
        Self::Files,
        Self::Stop,
        Self::Total,
    ];

    /// The name as it is written in a suite and after `--deadline`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reach => "reach",
            Self::Start => "start",
            Self::Queue => "queue",
            Self::Open => "open",
            Self::Lab => "lab",
            Self::Kernel => "kernel",
            Self::Execute => "execute",
            Self::Files => "files",
            Self::Stop => "stop",
            Self::Total => "total",
        }
    }

    /// The deadline of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|name| name.as_str()).collect()
    }
}

impl fmt::Display for DeadlineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The deadlines of a visit. In JSON a map of texts: `{"reach": "10s", "start":
/// "5m", …}`; names left out have their default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// An answer to the first request; 10 s.
    pub reach: Duration,
    /// A server that is ready; 5 m.
    pub start: Duration,
    /// The wait in a queue, during which `start` stands still; 20 m.
    pub queue: Duration,
    /// The server's answer through the proxy; 30 s.
    pub open: Duration,
    /// The page that a person would open, with all that it loads; 60 s.
    pub lab: Duration,
    /// A kernel that answers; 60 s.
    pub kernel: Duration,
    /// Each piece of code; 60 s.
    pub execute: Duration,
    /// Writing, reading back and deleting a file; 60 s.
    pub files: Duration,
    /// A server that is gone, and the budget of undoing; 2 m.
    pub stop: Duration,
    /// The whole visit. Where it is not given: reach + start + queue + open +
    /// lab + kernel + execute + files + stop + 30 s, and for each notebook kernel + the time of a cell, following them when they are set with
    /// [`Deadlines::set`].
    pub total: Duration,
    total_is_given: bool,
    /// What the total has for the notebooks of this probe.
    notebooks: Notebooks,
}

/// What notebooks take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Notebooks {
    /// How many times a kernel.
    kernels: u32,
    /// How many times `execute`.
    executed: u32,
    /// And this.
    cells: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        let mut deadlines = Self {
            reach: Duration::from_secs(10),
            start: Duration::from_secs(5 * 60),
            queue: Duration::from_secs(20 * 60),
            open: Duration::from_secs(30),
            lab: Duration::from_secs(60),
            kernel: Duration::from_secs(60),
            execute: Duration::from_secs(60),
            files: Duration::from_secs(60),
            stop: Duration::from_secs(2 * 60),
            total: Duration::ZERO,
            total_is_given: false,
            notebooks: Notebooks::default(),
        };
        deadlines.total = deadlines.sum();
        deadlines
    }
}

impl Deadlines {
    /// The deadline of this name.
    #[must_use]
    pub const fn get(&self, name: DeadlineName) -> Duration {
        match name {
            DeadlineName::Reach => self.reach,
            DeadlineName::Start => self.start,
            DeadlineName::Queue => self.queue,
            DeadlineName::Open => self.open,
            DeadlineName::Lab => self.lab,
            DeadlineName::Kernel => self.kernel,
            DeadlineName::Execute => self.execute,
            DeadlineName::Files => self.files,
            DeadlineName::Stop => self.stop,
            DeadlineName::Total => self.total,
        }
    }

    /// Sets one deadline; `total` follows the others until it is set itself.
    pub fn set(&mut self, name: DeadlineName, duration: Duration) {
        let place = match name {
            DeadlineName::Reach => &mut self.reach,
            DeadlineName::Start => &mut self.start,
            DeadlineName::Queue => &mut self.queue,
            DeadlineName::Open => &mut self.open,
            DeadlineName::Lab => &mut self.lab,
            DeadlineName::Kernel => &mut self.kernel,
            DeadlineName::Execute => &mut self.execute,
            DeadlineName::Files => &mut self.files,
            DeadlineName::Stop => &mut self.stop,
            DeadlineName::Total => {
                self.total_is_given = true;
                &mut self.total
            }
        };
        *place = duration;
        if !self.total_is_given {
            self.total = self.sum();
        }
    }

    /// A total that is not given has a kernel and a cell more, for a notebook; a week at most for all of them. A `cell` that has no
    /// length of its own has that of `execute`, whatever that becomes.
    pub(super) fn and_a_notebook(&mut self, cell: Option<Duration>) {
        self.notebooks.kernels = self.notebooks.kernels.saturating_add(1);
        match cell {
            Some(length) => {
                let cells = &mut self.notebooks.cells;
                *cells = cells.saturating_add(length).min(LONGEST);
            }
            None => self.notebooks.executed = self.notebooks.executed.saturating_add(1),
        }
        if !self.total_is_given {
            self.total = self.sum();
        }
    }

    /// The whole visit. Where `total` is not given, with all that a restart of the
    /// server in its middle may take: stop, start, queue, open, kernel and files once
    /// more.
    #[must_use]
    pub fn whole(&self, restarts: bool) -> Duration {
        if !restarts || self.total_is_given {
            return self.total;
        }
        self.total + self.stop + self.start + self.queue + self.open + self.kernel + self.files
    }

    fn sum(&self) -> Duration {
        let notebooks = self
            .kernel
            .saturating_mul(self.notebooks.kernels)
            .saturating_add(self.execute.saturating_mul(self.notebooks.executed))
            .saturating_add(self.notebooks.cells)
            .min(LONGEST);
        self.reach
            + self.start
            + self.queue
            + self.open
            + self.lab
            + self.kernel
            + self.execute
            + self.files
            + self.stop
            + notebooks
            + SLACK
    }
}

impl Serialize for Deadlines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A total that follows the others is left out, so that reading it again keeps
        // it following.
        serializer.collect_map(
            DeadlineName::ALL
                .into_iter()
                .filter(|name| *name != DeadlineName::Total || self.total_is_given)
                .map(|name| (name.as_str(), format_duration(self.get(name)))),
        )
    }
}

impl<'de> Deserialize<'de> for Deadlines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = BTreeMap::<String, String>::deserialize(deserializer)?;
        let mut deadlines = Self::default();
        for (name, text) in given {
            let name = DeadlineName::from_name(&name).ok_or_else(|| {
                D::Error::unknown_variant(
                    &name,
                    &[
                        "reach", "start", "queue", "open", "kernel", "execute", "stop", "total",
                    ],
                )
            })?;
            deadlines.set(name, checked(&text).map_err(D::Error::custom)?);
        }
        Ok(deadlines)
    }
}

/// A length of time that can be a deadline: above zero, and no more than a week.
pub(super) fn checked(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if duration.is_zero() {
        return Err(format!(
            "`{}` leaves no time at all; a deadline is above zero",
            text.trim()
        ));
    }
    if duration > LONGEST {
        return Err(format!(
            "`{}` is longer than a week; a deadline is 7d at most",
            text.trim()
        ));
    }
    Ok(duration)
}

/// Reads `WHAT=TIME`, as in `--deadline start=90s`.
///
/// # Errors
/// [`OptionError`] for a text without `=`, an unknown name, and a time that is
/// none, zero, negative or beyond a week.
pub fn parse_deadline(text: &str) -> Result<(DeadlineName, Duration), OptionError> {
    let names = DeadlineName::names();
    let Some((what, time)) = text.split_once('=') else {
        return Err(OptionError::new(
            format!("--deadline {text}: there is no `=`"),
            format!(
                "write WHAT=TIME, as in start=90s; WHAT is one of {}",
                names.join(", ")
            ),
        ));
    };
    let what = what.trim();
    let Some(name) = DeadlineName::from_name(what) else {
        let all = format!("the deadlines are: {}", names.join(", "));
        let remedy = nearest(what, &names).map_or_else(
            || all.clone(),
            |near| format!("did you mean `{near}`? {all}"),
        );
        return Err(OptionError::new(
            format!("--deadline {text}: there is no deadline named `{what}`"),
            remedy,
        ));
    };
    checked(time)
        .map(|duration| (name, duration))
        .map_err(|reason| OptionError::new(format!("--deadline {name}: {reason}"), String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_follows_the_others_until_it_is_given() {
        let mut deadlines = Deadlines::default();
        assert_eq!(format_duration(deadlines.total), "32m10s");
        deadlines.set(DeadlineName::Start, Duration::from_secs(60));
        assert_eq!(format_duration(deadlines.total), "28m10s");
        deadlines.set(DeadlineName::Total, Duration::from_secs(5));
        deadlines.set(DeadlineName::Start, Duration::from_secs(600));
        assert_eq!(deadlines.total, Duration::from_secs(5));
    }

    #[test]
    fn what_notebooks_add_follows_the_deadlines_too() {
        let mut deadlines = Deadlines::default();
        deadlines.and_a_notebook(None);
        deadlines.and_a_notebook(Some(Duration::from_secs(90)));
        // A kernel and a cell for each.
        assert_eq!(format_duration(deadlines.total), "36m40s");
        deadlines.set(DeadlineName::Execute, Duration::from_secs(600));
        assert_eq!(format_duration(deadlines.total), "54m40s");
        deadlines.set(DeadlineName::Kernel, Duration::from_secs(120));
        assert_eq!(format_duration(deadlines.total), "57m40s");
        deadlines.set(DeadlineName::Total, Duration::from_secs(5));
        deadlines.set(DeadlineName::Kernel, Duration::from_secs(60));
        assert_eq!(deadlines.total, Duration::from_secs(5));
    }

    #[test]
    fn a_restart_may_take_its_time_unless_total_is_given() {
        let mut deadlines = Deadlines::default();
        assert_eq!(deadlines.whole(false), deadlines.total);
        assert_eq!(format_duration(deadlines.whole(true)), "1h1m40s");
        deadlines.set(DeadlineName::Total, Duration::from_secs(5));
        assert_eq!(deadlines.whole(true), Duration::from_secs(5));
    }

    #[test]
    fn deadlines_survive_json() {
        let mut deadlines = Deadlines::default();
        deadlines.set(DeadlineName::Start, Duration::from_secs(90));
        let text = serde_json::to_string(&deadlines).unwrap();
        assert_eq!(
            text,
            r#"{"reach":"10s","start":"90s","queue":"20m","open":"30s","lab":"1m","kernel":"1m","execute":"1m","files":"1m","stop":"2m"}"#
        );
        assert_eq!(serde_json::from_str::<Deadlines>(&text).unwrap(), deadlines);
        let given: Deadlines = serde_json::from_str(r#"{"total": "1h"}"#).unwrap();
        assert_eq!(given.total, Duration::from_secs(3_600));
        assert!(serde_json::from_str::<Deadlines>(r#"{"start": "0s"}"#).is_err());
        assert!(serde_json::from_str::<Deadlines>(r#"{"begin": "1s"}"#).is_err());
    }

    #[test]
    fn a_deadline_of_the_command_line() {
        assert_eq!(
            parse_deadline("start=90s").unwrap(),
            (DeadlineName::Start, Duration::from_secs(90))
        );
        assert_eq!(
            parse_deadline(" total = 1h30m ").unwrap(),
            (DeadlineName::Total, Duration::from_secs(5_400))
        );
        for (text, message) in [
            (
                "90s",
                "--deadline 90s: there is no `=`\n  write WHAT=TIME, as in start=90s; WHAT is one of reach, start, queue, open, lab, kernel, execute, files, stop, total",
            ),
            (
                "strat=90s",
                "--deadline strat=90s: there is no deadline named `strat`\n  did you mean `start`? the deadlines are: reach, start, queue, open, lab, kernel, execute, files, stop, total",
            ),
            (
                "stop=0s",
                "--deadline stop: `0s` leaves no time at all; a deadline is above zero",
            ),
            (
                "stop=-1s",
                "--deadline stop: `-1s` is negative; a length of time is above zero",
            ),
            (
                "stop=8d",
                "--deadline stop: `8d` is longer than a week; a deadline is 7d at most",
            ),
            (
                "stop=60",
                "--deadline stop: `60` has no unit; write 60s for seconds or 60m for minutes",
            ),
            (
                "stop=",
                "--deadline stop: an empty text is no length of time; write 90s, 5m, 1h30m or 250ms",
            ),
        ] {
            assert_eq!(parse_deadline(text).unwrap_err().to_string(), message);
        }
    }
}
