//! What `account hub-config` prints, fed to real hubs: with it the account works, without it it does not.
//!
//! There is no Helm here. `charts.py` does with values what the charts' own configurations do with them, on a real hub of the version.
//! Each test looks at the hub as the site has it, adds exactly what standard output said, starts the hub again, and looks again.

mod page;
mod python;
mod site;

use std::fs;

use crate::Case;
use crate::hubs::{Hubs, block_on, directory};
use crate::world::{Call, bare};
use site::{Site, slow};

pub const EVERY_VERSION: &[Case] = &[(
    "hub_config::python::gives_exactly_the_role",
    python::gives_exactly_the_role,
)];

pub const EDGES: &[Case] = &[
    (
        "hub_config::z2jh_with_oauth_and_a_hook_of_the_site",
        z2jh_with_oauth_and_a_hook_of_the_site,
    ),
    (
        "hub_config::f7t4jhub_exempts_its_accounts",
        f7t4jhub_exempts_its_accounts,
    ),
    (
        "hub_config::what_cannot_be_is_refused",
        what_cannot_be_is_refused,
    ),
];

/// Slow ones.
pub const ALL: &[Case] = &[
    (
        "hub_config::page::section_by_section",
        page::section_by_section,
    ),
    (
        "hub_config::python::where_refresh_is_not_strict",
        python::where_refresh_is_not_strict,
    ),
    (
        "hub_config::python::with_an_authenticator_of_the_sites_own",
        python::with_an_authenticator_of_the_sites_own,
    ),
    (
        "hub_config::python::for_oauthenticator_17_2",
        python::for_oauthenticator_17_2,
    ),
];

const Z2JH: &str = r#"
# What a site may have.
x-hub: &oauth
  enable_auth_state: true
  auth_refresh_strict: true
hub:
  config:
    JupyterHub:
      authenticator_class: generic-oauth
    Authenticator: *oauth
  loadRoles:
    metrics: {users: [ada], scopes: ["read:metrics"]}
  extraConfig:
    10-hook: |
      def site_hook(authenticator, user, auth_state):
          with open(HOOKED, "a", encoding="utf-8") as file:
              file.write(f"{user.name}\n")
          return True if user.name == "ann" else None
      # Of the concrete class, which goes before c.OAuthenticator's.
      c.GenericOAuthenticator.refresh_user_hook = site_hook
"#;

fn z2jh_with_oauth_and_a_hook_of_the_site(hubs: &Hubs, version: &str) {
    let (_holder, hooked) = directory();
    let hooked = hooked.join("hooked");
    let values = Z2JH.replace("HOOKED", &format!("{:?}", hooked.display().to_string()));
    let it = Site::new(
        hubs,
        version,
        "z2jh",
        "config-z2jh",
        &[("values.yaml", &values)],
    );
    // Without it: the account that an administrator makes is refused.
    let before = it.minted_anew("zed");
    it.check("zed", &before).exits(1).finds("token.stale-login");
    let args = ["zed", "--flavor", "z2jh", "--values", "values.yaml"];
    let said = it.config(&args);
    said.exits(0)
        .complains("hub.loadRoles.hubprobe-accounts: the role of zed: missing")
        .complains("values.yaml:14: hub.extraConfig.10-hook: it has a refresh_user of its own")
        .says("refresh_user_hook");
    it.with("added.yaml", &said.out);
    assert!(
        it.roles("zed")
            .unwrap()
            .contains(&"hubprobe-accounts".to_owned())
    );
    assert!(it.roles("ada").unwrap().contains(&"metrics".to_owned()));
    let token = it.created("zed");
    it.check("zed", &token).passes();
    // Nobody else is exempted, and the site's own hook is still asked for everybody else: for one whom it exempts, and one whom not.
    let (ann, bob) = (it.minted_anew("ann"), it.minted_anew("bob"));
    it.check("ann", &ann).passes();
    it.check("bob", &bob).exits(1).finds("token.stale-login");
    let asked = fs::read_to_string(&hooked).unwrap();
    assert!(
        asked.contains("ann\n") && asked.contains("bob\n"),
        "{asked}"
    );
    if !slow() {
        return;
    }
    // A service in place of the account's token: the hub makes its token, as the chart does.
    let said = it.config(&[
        "zed",
        "--flavor",
        "z2jh",
        "--values",
        "values.yaml",
        "--as-service",
    ]);
    it.with("added.yaml", &said.exits(0).out);
    let service = it.dir.join("hub.services.hubprobe-zed.apiToken");
    it.check("zed", &service).passes();
    it.check("ann", &service).exits(1).finds("token.wrong-user");
}

const F7T4JHUB: &str = r#"
f7t4jhub:
  config:
    commonName: hub.example.org
    adminUsers: [alice]
    serviceAccountUsers:
      - earlier
"#;

