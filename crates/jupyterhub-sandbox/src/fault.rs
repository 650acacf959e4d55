//! Faults: what can be broken on purpose, by name. Data and parsing only; what a name does is done where it strikes.
//!
//! `NAME` or `NAME:ARGUMENT`, in three places: a spawn (python/faults.py, asked for by the user option `fault`, or for every spawn
//! of a sandbox), the hub's configuration (python/hub_faults.py), and a front, something between the client and the sandbox's
//! proxy. `-` and `_` are the same in a name.

mod front;
mod hub;
mod spawn;

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// One spawn, or every spawn of a sandbox.
    Spawn,
    /// The hub's configuration, from its start on.
    Hub,
    /// Between the client and the sandbox's proxy.
    Front,
}

/// One row of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct FaultKind {
    /// Its name, in snake case.
    pub name: &'static str,
    /// What its argument is, such as `SEC`; none where it takes none. In brackets where it may be left out.
    pub argument: Option<&'static str>,
    /// What happens, in one sentence without a full stop.
    pub what: &'static str,
    /// Where it strikes.
    pub place: Place,
}

impl FaultKind {
    /// How it is typed: `raise`, `slow:SEC`, `rate_limit[:RATE]`.
    #[must_use]
    pub fn usage(&self) -> String {
        let name = self.name;
        match self.argument {
            None => name.to_owned(),
            Some(argument) => match argument.strip_prefix('[') {
                Some(argument) => format!("{name}[:{argument}"),
                None => format!("{name}:{argument}"),
            },
        }
    }
}

/// All faults, by place.
pub fn fault_kinds() -> impl Iterator<Item = &'static FaultKind> {
    spawn::KINDS.iter().chain(hub::KINDS).chain(front::KINDS)
}

/// A fault as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: &'static FaultKind,
    argument: Option<String>,
}

impl Fault {
    /// Its row in the catalogue.
    #[must_use]
    pub fn kind(&self) -> &'static FaultKind {
        self.kind
    }

    /// What stands after the colon.
    #[must_use]
    pub fn argument(&self) -> Option<&str> {
        self.argument.as_deref()
    }
}

impl FromStr for Fault {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name, Some(argument.to_owned())),
            None => (text, None),
        };
        let name = name.trim().replace('-', "_");
        let Some(kind) = fault_kinds().find(|kind| kind.name == name) else {
            return Err(Error::UnknownFault {
                fault: text.to_owned(),
                known: fault_kinds().map(|kind| kind.name).collect(),
            });
        };
        let wrong = |reason: &str| Error::BadFault {
            fault: text.to_owned(),
            reason: reason.to_owned(),
        };
        match (kind.argument, &argument) {
            (None, Some(_)) => Err(wrong("it takes no argument")),
            (Some(what), None) if !what.starts_with('[') => {
                Err(wrong(&format!("it wants an argument: {}", kind.usage())))
            }
            (Some(what), Some(given)) => match refusal(what.trim_matches(['[', ']']), given) {
                Some(reason) => Err(wrong(reason)),
                None => Ok(Self { kind, argument }),
            },
            _ => Ok(Self { kind, argument }),
        }
    }
}

/// Why this argument will not do, by what the catalogue calls it; words that it does not know are left to where the fault strikes.
fn refusal(what: &str, given: &str) -> Option<&'static str> {
    let number = given.parse::<f64>().ok().filter(|it| it.is_finite());
    let (good, reason) = match what {
        "SEC" => (
            number.is_some_and(|it| it >= 0.0),
            "its argument is a number of seconds, 0 or more",
        ),
        "SHIFT" => (
            number.is_some_and(|it| it.abs() < 1e9),
            "its argument is a number of seconds, which may be negative",
        ),
        "SIZE" => (
            size(given).is_some_and(|it| it > 0),
            "its argument is a number of bytes, such as 65536, 64k or 1m",
        ),
        "N" => (
            given.parse::<u32>().is_ok_and(|it| it > 0),
            "its argument is a whole number, 1 or more",
        ),
        "PAGES" => (
            given.parse::<u32>().is_ok(),
            "its argument is a whole number, 0 or more",
        ),
        "STATUS:TEXT" => (
            is_refusal(given),
            "its argument is a status from 400 to 599, a colon, and words",
        ),
        "RATE" => (
            given.parse::<u32>().is_ok_and(|it| it <= 1_000_000),
            "its argument is a whole number, 0 or more",
        ),
        "HOW" => (
            is_of_firecrest(given),
            "its argument is what goes wrong (old, queue, dies, dies_late, down, hangs, unhealthy, no_slurmctld, keeps), with :SEC behind it or not",
        ),
        "start" => (given == "start", "its argument can only be start"),
        _ => (true, ""),
    };
    (!good).then_some(reason)
}

