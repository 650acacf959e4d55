//! A connection to a hub for a command on accounts: who is asking, and what it
//! means when the hub does not answer as it should.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jupyterhub_client::{Error, Hub, HubVersion, Identity, Secret, Token, User};
use uuid::Uuid;

use super::Problem;
use crate::connect;
use crate::diagnose::scope::{Held, held};
use crate::diagnose::{curl, token};
use crate::explain;
use crate::vocabulary::{Cause, Finding, SecretSource, Target};

/// The version of a hub, which it tells without a token.
///
/// # Errors
/// A finding where it does not answer as a hub.
pub async fn hub_version(target: &Target) -> Result<HubVersion, Problem> {
    let connected = connect::hub(target, None, Uuid::now_v7()).await?;
    let scrub = |text: &str| {
        let secrets = connected.secrets.iter();
        secrets.fold(text.to_owned(), |text, secret| secret.scrub(&text))
    };
    match connected.hub.root().await {
        Ok(root) => HubVersion::parse(&root.value.version).ok_or_else(|| {
            Problem::Usage(format!(
                "the hub says that it is version {:?}, which is none that can be read; give it with --hub-version X",
                root.value.version
            ))
        }),
        Err(error) => {
            let finding = explain::nearby::unreached(&connected.hub, &error).await;
            let finding = finding.with_curl(curl::plain(target, "GET", &error.url));
            Err(finding.map_texts(scrub).into())
        }
    }
}

/// Somebody at a hub.
#[derive(Debug)]
pub(super) struct Asking {
    /// The hub, with the token of who is asking.
    pub(super) hub: Hub,
    /// How the hub is reached.
    pub(super) target: Target,
    /// Where the token is.
    pub(super) source: SecretSource,
    /// What to say of the token's file.
    pub(super) warnings: Vec<String>,
    pub(super) token: Token,
    secrets: Mutex<Vec<Secret>>,
}

/// What the first two answers say.
#[derive(Debug)]
pub(super) struct Greeted {
    /// The hub's version; none where it cannot be read.
    pub(super) version: Option<HubVersion>,
    /// As the hub wrote it.
    pub(super) version_text: String,
    /// Whom the hub takes us for.
    pub(super) identity: Identity,
    /// What the hub's clock said.
    pub(super) date: Option<Timestamp>,
}

impl Asking {
    /// Reads the secrets and sets up. Nothing is sent.
    ///
    /// # Errors
    /// [`Problem::Usage`] where a secret or a certificate cannot be read.
    pub(super) async fn open(
        target: &Target,
        source: &SecretSource,
        run: Uuid,
    ) -> Result<Self, Problem> {
        let read = connect::read_token(source).await?;
        let connected = connect::hub(target, Some(read.token.clone()), run).await?;
        Ok(Self {
            hub: connected.hub,
            target: target.clone(),
            source: source.clone(),
            warnings: read.warnings,
            token: read.token,
            secrets: Mutex::new(connected.secrets),
        })
    }

    /// Is it a hub, which version, and who are we?
    ///
    /// # Errors
    /// A finding of the layers up to the token.
    pub(super) async fn greet(&self) -> Result<Greeted, Finding> {
        let root = match self.hub.root().await {
            Ok(root) => root,
            Err(error) => {
                let finding = explain::nearby::unreached(&self.hub, &error).await;
                return Err(self.clean(finding.with_curl(curl::plain(
                    &self.target,
                    "GET",
                    &error.url,
                ))));
            }
        };
        let identity = match self.hub.whoami().await {
            Ok(seen) => seen.value,
            Err(error) => return Err(self.failure(&error).await),
        };
        Ok(Greeted {
            version: HubVersion::parse(&root.value.version),
            version_text: root.value.version,
            identity,
            date: root.head.date,
        })
    }

    /// The finding for an answer that nothing more special explains.
    pub(super) async fn failure(&self, error: &Error) -> Finding {
        let place = self.source.to_string();
        let known = token::Known {
            place: &place,
            ..token::Known::default()
        };
        let finding = explain::failure(&self.hub, error, known).await;
        let finding = if finding.cause == Cause::TokenRejected {
            finding.advise(format!(
                "See that it is this hub's token and whole. A new one is made at {}hub/token by whoever it belongs to; for a \
                 service account by hubprobe account create NAME --url URL --admin-token-file FILE --out FILE.",
                self.target.url
            ))
        } else {
            finding
        };
        self.shown(finding, error)
    }

    /// The model of a user, which is to be there; without servers that do not run.
    ///
    /// # Errors
    /// `account.no-such-user`, else as [`Self::failure`] has it.
    pub(super) async fn user(&self, name: &str) -> Result<User, Finding> {
        match self.hub.user(name, false).await {
            Ok(seen) => Ok(seen.value),
            Err(error) => Err(self.failure_about(name, &error).await),
        }
    }

    /// The finding for an answer to a question about a user, who may not be there.
    pub(super) async fn failure_about(&self, name: &str, error: &Error) -> Finding {
        if error.status() == Some(404) {
            self.shown(token::no_such_user(error, name), error)
        } else {
            self.failure(error).await
        }
    }

    /// With the command that shows the same again, where that only looks: a
    /// POST that is sent again could make a token.
    pub(super) fn shown(&self, finding: Finding, error: &Error) -> Finding {
        if error.method != "GET" {
            return self.clean(finding);
        }
        self.clean(finding.with_curl(curl::with_token(
            &self.target,
            &self.source,
            &error.method,
            &error.url,
        )))
    }

    /// One secret more that nothing may say.
    pub(super) fn hide(&self, token: &Token) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.push(Secret::new(token.expose()));
    }

    /// Without secrets that a hub may have echoed.
    pub(super) fn clean(&self, finding: Finding) -> Finding {
        finding.map_texts(|text| self.scrub(text))
    }

    /// A text without secrets.
    pub(super) fn scrub(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets
            .iter()
            .fold(self.token.scrub(text), |text, secret| secret.scrub(&text))
    }

    /// The finding if who is asking lacks a scope for `user`. Hubs before 2.0
    /// say no scopes; there the request itself must tell.
    pub(super) fn lacks(
        &self,
        identity: &Identity,
        scope: &str,
        user: &str,
        what: &str,
    ) -> Option<Finding> {
        let scopes = identity.scopes.as_ref()?;
        if matches!(held(scopes, scope, user, ""), Held::Yes | Held::ForGroup(_)) {
            return None;
        }
        let who = format!("{} {}", identity.kind, identity.name);
        let members = if identity.kind == "service" {
            "services"
        } else {
            "users"
        };
        // admin:users holds admin:auth_state and delete:users.
        let more = match scope {
            "tokens" | "admin:users" | "admin:auth_state" | "delete:users" => String::new(),
            other => format!(", \"{other}\""),
        };
        let finding = Finding::new(Cause::TokenMissingScope, format!("the token of {who} may not {what}"))
            .seen(format!("it lacks the scope {scope}!user={user}"))
            .seen(token::held_scopes(scopes))
            .advise(format!(
                "Use the token of an administrator (made at {}hub/token), or give {who} a role with the scope: \
                 c.JupyterHub.load_roles = [{{\"name\": \"hubprobe-makers\", \"{members}\": [\"{}\"], \"scopes\": \
                 [\"admin:users\", \"tokens\"{more}]}}] (z2jh: hub.loadRoles), then restart the hub.",
                self.target.url, identity.name
            ))
            .with_curl(curl::with_token(
                &self.target,
                &self.source,
                "GET",
                self.hub.api_url("user").as_str(),
            ));
        Some(self.clean(finding))
    }
}
