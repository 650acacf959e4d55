//! OAuth for real: a hub that logs people in through an OpenID provider keeps
//! their logins fresh there, and a service account has none. It is refused
//! where it comes with its own token (`token.stale-login`), its spawn where a
//! service asks (`spawn.stale-login`); the hook exempts it, and nobody else.

mod browser;
mod provider;

use std::path::PathBuf;
use std::time::Duration;

use jupyterhub_sandbox::{Sandbox, Spec};

use crate::Case;
use crate::hubs::{Hubs, admin, block_on, wait_for};
use crate::world::{Call, Said, World, bare};
use browser::Browser;
use provider::Provider;

/// Without a browser.
pub const EDGES: &[Case] = &[(
    "oauth::who_never_logs_in_is_exempt",
    who_never_logs_in_is_exempt,
)];

/// With HUBPROBE_TEST=all.
pub const ALL: &[Case] = &[("oauth::people_are_not_exempt", people_are_not_exempt)];

/// Of versions that may be lenient: 6.1 and newer.
pub const LENIENT: &[Case] = &[("oauth::a_lenient_hub", a_lenient_hub)];

/// How old a login may become before the hub asks the provider again.
const AGE: Duration = Duration::from_secs(provider::ACCESS);

/// Not to look at the very moment.
const MORE: Duration = Duration::from_millis(500);

/// Whose servers the sandbox's service may start.
const SERVED: &str = "servuser";
const ROBOT: &str = "robot";
const PERSON: &str = "ann";

/// What a hub's configuration needs so that these accounts are not refused, as an operator is told it.
fn exempting(version: &str, names: &[&str]) -> String {
    let command = [&["account", "hub-config"], names].concat();
    let mut call = Call(bare(&command))
        .and(&["--flavor", "python", "--login", "oauth"])
        .and(&["--hub-version", version]);
    if may_be_lenient(version) {
        call = call.and(&["--auth-refresh-strict"]);
    }
    let said = call.run();
    said.exits(0).says("refresh_user_hook");
    said.out
}

/// A hub that logs in through a provider, and the accounts on it.
struct Institute {
    provider: Provider,
    sandbox: Sandbox,
    /// The part of the hub's configuration that changes.
    hook: PathBuf,
    /// What runs the commands; its account comes from outside `account create`.
    world: World,
    _dir: tempfile::TempDir,
}

impl Institute {
    fn new(hubs: &Hubs, version: &str, name: &str, strict: bool) -> Self {
        let mut provider = Provider::start();
        let dir = tempfile::tempdir().unwrap();
        let hook = dir.path().join("hook.py");
        std::fs::write(&hook, "").unwrap();
        let mut config = provider.config();
        config.push_str(&format!(
            "c.Authenticator.auth_refresh_age = {}\n",
            AGE.as_secs()
        ));
        if may_be_lenient(version) {
            let strict = if strict { "True" } else { "False" };
            config.push_str(&format!("c.Authenticator.auth_refresh_strict = {strict}\n"));
        }
        let provided = dir.path().join("provider.py");
        std::fs::write(&provided, config).unwrap();
        let sandbox = hubs.own(&Spec {
            name: format!("{name}-{version}"),
            standing: vec!["service".parse().unwrap()],
            // The hook stands last, as in a site's own file.
            extra_config: vec![provided, hook.clone()],
            ..hubs.spec(version)
        });
        provider.serve(sandbox.url());
        block_on(admin(&sandbox).create_user(SERVED)).unwrap();
        let world = World::on(&sandbox, "minted");
        Self {
            provider,
            sandbox,
            hook,
            world,
            _dir: dir,
        }
    }

    /// The hub with another hook, and nothing in its memory.
    fn with_hook(&self, hook: &str) {
        std::fs::write(&self.hook, hook).unwrap();
        block_on(self.sandbox.stop_hub(false)).unwrap();
        block_on(self.sandbox.start_hub()).unwrap();
    }

