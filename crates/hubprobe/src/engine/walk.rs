//! What a visit knows while it goes on: the probe, the connection, and what
//! each step has learnt for the next.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jupyterhub_client::{
    Error, Hub, HubVersion, Identity, JupyterServer, KernelConnection, Session,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::node_time::Share;
use super::rounds::Word;
use super::{Clock, Engine, Patience, Requests, Voice};
use crate::diagnose::{curl, token};
use crate::explain;
use crate::suite::Probe;
use crate::undo::lock::Lock;
use crate::undo::{Entry, Ledger, Owner, owner};
use crate::vocabulary::{Cause, Finding, StepName, Target, VisitId, shell};

/// A visit under way.
pub struct Walk {
    /// What is tested.
    pub probe: Arc<Probe>,
    /// How to reach the hub.
    pub target: Target,
    /// The run.
    pub run: Uuid,
    /// Which visit of it this is.
    pub id: VisitId,
    /// How it speaks.
    pub voice: Voice,
    /// What must be undone.
    pub ledger: Ledger,
    /// The state directory, where it is not the usual one.
    pub state_dir: Option<String>,
    /// Time.
    pub clock: Clock,
    /// Whether anything may be changed on the hub.
    pub dry_run: bool,
    /// How long somebody else at our place is waited for.
    pub patience: Patience,
    /// What it takes of the budget of node time, where there is one.
    pub share: Option<Share>,
    /// The step that is under way.
    pub step: Option<StepName>,
    /// The hub, with the account's token.
    pub hub: Option<Hub>,
    /// The hub's version.
    pub version: Option<HubVersion>,
    /// Whom the hub takes us for.
    pub identity: Option<Identity>,
    /// How far the hub's clock and ours are apart, as its answers are dated.
    pub apart: Duration,
    /// When the token ends, where that is known.
    pub expires: Option<Timestamp>,
    /// What stands in the ledger.
    pub entry: Option<Entry>,
    /// When the first start request went out.
    pub asked: Option<Instant>,
    /// When the last one went out.
    pub asked_again: Option<Instant>,
    /// Says true once the last one is answered.
    pub answered: Option<watch::Receiver<bool>>,
    /// Nobody else of this state directory is on the account's server.
    pub lock: Option<Lock>,
    /// When the scheduler last said that the server waits.
    pub queued_at: Option<Instant>,
    /// The scheduler's name for the server's job, as the hub told it.
    pub job_id: Option<String>,
    /// When the server was ready.
    pub ready_at: Option<Instant>,
    /// Who counts the visits of a run that have no server yet.
    pub rounds: Option<UnboundedSender<Word>>,
    /// It is counted as one of them.
    pub coming: bool,
    /// Says whether the server may be started again.
    pub may_restart: Option<oneshot::Receiver<bool>>,
    /// The server is being restarted: ours was stopped, or is about to be, and was not asked for again.
    pub restarting: bool,
    /// The server, once it is ready.
    pub server: Option<JupyterServer>,
    /// When the server says that it began, where it does.
    pub server_began: Option<Timestamp>,
    /// The file that is to survive a restart, while it is in the home.
    pub in_the_home: Option<String>,
    /// The session whose kernel runs.
    pub session: Option<Session>,
    /// The session of a notebook, whose kernel runs beside that.
    pub beside: Option<Session>,
    /// Cancelled when the run is asked to end.
    pub end: CancellationToken,
    /// Whether anybody keeps what is for the artifacts.
    pub artifacts: bool,
    /// Its requests, where they are kept.
    pub requests: Option<Requests>,
    /// The websocket of the kernel.
    pub kernel: Option<KernelConnection>,
}

impl Walk {
    /// A visit before its first step.
    pub fn new(engine: &Engine, id: VisitId, probe: Arc<Probe>, voice: Voice) -> Self {
        Self {
            target: Target::from(&probe.hub),
            expires: probe.account.expires,
            apart: Duration::ZERO,
            probe,
            run: engine.run,
            id,
            voice,
            ledger: engine.ledger.clone(),
            state_dir: engine.state_dir.clone(),
            clock: engine.clock,
            dry_run: engine.dry_run,
            patience: Patience::new(engine.wait),
            share: engine.node_time.as_ref().map(|meter| meter.of(id)),
            step: None,
            hub: None,
            version: None,
            identity: None,
            entry: None,
            asked: None,
            asked_again: None,
            answered: None,
            lock: None,
            queued_at: None,
            job_id: None,
            ready_at: None,
            rounds: None,
            coming: false,
            may_restart: None,
            restarting: false,
            server: None,
            server_began: None,
            in_the_home: None,
            session: None,
            beside: None,
            end: engine.end.clone(),
            artifacts: engine.artifacts,
            requests: engine.artifacts.then(Requests::default),
            kernel: None,
        }
    }

