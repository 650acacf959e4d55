//! The head of an answer: its status and the few headers that say something about the deployment.
//!
//! All other headers are dropped where the answer arrives, cookies among them, so that nothing secret can
//! be kept by accident. Bodies are not here, except in [`Look`], the answer to a question that takes any
//! answer.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use url::Url;

/// The names of the headers that are kept, in lower case.
pub const KEPT: [&str; 9] = [
    "server",
    "via",
    "date",
    "location",
    "retry-after",
    "x-jupyterhub-version",
    "content-type",
    "content-length",
    "www-authenticate",
];

/// The kept headers of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(&'static str, String)>);

impl Headers {
    /// Takes the kept ones; `clean` takes secrets out of the values.
    pub(crate) fn keep(map: &HeaderMap, clean: impl Fn(&str) -> String) -> Headers {
        let mut kept = Vec::new();
        for name in KEPT {
            for value in map.get_all(name) {
                kept.push((name, clean(&String::from_utf8_lossy(value.as_bytes()))));
            }
        }
        Headers(kept)
    }

    /// The same with other values.
    pub(crate) fn map(&self, how: impl Fn(&str, &str) -> String) -> Headers {
        let told = |(name, value): &(&'static str, String)| (*name, how(name, value));
        Headers(self.0.iter().map(told).collect())
    }

    /// The first value of a header, by its name in any case; `None` for one that was not sent or is not kept.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(kept, _)| kept.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All kept headers, names in lower case.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    /// The kept ones of these, by their names in lower case.
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(pairs: T) -> Headers {
        let kept = pairs.into_iter().filter_map(|(name, value)| {
            let name = KEPT.into_iter().find(|kept| *kept == name)?;
            Some((name, value.to_owned()))
        });
        Headers(kept.collect())
    }
}

/// The head of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The HTTP status code.
    pub status: u16,
    /// The kept headers, see [`KEPT`].
    pub headers: Headers,
    /// From sending the request to the end of the head (of the body, where one was read).
    pub elapsed: Duration,
    /// The answerer's clock, from the `Date` header; whole seconds.
    pub date: Option<Timestamp>,
}

impl Head {
    /// `Retry-After` in seconds, a year at most. Its other form, a date, is taken relative to the answer's own `Date`.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        /// More could not be added to an instant by whoever waits.
        const YEAR: u64 = 365 * 24 * 3600;
        let text = self.headers.get("retry-after")?.trim();
        let seconds = match text.parse() {
            Ok(seconds) => seconds,
            Err(_) => {
                let wait = http_date(text)?.as_second() - self.date?.as_second();
                u64::try_from(wait).unwrap_or(0)
            }
        };
        Some(Duration::from_secs(seconds.min(YEAR)))
    }

    /// Whether the answer says that it is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.headers.get("content-type").is_some_and(|kind| {
            let kind = kind
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase();
            kind == "application/json" || kind.ends_with("+json")
        })
    }

    /// The `X-JupyterHub-Version` header: of the hub on its own answers, of the single-user server's own
    /// jupyterhub package on a user server's.
    #[must_use]
    pub fn hub_version(&self) -> Option<&str> {
        self.headers.get("x-jupyterhub-version")
    }
}

/// Reads an HTTP date: `Sat, 21 Nov 2026 20:45:55 GMT`.
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    // RFC 9110, section 5.6.7: fixed width, always GMT.
    let (_, rest) = text.trim().split_once(", ")?;
    let rest = rest.strip_suffix("GMT")?;
    let text = format!("{}+0000", rest);
    Timestamp::strptime("%d %b %Y %H:%M:%S %z", text).ok()
}

/// A decoded answer with the head that it came with.
#[derive(Debug, Clone)]
pub struct Seen<T> {
    /// What it says.
    pub value: T,
    /// How it came.
    pub head: Head,
}

impl<T> Seen<T> {
    /// The same head with something made of the value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Seen<U> {
        Seen {
            value: f(self.value),
            head: self.head,
        }
    }
}

/// Any answer at all, for second looks: every status is welcome, redirects are not followed.
#[derive(Debug, Clone)]
pub struct Look {
    /// How it came.
    pub head: Head,
    /// The start of the body, at most 8 KiB, invalid UTF-8 replaced, secrets taken out.
    pub body: String,
    /// What was asked.
    pub url: Url,
}

/// A page, read whole.
#[derive(Debug, Clone)]
pub struct Page {
    /// How it came.
    pub head: Head,
    /// The body, invalid UTF-8 replaced, secrets taken out.
    pub body: String,
    /// How many bytes it had.
    pub length: usize,
}

impl Look {
    /// The `message` of a JSON error, as JupyterHub and Jupyter Server write it.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        crate::error::json_message(&self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn only_kept_headers_stay() {
        let mut map = HeaderMap::new();
        map.insert("set-cookie", HeaderValue::from_static("s=1"));
        map.insert(
            "server",
            HeaderValue::from_static("TornadoServer/6.5 secret"),
        );
        map.append("via", HeaderValue::from_static("a"));
        map.append("via", HeaderValue::from_bytes(b"b\xff").unwrap());
        let headers = Headers::keep(&map, |text| text.replace("secret", "[token]"));
        assert_eq!(headers.get("Server"), Some("TornadoServer/6.5 [token]"));
        assert_eq!(headers.get("set-cookie"), None);
        assert_eq!(headers.iter().filter(|(name, _)| *name == "via").count(), 2);
    }

    #[test]
    fn dates_and_retry_after() {
        let date = http_date("Sat, 21 Nov 2026 20:45:55 GMT").unwrap();
        assert_eq!(date.to_string(), "2026-11-21T20:45:55Z");
        assert!(http_date("yesterday").is_none());
        let head = |value: &'static str| Head {
            headers: Headers(vec![("retry-after", value.to_owned())]),
            date: Some(date),
            ..Head::default()
        };
        assert_eq!(head("40").retry_after(), Some(Duration::from_secs(40)));
        assert_eq!(
            head("Sat, 21 Nov 2026 20:46:05 GMT").retry_after(),
            Some(Duration::from_secs(10))
        );
        assert_eq!(
            head("Sat, 21 Nov 2026 20:00:05 GMT").retry_after(),
            Some(Duration::ZERO)
        );
        assert_eq!(head("soon").retry_after(), None);
        let wait = head("18446744073709551615").retry_after().unwrap();
        assert!(std::time::Instant::now().checked_add(wait).is_some());
    }
}
