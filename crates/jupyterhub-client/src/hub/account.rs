//! Users and their tokens.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use reqwest::Method;

use super::Hub;
use crate::error::{Error, Stage};
use crate::head::Seen;
use crate::model::{NewToken, TokenModel, User};
use crate::token::Token;

/// A token that was just made. The hub shows it this one time.
#[derive(Debug, Clone)]
pub struct MintedToken {
    /// The token.
    pub token: Token,
    /// What the hub says of it.
    pub model: TokenModel,
}

/// What a hub keeps of a user's login (`auth_state`): secret, whatever is in it. Its `Debug` hides it.
#[derive(Clone, PartialEq)]
pub struct AuthState(Map<String, Value>);

impl AuthState {
    /// Takes what is to be stored, in the shape that the hub's authenticator and spawner expect.
    #[must_use]
    pub fn new(content: Map<String, Value>) -> AuthState {
        AuthState(content)
    }

    /// The content itself: never for a log or a screen.
    #[must_use]
    pub fn expose(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl fmt::Debug for AuthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthState([hidden])")
    }
}

/// The list of tokens: one list until today; 1.x kept those of browser sessions apart.
#[derive(Deserialize)]
struct TokenList {
    #[serde(default)]
    api_tokens: Vec<TokenModel>,
    #[serde(default)]
    oauth_tokens: Vec<TokenModel>,
}

/// The answer to a new token, which alone holds the token itself.
#[derive(Deserialize)]
struct Minted {
    token: String,
    #[serde(flatten)]
    model: TokenModel,
}

impl Hub {
    /// `GET hub/api/users/{name}`, with stopped named servers if asked (since 3.0; older hubs leave them out).
    ///
    /// # Errors
    /// Any stage; 404 both for a user that does not exist and for one that the token may not see.
    pub async fn user(&self, name: &str, include_stopped: bool) -> Result<Seen<User>, Error> {
        let mut url = self.endpoint("read user", &["users", name])?;
        if include_stopped {
            url.set_query(Some("include_stopped_servers=true"));
        }
        self.link
            .fetch(self.call("read user", Method::GET, url))
            .await?
            .decode()
    }

    /// `POST hub/api/users/{name}`. The name is taken literally: nothing lower-cases it.
    ///
    /// # Errors
    /// Any stage; 409 if the user exists, 400 for names that the authenticator refuses.
    pub async fn create_user(&self, name: &str) -> Result<User, Error> {
        let url = self.endpoint("create user", &["users", name])?;
        Ok(self
            .link
            .fetch(self.call("create user", Method::POST, url))
            .await?
            .decode()?
            .value)
    }

    /// `PATCH hub/api/users/{name}` with `{"admin": …}`: makes an administrator, or an ordinary user of one. The hub
    /// gives the user the roles that go with it (2.x to 6.x).
    ///
    /// # Errors
    /// Any stage; 403 where only another administrator may, 404 if there is no such user. No error holds any of an
    /// answer that may hold the user's `auth_state`.
    pub async fn set_admin(&self, name: &str, admin: bool) -> Result<User, Error> {
        let operation = "change user";
        let url = self.endpoint(operation, &["users", name])?;
        let body = json!({ "admin": admin });
        let call = self.call_with(operation, Method::PATCH, url, &body);
        Ok(self.link.fetch(call).await?.decode_secret()?.value)
    }

    /// The `auth_state` in `GET hub/api/users/{name}`: `None` where the hub does not show it to this token (scope
    /// `admin:auth_state`), `Some(None)` where it has none, or one that it cannot decrypt.
    ///
    /// # Errors
    /// Any stage; no error holds any of an answer that may hold it.
    pub async fn auth_state(&self, name: &str) -> Result<Option<Option<AuthState>>, Error> {
        let url = self.endpoint("read auth state", &["users", name])?;
        let call = self.call("read auth state", Method::GET, url);
        let mut model: Map<String, Value> = self.link.fetch(call).await?.decode_secret()?.value;
        Ok(model.remove("auth_state").map(|state| match state {
            Value::Object(content) => Some(AuthState(content)),
            _ => None,
        }))
    }

