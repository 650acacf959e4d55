//! The flavor f7t4jhub: the lists `adminUsers` and `serviceAccountUsers`, and code in `extraConfig`.
//!
//! The chart makes the role `service-account` of the second list itself, and its spawner looks for that name, so the role is never
//! defined here. `extraConfig` is one string, appended to the hub's configuration: a string cannot be merged, so only our part of it
//! is printed, and said to be appended. Older charts have the lists as Python in a string, which is written as it was found.

use jupyterhub_client::HubVersion;

use super::code;
use super::exempt::{self, Cure, Login, Oauth};
use super::present::{self, Grown, Told};
use super::quote::{python_list, read_python_list};
use super::role;
use super::values::{Chart, Kind, Section, Tree, sections};
use super::write::Yaml;
use super::{Composed, Values, Wanted, listed};

const CHART: Chart = Chart {
    key: "config",
    below: &[
        "serviceAccountUsers",
        "adminUsers",
        "extraConfig",
        "limitedAdminUsers",
        "commonName",
        "hubDefaultUrl",
        "spawner",
    ],
    beside: &["setup", "vault"],
};

/// A list as it is to be written.
struct List {
    key: &'static str,
    grown: Grown,
    /// The brackets of a list that is Python in a string.
    text: Option<(char, char)>,
}

/// The hub's version, as the tag of its image says it; none where it says none, or there are several hubs.
pub(super) fn version(values: &Values) -> Option<HubVersion> {
    let found = sections(&values.documents, &CHART);
    let [section] = &found[..] else {
        return None;
    };
    let image = section.beside.at(&["hub", "image"])?.text()?;
    let (_, tag) = image.rsplit_once(':')?;
    HubVersion::parse(tag)
}

/// Composes it.
pub(super) fn compose(wanted: &Wanted, values: Option<&Values>) -> Composed {
    let mut notes = Vec::new();
    let found = values.and_then(|values| present::one(wanted, values, &CHART, &mut notes));
    let empty = Tree::nothing();
    let nowhere = Section::nowhere(&empty);
    let section = found.as_ref().unwrap_or(&nowhere);
    let file = values.map_or("", |values| values.file.as_str());
    let mut told = Told::new(file, section, CHART.key);
    let admins = list(section, "adminUsers", &wanted.admins, &mut told);
    let accounts = list(section, "serviceAccountUsers", &wanted.names, &mut told);
    // The chart always logs in through OAuth.
    let login = match &wanted.login {
        Login::Unknown => Login::Oauth(Oauth::default()),
        login => login.clone(),
    };
    let cure = exempt::cure(&login, wanted.version.as_ref());
    if let Some(Cure::Nothing(why)) = &cure {
        told.always(&format!("against refused logins nothing is needed: {why}"));
    }
    let code = extra(wanted, cure.as_ref(), section, &mut told);
    if found.is_some() {
        notes.append(&mut told.notes);
    }
    notes.append(&mut told.general);
    notes.push(
        "firecrestspawner of April 2026 and newer starts jobs with the account's own credentials only: there the account also needs an \
         auth_state, or its servers fail with 401 'NoneType' object is not subscriptable"
            .to_owned(),
    );
    let under = wanted
        .under
        .clone()
        .or_else(|| found.as_ref().map(|section| section.under.clone()))
        .unwrap_or_else(|| vec!["f7t4jhub".to_owned()]);
    let appended = section
        .tree
        .at(&["extraConfig"])
        .filter(|tree| tree.text().is_some_and(|text| !text.trim().is_empty()));
    let appended = appended.map(|tree| format!("{file}, line {}", tree.line));
    let lists: Vec<List> = [admins, accounts].into_iter().flatten().collect();
    Composed {
        text: written(wanted, &under, &lists, &code, appended.as_deref()),
        notes,
    }
}

/// A list of the section with names added, in the shape that it has there; all names where it cannot be read.
fn list(
    section: &Section<'_>,
    key: &'static str,
    names: &[String],
    told: &mut Told,
) -> Option<List> {
    if names.is_empty() {
        return None;
    }
    let tree = section.tree.at(&[key]);
    let mut text = None;
    let there = match tree.map(|tree| (&tree.kind, tree)) {
        None => Vec::new(),
        Some((Kind::Text(python), tree)) => {
            told.mind(key, tree.line, "Python in a text, as older charts have it. Look whether the chart's files/jupyterhub-config.py reads \
                serviceAccountUsers (if not, put what --flavor python prints into extraConfig), and whether its authenticator has a refresh_user of its \
                own (then add --own-refresh)");
            match read_python_list(python) {
                Some(there) => {
                    let python = python.trim();
                    text = python.chars().next().zip(python.chars().next_back());
                    there
                }
                None => unread(told, key, tree),
            }
        }
        Some((_, tree)) => tree.texts().unwrap_or_else(|| unread(told, key, tree)),
    };
    for name in names.iter().filter(|name| there.contains(name)) {
        told.there(key, tree.map_or(0, |tree| tree.line), name);
    }
    let grown = Grown::of(there, names)?;
    told.missing(key, &listed(&grown.new));
    Some(List { key, grown, text })
}

