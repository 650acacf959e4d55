//! Several runs as one, so that a week of checks, or the checks of several hubs, is one report.
//!
//! In which order they were named means nothing: what began later stands later, and of two visits that are the same the later
//! one is the last. The time between the runs is nobody's, so how long they took is the sum of what each took.

use std::collections::HashMap;

use crate::vocabulary::run::{MergedRun, Visit, later};
use crate::vocabulary::{Run, Verdict};

/// Several runs as one: the id of the one that began first, and all visits in the order in which they began. `unread` is what
/// cannot be read, each with its reason: nothing is known of it, so the run is at best inconclusive. None for no run.
#[must_use]
pub fn merged(mut runs: Vec<Run>, unread: Vec<String>) -> Option<Run> {
    runs.sort_by_key(|run| run.started);
    let earliest = runs.first()?.started;
    let parts = unique(runs.iter().flat_map(parts));
    let mut all = each_once(runs)
        .into_iter()
        .map(|run| moved(run, earliest))
        .reduce(join)?;
    all.duration_s = to_the_millisecond(parts.iter().map(|part| part.duration_s).sum());
    all.merged = if parts.len() > 1 { parts } else { Vec::new() };
    all.started = earliest;
    let begins = |visit: &Visit| visit.started_s;
    all.visits
        .sort_by(|one, other| begins(one).total_cmp(&begins(other)));
    for file in unread {
        all.verdict = Verdict::over([all.verdict, Verdict::Inconclusive]);
        all.unread.push(file);
    }
    Some(all)
}

/// Without what was named twice: a journal beside the JSON report of the same run, or of several, or beside the artifacts of
/// one of its visits.
fn each_once(runs: Vec<Run>) -> Vec<Run> {
    let mut told: HashMap<String, Vec<(i64, Visit)>> = HashMap::new();
    let once = runs.into_iter().filter_map(|mut run| {
        let count = run.visits.len();
        let mut these = Vec::new();
        run.visits.retain(|visit| {
            let at = later(run.started, visit.started_s).as_millisecond();
            let mut alone = visit.clone();
            alone.started_s = 0.0;
            let before = told.get(&visit.probe).into_iter().flatten();
            // Both times were rounded.
            let mut same = before.filter(|(then, it)| (then - at).abs() <= 1 && *it == alone);
            let known = same.next().is_some();
            these.push((at, alone));
            !known
        });
        for (at, visit) in these {
            told.entry(visit.probe.clone())
                .or_default()
                .push((at, visit));
        }
        let says_more = count == 0 || !run.visits.is_empty() || !run.unread.is_empty();
        says_more.then_some(run)
    });
    once.collect()
}

/// Two runs, whose visits' times count from one instant, as one.
fn join(mut all: Run, mut run: Run) -> Run {
    if !all.left_behind() {
        all.state_dir = run.state_dir.take();
    } else if all.state_dir != run.state_dir {
        name_the_ledger(&mut run);
    }
    all.verdict = Verdict::over([all.verdict, run.verdict]);
    all.dry_run &= run.dry_run;
    all.interrupted = all.interrupted.or(run.interrupted);
    all.node_time = match (all.node_time, run.node_time) {
        (Some(mut one), Some(other)) => {
            one.limit_s += other.limit_s;
            one.taken_s += other.taken_s;
            Some(one)
        }
        (one, other) => one.or(other),
    };
    all.unread.extend(run.unread);
    all.visits.extend(run.visits);
    all
}

/// Says with each thing that is left which command knows of it: that of the whole is another one.
fn name_the_ledger(run: &mut Run) {
    let command = run.clean_command();
    for visit in &mut run.visits {
        for what in visit.left_behind.iter_mut().chain(&mut visit.by_hand) {
            what.push_str(&format!(" (in the ledger of: {command})"));
        }
    }
}

/// The runs of which a run consists.
fn parts(run: &Run) -> Vec<MergedRun> {
    if run.merged.is_empty() {
        let (started, duration_s) = (run.started, run.duration_s);
        vec![MergedRun {
            run: run.run,
            started,
            duration_s,
        }]
    } else {
        run.merged.clone()
    }
}

/// Each run once, in the order in which they began: from its first beginning to its last end, where parts of it were named.
fn unique(parts: impl Iterator<Item = MergedRun>) -> Vec<MergedRun> {
    let mut once: Vec<MergedRun> = Vec::new();
    for part in parts {
        let Some(known) = once.iter_mut().find(|known| known.run == part.run) else {
            once.push(part);
            continue;
        };
        let started = known.started.min(part.started);
        let end =
            |part: &MergedRun| part.started.duration_since(started).as_secs_f64() + part.duration_s;
        known.duration_s = to_the_millisecond(end(known).max(end(&part)));
        known.started = started;
    }
    once.sort_by_key(|part| part.started);
    once
}

/// A run whose visits' times count from this instant; its own beginning stays.
fn moved(mut run: Run, to: jiff::Timestamp) -> Run {
    let later = run.started.duration_since(to).as_secs_f64().max(0.0);
    for visit in &mut run.visits {
        visit.started_s = to_the_millisecond(visit.started_s + later);
    }
    run
}

fn to_the_millisecond(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
