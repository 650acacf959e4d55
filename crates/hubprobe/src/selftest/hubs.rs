//! The hubs of a selftest: one a kind, started when its first case wants it, ended after its last. On each lives a human with a
//! default and a named server, which must be there unharmed at the end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jupyterhub_client::{Hub, HubVersion, Server, Settings, Token, Url, start_body};
use jupyterhub_sandbox::{Fault, Places, Sandbox, SingleUser, Spec, sweep};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::case::Case;
use super::kind::HubKind;
use super::trouble::Trouble;

/// A person whose servers nobody may touch.
const HUMAN: &str = "ada";
/// How long the human's servers may take to be ready, and to be found again by a hub that was restarted.
const PATIENCE: Duration = Duration::from_secs(60);

/// All hubs of a selftest.
#[derive(Debug)]
pub(super) struct Hubs {
    places: Places,
    version: String,
    running: RefCell<BTreeMap<&'static str, Slot>>,
    /// How many cases still want each kind.
    wanted: RefCell<BTreeMap<&'static str, usize>>,
}

type Slot = Rc<OnceCell<Result<Rc<Running>, Trouble>>>;

/// A hub that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) sandbox: Sandbox,
    /// The hub as its admin sees it.
    pub(super) admin: Hub,
    version: HubVersion,
    human: BTreeMap<String, Timestamp>,
}

impl Hubs {
    /// No hub yet; `cases` are those that will want one.
    pub(super) fn new(places: Places, version: &str, cases: &[&'static Case]) -> Self {
        let mut wanted = BTreeMap::new();
        for case in cases.iter().filter(|case| case.at.needs_hub()) {
            *wanted.entry(case.hub.name).or_insert(0) += 1;
        }
        Self {
            places,
            version: version.to_owned(),
            running: RefCell::default(),
            wanted: RefCell::new(wanted),
        }
    }

    /// The hub of a kind. `starts` is called if this is its first case.
    pub(super) async fn of(
        &self,
        kind: &'static HubKind,
        starts: impl Fn(),
    ) -> Result<Rc<Running>, Trouble> {
        let slot = Rc::clone(self.running.borrow_mut().entry(kind.name).or_default());
        slot.get_or_init(|| async {
            starts();
            self.start(kind).await.map(Rc::new)
        })
        .await
        .clone()
    }

    async fn start(&self, kind: &'static HubKind) -> Result<Running, Trouble> {
        let standing: Result<Vec<Fault>, _> = kind.standing.iter().map(|it| it.parse()).collect();
        let spec = Spec {
            name: kind.name.to_owned(),
            hub_version: self.version.clone(),
            single_user: if kind.lab {
                SingleUser::Lab
            } else {
                SingleUser::Light
            },
            base_url: kind.base_url.to_owned(),
            extra_config_text: Some(kind.config.to_owned()).filter(|text| !text.is_empty()),
            faults: true,
            standing: standing?,
            dies_with_parent: true,
            ..Spec::default()
        };
        let sandbox = Sandbox::up(&self.places, &spec, &mut |_| {}).await?;
        let admin = admin(&sandbox)?;
        let version = HubVersion::parse(sandbox.hub_version())
            .ok_or_else(|| Trouble::Sandbox(format!("{} is no version", sandbox.hub_version())))?;
        let mut running = Running {
            sandbox,
            admin,
            version,
            human: BTreeMap::new(),
        };
        if kind.human {
            running.human = running.human_moves_in().await?;
        }
        Ok(running)
    }

    /// One case of this kind is done. After the last the hub ends; what is wrong with it then.
    pub(super) async fn done(&self, kind: &'static HubKind) -> Vec<String> {
        let last = {
            let mut wanted = self.wanted.borrow_mut();
            let left = wanted.entry(kind.name).or_insert(1);
            *left = left.saturating_sub(1);
            *left == 0
        };
        let slot = last.then(|| self.running.borrow_mut().remove(kind.name));
        let Some(Some(slot)) = slot else {
            return Vec::new();
        };
        let Some(Ok(running)) = slot.get() else {
            return Vec::new();
        };
        let mut complaints = Vec::from_iter(running.human_lost().await);
        if let Err(error) = running.sandbox.down().await {
            complaints.push(error.to_string());
        }
        complaints
            .iter()
            .map(|text| format!("hub {}: {text}", kind.name))
            .collect()
    }

    /// Ends whatever runs, cases or not; what could not be ended.
    pub(super) async fn down(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        match Sandbox::all(&self.places) {
            Ok(all) => {
                for sandbox in all {
                    if let Err(error) = sandbox.down().await {
                        complaints.push(format!("hub {}: {error}", sandbox.name()));
                    }
                }
            }
            Err(error) => complaints.push(error.to_string()),
        }
        match sweep(&self.places).await {
            Ok(swept) if swept.is_empty() => {}
            Ok(swept) => complaints.push(format!("had to be swept away: {swept:?}")),
            Err(error) => complaints.push(error.to_string()),
        }
        complaints
    }
}

/// The hub as its admin sees it.
fn admin(sandbox: &Sandbox) -> Result<Hub, Trouble> {
    let url: Url = sandbox
        .url()
        .parse()
        .map_err(|error| Trouble::Sandbox(format!("{}: {error}", sandbox.url())))?;
    let mut settings = Settings::new(url);
    let token = std::fs::read_to_string(sandbox.admin_token_file())?;
    let token = Token::parse(&token).map_err(|error| Trouble::Sandbox(error.to_string()))?;
    settings.token = Some(token);
    Ok(Hub::new(settings)?)
}

impl Running {
    /// A server in the hub's model; none where it or its user is not there, or it is stopped.
    pub(super) async fn server(&self, user: &str, name: &str) -> Result<Option<Server>, Trouble> {
        Ok(self.servers(user).await?.remove(name))
    }

