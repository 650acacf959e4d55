//! What keeps an account that never logs in from being refused, by the versions of the hub and of oauthenticator.
//!
//! A hub refreshes logins (`Authenticator.refresh_user`), and what cannot be refreshed is refused. Until oauthenticator 17.1 that did
//! nothing; 17.2 refreshes for real; 17.3 has a hook for exceptions. JupyterHub 6.1 refuses API requests over it only where
//! `auth_refresh_strict` is on (`handlers/base.py`, `refresh_auth`); what raises in place of saying no is refused there as well,
//! as an authenticator of one's own may.

use jupyterhub_client::HubVersion;

/// How the hub logs its people in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// Nobody said.
    Unknown,
    /// Not through oauthenticator.
    Other,
    /// Through oauthenticator.
    Oauth(Oauth),
}

/// An oauthenticator.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Oauth {
    /// Its version, major and minor; none where nobody said.
    pub version: Option<(u32, u32)>,
    /// `auth_refresh_strict` is on, which is for 6.1 and newer.
    pub strict: bool,
    /// The authenticator overrides `refresh_user`, so that the hook is not asked.
    pub own_refresh: bool,
}

/// What cures it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cure {
    /// `refresh_user_hook`.
    Hook,
    /// A subclass of the authenticator.
    Subclass,
    /// Nothing is needed; why.
    Nothing(String),
}

/// The cure; none where nobody said how the hub logs in.
pub(super) fn cure(login: &Login, hub: Option<&HubVersion>) -> Option<Cure> {
    let oauth = match login {
        Login::Unknown => return None,
        Login::Other => {
            return Some(Cure::Nothing(
                "logins that are not through OAuth are not refreshed".to_owned(),
            ));
        }
        Login::Oauth(oauth) => oauth,
    };
    if oauth.own_refresh {
        return Some(Cure::Subclass);
    }
    if let Some((major, minor)) = oauth.version
        && (major, minor) < (17, 2)
    {
        return Some(Cure::Nothing(format!(
            "oauthenticator {major}.{minor} refreshes no logins, so nobody is refused; from 17.2 on it does"
        )));
    }
    if let Some(hub) = hub
        && (hub.major, hub.minor) >= (6, 1)
        && !oauth.strict
    {
        return Some(Cure::Nothing(format!(
            "JupyterHub {hub} refuses no API request over a login that cannot be refreshed, unless \
             c.Authenticator.auth_refresh_strict is on; if it is, add --auth-refresh-strict"
        )));
    }
    Some(match oauth.version {
        Some((17, 2)) => Cure::Subclass,
        _ => Cure::Hook,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cure_by_versions() {
        let oauth = |version, strict, own_refresh| {
            Login::Oauth(Oauth {
                version,
                strict,
                own_refresh,
            })
        };
        let of = |login: &Login, hub: &str| match cure(login, HubVersion::parse(hub).as_ref()) {
            None => "unknown",
            Some(Cure::Hook) => "hook",
            Some(Cure::Subclass) => "subclass",
            Some(Cure::Nothing(_)) => "nothing",
        };
        for (login, hub, what) in [
            (oauth(None, false, false), "", "hook"),
            (oauth(None, false, false), "5.5.4", "hook"),
            (oauth(None, false, false), "6.0.0", "hook"),
            (oauth(None, false, false), "6.1.1", "nothing"),
            (oauth(None, true, false), "6.1.1", "hook"),
            (oauth(None, false, true), "6.1.1", "subclass"),
            (oauth(Some((17, 3)), false, false), "5.5.4", "hook"),
            (oauth(Some((17, 2)), false, false), "5.5.4", "subclass"),
            (oauth(Some((17, 1)), false, false), "5.5.4", "nothing"),
            (oauth(Some((15, 1)), true, false), "6.1.1", "nothing"),
            (oauth(Some((18, 0)), false, false), "", "hook"),
            (Login::Other, "5.5.4", "nothing"),
            (Login::Unknown, "5.5.4", "unknown"),
        ] {
            assert_eq!(of(&login, hub), what, "{login:?} {hub}");
        }
    }
}
