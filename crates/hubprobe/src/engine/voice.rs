//! How the engine speaks: events with the instant at which they happened, and
//! no secret in them.
//!
//! A hub may echo a token in an error, a header, a progress message or the
//! output of code. All that a visit says goes through its [`Voice`], which
//! takes the visit's secrets out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jupyterhub_client::{Secret, Token};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::Clock;
use crate::suite::format_duration;
use crate::vocabulary::{Event, Finding, StepName, Verdict, VisitId, What};

/// Where events go.
#[derive(Debug, Clone)]
pub struct Events {
    to: mpsc::UnboundedSender<Event>,
    clock: Clock,
}

impl Events {
    /// Events go to `to`, with the time of `clock`.
    pub fn new(to: mpsc::UnboundedSender<Event>, clock: Clock) -> Self {
        Self { to, clock }
    }

    /// Says that something happened now. With nobody listening, nothing
    /// happens.
    pub fn say(&self, what: What) {
        let at = self.clock.elapsed().as_secs_f64();
        drop(self.to.send(Event { at, what }));
    }
}

/// A visit's voice.
#[derive(Debug, Clone)]
pub struct Voice {
    events: Events,
    visit: VisitId,
    token: Option<Token>,
    secrets: Vec<Secret>,
    budgets: Arc<[(StepName, Duration)]>,
    began: Arc<Mutex<Option<(StepName, Duration)>>>,
    unclean: Arc<AtomicBool>,
    has_kept: Arc<AtomicBool>,
}

impl Voice {
    /// The voice of a visit that knows no secret yet.
    pub fn new(events: Events, visit: VisitId) -> Self {
        Self {
            events,
            visit,
            token: None,
            secrets: Vec::new(),
            budgets: Arc::default(),
            began: Arc::default(),
            unclean: Arc::default(),
            has_kept: Arc::default(),
        }
    }

    /// From now on steps that pass and take longer than this are warned of.
    pub fn mind(&mut self, budgets: &[(StepName, Duration)]) {
        self.budgets = budgets.into();
    }

    /// From now on this token is taken out of all that is said.
    pub fn hide(&mut self, token: Token) {
        self.token = Some(token);
    }

    /// From now on these are taken out as well.
    pub fn hide_all(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        self.secrets.extend(secrets);
    }

    /// The text without the visit's secrets.
    pub fn clean(&self, text: &str) -> String {
        let mut text = match &self.token {
            Some(token) => token.scrub(text),
            None => text.to_owned(),
        };
        for secret in &self.secrets {
            text = secret.scrub(&text);
        }
        text
    }

    /// Options should hold no secret, but somebody may have typed one.
    fn clean_options(&self, options: &Map<String, Value>) -> Map<String, Value> {
        let text = Value::Object(options.clone()).to_string();
        let clean = self.clean(&text);
        if clean == text {
            return options.clone();
        }
        serde_json::from_str(&clean).unwrap_or_default()
    }

    /// The visit began.
    pub fn started(
        &self,
        probe: &str,
        hub: &str,
        account: &str,
        server: &str,
        options: &Map<String, Value>,
    ) {
        self.events.say(What::VisitStarted {
            visit: self.visit,
            probe: probe.to_owned(),
            hub: hub.to_owned(),
            account: account.to_owned(),
            server: server.to_owned(),
            options: self.clean_options(options),
        });
    }

    /// What the visit took of the budget of node time, which is `limit_s`.
    pub fn node_time(&self, node_s: f64, limit_s: f64) {
        self.events.say(What::NodeTime {
            visit: self.visit,
            node_s,
            limit_s,
        });
    }

    /// The hub said its version.
    pub fn hub_version(&self, version: &str) {
        self.events.say(What::HubVersion {
            visit: self.visit,
            version: self.clean(version),
        });
    }

    /// The hub said when the token ends.
    pub fn token_expires(&self, expires: jiff::Timestamp) {
        self.events.say(What::TokenExpires {
            visit: self.visit,
            expires,
        });
    }

    /// A step began.
    pub fn step_started(&self, step: StepName) {
        let now = self.events.clock.elapsed();
        *self.began.lock().unwrap_or_else(PoisonError::into_inner) = Some((step, now));
        self.events.say(What::StepStarted {
            visit: self.visit,
            step,
        });
    }

