//! The sandbox with Slurm, and a check on it, by a user who is not root: from `sandbox up` to `sandbox down`, with a home, a
//! configuration and a state of the user's own. Where these tests are not run by root, all others are that already.

use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Command, Output};

use crate::Case;
use crate::hubs::Hubs;

/// With HUBPROBE_TEST=all.
pub const ALL: &[Case] = &[("unprivileged::slurm_and_a_check", slurm_and_a_check)];

/// On every Debian, and the owner of nothing.
const USER: &str = "nobody";

/// What becomes of root's environments for another user: they may be read, and nothing more.
const READS: [&str; 3] = [
    "--securebits=+no_setuid_fixup",
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
];

/// The user, with a home that goes when the test ends.
struct User {
    home: tempfile::TempDir,
    uid: u32,
    gid: u32,
    reads: bool,
}

impl User {
    fn new() -> Self {
        let number = |what| {
            let said = Command::new("id").args([what, USER]).output().unwrap();
            let said = String::from_utf8(said.stdout).unwrap();
            said.trim().parse::<u32>().unwrap()
        };
        // Not where the tests' own files are: there nobody else may look. And Slurm's sockets want short paths.
        let home = tempfile::Builder::new().prefix("u").tempdir_in("/tmp");
        let mut user = Self {
            home: home.unwrap(),
            uid: number("-u"),
            gid: number("-g"),
            reads: true,
        };
        let program = user.home.path().join("hubprobe");
        std::fs::copy(env!("CARGO_BIN_EXE_hubprobe"), &program).unwrap();
        for path in [user.home.path(), &program] {
            chown(path, Some(user.uid), Some(user.gid)).unwrap();
        }
        user.reads = user.command("true").status().unwrap().success();
        user
    }

    fn command(&self, program: &str) -> Command {
        let home = self.home.path();
        let mut command = Command::new("setpriv");
        command
            .arg(format!("--reuid={}", self.uid))
            .arg(format!("--regid={}", self.gid))
            .arg("--clear-groups");
        let ours = jupyterhub_sandbox::Places::from_env().unwrap().cache;
        let mut cache = home.join("cache");
        if self.reads {
            command.args(READS);
            cache = ours.parent().map(Path::to_owned).unwrap();
        }
        command
            .arg(program)
            .current_dir(home)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("HOME", home)
            .env("USER", USER)
            .env("TMPDIR", home)
            .env("XDG_CACHE_HOME", cache);
        command
    }

    fn hubprobe(&self, words: &[&str]) -> Output {
        self.command("./hubprobe").args(words).output().unwrap()
    }

    /// What it said, having ended well.
    fn said(&self, words: &[&str]) -> String {
        let output = self.hubprobe(words);
        let errors = String::from_utf8_lossy(&output.stderr);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{words:?}: {said}\n{errors}");
        said
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.hubprobe(&["sandbox", "down"]);
    }
}

fn slurm_and_a_check(_: &Hubs, version: &str) {
    let whoami = Command::new("id").arg("-u").output().unwrap();
    if whoami.stdout.trim_ascii() != b"0" {
        return;
    }
    let user = User::new();
    let up = ["sandbox", "up", "--light", "--slurm"];
    let up = user.said(&[&up[..], &["--hub-version", version]].concat());
    let after = |mark: &str| {
        let rest = up.split_once(mark).expect("the words of sandbox up").1;
        rest.split_whitespace().next().unwrap().to_owned()
    };
    let (url, admin) = (after("is up at "), after("admin token: "));
    let conf = after("SLURM_CONF=");

    let account = ["account", "create", "me", "--url", &url];
    user.said(
        &[
            &account[..],
            &["--admin-token-file", &admin, "--out", "token"],
        ]
        .concat(),
    );
    let check = [
        "check",
        "--url",
        &url,
        "--user",
        "me",
        "--token-file",
        "token",
    ];
    let options = ["--option", "partition=debug", "--option", "account=[proj]"];
    let said = user.said(&[&check[..], &options].concat());
    assert!(said.contains("1 probe passed"), "{said}");

    let mut asked = user.command("scontrol");
    let asked = asked.args(["show", "config"]).env("SLURM_CONF", &conf);
    let config = String::from_utf8(asked.output().unwrap().stdout).unwrap();
    let owner = format!("{USER}({})", user.uid);
    for who in ["SlurmUser", "SlurmdUser"] {
        let line = config.lines().find(|line| line.starts_with(who));
        assert!(line.is_some_and(|line| line.contains(&owner)), "{line:?}");
    }
    let mut jobs = user.command("scontrol");
    let jobs = jobs.args(["show", "job", "-o"]).env("SLURM_CONF", &conf);
    let jobs = String::from_utf8(jobs.output().unwrap().stdout).unwrap();
    assert!(jobs.contains(&format!("UserId={owner}")), "{jobs}");

    let down = user.said(&["sandbox", "down"]);
    for part in ["mariadbd", "slurmctld", "slurmd", "hub"] {
        assert!(down.contains(part), "{down}");
    }
}
