//! The report for Prometheus, in the text format that node_exporter's textfile collector reads: gauges of the last run, one
//! set for each probe.
//!
//! A collector refuses a whole file where one series stands in it twice, so of probes with one name on one hub (merged
//! runs) the last counts. Instants are given as timestamps, since a file grows old: how many days a token has left is
//! `(hubprobe_token_expires_timestamp_seconds - time()) / 86400`, and that a check no longer runs shows in
//! `hubprobe_run_timestamp_seconds`. `hubprobe_token_days_left` is as of the run.

use std::sync::atomic::AtomicU64;

use indexmap::IndexMap;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::vocabulary::run::{Step, Visit};
use crate::vocabulary::{Finding, Run, Verdict};

use super::{failure, plain};

type Labels = Vec<(&'static str, String)>;
type Number = Gauge<f64, AtomicU64>;

/// Gauges of one name, as they are registered.
struct Gauges<'a> {
    registry: &'a mut Registry,
}

impl Gauges<'_> {
    fn family(&mut self, name: &str, help: &str) -> Family<Labels, Number> {
        let family = Family::default();
        self.registry.register(name, help, family.clone());
        family
    }

    fn single(&mut self, name: &str, help: &str, value: f64) {
        let gauge = Number::default();
        gauge.set(value);
        self.registry.register(name, help, gauge);
    }
}

/// The report; ends with a line break.
///
/// # Errors
/// Where it cannot be written as text, which is a bug.
pub fn report(run: &Run) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("hubprobe");
    let mut gauges = Gauges {
        registry: &mut registry,
    };
    of_the_run(&mut gauges, run);
    of_the_visits(&mut gauges, run);
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    Ok(in_order(&text))
}

/// The series of each gauge in the order of the alphabet: the registry has them in none.
fn in_order(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let is_series = |line: &&str| !line.starts_with('#');
    for gauge in lines.chunk_by_mut(|one, other| is_series(one) && is_series(other)) {
        gauge.sort_unstable();
    }
    lines.join("\n") + "\n"
}

fn of_the_run(gauges: &mut Gauges<'_>, run: &Run) {
    let version = vec![("version", plain::line(&run.hubprobe))];
    let info = gauges.family("build_info", "The version of hubprobe that ran");
    info.get_or_create(&version).set(1.0);
    // Of several runs, that of the last that ended.
    let parts = run.merged.iter();
    let ends = parts.map(|part| unix(part.started) + part.duration_s);
    let ended = ends.reduce(f64::max);
    let ended = ended.unwrap_or_else(|| unix(run.started) + run.duration_s);
    gauges.single(
        "run_timestamp_seconds",
        "When the run ended (Unix time)",
        ended,
    );
    let well = truth(run.verdict == Verdict::Passed && !run.left_behind());
    gauges.single(
        "run_success",
        "Whether every probe passed and nothing was left behind",
        well,
    );
    let left = run.visits.iter().map(|visit| visit.left_behind.len()).sum();
    gauges.single("left_behind", "What may be left on hubs", count(left));
}

fn of_the_visits(gauges: &mut Gauges<'_>, run: &Run) {
    let success = gauges.family("success", "Whether the probe passed");
    let verdicts = gauges.family("verdict", "How the probe ended");
    let lasted = gauges.family("duration_seconds", "How long the visit took");
    let steps = gauges.family(
        "step_duration_seconds",
        "How long a step took that was tried",
    );
    let causes = gauges.family("cause", "Why the probe did not pass, and who is to blame");
    let earlier = gauges.family(
        "earlier_cause",
        "Why attempts before the last did not pass, and how many of them for this",
    );
    let attempts = gauges.family("attempts", "How many times it was tried");
    let flaky = gauges.family("flaky", "Whether it passed after a failure");
    let expires = gauges.family(
        "token_expires_timestamp_seconds",
        "When the token ends (Unix time)",
    );
    let days = gauges.family(
        "token_days_left",
        "How many days the token had left when the visit began",
    );
    for (labels, visit) in last_of_each(run) {
        let with = |more: &[(&'static str, &str)]| -> Labels {
            let more = more
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()));
            labels.iter().cloned().chain(more).collect()
        };
        success
            .get_or_create(&labels)
            .set(truth(visit.verdict == Verdict::Passed));
        verdicts
            .get_or_create(&with(&[("verdict", visit.verdict.word())]))
            .set(1.0);
        // Not of one that was never begun: a graph would dip.
        if !visit.steps.is_empty() {
            lasted.get_or_create(&labels).set(visit.duration_s);
        }
        let tried = |step: &&Step| step.verdict != Verdict::Skipped;
        for step in visit.steps.iter().filter(tried) {
            steps
                .get_or_create(&with(&[("step", step.name.word())]))
                .set(step.duration_s);
        }
        if let Some(finding) = &visit.finding {
            causes.get_or_create(&with(&why(finding))).set(1.0);
        }
        for (_, finding) in failure::earlier(visit) {
            earlier.get_or_create(&with(&why(finding))).inc();
        }
        attempts
            .get_or_create(&labels)
            .set(f64::from(visit.attempts));
        flaky.get_or_create(&labels).set(truth(visit.flaky));
        if let Some(end) = visit.token_expires {
            expires.get_or_create(&labels).set(unix(end));
            let left = (unix(end) - unix(run.started) - visit.started_s) / 86_400.0;
            days.get_or_create(&labels)
                .set((left * 100.0).round() / 100.0);
        }
    }
}

