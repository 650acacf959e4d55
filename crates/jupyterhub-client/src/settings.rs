//! How a hub is reached: what the caller decides before the first request.

use std::time::Duration;

use url::Url;

use crate::exchange::Observer;
use crate::token::{Secret, Token};

/// The settings of a [`crate::Hub`]. Start from [`Settings::new`] and change what differs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The hub's own base, without `hub/`: `https://host/` or `https://host/prefix/`.
    pub url: Url,
    /// The token; sent only to the hub's origin and to hosts below the hub's.
    pub token: Option<Token>,
    /// Extra headers for every request to the hub and its servers, for access proxies.
    pub headers: Vec<(String, Secret)>,
    /// Certificates in PEM, trusted beside those of the system.
    pub ca_pem: Option<Vec<u8>>,
    /// The `User-Agent`.
    pub user_agent: String,
    /// For the name, the connection and TLS together; at most four fifths of `request_timeout` are used. Default 10 s.
    pub connect_timeout: Duration,
    /// For a whole request, connecting included, where an operation has no deadline of its own. Default 30 s.
    pub request_timeout: Duration,
    /// The largest body that is read, in bytes. Default 4 MiB.
    pub body_limit: usize,
    /// Who is told of each request and what came of it. Default: nobody.
    pub observer: Option<Observer>,
}

impl Settings {
    /// Default settings for the hub at `url`, which gets a slash at its end if it has none, and loses query and
    /// fragment.
    #[must_use]
    pub fn new(mut url: Url) -> Settings {
        if !url.cannot_be_a_base() && !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        url.set_query(None);
        url.set_fragment(None);
        Settings {
            url,
            token: None,
            headers: Vec::new(),
            ca_pem: None,
            user_agent: concat!("jupyterhub-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            body_limit: 4 << 20,
            observer: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_ends_in_a_slash() {
        for (text, base) in [
            ("https://host", "https://host/"),
            ("https://host/jhub?x=1#y", "https://host/jhub/"),
            ("https://host/jhub/", "https://host/jhub/"),
        ] {
            assert_eq!(Settings::new(Url::parse(text).unwrap()).url.as_str(), base);
        }
    }
}
