//! What is printed for values as people have them.

mod shapes;

use super::*;

fn wanted(flavor: Flavor, names: &[&str]) -> Wanted {
    Wanted {
        flavor,
        names: names.iter().map(|&name| name.to_owned()).collect(),
        admins: Vec::new(),
        version: HubVersion::parse("5.5.4"),
        extras: Vec::new(),
        as_service: None,
        login: Login::Oauth(Oauth::default()),
        under: None,
    }
}

fn with(wanted: &Wanted, text: &str) -> Composed {
    let values = Values::parse("v.yaml", text).unwrap();
    compose(wanted, Some(&values)).unwrap()
}

/// One string for both, for words that must be in it.
fn all(composed: &Composed) -> String {
    format!("{}\n{}", composed.notes.join("\n"), composed.text)
}

/// What is printed is YAML, and these paths have these values; a path that ends in `!` is not there.
fn has(text: &str, paths: &[(&str, &str)]) {
    let documents = values::parse("out", text).unwrap();
    for (path, wanted) in paths {
        let keys: Vec<&str> = path.trim_end_matches('!').split('/').collect();
        let found = documents.first().and_then(|tree| tree.at(&keys));
        if path.ends_with('!') {
            assert!(found.is_none(), "{path} in\n{text}");
            continue;
        }
        let tree = found.unwrap_or_else(|| panic!("no {path} in\n{text}"));
        let said = match &tree.kind {
            values::Kind::List(_) => tree.texts().unwrap().join(" "),
            _ => tree.text().unwrap_or_default(),
        };
        assert!(said.contains(wanted), "{path} is {said}, in\n{text}");
    }
}

/// The hook of another account, as we print it.
fn ours(name: &str) -> String {
    let cure = exempt::Cure::Hook;
    code::exempting(&cure, &[name.to_owned()], false).unwrap()
}

fn indented(text: &str, by: usize) -> String {
    text.lines()
        .map(|line| format!("{}{line}\n", " ".repeat(by)))
        .collect()
}

