//! Where a request goes, in the words of a visit.

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Any request.
    Any,
    /// `GET /hub/api/`: is it a hub?
    Root,
    /// `GET /hub/api/user`.
    Whoami,
    /// `GET /hub/api/users/NAME`: the model.
    Model,
    /// Tokens of a user.
    Tokens,
    /// `POST`, `PATCH` or `DELETE` of a user.
    Users,
    /// `POST` of a server.
    Start,
    /// The progress stream.
    Progress,
    /// `DELETE` of a server.
    Stop,
    /// The server's version, status and `me`.
    Server,
    /// Kernelspecs.
    Kernelspecs,
    /// Sessions and kernels.
    Kernels,
    /// The kernel's websocket.
    Channels,
    /// Files.
    Contents,
    /// Anything else.
    Other,
}

impl Place {
    /// All that a visit with files touches, in its order.
    pub const VISIT: [Self; 12] = [
        Self::Root,
        Self::Whoami,
        Self::Model,
        Self::Tokens,
        Self::Start,
        Self::Progress,
        Self::Server,
        Self::Kernelspecs,
        Self::Kernels,
        Self::Channels,
        Self::Contents,
        Self::Stop,
    ];

    /// Where this request goes.
    #[must_use]
    pub fn of(method: &str, path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            ["hub", "api"] => Self::Root,
            ["hub", "api", "user"] => Self::Whoami,
            ["hub", "api", "users", _] if method == "GET" => Self::Model,
            ["hub", "api", "users", _] => Self::Users,
            ["hub", "api", "users", _, "tokens", ..] => Self::Tokens,
            ["hub", "api", "users", .., "progress"] => Self::Progress,
            ["hub", "api", "users", _, "server" | "servers", ..] if method == "DELETE" => {
                Self::Stop
            }
            ["hub", "api", "users", _, "server" | "servers", ..] => Self::Start,
            ["user", .., "channels"] => Self::Channels,
            ["user", .., "api"] | ["user", .., "api", "status" | "me"] => Self::Server,
            ["user", .., "kernelspecs"] => Self::Kernelspecs,
            ["user", rest @ ..] if rest.contains(&"contents") => Self::Contents,
            ["user", rest @ ..] if rest.contains(&"sessions") || rest.contains(&"kernels") => {
                Self::Kernels
            }
            _ => Self::Other,
        }
    }

    /// Whether a rule for this place is one for that.
    pub(crate) fn holds(self, other: Self) -> bool {
        self == Self::Any || self == other
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn every_request_of_a_visit() {
        for (method, path, place) in [
            ("GET", "/hub/api/", Place::Root),
            ("GET", "/hub/api/user", Place::Whoami),
            (
                "GET",
                "/hub/api/users/x?include_stopped_servers=true",
                Place::Model,
            ),
            ("POST", "/hub/api/users/x", Place::Users),
            ("GET", "/hub/api/users/x/tokens/a1", Place::Tokens),
            ("POST", "/hub/api/users/x/server", Place::Start),
            ("DELETE", "/hub/api/users/x/servers/n", Place::Stop),
            (
                "GET",
                "/hub/api/users/x/servers/n/progress",
                Place::Progress,
            ),
            ("GET", "/user/x/api", Place::Server),
            ("GET", "/user/x/n/api/status", Place::Server),
            ("GET", "/user/x/api/kernelspecs", Place::Kernelspecs),
            ("POST", "/user/x/api/sessions", Place::Kernels),
            (
                "GET",
                "/user/x/api/kernels/1/channels?session_id=2",
                Place::Channels,
            ),
            ("PUT", "/user/x/api/contents/a/b", Place::Contents),
            ("GET", "/hub/health", Place::Other),
        ] {
            assert_eq!(Place::of(method, path), place, "{method} {path}");
        }
    }
}