/// Bytes, of a number that `k` or `m` may follow.
pub(crate) fn size(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        'k' | 'K' => 1 << 10,
        'm' | 'M' => 1 << 20,
        _ => 1,
    };
    let digits = text.strip_suffix(['k', 'K', 'm', 'M']).unwrap_or(text);
    let plain = digits.chars().all(|c| c.is_ascii_digit());
    let number: u64 = plain.then(|| digits.parse().ok())??;
    number.checked_mul(unit).filter(|it| *it < 1 << 40)
}

fn is_of_firecrest(text: &str) -> bool {
    let (how, seconds) = text.split_once(':').unwrap_or((text, "0"));
    let seconds: Option<f64> = seconds.parse().ok();
    spawn::FIRECREST.contains(&how) && seconds.is_some_and(|it| it.is_finite() && it >= 0.0)
}

fn is_refusal(text: &str) -> bool {
    text.split_once(':')
        .and_then(|(status, _)| status.parse().ok())
        .is_some_and(|status: u16| (400..600).contains(&status))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.argument {
            Some(argument) => write!(f, "{}:{argument}", self.kind.name),
            None => f.write_str(self.kind.name),
        }
    }
}

const fn kind(
    place: Place,
    name: &'static str,
    argument: Option<&'static str>,
    what: &'static str,
) -> FaultKind {
    FaultKind {
        name,
        argument,
        what,
        place,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_in_snake_case() {
        let mut seen = HashSet::new();
        for kind in fault_kinds() {
            assert!(seen.insert(kind.name), "{} is there twice", kind.name);
            let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(kind.name.chars().all(snake), "{}", kind.name);
            assert!(!kind.what.ends_with('.'), "{}", kind.name);
        }
    }

    #[test]
    fn every_fault_of_the_catalogue_is_done_by_python_and_the_other_way_round() {
        let python = |place| {
            let names: HashSet<&str> = fault_kinds()
                .filter(|kind| kind.place == place)
                .map(|kind| kind.name)
                .collect();
            names
        };
        let text = include_str!("../python/faults.py");
        let table = text.split_once("frozenset(").unwrap().1;
        let table = table.split_once(".split()").unwrap().0;
        let lines = table.lines().filter(|line| !line.trim().starts_with('#'));
        let words: Vec<&str> = lines
            .flat_map(|line| line.split([' ', '"']))
            .filter(|word| !word.is_empty())
            .collect();
        let done: HashSet<&str> = words.into_iter().collect();
        assert_eq!(done, python(Place::Spawn));
        let text = include_str!("../python/hub_faults.py");
        let done: HashSet<&str> = text
            .split("@fault\ndef ")
            .skip(1)
            .map(|rest| rest.split_once('(').unwrap().0)
            .collect();
        assert_eq!(done, python(Place::Hub));
    }

    #[test]
    fn what_firecrest_can_do_wrong_is_known_on_both_sides() {
        let text = include_str!("../python/firecrest.py");
        let table = text.split_once("HOW = {\n").unwrap().1;
        let table = table.split_once("\n}").unwrap().0;
        let done: Vec<&str> = table
            .lines()
            .filter_map(|line| line.trim().strip_prefix('"')?.split_once('"'))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(done, spawn::FIRECREST);
    }

    #[test]
    fn faults_are_parsed_with_care() {
        let fault: Fault = "late-raise:12".parse().unwrap();
        assert_eq!(
            (fault.kind().name, fault.argument()),
            ("late_raise", Some("12"))
        );
        assert_eq!(fault.to_string(), "late_raise:12");
        for (bad, words) in [
            ("nonsense", "late_raise"),
            ("raise:7", "no argument"),
            ("slow", "slow:SEC"),
            ("slow:soon", "seconds"),
            ("slow:-1", "seconds"),
            ("hub_full:few", "whole number"),
            ("http:teapot", "status"),
            ("http:200:fine", "status"),
            ("body_limit:0", "bytes"),
            ("body_limit:+1k", "bytes"),
            ("body_limit:1x", "bytes"),
            ("flaky:0", "1 or more"),
            ("rate_limit:-1", "0 or more"),
            ("clock_skew:inf", "negative"),
            ("login_redirect:stop", "start"),
            ("firecrest:ends", "dies_late"),
            ("firecrest:queue:soon", "dies_late"),
        ] {
            let error = bad.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(words), "{bad}: {error}");
        }
        for good in [
            "body_limit:64k",
            "rate_limit",
            "rate-limit:0",
            "clock_skew:-90",
            "login_redirect:start",
            "flaky:3",
            "firecrest",
            "firecrest:dies_late:3",
        ] {
            assert!(good.parse::<Fault>().is_ok(), "{good}");
        }
        assert_eq!((size("64k"), size("1M")), (Some(65536), Some(1 << 20)));
    }
}
