//! The tests' little language: a [`World`] is an account on a hub and a
//! directory; a [`Call`] is a command that is run in it; what it [`Said`] is
//! asserted on.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jupyterhub_client::{Hub, NewToken, Server};
use serde_json::Value;

use crate::hubs::{Hubs, admin, block_on, directory};

/// An account of its own on a hub, with its token in a file.
pub struct World {
    pub url: String,
    pub account: String,
    pub token: String,
    pub dir: PathBuf,
    pub admin: Hub,
    pub admin_token_file: PathBuf,
    _dir: tempfile::TempDir,
}

impl World {
    /// A world whose account is named after the test, with a token as
    /// `hubprobe account create` mints it.
    pub fn new(hubs: &Hubs, version: &str, account: &str) -> Self {
        Self::on(&hubs.of(version).sandbox, account)
    }

    pub fn on(sandbox: &jupyterhub_sandbox::Sandbox, account: &str) -> Self {
        let scopes = ["servers", "access:servers", "read:tokens"];
        let scopes: Vec<String> = scopes.map(|scope| format!("{scope}!user={account}")).into();
        let refs: Vec<&str> = scopes.iter().map(String::as_str).collect();
        Self::with_scopes(sandbox, account, &refs)
    }

    pub fn with_scopes(
        sandbox: &jupyterhub_sandbox::Sandbox,
        account: &str,
        scopes: &[&str],
    ) -> Self {
        let hub = admin(sandbox);
        let token = block_on(async {
            hub.create_user(account).await.unwrap();
            let new = NewToken {
                note: "acceptance".to_owned(),
                expires_in: Some(Duration::from_secs(30 * 86_400)),
                scopes: Some(scopes.iter().map(|&scope| scope.to_owned()).collect()),
                ..NewToken::default()
            };
            let minted = hub.create_token(account, &new).await.unwrap();
            minted.token.expose().to_owned()
        });
        let (holder, dir) = directory();
        let world = Self {
            url: sandbox.url().to_owned(),
            account: account.to_owned(),
            token,
            dir,
            admin: hub,
            admin_token_file: sandbox.admin_token_file().to_path_buf(),
            _dir: holder,
        };
        world.write("token", &format!("{}\n", world.token));
        world
    }

    /// A file in the world's directory, mode 0600.
    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.dir.join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// `hubprobe` with these arguments, in the world's directory.
    pub fn hubprobe(&self, args: &[&str]) -> Call {
        let mut command = bare(args);
        command
            .current_dir(&self.dir)
            .env("HUBPROBE_STATE_DIR", self.dir.join("state"));
        Call(command)
    }

    /// `hubprobe check` of the world's account.
    pub fn check(&self) -> Call {
        let args = ["check", "--url", &self.url, "--user", &self.account];
        self.hubprobe(&args)
            .and(&["--token-file", "token", "--format", "json"])
    }

    /// The same, run by another program such as `prlimit`, with its arguments.
    pub fn check_under(&self, program: &[&str]) -> Call {
        let args = ["check", "--url", &self.url, "--user", &self.account];
        let mut command = bare_under(program, &args);
        command
            .current_dir(&self.dir)
            .env("HUBPROBE_STATE_DIR", self.dir.join("state"));
        Call(command).and(&["--token-file", "token", "--format", "json"])
    }

    /// `hubprobe check` with a suite whose probe runs this code.
    pub fn check_code(&self, code: &str, expect: Option<&str>) -> Call {
        let expect = expect.map_or_else(String::new, |text| format!(", expect: {text:?}"));
        self.check_steps(&format!("- execute: {{ code: {code:?}{expect} }}"))
    }

    /// `hubprobe check` with a suite whose probe has these steps more.
    pub fn check_steps(&self, steps: &str) -> Call {
        self.write(
            "suite.yaml",
            &format!(
                "hubs:\n  here:\n    url: {}\n    accounts:\n      {}: {{ token: {{ file: token }} }}\n\
                 probes:\n  code:\n    steps:\n      {steps}\n",
                self.url, self.account
            ),
        );
        self.hubprobe(&["check", "--suite", "suite.yaml", "--format", "json"])
    }

    /// The account's server in the hub's model, stopped ones too.
    pub fn server(&self, name: &str) -> Option<Server> {
        let user = block_on(self.admin.user(&self.account, true))
            .unwrap()
            .value;
        user.servers.unwrap_or_default().shift_remove(name)
    }

    /// Whether the account's server runs, or is on its way.
    pub fn runs(&self, name: &str) -> bool {
        self.server(name)
            .is_some_and(|server| server.stopped != Some(true))
    }

    /// Nothing of ours is there any more, neither on the hub nor in the
    /// ledger.
    pub fn assert_nothing_left(&self) {
        let user = block_on(self.admin.user(&self.account, false))
            .unwrap()
            .value;
        let active = user.servers.unwrap_or_default();
        assert!(active.is_empty(), "still there: {active:?}");
        assert_eq!(self.ledger(), Vec::<PathBuf>::new());
    }

