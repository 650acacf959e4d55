//! What a values.yaml has already of what is wanted: in lists, in roles, in code. Where that cannot be told, it says so.

use super::values::{Chart, Section, Tree, sections};
use super::{Values, Wanted, code};
use crate::account::scopes;

/// The one place in a file where a chart's values stand; none, with what is to be said of it, where there is none or not one.
pub(super) fn one<'a>(
    wanted: &Wanted,
    values: &'a Values,
    chart: &Chart,
    notes: &mut Vec<String>,
) -> Option<Section<'a>> {
    let (file, key) = (&values.file, chart.key);
    let mut found = sections(&values.documents, chart);
    if let Some(under) = &wanted.under {
        found.retain(|section| &section.under == under);
    }
    if found.len() > 1 {
        let places: Vec<String> = found
            .iter()
            .map(|section| format!("line {} ({})", section.line, path(&section.under, key)))
            .collect();
        notes.push(format!(
            "{file}: which of these is the hub's cannot be told: {}. Name the keys above {key} with --under; all of it is printed",
            places.join(", ")
        ));
        return None;
    }
    if found.is_empty() {
        let at = wanted.under.as_ref().map_or(String::new(), |under| {
            format!(
                " below {}",
                if under.is_empty() {
                    "no key".to_owned()
                } else {
                    under.join(".")
                }
            )
        });
        notes.push(format!(
            "{file}: no values of this chart were found{at} (a map {key} with keys such as {}), so all of it is printed; if they are \
             there under another name, or in a text, see what stands there already",
            chart.below.iter().take(3).copied().collect::<Vec<_>>().join(", ")
        ));
    }
    for (line, place) in values.documents.iter().flat_map(|tree| in_texts(tree, key)) {
        notes.push(format!(
            "{file}:{line}: {place}: a text that seems to hold values itself; it is not read: give it as a file of its own"
        ));
    }
    found.pop()
}

/// Texts that hold values: an Argo CD Application has them so.
fn in_texts(tree: &Tree, key: &str) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    for (name, line, value) in tree.entries() {
        let holds = |text: String| text.lines().any(|line| line.trim() == format!("{key}:"));
        if name == "values" && value.text().is_some_and(holds) {
            found.push((*line, name.clone()));
        }
        let below = in_texts(value, key).into_iter();
        found.extend(below.map(|(line, place)| (line, format!("{name}.{place}"))));
    }
    found
}

fn path(under: &[String], key: &str) -> String {
    let mut keys: Vec<&str> = under.iter().map(String::as_str).collect();
    keys.push(key);
    keys.join(".")
}

/// What stands in a file, told with its place.
#[derive(Debug)]
pub(super) struct Told {
    file: String,
    /// The keys of the section, for paths.
    prefix: String,
    pub(super) notes: Vec<String>,
    /// What holds without a file too.
    pub(super) general: Vec<String>,
}

impl Told {
    pub(super) fn new(file: &str, section: &Section<'_>, key: &str) -> Self {
        Self {
            file: file.to_owned(),
            prefix: path(&section.under, key),
            notes: Vec::new(),
            general: Vec::new(),
        }
    }

    /// What is to be minded, file or not.
    pub(super) fn always(&mut self, what: &str) {
        self.general.push(what.to_owned());
    }

    /// A path below the section.
    pub(super) fn path(&self, keys: &str) -> String {
        format!("{}.{keys}", self.prefix)
    }

    /// It is there.
    pub(super) fn there(&mut self, keys: &str, line: u64, what: &str) {
        let path = self.path(keys);
        self.notes
            .push(format!("{}:{line}: {path}: {what}: there", self.file));
    }

    /// It is not there.
    pub(super) fn missing(&mut self, keys: &str, what: &str) {
        let path = self.path(keys);
        self.notes
            .push(format!("{}: {path}: {what}: missing, printed", self.file));
    }

    /// It is there, but this is to be minded.
    pub(super) fn mind(&mut self, keys: &str, line: u64, what: &str) {
        let path = self.path(keys);
        self.notes
            .push(format!("{}:{line}: {path}: {what}", self.file));
    }
}

/// A list that is to have some names: all of it as it must become, and which are new; none where all are there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grown {
    pub(super) all: Vec<String>,
    pub(super) new: Vec<String>,
}

