//! What is missing below `hub:`, written: each piece with the reason for it.

use crate::account::hub_config::code::ROLE;
use crate::account::hub_config::present::Grown;
use crate::account::hub_config::role::{self, Scope};
use crate::account::hub_config::write::Yaml;
use crate::account::hub_config::{Wanted, listed};

/// The entry of `hub.extraConfig`: sorted behind what others have.
pub(super) const ENTRY: &str = "zz-hubprobe";

/// A piece of `hub:`, written once all are known, since its parents are shared.
#[derive(Default)]
pub(super) struct Pieces {
    pub(super) admins: Option<Grown>,
    pub(super) allowed: Option<Grown>,
    /// Users and scopes of our role.
    pub(super) role: Option<(Vec<String>, Vec<Scope>)>,
    pub(super) services: Vec<(String, Vec<Scope>, String)>,
    pub(super) code: String,
    pub(super) code_why: String,
}

pub(super) fn written(wanted: &Wanted, under: &[String], pieces: &Pieces) -> String {
    let config = pieces.admins.is_some() || pieces.allowed.is_some();
    if !config && pieces.role.is_none() && pieces.services.is_empty() && pieces.code.is_empty() {
        return String::new();
    }
    let mut out = Yaml::default();
    out.comment(0, &format!("Service accounts: {} (hubprobe account hub-config). To be merged into the chart's values, or given after them \
        (helm --values FILE): maps are merged then, lists and texts replaced.", listed(&wanted.names)));
    for (depth, key) in under.iter().enumerate() {
        out.key(depth, key);
    }
    let at = under.len();
    out.key(at, "hub");
    let at = at + 1;
    if config {
        out.key(at, "config");
        out.key(at + 1, "Authenticator");
        if let Some(admins) = &pieces.admins {
            out.comment(at + 2, role::WHY_ADMIN);
            out.list(at + 2, "admin_users", admins.items());
        }
        if let Some(allowed) = &pieces.allowed {
            out.comment(at + 2, "Before JupyterHub 5.0 a user in a role must be on this list, or the hub does not start. It also lets whoever has that \
                name at the login in, so see that nobody has.");
            out.list(at + 2, "allowed_users", allowed.items());
        }
    }
    if pieces.role.is_some() || !pieces.services.is_empty() {
        out.key(at, "loadRoles");
    }
    if let Some((users, scopes)) = &pieces.role {
        let why = if wanted.as_service.is_some() {
            role::WHY_TARGETS
        } else {
            role::WHY_ACCOUNTS
        };
        out.comment(at + 1, why);
        out.key(at + 1, ROLE);
        out.list(
            at + 2,
            "users",
            users.iter().map(|name| (name.as_str(), "")),
        );
        out.list(
            at + 2,
            "scopes",
            scopes.iter().map(|scope| (scope.text.as_str(), scope.why)),
        );
    }
    for (account, scopes, service) in &pieces.services {
        out.comment(
            at + 1,
            &format!("What the service may do: work as {account}, and nothing else."),
        );
        out.key(at + 1, service);
        out.list(at + 2, "services", [(service.as_str(), "")]);
        out.list(
            at + 2,
            "scopes",
            scopes.iter().map(|scope| (scope.text.as_str(), scope.why)),
        );
    }
    if !pieces.services.is_empty() {
        out.key(at, "services");
        out.comment(at + 1, "The chart makes the token, which never expires and is not touched by the refresh of logins. Where charts are only rendered (Argo CD), \
            it would be made anew each time: give one there as apiToken, from a secret. To read it:");
        for (_, _, service) in &pieces.services {
            out.verbatim(at + 1, &format!("kubectl --namespace NAMESPACE get secret hub --output go-template='{{{{index .data \"hub.services.{service}.apiToken\" | base64decode}}}}'"));
        }
        for (_, _, service) in &pieces.services {
            out.pair(at + 1, service, "{}");
        }
    }
    if !pieces.code.is_empty() {
        out.key(at, "extraConfig");
        out.comment(at + 1, &pieces.code_why);
        out.code(at + 1, ENTRY, &pieces.code);
    }
    out.done()
}