fn unread(told: &mut Told, key: &str, tree: &Tree) -> Vec<String> {
    told.mind(
        key,
        tree.line,
        &format!(
            "a list of names is wanted, and this is {}: what it holds cannot be told, and is not in what is printed",
            tree.in_words()
        ),
    );
    Vec::new()
}

/// The code that is missing in `extraConfig`.
fn extra(wanted: &Wanted, cure: Option<&Cure>, section: &Section<'_>, told: &mut Told) -> String {
    let key = "extraConfig";
    let tree = section.tree.at(&[key]);
    for (place, other) in [
        ("spawner.extraConfig", section.tree.at(&["spawner", key])),
        ("extraConfig beside config", section.beside.at(&[key])),
    ] {
        if let Some(other) = other {
            told.mind(place, other.line, "charts differ in where they read extraConfig; look for {{ .Values…extraConfig }} in your chart's \
                files/jupyterhub-config.py, and put what is printed there");
        }
    }
    let text = tree.and_then(Tree::text).unwrap_or_default();
    let line = tree.map_or(0, |tree| tree.line);
    if let Some(tree) =
        tree.filter(|tree| tree.text().is_none() && !matches!(tree.kind, Kind::Null))
    {
        told.mind(
            key,
            line,
            &format!(
                "one text is wanted, and this is {}: what it holds cannot be told",
                tree.in_words()
            ),
        );
    }
    let mut pieces = Vec::new();
    if let Some(place) = &wanted.as_service {
        let served = code::served(&text);
        let is_there = |name: &String| served.contains(&code::service_name(name));
        for name in wanted.names.iter().filter(|name| is_there(name)) {
            told.there(key, line, &format!("a service that works as {name}"));
        }
        let lacking: Vec<String> = wanted
            .names
            .iter()
            .filter(|name| !is_there(name))
            .cloned()
            .collect();
        if !lacking.is_empty() {
            told.missing(key, &format!("services that work as {}", listed(&lacking)));
            let accounts: Vec<_> = lacking
                .iter()
                .map(|name| {
                    (
                        name.as_str(),
                        role::of_service(wanted.version.as_ref(), &wanted.extras, name),
                    )
                })
                .collect();
            pieces.push(format!(
                "{}\n\n{}",
                code::adding(),
                code::services(&accounts, place)
            ));
        }
    }
    if let Some(cure @ (Cure::Hook | Cure::Subclass)) = cure {
        let (there, foreign) = present::exempted(&text);
        if foreign {
            present::note_hook(told, key, line);
        }
        for name in wanted.names.iter().filter(|name| there.contains(name)) {
            told.there(
                key,
                line,
                &format!("what exempts {name} from the refresh of logins"),
            );
        }
        let lacking: Vec<String> = wanted
            .names
            .iter()
            .filter(|name| !there.contains(name))
            .cloned()
            .collect();
        if !lacking.is_empty() {
            told.missing(
                key,
                &format!(
                    "what exempts {} from the refresh of logins",
                    listed(&lacking)
                ),
            );
            pieces.extend(code::exempting(cure, &lacking, true));
        }
    }
    pieces.join("\n\n")
}

fn written(
    wanted: &Wanted,
    under: &[String],
    lists: &[List],
    code: &str,
    appended: Option<&str>,
) -> String {
    if lists.is_empty() && code.is_empty() {
        return String::new();
    }
    let mut out = Yaml::default();
    out.comment(0, &format!("Service accounts: {} (hubprobe account hub-config). To be merged into the chart's values; in a second values file, lists \
        and texts replace those of the first.", listed(&wanted.names)));
    for (depth, key) in under.iter().enumerate() {
        out.key(depth, key);
    }
    let at = under.len();
    out.key(at, CHART.key);
    let at = at + 1;
    for List { key, grown, text } in lists {
        if *key == "adminUsers" {
            out.comment(at, role::WHY_ADMIN);
        } else {
            out.comment(at, "The chart gives these the role service-account, by whose name its spawner knows them: never define that role again. The \
                hub makes the users when it starts. The role is far from the least (list:users, read:metrics, shutdown, delete:users and more): least \
                would be servers, access:servers and read:tokens of the account itself, and hubprobe account create makes tokens that may do no more.");
        }
        match text {
            None => out.list(at, key, grown.items()),
            Some((open, close)) => {
                let python = python_list(grown.all.iter().map(String::as_str));
                let inner = python.trim_start_matches('[').trim_end_matches(']');
                out.pair(
                    at,
                    key,
                    &format!("'{open}{}{close}'", inner.replace('\'', "''")),
                );
            }
        }
    }
    if !code.is_empty() {
        if let Some(place) = appended {
            out.comment(at, &format!("APPEND this to the extraConfig that is there ({place}): put in its place, or in a second values file, it would \
                replace it."));
        }
        out.code(at, "extraConfig", code);
    }
    out.done()
}
