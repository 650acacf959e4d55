//! Where a probe walks: the hub that it names, or that needs no name because there
//! is one. Who walks on it stands in `places`.

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