    /// `PATCH hub/api/users/{name}` with `{"auth_state": …}`, which no specification names and every hub takes (1.x to
    /// 6.x). An empty one is taken for none. Read it afterwards: the hub cannot say whether it can decrypt it.
    ///
    /// # Errors
    /// Any stage; 500 where the hub has no key to encrypt it. No error holds any of an answer to a success.
    pub async fn store_auth_state(&self, name: &str, state: &AuthState) -> Result<(), Error> {
        let operation = "store auth state";
        let url = self.endpoint(operation, &["users", name])?;
        let body = json!({ "auth_state": state.0 });
        let call = self.call_with(operation, Method::PATCH, url, &body);
        self.link.fetch(call).await?.expect(&[200]).map(drop)
    }

    /// `DELETE hub/api/users/{name}`: with all its servers and tokens.
    ///
    /// # Errors
    /// Any stage; 404 if there is no such user.
    pub async fn delete_user(&self, name: &str) -> Result<(), Error> {
        let url = self.endpoint("delete user", &["users", name])?;
        self.link
            .fetch(self.call("delete user", Method::DELETE, url))
            .await?
            .expect(&[204])
            .map(drop)
    }

    /// `GET hub/api/users/{user}/tokens`: what the hub says of the user's tokens.
    ///
    /// # Errors
    /// Any stage.
    pub async fn tokens(&self, user: &str) -> Result<Vec<TokenModel>, Error> {
        let url = self.endpoint("list tokens", &["users", user, "tokens"])?;
        let list: TokenList = self
            .link
            .fetch(self.call("list tokens", Method::GET, url))
            .await?
            .decode()?
            .value;
        Ok(list
            .api_tokens
            .into_iter()
            .chain(list.oauth_tokens)
            .collect())
    }

    /// `GET hub/api/users/{user}/tokens/{id}`.
    ///
    /// # Errors
    /// Any stage; 404 if the token is gone. One whose time is up is still there until [`Hub::tokens`] is asked, or the
    /// hub cleans up.
    pub async fn token_model(&self, user: &str, id: &str) -> Result<TokenModel, Error> {
        let url = self.endpoint("read token", &["users", user, "tokens", id])?;
        Ok(self
            .link
            .fetch(self.call("read token", Method::GET, url))
            .await?
            .decode()?
            .value)
    }

    /// `POST hub/api/users/{user}/tokens`: makes a token.
    ///
    /// # Errors
    /// Any stage; 400 for scopes or a time that the hub refuses (403 and 404 before 3.0; 500 for a scope that does not
    /// exist before 5.0). No error holds any of an answer that may hold the new token.
    pub async fn create_token(&self, user: &str, new: &NewToken) -> Result<MintedToken, Error> {
        let operation = "create token";
        let url = self.endpoint(operation, &["users", user, "tokens"])?;
        let mut body = Map::new();
        body.insert("note".to_owned(), json!(new.note));
        if let Some(life) = new.expires_in {
            body.insert("expires_in".to_owned(), json!(life.as_secs()));
        }
        if let Some(scopes) = &new.scopes {
            body.insert("scopes".to_owned(), json!(scopes));
        }
        if let Some(roles) = &new.roles {
            body.insert("roles".to_owned(), json!(roles));
        }
        let call = self.call_with(operation, Method::POST, url, &Value::Object(body));
        let answer = self.link.fetch(call).await?;
        let trail = answer.trail.clone();
        let Seen { value, head } = answer.decode_secret::<Minted>()?;
        let token = Token::parse(&value.token).map_err(|error| {
            let body = "[hidden: it may hold a new token]".to_owned();
            trail.fail(Stage::Decode {
                head,
                message: error.to_string(),
                body,
            })
        })?;
        Ok(MintedToken {
            token,
            model: value.model,
        })
    }

    /// `DELETE hub/api/users/{user}/tokens/{id}`.
    ///
    /// # Errors
    /// Any stage; 404 if it is gone already.
    pub async fn revoke_token(&self, user: &str, id: &str) -> Result<(), Error> {
        let url = self.endpoint("revoke token", &["users", user, "tokens", id])?;
        self.link
            .fetch(self.call("revoke token", Method::DELETE, url))
            .await?
            .expect(&[204])
            .map(drop)
    }
}
