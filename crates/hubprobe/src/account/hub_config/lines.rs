//! One thing that an account lacks on the hub's side, as the line of configuration that gives it, for each kind of site.
//!
//! For whoever examines an account and wants to say where the cure goes. A line is a key and what it is to hold; the whole piece, which
//! keeps what a site has already, is what `account hub-config` prints.

use jupyterhub_client::HubVersion;

use super::quote::{python_list, quoted, yaml};
use super::{Flavor, role};

/// The kinds of site, in the order in which they are told.
pub const FLAVORS: [Flavor; 3] = [Flavor::F7t4jhub, Flavor::Z2jh, Flavor::Python];

/// What an account lacks, or has and should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// A role that holds what a check needs.
    Role,
    /// An exemption from the refresh of logins: `refresh_user_hook`, oauthenticator 17.3 and newer.
    Exemption,
    /// The same where there is no such hook, or it is not asked.
    Subclass,
    /// A hub that keeps login secrets (auth_state).
    Secrets,
    /// Not to be an administrator.
    Modesty,
}

/// The line for one kind of site.
pub fn line(flavor: Flavor, lack: Lack, name: &str, version: Option<&HubVersion>) -> String {
    let item = yaml(name);
    match (lack, flavor) {
        (Lack::Role, Flavor::F7t4jhub) => format!(
            "f7t4jhub.config.serviceAccountUsers: [{item}] (the chart gives these its role service-account)"
        ),
        (Lack::Role, Flavor::Z2jh) => {
            let scopes: Vec<String> = scopes(version).iter().map(|scope| quoted(scope)).collect();
            format!(
                "hub.loadRoles.hubprobe-accounts: {{users: [{item}], scopes: [{}]}}",
                scopes.join(", ")
            )
        }
        (Lack::Role, Flavor::Python) => {
            let scopes = scopes(version);
            format!(
                "c.JupyterHub.load_roles.append({{\"name\": \"hubprobe-accounts\", \"users\": {}, \"scopes\": {}}})",
                python_list([name]),
                python_list(scopes.iter().map(String::as_str))
            )
        }
        (Lack::Exemption, _) => {
            // There the spawner may want the login secrets that the account was given, and wants them fresh.
            let who = match flavor {
                Flavor::F7t4jhub => format!("user.name == {} and not auth_state", quoted(name)),
                Flavor::Z2jh | Flavor::Python => format!("user.name == {}", quoted(name)),
            };
            let code = format!(
                "c.OAuthenticator.refresh_user_hook = lambda authenticator, user, auth_state: ({who}) or None"
            );
            match flavor {
                Flavor::Python => code,
                _ => format!("{}'{}'", place(flavor), code.replace('\'', "''")),
            }
        }
        (Lack::Subclass, _) => format!(
            "{}a subclass of the authenticator that is asked first: hubprobe account hub-config {name} --flavor {} --own-refresh",
            place(flavor),
            flavor.name()
        ),
        (Lack::Secrets, Flavor::F7t4jhub) => {
            "none: the chart keeps login secrets (enable_auth_state)".to_owned()
        }
        (Lack::Secrets, Flavor::Z2jh) => {
            "hub.config.Authenticator.enable_auth_state: true (the chart makes the key that they are encrypted with)"
                .to_owned()
        }
        (Lack::Secrets, Flavor::Python) => {
            "c.Authenticator.enable_auth_state = True, and JUPYTERHUB_CRYPT_KEY in the hub's environment (openssl rand -hex 32)"
                .to_owned()
        }
        (Lack::Modesty, Flavor::F7t4jhub) => {
            format!("f7t4jhub.config.adminUsers: without {item}")
        }
        (Lack::Modesty, Flavor::Z2jh) => format!(
            "hub.config.Authenticator.admin_users: without {item}; and no role with the scopes of an administrator for it in hub.loadRoles"
        ),
        (Lack::Modesty, Flavor::Python) => format!(
            "c.Authenticator.admin_users: without {}; and no role with the scopes of an administrator for it in c.JupyterHub.load_roles",
            quoted(name)
        ),
    }
}

/// Where a site's code goes.
fn place(flavor: Flavor) -> &'static str {
    match flavor {
        Flavor::F7t4jhub => "f7t4jhub.config.extraConfig: ",
        Flavor::Z2jh => "hub.extraConfig.zz-hubprobe: ",
        Flavor::Python => "",
    }
}

fn scopes(version: Option<&HubVersion>) -> Vec<String> {
    let scopes = role::of_accounts(version, &[]).into_iter();
    scopes.map(|scope| scope.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LACKS: [Lack; 5] = [
        Lack::Role,
        Lack::Exemption,
        Lack::Subclass,
        Lack::Secrets,
        Lack::Modesty,
    ];

    /// A values.yaml of one line, and the text below its key.
    fn text_of(line: &str) -> String {
        let (key, value) = line.split_once(": ").unwrap();
        let value: serde_json::Value = serde_saphyr::from_str(value).unwrap();
        assert!(!key.contains(' '), "{line}");
        match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        }
    }

    #[test]
    fn every_lack_has_a_line_for_every_kind_of_site() {
        for flavor in FLAVORS {
            for lack in LACKS {
                let line = line(flavor, lack, "servuser", None);
                assert!(!line.contains('\n'), "{line}");
                let needless = lack == Lack::Secrets && flavor == Flavor::F7t4jhub;
                assert!(needless || line.contains("servuser") || lack == Lack::Secrets);
                let foreign = [("c.JupyterHub", Flavor::Python), ("hub.load", Flavor::Z2jh)];
                for (key, owner) in foreign {
                    assert!(!line.contains(key) || flavor == owner, "{line}");
                }
            }
        }
    }

    #[test]
    fn a_line_for_a_chart_is_yaml() {
        let six = HubVersion::parse("6.1.1");
        let role = line(Flavor::Z2jh, Lack::Role, "true", six.as_ref());
        assert_eq!(
            text_of(&role),
            r#"{"users":["true"],"scopes":["start:servers!user","read:servers!user","delete:servers!user","access:servers!user","read:tokens!user","users:activity!user"]}"#
        );
        for flavor in [Flavor::F7t4jhub, Flavor::Z2jh] {
            let hook = line(flavor, Lack::Exemption, "o\"connor", None);
            assert!(text_of(&hook).starts_with("c.OAuthenticator.refresh_user_hook = lambda"));
        }
    }
}