fn f7t4jhub_exempts_its_accounts(hubs: &Hubs, version: &str) {
    let strict = "extraConfig: |\n      import jupyterhub\n      if jupyterhub.version_info >= (6, 1):\n          \
                  c.Authenticator.auth_refresh_strict = True\n";
    let values = format!("{F7T4JHUB}    {strict}");
    let it = Site::new(
        hubs,
        version,
        "f7t4jhub",
        "config-f7t",
        &[("values.yaml", &values)],
    );
    let earlier = it.minted_anew("earlier");
    it.check("earlier", &earlier)
        .exits(1)
        .finds("token.stale-login");
    assert_eq!(it.roles("fresh"), None);
    let said = it.config(&[
        "fresh",
        "earlier",
        "--flavor",
        "f7t4jhub",
        "--admin",
        "boss",
        "--values",
        "values.yaml",
        "--auth-refresh-strict",
    ]);
    said.exits(0)
        .complains("f7t4jhub.config.serviceAccountUsers: earlier: there")
        .says("APPEND this to the extraConfig that is there (values.yaml, line 8)");
    // As it says: lists replace, the code is appended.
    let (lists, code) = said.out.split_once("    extraConfig: |\n").unwrap();
    let added = format!("{lists}    {strict}{code}");
    it.with("added.yaml", &added);
    assert!(
        it.roles("fresh")
            .unwrap()
            .contains(&"service-account".to_owned())
    );
    assert!(
        block_on(it.admin.user("boss", false))
            .unwrap()
            .value
            .admin
            .unwrap()
    );
    for name in ["fresh", "earlier"] {
        let token = it.created(name);
        it.check(name, &token).passes();
    }
    let other = it.minted_anew("other");
    it.check("other", &other)
        .exits(1)
        .finds("token.stale-login");
    if !slow() {
        return;
    }
    // A service that works as one of them: only that is missing now, and appended.
    let tokens = it.dir.join("tokens");
    fs::create_dir(&tokens).unwrap();
    fs::write(tokens.join("fresh.token"), "5".repeat(64)).unwrap();
    let said = it.config(&[
        "fresh",
        "--flavor",
        "f7t4jhub",
        "--values",
        "added.yaml",
        "--auth-refresh-strict",
        "--as-service",
        "--token-dir",
        &tokens.display().to_string(),
    ]);
    said.exits(0)
        .complains("serviceAccountUsers: fresh: there")
        .complains("extraConfig: what exempts fresh from the refresh of logins: there");
    let (lists, service) = said.out.split_once("    extraConfig: |\n").unwrap();
    assert!(!lists.contains("serviceAccountUsers:"), "{lists}");
    it.with("added.yaml", &format!("{added}\n{service}"));
    it.check("fresh", &tokens.join("fresh.token")).passes();
}

fn what_cannot_be_is_refused(_: &Hubs, _: &str) {
    let (_holder, dir) = directory();
    let config = |args: &[&str]| {
        let mut command = bare(&["account", "hub-config"]);
        command.current_dir(&dir).args(args);
        let said = Call(command).run();
        assert!(said.code == Some(0) || said.out.is_empty(), "{}", said.out);
        said.never_panics();
        said
    };
    fs::write(dir.join("bad.yaml"), "hub:\n  config: [1\n").unwrap();
    fs::write(dir.join("latin.yaml"), b"hub:\n  a: \xfc\n").unwrap();
    for (args, wanted) in [
        (
            &["a", "--flavor", "z2jh", "--values", "bad.yaml"][..],
            "bad.yaml:",
        ),
        (
            &["a", "--flavor", "z2jh", "--values", "latin.yaml"],
            "latin.yaml:2: this is not UTF-8",
        ),
        (
            &["a", "--flavor", "z2jh", "--values", "none.yaml"],
            "none.yaml cannot be read",
        ),
        (&["a/b", "--flavor", "z2jh"], "a/b"),
        (&["a", "--flavor", "z2jh", "--admin", "x y"], "x y"),
        (
            &["a", "--flavor", "python", "--values", "bad.yaml"],
            "for the charts",
        ),
        (
            &["a", "--flavor", "z2jh", "--hub-version", "new"],
            "--hub-version wants",
        ),
        (
            &["a", "--flavor", "python", "--hub-version", "1.5.1"],
            "no roles",
        ),
        (
            &[
                "a",
                "--flavor",
                "python",
                "--login",
                "other",
                "--own-refresh",
            ],
            "--login oauth",
        ),
        (
            &["a", "--flavor", "python", "--oauthenticator-version", "x"],
            "pip show",
        ),
        (
            &["a", "--flavor", "z2jh", "--as-service", "--token-dir", "/x"],
            "--token-dir",
        ),
        (
            &["a@b", "a_40b", "--flavor", "z2jh", "--as-service"],
            "one name",
        ),
        (&["a", "--flavor", "none"], "f7t4jhub, z2jh, python"),
    ] {
        config(args).exits(2).complains(wanted);
    }
    config(&["a", "--flavor", "python", "--url", "http://127.0.0.1:9"])
        .exits(1)
        .complains("reach.");
    // Whatever the name: one string, and the same text twice.
    let strange = "q\"'\\{{x}}#:ü";
    for flavor in ["f7t4jhub", "z2jh", "python"] {
        let once = config(&[
            strange,
            "--flavor",
            flavor,
            "--as-service",
            "--login",
            "oauth",
        ]);
        let twice = config(&[
            strange,
            "--flavor",
            flavor,
            "--as-service",
            "--login",
            "oauth",
        ]);
        assert_eq!(once.exits(0).out, twice.out);
        once.says("\"q\\\"'\\\\\\u007b\\u007bx\\u007d\\u007d#:ü\"");
    }
}