    /// The server is ready: it counts no more as one that may still fail.
    pub fn is_ready(&mut self) {
        self.ready_at = Some(Instant::now());
        self.coming = false;
        if let Some(rounds) = &self.rounds {
            drop(rounds.send(Word::Ready(Arc::clone(&self.probe))));
        }
    }

    /// Waits until one more server may be on its way on this hub; false where too many have failed there.
    pub async fn may_start_again(&mut self) -> bool {
        let Some(rounds) = &self.rounds else {
            return true;
        };
        let (say, heard) = oneshot::channel();
        drop(rounds.send(Word::Again(Arc::clone(&self.probe), say)));
        let may = self.may_restart.insert(heard).await.unwrap_or(true);
        self.may_restart = None;
        self.coming = may;
        may
    }

    /// Whether it is counted as one without a server.
    pub fn is_coming(&mut self) -> bool {
        let granted = self.may_restart.as_mut().map(oneshot::Receiver::try_recv);
        self.coming || granted == Some(Ok(true))
    }

    /// The account's name.
    pub fn user(&self) -> &str {
        &self.probe.account.name
    }

    /// The connection; there from the first step on.
    ///
    /// # Errors
    /// `token.missing` before that.
    pub fn hub(&self) -> Result<Hub, Finding> {
        self.hub
            .clone()
            .ok_or_else(|| Finding::new(Cause::TokenMissing, "there is no connection to the hub"))
    }

    /// An entry for the ledger, for something that is about to be made.
    pub fn new_entry(&self, made: crate::undo::Made) -> Entry {
        Entry {
            id: Uuid::now_v7(),
            run: self.run,
            owner: Owner::this(),
            written: self.clock.now(),
            up_s: owner::up_s(),
            target: self.target.clone(),
            account: self.user().to_owned(),
            token: self.probe.account.token.clone(),
            kept: false,
            survived: None,
            made,
        }
    }

    /// `hubprobe clean` on the ledger of this run, with what is to be added to it.
    pub fn clean_command(&self, flag: &str) -> String {
        format!("{} {flag}", shell::clean(self.state_dir.as_deref()))
    }

    /// A curl as the account.
    pub fn curl(&self, method: &str, url: &str) -> String {
        curl::with_token(&self.target, &self.probe.account.token, method, url)
    }

    /// The URL of the account's server in the hub's API, with what follows
    /// it.
    pub fn server_api(&self, hub: &Hub, after: &str) -> String {
        let user = escape(self.user());
        let path = if self.probe.server.is_empty() {
            format!("users/{user}/server{after}")
        } else {
            format!("users/{user}/servers/{}{after}", escape(&self.probe.server))
        };
        hub.api_url(&path).into()
    }

    /// The finding for an error of the hub's API that no step of its own
    /// explains.
    pub async fn hub_failure(&self, hub: &Hub, error: &Error) -> Finding {
        let finding = explain::failure(hub, error, self.known()).await;
        finding.with_curl(self.curl(&error.method, &error.url))
    }

    /// What is known of the token.
    pub fn known(&self) -> token::Known<'_> {
        token::Known {
            worked: self.identity.is_some(),
            expires: self.expires,
            now: Some(self.clock.now()),
            user: self.user(),
            version: self.version.as_ref(),
            place: match &self.probe.account.token {
                crate::vocabulary::SecretSource::File(path) => path.to_str().unwrap_or("its file"),
                crate::vocabulary::SecretSource::Env(name) => name,
                crate::vocabulary::SecretSource::Command(_) => "the command",
                crate::vocabulary::SecretSource::Stdin => "standard input",
                crate::vocabulary::SecretSource::Missing => "nowhere",
            },
        }
    }
}

/// A name as one segment of a path.
fn escape(name: &str) -> String {
    let mut url = url::Url::parse("http://x/").ok();
    if let Some(mut path) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        path.pop_if_empty().push(name);
    }
    url.map(|url| url.path().trim_start_matches('/').to_owned())
        .unwrap_or_default()
}
