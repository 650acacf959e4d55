//! The seats of a probe: an account of its hub with one of that account's servers, where one visit at a time may be.
//! `account` and `server` name one each, or several, of which any will do: with `--jobs` they spread the probes of a suite.

use std::collections::HashSet;

use super::document::{Document, Kind, Node};
use super::error::SuiteError;
use super::fields::{Fields, text, wrong_type};
use super::hubs::HubEntry;
use super::nearest::meant;
use super::{Account, Probe};

/// The seats that a probe may have; more would be for load, and that is no suite's affair.
const MOST: usize = 1_000;

/// What stands for all accounts of a hub; no user has such a name.
const ALL: &str = "*";

/// An account and one of its servers.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Who walks.
    pub account: Account,
    /// The named server; empty for the default server.
    pub server: String,
}

impl Probe {
    /// Every seat that it may take, the first that was named first.
    pub fn seats(&self) -> impl Iterator<Item = Seat> + '_ {
        let first = Seat {
            account: self.account.clone(),
            server: self.server.clone(),
        };
        std::iter::once(first).chain(self.elsewhere.iter().cloned())
    }

    /// The accounts of all its seats, each as often as it has one, to be changed.
    pub fn accounts_mut(&mut self) -> impl Iterator<Item = &mut Account> {
        let others = self.elsewhere.iter_mut().map(|seat| &mut seat.account);
        std::iter::once(&mut self.account).chain(others)
    }

    /// The same probe, to be walked at one of its seats and nowhere else.
    pub fn at(&self, seat: Seat) -> Self {
        Self {
            account: seat.account,
            server: seat.server,
            elsewhere: Vec::new(),
            ..self.clone()
        }
    }

    /// From now on all its accounts use this server.
    pub fn only_server(&mut self, server: &str) {
        server.clone_into(&mut self.server);
        let mut seats = std::mem::take(&mut self.elsewhere);
        let mut seen = vec![self.account.name.clone()];
        seats.retain(|seat| {
            let is_new = !seen.contains(&seat.account.name);
            seen.push(seat.account.name.clone());
            is_new
        });
        for seat in &mut seats {
            server.clone_into(&mut seat.server);
        }
        self.elsewhere = seats;
    }
}

/// All seats of a probe; never none.
///
/// # Errors
/// At a name where there is no such account, at the probe where it names none of several; at an empty list, at what is
/// named twice, at a server's name with a slash.
pub(super) fn seats(
    document: &Document,
    node: &Node,
    fields: &Fields<'_>,
    called: &str,
    entry: &HubEntry<'_>,
) -> Result<Vec<Seat>, SuiteError> {
    let accounts = accounts(document, node, fields, called, entry)?;
    let servers = servers(document, fields)?;
    if accounts.len().saturating_mul(servers.len()) > MOST {
        let reason = format!(
            "{called} could be walked on {} servers, and {MOST} are the most",
            accounts.len().saturating_mul(servers.len())
        );
        let remedy = "name fewer accounts or servers";
        return Err(document.error(node.place, reason, remedy));
    }
    let of = |account: &&Account| {
        let account = (*account).clone();
        servers.iter().map(move |server| Seat {
            account: account.clone(),
            server: (*server).to_owned(),
        })
    };
    // One server of each account before the second of any: accounts are spread best.
    let mut seats: Vec<(usize, Seat)> = accounts
        .iter()
        .flat_map(|account| of(account).enumerate())
        .collect();
    seats.sort_by_key(|(turn, _)| *turn);
    Ok(seats.into_iter().map(|(_, seat)| seat).collect())
}

fn accounts<'a>(
    document: &Document,
    node: &Node,
    fields: &Fields<'_>,
    called: &str,
    entry: &'a HubEntry<'_>,
) -> Result<Vec<&'a Account>, SuiteError> {
    let all: Vec<&str> = entry
        .accounts
        .iter()
        .map(|account| account.name.as_str())
        .collect();
    let hub = &entry.name;
    let Some(named) = fields.get("account") else {
        return match entry.accounts.as_slice() {
            [only] => Ok(vec![only]),
            several => Err(document.error(
                node.place,
                format!(
                    "{called} does not say which of the {} accounts of the hub `{hub}` it walks as",
                    several.len()
                ),
                format!(
                    "add account: {}; or account: \"{ALL}\", if any of them will do",
                    all.join(" or account: ")
                ),
            )),
        };
    };
    let find = |at: &Node, wanted: &str| {
        let found = entry.accounts.iter().find(|account| account.name == wanted);
        found.ok_or_else(|| {
            let known = format!("its accounts are: {}", all.join(", "));
            let reason = format!("{called}: the hub `{hub}` has no account named `{wanted}`");
            document.error(at.place, reason, meant(wanted, &all, known))
        })
    };
    match one_or_several(document, named, "account")? {
        Named::One(ALL) if !all.contains(&ALL) => Ok(entry.accounts.iter().collect()),
        Named::One(wanted) => Ok(vec![find(named, wanted)?]),
        Named::Several(names) => names.into_iter().map(|(at, name)| find(at, name)).collect(),
    }
}

fn servers<'a>(document: &Document, fields: &Fields<'a>) -> Result<Vec<&'a str>, SuiteError> {
    let Some(named) = fields.get("server") else {
        return Ok(vec![""]);
    };
    let names = match one_or_several(document, named, "server")? {
        Named::One(name) => vec![(named, name)],
        Named::Several(names) => names,
    };
    if let Some((at, _)) = names.iter().find(|(_, name)| name.contains('/')) {
        let remedy = "name it without";
        return Err(document.error(at.place, "a server's name has no / in it", remedy));
    }
    Ok(names.into_iter().map(|(_, name)| name).collect())
}

enum Named<'a> {
    One(&'a str),
    Several(Vec<(&'a Node, &'a str)>),
}

fn one_or_several<'a>(
    document: &Document,
    node: &'a Node,
    key: &str,
) -> Result<Named<'a>, SuiteError> {
    let items = match &node.kind {
        Kind::List(items) => items,
        Kind::Map(_) => {
            let wanted = "a text, or a list of texts";
            return Err(wrong_type(document, node, key, wanted, ""));
        }
        _ => return Ok(Named::One(text(document, node, key)?)),
    };
    if items.is_empty() {
        let reason = format!("{key}: an empty list, so that the probe could not be walked");
        return Err(document.error(node.place, reason, "name one, or remove it"));
    }
    let mut names: Vec<(&Node, &str)> = Vec::with_capacity(items.len());
    let mut seen = HashSet::new();
    for item in items {
        let name = text(document, item, key)?;
        if !seen.insert(name) {
            let reason = format!("{key}: `{name}` is named twice");
            return Err(document.error(item.place, reason, "remove one of the two"));
        }
        names.push((item, name));
    }
    Ok(Named::Several(names))
}
