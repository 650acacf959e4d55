//! Users and their tokens.

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
