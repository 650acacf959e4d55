//! One visit: forward through the steps until one does not pass, then back.
//!
//! Forward can end in five ways: all passed, a step failed, the total
//! deadline, a signal, a bug (a panic). The way back is the same for all:
//! what stands in the ledger is stopped and seen to be gone, within a budget
//! of its own.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, timeout_at};

use super::node_time::Share;
use super::rounds::Word;
use super::spacing::Outcome;
use super::steps::{self, back};
use super::{Engine, Patience, Voice, Walk};
use crate::suite::Probe;
use crate::vocabulary::{Cause, Finding, StepName, Verdict, VisitId};

/// What a step gives: what was seen, in a few words, or what is wrong.
pub(super) type StepResult = Result<String, Finding>;

type Stepping<'a> = Pin<Box<dyn Future<Output = StepResult> + 'a>>;

/// The steps of a probe, in order.
fn steps_of(probe: &Probe) -> impl Iterator<Item = StepName> + use<> {
    let (lab, files) = (probe.lab.is_some(), probe.files.is_some());
    let persist = probe.restarts();
    let (environment, honoured) = (probe.environment.is_some(), probe.options_honoured);
    let notebooks = !probe.notebooks.is_empty();
    StepName::ALL.into_iter().filter(move |step| match step {
        StepName::Lab => lab,
        StepName::Environment => environment,
        StepName::OptionsHonoured => honoured,
        StepName::Notebook => notebooks,
        StepName::Files => files,
        StepName::Persist => persist,
        _ => true,
    })
}

/// The steps forward; `stop` and `gone` are the way back.
fn forward_of(probe: &Probe) -> impl Iterator<Item = StepName> + use<> {
    steps_of(probe).filter(|step| *step < StepName::Stop)
}

fn voice(engine: &Engine, id: VisitId, probe: &Probe) -> Voice {
    let mut voice = Voice::new(engine.events.clone(), id);
    voice.mind(&probe.budgets);
    voice
}

/// Walks one probe, for the first time or again; `rounds` is told once its server is there, and asked before it is started
/// again.
pub(super) async fn visit(
    engine: &Engine,
    id: VisitId,
    attempt: u32,
    probe: Arc<Probe>,
    rounds: UnboundedSender<Word>,
) -> Outcome {
    let voice = voice(engine, id, &probe);
    let mut walk = Walk::new(engine, id, probe, voice);
    walk.rounds = Some(rounds);
    walk.coming = true;
    // First, so that nothing is said before it is known what must not be.
    let connected = tokio::select! {
        biased;
        () = engine.end.cancelled() => Err(interrupted()),
        connected = steps::connect(&mut walk) => connected,
    };
    if attempt == 1 {
        begin(&walk);
    }
    let finding = forward(engine, &mut walk, connected).await;
    // What is kept for a look is kept though something failed, but not
    // when we were asked to end.
    let may_keep = !engine.end.is_cancelled();
    let passed = finding.is_none();
    let back = AssertUnwindSafe(back::take_back(&mut walk, may_keep, passed));
    if let Err(panic) = back.catch_unwind().await {
        walk.voice.step_failed(StepName::Stop, bug(panic.as_ref()));
        walk.voice
            .left_behind("what the ledger holds of this run: undoing it hit a bug of hubprobe");
    }
    steps::persist::say_what_stays(&walk);
    if let Some((node_s, limit_s)) = walk.share.as_ref().and_then(Share::end) {
        walk.voice.node_time(node_s, limit_s);
    }
    if finding.is_some() || walk.voice.is_unclean() {
        keep_requests(&walk);
    }
    Outcome {
        asked: walk.asked.is_some(),
        had_server: walk.server_began.is_some() || walk.ready_at.is_some(),
        coming: walk.is_coming(),
        unclean: walk.voice.is_unclean(),
        kept: walk.voice.has_kept(),
        finding,
    }
}

/// What was asked and answered, for whoever wants to see why it did not pass.
fn keep_requests(walk: &Walk) {
    if let Some(requests) = &walk.requests {
        let text = requests.archive(&|text| walk.voice.clean(text));
        walk.voice.artifact("requests.har", text);
    }
}

/// Tells of a probe that is not tried, and why.
pub(super) async fn held_back(engine: &Engine, id: VisitId, probe: Arc<Probe>, why: &str) {
    let voice = voice(engine, id, &probe);
    let mut walk = Walk::new(engine, id, probe, voice);
    // For the secrets that must not be said, and for nothing else.
    drop(steps::connect(&mut walk).await);
    begin(&walk);
    walk.voice.warn(why);
    skip(&walk, steps_of(&walk.probe));
}

