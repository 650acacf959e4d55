//! The part `hubs:` of a suite file.

use super::defaults::{self, Defaults};
use super::document::{Document, Kind, Node};
use super::error::{SuiteError, whole_or_faults};
use super::extends::entry;
use super::fields::{Fields, Shape, beside, map, secret_source, text, wrong_type};
use super::hub_url::hub_url;
use super::notebooks::Notebooks;
use super::sources::Sources;
use super::{Account, Hub};

pub(super) const HUB: Shape = Shape {
    what: "a hub",
    known: &[
        "url",
        "ca_file",
        "headers",
        "accounts",
        "defaults",
        "consecutive_failure_limit",
    ],
    secret: false,
};
pub(super) const ACCOUNT: Shape = Shape {
    what: "an account",
    known: &["token", "dedicated"],
    secret: true,
};

/// Headers that the connection or the token owns.
const OWNED_HEADERS: [&str; 7] = [
    "authorization",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "cookie",
];

/// A hub of the file with its accounts.
pub(super) struct HubEntry<'a> {
    pub(super) name: String,
    pub(super) hub: Hub,
    pub(super) accounts: Vec<Account>,
    /// What the probes on it begin with.
    pub(super) defaults: Option<Defaults<'a>>,
}

/// Reads all hubs; notes are added to `notes`.
pub(super) fn read<'a>(
    document: &Document,
    node: &'a Node,
    named: &Notebooks<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<HubEntry<'a>>, Vec<SuiteError>> {
    let entries =
        map(document, node, "hubs", "a map of names to hubs").map_err(|error| vec![error])?;
    if entries.is_empty() {
        return Err(vec![document.error(
            node.place,
            "there are no hubs",
            "add one, as in alps: { url: …, accounts: { … } }",
        )]);
    }
    whole_or_faults(entries.iter().map(|(key, node)| {
        if key.text.trim().is_empty() {
            return Err(document.error(key.place, "a hub has an empty name", "give it one"));
        }
        hub(document, &key.text, node, named, notes)
    }))
}

fn hub<'a>(
    document: &Document,
    name: &str,
    node: &'a Node,
    named: &Notebooks<'_>,
    notes: &mut Vec<String>,
) -> Result<HubEntry<'a>, SuiteError> {
    let called = format!("the hub `{name}`");
    let fields = Fields::of(document, node, &called, &HUB)?;
    let url_node = fields.required("url", "url: https://jupyter.example.org")?;
    let (url, note) = hub_url(text(document, url_node, "url")?).map_err(|error| {
        document.error(
            url_node.place,
            format!("{called}: {}", error.reason),
            error.remedy,
        )
    })?;
    notes.extend(note.map(|note| format!("{called}: {note}")));
    let hub = Hub {
        name: Some(name.to_owned()),
        url,
        ca_file: ca_file(document, &fields, named.sources)?,
        headers: headers(document, &fields)?,
        failure_limit: failure_limit(document, &fields)?,
    };
    let accounts = fields.required(
        "accounts",
        "accounts: { servuser: { token: { file: servuser.token } } }",
    )?;
    let entries = map(document, accounts, "accounts", "a map of names to accounts")?;
    if entries.is_empty() {
        let example = "add one, as in servuser: { token: { file: servuser.token } }";
        return Err(document.error(accounts.place, format!("{called} has no accounts"), example));
    }
    let accounts = entries
        .iter()
        .map(|(key, node)| {
            if key.text.trim().is_empty() {
                return Err(document.error(
                    key.place,
                    "an account has an empty name",
                    "write the user's name on the hub",
                ));
            }
            account(document, &key.text, node)
        })
        .collect::<Result<_, _>>()?;
    Ok(HubEntry {
        name: name.to_owned(),
        hub,
        accounts,
        defaults: defaults::checked(
            document,
            entry(node, "defaults"),
            &format!("the defaults of {called}"),
            named,
            notes,
        )?,
    })
}

fn failure_limit(document: &Document, fields: &Fields<'_>) -> Result<u32, SuiteError> {
    const NAME: &str = "consecutive_failure_limit";
    let Some(node) = fields.get(NAME) else {
        return Ok(Hub::USUAL_LIMIT);
    };
    let given = match &node.kind {
        Kind::Number(number) => number.as_u64().and_then(|given| u32::try_from(given).ok()),
        _ => None,
    };
    given.ok_or_else(|| {
        let wanted = "a number, as the hub's configuration has it; 0 for none";
        wrong_type(document, node, NAME, wanted, "")
    })
}

fn ca_file(
    document: &Document,
    fields: &Fields<'_>,
    sources: &dyn Sources,
) -> Result<Option<std::path::PathBuf>, SuiteError> {
    let (Some(node), Some(written)) = (fields.get("ca_file"), fields.text("ca_file")?) else {
        return Ok(None);
    };
    let path = beside(document, written);
    match sources.is_there(&path) {
        Ok(()) => Ok(Some(path)),
        Err(problem) => Err(document.error(
            node.place,
            format!("ca_file: {} {problem}", path.display()),
            "name a PEM file; a relative path starts at the suite's directory",
        )),
    }
}

fn headers(
    document: &Document,
    fields: &Fields<'_>,
) -> Result<Vec<(String, super::SecretSource)>, SuiteError> {
    let Some(node) = fields.get("headers") else {
        return Ok(Vec::new());
    };
    let mut headers: Vec<(String, super::SecretSource)> = Vec::new();
    for (key, value) in map(
        document,
        node,
        "headers",
        "a map of header names to where their values are",
    )? {
        let name = key.text.as_str();
        if !is_header_name(name) {
            return Err(document.error_unseen(
                key.place,
                format!("`{name}` cannot be the name of a header"),
                "use letters, digits and hyphens, as in X-Access",
            ));
        }
        if let Some(owned) = OWNED_HEADERS
            .iter()
            .find(|owned| name.eq_ignore_ascii_case(owned))
        {
            let remedy = if *owned == "authorization" {
                "the account's token goes there; if a proxy in front of the hub wants that header too, give it another"
            } else {
                "remove it; the connection sets it"
            };
            return Err(document.error_unseen(
                key.place,
                format!("the header {name} cannot be set"),
                remedy,
            ));
        }
        if headers
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            return Err(document.error_unseen(
                key.place,
                format!("the header {name} is there twice"),
                "remove one of the two",
            ));
        }
        headers.push((
            name.to_owned(),
            secret_source(document, value, &format!("the value of the header {name}"))?,
        ));
    }
    Ok(headers)
}

/// A `token` of RFC 9110, section 5.6.2.
fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn account(document: &Document, name: &str, node: &Node) -> Result<Account, SuiteError> {
    let fields = Fields::of(document, node, &format!("the account `{name}`"), &ACCOUNT)?;
    let token = fields.required("token", "token: { file: servuser.token }")?;
    Ok(Account {
        name: name.to_owned(),
        token: secret_source(document, token, &format!("the token of `{name}`"))?,
        expires: None,
        dedicated: fields.truth("dedicated")?,
    })
}
