//! Deeds: what happens to a check or to its hub, and the waiting for their moment.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;

use super::case::{Deed, When};
use super::hubs::Running;
use super::process;
use super::trouble::Trouble;
use super::world::{NOTE, World};

/// How long something that was asked for may take to be seen.
const PATIENCE: Duration = Duration::from_secs(40);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(120);

impl World {
    fn needed_hub(&self) -> Result<&Running, Trouble> {
        let hub = self.hub.as_deref();
        hub.ok_or_else(|| Trouble::Local("this case has no hub to do anything to".to_owned()))
    }

    /// Waits for the moment. A check that ends before is the caller's to see.
    pub(super) async fn moment(&self, when: When, begun: Instant) -> Result<(), Trouble> {
        let seconds = |length: f64| sleep(Duration::from_secs_f64(length));
        match when {
            When::Before => {}
            When::Asked => {
                while self.ledger() == 0 {
                    sleep(PAUSE).await;
                }
            }
            When::Pending(length) => {
                self.until(|pending, ready| pending == Some("spawn") || ready)
                    .await?;
                seconds(length).await;
            }
            When::Ready(length) => {
                self.until(|_, ready| ready).await?;
                seconds(length).await;
            }
            When::Begun(length) => {
                let left = Duration::from_secs_f64(length).saturating_sub(begun.elapsed());
                sleep(left).await;
            }
        }
        Ok(())
    }

    /// Looks at our server until it is so: what is pending, and whether it is ready.
    async fn until(&self, so: impl Fn(Option<&str>, bool) -> bool) -> Result<(), Trouble> {
        let hub = self.needed_hub()?;
        loop {
            // The hub may be down for a while: that is what the case is about.
            if let Ok(Some(server)) = hub.server(&self.account, self.server_name()).await
                && so(server.pending.as_deref(), server.ready)
            {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
    }

    /// Does it. `check` is the process of the check, once there is one.
    pub(super) async fn perform(&self, deed: Deed, check: Option<u32>) -> Result<(), Trouble> {
        match deed {
            Deed::Wait(length) => sleep(Duration::from_secs_f64(length)).await,
            Deed::KillHub => self.needed_hub()?.sandbox.stop_hub(true).await?,
            Deed::RestartHub => {
                let sandbox = &self.needed_hub()?.sandbox;
                sandbox.stop_hub(true).await?;
                sandbox.start_hub().await?;
            }
            Deed::FreezeHub(length) => freeze(self.needed_hub()?, length)?,
            Deed::StopProxy => self.needed_hub()?.sandbox.stop_proxy().await?,
            Deed::RestartProxy => {
                let sandbox = &self.needed_hub()?.sandbox;
                sandbox.stop_proxy().await?;
                sandbox.start_proxy().await?;
            }
            Deed::LockDatabase(length) => {
                let length = Duration::from_secs_f64(length);
                let lock = self.needed_hub()?.sandbox.lock_database(length).await?;
                tokio::spawn(lock.ended());
            }
            Deed::BreakProxyToken => self.needed_hub()?.sandbox.break_proxy_token().await?,
            Deed::RevokeToken => {
                let admin = &self.needed_hub()?.admin;
                for token in admin.tokens(&self.account).await? {
                    if token.note == NOTE {
                        admin.revoke_token(&self.account, &token.id).await?;
                    }
                }
            }
            Deed::DeleteUser => self.needed_hub()?.admin.delete_user(&self.account).await?,
            Deed::Start(server, options) => self.start(&self.account, server, options).await?,
            Deed::OtherStarts(options) => {
                let other = self.other();
                self.needed_hub()?.admin.create_user(&other).await?;
                self.start(&other, "", options).await?;
            }
            Deed::Stop => self.stop().await?,
            Deed::Signal(name) => {
                if let Some(pid) = check {
                    process::signal(pid, process::named(name));
                }
            }
            // The walk's own: they run a check.
            Deed::EarlierCheck | Deed::EarlierLoss | Deed::OtherCheck => {}
        }
        Ok(())
    }

    /// Starts a server as somebody would, and waits until it is ready, or, if it takes long on purpose, until it is pending.
    async fn start(&self, user: &str, server: &str, options: &str) -> Result<(), Trouble> {
        let hub = self.needed_hub()?;
        let long = options.contains("slow");
        let options: Value = serde_json::from_str(options)
            .map_err(|error| Trouble::Local(format!("{options}: {error}")))?;
        hub.ask_to_start(user, server, &options);
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(found) = hub.server(user, server).await?
                && (found.ready || long && found.pending.is_some())
            {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
        Err(Trouble::Sandbox(format!(
            "somebody's server was not ready within {PATIENCE:?}"
        )))
    }

    /// Stops the account's server as somebody would, and waits until that has begun.
    async fn stop(&self) -> Result<(), Trouble> {
        let hub = self.needed_hub()?;
        let name = self.server_name();
        hub.ask_to_stop(&self.account, name);
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let server = hub.server(&self.account, name).await?;
            if server.is_none_or(|server| server.pending.as_deref() == Some("stop")) {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
        Err(Trouble::Sandbox("somebody's stop did not begin".to_owned()))
    }
}

/// Stops the hub's process for a while; another task lets it go on.
fn freeze(hub: &Running, length: f64) -> Result<(), Trouble> {
    let pid = hub
        .sandbox
        .hub_pid()
        .ok_or_else(|| Trouble::Sandbox("the hub is not there to be frozen".to_owned()))?;
    process::signal(pid, rustix::process::Signal::STOP);
    tokio::spawn(async move {
        sleep(Duration::from_secs_f64(length)).await;
        process::signal(pid, rustix::process::Signal::CONT);
    });
    Ok(())
}
