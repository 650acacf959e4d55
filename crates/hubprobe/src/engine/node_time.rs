//! The budget of node time: what all visits of a run have taken of the site's nodes, and when it is used up.
//!
//! A visit takes nodes from its start request until it is gone, except while a scheduler keeps its server waiting. Nothing
//! is set aside beforehand, since nobody knows how long a visit will be: what is used up ends those that are under way,
//! which stop their servers as they would at their own deadline.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::suite::{NodeTime, format_duration};
use crate::vocabulary::{Cause, Finding, VisitId};

/// The node time of a run; the clones count together.
#[derive(Debug, Clone)]
pub struct Meter {
    budget: NodeTime,
    taken: Arc<Mutex<Taken>>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Taken {
    /// By visits that have ended.
    ended: Duration,
    visits: HashMap<VisitId, Of>,
}

/// What one visit takes.
#[derive(Debug)]
struct Of {
    nodes: u32,
    before: Duration,
    since: Option<Instant>,
}

impl Of {
    fn until(&self, now: Instant) -> Duration {
        let running = self
            .since
            .map_or(Duration::ZERO, |since| now.duration_since(since));
        self.before
            .saturating_add(running.saturating_mul(self.nodes))
    }
}

impl Meter {
    /// Nothing is taken yet.
    pub fn new(budget: NodeTime) -> Self {
        Self {
            budget,
            taken: Arc::default(),
            changed: Arc::default(),
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A visit's share.
    pub fn of(&self, visit: VisitId) -> Share {
        Share {
            meter: self.clone(),
            visit,
        }
    }

    fn used(&self, now: Instant) -> Duration {
        let taken = self.taken();
        let running = taken.visits.values().map(|visit| visit.until(now));
        running.fold(taken.ended, Duration::saturating_add)
    }

    /// When it is used up, if nothing changes.
    fn used_up_at(&self) -> Option<Instant> {
        let now = Instant::now();
        let left = self.budget.limit.saturating_sub(self.used(now));
        let taken = self.taken();
        let running = taken.visits.values().filter(|visit| visit.since.is_some());
        let nodes: u32 = running.fold(0, |nodes, visit| nodes.saturating_add(visit.nodes));
        match (left.is_zero(), nodes) {
            (true, _) => Some(now),
            (false, 0) => None,
            (false, nodes) => Some(now + left / nodes),
        }
    }

    fn finding(&self) -> Finding {
        let used = self.used(Instant::now());
        Finding::new(
            Cause::ProberNodeTime,
            format!(
                "the suite's budget of node time, {}, is used up",
                format_duration(self.budget.limit)
            ),
        )
        .seen(format!(
            "all visits together have taken {:.0} s of nodes",
            used.as_secs_f64()
        ))
    }
}

/// What one visit takes of the budget.
#[derive(Debug, Clone)]
pub struct Share {
    meter: Meter,
    visit: VisitId,
}

impl Share {
    /// A server with these options is asked for.
    ///
    /// # Errors
    /// `prober.node-time` where nothing is left.
    pub fn begin(&self, options: &Map<String, Value>) -> Result<(), Finding> {
        if self.meter.used(Instant::now()) >= self.meter.budget.limit {
            return Err(self.meter.finding());
        }
        let nodes = self.meter.budget.nodes_of(options);
        let mut taken = self.meter.taken();
        let visit = taken.visits.entry(self.visit).or_insert(Of {
            nodes,
            before: Duration::ZERO,
            since: None,
        });
        visit.since.get_or_insert_with(Instant::now);
        drop(taken);
        self.meter.changed.notify_waiters();
        Ok(())
    }

    /// A scheduler keeps the server waiting, or does so no more.
    pub fn waits(&self, waits: bool) {
        let now = Instant::now();
        let mut taken = self.meter.taken();
        let Some(visit) = taken.visits.get_mut(&self.visit) else {
            return;
        };
        if waits == visit.since.is_none() {
            return;
        }
        visit.before = visit.until(now);
        visit.since = (!waits).then_some(now);
        drop(taken);
        self.meter.changed.notify_waiters();
    }

    /// The server is gone; gives back what the visit took, and the budget, in seconds; none where it took nothing.
    pub fn end(&self) -> Option<(f64, f64)> {
        let mut taken = self.meter.taken();
        let visit = taken.visits.remove(&self.visit)?;
        let took = visit.until(Instant::now());
        taken.ended = taken.ended.saturating_add(took);
        drop(taken);
        self.meter.changed.notify_waiters();
        Some((took.as_secs_f64(), self.meter.budget.limit.as_secs_f64()))
    }

    /// Waits until the budget is used up while this visit takes of it.
    pub async fn used_up(&self) -> Finding {
        loop {
            let changed = self.meter.changed.notified();
            let takes = self.meter.taken().visits.contains_key(&self.visit);
            match self.meter.used_up_at().filter(|_| takes) {
                Some(at) if at <= Instant::now() => return self.meter.finding(),
                Some(at) => tokio::select! {
                    () = sleep_until(at) => {}
                    () = changed => {}
                },
                None => changed.await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meter(seconds: u64) -> Meter {
        Meter::new(NodeTime {
            limit: Duration::from_secs(seconds),
            nodes: None,
        })
    }

    fn nodes(count: u32) -> Map<String, Value> {
        json!({ "nodes": count }).as_object().cloned().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn visits_side_by_side_use_it_up_together() {
        let meter = meter(60);
        let (one, two) = (meter.of(0), meter.of(1));
        one.begin(&nodes(1)).unwrap();
        let began = Instant::now();
        tokio::time::sleep(Duration::from_secs(20)).await;
        // 40 s are left, for three nodes.
        two.begin(&nodes(2)).unwrap();
        let finding = one.used_up().await;
        assert_eq!(finding.cause, Cause::ProberNodeTime);
        let took = began.elapsed().as_secs_f64();
        assert!((33.2..33.5).contains(&took), "{took}");
        two.used_up().await;
        assert!(meter.of(2).begin(&nodes(1)).is_err());
        let (took, limit) = two.end().unwrap();
        assert!((26.5..26.9).contains(&took), "{took}");
        assert!((59.9..60.1).contains(&limit));
        assert_eq!(meter.of(2).end(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_takes_nothing() {
        let meter = meter(60);
        let share = meter.of(0);
        share.begin(&nodes(4)).unwrap();
        share.waits(true);
        let waiting = tokio::time::timeout(Duration::from_secs(3600), share.used_up());
        assert!(waiting.await.is_err());
        share.waits(false);
        let began = Instant::now();
        share.used_up().await;
        let took = began.elapsed().as_secs_f64();
        assert!((14.9..15.1).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_visit_that_takes_nothing_is_not_ended() {
        let meter = meter(1);
        meter.of(0).begin(&nodes(1)).unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        let other = meter.of(1);
        let waiting = tokio::time::timeout(Duration::from_secs(3600), other.used_up());
        assert!(waiting.await.is_err());
    }
}
