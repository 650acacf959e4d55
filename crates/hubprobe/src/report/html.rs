//! The report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere. For a person in a
//! browser, on a phone, with a screen reader; light and dark as the system has it.
//!
//! What a visit showed is in text; the bars of the steps repeat the times that stand beside them. The template
//! (templates/report.html) escapes whatever is put into it, so no text of a hub becomes HTML.

use askama::Template;

use crate::vocabulary::run::{Step, Visit};
use crate::vocabulary::{Finding, Run, Verdict};

use super::conclusion::conclusion;
use super::words::seconds;
use super::{apart, failure, left, plain};

/// The page; ends with a line break.
///
/// # Errors
/// Where the template cannot be filled, which is a bug.
pub fn report(run: &Run) -> Result<String, askama::Error> {
    let (text, verdict) = conclusion(run);
    let page = Page {
        verdict: verdict.word(),
        conclusion: plain::line(&text),
        run: run.run.to_string(),
        started: run.started.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        machine_started: run.started.to_string(),
        which: apart::which(run),
        version: plain::line(&run.hubprobe),
        left_behind: run
            .visits
            .iter()
            .flat_map(|visit| {
                let of = format!(
                    "{} @ {}",
                    plain::line(&visit.account),
                    plain::line(&visit.hub)
                );
                let said = visit.left_behind.iter();
                said.map(move |what| format!("{} ({of})", plain::line(what)))
            })
            .collect(),
        unread: run.unread.iter().map(|file| plain::line(file)).collect(),
        several_hubs: apart::several_hubs(run),
        several_runs: apart::several_runs(run),
        to_do: left::advice(run),
        visits: (1..)
            .zip(run.visits.iter().zip(apart::names(run)))
            .map(|(number, (visit, name))| shown(run, number, visit, name))
            .collect(),
    };
    let mut text = page.render()?;
    text.push('\n');
    Ok(text)
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    verdict: &'static str,
    conclusion: String,
    run: String,
    started: String,
    machine_started: String,
    which: String,
    version: String,
    left_behind: Vec<String>,
    unread: Vec<String>,
    to_do: Vec<left::Advice>,
    several_hubs: bool,
    several_runs: bool,
    visits: Vec<Shown>,
}

impl Page {
    /// What did not pass first.
    fn in_order(&self) -> Vec<&Shown> {
        let mut visits: Vec<&Shown> = self.visits.iter().collect();
        visits.sort_by_key(|visit| visit.finding.is_none());
        visits
    }
}

/// A visit as the page shows it.
struct Shown {
    number: usize,
    probe: String,
    name: String,
    /// What the name has more than the probe's.
    apart: String,
    who: String,
    hub: String,
    short_hub: String,
    began: String,
    verdict: &'static str,
    mark: &'static str,
    time: String,
    cause: String,
    finding: Option<Told>,
    rows: Vec<Row>,
    not_tried: String,
    progress: Vec<String>,
    notes: Vec<String>,
    earlier: Vec<Earlier>,
    is_open: bool,
}

/// A finding as the page tells it.
struct Told {
    cause: &'static str,
    blame: &'static str,
    summary: String,
    seen: Vec<String>,
    last_words: Vec<String>,
    options: String,
    when: String,
    advice: String,
    curl: String,
}

/// A step with its bar, in thousandths of the visit.
struct Row {
    name: &'static str,
    verdict: &'static str,
    mark: &'static str,
    time: String,
    summary: String,
    from: u32,
    length: u32,
}

/// An attempt before the last.
struct Earlier {
    number: usize,
    cause: &'static str,
    summary: String,
}

