//! A case's own world: an account with its token in a file, a directory, the command line that an operator would type, and what
//! is left of it all afterwards.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use jupyterhub_client::{NewToken, Server};
use tokio::process::Command;

use super::case::{After, Case, Command as Typed, Token};
use super::hubs::Running;
use super::place::Place;
use super::process;
use super::trouble::Trouble;

/// What `hubprobe account create` gives.
const LEAST: &[&str] = &[
    "servers!user=USER",
    "access:servers!user=USER",
    "read:tokens!user=USER",
];
/// The note on tokens that are made here.
pub(super) const NOTE: &str = "selftest";
/// The file with the token.
const TOKEN: &str = "token";

/// A case's own world.
#[derive(Debug)]
pub(super) struct World {
    pub(super) case: &'static Case,
    pub(super) account: String,
    pub(super) directory: PathBuf,
    pub(super) hub: Option<Rc<Running>>,
    program: PathBuf,
    /// Somebody's servers on the account, and when they were started.
    somebodys: RefCell<BTreeMap<String, Option<Timestamp>>>,
}

impl World {
    /// Makes the account on the hub, if there is one, and the files.
    pub(super) async fn make(
        case: &'static Case,
        hub: Option<Rc<Running>>,
        cases: &Path,
        program: &Path,
    ) -> Result<Self, Trouble> {
        let directory = cases.join(case.name);
        std::fs::create_dir_all(&directory)?;
        let world = Self {
            case,
            account: match (case.token, case.typed.user) {
                (Token::Service, Some(user)) => user.to_owned(),
                _ => format!("t-{}", case.name),
            },
            directory,
            hub,
            program: program.to_owned(),
            somebodys: RefCell::default(),
        };
        // With the admin's token the case is another's, or nobody's.
        if let (Some(hub), false) = (&world.hub, case.token == Token::Admin) {
            hub.admin.create_user(&world.account).await?;
        }
        world.put_token().await?;
        Ok(world)
    }

    async fn put_token(&self) -> Result<(), Trouble> {
        let text = match (self.case.token, &self.hub) {
            (Token::NoFile, _) => return Ok(()),
            (Token::Text(text), _) => text.to_owned(),
            (_, None) => "0".repeat(64),
            (Token::Usual, Some(hub)) => self.mint(hub, Some(LEAST)).await?,
            (Token::Scopes([]), Some(hub)) => self.mint(hub, None).await?,
            (Token::Scopes(scopes), Some(hub)) => self.mint(hub, Some(scopes)).await?,
            (Token::Service, Some(hub)) => {
                std::fs::read_to_string(hub.sandbox.service_token_file())?
            }
            (Token::Admin, Some(hub)) => std::fs::read_to_string(hub.sandbox.admin_token_file())?,
            (Token::Registered(expires), Some(hub)) => {
                return self.create(hub, expires).await;
            }
        };
        self.write(TOKEN, &text)
    }

    async fn mint(&self, hub: &Running, scopes: Option<&[&str]>) -> Result<String, Trouble> {
        let own = |scope: &&str| scope.replace("USER", &self.account);
        let new = NewToken {
            note: NOTE.to_owned(),
            expires_in: Some(Duration::from_secs(30 * 86_400)),
            scopes: scopes.map(|all| all.iter().map(own).collect()),
            ..NewToken::default()
        };
        let minted = hub.admin.create_token(&self.account, &new).await?;
        Ok(minted.token.expose().to_owned())
    }

    async fn create(&self, hub: &Running, expires: &str) -> Result<(), Trouble> {
        let mut command = process::hubprobe(&self.program, &[], &self.directory);
        command
            .args(["account", "create", &self.account])
            .args(["--url", hub.sandbox.url(), "--out", TOKEN])
            .args(["--expires", expires, "--admin-token-file"])
            .arg(hub.sandbox.admin_token_file());
        let said = command.output().await?;
        if said.status.success() {
            Ok(())
        } else {
            let err = String::from_utf8_lossy(&said.stderr).trim().to_owned();
            Err(Trouble::Local(format!("account create: {err}")))
        }
    }

    fn write(&self, name: &str, content: &str) -> Result<(), Trouble> {
        let path = self.directory.join(name);
        std::fs::write(&path, content)?;
        Ok(std::fs::set_permissions(
            &path,
            Permissions::from_mode(0o600),
        )?)
    }