    /// All servers of a user that are not stopped; none where there is no such user.
    pub(super) async fn servers(&self, user: &str) -> Result<BTreeMap<String, Server>, Trouble> {
        match self.admin.user(user, false).await {
            Ok(seen) => Ok(seen
                .value
                .servers
                .unwrap_or_default()
                .into_iter()
                .filter(|(_, server)| server.stopped != Some(true))
                .collect()),
            Err(error) if error.status() == Some(404) => Ok(BTreeMap::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks for a server, and does not wait for the answer: of a spawn that takes long it comes late.
    pub(super) fn ask_to_start(&self, user: &str, server: &str, options: &Value) {
        let (hub, user, server) = (self.admin.clone(), user.to_owned(), server.to_owned());
        let body = start_body(&self.version, options);
        tokio::spawn(async move { drop(hub.start_server(&user, &server, &body, PATIENCE).await) });
    }

    /// Asks a server to end, and does not wait for the answer.
    pub(super) fn ask_to_stop(&self, user: &str, server: &str) {
        let (hub, user, server) = (self.admin.clone(), user.to_owned(), server.to_owned());
        tokio::spawn(async move { drop(hub.stop_server(&user, &server, false).await) });
    }

    /// Thaws and starts again what is frozen or down, so that the next case finds a hub.
    pub(super) async fn repair(&self) -> Result<(), Trouble> {
        if let Some(pid) = self.sandbox.hub_pid() {
            super::process::signal(pid, rustix::process::Signal::CONT);
        }
        self.sandbox.start_proxy().await?;
        self.sandbox.start_hub().await?;
        Ok(())
    }

    async fn human_moves_in(&self) -> Result<BTreeMap<String, Timestamp>, Trouble> {
        self.admin.create_user(HUMAN).await?;
        // One after the other: a hub may let no more than one start at a time.
        for (count, server) in [(1, ""), (2, "thesis")] {
            self.ask_to_start(HUMAN, server, &serde_json::json!({}));
            let began = Instant::now();
            while self.births().await?.len() < count {
                if began.elapsed() > PATIENCE {
                    return Err(Trouble::Sandbox(format!(
                        "the human's servers were not ready within {PATIENCE:?}"
                    )));
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        self.births().await
    }

    /// When the human's servers were started, those that are ready.
    async fn births(&self) -> Result<BTreeMap<String, Timestamp>, Trouble> {
        Ok(self
            .servers(HUMAN)
            .await?
            .into_iter()
            .filter(|(_, server)| server.ready)
            .filter_map(|(name, server)| Some((name, server.started?)))
            .collect())
    }

    /// What happened to the human, if something did.
    async fn human_lost(&self) -> Option<String> {
        if self.human.is_empty() {
            return None;
        }
        let began = Instant::now();
        loop {
            let now = self.births().await;
            if now.as_ref().is_ok_and(|now| *now == self.human) {
                return None;
            }
            // A hub that was restarted looks for its servers first.
            if began.elapsed() > Duration::from_secs(15) {
                return Some(match now {
                    Ok(now) => format!(
                        "the human's servers were harmed: {:?} became {now:?}",
                        self.human
                    ),
                    Err(error) => format!("the human's servers were not to be seen: {error}"),
                });
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}