fn shown(run: &Run, number: usize, visit: &Visit, name: String) -> Shown {
    let probe = plain::line(&visit.probe);
    let mut who = plain::line(&visit.account);
    if !visit.server.is_empty() {
        who.push_str(&format!(", server {}", plain::line(&visit.server)));
    }
    let version = visit.hub_version.iter();
    let version: String = version
        .map(|it| format!(" (JupyterHub {})", plain::line(it)))
        .collect();
    let cause = match (&visit.finding, visit.flaky) {
        (Some(finding), _) => finding.cause.code().to_owned(),
        (None, true) => format!("flaky: passed at attempt {}", visit.attempts),
        (None, false) if visit.verdict == Verdict::Skipped => "not tried".to_owned(),
        (None, false) => String::new(),
    };
    let skipped: Vec<&str> = visit
        .steps
        .iter()
        .filter(|step| is_untold(step))
        .map(|step| step.name.word())
        .collect();
    let warnings = visit.warnings.iter().map(|text| ("warning", text));
    let kept = visit.kept.iter().map(|text| ("kept, as asked", text));
    let notes = warnings
        .chain(kept)
        .map(|(word, text)| format!("{word}: {}", plain::line(text)));
    Shown {
        number,
        apart: name.strip_prefix(&probe).unwrap_or_default().to_owned(),
        probe,
        name,
        who,
        hub: plain::line(&visit.hub) + &version,
        short_hub: apart::hub(visit),
        began: apart::began(run, visit),
        verdict: visit.verdict.word(),
        mark: mark(visit.verdict),
        time: match visit.verdict {
            Verdict::Skipped => String::new(),
            _ => seconds(visit.duration_s),
        },
        cause,
        finding: visit
            .finding
            .as_ref()
            .map(|finding| told(run, visit, finding)),
        rows: rows(visit),
        not_tried: skipped.join(", "),
        progress: progress(visit),
        notes: notes.collect(),
        earlier: earlier(visit),
        is_open: visit.finding.is_some() || run.visits.len() == 1,
    }
}

fn told(run: &Run, visit: &Visit, finding: &Finding) -> Told {
    Told {
        cause: finding.cause.code(),
        blame: finding.blame.word(),
        summary: plain::block(&finding.summary),
        seen: failure::evidence(finding),
        last_words: failure::last_words(visit, finding),
        options: failure::options(visit).unwrap_or_default(),
        when: failure::when(run, visit).unwrap_or_default(),
        advice: plain::block(&finding.advice),
        curl: finding.curl.as_deref().map(plain::line).unwrap_or_default(),
    }
}

fn is_untold(step: &Step) -> bool {
    step.verdict == Verdict::Skipped && step.summary.trim().is_empty()
}

fn rows(visit: &Visit) -> Vec<Row> {
    let tried: Vec<&Step> = visit.steps.iter().filter(|step| !is_untold(step)).collect();
    let begin = tried.iter().filter(|step| step.verdict != Verdict::Skipped);
    let begin = begin
        .map(|step| step.started_s)
        .fold(f64::INFINITY, f64::min);
    let end = tried
        .iter()
        .map(|step| step.started_s + step.duration_s)
        .fold(0.0, f64::max);
    let length = if end > begin { end - begin } else { 1.0 };
    let part = |seconds: f64| thousandths(seconds / length);
    let row = |step: &&Step| Row {
        name: step.name.word(),
        verdict: step.verdict.word(),
        mark: mark(step.verdict),
        time: match step.verdict {
            Verdict::Skipped => String::new(),
            _ => seconds(step.duration_s),
        },
        summary: plain::line(&step.summary),
        from: part(step.started_s - begin).min(996),
        length: match step.verdict {
            Verdict::Skipped => 0,
            _ => part(step.duration_s).max(4),
        },
    };
    tried.iter().map(row).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 to 1000"
)]
fn thousandths(share: f64) -> u32 {
    (share * 1000.0).round().clamp(0.0, 1000.0) as u32
}

fn progress(visit: &Visit) -> Vec<String> {
    let lines = visit.steps.iter().flat_map(|step| &step.progress);
    lines.map(failure::told).collect()
}

fn earlier(visit: &Visit) -> Vec<Earlier> {
    let told = failure::earlier(visit).into_iter();
    told.map(|(number, finding)| Earlier {
        number,
        cause: finding.cause.code(),
        summary: plain::line(&finding.summary),
    })
    .collect()
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "✓",
        Verdict::Failed => "✗",
        Verdict::Inconclusive => "?",
        Verdict::Skipped => "–",
    }
}

#[cfg(test)]
mod tests;
