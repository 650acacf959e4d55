//! A scripted hub with a human on it, an account of ours, and a directory to run hubprobe in.

use std::path::PathBuf;
use std::time::Duration;

use fakehub::{FakeHub, Script};
use jiff::Timestamp;

use crate::hubs::wait_for;
use crate::world::{Call, bare, bare_under};

/// Whose servers nobody may touch.
const HUMAN: &str = "ada";

/// The account that is tested with.
pub const ACCOUNT: &str = "probe";

/// The account that `account create` makes.
pub const MADE: &str = "made";

/// A hub, an account, a directory.
pub struct Fire {
    pub hub: FakeHub,
    pub token: String,
    pub dir: PathBuf,
    human: Timestamp,
    neighbour: Timestamp,
    tokens: usize,
    _dir: tempfile::TempDir,
}

impl Fire {
    pub fn new(script: Script) -> Self {
        let hub = FakeHub::start(script).unwrap();
        let holder = tempfile::tempdir().unwrap();
        let dir = holder.path().to_path_buf();
        let token = hub.world.account(ACCOUNT, false);
        let admin = hub.world.account("boss", true);
        let human = hub.world.start(HUMAN, "");
        // A server of the account itself that somebody works on.
        let neighbour = hub.world.start(ACCOUNT, "work");
        let tokens = hub.world.tokens().len();
        let fire = Self {
            hub,
            token,
            dir,
            human,
            neighbour,
            tokens,
            _dir: holder,
        };
        fire.write("token", &fire.token);
        fire.write("admin", &admin);
        fire
    }

    /// One that does as it is asked.
    pub fn plain() -> Self {
        Self::new(Script::default())
    }

    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.dir.join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub fn hubprobe(&self, args: &[&str]) -> Call {
        let mut command = bare(args);
        command
            .current_dir(&self.dir)
            .env("HUBPROBE_STATE_DIR", self.dir.join("state"));
        Call(command)
    }

    /// A check with all that it can do.
    pub fn check(&self) -> Call {
        let url = self.hub.url();
        let args = ["check", "--url", &url, "--user", ACCOUNT];
        self.hubprobe(&args).and(&[
            "--token-file",
            "token",
            "--format",
            "json",
            "--files",
            "64KiB",
        ])
    }

    /// A check without files, with this report, run by another program such as `prlimit`, with its arguments.
    pub fn check_under(&self, format: &str, program: &[&str]) -> Call {
        self.under(program, &["check", "--url", &self.hub.url()])
            .and(&["--user", ACCOUNT, "--token-file", "token"])
            .and(&["--format", format])
    }

    /// A command that is run by another program.
    pub fn under(&self, program: &[&str], args: &[&str]) -> Call {
        let mut command = bare_under(program, args);
        command
            .current_dir(&self.dir)
            .env("HUBPROBE_STATE_DIR", self.dir.join("state"));
        Call(command)
    }

    /// Servers take so long to start.
    pub fn slow(self, spawn: Duration) -> Self {
        self.hub.world.script(|script| script.spawn = spawn);
        self
    }

    /// Waits until the hub has our start request.
    pub fn wait_for_our_spawn(&self) {
        wait_for("our spawn", Duration::from_secs(20), || {
            self.hub.world.servers(ACCOUNT).get("").map(|_| ())
        });
    }

    pub fn assert_nothing_left(&self) {
        assert_eq!(self.left(), Vec::<String>::new());
        self.assert_nobody_harmed();
    }

    pub fn account_create(&self) -> Call {
        let url = self.hub.url();
        let args = ["account", "create", MADE, "--url", &url];
        self.hubprobe(&args)
            .and(&["--admin-token-file", "admin", "--out", "made", "--force"])
    }

    pub fn clean(&self) -> Call {
        self.hubprobe(&["clean"])
    }

    /// What is left of ours; nothing, if all is well.
    pub fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        let world = &self.hub.world;
        for (name, server) in world.servers(ACCOUNT) {
            if name != "work" {
                left.push(format!("the server {name:?}, started {}", server.started));
            }
        }
        for entry in self.ledger() {
            left.push(format!("the ledger's {}", entry.display()));
        }
        left
    }

    /// What is left of `account create`, where it did not come to its end.
    pub fn left_of_create(&self) -> Vec<String> {
        let mut left = self.left();
        if self.hub.world.users().iter().any(|user| user == MADE) {
            left.push("the user".to_owned());
        }
        let tokens = self.hub.world.tokens().len();
        if tokens != self.tokens {
            left.push(format!("{tokens} tokens where {} were", self.tokens));
        }
        left
    }

    /// Humans are as they were.
    pub fn assert_nobody_harmed(&self) {
        let world = &self.hub.world;
        assert_eq!(world.servers(HUMAN)[""].started, self.human);
        assert_eq!(world.servers(ACCOUNT)["work"].started, self.neighbour);
    }

    /// The entries of the ledger.
    pub fn ledger(&self) -> Vec<PathBuf> {
        let Ok(files) = std::fs::read_dir(self.dir.join("state/ledger")) else {
            return Vec::new();
        };
        files
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
            .collect()
    }
}