#[test]
fn z2jh_prints_what_is_missing_and_says_what_is_there() {
    let hook = format!(
        "hub:\n  extraConfig:\n    mine: |\n{}",
        indented(&ours("a"), 6)
    );
    let old_hook = format!(
        "hub:\n  extraConfig:\n    zz-hubprobe: |\n{}",
        indented(&ours("b"), 6)
    );
    // A file, what is told of it, what is printed.
    for (text, told, printed) in [
        (
            "{}\n",
            "no values of this chart were found",
            &[("hub/loadRoles/hubprobe-accounts/users", "a")][..],
        ),
        (
            "hub:\n",
            "no values of this chart",
            &[(
                "hub/extraConfig/zz-hubprobe",
                "_hubprobe_exempt(c, [\"a\"])",
            )],
        ),
        // Another role that gives enough, under any name, in any order, by an anchor.
        (
            "x: &a a\nhub:\n  loadRoles:\n    probe:\n      scopes: [self]\n      users: [b, *a]\n",
            "v.yaml:4: hub.loadRoles.probe: the role of a: there",
            &[
                ("hub/loadRoles!", ""),
                ("hub/extraConfig/zz-hubprobe", "[\"a\"]"),
            ],
        ),
        // One that gives too little does not count.
        (
            "hub:\n  loadRoles:\n    probe: {users: [a], scopes: ['servers!user']}\n",
            "the role of a: missing",
            &[(
                "hub/loadRoles/hubprobe-accounts/scopes",
                "access:servers!user",
            )],
        ),
        // Ours, for another account: lists are replaced by Helm, so all of it is printed.
        (
            "hub:\n  loadRoles:\n    hubprobe-accounts:\n      users: [b]\n      scopes: ['servers!user', read:hub]\n",
            "the role of a: missing",
            &[
                ("hub/loadRoles/hubprobe-accounts/users", "b a"),
                ("hub/loadRoles/hubprobe-accounts/scopes", "read:hub"),
            ],
        ),
        (
            &hook,
            "v.yaml:3: hub.extraConfig.mine: what exempts a from the refresh of logins: there",
            &[("hub/extraConfig!", "")],
        ),
        (
            &old_hook,
            "what exempts a from the refresh of logins: missing",
            &[("hub/extraConfig/zz-hubprobe", "(c, [\"b\", \"a\"])")],
        ),
        // A hook of somebody's own, and one that would come after ours.
        (
            "hub:\n  extraConfig:\n    zzz: |\n      c.OAuthenticator.refresh_user_hook = f  # a\n",
            "it runs after zz-hubprobe",
            &[("hub/extraConfig/zz-hubprobe", "[\"a\"]")],
        ),
        // Shapes of other times.
        (
            "hub:\n  extraConfig: |\n    c.x = 1\n  loadRoles: [1]\n",
            "v.yaml:2: hub.extraConfig: a map is wanted, and this is a text",
            &[
                ("hub/loadRoles/hubprobe-accounts/users", "a"),
                ("hub/extraConfig/zz-hubprobe", "[\"a\"]"),
            ],
        ),
        (
            "hub:\n  loadRoles:\n    x: {users: a, scopes: [self]}\n",
            "v.yaml:3: hub.loadRoles.x: what it gives cannot be told",
            &[("hub/loadRoles/hubprobe-accounts/users", "a")],
        ),
        // Merge keys; a chart in a chart; several documents; a manifest of Argo CD.
        (
            "base: &base\n  users: [a]\nhub:\n  loadRoles:\n    x:\n      <<: *base\n      scopes: [self]\n",
            "v.yaml:5: hub.loadRoles.x: the role of a: there",
            &[("hub/loadRoles!", "")],
        ),
        (
            "basehub:\n  jupyterhub:\n    singleuser: {}\n    hub: {}\n",
            "v.yaml: basehub.jupyterhub.hub.loadRoles",
            &[
                (
                    "basehub/jupyterhub/hub/loadRoles/hubprobe-accounts/users",
                    "a",
                ),
                ("hub!", ""),
            ],
        ),
        (
            "a: 1\n---\n# the second\nhub:\n  config: {}\n",
            "v.yaml: hub.loadRoles.hubprobe-accounts",
            &[("hub/loadRoles/hubprobe-accounts/users", "a")],
        ),
        (
            "spec:\n  source:\n    helm:\n      valuesObject:\n        hub: {config: {}}\n",
            "spec.source.helm.valuesObject.hub.loadRoles",
            &[(
                "spec/source/helm/valuesObject/hub/loadRoles/hubprobe-accounts/users",
                "a",
            )],
        ),
        (
            "spec:\n  source:\n    helm:\n      values: |\n        hub:\n          config: {}\n",
            "v.yaml:4: spec.source.helm.values: a text that seems to hold values",
            &[("hub/loadRoles/hubprobe-accounts/users", "a")],
        ),
        // Two places: no guess.
        (
            "prod:\n  hub: &h {config: {}}\ntest:\n  hub: *h\n",
            "which of these is the hub's cannot be told: line 2 (prod.hub), line 4 (test.hub)",
            &[("hub/loadRoles/hubprobe-accounts/users", "a")],
        ),
        // Warnings.
        (
            "hub:\n  config:\n    Authenticator: {manage_roles: true}\n",
            "v.yaml:3: hub.config.Authenticator.manage_roles",
            &[],
        ),
        (
            "hub:\n  config:\n    Authenticator:\n      blocked_users: [a]\n",
            "v.yaml:4: hub.config.Authenticator.blocked_users: a is blocked",
            &[],
        ),
    ] {
        let composed = with(&wanted(Flavor::Z2jh, &["a"]), text);
        assert!(
            all(&composed).contains(told),
            "{text}\n{:#?}",
            composed.notes
        );
        has(&composed.text, printed);
    }
}

#[test]
fn all_that_was_printed_is_there_the_next_time() {
    for flavor in [Flavor::Z2jh, Flavor::F7t4jhub] {
        for as_service in [None, Some(TokenPlace::Variable)] {
            for under in [None, Some(vec!["one".to_owned(), "t.w:o".to_owned()])] {
                let wanted = Wanted {
                    admins: vec!["boss".to_owned()],
                    as_service: as_service.clone(),
                    under: under.clone(),
                    extras: vec![Extra::Rotate, Extra::ReadHub],
                    ..wanted(flavor, &["a", "q\"'\\{{x}}#:ü", "no"])
                };
                let once = compose(&wanted, None).unwrap();
                let again = with(&wanted, &once.text);
                assert_eq!(again.text, "", "{:#?}\n{}", again.notes, once.text);
                // And one more account is printed alone, or with what its list has.
                let more = Wanted {
                    names: vec!["no".to_owned(), "new".to_owned()],
                    ..wanted
                };
                let text = with(&more, &once.text).text;
                assert!(text.contains("new"), "{text}");
            }
        }
    }
}