impl Grown {
    pub(super) fn of(there: Vec<String>, names: &[String]) -> Option<Self> {
        let new: Vec<String> = names
            .iter()
            .filter(|name| !there.contains(name))
            .cloned()
            .collect();
        (!new.is_empty()).then(|| Self {
            all: there.into_iter().chain(new.iter().cloned()).collect(),
            new,
        })
    }

    /// Each item, and whether it is new, for a comment.
    pub(super) fn items(&self) -> impl Iterator<Item = (&str, &str)> {
        let mixed = self.all.len() > self.new.len();
        self.all.iter().map(move |name| {
            let new = mixed && self.new.contains(name);
            (name.as_str(), if new { "new" } else { "" })
        })
    }
}

/// A role of the chart's `hub.loadRoles`.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) key: String,
    pub(super) line: u64,
    pub(super) users: Vec<String>,
    pub(super) services: Vec<String>,
    pub(super) scopes: Vec<String>,
}

/// The roles; what cannot be read as one is told.
pub(super) fn roles(tree: Option<&Tree>, told: &mut Told) -> Vec<Role> {
    let Some(tree) = tree else {
        return Vec::new();
    };
    let mut roles = Vec::new();
    for (key, line, spec) in tree.entries() {
        let list = |name: &str| spec.get_texts(name);
        match (list("users"), list("services"), list("scopes")) {
            (Some(users), Some(services), Some(scopes)) => roles.push(Role {
                key: key.clone(),
                line: *line,
                users,
                services,
                scopes,
            }),
            _ => told.mind(
                &format!("loadRoles.{key}"),
                *line,
                "what it gives cannot be told (users, services and scopes are to be lists of texts), so it is taken for nothing",
            ),
        }
    }
    roles
}

impl Tree {
    /// The texts of a list below a key; an empty one where there is none.
    fn get_texts(&self, key: &str) -> Option<Vec<String>> {
        self.at(&[key]).map_or(Some(Vec::new()), Self::texts)
    }
}

impl Role {
    /// The scopes that it gives to a user of this name.
    fn held(&self, name: &str) -> Vec<String> {
        let mut held = Vec::new();
        for scope in &self.scopes {
            match scope.as_str() {
                // What a user may do with itself (JupyterHub's scopes.py, _expand_self_scope), as far as it matters here.
                "self" => held.extend(
                    [
                        "read:users",
                        "users:activity",
                        "servers",
                        "tokens",
                        "access:servers",
                    ]
                    .map(|scope| format!("{scope}!user={name}")),
                ),
                other => held.push(match other.strip_suffix("!user") {
                    Some(base) => format!("{base}!user={name}"),
                    None => other.to_owned(),
                }),
            }
        }
        held
    }
}

/// The role that gives a user these scopes; of several only one is named.
pub(super) fn gives<'a>(roles: &'a [Role], name: &str, wanted: &[String]) -> Option<&'a Role> {
    let mine: Vec<&Role> = roles
        .iter()
        .filter(|role| role.users.iter().any(|user| user == name))
        .collect();
    let held: Vec<String> = mine.iter().flat_map(|role| role.held(name)).collect();
    let lacking = scopes::compare(wanted, &held, name).lacking;
    mine.first().copied().filter(|_| lacking.is_empty())
}

/// The role and the service that work as a user with these scopes.
pub(super) fn serves<'a>(
    roles: &'a [Role],
    services: &[&str],
    name: &str,
    wanted: &[String],
) -> Option<(&'a Role, &'a str)> {
    roles.iter().find_map(|role| {
        let service = role
            .services
            .iter()
            .find(|service| services.contains(&service.as_str()))?;
        scopes::compare(wanted, &role.scopes, name)
            .lacking
            .is_empty()
            .then_some((role, service.as_str()))
    })
}

/// The accounts that a text of code exempts, by our own piece; and whether it has a hook that is not ours.
pub(super) fn exempted(text: &str) -> (Vec<String>, bool) {
    let ours = code::exempted(text);
    let foreign = ours.is_empty() && text.contains("refresh_user");
    (ours, foreign)
}

/// Says that code has a hook that is not ours, or may have.
pub(super) fn note_hook(told: &mut Told, path: &str, line: u64) {
    told.mind(
        path,
        line,
        "it has a refresh_user of its own; whom that exempts cannot be told by reading. What is printed goes with it: a \
         refresh_user_hook is asked for everybody else",
    );
}
