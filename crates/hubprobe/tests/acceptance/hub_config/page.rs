//! The page that the tool grew from, section by section, on a site as it describes one: f7t4jhub, logins through OAuth.
//!
//! The administrator names itself and the account in the values, makes the account with a token of its own, is no
//! administrator any more, and goes from the values; the account is not refused though it never logs in; the check starts
//! a server with the page's options and sees it gone.

use jupyterhub_client::NewToken;

use super::site::Site;
use crate::hubs::{Hubs, block_on};

/// A site before the page. That `myuser` has logged in is stood for by a hook of the site: nobody can log in here.
const BEFORE: &str = r#"
f7t4jhub:
  config:
    adminUsers: []
    serviceAccountUsers: []
"#;

const EXTRA: &str = r#"
      import jupyterhub
      if jupyterhub.version_info >= (6, 1):
          c.Authenticator.auth_refresh_strict = True
      c.OAuthenticator.refresh_user_hook = lambda authenticator, user, state: True if user.name == "myuser" else None
"#;

pub(super) fn section_by_section(hubs: &Hubs, version: &str) {
    let values = format!("{BEFORE}    extraConfig: |{EXTRA}");
    let files = [("values.yaml", values.as_str())];
    let it = Site::new(hubs, version, "f7t4jhub", "page", &files);
    assert_eq!(it.roles("myuser"), None);

    // Creating the user, and handling the authentication of service account users.
    let said = it.config(&[
        "servuser",
        "--flavor",
        "f7t4jhub",
        "--admin",
        "myuser",
        "--values",
        "values.yaml",
        "--auth-refresh-strict",
    ]);
    let (lists, code) = said
        .exits(0)
        .out
        .split_once("    extraConfig: |\n")
        .unwrap();
    it.with(
        "added.yaml",
        &format!("{lists}    extraConfig: |{EXTRA}{code}"),
    );
    let is_admin = || {
        block_on(it.admin.user("myuser", false))
            .unwrap()
            .value
            .admin
    };
    assert_eq!(is_admin(), Some(true));
    assert!(
        it.roles("servuser")
            .unwrap()
            .contains(&"service-account".to_owned())
    );

    // Requesting an API token: myuser's own, as the hub's Token page makes it, and with it the account's.
    let minted = block_on(it.admin.create_token("myuser", &NewToken::default())).unwrap();
    let boss = it.dir.join("myuser.token");
    std::fs::write(&boss, minted.token.expose()).unwrap();
    let create = |name: &str| {
        let args = ["account", "create", name, "--url", it.sandbox.url()];
        it.hubprobe(&args)
            .and(&["--admin-token-file", "myuser.token"])
            .and(&["--out", &format!("{name}.token")])
            .and(&["--demote-admin", "myuser", "--revoke-admin-token"])
            .run()
    };
    let made = create("servuser");
    made.exits(0)
        .says("is no administrator any more")
        .says("adminUsers");

    // The admin privileges are no longer necessary: off the list too, or the next start would give them back.
    let gone = lists
        .replace("      - myuser\n", "")
        .replace("adminUsers:", "adminUsers: []");
    it.with(
        "added.yaml",
        &format!("{gone}    extraConfig: |{EXTRA}{code}"),
    );
    assert_eq!(is_admin(), Some(false));
    create("another").exits(1);
    assert_eq!(it.roles("another"), None);

    // Running a test with the service account.
    let args = ["check", "--url", it.sandbox.url(), "--user", "servuser"];
    let checked = it
        .hubprobe(&args)
        .and(&["--token-file", "servuser.token", "--format", "json"])
        .option("reservation=[\"\"]")
        .option("account=[\"test-group\"]")
        .option("runtime=[\"00:05:00\"]")
        .run();
    let visit = checked.passes();
    assert_eq!(visit["warnings"], serde_json::json!([]));
}