#[test]
fn f7t4jhub_knows_its_shapes() {
    for (text, told, printed) in [
        // The chart alone, in its parent, under Argo CD, in another's.
        (
            "config:\n  commonName: x\n",
            "v.yaml: config.serviceAccountUsers: a: missing",
            &[("config/serviceAccountUsers", "a"), ("f7t4jhub!", "")][..],
        ),
        (
            "f7t4jhub:\n  config: {commonName: x}\n",
            "missing",
            &[("f7t4jhub/config/serviceAccountUsers", "a")],
        ),
        (
            "f7t4jhub:\n  f7t4jhub:\n    config:\n      serviceAccountUsers: [b]\n      adminUsers: [boss]\n",
            "v.yaml:5: f7t4jhub.f7t4jhub.config.adminUsers: boss: there",
            &[
                ("f7t4jhub/f7t4jhub/config/serviceAccountUsers", "b a"),
                ("f7t4jhub/f7t4jhub/config/adminUsers!", ""),
            ],
        ),
        (
            "site:\n  config:\n    spawner: {}\n",
            "site.config",
            &[("site/config/serviceAccountUsers", "a")],
        ),
        (
            "{}\n",
            "no values of this chart",
            &[("f7t4jhub/config/serviceAccountUsers", "a")],
        ),
        // Empty, and lists as Python in a text.
        (
            "config:\n  serviceAccountUsers:\n  adminUsers: []\n",
            "missing",
            &[
                ("config/serviceAccountUsers", "a"),
                ("config/adminUsers", "boss"),
            ],
        ),
        (
            "config:\n  adminUsers: \"{'x', 'y'}\"\n  serviceAccountUsers: \"['b']\"\n",
            "v.yaml:2: config.adminUsers: Python in a text",
            &[
                ("config/adminUsers", "{\"x\", \"y\", \"boss\"}"),
                ("config/serviceAccountUsers", "[\"b\", \"a\"]"),
            ],
        ),
        (
            "config:\n  adminUsers: set(ADMINS)\n  serviceAccountUsers: {a: 1}\n",
            "v.yaml:3: config.serviceAccountUsers: a list of names is wanted, and this is a map",
            &[
                ("config/adminUsers", "boss"),
                ("config/serviceAccountUsers", "a"),
            ],
        ),
        // A text that is there is not repeated, and not replaced in silence.
        (
            "config:\n  adminUsers: []\n  extraConfig: |\n    SECRET = 1\n",
            "APPEND this to the extraConfig that is there (v.yaml, line 3)",
            &[("config/extraConfig", "(c, [\"a\"])")],
        ),
        (
            "config:\n  spawner:\n    extraConfig: x = 1\n",
            "v.yaml:3: config.spawner.extraConfig: charts differ",
            &[],
        ),
        (
            "config:\n  adminUsers: []\n  extraConfig: [x]\n",
            "v.yaml:3: config.extraConfig: one text is wanted",
            &[],
        ),
    ] {
        let wanted = Wanted {
            admins: vec!["boss".to_owned()],
            ..wanted(Flavor::F7t4jhub, &["a"])
        };
        let composed = with(&wanted, text);
        assert!(
            all(&composed).contains(told),
            "{text}\n{:#?}\n{}",
            composed.notes,
            composed.text
        );
        assert!(!composed.text.contains("SECRET"), "{}", composed.text);
        // The role of the chart is never defined again.
        assert!(!composed.text.contains("load_roles"), "{}", composed.text);
        has(&composed.text, printed);
    }
    let hook = format!(
        "config:\n  adminUsers: [x]\n  serviceAccountUsers: [a]\n  extraConfig: |\n{}",
        indented(&ours("a"), 4)
    );
    let composed = with(&wanted(Flavor::F7t4jhub, &["a"]), &hook);
    assert_eq!(composed.text, "", "{:?}", composed.notes);
}

