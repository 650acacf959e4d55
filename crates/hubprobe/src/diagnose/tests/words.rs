//! The tables, word by word: each is in a text in which it alone decides, so
//! that none can go without being missed. What texts of hubs mean as a whole is
//! in the other files.

use std::time::Duration;

use jupyterhub_client::Stage;

use super::{error, error_at, hub_says, page, redirect};
use crate::diagnose::home::{self, Trouble};
use crate::diagnose::reach::first_request;
use crate::diagnose::spawn::{self, Failure};
use crate::diagnose::{hub, reach};
use crate::vocabulary::{Cause, Finding};

fn first(stage: Stage) -> Finding {
    first_request(&error(stage), None)
}

fn failed(words: &str) -> Finding {
    spawn::failed(&Failure {
        text: Some(format!("Spawn failed: {words}")),
        elapsed_s: 60.0,
        ..Failure::default()
    })
}

#[test]
fn places_of_logins() {
    for location in [
        "https://id.example.org/login",
        "https://id.example.org/signin",
        "https://id.example.org/users/sign_in",
        "https://id.example.org/sign-in",
        "https://id.example.org/logon/index.html",
        "https://id.example.org/oauth2/start",
        "https://id.example.org/protocol/openid-connect",
        "https://id.example.org/saml2/redirect",
        "https://id.example.org/sso/start",
        "https://sso.example.org/",
        "https://idp.example.org/",
        "https://fs.example.org/adfs/ls/",
        "https://id.example.org/realms/jhub",
        "https://auth.example.org/",
        "https://id.example.org/authorize",
        "https://accounts.example.org/",
        "https://id.example.org/cas/",
        "https://id.example.org/shibboleth-ds/",
        "https://id.example.org/?redirect_uri=x",
        "https://id.example.org/?a=1&client_id=x",
        "https://id.example.org/?SAMLRequest=x",
        "https://id.example.org/?rd=x",
        "https://id.example.org/?return_to=x",
        "https://id.example.org/?ReturnUrl=x",
    ] {
        let finding = first(redirect(location, false));
        assert_eq!(finding.cause, Cause::ReachLoginWall, "{location}");
    }
    let elsewhere = first(redirect("https://id.example.org/", false));
    assert_eq!(elsewhere.cause, Cause::ReachRedirect);
}

#[test]
fn pages_of_logins() {
    for body in [
        "<input type=\"password\">",
        "<input type='password'>",
        "<input type=password>",
        "<h1>Sign in</h1>",
        "<h1>Log in</h1>",
        "<title>Login</title>",
        "<h1>Single sign-on</h1>",
        "<meta content=\"OAuth2-Proxy\">",
        "<form action=\"/oauth2/start\">",
        "<input name=\"SAMLRequest\">",
    ] {
        assert_eq!(
            first(page(403, body)).cause,
            Cause::ReachLoginWall,
            "{body}"
        );
    }
}

/// The system says its error in the language of its locale, with its number; Go
/// and Node.js leave the number out.
#[test]
fn words_of_disks() {
    for (text, trouble) in [
        ("ENOSPC: no space left on device, write", Trouble::Full),
        ("[Errno 28] Auf dem Gerät ist kein Platz", Trouble::Full),
        ("EDQUOT: disk quota exceeded, write", Trouble::Full),
        ("[Errno 122] Plattenkontingent überschritten", Trouble::Full),
        ("database or disk is full", Trouble::Full),
        ("EFBIG: file too large, write", Trouble::Full),
        ("[Errno 27] Datei zu groß", Trouble::Full),
        ("EROFS: read-only file system, open", Trouble::Denied),
        ("[Errno 30] Nur lesbares Dateisystem", Trouble::Denied),
        ("attempt to write a readonly database", Trouble::Denied),
    ] {
        assert_eq!(Trouble::of_words(text), Some(trouble), "{text}");
    }
    for words in [
        "Permission denied: f",
        "[Errno 13] Keine Berechtigung: 'f'",
        "[Errno 1] Operation not permitted: 'f'",
    ] {
        let refusal = error_at("http://h/user/x/api/contents/f", hub_says(500, words));
        let found = home::not_written(&refusal, "1 MiB").map(|finding| finding.cause);
        assert_eq!(found, Some(Cause::FilesDenied), "{words}");
    }
}

#[test]
fn words_of_databases() {
    for text in [
        "database is locked",
        "database or disk is full",
        "attempt to write a readonly database",
        "disk I/O error",
        "database disk image is malformed",
        "unable to open database file",
        "(MySQLdb.OperationalError) (2006, 'Server has gone away')",
        "psycopg.errors.AdminShutdown",
        "sqlalchemy.exc.PendingRollbackError",
        "server closed the connection unexpectedly",
        "could not connect to server: Connection refused",
        "(1040, 'Too many connections')",
        "FATAL:  the database system is starting up",
        "This Session's transaction has been rolled back",
    ] {
        assert!(hub::is_database(text), "{text}");
    }
}

