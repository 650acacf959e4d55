//! `account auth-state`: the login secrets that a hub keeps of an account that
//! never logs in.
//!
//! Some spawners start servers with the credentials of the user's own login
//! (firecrestspawner submits its jobs so since April 2026), and oauthenticator
//! refreshes a login from what it stored of it (`refresh_user`, 17.2 and newer). An
//! administrator can store it instead of a login: `PATCH /hub/api/users/NAME` takes
//! an `auth_state` in every version, though no specification says so. Here it gets
//! the shape that oauthenticator's `build_auth_state_dict` makes (16.0 to 17.4).
//!
//! What is stored is secret, all of it: names and ends are shown, never a value.
//! Ends are read from JSON web tokens (`exp`), without checking their signatures,
//! which are the provider's business.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jupyterhub_client::{AuthState, Error, Token};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Problem;
use super::asking::{Asking, Greeted};
use super::token_file::same;
use crate::connect;
use crate::vocabulary::{Cause, Finding, SecretSource, Target};

/// Stands where an access token must be, until the hub gets itself one: a provider
/// refuses it as expired, and that makes oauthenticator use the refresh token.
const TO_BE_REFRESHED: &str = "to-be-refreshed";

/// No name of a key is longer, or it is none.
const LONGEST_KEY: usize = 60;

/// What is wanted.
#[derive(Debug, Clone)]
pub enum Wish {
    /// To look.
    Look,
    /// To store these.
    Store {
        /// Where the refresh token is.
        refresh: SecretSource,
        /// Where an access token is.
        access: Option<SecretSource>,
        /// Where an ID token is.
        id: Option<SecretSource>,
        /// What is stored may be replaced.
        force: bool,
    },
    /// To take away what is stored.
    Clear,
}

/// One thing that is stored, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its key.
    pub key: String,
    /// Of what kind it is.
    pub kind: Kind,
}

/// Of what kind a thing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Empty,
    /// A text that does not say when it ends.
    Text,
    /// What is put where an access token must be, until the hub gets one.
    ToBeRefreshed,
    /// A JSON web token, and when it ends; none means never, or that it does not say.
    Jwt(Option<Timestamp>),
    /// These keys.
    Object(Vec<String>),
    /// Anything else.
    Other,
}

/// What there is, and was done.
#[derive(Debug)]
pub struct Told {
    /// The hub's version, as it says.
    pub version: String,
    /// Something was stored, or taken away.
    pub changed: bool,
    /// What is stored now; none if nothing is.
    pub now: Option<Vec<Item>>,
    /// Things to mind.
    pub warnings: Vec<String>,
}