    /// The command as an operator types it.
    pub(super) fn command(&self, place: &Place) -> Result<Command, Trouble> {
        let typed = &self.case.typed;
        let mut command = process::hubprobe(&self.program, typed.under, &self.directory);
        match typed.command {
            Typed::Check => {
                command.args(["check", "--format", "json"]);
                for (name, text) in typed.files {
                    self.write(name, text)?;
                }
                if let Some(suite) = self.suite(place) {
                    self.write("suite.yaml", &suite)?;
                    command.args(["--suite", "suite.yaml"]);
                } else {
                    let user = typed.user.unwrap_or(&self.account);
                    command.args(["--url", &place.url, "--user", user, "--token-file", TOKEN]);
                }
            }
            Typed::Create(name) => {
                command.args(["account", "create", name, "--url", &place.url]);
                command.args(["--out", "made.token", "--admin-token-file", TOKEN]);
            }
        }
        if let Some(ca_file) = &place.ca_file {
            command.arg("--ca-file").arg(ca_file);
        }
        for option in typed.options {
            command.args(["--option", option]);
        }
        command.args(typed.flags);
        Ok(command)
    }

    /// Code and steps stand in a suite.
    fn suite(&self, place: &Place) -> Option<String> {
        let typed = &self.case.typed;
        let mut steps: Vec<String> = typed.steps.iter().map(|&step| step.to_owned()).collect();
        if let Some(code) = typed.code {
            let expect = typed
                .expect
                .map_or_else(String::new, |text| format!(", expect: {text:?}"));
            steps.push(format!("execute: {{ code: {code:?}{expect} }}"));
        }
        if steps.is_empty() {
            return None;
        }
        let steps: String = steps
            .iter()
            .map(|step| format!("      - {step}\n"))
            .collect();
        let user = typed.user.unwrap_or(&self.account);
        let node_time = typed.node_time;
        let node_time = node_time.map_or_else(String::new, |limit| format!("node_time: {limit}\n"));
        Some(format!(
            "hubs:\n  here:\n    url: {}\n    accounts:\n      {user}: {{ token: {{ file: {TOKEN} }} }}\n\
             probes:\n  check:\n    steps:\n{steps}{node_time}",
            place.url
        ))
    }

    /// `hubprobe clean` in this world.
    pub(super) fn clean(&self) -> Command {
        let mut command = process::hubprobe(&self.program, &[], &self.directory);
        command.arg("clean");
        command
    }

    /// The name of the server that the check starts.
    pub(super) fn server_name(&self) -> &'static str {
        let flags = self.case.typed.flags;
        let at = flags.iter().position(|flag| *flag == "--server");
        at.and_then(|at| flags.get(at + 1)).copied().unwrap_or("")
    }

    /// How many entries stand in the ledger.
    pub(super) fn ledger(&self) -> usize {
        let Ok(files) = std::fs::read_dir(self.directory.join("state/ledger")) else {
            return 0;
        };
        files
            .flatten()
            .filter(|file| file.path().extension().is_some_and(|it| it == "json"))
            .count()
    }

    /// Remembers which servers are there before the check.
    pub(super) async fn remember(&self) -> Result<(), Trouble> {
        if let (Some(hub), After::Somebodys) = (&self.hub, self.case.after) {
            let servers = hub.servers(&self.account).await?;
            let births = servers.into_iter().map(|(name, it)| (name, it.started));
            self.somebodys.replace(births.collect());
        }
        Ok(())
    }

    /// Whether somebody's servers are as they were; where there were none before, that there is one.
    pub(super) fn harmed(&self, now: &BTreeMap<String, Server>) -> Option<String> {
        let before = self.somebodys.borrow();
        let as_it_was = |(name, born): (&String, &Option<Timestamp>)| {
            now.get(name).is_some_and(|server| server.started == *born)
        };
        let well = before.iter().all(as_it_was) && !now.is_empty();
        let names: Vec<&String> = now.keys().collect();
        (!well).then(|| format!("somebody's server was harmed: {before:?} became {names:?}"))
    }

    /// Takes away what the check was not asked to: other accounts' servers, tokens in files.
    pub(super) async fn tidy_up(&self) {
        if let Some(hub) = &self.hub {
            for user in [&self.account, &self.other()] {
                for (name, _) in hub.servers(user).await.unwrap_or_default() {
                    hub.ask_to_stop(user, &name);
                }
            }
        }
        for name in [TOKEN, "made.token"] {
            drop(std::fs::remove_file(self.directory.join(name)));
        }
    }

    /// Another account of this case's.
    pub(super) fn other(&self) -> String {
        format!("o-{}", self.case.name)
    }
}
