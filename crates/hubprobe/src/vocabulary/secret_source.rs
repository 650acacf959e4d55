//! Where a secret is to be found. The place, never the secret: this may be
//! printed, logged and kept in the ledger.
//!
//! It does not read the secret; the command line does, once, just before the visit.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a token, or the value of a header, comes from. In JSON `{"file":
/// "/etc/hubprobe/token"}`, `{"env": "NAME"}`, `{"command": ["pass", "show",
/// "alps"]}`, `"stdin"` or `"missing"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// The content of a file.
    File(PathBuf),
    /// The value of an environment variable.
    Env(String),
    /// What a command writes to its standard output: the program and its arguments,
    /// without a shell.
    Command(Vec<String>),
    /// Standard input, read once.
    Stdin,
    /// None was given.
    Missing,
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Env(name) => write!(f, "the environment variable {name}"),
            Self::Command(words) => write!(f, "the output of `{}`", words.join(" ")),
            Self::Stdin => f.write_str("standard input"),
            Self::Missing => f.write_str("nowhere: none was given"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_words_and_survives_the_ledger() {
        for (source, words, json) in [
            (
                SecretSource::File("/x".into()),
                "the file /x",
                r#"{"file":"/x"}"#,
            ),
            (
                SecretSource::Env("X".into()),
                "the environment variable X",
                r#"{"env":"X"}"#,
            ),
            (
                SecretSource::Command(vec!["pass".into(), "show".into(), "alps".into()]),
                "the output of `pass show alps`",
                r#"{"command":["pass","show","alps"]}"#,
            ),
            (SecretSource::Stdin, "standard input", r#""stdin""#),
            (
                SecretSource::Missing,
                "nowhere: none was given",
                r#""missing""#,
            ),
        ] {
            assert_eq!(source.to_string(), words);
            assert_eq!(serde_json::to_string(&source).unwrap(), json);
            assert_eq!(serde_json::from_str::<SecretSource>(json).unwrap(), source);
        }
    }
}