    /// `account create`, with the token in NAME.token.
    fn create(&self, name: &str) -> Said {
        let admin = self.world.admin_token_file.display().to_string();
        self.world
            .hubprobe(&["account", "create", name, "--url", &self.world.url])
            .and(&["--admin-token-file", &admin])
            .and(&["--out", &format!("{name}.token")])
            .run()
    }

    /// The doctor of an account, with its own token and an administrator's.
    fn doctor(&self, name: &str, token: &str) -> Said {
        let admin = self.world.admin_token_file.display().to_string();
        self.world
            .hubprobe(&["account", "doctor", name, "--url", &self.world.url])
            .and(&["--token-file", token, "--admin-token-file", &admin])
            .run()
    }

    /// A check with the token that `account create` made.
    fn check(&self, name: &str) -> Said {
        self.check_with(name, &format!("{name}.token"))
    }

    fn check_with(&self, user: &str, token: &str) -> Said {
        self.world
            .hubprobe(&["check", "--url", &self.world.url, "--user", user])
            .and(&["--token-file", token, "--format", "json"])
            .run()
    }

    /// A check by the sandbox's service, whose token no login stands behind.
    fn service_checks(&self) -> Said {
        let token = self.sandbox.service_token_file().display().to_string();
        self.check_with(SERVED, &token)
    }

    fn refused_without_the_hook(&self) {
        let said = self.create(ROBOT);
        said.exits(1).complains("token.stale-login");
        let gone = block_on(self.world.admin.user(ROBOT, false)).unwrap_err();
        assert_eq!(gone.status(), Some(404), "the account is taken back");
        refused(&self.world.check().run(), "token.stale-login", "identify");
        refused(&self.service_checks(), "spawn.stale-login", "spawn");
        self.world.assert_nothing_left();
    }

    fn provider_knows_no_robot(&mut self) {
        for account in [ROBOT, SERVED] {
            assert!(!self.provider.knows(account), "asked for {account}");
        }
    }

    fn everything_passes(&self) {
        self.check(ROBOT).passes();
        self.service_checks().passes();
    }
}

/// Whether the hub can be told to go on with stale logins (`auth_refresh_strict`).
pub fn may_be_lenient(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap());
    (parts.next(), parts.next()) >= (Some(6), Some(1))
}

/// Refused with this cause in this step; the remedy names the hook.
fn refused(said: &Said, cause: &str, step: &str) {
    let finding = said.exits(1).finds(cause);
    let advice = finding["advice"].as_str().unwrap();
    assert!(advice.contains("refresh_user_hook"), "{advice}");
    let visit = said.visit();
    let last = visit["steps"].as_array().unwrap();
    let failed: Vec<&str> = last
        .iter()
        .filter(|step| step["verdict"] == "failed")
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert_eq!(failed, [step], "{visit:#}");
}

fn who_never_logs_in_is_exempt(hubs: &Hubs, version: &str) {
    let mut here = Institute::new(hubs, version, "oauth", true);
    here.refused_without_the_hook();
    here.with_hook(&exempting(version, &[ROBOT, SERVED]));
    here.create(ROBOT).exits(0);
    here.check(ROBOT).passes();
    // Who is not named by the hook is refused as before, until the doctor's line for it is there.
    refused(&here.world.check().run(), "token.stale-login", "identify");
    let sick = here.doctor("minted", "token");
    sick.exits(1).says("token.stale-login");
    here.with_hook(&sick.line("python"));
    here.world.check().run().passes();
    here.doctor("minted", "token")
        .exits(0)
        .says("did not matter just now");
    refused(&here.check(ROBOT), "token.stale-login", "identify");
    here.provider_knows_no_robot();
    block_on(here.sandbox.down()).unwrap();
}

