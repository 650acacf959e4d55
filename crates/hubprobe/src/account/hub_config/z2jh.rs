//! The flavor zero-to-jupyterhub: `hub.loadRoles`, `hub.services`, `hub.extraConfig`, each only where it is missing.
//!
//! The chart's `jupyterhub_config.py` makes the lists of roles and services anew from these keys, and runs the entries of
//! `hub.extraConfig` at its end, sorted by key. A service's token is made by the chart, unless it is given, and lies in the secret
//! `hub`.

mod login;
mod text;

use login::login;
use text::{ENTRY, Pieces, written};

use super::code::{self, ROLE};
use super::exempt::{self, Cure, Login};
use super::present::{self, Grown, Told};
use super::role;
use super::values::{Chart, Kind, Section, Tree};
use super::{Composed, Values, Wanted, listed};

const CHART: Chart = Chart {
    key: "hub",
    below: &[
        "loadRoles",
        "services",
        "extraConfig",
        "config",
        "db",
        "extraEnv",
        "existingSecret",
        "baseUrl",
    ],
    beside: &["singleuser", "cull", "scheduling", "prePuller"],
};

/// Composes it.
pub(super) fn compose(wanted: &Wanted, values: Option<&Values>) -> Composed {
    let mut notes = Vec::new();
    let found = values.and_then(|values| present::one(wanted, values, &CHART, &mut notes));
    let empty = Tree::nothing();
    let section = found.as_ref().map_or(&empty, |section| section.tree);
    let mut told = match (&found, values) {
        (Some(section), Some(values)) => Told::new(&values.file, section, CHART.key),
        _ => Told::new("", &Section::nowhere(&empty), CHART.key),
    };
    let login = login(wanted, section, &mut told);
    let mut pieces = Pieces::default();
    admins(wanted, section, &mut told, &mut pieces);
    accounts(wanted, section, &mut told, &mut pieces);
    exempting(wanted, &login, section, &mut told, &mut pieces);
    warnings(wanted, section, &mut told);
    if found.is_some() {
        notes.append(&mut told.notes);
    }
    notes.append(&mut told.general);
    match exempt::cure(&login, wanted.version.as_ref()) {
        None => notes.push(super::LOGIN_UNKNOWN.to_owned()),
        Some(Cure::Nothing(why)) => {
            notes.push(format!("against refused logins nothing is needed: {why}"))
        }
        Some(_) => {}
    }
    let under = wanted
        .under
        .clone()
        .or_else(|| found.map(|section| section.under))
        .unwrap_or_default();
    Composed {
        text: written(wanted, &under, &pieces),
        notes,
    }
}

fn admins(wanted: &Wanted, section: &Tree, told: &mut Told, pieces: &mut Pieces) {
    if wanted.admins.is_empty() {
        return;
    }
    let key = "config.Authenticator.admin_users";
    pieces.admins = grown(section, key, &wanted.admins, told);
}

/// A list of the section with names added; all of them where it cannot be read.
fn grown(section: &Tree, key: &str, names: &[String], told: &mut Told) -> Option<Grown> {
    let keys: Vec<&str> = key.split('.').collect();
    let tree = section.at(&keys);
    let there = match tree.map(Tree::texts) {
        None => Vec::new(),
        Some(Some(there)) => there,
        Some(None) => {
            let (line, words) = tree.map_or((0, ""), |tree| (tree.line, tree.in_words()));
            told.mind(key, line, &format!("a list is wanted, and this is {words}: what it holds cannot be told, and is not in what is printed"));
            Vec::new()
        }
    };
    for name in names.iter().filter(|name| there.contains(name)) {
        told.there(key, tree.map_or(0, |tree| tree.line), name);
    }
    let grown = Grown::of(there, names);
    if let Some(grown) = &grown {
        told.missing(key, &listed(&grown.new));
    }
    grown
}

fn accounts(wanted: &Wanted, section: &Tree, told: &mut Told, pieces: &mut Pieces) {
    let tree = section.at(&["loadRoles"]);
    if let Some(tree) = tree.filter(|tree| !matches!(tree.kind, Kind::Map(_) | Kind::Null)) {
        told.mind(
            "loadRoles",
            tree.line,
            &format!(
                "a map is wanted, and this is {}: what it gives cannot be told",
                tree.in_words()
            ),
        );
    }
    let roles = present::roles(tree, told);
    let version = wanted.version.as_ref();
    let scopes = match &wanted.as_service {
        None => role::of_accounts(version, &wanted.extras),
        Some(_) => role::of_target(),
    };
    let texts: Vec<String> = scopes.iter().map(|scope| scope.text.clone()).collect();
    let mut lacking = Vec::new();
    for name in &wanted.names {
        match present::gives(&roles, name, &texts) {
            Some(role) => told.there(
                &format!("loadRoles.{}", role.key),
                role.line,
                &format!("the role of {name}"),
            ),
            None => lacking.push(name.clone()),
        }
    }
    if !lacking.is_empty() {
        let ours = roles.iter().find(|role| role.key == ROLE);
        let mut users = ours.map_or(Vec::new(), |role| role.users.clone());
        users.extend(
            lacking
                .iter()
                .filter(|name| !users.contains(name))
                .cloned()
                .collect::<Vec<_>>(),
        );
        let mut all = scopes;
        for scope in ours.map_or(&[][..], |role| &role.scopes) {
            if !texts.contains(scope) {
                all.push(role::Scope {
                    text: scope.clone(),
                    why: "there already",
                });
            }
        }
        told.missing(
            &format!("loadRoles.{ROLE}"),
            &format!("the role of {}", listed(&lacking)),
        );
        pieces.role = Some((users, all));
    }
    if wanted.as_service.is_some() {
        services(wanted, section, &roles, told, pieces);
    }
    // Before 5.0, whom a role names must be allowed in (app.py, init_role_assignment), or the hub does not start.
    let key = "config.Authenticator.allowed_users";
    let list = section.at(&["config", "Authenticator", "allowed_users"]);
    if version.is_some_and(|version| version.major < 5)
        && list
            .and_then(Tree::texts)
            .is_some_and(|list| !list.is_empty())
    {
        pieces.allowed = grown(section, key, &wanted.names, told);
    } else if version.is_some_and(|version| version.major < 5) {
        told.always(
            "before JupyterHub 5.0 a user in a role must be allowed in, or the hub does not start: where hub.config.Authenticator or the \
             authenticator's own section has allowed_users, add the accounts to it (oauthenticator 16 and newer does not ask)",
        );
    }
}

