//! The flavor python, on real hubs: the role alone, services, and every way in which a hub refuses or spares accounts that never log in.

use std::fs;

use jupyterhub_sandbox::{Modules, Places};

use super::site::{Site, slow};
use crate::hubs::{Hubs, block_on, limits_tokens};

/// The site has narrowed the role that every user has, and (before 5.0) a list of whom it lets in, so that the account holds what the
/// printed role gives, and nothing else. One role serves two accounts, and neither may touch the other.
pub(super) fn gives_exactly_the_role(hubs: &Hubs, version: &str) {
    let site = "c.JupyterHub.load_roles = ({\"name\": \"user\", \"scopes\": []},)\n\
                import jupyterhub\n\
                if jupyterhub.version_info < (5,):\n    c.DummyAuthenticator.allowed_users = {\"ada\", \"admin\"}\n";
    let it = Site::new(
        hubs,
        version,
        "python",
        "config-python",
        &[("site.py", site)],
    );
    // Without it: no such account; and one that somebody made has nothing to give to a token.
    assert_eq!(it.roles("one"), None);
    block_on(it.admin.create_user("made")).unwrap();
    // JupyterHub 2 gives a token whatever the owner may: nothing.
    match it.minted("made", Some(&["access:servers!user=made"])) {
        Some(token) if !limits_tokens(version) => {
            it.check("made", &token)
                .exits(1)
                .finds("token.missing-scope");
        }
        minted => assert_eq!(minted, None),
    }
    every_state_before(&it);
    let said = it.config(&[
        "one",
        "two",
        "--flavor",
        "python",
        "--also",
        "server-state",
        "--login",
        "other",
    ]);
    said.exits(0).complains("nothing is needed");
    it.with("added.py", &said.out);
    assert!(
        it.roles("one")
            .unwrap()
            .contains(&"hubprobe-accounts".to_owned())
    );
    let token = it.minted("one", None).unwrap();
    it.check("one", &token).passes();
    if limits_tokens(version) {
        assert_eq!(it.minted("one", Some(&["access:servers!user=two"])), None);
    }
    // The rest on the newest alone, and on all of them in the slow run.
    if version != hubs.versions()[0] && !slow() {
        return;
    }
    // Another piece, for a service that works as another account, completes the first; a service without a token harms nobody.
    let tokens = it.dir.join("tokens");
    fs::create_dir(&tokens).unwrap();
    let more = it.config(&[
        "three",
        "four",
        "--flavor",
        "python",
        "--as-service",
        "--token-dir",
        &tokens.display().to_string(),
    ]);
    let service = tokens.join("three.token");
    fs::write(&service, "3".repeat(64)).unwrap();
    it.with(
        "added.py",
        &format!("{}\n\n{}", said.out, more.exits(0).out),
    );
    it.check("one", &token).passes();
    it.check("three", &service).passes();
    it.check("two", &service).exits(1).finds("token.wrong-user");
    let doctor = |name: &str| {
        it.hubprobe(&["account", "doctor", name, "--url", it.sandbox.url()])
            .and(&["--token-file", &service.display().to_string()])
            .run()
    };
    doctor("three")
        .exits(0)
        .says("of the service hubprobe-three")
        .says("it may do all that a check needs");
    doctor("two").exits(1).says("WRONG  its token is of");
    let log = fs::read_to_string(it.sandbox.hub_log()).unwrap();
    assert!(log.contains("nothing works as four"), "{log}");
    the_doctor_says_as_much(&it);
}

/// The doctor's one line, for an account that holds nothing.
fn the_doctor_says_as_much(it: &Site) {
    let token = it.minted("made", None).unwrap();
    let file = token.display().to_string();
    let said = it
        .hubprobe(&["account", "doctor", "made", "--url", it.sandbox.url()])
        .and(&["--token-file", &file])
        .run();
    said.exits(1).says("WRONG  it lacks ");
    assert!(said.line("z2jh").starts_with("hub.loadRoles."), "{said:?}");
    it.with(
        "added.py",
        &format!(
            "c.JupyterHub.load_roles = list(c.JupyterHub.load_roles)\n{}\n",
            said.line("python")
        ),
    );
    it.check("made", &it.minted("made", None).unwrap()).passes();
}

/// The code that is printed for f7t4jhub.
fn extra_config(text: &str) -> String {
    let (_, code) = text.split_once("    extraConfig: |\n").unwrap();
    code.lines()
        .map(|line| format!("{}\n", line.strip_prefix("      ").unwrap_or(line)))
        .collect()
}

/// Whatever the configuration has before: lists of any kind, hooks of any class. By the traitlets of this hub.
fn every_state_before(it: &Site) {
    let said = it.config(&[
        "one",
        "two",
        "--flavor",
        "python",
        "--login",
        "oauth",
        "--auth-refresh-strict",
    ]);
    fs::write(it.dir.join("printed.py"), &said.exits(0).out).unwrap();
    fs::write(it.dir.join("configs.py"), include_str!("configs.py")).unwrap();
    let chart = [
        "one",
        "two",
        "--flavor",
        "f7t4jhub",
        "--auth-refresh-strict",
    ];
    let said = it.config(&chart);
    fs::write(it.dir.join("f7t4jhub.py"), extra_config(&said.exits(0).out)).unwrap();
    let hub = it.sandbox.hub_pid().unwrap();
    let command = fs::read(format!("/proc/{hub}/cmdline")).unwrap();
    let python = command.split(|byte| *byte == 0).next().unwrap();
    let ran = std::process::Command::new(std::str::from_utf8(python).unwrap())
        .args(["configs.py", "printed.py", "f7t4jhub.py"])
        .current_dir(&it.dir)
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    assert!(
        ran.status.success() && out.contains("all as it should be"),
        "{out}{err}"
    );
}