fn people_are_not_exempt(hubs: &Hubs, version: &str) {
    let mut here = Institute::new(hubs, version, "oauth-people", true);
    here.refused_without_the_hook();
    here.with_hook(&exempting(version, &[ROBOT, SERVED]));
    let browser = log_in(&mut here);
    here.create(ROBOT).exits(0);
    here.everything_passes();
    is_refreshed(&mut here, &browser);
    // Their own token hangs on their login too.
    here.create(PERSON).exits(0).says("already");
    std::thread::sleep(AGE + MORE);
    let before = here.provider.granted("refresh_token", PERSON);
    here.check(PERSON).passes();
    assert!(here.provider.granted("refresh_token", PERSON) > before);

    is_shown_out(&mut here, &browser);
    refused(&here.check(PERSON), "token.stale-login", "identify");
    here.everything_passes();
    here.provider_knows_no_robot();
    drop(browser);
    // Without the hook an account is refused that was made with it.
    here.with_hook("");
    refused(&here.check(ROBOT), "token.stale-login", "identify");
    block_on(here.sandbox.down()).unwrap();
}

/// From 6.1 on a hub goes on with a login that it cannot refresh where nobody
/// could be sent to log in again: for tokens, and where others ask. Only who
/// comes with a browser is.
fn a_lenient_hub(hubs: &Hubs, version: &str) {
    let mut here = Institute::new(hubs, version, "oauth-lenient", false);
    here.create(ROBOT).exits(0);
    here.everything_passes();
    here.world.check().run().passes();
    here.with_hook(&exempting(version, &[ROBOT, SERVED]));
    let browser = log_in(&mut here);
    here.everything_passes();
    is_refreshed(&mut here, &browser);
    here.create(PERSON).exits(0).says("already");
    is_shown_out(&mut here, &browser);
    here.check(PERSON).passes();
    here.everything_passes();
    here.provider_knows_no_robot();
    drop(browser);
    block_on(here.sandbox.down()).unwrap();
}

/// A person logs in at the provider, who sends them on to the hub's home page.
fn log_in(here: &mut Institute) -> Browser {
    let browser = Browser::open(&here.sandbox);
    browser.visit(&format!("{}hub/home", here.sandbox.url()));
    browser.sees("Sign in with the institute");
    browser.picture("sign-in");
    browser.click("a.btn-jupyter");
    browser.sees("The institute's login");
    browser.picture("login");
    browser.write("input[name=name]", PERSON);
    browser.click("input[type=submit]");
    browser.sees("Add New Server");
    browser.picture("home");
    assert!(browser.url().starts_with(here.sandbox.url()));
    assert!(browser.source().contains(PERSON));
    assert_eq!(here.provider.granted("authorization_code", PERSON), 1);
    browser
}

/// Once the login is old, the hub has it refreshed by the provider when the
/// person comes by, who sees nothing of it.
fn is_refreshed(here: &mut Institute, browser: &Browser) {
    std::thread::sleep(AGE + MORE);
    let before = here.provider.granted("refresh_token", PERSON);
    browser.visit(&format!("{}hub/home", here.sandbox.url()));
    browser.sees("Add New Server");
    wait_for("a refresh", Duration::from_secs(5), || {
        (here.provider.granted("refresh_token", PERSON) > before).then_some(())
    });
    assert_eq!(here.provider.granted("authorization_code", PERSON), 1);
    assert_eq!(here.provider.refused("refresh_token"), 0);
}

/// Whose session the provider has ended must log in again.
fn is_shown_out(here: &mut Institute, browser: &Browser) {
    here.provider.revoke(PERSON);
    std::thread::sleep(AGE + MORE);
    browser.visit(&format!("{}hub/home", here.sandbox.url()));
    browser.sees("Sign in with the institute");
    browser.picture("shown-out");
    assert!(here.provider.refused("refresh_token") > 0);
    // The provider does not let them in either.
    browser.click("a.btn-jupyter");
    browser.sees("The institute's login");
}