fn services(
    wanted: &Wanted,
    section: &Tree,
    roles: &[present::Role],
    told: &mut Told,
    pieces: &mut Pieces,
) {
    let tree = section.at(&["services"]);
    let entries = tree.map_or(&[][..], Tree::entries);
    let names: Vec<&str> = entries.iter().map(|(key, _, _)| key.as_str()).collect();
    for account in &wanted.names {
        let scopes = role::of_service(wanted.version.as_ref(), &wanted.extras, account);
        let texts: Vec<String> = scopes.iter().map(|scope| scope.text.clone()).collect();
        if let Some((role, service)) = present::serves(roles, &names, account, &texts) {
            let line = entries
                .iter()
                .find(|(key, _, _)| key == service)
                .map_or(role.line, |(_, line, _)| *line);
            told.there(
                &format!("services.{service}"),
                line,
                &format!("a service that works as {account}"),
            );
        } else {
            let service = code::service_name(account);
            told.missing(
                &format!("services.{service}"),
                &format!("a service that works as {account}"),
            );
            pieces.services.push((account.clone(), scopes, service));
        }
    }
}

fn exempting(wanted: &Wanted, login: &Login, section: &Tree, told: &mut Told, pieces: &mut Pieces) {
    let Some(cure @ (Cure::Hook | Cure::Subclass)) = exempt::cure(login, wanted.version.as_ref())
    else {
        return;
    };
    let tree = section.at(&["extraConfig"]);
    if let Some(tree) = tree.filter(|tree| !matches!(tree.kind, Kind::Map(_) | Kind::Null)) {
        told.mind("extraConfig", tree.line, &format!("a map is wanted, and this is {}, as charts before 0.8 took it: make it an entry of a map before adding what is printed", tree.in_words()));
        if tree.text().is_some_and(|text| present::exempted(&text).1) {
            present::note_hook(told, "extraConfig", tree.line);
        }
    }
    let mut there: Vec<String> = Vec::new();
    let mut in_ours = Vec::new();
    for (key, line, entry) in tree.map_or(&[][..], Tree::entries) {
        let text = entry.text().unwrap_or_default();
        let (names, foreign) = present::exempted(&text);
        let path = format!("extraConfig.{key}");
        if foreign {
            present::note_hook(told, &path, *line);
            if key.as_str() > ENTRY {
                told.mind(&path, *line, &format!("it runs after {ENTRY} (the chart sorts by key), so what it sets would replace what is printed; give it a key that sorts before"));
            }
        }
        for name in wanted.names.iter().filter(|name| names.contains(name)) {
            told.there(
                &path,
                *line,
                &format!("what exempts {name} from the refresh of logins"),
            );
        }
        if key == ENTRY {
            in_ours.clone_from(&names);
        }
        there.extend(names);
    }
    let lacking: Vec<String> = wanted
        .names
        .iter()
        .filter(|name| !there.contains(name))
        .cloned()
        .collect();
    if lacking.is_empty() {
        return;
    }
    told.missing(
        &format!("extraConfig.{ENTRY}"),
        &format!(
            "what exempts {} from the refresh of logins",
            listed(&lacking)
        ),
    );
    // The entry replaces one of the same key.
    in_ours.extend(lacking);
    if let Some(code) = code::exempting(&cure, &in_ours, false) {
        pieces.code = code;
        "The chart runs the entries in the order of their keys; this one must be the last, since a hook that is set after it would replace it.".clone_into(&mut pieces.code_why);
    }
}

fn warnings(wanted: &Wanted, section: &Tree, told: &mut Told) {
    for (class, _, tree) in section.at(&["config"]).map_or(&[][..], Tree::entries) {
        if let Some(tree) = tree.at(&["manage_roles"]).filter(|tree| tree.is_on()) {
            told.mind(&format!("config.{class}.manage_roles"), tree.line, "the authenticator gives the roles, and the hub does not start where loadRoles names users too: \
                leave the role's users out, and make the accounts with hubprobe account create");
        }
        let blocked = tree.at(&["blocked_users"]);
        for name in blocked.and_then(Tree::texts).unwrap_or_default() {
            if wanted.names.contains(&name) && wanted.as_service.is_none() {
                told.mind(
                    &format!("config.{class}.blocked_users"),
                    blocked.map_or(0, |tree| tree.line),
                    &format!(
                        "{name} is blocked, which from JupyterHub 5.2 on takes all rights from it: \
                    take it off the list, or use --as-service"
                    ),
                );
            }
        }
    }
}
