//! Who walks where: the hub and the account that a probe names, or that need no
//! name because there is one.

use super::Account;
use super::document::{Document, Node};
use super::error::SuiteError;
use super::fields::Fields;
use super::hubs::HubEntry;
use super::nearest::meant;

/// The hub of a probe.
///
/// # Errors
/// At the name where there is no such hub, at the probe where it names none of several.
pub(super) fn hub<'a>(
    document: &Document,
    node: &Node,
    fields: &Fields<'_>,
    called: &str,
    hubs: &'a [HubEntry<'a>],
) -> Result<&'a HubEntry<'a>, SuiteError> {
    let names: Vec<&str> = hubs.iter().map(|hub| hub.name.as_str()).collect();
    match (fields.get("hub"), fields.text("hub")?, hubs) {
        (Some(at), Some(wanted), _) => {
            hubs.iter().find(|hub| hub.name == wanted).ok_or_else(|| {
                let all = format!("the hubs are: {}", names.join(", "));
                document.error(
                    at.place,
                    format!("{called}: there is no hub named `{wanted}`"),
                    meant(wanted, &names, all),
                )
            })
        }
        (_, _, [only]) => Ok(only),
        _ => {
            let remedy = format!("add hub: {}", names.join(" or hub: "));
            Err(document.error(
                node.place,
                format!(
                    "{called} does not say which of {} hubs it is for",
                    hubs.len()
                ),
                remedy,
            ))
        }
    }
}

/// The account of a probe on its hub.
///
/// # Errors
/// At the name where there is no such account, at the probe where it names none of several.
pub(super) fn account<'a>(
    document: &Document,
    node: &Node,
    fields: &Fields<'_>,
    called: &str,
    entry: &'a HubEntry<'_>,
) -> Result<&'a Account, SuiteError> {
    let names: Vec<&str> = entry
        .accounts
        .iter()
        .map(|account| account.name.as_str())
        .collect();
    let hub = &entry.name;
    match (
        fields.get("account"),
        fields.text("account")?,
        entry.accounts.as_slice(),
    ) {
        (Some(at), Some(wanted), accounts) => accounts
            .iter()
            .find(|account| account.name == wanted)
            .ok_or_else(|| {
                let all = format!("its accounts are: {}", names.join(", "));
                let reason = format!("{called}: the hub `{hub}` has no account named `{wanted}`");
                document.error(at.place, reason, meant(wanted, &names, all))
            }),
        (_, _, [only]) => Ok(only),
        (_, _, accounts) => Err(document.error(
            node.place,
            format!(
                "{called} does not say which of the {} accounts of the hub `{hub}` it walks as",
                accounts.len()
            ),
            format!("add account: {}", names.join(" or account: ")),
        )),
    }
}
