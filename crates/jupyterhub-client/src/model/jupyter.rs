//! Models of Jupyter Server's REST API (<https://jupyter-server.readthedocs.io/en/latest/developers/rest-api.html>),
//! 1.x to 2.x.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::instant;
use crate::json::or_default;

/// `GET api`, which needs no token.
#[derive(Debug, Clone, Deserialize)]
pub struct ApiVersion {
    /// The version of jupyter_server (or of notebook, before it).
    pub version: String,
}

/// `GET api/status`.
#[derive(Debug, Clone, Deserialize)]
pub struct ServerStatus {
    /// When the server process started.
    #[serde(default, deserialize_with = "instant")]
    pub started: Option<Timestamp>,
    /// When it was last active.
    #[serde(default, deserialize_with = "instant")]
    pub last_activity: Option<Timestamp>,
    /// How many kernels run.
    #[serde(default, deserialize_with = "or_default")]
    pub kernels: u64,
    /// How many connections they have.
    #[serde(default, deserialize_with = "or_default")]
    pub connections: u64,
}

/// `GET api/me` (jupyter_server 2.0 and later).
#[derive(Debug, Clone, Deserialize)]
pub struct Me {
    /// `username`, `name`, `display_name` and more; what there is depends on the identity provider.
    #[serde(default)]
    pub identity: Value,
    /// What was found allowed of what was asked for.
    #[serde(default)]
    pub permissions: Value,
}

impl Me {
    /// The user name, if it is told.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        let text = |key: &str| self.identity.get(key).and_then(Value::as_str);
        text("username").or_else(|| text("name"))
    }
}

/// `GET api/kernelspecs`. Broken specs are not in it.
#[derive(Debug, Clone, Deserialize)]
pub struct KernelSpecs {
    /// The name of the default kernel, which need not be installed.
    #[serde(default, deserialize_with = "or_default")]
    pub default: String,
    /// All kernels, by name.
    #[serde(default, deserialize_with = "or_default")]
    pub kernelspecs: IndexMap<String, KernelSpec>,
}

/// A kernel that can be started.
#[derive(Debug, Clone, Deserialize)]
pub struct KernelSpec {
    /// The name to start it by.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// What its `kernel.json` says.
    #[serde(default, deserialize_with = "or_default")]
    pub spec: SpecFile,
}

/// The part of a `kernel.json` that says something to a client.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct SpecFile {
    /// For people: `Python 3 (ipykernel)`.
    #[serde(default, deserialize_with = "or_default")]
    pub display_name: String,
    /// The language: `python`.
    #[serde(default, deserialize_with = "or_default")]
    pub language: String,
    /// How it is interrupted: `signal` or `message`.
    #[serde(default)]
    pub interrupt_mode: Option<String>,
}

/// A running kernel.
#[derive(Debug, Clone, Deserialize)]
pub struct Kernel {
    /// The id.
    pub id: String,
    /// The name of its spec.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// `starting`, `idle`, `busy`, `restarting`, `dead`, …
    #[serde(default, deserialize_with = "or_default")]
    pub execution_state: String,
    /// How many websockets are connected.
    #[serde(default)]
    pub connections: Option<u64>,
    /// When it was last active.
    #[serde(default, deserialize_with = "instant")]
    pub last_activity: Option<Timestamp>,
    /// Why it is dead, where the server tells.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A session: a path with a kernel.
#[derive(Debug, Clone, Deserialize)]
pub struct Session {
    /// The id.
    pub id: String,
    /// The path, relative to the server's root directory.
    #[serde(default, deserialize_with = "or_default")]
    pub path: String,
    /// The name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// `notebook`, `console`, …
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// Its kernel.
    pub kernel: Kernel,
}

/// A file, notebook or directory.
#[derive(Debug, Clone, Deserialize)]
pub struct Content {
    /// The last part of the path.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The path, relative to the server's root directory.
    #[serde(default, deserialize_with = "or_default")]
    pub path: String,
    /// `file`, `notebook` or `directory`.
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// `text`, `base64` or `json`; none if there is no content.
    #[serde(default)]
    pub format: Option<String>,
    /// Text, base64 text, a notebook, or the models of a directory's entries; null if it was not asked for.
    #[serde(default)]
    pub content: Value,
    /// In bytes, where the server tells.
    #[serde(default)]
    pub size: Option<u64>,
    /// Whether it can be written.
    #[serde(default)]
    pub writable: Option<bool>,
    /// The MIME type, if it is known.
    #[serde(default)]
    pub mimetype: Option<String>,
    /// When it was created.
    #[serde(default, deserialize_with = "instant")]
    pub created: Option<Timestamp>,
    /// When it was changed.
    #[serde(default, deserialize_with = "instant")]
    pub last_modified: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_as_jupyter_server_2_answers() {
        let session: Session = serde_json::from_str(
            r#"{"id": "s1", "path": "a.ipynb", "name": "", "type": "notebook", "notebook": {"path": "a.ipynb", "name": ""},
                "kernel": {"id": "k1", "name": "python3", "last_activity": "2026-11-21T20:45:55.123456Z",
                           "execution_state": "starting", "connections": 0}}"#,
        )
        .unwrap();
        assert_eq!(
            (
                session.kind.as_str(),
                session.kernel.execution_state.as_str()
            ),
            ("notebook", "starting")
        );
        assert!(session.kernel.last_activity.is_some());
    }

    #[test]
    fn kernelspecs_keep_their_order() {
        let specs: KernelSpecs = serde_json::from_str(
            r#"{"default": "python3", "kernelspecs": {"r": {"name": "r"}, "python3": {"name": "python3",
                "spec": {"argv": ["python"], "display_name": "Python 3", "language": "python"}, "resources": {}}}}"#,
        )
        .unwrap();
        assert_eq!(
            specs.kernelspecs.keys().collect::<Vec<_>>(),
            ["r", "python3"]
        );
        assert_eq!(specs.kernelspecs["python3"].spec.language, "python");
    }
}
