//! Layers 5 to 7, by the words of others: spawners and hooks of sites, Docker,
//! fronts; and words that only look like a cause.

use super::{error, page};
use crate::diagnose::spawn::{self, Failure};
use crate::vocabulary::Cause;

fn failure(text: &str) -> Failure {
    Failure {
        text: Some(text.to_owned()),
        elapsed_s: 60.0,
        ..Failure::default()
    }
}

fn failed(text: &str) -> Cause {
    spawn::failed(&failure(text)).cause
}

/// A firewall or an ingress that lets reading through and nothing else: neither
/// the token's rights, nor the user, nor a policy of the hub's.
#[test]
fn refusals_that_no_hub_has_written() {
    for status in [403, 404, 405, 501] {
        let refusal = error(page(status, "<h1>blocked</h1>"));
        assert!(
            !crate::diagnose::token::is_about_rights(&refusal),
            "{status}"
        );
        let finding = spawn::refused(&refusal);
        assert_eq!(finding.cause, Cause::SpawnError, "{status}");
        assert!(finding.summary.contains("in front of the hub"), "{status}");
    }
}

/// Words of other spawners and of sites, and words that only look like a cause.
#[test]
fn words_of_others() {
    for (text, cause) in [
        ("'access_token'", Cause::SpawnNoCredentials),
        ("KeyError: 'refresh_token'", Cause::SpawnNoCredentials),
        ("'image'", Cause::SpawnError),
        ("No access token in auth_state", Cause::SpawnNoCredentials),
        (
            "auth_state is encrypted, but I have no CRYPT key",
            Cause::SpawnError,
        ),
        (
            "500 Server Error for http+docker://localhost/v1.41/images/create?tag=1: denied",
            Cause::SpawnImagePull,
        ),
        ("invalid mount config for type \"bind\"", Cause::SpawnVolume),
        (
            "no suitable node (insufficient resources on 3 nodes)",
            Cause::SpawnUnschedulable,
        ),
        (
            "FileNotFoundError(2, 'No such file or directory')",
            Cause::SpawnError,
        ),
        (
            "HTTPSConnectionPool(host='x'): Max retries exceeded with url: /api",
            Cause::SpawnError,
        ),
    ] {
        assert_eq!(failed(&format!("Spawn failed: {text}")), cause, "{text}");
    }
    let at_once = Failure {
        elapsed_s: 0.4,
        ..failure("Spawn failed: ")
    };
    assert_eq!(spawn::failed(&at_once).cause, Cause::SpawnError);
}