    /// A step passed or was skipped.
    pub fn step_finished(&self, step: StepName, verdict: Verdict, summary: &str) {
        if verdict == Verdict::Passed {
            self.weigh(step);
        }
        self.events.say(What::StepFinished {
            visit: self.visit,
            step,
            verdict,
            summary: self.clean(summary),
            finding: None,
        });
    }

    /// A step that passed, against its budget.
    fn weigh(&self, step: StepName) {
        let began = self
            .began
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some((_, began)) = began.filter(|(began, _)| *began == step) else {
            return;
        };
        let took = self.events.clock.elapsed().saturating_sub(began);
        let over = self
            .budgets
            .iter()
            .find(|(name, warn)| *name == step && took > *warn);
        if let Some((_, warn)) = over {
            self.warn(&format!(
                "{step} took {:.1} s; its budget warns from {} on",
                took.as_secs_f64(),
                format_duration(*warn)
            ));
        }
    }

    /// A step did not pass.
    pub fn step_failed(&self, step: StepName, finding: Finding) {
        if step >= StepName::Stop {
            self.unclean.store(true, Ordering::Relaxed);
        }
        let finding = finding.map_texts(|text| self.clean(text));
        self.events.say(What::StepFinished {
            visit: self.visit,
            step,
            verdict: finding.verdict(),
            summary: finding.summary.clone(),
            finding: Some(finding),
        });
    }

    /// The hub said how far a spawn has come.
    pub fn progress(&self, percent: Option<f64>, message: &str) {
        self.events.say(What::Progress {
            visit: self.visit,
            percent,
            message: self.clean(message),
        });
    }

    /// Something to mind.
    pub fn warn(&self, text: &str) {
        self.events.say(What::Warning {
            visit: self.visit,
            text: self.clean(text),
        });
    }

    /// Something of ours may still be there.
    pub fn left_behind(&self, what: &str) {
        self.unclean.store(true, Ordering::Relaxed);
        self.events.say(What::LeftBehind {
            visit: self.visit,
            what: self.clean(what),
            by_hand: false,
        });
    }

    /// Something of ours lives on, and the hub has forgotten it.
    pub fn lives_on(&self, what: &str) {
        self.unclean.store(true, Ordering::Relaxed);
        self.events.say(What::LeftBehind {
            visit: self.visit,
            what: self.clean(what),
            by_hand: true,
        });
    }

    /// Whether it has said so, or that a step of the way back failed.
    pub fn is_unclean(&self) -> bool {
        self.unclean.load(Ordering::Relaxed)
    }

    /// Whether it has said that something is still there on purpose.
    pub fn has_kept(&self) -> bool {
        self.has_kept.load(Ordering::Relaxed)
    }

    /// Something to keep, whose text holds no secret any more.
    pub fn artifact(&self, name: &str, text: String) {
        self.events.say(What::Artifact {
            visit: self.visit,
            name: self.clean(name),
            text: text.into(),
        });
    }

    /// Something of ours is still there, on purpose.
    pub fn kept(&self, what: &str) {
        self.has_kept.store(true, Ordering::Relaxed);
        self.events.say(What::Kept {
            visit: self.visit,
            what: self.clean(what),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_over_its_budget_is_warned_of_once_it_has_passed() {
        let (to, mut heard) = mpsc::unbounded_channel();
        let mut voice = Voice::new(Events::new(to, Clock::start()), 0);
        let hour = Duration::from_secs(3600);
        voice.mind(&[
            (StepName::Spawn, Duration::ZERO),
            (StepName::Open, hour),
            (StepName::Stop, Duration::ZERO),
        ]);
        let mut warnings = |step, verdict| {
            voice.step_started(step);
            std::thread::sleep(Duration::from_millis(1));
            voice.step_finished(step, verdict, "");
            let all = std::iter::from_fn(|| heard.try_recv().ok());
            all.filter(|event| matches!(event.what, What::Warning { .. }))
                .count()
        };
        assert_eq!(warnings(StepName::Spawn, Verdict::Passed), 1);
        assert_eq!(warnings(StepName::Open, Verdict::Passed), 0);
        assert_eq!(warnings(StepName::Kernel, Verdict::Passed), 0);
        assert_eq!(warnings(StepName::Stop, Verdict::Skipped), 0);
    }
}
