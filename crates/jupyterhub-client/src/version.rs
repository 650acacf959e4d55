//! The version of a hub, and what follows from it.
//!
//! JupyterHub's behaviour changes in ways that a client must know before it sends anything, such as the
//! shape of the spawn request's body. The questions that the rest of the world asks are methods here, so
//! that no version number stands anywhere else.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Value, json};

/// A hub's version, as in `GET /hub/api/` and in the `X-JupyterHub-Version` header.
///
/// Versions are ordered as Python orders them, as far as JupyterHub uses it: `5.0.0.dev` < `5.0.0b2` < `5.0.0rc1` < `5.0.0`.
#[derive(Debug, Clone)]
pub struct HubVersion {
    /// 6 in 6.1.2
    pub major: u32,
    /// 1 in 6.1.2
    pub minor: u32,
    /// 2 in 6.1.2; 0 where it is not said
    pub patch: u32,
    /// The version as the hub wrote it.
    pub text: String,
    /// Kind and number of a pre-release; a final release sorts after all of them.
    stage: (u8, u32),
}

const FINAL: (u8, u32) = (9, 0);

impl HubVersion {
    /// Reads `6.1.1`, `5.0.0b2`, `4.1`, `6.0.0.dev`; `None` where no major and minor number begin the text.
    #[must_use]
    pub fn parse(text: &str) -> Option<HubVersion> {
        let text = text.trim();
        let (major, rest) = number(text)?;
        let (minor, rest) = number(rest.strip_prefix('.')?)?;
        let (patch, rest) = match rest.strip_prefix('.').and_then(number) {
            Some((patch, rest)) => (patch, rest),
            None => (0, rest),
        };
        Some(HubVersion {
            major,
            minor,
            patch,
            text: text.to_owned(),
            stage: stage(rest),
        })
    }

    /// Whether spawn options ride in `{"user_options": …}` (since 6.0) or are the body itself (until 5.x).
    #[must_use]
    pub fn wraps_options(&self) -> bool {
        self.major >= 6
    }

    /// Whether a start wants the scope `start:servers`, which `servers` holds (since 6.0), or `servers` itself (until 5.x).
    #[must_use]
    pub fn splits_servers(&self) -> bool {
        self.major >= 6
    }

    /// Whether a DELETE cancels a spawn that is under way (since 5.1); older hubs answer 400.
    #[must_use]
    pub fn cancels_pending(&self) -> bool {
        (self.major, self.minor) >= (5, 1)
    }

    /// Whether a new token can be limited to scopes (since 3.0); 2.x ignores them without a word.
    #[must_use]
    pub fn scoped_tokens(&self) -> bool {
        self.major >= 3
    }

    fn key(&self) -> (u32, u32, u32, (u8, u32)) {
        (self.major, self.minor, self.patch, self.stage)
    }
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

fn stage(rest: &str) -> (u8, u32) {
    let rest = rest.trim_start_matches(['.', '-', '_']);
    let kinds = [("dev", 0), ("a", 1), ("b", 2), ("rc", 3)];
    for (word, rank) in kinds {
        if let Some(after) = rest.strip_prefix(word) {
            return (
                rank,
                number(after.trim_start_matches("eta")).map_or(0, |(n, _)| n),
            );
        }
    }
    FINAL
}

impl PartialEq for HubVersion {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for HubVersion {}

impl PartialOrd for HubVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HubVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for HubVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The body of a start request that says its options explicitly, in the shape that this version reads:
/// the options themselves up to 5.x, `{"user_options": …}` from 6.0.
///
/// From 6.0 on an empty `{}` means "the options of the last time", so even empty options are wrapped.
#[must_use]
pub fn start_body(version: &HubVersion, options: &Value) -> Value {
    if version.wraps_options() {
        json!({ "user_options": options })
    } else {
        options.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> HubVersion {
        HubVersion::parse(text).unwrap()
    }

    #[test]
    fn parses_what_hubs_say() {
        let version = v("6.1.1\n");
        assert_eq!(
            (
                version.major,
                version.minor,
                version.patch,
                version.text.as_str()
            ),
            (6, 1, 1, "6.1.1")
        );
        assert_eq!((v("4.1").major, v("4.1").minor, v("4.1").patch), (4, 1, 0));
        for bad in ["", "six", "6", ".1", "v6.1", "99999999999.1"] {
            assert!(HubVersion::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn orders_as_releases_came() {
        let order = [
            "4.1.6",
            "5.0.0.dev",
            "5.0.0b1",
            "5.0.0b2",
            "5.0.0rc1",
            "5.0.0",
            "5.0.1",
            "5.5.4",
            "6.0.0b2",
            "6.0.0",
            "10.0.0",
        ];
        for pair in order.windows(2) {
            assert!(v(pair[0]) < v(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn knows_what_changed_when() {
        assert!(v("6.0.0b2").wraps_options() && !v("5.5.4").wraps_options());
        assert!(v("6.0.0").splits_servers() && !v("5.5.4").splits_servers());
        assert!(v("5.1.0").cancels_pending() && !v("5.0.0").cancels_pending());
        assert!(v("3.0.0").scoped_tokens() && !v("2.3.1").scoped_tokens());
        let options = json!({"runtime": ["00:05:00"]});
        assert_eq!(start_body(&v("5.5.4"), &options), options);
        assert_eq!(
            start_body(&v("6.1.1"), &json!({})),
            json!({"user_options": {}})
        );
    }
}
