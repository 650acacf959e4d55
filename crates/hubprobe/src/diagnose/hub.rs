//! The hub itself: it answers, but with an error. Its database, where that
//! can be told, else the plain error.
//!
//! `GET /hub/api/` and `/hub/health` want no database; everything that knows
//! who asks does (JupyterHub 2 to 6, handlers/base.py, `prepare`). The errors
//! of a database come as exceptions of SQLAlchemy; most are hidden behind
//! "Internal Server Error", but spawners and hooks pass them on.

use jupyterhub_client::Error;

use super::excerpt;
use crate::vocabulary::{Cause, Finding};

/// Words of databases in trouble: SQLite's and PostgreSQL's, as SQLAlchemy
/// passes them on.
const DATABASE: &[&str] = &[
    "database is locked",
    "database or disk is full",
    "attempt to write a readonly database",
    "disk i/o error",
    "database disk image is malformed",
    "unable to open database file",
    "operationalerror",
    "psycopg",
    "sqlalchemy",
    "server closed the connection unexpectedly",
    "could not connect to server",
    "too many connections",
    "the database system is",
    "transaction has been rolled back",
];

/// Whether a text tells of a database in trouble.
pub fn is_database(text: &str) -> bool {
    let text = text.to_lowercase();
    DATABASE.iter().any(|words| text.contains(words))
}

/// The finding for a database in trouble.
pub fn database(summary: &str) -> Finding {
    Finding::new(Cause::HubDatabase, summary)
}

/// The finding for an answer that is an error of the hub's own.
pub fn failed(error: &Error) -> Finding {
    let body = error.body().unwrap_or_default();
    let said = error.hub_message().unwrap_or(body);
    if is_database(said) {
        return database("the hub's database does not work").seen(error.to_string());
    }
    let summary = match error.status() {
        Some(status) => format!("the hub answers with an error ({status})"),
        None => "the hub's answer cannot be used".to_owned(),
    };
    Finding::new(Cause::HubError, summary)
        .seen(error.to_string())
        .seen(if error.hub_message().is_some() {
            String::new()
        } else {
            excerpt(body)
        })
}

/// The finding for a start request that was answered with an error, while the
/// server came up all the same: who asked for it was told that it had failed.
/// Seen where the hub cannot write its database (6.1.1: 500 "Internal Server
/// Error", and the model shows the server ready).
pub fn stumbled(error: &Error) -> Finding {
    Finding::new(
        Cause::HubError,
        "the hub answers the start request with an error, and starts the server all the same",
    )
    .seen(error.to_string())
    .seen("the account's model shows the server ready")
    .advise("Look at the hub's log at the time given: most often it cannot write its database (full, read-only).")
}

/// An error of the hub's becomes the database's, where the hub cannot look up a
/// token either, which is all that is asked of the database there.
pub fn database_behind(finding: Finding, words: &str) -> Finding {
    database("the hub cannot use its database: it is locked, full, read-only or away")
        .seen(finding.summary)
        .seen_all(finding.evidence)
        .seen(format!(
            "looking up a token, which wants nothing but the database, it answers 500{}",
            if words.is_empty() {
                String::new()
            } else {
                format!(": {words}")
            }
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_in_trouble_are_known_by_their_words() {
        for text in [
            "(sqlite3.OperationalError) database is locked",
            "(sqlite3.OperationalError) database or disk is full",
            "(psycopg2.errors.AdminShutdown) terminating connection",
            "FATAL:  the database system is starting up",
        ] {
            assert!(is_database(text), "{text}");
        }
        for text in [
            "Internal Server Error",
            "I don't work!",
            "the disk of the node is full",
        ] {
            assert!(!is_database(text), "{text}");
        }
    }
}
