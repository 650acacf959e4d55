//! What the new token of a rotation may do: as much as the old one did, unless told
//! otherwise, and enough to be rotated again where the account does that by itself.

use jupyterhub_client::{HubVersion, Identity};

use super::asking::Asking;
use super::replaced::Old;
use super::rotate::Rotating;
use super::scopes;
use super::show::As;
use crate::diagnose::scope::{Held, held};
use crate::vocabulary::{Cause, Finding};

/// Why who is asking may not.
pub(super) fn may_not(asking: &Asking, wanted: &Rotating, identity: &Identity) -> Option<Finding> {
    let name = &wanted.name;
    if wanted.who == As::Admin {
        let what = format!("make and revoke tokens of {name}");
        return asking.lacks(identity, "tokens", name, &what);
    }
    let source = &wanted.source;
    if identity.kind == "service" || &identity.name != name {
        let found = format!(
            "the token from {source} is of {} {}, not of {name}",
            identity.kind, identity.name
        );
        let advice = if identity.kind == "service" {
            "A service's token stands in the hub's configuration or secret: put a new one there, and restart the hub. For a \
             token of the account give its own file, or an administrator's with --admin-token-file."
        } else {
            "Give the file of the account's own token, or an administrator's with --admin-token-file."
        };
        return Some(Finding::new(Cause::TokenWrongUser, found).advise(advice));
    }
    let scopes = identity.scopes.as_ref()?;
    if may_rotate(scopes, name) {
        return None;
    }
    let finding = Finding::new(
            Cause::TokenMissingScope,
            format!("the token of {name} may not make its successor"),
        )
        .seen(format!(
            "it lacks the scope tokens!user={name}; it may {}",
            scopes::in_words(scopes).join("; ")
        ))
        .advise(format!(
            "An administrator can: hubprobe account rotate {name} --url {} --admin-token-file FILE. An account that is \
             to rotate by itself is made with account create --scopes \
             'servers!user={name},access:servers!user={name},tokens!user={name}'.",
            wanted.target.url
        ));
    Some(asking.clean(finding))
}

/// The scopes to ask for: those that are named, else those of the old token.
pub(super) fn scopes(
    wanted: &Rotating,
    old: &Old,
    version: Option<&HubVersion>,
    warnings: &mut Vec<String>,
) -> Vec<String> {
    let name = &wanted.name;
    if let Some(scopes) = &wanted.scopes {
        return scopes.clone();
    }
    if let Some(held) = old.scopes() {
        return scopes::without_implied(held);
    }
    warnings.push(format!(
            "what the old token might do is not known, so the new one gets the least that a check needs: {}",
            scopes::least(name, version).join(", ")
        ));
    scopes::least(name, version)
}

fn may_rotate(scopes: &[String], name: &str) -> bool {
    matches!(
        held(scopes, "tokens", name, ""),
        Held::Yes | Held::ForGroup(_)
    )
}

/// Whether a token with these scopes, as they are asked for, may do it again.
pub(super) fn may_rotate_again(asked: &[String], name: &str) -> bool {
    asked.iter().any(|scope| {
        let (base, filter) = scope.split_once('!').unwrap_or((scope, ""));
        matches!(base, "tokens" | "self" | "inherit" | "all")
            && (filter.is_empty() || filter == "user" || filter == format!("user={name}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_must_hold_tokens() {
        let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (asked, may) in [
            ("servers!user=x tokens!user=x", true),
            ("servers!user tokens!user", true),
            ("self", true),
            ("servers!user=x read:tokens!user=x", false),
            ("tokens!user=y", false),
        ] {
            assert_eq!(may_rotate_again(&list(asked), "x"), may, "{asked}");
        }
    }
}