fn begin(walk: &Walk) {
    walk.voice.started(
        &walk.probe.name,
        walk.probe.hub.url.as_str(),
        &walk.probe.account.name,
        &walk.probe.server,
        &walk.probe.options,
    );
}

/// Forward until something does not pass; says the finding of the step that it
/// happened in, and skips the rest.
async fn forward(
    engine: &Engine,
    walk: &mut Walk,
    connected: Result<Vec<String>, Finding>,
) -> Option<Finding> {
    let total = walk.probe.total();
    let walked = {
        let patience = walk.patience.clone();
        let share = walk.share.clone();
        let walking = AssertUnwindSafe(walk_forward(walk, connected)).catch_unwind();
        tokio::select! {
            biased;
            () = engine.end.cancelled() => Some(Ok(Err(interrupted()))),
            finding = used_up(share) => Some(Ok(Err(finding))),
            walked = within(total, patience, walking) => walked,
        }
    };
    let ended = match walked {
        Some(Ok(result)) => result,
        Some(Err(panic)) => Err(bug(panic.as_ref())),
        None => Err(steps::out_of_time(walk, total)),
    };
    let finding = ended.err()?;
    let failed_in = walk.step.unwrap_or(StepName::Reach);
    walk.voice.step_failed(failed_in, finding.clone());
    skip(
        walk,
        forward_of(&walk.probe).filter(|step| *step > failed_in),
    );
    Some(finding)
}

/// Waits until the budget of node time is used up; for ever where there is none.
async fn used_up(share: Option<Share>) -> Finding {
    match share {
        Some(share) => share.used_up().await,
        None => std::future::pending().await,
    }
}

/// Until it ends; none where the total deadline comes first, which stands still
/// while somebody else is waited for.
async fn within<T>(
    total: Duration,
    patience: Patience,
    walking: impl Future<Output = T>,
) -> Option<T> {
    let began = Instant::now();
    let mut walking = std::pin::pin!(walking);
    loop {
        let until = began + total + patience.waited();
        // Not a sleep beside it: of something that always has more to do, such as
        // a kernel that never stops talking, only this lets go in time.
        match timeout_at(until, &mut walking).await {
            Ok(ended) => return Some(ended),
            Err(_) if began + total + patience.waited() > until => {}
            Err(_) => return None,
        }
    }
}

async fn walk_forward(
    walk: &mut Walk,
    connected: Result<Vec<String>, Finding>,
) -> Result<(), Finding> {
    walk.step = Some(StepName::Identify);
    for warning in connected? {
        walk.voice.warn(&warning);
    }
    for step in forward_of(&walk.probe) {
        if walk.dry_run && step >= StepName::Spawn {
            let would = steps::would(walk, step);
            walk.voice.step_finished(step, Verdict::Skipped, &would);
            continue;
        }
        walk.step = Some(step);
        walk.voice.step_started(step);
        let summary = run(step, walk).await?;
        walk.voice.step_finished(step, Verdict::Passed, &summary);
    }
    Ok(())
}

fn run(step: StepName, walk: &mut Walk) -> Stepping<'_> {
    match step {
        StepName::Reach => Box::pin(steps::reach::reach(walk)),
        StepName::Identify => Box::pin(steps::identify::identify(walk)),
        StepName::Spawn => Box::pin(steps::spawn::spawn(walk)),
        StepName::Open => Box::pin(steps::open::open(walk)),
        StepName::Lab => Box::pin(steps::lab::lab(walk)),
        StepName::Kernel => Box::pin(steps::kernel::kernel(walk)),
        StepName::Execute => Box::pin(steps::execute::execute(walk)),
        StepName::Environment => Box::pin(steps::environment::environment(walk)),
        StepName::OptionsHonoured => Box::pin(steps::environment::honoured(walk)),
        StepName::Notebook => Box::pin(steps::notebook::notebook(walk)),
        StepName::Files => Box::pin(steps::files::files(walk)),
        StepName::Persist => Box::pin(steps::persist::persist(walk)),
        StepName::Stop | StepName::Gone => Box::pin(async { Ok(String::new()) }),
    }
}

fn interrupted() -> Finding {
    Finding::new(Cause::ProberInterrupted, "a signal asked us to end")
}

fn skip(walk: &Walk, steps: impl Iterator<Item = StepName>) {
    for step in steps {
        walk.voice.step_finished(step, Verdict::Skipped, "");
    }
}

/// A panic is a bug of ours, and says nothing about the hub.
fn bug(panic: &(dyn std::any::Any + Send)) -> Finding {
    let words = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Finding::new(Cause::ProberBug, "hubprobe itself has a bug").seen(words)
}
