//! The hub's parts, judged for an account that never logs in: whether the authenticator's refresh of logins refuses it,
//! and whether the spawner wants login secrets that it lacks. The hub tells class and version of both, not their
//! settings; what the hub did with the account's own token says the rest.

use jupyterhub_client::{HubInfo, HubVersion};

use super::point::{Grade, Point};
use crate::account::hub_config::Lack;

/// What became of the account's own token at the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// It was not asked with, or refused for another reason.
    Unknown,
    Taken,
    /// Refused because its login cannot be refreshed, which is said already.
    Stale,
}

/// What exempts from the refresh of logins by this authenticator; a hook is oauthenticator's, from 17.3 on.
pub(super) fn exemption(class: &str, version: &str) -> Lack {
    if class.starts_with("oauthenticator.") && numbers(version) != Some((17, 2)) {
        Lack::Exemption
    } else {
        Lack::Subclass
    }
}

/// Whether authenticator and spawner want what the account lacks; `state`: whether it has login secrets, where that
/// is known.
pub(super) fn of_parts(info: &HubInfo, state: Option<bool>, own: Own, name: &str) -> Vec<Point> {
    let (login, spawner) = (&info.authenticator, &info.spawner);
    let version = HubVersion::parse(&info.version);
    let version = version.as_ref();
    let mut points = vec![Point::well(format!(
        "JupyterHub {}, {} {}, {} {}",
        info.version, login.class, login.version, spawner.class, spawner.version
    ))];
    let store = format!("hubprobe account auth-state {name} --refresh-token-file FILE");
    if spawner.class.to_lowercase().contains("firecrest") && state != Some(true) {
        let (grade, lack) = match state {
            Some(false) => (Grade::Wrong, "has none"),
            _ => (
                Grade::Mind,
                "may have none: they are not shown to this token",
            ),
        };
        let words = format!(
            "the spawner submits jobs with the user's own login secrets (firecrestspawner since April 2026), and {name} {lack}"
        );
        let cure = format!("{store}, where the hub keeps such secrets:");
        points.push(Point::bad(grade, words, cure).configured(Lack::Secrets, name, version));
    }
    if login.class.starts_with("oauthenticator.") && state != Some(true) && own != Own::Stale {
        points.push(of_refresh(info, version, own == Own::Taken, name));
    }
    // A class of the hub's configuration file, which has no module of its own.
    if login.class.starts_with("builtins.") && own == Own::Unknown {
        points.push(Point::bad(
            Grade::Mind,
            if login.class.ends_with(".ServiceAccountsExempt") {
                format!("the authenticator exempts accounts from the refresh of logins; whether {name} is one of them is not told")
            } else {
                format!("the authenticator is the site's own; whether it refuses {name}, which never logs in, is not told")
            },
            format!("ask with {name}'s own token too (--token-file)"),
        ));
    }
    points
}

/// Whether the refresh of logins will refuse an account that never logs in.
fn of_refresh(info: &HubInfo, version: Option<&HubVersion>, taken: bool, name: &str) -> Point {
    let (class, oauth) = (&info.authenticator.class, &info.authenticator.version);
    let known = numbers(oauth);
    if known.is_some_and(|known| known < (17, 2)) {
        return Point::well(format!(
            "that {name} never logs in does not matter: oauthenticator {oauth} refreshes no logins"
        ));
    }
    if taken {
        return Point::well(format!(
            "that {name} never logs in did not matter just now, though oauthenticator {oauth} refreshes logins: it is exempt, or the \
             hub is told not to mind (--patient asks again later)"
        ));
    }
    Point::bad(
        Grade::Mind,
        format!(
            "oauthenticator {oauth} refuses an account that never logged in once it refreshes its login, where auth_state is enabled\
             {}",
            if version.is_some_and(|version| (version.major, version.minor) >= (6, 1)) {
                " and c.Authenticator.auth_refresh_strict on"
            } else {
                ""
            }
        ),
        format!(
            "look with {name}'s own token whether it does; if it does, exempt it, or give it login secrets (hubprobe account \
             auth-state {name} --refresh-token-file FILE):"
        ),
    )
    .configured(exemption(class, oauth), name, version)
}

/// Major and minor of a version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn grades(points: &[Point]) -> Vec<Grade> {
        points.iter().map(|point| point.grade).collect()
    }

    #[test]
    fn what_the_parts_want_is_judged_by_their_versions() {
        let parts = |hub: &str, login: &str, version: &str, spawner: &str, state, taken: bool| {
            let own = if taken { Own::Taken } else { Own::Unknown };
            let info = json!({"version": hub, "authenticator": {"class": login, "version": version},
                "spawner": {"class": spawner, "version": "1"}});
            let info = serde_json::from_value(info).unwrap();
            of_parts(&info, state, own, "x")
        };
        let generic = "oauthenticator.generic.GenericOAuthenticator";
        let firecrest = "firecrestspawner.spawner.SlurmSpawner";
        let dummy = "jupyterhub.auth.DummyAuthenticator";
        let (no, yes) = (Some(false), Some(true));
        let own = "builtins.ServiceAccountsExempt";
        for (hub, login, version, spawner, state, taken, grade) in [
            ("5.5.4", own, "unknown", "s", None, false, Some(Grade::Mind)),
            ("5.5.4", own, "unknown", "s", None, true, None),
            ("5.5.4", dummy, "5.5.4", "s", None, false, None),
            (
                "5.5.4",
                generic,
                "17.1.0",
                "s",
                no,
                false,
                Some(Grade::Well),
            ),
            ("5.5.4", generic, "17.4.0", "s", yes, false, None),
            (
                "5.5.4",
                generic,
                "17.4.0",
                "s",
                no,
                false,
                Some(Grade::Mind),
            ),
            ("5.5.4", generic, "17.4.0", "s", no, true, Some(Grade::Well)),
            ("5.5.4", generic, "odd", "s", no, false, Some(Grade::Mind)),
            (
                "6.1.1",
                generic,
                "17.4.0",
                "s",
                no,
                false,
                Some(Grade::Mind),
            ),
            (
                "5.5.4",
                dummy,
                "1",
                firecrest,
                no,
                false,
                Some(Grade::Wrong),
            ),
            ("5.5.4", dummy, "1", firecrest, yes, false, None),
            (
                "5.5.4",
                dummy,
                "1",
                firecrest,
                None,
                true,
                Some(Grade::Mind),
            ),
        ] {
            let points = parts(hub, login, version, spawner, state, taken);
            let wanted: Vec<Grade> = [Grade::Well].into_iter().chain(grade).collect();
            assert_eq!(grades(&points), wanted, "{hub} {login} {version} {state:?}");
        }
        let hook = |version| {
            parts("5.5.4", generic, version, "s", no, false)[1]
                .lines
                .clone()
        };
        assert!(hook("17.3.1")[2].1.contains("refresh_user_hook"));
        assert!(hook("17.2.0")[2].1.contains("--own-refresh"));
    }
}
