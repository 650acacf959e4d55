//! Lays out a sandbox's directory: the hub's configuration, the Python files beside it, tokens, and settings for the servers.

use std::path::{Path, PathBuf};

use serde_json::json;
use uuid::Uuid;

use crate::process::Identity;
use crate::state::State;
use crate::{Error, Fault, Place, SingleUser, files, slurm};

/// The user that is an admin.
pub(crate) const ADMIN_USER: &str = "admin";
/// The service whose token lies in [`ADMIN_TOKEN`].
const ADMIN_SERVICE: &str = "sandbox-admin";
/// The file with the token of an admin-role service.
pub(crate) const ADMIN_TOKEN: &str = "admin.token";
/// The file with the token of a service that may start servers for one user, where a hub fault makes such a service.
pub(crate) const SERVICE_TOKEN: &str = "service.token";
/// The file with the token that hub and proxy share.
pub(crate) const PROXY_TOKEN: &str = "proxy.token";
/// The file with a token that only the proxy has.
pub(crate) const OTHER_PROXY_TOKEN: &str = "other_proxy.token";
/// The file with the key that encrypts `auth_state`.
pub(crate) const CRYPT_KEY: &str = "crypt.key";
/// The hub's configuration.
pub(crate) const CONFIG: &str = "jupyterhub_config.py";
/// The launcher.
pub(crate) const LAUNCHER: &str = "launch.py";
/// The configuration that the caller gave as text.
pub(crate) const EXTRA: &str = "extra_config.py";

const PYTHON: [(&str, &str); 17] = [
    (CONFIG, include_str!("../python/jupyterhub_config.py")),
    (LAUNCHER, include_str!("../python/launch.py")),
    ("watch.py", include_str!("../python/watch.py")),
    ("local.py", include_str!("../python/local.py")),
    ("faults.py", include_str!("../python/faults.py")),
    ("hub_faults.py", include_str!("../python/hub_faults.py")),
    (
        "broken_database.py",
        include_str!("../python/broken_database.py"),
    ),
    ("firecrest.py", include_str!("../python/firecrest.py")),
    ("homes.py", include_str!("../python/homes.py")),
    ("kernels.py", include_str!("../python/kernels.py")),
    ("others.py", include_str!("../python/others.py")),
    ("pods.py", include_str!("../python/pods.py")),
    ("ports.py", include_str!("../python/ports.py")),
    ("relay.py", include_str!("../python/relay.py")),
    ("slurm.py", include_str!("../python/slurm.py")),
    ("routes.py", include_str!("../python/routes.py")),
    (
        "jupyter/jupyter_server_config.py",
        include_str!("../python/forgets.py"),
    ),
];

/// What the light server leaves out: everything that belongs to JupyterLab.
const LAB_EXTENSIONS: [&str; 4] = [
    "jupyterlab",
    "jupyter_lsp",
    "notebook_shim",
    "jupyter_builder",
];

/// Fills the sandbox's directory, which exists.
pub(crate) fn lay_out(
    directory: &Path,
    state: &State,
    extra_text: Option<&str>,
) -> Result<(), Error> {
    for name in ["logs", "homes", "jupyter/jupyter_server_config.d"] {
        files::create_directories(&directory.join(name))?;
    }
    for (name, text) in PYTHON {
        files::write_private(&directory.join(name), text)?;
    }
    for name in [ADMIN_TOKEN, SERVICE_TOKEN, PROXY_TOKEN, CRYPT_KEY] {
        files::write_private(&directory.join(name), &secret())?;
    }
    for (name, value) in server_settings(state.single_user) {
        files::write_private(&directory.join("jupyter").join(name), &value.to_string())?;
    }
    if let Some(text) = extra_text {
        files::write_private(&directory.join(EXTRA), text)?;
    }
    Ok(())
}

/// Writes what the configuration reads. Anew before each start of the hub, since ports may change.
pub(crate) fn write_settings(directory: &Path, state: &State) -> Result<(), Error> {
    let mut extra: Vec<PathBuf> = state.extra_config.clone();
    extra.extend(Some(directory.join(EXTRA)).filter(|path| path.exists()));
    let parent = |Identity { pid, start }| json!({"pid": pid, "start": start});
    let settings = json!({
        "id": state.id,
        "base_url": state.base_url,
        "public_port": state.ports.public,
        "api_port": state.ports.api,
        "hub_port": state.ports.hub,
        "single_user": state.single_user,
        "faults": state.faults,
        "standing": {
            "spawn": standing(state, Place::Spawn),
            "hub": standing(state, Place::Hub),
        },
        "old_server": state.old_server,
        "slurm": state.slurm.as_ref().map(|slurm| json!({
            "conf": slurm::conf_file(directory, &state.id),
            "modules": slurm.modules,
        })),
        "admin_user": ADMIN_USER,
        "admin_service": ADMIN_SERVICE,
        "extra_config": extra,
        "parent": state.dies_with_parent.then(|| parent(state.parent)),
    });
    files::write_private(&directory.join("settings.json"), &settings.to_string())
}

/// The standing faults of one place.
fn standing(state: &State, place: Place) -> Vec<String> {
    let parsed = state.standing.iter().filter_map(|text| text.parse().ok());
    parsed
        .filter(|fault: &Fault| fault.kind().place == place)
        .map(|fault| fault.to_string())
        .collect()
}

/// 64 hexadecimal digits, 244 of their 256 bits random; hubs refuse tokens that are longer.
pub(crate) fn secret() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// Configuration files for the single-user servers, by their paths below `jupyter/`.
fn server_settings(single_user: SingleUser) -> Vec<(&'static str, serde_json::Value)> {
    // Servers on a machine without internet must not wait for it.
    let lab = json!({"LabApp": {
        "news_url": null,
        "check_for_updates_class": "jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "extension_manager": "readonly",
    }});
    let mut files = vec![("jupyter_lab_config.json", lab)];
    if single_user == SingleUser::Light {
        let off: serde_json::Map<_, _> = LAB_EXTENSIONS
            .iter()
            .map(|name| ((*name).to_owned(), json!(false)))
            .collect();
        // In the `.d` directory these add to the list of extensions. In the file jupyter_server_config.json they would replace it,
        // and with it the extension that makes a server of JupyterHub 4 a single-user server.
        let light = json!({"ServerApp": {"jpserver_extensions": off}});
        files.push(("jupyter_server_config.d/sandbox.json", light));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_differ() {
        let (one, two) = (secret(), secret());
        assert_eq!(one.len(), 64);
        assert!(one.chars().all(|c| c.is_ascii_hexdigit()));
        assert_ne!(one, two);
    }
}