/// Two secrets in one file are a slip of the hand, which would give the one to whom
/// only the other is for.
fn each_its_own(source: &SecretSource, wish: &Wish) -> Result<(), Problem> {
    let Wish::Store {
        refresh,
        access,
        id,
        ..
    } = wish
    else {
        return Ok(());
    };
    let named = [Some(source), Some(refresh), access.as_ref(), id.as_ref()];
    let files: Vec<&PathBuf> = named
        .into_iter()
        .filter_map(|source| match source {
            Some(SecretSource::File(path)) => Some(path),
            _ => None,
        })
        .collect();
    for (index, path) in files.iter().enumerate() {
        if files.iter().take(index).any(|other| same(path, other)) {
            return Err(Problem::Usage(format!(
                "the file {} is named for two different tokens; each has a file of its own. Nothing was sent",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Looks, stores or takes away.
///
/// # Errors
/// A finding; [`Problem::Usage`] for a secret that cannot be read, and where
/// something is stored that may not be replaced.
pub async fn auth_state(
    target: &Target,
    name: &str,
    source: &SecretSource,
    wish: &Wish,
) -> Result<Told, Problem> {
    each_its_own(source, wish)?;
    let asking = Asking::open(target, source, Uuid::now_v7()).await?;
    let mut warnings = asking.warnings.clone();
    let new = match wish {
        Wish::Look => None,
        Wish::Clear => Some(AuthState::new(Map::new())),
        Wish::Store {
            refresh,
            access,
            id,
            ..
        } => {
            let mut read = Vec::new();
            for source in [Some(refresh), access.as_ref(), id.as_ref()] {
                read.push(match source {
                    Some(source) => Some(connect::read_word(source).await?),
                    None => None,
                });
            }
            let mut tokens = Vec::new();
            for one in read {
                tokens.push(one.map(|one| {
                    warnings.extend(one.warnings);
                    asking.hide(&one.token);
                    one.token
                }));
            }
            let take = |index: usize| tokens.get(index).cloned().flatten();
            take(0).map(|refresh| shaped(&refresh, take(1).as_ref(), take(2).as_ref()))
        }
    };
    let greeted = asking.greet().await?;
    may(&asking, &greeted, name, new.is_some())?;
    let found = read(&asking, name).await?;
    if let (Some(found), Wish::Store { force: false, .. }) = (&found, wish) {
        return Err(Problem::Usage(format!(
            "{name} has an auth_state ({}), perhaps of a login, and nothing was done; --force replaces it",
            keys(found.expose()).join(", ")
        )));
    }
    let Some(new) = new else {
        return Ok(Told {
            version: greeted.version_text,
            changed: false,
            now: found.map(|state| items(state.expose())),
            warnings,
        });
    };
    if let Err(error) = asking.hub.store_auth_state(name, &new).await {
        return Err(not_stored(&asking, name, &error).await.into());
    }
    // Its 200 says only that it has tried: what it cannot decrypt it takes for nothing.
    let now = read(&asking, name).await?;
    if now.as_ref().unwrap_or(&AuthState::new(Map::new())) != &new {
        return Err(asking
            .clean(
                Finding::new(
                    Cause::HubError,
                    format!("the hub has taken the auth_state of {name}, and does not give it back"),
                )
                .seen(if now.is_some() {
                    "GET shows another than was stored: somebody logs in as the account, or changes it too"
                } else {
                    "GET shows none: what it has encrypted it cannot decrypt"
                })
                .advise(KEY),
            )
            .into());
    }
    Ok(Told {
        version: greeted.version_text,
        changed: true,
        now: now.map(|state| items(state.expose())),
        warnings,
    })
}

/// What makes a hub keep it.
const KEY: &str = "Give the hub a key to encrypt it with, and let it keep it: the environment variable JUPYTERHUB_CRYPT_KEY \
                   (openssl rand -hex 32), and c.Authenticator.enable_auth_state = True (z2jh: \
                   hub.config.Authenticator.enable_auth_state: true; the chart makes the key itself), then restart the \
                   hub. Its log names what is missing.";

/// Whether who is asking may.
fn may(asking: &Asking, greeted: &Greeted, name: &str, store: bool) -> Result<(), Problem> {
    let identity = &greeted.identity;
    let wants = [
        ("admin:auth_state", format!("see the auth_state of {name}")),
        ("admin:users", format!("store an auth_state for {name}")),
    ];
    for (scope, what) in wants.iter().take(if store { 2 } else { 1 }) {
        if let Some(finding) = asking.lacks(identity, scope, name, what) {
            return Err(finding.into());
        }
    }
    Ok(())
}

/// What is stored; none for nothing, and for the empty one that a hub takes for
/// nothing.
async fn read(asking: &Asking, name: &str) -> Result<Option<AuthState>, Problem> {
    match asking.hub.auth_state(name).await {
        Ok(Some(state)) => Ok(state.filter(|state| !state.expose().is_empty())),
        Ok(None) => Err(Finding::new(
            Cause::TokenMissingScope,
            format!("the hub does not show the auth_state of {name} to this token"),
        )
        .seen("the user's model has no auth_state: the token lacks the scope admin:auth_state")
        .advise("Use an administrator's token.")
        .into()),
        Err(error) => Err(asking.failure_about(name, &error).await.into()),
    }
}

/// Why the hub did not store it.
async fn not_stored(asking: &Asking, name: &str, error: &Error) -> Finding {
    let finding = asking.failure(error).await;
    if error.status() != Some(500) || finding.cause != Cause::HubError {
        return finding;
    }
    asking.clean(
        Finding::new(
            Cause::HubError,
            format!("the hub cannot store an auth_state for {name}: most likely it has no key to encrypt it with"),
        )
        .seen(error.to_string())
        .advise(KEY),
    )
}

/// The shape of `OAuthenticator.build_auth_state_dict`, from a refresh token and
/// what else there is. `refresh_user` wants `token_response` with `access_token` and
/// `token_type`, and `refresh_token` beside it.
fn shaped(refresh: &Token, access: Option<&Token>, id: Option<&Token>) -> AuthState {
    let access = access.map_or(TO_BE_REFRESHED, Token::expose);
    let id = id.map(Token::expose);
    let mut response = json!({
        "access_token": access,
        "refresh_token": refresh.expose(),
        "token_type": "Bearer",
    });
    if let (Some(id), Some(response)) = (id, response.as_object_mut()) {
        response.insert("id_token".to_owned(), json!(id));
    }
    let state = json!({
        "access_token": access,
        "refresh_token": refresh.expose(),
        "id_token": id,
        "scope": [],
        "token_response": response,
        // What the provider says of the user: the hub asks it when it refreshes.
        "oauth_user": {},
    });
    match state {
        Value::Object(map) => AuthState::new(map),
        _ => AuthState::new(Map::new()),
    }
}

fn keys(map: &Map<String, Value>) -> Vec<String> {
    map.keys()
        .map(|key| key.chars().take(LONGEST_KEY).collect())
        .collect()
}

/// What is stored, without values.
fn items(map: &Map<String, Value>) -> Vec<Item> {
    keys(map)
        .into_iter()
        .zip(map.values())
        .map(|(key, value)| Item {
            key,
            kind: kind(value),
        })
        .collect()
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::Empty,
        Value::String(text) if text.is_empty() => Kind::Empty,
        Value::String(text) if text == TO_BE_REFRESHED => Kind::ToBeRefreshed,
        Value::String(text) => match claims(text) {
            Some(claims) => Kind::Jwt(end(&claims)),
            None => Kind::Text,
        },
        Value::Array(list) if list.is_empty() => Kind::Empty,
        Value::Object(map) if map.is_empty() => Kind::Empty,
        Value::Object(map) => Kind::Object(keys(map)),
        _ => Kind::Other,
    }
}

/// The claims of a JSON web token; none if it is none.
fn claims(text: &str) -> Option<Map<String, Value>> {
    let mut parts = text.split('.');
    let (Some(_), Some(body), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let body = URL_SAFE_NO_PAD.decode(body.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&body).ok()
}

/// When its claims say that it ends. An offline token of Keycloak says 0 for never.
fn end(claims: &Map<String, Value>) -> Option<Timestamp> {
    let seconds = claims.get("exp")?;
    let seconds = seconds
        .as_i64()
        .or_else(|| seconds.as_f64().map(|exact| exact as i64))?;
    Timestamp::from_second(seconds).ok().filter(|_| seconds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.sig", part(&json!({"alg": "none"})), part(claims))
    }

    #[test]
    fn ends_are_read_and_values_are_not_shown() {
        let at = |seconds| Some(Timestamp::from_second(seconds).unwrap());
        for (value, expected) in [
            (json!(null), Kind::Empty),
            (json!(""), Kind::Empty),
            (json!("opaque-secret"), Kind::Text),
            (json!("a.b"), Kind::Text),
            (json!("secret.secret.secret"), Kind::Text),
            (
                json!(jwt(&json!({"exp": 1_800_000_000}))),
                Kind::Jwt(at(1_800_000_000)),
            ),
            (
                json!(jwt(&json!({"exp": 1_800_000_000.7}))),
                Kind::Jwt(at(1_800_000_000)),
            ),
            (json!(jwt(&json!({"exp": 0}))), Kind::Jwt(None)),
            (json!(jwt(&json!({"exp": "soon"}))), Kind::Jwt(None)),
            (json!(jwt(&json!({"exp": i64::MAX}))), Kind::Jwt(None)),
            (json!({"a": "secret"}), Kind::Object(vec!["a".to_owned()])),
            (json!([]), Kind::Empty),
            (json!(["secret"]), Kind::Other),
        ] {
            assert_eq!(kind(&value), expected, "{value}");
            assert!(!format!("{:?}", kind(&value)).contains("secret"));
        }
    }

    #[test]
    fn what_is_stored_has_the_shape_that_is_refreshed() {
        let token = |text: &str| Token::parse(text).unwrap();
        let state = shaped(&token("r"), None, None);
        let map = state.expose();
        assert_eq!(map["refresh_token"], "r");
        // `refresh_user` fails on an answer without these two.
        assert_eq!(map["token_response"]["access_token"], TO_BE_REFRESHED);
        assert_eq!(map["token_response"]["token_type"], "Bearer");
        assert_eq!(items(map)[0].kind, Kind::ToBeRefreshed);
        let state = shaped(&token("r"), Some(&token("a")), Some(&token("i")));
        assert_eq!(state.expose()["token_response"]["id_token"], "i");
        assert_eq!(state.expose()["access_token"], "a");
        assert_eq!(format!("{state:?}"), "AuthState([hidden])");
    }
}
