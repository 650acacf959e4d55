//! How a zero-to-jupyterhub hub logs people in, as far as its values say: `hub.config.JupyterHub.authenticator_class`, and whether
//! logins are kept (`enable_auth_state`) and refreshed at all.

use crate::account::hub_config::Wanted;
use crate::account::hub_config::exempt::{Login, Oauth};
use crate::account::hub_config::present::Told;
use crate::account::hub_config::values::Tree;

/// How the hub logs in: what was said, else what the values say.
pub(super) fn login(wanted: &Wanted, section: &Tree, told: &mut Told) -> Login {
    if wanted.login != Login::Unknown {
        return wanted.login.clone();
    }
    let config = section.at(&["config"]);
    let class = config.and_then(|config| config.at(&["JupyterHub", "authenticator_class"]));
    let Some((class, text)) = class.and_then(|class| Some((class, class.text()?))) else {
        return Login::Unknown;
    };
    const OAUTH: [&str; 10] = [
        "oauth",
        "github",
        "gitlab",
        "google",
        "globus",
        "azuread",
        "bitbucket",
        "cilogon",
        "mediawiki",
        "openshift",
    ];
    let lower = text.to_ascii_lowercase();
    let key = "config.JupyterHub.authenticator_class";
    if lower == "auth0" || OAUTH.iter().any(|word| lower.contains(word)) {
        let set = |trait_name: &str| {
            config.is_some_and(|config| {
                let mut sections = config.entries().iter();
                sections.any(|(_, _, tree)| tree.at(&[trait_name]).is_some_and(Tree::is_on))
            })
        };
        if !set("enable_auth_state") {
            told.mind(key, class.line, "logs in through OAuth, without enable_auth_state in this file: then no login is refreshed, and \
                nothing is needed; if another file sets it, add --login oauth");
            return Login::Other;
        }
        let age = config.and_then(|config| config.at(&["Authenticator", "auth_refresh_age"]));
        if let Some(age) = age.filter(|age| age.text().as_deref() == Some("0")) {
            told.mind(
                "config.Authenticator.auth_refresh_age",
                age.line,
                "0: no login is ever refreshed, so nothing is needed",
            );
            return Login::Other;
        }
        told.mind(
            key,
            class.line,
            "logs in through OAuth, with enable_auth_state",
        );
        return Login::Oauth(Oauth {
            strict: set("auth_refresh_strict"),
            ..Oauth::default()
        });
    }
    let known = [
        "dummy", "pam", "native", "ldap", "tmp", "null", "firstuse", "lti",
    ];
    if known.iter().any(|word| lower.contains(word)) {
        return Login::Other;
    }
    told.mind(
        key,
        class.line,
        "whether this refreshes logins cannot be told",
    );
    Login::Unknown
}
