//! Where a page is played: a directory with a home, a shell, a hub, and the things that the page takes for granted, such as a
//! token in a file. Names that pages use for all sites stand for the hub's URL and for accounts of this page alone.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jupyterhub_sandbox::Sandbox;
use serde_json::Value;

use crate::hubs::{Hubs, administrator, is_good, places};
use crate::session::Session;
use crate::shell::Typed;
use crate::{compare, programs, recipes, shell};

/// How pages call the hub.
const HUBS: [&str; 2] = ["https://hub.example.org", "https://jupyter.example.org"];
/// How they call the account and the administrator.
const ACCOUNT: &str = "servuser";
const ADMIN: &str = "myuser";
/// Places of the system that pages name. Here they are below the stage's directory.
const SYSTEM: [&str; 5] = [
    "/etc/hubprobe",
    "/usr/local/lib/nagios",
    "/var/lib/",
    "/run/credentials",
    "/run/secrets/hubprobe",
];
const BINARY: &str = "/usr/local/bin/hubprobe";

pub struct Stage<'a> {
    pub dir: PathBuf,
    hubs: &'a Hubs,
    kind: &'a str,
    /// Where the page's shell is.
    pub here: PathBuf,
    /// Names of the page, and what they are here: as long, so that lines are folded alike.
    names: [(&'static str, String); 2],
    session: Session,
    /// Variables that suites take tokens from.
    exports: BTreeMap<String, String>,
    /// Files with tokens that the stage has put there, and not the page.
    lent: BTreeSet<PathBuf>,
    _holder: tempfile::TempDir,
}

impl<'a> Stage<'a> {
    /// A stage for a page, whose accounts end in its mark.
    pub fn new(hubs: &'a Hubs, mark: char) -> Self {
        let holder = recipes::user::place();
        let dir = holder.path().canonicalize().unwrap();
        for place in [
            "home",
            "desk",
            "bin",
            "tmp",
            "etc/hubprobe",
            "var/lib/node_exporter",
        ] {
            std::fs::create_dir_all(dir.join(place)).unwrap();
        }
        // As pages make it: its owner's alone.
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(dir.join("etc/hubprobe"), private).unwrap();
        // Where pages say that it is.
        for place in ["bin", "home/bin", "home/.cargo/bin"] {
            std::fs::create_dir_all(dir.join(place)).unwrap();
            let link = dir.join(place).join("hubprobe");
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_hubprobe"), link).unwrap();
        }
        let props = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documented/props");
        copy(&props.join("desk"), &dir.join("desk"));
        copy(&props.join("bin"), &dir.join("bin"));
        let session = Session::new(&dir.join("desk"), dir.join("tmp/said"), &environment(&dir));
        let desk = dir.join("desk");
        Self {
            dir,
            hubs,
            kind: "plain",
            names: [ACCOUNT, ADMIN].map(|name| {
                let stem = name.get(..name.len() - 1).unwrap_or_default();
                (name, format!("{stem}{mark}"))
            }),
            here: desk,
            exports: BTreeMap::new(),
            session,
            lent: BTreeSet::new(),
            _holder: holder,
        }
    }

    /// What comes now is meant for a hub of this kind.
    pub fn on(&mut self, kind: &'a str) {
        self.kind = kind;
        // Elsewhere Slurm's programs find their configuration in /etc.
        if kind == "slurm"
            && let Some(conf) = self.sandbox().slurm_conf()
        {
            let conf = conf.display().to_string();
            self.exports.insert("SLURM_CONF".to_owned(), conf);
        }
    }

    /// The hub, which is started when the first page wants it.
    fn sandbox(&self) -> &'a Sandbox {
        self.hubs.of(self.kind)
    }

    /// The page's words, as they are here.
    pub fn here(&mut self, text: &str) -> String {
        let url = self.sandbox().url().trim_end_matches('/').to_owned();
        let mut text = text.to_owned();
        for hub in HUBS {
            text = text.replace(hub, &url);
        }
        for (name, ours) in &self.names {
            text = text.replace(name, ours);
        }
        text = text.replace(BINARY, &format!("{}/bin/hubprobe", self.dir.display()));
        for place in SYSTEM {
            text = text.replace(place, &format!("{}{place}", self.dir.display()));
        }
        let account = &self.names[0].1;
        text.replace(
            "hubprobe check … ",
            &format!("hubprobe check --url {url} --user {account} --token-file {account}.token "),
        )
    }

    /// The other way round. The page's second name for a hub is taken for its first.
    fn there(&mut self, text: &str) -> String {
        let url = self.sandbox().url().trim_end_matches('/').to_owned();
        let home = format!("{}/desk/", self.dir.display());
        let mut text = text
            .replace(&url, HUBS[0])
            .replace(&home, "")
            .replace(&self.dir.display().to_string(), "");
        for (name, ours) in &self.names {
            text = text.replace(ours, name);
        }
        text
    }

    /// A file of the page, by the name that the page gives it.
    pub fn write(&mut self, name: &str, text: &str) -> PathBuf {
        let path = self.path(&self.here_name(name));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = self.here(text);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn here_name(&self, name: &str) -> String {
        let mut name = name.to_owned();
        for place in SYSTEM {
            name = name.replace(place, &format!("{}{place}", self.dir.display()));
        }
        name
    }

    fn path(&self, name: &str) -> PathBuf {
        let name = name.replace("$HOME", &self.dir.join("home").to_string_lossy());
        let name = name.replace('~', &self.dir.join("home").to_string_lossy());
        self.here.join(name)
    }

    /// Runs a command of the page and looks at how it ends and at what it says.
    ///
    /// # Errors
    /// It was otherwise.
    pub fn play(&mut self, typed: &Typed) -> Result<(), String> {
        let command = self.here(&typed.text);
        self.lend(&command);
        for (name, value) in self.exports.clone() {
            self.session.run(&format!("export {name}='{value}'"))?;
        }
        let (code, said) = self.session.run(&command)?;
        self.took(&command);
        if let Ok((_, here)) = self.session.run(&format!("pwd; (exit {code})")) {
            self.here = PathBuf::from(here.trim());
        }
        if code != typed.exit {
            return Err(format!(
                "exit code {code}, not {}:\n{}",
                typed.exit,
                self.there(&said)
            ));
        }
        let Some(shown) = &typed.shown else {
            return Ok(());
        };
        let shown = shown.replace(HUBS[1], HUBS[0]);
        let said = self.there(&said);
        compare::contains(&said, &shown)
            .map_err(|part| format!("it does not say {part:?}, but:\n{said}"))
    }

    /// Runs what no shell of a reader runs: with this environment alone.
    ///
    /// # Errors
    /// It did not end with 0.
    pub fn run(
        &mut self,
        script: &str,
        shell: &[&str],
        variables: &[(String, String)],
        at: &Path,
    ) -> Result<String, String> {
        let (code, said) = self.outcome(script, shell, variables, at)?;
        if code == 0 {
            return Ok(said);
        }
        let said = self.there(&said);
        Err(format!("exit code {code}:\n{script}\n{said}"))
    }

    /// The same, however it ends: its exit code, and what it said.
    ///
    /// # Errors
    /// It could not be run, or a signal ended it.
    pub fn outcome(
        &mut self,
        script: &str,
        shell: &[&str],
        variables: &[(String, String)],
        at: &Path,
    ) -> Result<(i32, String), String> {
        let mut script = self.here(script);
        let mut variables = variables.to_vec();
        for (_, value) in &mut variables {
            *value = self.here(value);
        }
        for (name, value) in &variables {
            script = script.replace(&format!("${name}"), value);
        }
        self.lend(&script);
        for (_, value) in variables
            .iter()
            .filter(|(name, _)| name == "HUBPROBE_SUITE")
        {
            self.lend(&format!("hubprobe check --suite {value}"));
        }
        variables.extend(self.exports.clone());
        let output = std::process::Command::new(shell[0])
            .args(&shell[1..])
            .arg(&script)
            .current_dir(at)
            .env_clear()
            .envs(variables)
            .output()
            .map_err(|error| format!("{}: {error}", shell[0]))?;
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        let code = output.status.code();
        let code = code.ok_or(format!("{}:\n{script}\n{said}", output.status))?;
        Ok((code, said))
    }

    /// Where a job of cron begins, and whatever does not care.
    pub fn home(&self) -> PathBuf {
        self.dir.join("home")
    }

    /// What a shell of the page has in its environment.
    pub fn environment(&self) -> Vec<(String, String)> {
        environment(&self.dir)
    }

    /// Puts the files with tokens in place that a command reads and the page has not made.
    pub fn lend(&mut self, command: &str) {
        for words in shell::simple_commands(command) {
            if !programs::is_hubprobe(&words) {
                continue;
            }
            if let Some(out) = flag(&words, "--out") {
                let out = self.path(&out);
                if self.lent.remove(&out) {
                    std::fs::remove_file(out).unwrap();
                }
            }
            if let Some(file) = flag(&words, "--admin-token-file") {
                self.lend_token(&file, None);
            }
            let rotated = words.get(1).is_some_and(|word| word == "account");
            let user = flag(&words, "--user").or_else(|| words.get(3).filter(|_| rotated).cloned());
            if let (Some(file), Some(user)) = (flag(&words, "--token-file"), user) {
                self.lend_token(&file, Some(&user));
            }
            if let Some(suite) = flag(&words, "--suite") {
                self.lend_suite(&suite);
            }
        }
    }

    fn lend_suite(&mut self, suite: &str) {
        let suite = self.path(suite);
        if !suite.exists() && suite.ends_with("suite.yaml") {
            std::fs::create_dir_all(suite.parent().unwrap()).unwrap();
            let text = self.here(include_str!("props/suite.yaml"));
            std::fs::write(&suite, text).unwrap();
        }
        let text = std::fs::read_to_string(&suite).unwrap_or_default();
        let Ok(read) = serde_saphyr::from_str::<Value>(&text) else {
            return;
        };
        let hubs = read["hubs"].as_object().cloned().unwrap_or_default();
        for (name, account) in hubs
            .values()
            .filter_map(|hub| hub["accounts"].as_object())
            .flatten()
        {
            if let Some(file) = account["token"]["file"].as_str() {
                let file = suite.parent().unwrap().join(file);
                self.lend_token(&file.to_string_lossy(), Some(name));
            }
            if let Some(variable) = account["token"]["env"].as_str() {
                let file = self.dir.join("tmp").join(variable);
                self.lend_token(&file.to_string_lossy(), Some(name));
                let token = std::fs::read_to_string(file).unwrap();
                let token = token.trim().to_owned();
                self.exports.insert(variable.to_owned(), token);
            }
        }
    }

    /// An administrator's where no account is named. What the page has made stays as it is.
    fn lend_token(&mut self, file: &str, account: Option<&str>) {
        let path = self.path(file);
        let sandbox = self.sandbox();
        let filled = std::fs::metadata(&path).is_ok_and(|file| file.len() > 0);
        if filled && !self.lent.contains(&path) {
            return;
        }
        // Of the page's own sandbox, or to be filled by its reader.
        if file.is_empty() || file.contains('$') || is_good(sandbox.url(), &path, account.is_none())
        {
            return;
        }
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let admin = self.names[1].1.clone();
        let Some(account) = account else {
            write_private(&path, &administrator(sandbox, &admin));
            self.lent.insert(path);
            return;
        };
        let admin_file = self.dir.join("tmp/admin.token");
        write_private(&admin_file, &administrator(sandbox, &admin));
        let create = std::process::Command::new(env!("CARGO_BIN_EXE_hubprobe"))
            .args([
                "account",
                "create",
                account,
                "--force",
                "--url",
                sandbox.url(),
                "--admin-token-file",
            ])
            .arg(&admin_file)
            .arg("--out")
            .arg(&path)
            .env_clear()
            .envs(self.environment())
            .output()
            .unwrap();
        assert!(
            create.status.success(),
            "{}",
            String::from_utf8_lossy(&create.stderr)
        );
        self.lent.insert(path);
    }

    /// What a command has written is the page's.
    fn took(&mut self, command: &str) {
        for words in shell::simple_commands(command) {
            if let Some(out) = flag(&words, "--out") {
                self.lent.remove(&self.path(&out));
            }
        }
    }
}

impl Drop for Stage<'_> {
    /// A page that was not played to its end may have left a sandbox of its own.
    fn drop(&mut self) {
        let down = std::process::Command::new(env!("CARGO_BIN_EXE_hubprobe"))
            .args(["sandbox", "down", "--all"])
            .env_clear()
            .envs(self.environment())
            .output();
        if !down.is_ok_and(|down| down.status.success()) {
            eprintln!("the sandboxes of {} are not down", self.dir.display());
        }
    }
}

/// A reader's environment: a home of its own, what was installed before, `hubprobe` on the path.
fn environment(dir: &Path) -> Vec<(String, String)> {
    let path = std::env::var("PATH").unwrap_or_default();
    let cache = places().cache;
    let cache = cache.parent().unwrap_or(&cache);
    let variables = [
        ("HOME", dir.join("home").display().to_string()),
        ("PATH", format!("{}/bin:{path}:/usr/sbin", dir.display())),
        ("TMPDIR", std::env::temp_dir().display().to_string()),
        ("XDG_CACHE_HOME", cache.display().to_string()),
        ("LC_ALL", "C.UTF-8".to_owned()),
        ("RESERVATION", "class".to_owned()),
    ];
    variables
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

/// What is given for a flag.
pub fn flag(words: &[String], name: &str) -> Option<String> {
    let at = words
        .iter()
        .position(|word| word.split('=').next() == Some(name))?;
    match words[at].split_once('=') {
        Some((_, value)) => Some(value.to_owned()),
        None => words.get(at + 1).cloned(),
    }
}

fn write_private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
