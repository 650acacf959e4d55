//! What a server's address says when the server should be gone.

use jupyterhub_client::Error;

/// What the server's address says after the stop.
pub(super) enum Route {
    /// Something that is not the server answers there.
    Gone(String),
    /// The server answers.
    Alive(String),
    /// Neither can be said.
    Unknown(String),
}

impl Route {
    /// The hub (or a proxy without a route) answers with a redirect, 404, 424 or
    /// 503; a proxy whose target is gone with 502 or 503. What else answers
    /// with a status is the server: it wants a token (403), or has trouble.
    pub(super) fn of(error: &Error) -> Self {
        match error.status() {
            Some(status @ (300..400 | 404 | 410 | 424 | 502 | 503)) => {
                Self::Gone(status.to_string())
            }
            Some(_)
                if error
                    .head()
                    .is_some_and(|head| head.hub_version().is_none()) =>
            {
                // An ingress with a page of its own; the hub's model decides.
                Self::Gone("the server does not answer there".to_owned())
            }
            Some(_) => Self::Alive(error.to_string()),
            None => Self::Unknown(error.to_string()),
        }
    }
}
