//! The hub-side configuration of service accounts: what a site adds to its values.yaml or its jupyterhub_config.py.
//!
//! Facts in, text out: what is [`Wanted`], and what an existing values.yaml has already ([`Values`]), become the text to add and the
//! notes to tell beside it ([`Composed`]). Nothing is asked of a hub, nothing is written to a file, no token is in the text.
//!
//! The shapes are those of the charts: f7t4jhub renders the role `service-account` itself and takes code as one string; zero-to-jupyterhub
//! assigns roles and services from its own keys first, so that these keys are used, and runs `hub.extraConfig` last, in the order of
//! its keys. Lists and strings of a second values file replace those of the first (Helm), so a list is always printed whole.

mod code;
mod exempt;
mod f7t4jhub;
mod lines;
mod present;
mod python;
mod quote;
mod role;
mod values;
mod write;
mod z2jh;

use jupyterhub_client::HubVersion;

pub use code::TokenPlace;

pub use exempt::{Login, Oauth};
pub use lines::{FLAVORS, Lack, line};
pub use role::Extra;
pub use values::ValuesError;

/// The kind of site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    /// The chart f7t4jhub: FirecREST, Slurm.
    F7t4jhub,
    /// The chart jupyterhub of zero-to-jupyterhub.
    Z2jh,
    /// A jupyterhub_config.py.
    Python,
}

impl Flavor {
    /// As `--flavor` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F7t4jhub => "f7t4jhub",
            Self::Z2jh => "z2jh",
            Self::Python => "python",
        }
    }
}

/// What is asked for. Names are checked already.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The kind of site.
    pub flavor: Flavor,
    /// The accounts, each once.
    pub names: Vec<String>,
    /// Administrators to name, for making the accounts' tokens.
    pub admins: Vec<String>,
    /// The hub's version; none where nobody said.
    pub version: Option<HubVersion>,
    /// More than the least.
    pub extras: Vec<Extra>,
    /// Services with tokens of their own in place of tokens of the accounts; and where those tokens are.
    pub as_service: Option<TokenPlace>,
    /// How people log in.
    pub login: Login,
    /// The keys below which the chart's values stand; none for the usual ones, or those that the file has.
    pub under: Option<Vec<String>>,
}

/// An existing values.yaml.
#[derive(Debug)]
pub struct Values {
    file: String,
    documents: Vec<values::Tree>,
}

impl Values {
    /// Reads a text; `file` is for what is told of it.
    ///
    /// # Errors
    /// What is wrong with the YAML, and where.
    pub fn parse(file: &str, text: &str) -> Result<Self, ValuesError> {
        Ok(Self {
            file: file.to_owned(),
            documents: values::parse(file, text)?,
        })
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Composed {
    /// The configuration to add; empty where all of it is there.
    pub text: String,
    /// What is there already, what is missing, and what to mind.
    pub notes: Vec<String>,
}

/// Composes the configuration.
///
/// # Errors
/// What is asked for and cannot be, with the remedy.
pub fn compose(wanted: &Wanted, values: Option<&Values>) -> Result<Composed, String> {
    if let Some(version) = &wanted.version
        && version.major < 2
    {
        return Err(format!(
            "JupyterHub {version} has no roles (they came with 2.0), so there is nothing to configure: hubprobe account create makes \
             an account there, with a token that may do all that the account may"
        ));
    }
    if wanted.as_service.is_some() {
        for (index, name) in wanted.names.iter().enumerate() {
            let service = code::service_name(name);
            let twin = wanted.names.iter().take(index).find(|other| {
                code::service_name(other) == service
                    || code::token_variable(other) == code::token_variable(name)
            });
            if let Some(other) = twin {
                return Err(format!(
                    "the services of {other} and {name} would have one name; run the command for each by itself, or rename one"
                ));
            }
            if service.len() > 200 {
                return Err(format!(
                    "{name} is too long for the name of a service and its role; use a shorter one"
                ));
            }
        }
    }
    let mut wanted = wanted.clone();
    if wanted.flavor == Flavor::F7t4jhub && wanted.version.is_none() {
        wanted.version = values.and_then(f7t4jhub::version);
    }
    let wanted = &wanted;
    let mut composed = match wanted.flavor {
        Flavor::F7t4jhub => f7t4jhub::compose(wanted, values),
        Flavor::Z2jh => z2jh::compose(wanted, values),
        Flavor::Python => python::compose(wanted),
    };
    composed.notes.extend(of_versions(wanted));
    Ok(composed)
}

/// What to say of versions that nobody gave, or that are old.
fn of_versions(wanted: &Wanted) -> Vec<String> {
    let mut notes = Vec::new();
    match &wanted.version {
        None => notes.push(
            "the hub's version is not known, so this is for JupyterHub 5 and 6 alike; with --hub-version X, or --url URL, it is as \
             narrow as that version allows"
                .to_owned(),
        ),
        Some(version) if version.major == 2 => notes.push(format!(
            "JupyterHub {version} takes no notice of a token's scopes: each token of the account may do all that the account may"
        )),
        Some(_) => {}
    }
    notes
}

/// Where nobody said how the hub logs people in.
const LOGIN_UNKNOWN: &str = "how the hub logs people in is not known, so nothing here keeps the accounts from being refused where it is OAuth \
                             (oauthenticator with enable_auth_state); if it is, add --login oauth";

/// Names for a sentence.
fn listed(names: &[String]) -> String {
    names.join(", ")
}

#[cfg(test)]
mod tests;
