//! A real hub whose configuration is made of files, as a chart or a person makes it: looked at, changed, started again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jupyterhub_client::{Hub, NewToken};
use jupyterhub_sandbox::{Sandbox, Spec};

use crate::hubs::{Hubs, admin, block_on, directory};
use crate::world::{Call, Said, bare};

const CHARTS: &str = include_str!("charts.py");

/// Whether the slow run is on, in which every phase of a test is gone through.
pub(super) fn slow() -> bool {
    std::env::var("HUBPROBE_TEST").is_ok_and(|value| value == "all")
}

/// A hub whose configuration is made of the files in a directory.
pub(super) struct Site {
    pub(super) sandbox: Sandbox,
    pub(super) admin: Hub,
    pub(super) dir: PathBuf,
    _dir: tempfile::TempDir,
}

impl Site {
    pub(super) fn new(
        hubs: &Hubs,
        version: &str,
        chart: &str,
        name: &str,
        files: &[(&str, &str)],
    ) -> Self {
        let (holder, dir) = directory();
        for (file, text) in files {
            fs::write(dir.join(file), text).unwrap();
        }
        let call = format!(
            "{CHARTS}\n\n{chart}(c, globals(), {:?})\n",
            dir.display().to_string()
        );
        let sandbox = hubs.own(&Spec {
            name: format!("{name}-{version}"),
            extra_config_text: Some(call),
            faults: false,
            ..hubs.spec(version)
        });
        Self {
            admin: admin(&sandbox),
            sandbox,
            dir,
            _dir: holder,
        }
    }

    pub(super) fn hubprobe(&self, args: &[&str]) -> Call {
        let mut command = bare(args);
        command
            .current_dir(&self.dir)
            .env("HUBPROBE_STATE_DIR", self.dir.join("state"));
        Call(command)
    }

    /// `account hub-config`, which asks this hub for its version.
    pub(super) fn config(&self, args: &[&str]) -> Said {
        self.hubprobe(&["account", "hub-config", "--url", self.sandbox.url()])
            .and(args)
            .run()
    }

    /// The hub, started again with this added to its configuration.
    pub(super) fn with(&self, file: &str, text: &str) {
        fs::write(self.dir.join(file), text).unwrap();
        block_on(self.sandbox.restart_hub(true)).unwrap_or_else(|error| {
            let log = fs::read_to_string(self.sandbox.hub_log()).unwrap_or_default();
            panic!("{error}\n{log}\nwith {text}")
        });
    }

    pub(super) fn check(&self, name: &str, token: &Path) -> Said {
        let args = ["check", "--url", self.sandbox.url(), "--user", name];
        self.hubprobe(&args)
            .and(&[
                "--token-file",
                &token.display().to_string(),
                "--format",
                "json",
            ])
            .run()
    }

    /// A token as account create makes it.
    pub(super) fn created(&self, name: &str) -> PathBuf {
        let path = self.dir.join(format!("{name}.token"));
        drop(fs::remove_file(&path));
        self.hubprobe(&["account", "create", name, "--url", self.sandbox.url()])
            .and(&[
                "--admin-token-file",
                &self.sandbox.admin_token_file().display().to_string(),
            ])
            .and(&["--out", &path.display().to_string()])
            .run()
            .exits(0);
        path
    }

    /// A token of the account that may do all that the account may; none where the hub has no such user.
    pub(super) fn minted(&self, name: &str, scopes: Option<&[&str]>) -> Option<PathBuf> {
        use std::os::unix::fs::PermissionsExt as _;
        let new = NewToken {
            note: "acceptance".to_owned(),
            expires_in: Some(Duration::from_secs(3600)),
            scopes: scopes.map(|scopes| scopes.iter().map(|&scope| scope.to_owned()).collect()),
            ..NewToken::default()
        };
        let minted = block_on(self.admin.create_token(name, &new)).ok()?;
        let path = self.dir.join(format!("{name}.token"));
        fs::write(&path, minted.token.expose()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        Some(path)
    }

    pub(super) fn roles(&self, name: &str) -> Option<Vec<String>> {
        block_on(self.admin.user(name, false)).ok()?.value.roles
    }

    /// A user made by an administrator, with a token as a check needs it.
    pub(super) fn minted_anew(&self, name: &str) -> PathBuf {
        if self.roles(name).is_none() {
            block_on(self.admin.create_user(name)).unwrap();
        }
        let scopes = ["servers", "access:servers", "read:tokens"]
            .map(|scope| format!("{scope}!user={name}"));
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        self.minted(name, Some(&scopes)).unwrap()
    }
}
