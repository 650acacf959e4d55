//! What tells visits apart that have one name: the hub, where a report is of several, and when a visit began, where runs were
//! merged. Whether a report shows these is decided here alone, so that all reports show the same.

use indexmap::IndexMap;

use crate::vocabulary::Run;
use crate::vocabulary::run::{Visit, later};

use super::plain;
use super::words::seconds;

/// Whether the visits are of several hubs, so that a table wants a column for them.
pub(super) fn several_hubs(run: &Run) -> bool {
    run.visits.windows(2).any(|pair| pair[0].hub != pair[1].hub)
}

/// Whether the visits are of several runs, so that a table wants a column for when each began.
pub(super) fn several_runs(run: &Run) -> bool {
    run.merged.len() > 1
}

/// A hub in few words: its URL without what all of them have.
pub(super) fn hub(visit: &Visit) -> String {
    let url = plain::line(&visit.hub);
    let short = url.strip_prefix("https://").unwrap_or(&url);
    short.strip_suffix('/').unwrap_or(short).to_owned()
}

/// When a visit began; to the minute, since a column has little room.
pub(super) fn began(run: &Run, visit: &Visit) -> String {
    at(run, visit.started_s, "%Y-%m-%d %H:%M")
}

/// A name for each visit that no other has, as far as that is possible: the probe's, with the hub where one of that name stands
/// on several, and with when it began where it stands on one hub several times.
pub(super) fn names(run: &Run) -> Vec<String> {
    let mut of_probe: IndexMap<&str, IndexMap<&str, usize>> = IndexMap::new();
    for visit in &run.visits {
        let hubs = of_probe.entry(&visit.probe).or_default();
        *hubs.entry(&visit.hub).or_default() += 1;
    }
    let name = |visit: &Visit| {
        let mut name = plain::line(&visit.probe);
        let hubs = of_probe.get(visit.probe.as_str());
        if hubs.is_some_and(|hubs| hubs.len() > 1) {
            name.push_str(&format!(" @ {}", hub(visit)));
        }
        let times = hubs.and_then(|hubs| hubs.get(visit.hub.as_str()));
        if several_runs(run) && times.is_some_and(|times| *times > 1) {
            name.push_str(&format!(", {}", at(run, visit.started_s, SECOND)));
        }
        name
    };
    run.visits.iter().map(name).collect()
}

const SECOND: &str = "%Y-%m-%d %H:%M:%S UTC";

fn at(run: &Run, seconds: f64, form: &str) -> String {
    later(run.started, seconds).strftime(form).to_string()
}

/// How long it took, for the end of a sentence: `in 12.3 s`; of several runs how many these are, and the sum.
pub(super) fn took(run: &Run) -> String {
    let took = seconds(run.duration_s);
    match run.merged.len() {
        0 | 1 => format!("in {took}"),
        runs => format!("in {runs} runs, {took} in all"),
    }
}

/// Which run it is and when it began; of several how many, and when the first and the last began.
pub(super) fn which(run: &Run) -> String {
    let began = |run: jiff::Timestamp| run.strftime(SECOND).to_string();
    match run.merged.as_slice() {
        [first, .., last] => format!(
            "{} runs, {} to {}",
            run.merged.len(),
            began(first.started),
            began(last.started)
        ),
        _ => format!("run {}, {}", run.run, began(run.started)),
    }
}

/// What cannot be read of that which was to be told as well, in a few words; empty where all was read.
pub(super) fn unread(run: &Run) -> String {
    match run.unread.len() {
        0 => String::new(),
        1 => "1 file cannot be read".to_owned(),
        files => format!("{files} files cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_name_says_no_more_than_it_must() {
        assert_eq!(names(&samples::passed()), ["normal"]);
        // Of one run: no two of them are one probe.
        assert_eq!(names(&samples::several())[..2], ["normal", "normal"]);
        let run = samples::merged();
        assert_eq!(
            names(&run),
            [
                "normal @ jupyter.example.org, 2026-11-21 20:45:55 UTC",
                "normal @ other.example.org/jupyter",
                "total",
                "normal @ jupyter.example.org, 2026-11-22 20:45:55 UTC",
            ]
        );
        assert_eq!(took(&run), "in 3 runs, 50.0 s in all");
        assert_eq!(
            which(&run),
            "3 runs, 2026-11-21 20:45:55 UTC to 2026-11-22 20:45:55 UTC"
        );
        assert_eq!(took(&samples::passed()), "in 6.40 s");
    }

    #[test]
    fn a_hub_in_few_words_is_still_the_only_one() {
        let mut visit = samples::passed().visits.remove(0);
        for (url, short) in [
            ("https://hub.example.org/", "hub.example.org"),
            ("http://hub.example.org/", "http://hub.example.org"),
            ("https://example.org/hub-b/", "example.org/hub-b"),
            ("http://127.0.0.1:26682/", "http://127.0.0.1:26682"),
        ] {
            url.clone_into(&mut visit.hub);
            assert_eq!(hub(&visit), short);
        }
    }
}