    /// The entries of the ledger.
    pub fn ledger(&self) -> Vec<PathBuf> {
        let Ok(files) = std::fs::read_dir(self.dir.join("state/ledger")) else {
            return Vec::new();
        };
        files
            .map(|file| file.unwrap().path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .collect()
    }
}

/// `hubprobe` with these arguments and an environment without surprises.
pub fn bare(args: &[&str]) -> Command {
    bare_under(&[], args)
}

/// The same, run by another program.
pub fn bare_under(program: &[&str], args: &[&str]) -> Command {
    bare_at(env!("CARGO_BIN_EXE_hubprobe"), program, args)
}

/// The same, with the binary in another place.
pub fn bare_at(binary: &str, program: &[&str], args: &[&str]) -> Command {
    let words = [program, &[binary]].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    for (name, _) in std::env::vars() {
        if name.starts_with("HUBPROBE") || name.starts_with("JUPYTER") {
            command.env_remove(name);
        }
    }
    command
        .args(args)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A command before it is run.
pub struct Call(pub Command);

impl Call {
    pub fn and(mut self, args: &[&str]) -> Self {
        self.0.args(args);
        self
    }

    pub fn option(self, option: &str) -> Self {
        self.and(&["--option", option])
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub fn to(mut self, out: impl Into<Stdio>) -> Self {
        self.0.stdout(out);
        self
    }

    pub fn complaining_to(mut self, err: impl Into<Stdio>) -> Self {
        self.0.stderr(err);
        self
    }

    pub fn start(mut self) -> Child {
        self.0.spawn().unwrap()
    }

    pub fn run(self) -> Said {
        Said::of(self.start())
    }
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It ended with this code.
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(
            self.code,
            Some(code),
            "out: {}\nerr: {}",
            self.out,
            self.err
        );
        self
    }

    /// Standard error says this.
    pub fn complains(&self, words: &str) -> &Self {
        assert!(self.err.contains(words), "no {words:?} in: {}", self.err);
        self
    }

    /// The doctor's line of configuration for this kind of site.
    pub fn line(&self, flavor: &str) -> String {
        let mut lines = self.out.lines().filter_map(|line| {
            let text = line.trim_start().strip_prefix(flavor)?;
            text.starts_with("  ").then(|| text.trim().to_owned())
        });
        let line = lines.next();
        line.unwrap_or_else(|| panic!("no line for {flavor} in: {}", self.out))
    }

    /// No panic, not even one that was caught.
    pub fn never_panics(&self) -> &Self {
        let all = format!("{}{}", self.out, self.err);
        assert!(
            !all.contains("panicked") && !all.contains("prober.bug"),
            "{:?}: {all}",
            self.code
        );
        self
    }

    /// Standard output says this.
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.out.contains(words), "no {words:?} in: {}", self.out);
        self
    }

    /// The JSON report.
    pub fn report(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// The only visit of the report.
    pub fn visit(&self) -> Value {
        let report = self.report();
        let visits = report["visits"].as_array().unwrap();
        assert_eq!(visits.len(), 1);
        visits[0].clone()
    }

    /// It failed or was inconclusive with this cause, and says all that a
    /// finding must.
    pub fn finds(&self, cause: &str) -> Value {
        let visit = self.visit();
        let finding = visit["finding"].clone();
        assert_eq!(finding["cause"], cause, "{visit:#}\n{}", self.err);
        for field in ["summary", "advice", "blame"] {
            assert!(
                !finding[field].as_str().unwrap().is_empty(),
                "{field}: {finding:#}"
            );
        }
        let verdict = match finding["blame"].as_str().unwrap() {
            "deployment" | "account" => "failed",
            _ => "inconclusive",
        };
        assert_eq!(visit["verdict"], verdict);
        finding
    }

    /// Every step passed, in order; those that a probe may add too.
    pub fn passes(&self) -> Value {
        self.exits(0);
        let visit = self.visit();
        assert_eq!(visit["verdict"], "passed", "{visit:#}");
        let steps: Vec<String> = visit["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| {
                let (name, verdict) = (&step["name"], &step["verdict"]);
                format!("{} {}", name.as_str().unwrap(), verdict.as_str().unwrap())
            })
            .collect();
        let added = [
            "lab",
            "environment",
            "options-honoured",
            "notebook",
            "files",
            "persist",
        ]
        .map(|it| format!("{it} passed"));
        let steps: Vec<String> = steps
            .into_iter()
            .filter(|step| !added.contains(step))
            .collect();
        let names = "reach identify spawn open kernel execute stop gone";
        let all: Vec<String> = names
            .split(' ')
            .map(|name| format!("{name} passed"))
            .collect();
        assert_eq!(steps, all);
        assert_eq!(visit["left_behind"], serde_json::json!([]));
        visit
    }
}