fn why(finding: &Finding) -> [(&'static str, &'static str); 2] {
    [
        ("cause", finding.cause.code()),
        ("blame", finding.blame.word()),
    ]
}

/// The last visit of each probe on its hub. An account is no part of what makes a series: with `--jobs` it is another one
/// each time.
fn last_of_each(run: &Run) -> Vec<(Labels, &Visit)> {
    let mut last: IndexMap<(String, String), &Visit> = IndexMap::new();
    for visit in &run.visits {
        last.insert((plain::line(&visit.probe), plain::line(&visit.hub)), visit);
    }
    let labelled = last.into_iter();
    labelled
        .map(|((probe, hub), visit)| (vec![("probe", probe), ("hub", hub)], visit))
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}

fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age fit")]
fn unix(at: jiff::Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::samples;
    use super::*;

    #[test]
    fn the_gauges_of_a_run() {
        let text = report(&samples::several()).unwrap();
        for line in [
            "# TYPE hubprobe_success gauge",
            "hubprobe_run_success 0.0",
            // Of two probes of one name on one hub the last counts.
            r#"hubprobe_success{probe="normal",hub="https://jupyter.example.org/"} 0.0"#,
            r#"hubprobe_verdict{probe="every-partition",hub="https://jupyter.example.org/",verdict="inconclusive"} 1.0"#,
            r#"hubprobe_step_duration_seconds{probe="normal",hub="https://jupyter.example.org/",step="spawn"} 30.41"#,
            r#"hubprobe_cause{probe="normal",hub="https://jupyter.example.org/",cause="spawn.never-answered",blame="deployment"} 1.0"#,
            r#"hubprobe_token_days_left{probe="normal",hub="https://jupyter.example.org/"} 90.0"#,
            r#"hubprobe_build_info{version="0.1.0"} 1.0"#,
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        let passed = report(&samples::passed()).unwrap();
        assert!(passed.contains("hubprobe_run_success 1.0\n"), "{passed}");
        let flaky = report(&samples::flaky()).unwrap();
        let earlier = r#"hubprobe_earlier_cause{probe="normal",hub="https://jupyter.example.org/",cause="spawn.never-answered",blame="deployment"} 1.0"#;
        assert!(flaky.lines().any(|it| it == earlier), "{flaky}");
        // Of several runs the last visit counts, and the end of the last run.
        let merged = report(&samples::merged()).unwrap();
        for line in [
            r#"hubprobe_duration_seconds{probe="normal",hub="https://jupyter.example.org/"} 30.765"#,
            "hubprobe_run_timestamp_seconds 1795380385.765",
            r#"hubprobe_token_days_left{probe="normal",hub="https://jupyter.example.org/"} 89.0"#,
        ] {
            assert!(merged.lines().any(|it| it == line), "{line}\n{merged}");
        }
        let left = report(&samples::left_behind()).unwrap();
        assert!(left.contains("hubprobe_left_behind 1.0\n"), "{left}");
    }

    #[test]
    fn no_series_stands_there_twice_and_every_line_is_one() {
        for (name, run) in samples::all() {
            let text = report(&run).unwrap();
            let mut seen = HashSet::new();
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let (series, value) = line.rsplit_once(' ').unwrap();
                value.parse::<f64>().unwrap();
                assert!(series.starts_with("hubprobe_"), "{name}: {line}");
                assert!(seen.insert(series.to_owned()), "{name}: {line}");
            }
        }
    }
}
