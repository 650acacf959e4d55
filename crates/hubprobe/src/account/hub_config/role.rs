//! The least that an account or a service needs, as scopes with the reason for each.
//!
//! An account's role is filtered to its owner (`!user`), so one role serves any number of accounts, each for itself. A service has no
//! owner, so each of its scopes names the one account that it works as. From JupyterHub 6.0 on, `servers` is split, and its parts are
//! asked for; before, only `servers` starts a server (`apihandlers/users.py` of 4.1.6, 5.5.4, 6.1.1).

use jupyterhub_client::HubVersion;

/// What is to be said of an administrator.
pub(super) const WHY_ADMIN: &str = "Makes the accounts' tokens. Once that is done: take the name off this list, uncheck Admin at the user \
    (the hub's Admin page, Edit User; the list alone does not), and revoke its tokens, which outlive both.";

/// What is to be said of a role for accounts.
pub(super) const WHY_ACCOUNTS: &str = "The hub makes these users when it starts, without an administrator's token. The role holds what a \
    token of theirs may be given, each for itself alone (!user), also where the site has narrowed the role user, which all users have. \
    hubprobe account create makes the tokens.";

/// What is to be said of a role for accounts that services work as.
pub(super) const WHY_TARGETS: &str = "The accounts that the services work as. The hub makes them when it starts; they need no token of \
    their own.";

/// More than the least, when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extra {
    /// The user's model: groups, activity.
    ReadUsers,
    /// Making and revoking tokens of the account, so that a token can be rotated.
    Rotate,
    /// The spawner's state: job id, pod name.
    ServerState,
    /// The hub's spawner and authenticator.
    ReadHub,
}

/// A scope, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) text: String,
    pub(super) why: &'static str,
}

/// What the accounts' own tokens may be given.
pub(super) fn of_accounts(version: Option<&HubVersion>, extras: &[Extra]) -> Vec<Scope> {
    let mut scopes = base(version);
    if !extras.contains(&Extra::Rotate) {
        scopes.push(("read:tokens", "to say when its own token expires"));
    }
    scopes.push((
        "users:activity",
        "for the server's own token: to report that it is in use",
    ));
    filtered(scopes, extras, "!user")
}

/// What a service may do that works as one account.
pub(super) fn of_service(
    version: Option<&HubVersion>,
    extras: &[Extra],
    account: &str,
) -> Vec<Scope> {
    filtered(base(version), extras, &format!("!user={account}"))
}

/// What an account needs that a service works as.
pub(super) fn of_target() -> Vec<Scope> {
    vec![Scope {
        text: "users:activity!user".to_owned(),
        why: "for the server's own token: to report that it is in use",
    }]
}

fn base(version: Option<&HubVersion>) -> Vec<(&'static str, &'static str)> {
    let mut scopes = if version.is_some_and(|version| version.major >= 6) {
        vec![
            ("start:servers", "to start its servers"),
            ("read:servers", "to watch them start and go"),
            ("delete:servers", "to stop them"),
        ]
    } else {
        vec![("servers", "to start, watch and stop its servers")]
    };
    scopes.push((
        "access:servers",
        "to work on them: the route, kernels, files",
    ));
    scopes
}

fn filtered(
    mut scopes: Vec<(&'static str, &'static str)>,
    extras: &[Extra],
    filter: &str,
) -> Vec<Scope> {
    let mut whole = None;
    for extra in extras {
        match extra {
            Extra::ReadUsers => scopes.push(("read:users", "to see its groups and activity")),
            Extra::Rotate => scopes.push(("tokens", "to make the next token and revoke the last")),
            Extra::ServerState => {
                scopes.push((
                    "admin:server_state",
                    "to name a job or pod that was left behind",
                ));
            }
            Extra::ReadHub => {
                whole = Some(("read:hub", "to see the hub's spawner and authenticator"))
            }
        }
    }
    let mut scopes: Vec<Scope> = scopes
        .into_iter()
        .map(|(scope, why)| Scope {
            text: format!("{scope}{filter}"),
            why,
        })
        .collect();
    scopes.extend(whole.map(|(scope, why)| Scope {
        text: scope.to_owned(),
        why,
    }));
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(scopes: Vec<Scope>) -> String {
        let texts: Vec<String> = scopes.into_iter().map(|scope| scope.text).collect();
        texts.join(" ")
    }

    #[test]
    fn the_least_differs_by_version_and_owner() {
        let six = HubVersion::parse("6.1.1");
        assert_eq!(
            texts(of_accounts(None, &[])),
            "servers!user access:servers!user read:tokens!user users:activity!user"
        );
        assert_eq!(
            texts(of_accounts(six.as_ref(), &[Extra::Rotate])),
            "start:servers!user read:servers!user delete:servers!user access:servers!user users:activity!user tokens!user"
        );
        assert_eq!(
            texts(of_service(
                HubVersion::parse("5.5.4").as_ref(),
                &[Extra::ReadUsers, Extra::ServerState, Extra::ReadHub],
                "a"
            )),
            "servers!user=a access:servers!user=a read:users!user=a admin:server_state!user=a read:hub"
        );
    }
}