#[test]
fn the_hub_tells_its_version_by_its_image() {
    let text = "f7t4jhub:\n  hub: {image: 'ghcr.io/x/f7t4jhub:6.1.1'}\n  config: {commonName: x}\n";
    let unversioned = Wanted {
        version: None,
        login: Login::Unknown,
        ..wanted(Flavor::F7t4jhub, &["a"])
    };
    let composed = with(&unversioned, text);
    assert!(
        all(&composed).contains("JupyterHub 6.1.1 refuses no API request"),
        "{:?}",
        composed.notes
    );
    has(&composed.text, &[("f7t4jhub/config/extraConfig!", "")]);
    let composed = with(&unversioned, &text.replace("6.1.1", "5.4.3"));
    has(
        &composed.text,
        &[("f7t4jhub/config/extraConfig", "refresh_user_hook")],
    );
}

#[test]
fn z2jh_knows_how_the_hub_logs_in() {
    let config =
        |text: &str| format!("hub:\n  config:\n    JupyterHub: {{authenticator_class: {text}}}\n");
    for (class, more, hub, hook, told) in [
        (
            "github",
            "GitHubOAuthenticator: {enable_auth_state: true}",
            "5.5.4",
            true,
            "logs in through OAuth, with",
        ),
        (
            "oauthenticator.generic.GenericOAuthenticator",
            "Authenticator: {enable_auth_state: yes}",
            "5.5.4",
            true,
            "with enable_auth_state",
        ),
        (
            "generic-oauth",
            "Authenticator: {enable_auth_state: true}",
            "6.1.1",
            false,
            "refuses no API request",
        ),
        (
            "generic-oauth",
            "Authenticator: {enable_auth_state: true, auth_refresh_strict: true}",
            "6.1.1",
            true,
            "",
        ),
        (
            "generic-oauth",
            "Authenticator: {enable_auth_state: true, auth_refresh_age: 0}",
            "5.5.4",
            false,
            "no login is ever refreshed",
        ),
        (
            "generic-oauth",
            "Authenticator: {}",
            "5.5.4",
            false,
            "without enable_auth_state in this file",
        ),
        (
            "dummy",
            "Authenticator: {}",
            "5.5.4",
            false,
            "nothing is needed",
        ),
        (
            "my.Own",
            "Authenticator: {enable_auth_state: true}",
            "5.5.4",
            false,
            "cannot be told",
        ),
    ] {
        let text = format!("{}    {more}\n", config(class));
        let asked = Wanted {
            version: HubVersion::parse(hub),
            login: Login::Unknown,
            ..wanted(Flavor::Z2jh, &["a"])
        };
        let composed = with(&asked, &text);
        assert_eq!(
            composed.text.contains("refresh_user_hook"),
            hook,
            "{text}{:?}",
            composed.notes
        );
        assert!(all(&composed).contains(told), "{text}{:?}", composed.notes);
    }
}

#[test]
fn hubs_before_5_want_their_accounts_on_a_list() {
    let old = |flavor| Wanted {
        version: HubVersion::parse("4.1.6"),
        ..wanted(flavor, &["a"])
    };
    let text = "hub:\n  config:\n    Authenticator:\n      allowed_users: [b]\n";
    has(
        &with(&old(Flavor::Z2jh), text).text,
        &[("hub/config/Authenticator/allowed_users", "b a")],
    );
    has(
        &with(&wanted(Flavor::Z2jh, &["a"]), text).text,
        &[("hub/config!", "")],
    );
    // An empty list allows everybody, and one name on it nobody else.
    has(
        &with(&old(Flavor::Z2jh), "hub:\n  config: {}\n").text,
        &[("hub/config!", "")],
    );
    assert!(
        compose(&old(Flavor::Python), None)
            .unwrap()
            .text
            .contains("_hubprobe_allow(c, [\"a\"])")
    );
    assert!(
        !compose(&wanted(Flavor::Python, &["a"]), None)
            .unwrap()
            .text
            .contains("_hubprobe_allow")
    );
    let none = Wanted {
        version: HubVersion::parse("1.5.1"),
        ..wanted(Flavor::Python, &["a"])
    };
    assert!(compose(&none, None).unwrap_err().contains("no roles"));
}
