//! What the fold of events comes to.

use super::visit::PROGRESS_KEPT;
use super::*;
use crate::vocabulary::Cause;

fn fold(events: impl IntoIterator<Item = (f64, What)>) -> Run {
    let mut run = Run::new();
    for (at, what) in events {
        run.apply(&Event { at, what });
    }
    run
}

fn visit(probe: &str) -> What {
    What::VisitStarted {
        visit: 0,
        probe: probe.into(),
        hub: "http://127.0.0.1/".into(),
        account: "a".into(),
        server: String::new(),
        options: Map::new(),
    }
}

fn step(step: StepName, verdict: Verdict, finding: Option<Finding>) -> What {
    What::StepFinished {
        visit: 0,
        step,
        verdict,
        summary: String::new(),
        finding,
    }
}

#[test]
fn the_first_finding_is_the_visit_s() {
    let first = Finding::new(Cause::KernelError, "it raised");
    let second = Finding::new(Cause::StopTimeout, "it does not end");
    let run = fold([
        (0.0, visit("p")),
        (1.0, step(StepName::Execute, Verdict::Failed, Some(first))),
        (2.0, step(StepName::Stop, Verdict::Failed, Some(second))),
        (3.0, What::VisitFinished { visit: 0 }),
        (3.0, What::RunFinished),
    ]);
    let finding = run.visits[0].finding.as_ref().unwrap();
    assert_eq!(finding.cause, Cause::KernelError);
    assert_eq!(run.verdict, Verdict::Failed);
}

#[test]
fn a_pass_after_a_failure_is_flaky_and_the_failure_is_kept() {
    let silent = Finding::new(Cause::KernelSilent, "it says nothing");
    let failed = || step(StepName::Kernel, Verdict::Failed, Some(silent.clone()));
    let passed = || step(StepName::Kernel, Verdict::Passed, None);
    let retried = || What::VisitRetried { visit: 0 };
    let finished = || What::VisitFinished { visit: 0 };
    let run = fold([
        (0.0, visit("p")),
        (1.0, failed()),
        (2.0, retried()),
        (3.0, passed()),
        (4.0, finished()),
    ]);
    let tried = &run.visits[0];
    assert_eq!(
        (tried.verdict, tried.attempts, tried.flaky),
        (Verdict::Passed, 2, true)
    );
    assert_eq!(tried.finding, None);
    assert_eq!(tried.earlier.len(), 1);
    assert_eq!(tried.earlier[0].finding.as_ref(), Some(&silent));
    assert_eq!(tried.earlier[0].steps[0].verdict, Verdict::Failed);

    let run = fold([
        (0.0, visit("p")),
        (1.0, failed()),
        (2.0, retried()),
        (3.0, failed()),
        (4.0, finished()),
    ]);
    let tried = &run.visits[0];
    assert_eq!(
        (tried.verdict, tried.attempts, tried.flaky),
        (Verdict::Failed, 2, false)
    );

    let ended = Finding::new(Cause::ProberInterrupted, "a signal");
    let ended = step(StepName::Kernel, Verdict::Inconclusive, Some(ended));
    let run = fold([
        (0.0, visit("p")),
        (1.0, failed()),
        (2.0, retried()),
        (3.0, ended),
        (4.0, finished()),
    ]);
    let tried = &run.visits[0];
    assert_eq!(tried.verdict, Verdict::Failed);
    assert_eq!(tried.finding.as_ref(), Some(&silent));
    assert!(tried.warnings[0].contains("prober.interrupted"));
}

#[test]
fn visits_side_by_side_may_begin_in_any_order() {
    let begun = |id| What::VisitStarted {
        visit: id,
        probe: format!("p{id}"),
        hub: String::new(),
        account: String::new(),
        server: String::new(),
        options: Map::new(),
    };
    let warned = |visit| What::Warning {
        visit,
        text: format!("of {visit}"),
    };
    let events = [begun(1), begun(0), warned(0), warned(1), warned(2)];
    let run = fold(events.map(|what| (0.0, what)));
    let told = |visit: &Visit| (visit.probe.clone(), visit.warnings.join(","));
    let told: Vec<_> = run.visits.iter().map(told).collect();
    let of = |id| (format!("p{id}"), format!("of {id}"));
    assert_eq!(told, [of(1), of(0)]);
    assert_eq!(run.visit(1).unwrap().probe, "p1");
}

#[test]
fn node_time_adds_up() {
    let took = |visit, node_s| What::NodeTime {
        visit,
        node_s,
        limit_s: 60.0,
    };
    let run = fold([(0.0, visit("p")), (1.0, took(0, 2.5)), (2.0, took(0, 4.0))]);
    assert_eq!(run.visits[0].node_time_s, Some(6.5));
    assert_eq!(
        run.node_time,
        Some(NodeTimeTaken {
            limit_s: 60.0,
            taken_s: 6.5
        })
    );
}

#[test]
fn a_run_without_a_visit_is_not_passed() {
    let run = fold([(0.0, What::RunFinished)]);
    assert_eq!(run.verdict, Verdict::Skipped);
}

#[test]
fn a_queue_that_repeats_itself_is_kept_once() {
    let line = |percent, message: &str| What::Progress {
        visit: 0,
        percent,
        message: message.into(),
    };
    let mut events = vec![
        (0.0, visit("p")),
        (
            0.0,
            What::StepStarted {
                visit: 0,
                step: StepName::Spawn,
            },
        ),
    ];
    for second in 0..1000 {
        events.push((f64::from(second), line(None, "Pending in queue...")));
    }
    for second in 0..1000 {
        events.push((1000.0, line(Some(f64::from(second)), "moving")));
    }
    let run = fold(events);
    let progress = &run.visits[0].steps[0].progress;
    assert_eq!(progress[0].message, "Pending in queue...");
    assert_eq!(progress[1].message, "moving");
    assert_eq!(progress.len(), PROGRESS_KEPT);
    assert_eq!(progress.last().unwrap().percent, Some(999.0));
}

#[test]
fn what_lives_on_is_told_from_what_clean_takes_away() {
    let left = |what: &str, by_hand| What::LeftBehind {
        visit: 0,
        what: what.into(),
        by_hand,
    };
    let begun = |state_dir: Option<&str>| What::RunStarted {
        run: Uuid::nil(),
        started: jiff::Timestamp::UNIX_EPOCH,
        hubprobe: "0".into(),
        dry_run: false,
        state_dir: state_dir.map(str::to_owned),
    };
    let all = |state_dir, left: &[What]| {
        let begin = [begun(state_dir), visit("p")];
        fold(
            begin
                .into_iter()
                .chain(left.iter().cloned())
                .map(|what| (0.0, what)),
        )
    };
    let both = all(Some("/srv/it's"), &[left("a", true), left("b", false)]);
    assert_eq!(both.visits[0].left_behind, ["a", "b"]);
    assert_eq!(both.visits[0].by_hand, ["a"]);
    assert!(both.can_be_cleaned() && both.lives_on());
    assert_eq!(
        both.clean_command(),
        "hubprobe clean --state-dir '/srv/it'\\''s'"
    );
    let survivor = all(None, &[left("a", true)]);
    assert!(survivor.left_behind() && survivor.lives_on() && !survivor.can_be_cleaned());
    let cleanable = all(None, &[left("b", false)]);
    assert!(cleanable.can_be_cleaned() && !cleanable.lives_on());
    assert_eq!(cleanable.clean_command(), "hubprobe clean");
}
