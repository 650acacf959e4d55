//! The flavor python: a piece for the end of `jupyterhub_config.py`.
//!
//! It works whether the file has assigned `load_roles` and `services` before, only appended to them, or never named them; and a second
//! piece for other accounts completes the first. What is assigned after it replaces it, so it is to be the last.

use super::code;
use super::exempt::{self, Cure};
use super::quote::python_list;
use super::role;
use super::write::python_comment;
use super::{Composed, Wanted, listed};

/// Composes it.
pub(super) fn compose(wanted: &Wanted) -> Composed {
    let mut notes = Vec::new();
    let version = wanted.version.as_ref();
    let mut pieces = vec![format!(
        "{}{}",
        python_comment(&format!(
            "Service accounts: {} (hubprobe account hub-config). To be put at the end of jupyterhub_config.py: what is assigned after it \
             would replace it.",
            listed(&wanted.names)
        )),
        code::adding()
    )];
    if !wanted.admins.is_empty() {
        let admins = python_list(wanted.admins.iter().map(String::as_str));
        pieces.push(format!(
            "{}_hubprobe_admins = c.Authenticator.get(\"admin_users\") or set()\n\
             if hasattr(_hubprobe_admins, \"get_value\"):\n    _hubprobe_admins = _hubprobe_admins.get_value(set())\n\
             c.Authenticator.admin_users = {{*_hubprobe_admins, *{admins}}}\n",
            python_comment(
                role::WHY_ADMIN
            )
        ));
    }
    if version.is_some_and(|version| version.major < 5) {
        pieces.push(code::allowing(&wanted.names));
    }
    match &wanted.as_service {
        None => pieces.push(code::role(
            &wanted.names,
            &role::of_accounts(version, &wanted.extras),
            role::WHY_ACCOUNTS,
        )),
        Some(place) => {
            pieces.push(code::role(
                &wanted.names,
                &role::of_target(),
                role::WHY_TARGETS,
            ));
            let accounts: Vec<_> = wanted
                .names
                .iter()
                .map(|name| {
                    (
                        name.as_str(),
                        role::of_service(version, &wanted.extras, name),
                    )
                })
                .collect();
            pieces.push(code::services(&accounts, place));
        }
    }
    match exempt::cure(&wanted.login, version) {
        None => notes.push(super::LOGIN_UNKNOWN.to_owned()),
        Some(Cure::Nothing(why)) => {
            notes.push(format!("against refused logins nothing is needed: {why}"));
        }
        Some(cure) => pieces.extend(code::exempting(&cure, &wanted.names, false)),
    }
    Composed {
        text: pieces.join("\n\n"),
        notes,
    }
}