/// What the HTTP library says of what is no HTTP, and the system of its limits.
#[test]
fn words_of_connections() {
    for (message, cause) in [
        ("invalid HTTP version parsed", Cause::ReachNotAHub),
        ("invalid content-length parsed", Cause::ReachNotAHub),
        ("message head is too large", Cause::ReachNotAHub),
        (
            "received unexpected message from connection",
            Cause::ReachNotAHub,
        ),
        (
            "connection closed before message completed",
            Cause::ReachTimeout,
        ),
        ("Too many open files", Cause::ProberLimits),
        ("Zu viele offene Dateien (os error 24)", Cause::ProberLimits),
        (
            "Zu viele offene Dateien im System (os error 23)",
            Cause::ProberLimits,
        ),
        ("Cannot allocate memory (os error 12)", Cause::ProberLimits),
    ] {
        let lost = Stage::Lost {
            message: message.to_owned(),
        };
        assert_eq!(first(lost).cause, cause, "{message}");
    }
    let timeout = Stage::Timeout {
        phase: "response",
        after: Duration::from_secs(1),
    };
    assert!(reach::below_the_hub(&error(timeout), None).is_some());
}

/// Who is to log in again, by words of hubs and of hooks.
#[test]
fn words_of_refusals() {
    const HUB_WANTS: &str = "the hub wants the account to log in again before a spawn";
    const TO_LOG_IN: &str = "the account is to log in again before a spawn";
    for (status, words, cause, summary) in [
        (
            403,
            "auth has expired for x, login again",
            Cause::SpawnStaleLogin,
            HUB_WANTS,
        ),
        (
            403,
            "x's authentication has expired",
            Cause::SpawnStaleLogin,
            HUB_WANTS,
        ),
        (
            403,
            "Your login has expired",
            Cause::SpawnStaleLogin,
            TO_LOG_IN,
        ),
        (403, "login expired", Cause::SpawnStaleLogin, TO_LOG_IN),
        (
            403,
            "Your session has expired",
            Cause::SpawnStaleLogin,
            TO_LOG_IN,
        ),
        (
            403,
            "Please log in again",
            Cause::SpawnStaleLogin,
            TO_LOG_IN,
        ),
        (403, "Please login again", Cause::SpawnStaleLogin, TO_LOG_IN),
        (
            400,
            "Invalid user options",
            Cause::SpawnBadOptions,
            "the hub refuses the options",
        ),
        (
            400,
            "No such profile: huge",
            Cause::SpawnBadOptions,
            "the hub has no such profile",
        ),
        (
            429,
            "Too many users trying to log in right now. Try again in 40 seconds.",
            Cause::SpawnThrottled,
            "too many servers are starting at once",
        ),
    ] {
        let finding = spawn::refused(&error(hub_says(status, words)));
        assert_eq!(
            (finding.cause, finding.summary.as_str()),
            (cause, summary),
            "{words}"
        );
    }
}

#[test]
fn words_about_options() {
    for words in [
        "unsupported option gpu",
        "profile gpu is closed",
        "image x is closed",
        "invalid queue",
        "unknown queue",
        "queue x is not valid",
        "cpus must be a number",
        "x is not a valid queue",
        "queue: not allowed value x",
        "choose another queue",
        "choices are a, b",
        "queue: expected one of a, b",
        "no such queue",
        "memory exceeds 8G",
        "the maximum for memory is 8G",
        "the minimum for memory is 1G",
        "memory: at most 8G",
        "memory: at least 1G",
    ] {
        let cause = |status| spawn::refused(&error(hub_says(status, words))).cause;
        assert_eq!(cause(400), Cause::SpawnBadOptions, "{words}");
        assert_eq!(cause(403), Cause::SpawnDenied, "{words}");
    }
}

#[test]
fn words_of_failures() {
    for (words, cause) in [
        ("error=invalid_grant", Cause::SpawnCredentialsExpired),
        ("Session not active", Cause::SpawnCredentialsExpired),
        ("Token is not active", Cause::SpawnCredentialsExpired),
        ("the refresh token expired", Cause::SpawnCredentialsExpired),
        ("refresh_token expired", Cause::SpawnCredentialsExpired),
        ("expired", Cause::SpawnError),
        ("auth_state is None", Cause::SpawnNoCredentials),
        ("there is no auth_state", Cause::SpawnNoCredentials),
        ("no access-token in auth_state", Cause::SpawnNoCredentials),
        ("no refresh-token in auth_state", Cause::SpawnNoCredentials),
        ("started without auth_state", Cause::SpawnNoCredentials),
        ("auth_state not found", Cause::SpawnNoCredentials),
        ("auth_state is empty", Cause::SpawnNoCredentials),
        ("auth_state lacks groups", Cause::SpawnNoCredentials),
        ("auth_state is not set", Cause::SpawnNoCredentials),
        ("groups missing in auth_state", Cause::SpawnNoCredentials),
        ("no access token for x", Cause::SpawnNoCredentials),
        ("no access_token for x", Cause::SpawnNoCredentials),
        ("no refresh token for x", Cause::SpawnNoCredentials),
        ("no refresh_token for x", Cause::SpawnNoCredentials),
        // Without an auth_state in it, nothing of it is meant.
        ("the queue is not set", Cause::SpawnError),
        ("'access_token'", Cause::SpawnNoCredentials),
        ("'refresh_token'", Cause::SpawnNoCredentials),
        ("'id_token'", Cause::SpawnNoCredentials),
        ("'auth_state'", Cause::SpawnNoCredentials),
        ("No such profile: huge", Cause::SpawnBadOptions),
        ("Invalid user options", Cause::SpawnBadOptions),
        ("sh: 1: start-lab: command not found", Cause::SpawnNoCommand),
    ] {
        assert_eq!(failed(words).cause, cause, "{words}");
    }
    let missing = failed("exec: \"x\": executable file not found in $PATH");
    assert_eq!(
        (missing.cause, missing.summary.as_str()),
        (
            Cause::SpawnNoCommand,
            "the single-user command is missing in the image"
        )
    );
}