/// JupyterHub 6.1 refuses no API request over it, so nothing is printed there, and nothing is needed.
pub(super) fn where_refresh_is_not_strict(hubs: &Hubs, version: &str) {
    let site = "provider(c)\nc.JupyterHub.authenticator_class = \"generic-oauth\"\nc.Authenticator.enable_auth_state = True\n";
    let it = Site::new(hubs, version, "python", "config-lax", &[("site.py", site)]);
    let token = it.minted_anew("old");
    let said = it.config(&[
        "old",
        "--flavor",
        "python",
        "--login",
        "oauth",
        "--oauthenticator-version",
        "17.4",
    ]);
    let lax = version.starts_with("6.");
    assert_eq!(
        !said.exits(0).out.contains("refresh_user_hook"),
        lax,
        "{}",
        said.out
    );
    if lax {
        said.complains("auth_refresh_strict");
    } else {
        it.check("old", &token).exits(1).finds("token.stale-login");
    }
    it.with("added.py", &said.out);
    it.check("old", &token).passes();
}

/// Refreshes as f7t4jhub charts of 2024 did: it asks no hook, and raises where there is no login.
const OWN: &str = r#"
from oauthenticator.generic import GenericOAuthenticator

class Own(GenericOAuthenticator):
    async def refresh_user(self, user, handler=None):
        auth_state = await user.get_auth_state()
        return {"name": user.name, "auth_state": {"refresh_token": auth_state["refresh_token"]}}

provider(c)
c.JupyterHub.authenticator_class = Own
c.Authenticator.enable_auth_state = True
"#;

pub(super) fn with_an_authenticator_of_the_sites_own(hubs: &Hubs, version: &str) {
    let it = Site::new(hubs, version, "python", "config-own", &[("site.py", OWN)]);
    let token = it.minted_anew("old");
    it.check("old", &token).exits(1);
    // The hook is not asked.
    let hook = it.config(&["old", "--flavor", "python", "--auth-refresh-strict"]);
    it.with("added.py", &hook.exits(0).out);
    it.check("old", &token).exits(1);
    let own = it.config(&["old", "--flavor", "python", "--own-refresh"]);
    it.with(
        "added.py",
        &own.exits(0).says("class ServiceAccountsExempt").out,
    );
    it.check("old", &token).passes();
    let other = it.minted_anew("other");
    it.check("other", &other).exits(1);
    // As f7t4jhub has it, which asks for credentials first.
    let chart = it.config(&["old", "--flavor", "f7t4jhub", "--own-refresh"]);
    it.with("added.py", &extra_config(&chart.exits(0).out));
    it.check("old", &token).passes();
}

/// The release that refreshes logins and has no hook.
const NO_HOOK: Modules<'_> = Modules {
    name: "oauthenticator 17.2.0",
    directory: "oauthenticator",
    requirements: "oauthenticator==17.2.0\n",
};

/// The authenticator by its short name, and the piece for a release that has no hook.
pub(super) fn for_oauthenticator_17_2(hubs: &Hubs, version: &str) {
    let modules = block_on(NO_HOOK.ensure(&Places::from_env().unwrap(), &mut |_| {})).unwrap();
    let site = format!(
        "import sys\nsys.path.insert(0, {:?})\n\
         # The hub has loaded its own to know the short names.\n\
         for name in [name for name in sys.modules if name.split(\".\")[0] == \"oauthenticator\"]:\n    del sys.modules[name]\n\
         import oauthenticator\n\
         assert oauthenticator.__version__ == \"17.2.0\", oauthenticator.__version__\n\
         provider(c)\nc.JupyterHub.authenticator_class = \"generic-oauth\"\nc.Authenticator.enable_auth_state = True\n\
         import jupyterhub\nif jupyterhub.version_info >= (6, 1):\n    c.Authenticator.auth_refresh_strict = True\n",
        modules.display().to_string()
    );
    let it = Site::new(hubs, version, "python", "config-172", &[("site.py", &site)]);
    let token = it.minted_anew("old");
    it.check("old", &token).exits(1).finds("token.stale-login");
    let configured = |oauthenticator: &str| {
        let said = it.config(&[
            "old",
            "--flavor",
            "python",
            "--auth-refresh-strict",
            "--oauthenticator-version",
            oauthenticator,
        ]);
        said.exits(0);
        said.out
    };
    // What is for newer ones does nothing there.
    let hook = configured("17.3");
    assert!(hook.contains("def refresh_user_hook"));
    it.with("added.py", &hook);
    it.check("old", &token).exits(1).finds("token.stale-login");
    // The doctor sees the release, and sends nobody to the hook.
    let admin = it.sandbox.admin_token_file().display().to_string();
    let doctor = || {
        it.hubprobe(&["account", "doctor", "old", "--url", it.sandbox.url()])
            .and(&["--admin-token-file", &admin])
    };
    let said = doctor().run();
    assert!(said.line("python").contains("--own-refresh"), "{said:?}");
    let file = token.display().to_string();
    let said = doctor().and(&["--token-file", &file]).run();
    said.exits(1).says("token.stale-login");
    assert!(said.line("python").contains("--own-refresh"), "{said:?}");
    let subclass = configured("17.2");
    assert!(!subclass.contains("def refresh_user_hook"));
    it.with("added.py", &subclass);
    it.check("old", &token).passes();
    doctor()
        .run()
        .says("whether old is one of them is not told");
    let said = doctor().and(&["--token-file", &file]).run();
    said.exits(0);
    assert!(!said.out.contains("one of them"), "{said:?}");
    let other = it.minted_anew("other");
    it.check("other", &other)
        .exits(1)
        .finds("token.stale-login");
}
