//! Name resolution by the system, with an error of its own so that it can be told from all others.

use std::fmt;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The system's resolver (`getaddrinfo`).
pub(super) struct SystemResolver;

/// A name that was not resolved.
#[derive(Debug)]
pub(super) struct DnsFailure {
    pub(super) message: String,
    pub(super) no_such_name: bool,
}

impl fmt::Display for DnsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DnsFailure {}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            match tokio::net::lookup_host((name.as_str(), 0)).await {
                Ok(found) => {
                    let found: Vec<_> = found.collect();
                    if found.is_empty() {
                        let message = format!("{}: no addresses", name.as_str());
                        return Err(DnsFailure {
                            message,
                            no_such_name: true,
                        }
                        .into());
                    }
                    Ok(Box::new(found.into_iter()) as Addrs)
                }
                Err(error) => {
                    let words = error.to_string();
                    let message = format!("{}: {words}", name.as_str());
                    Err(DnsFailure {
                        message,
                        no_such_name: no_such_name(&words),
                    }
                    .into())
                }
            }
        })
    }
}

/// Whether `getaddrinfo` says that the name does not exist (`EAI_NONAME`, `EAI_NODATA`), rather than that nobody
/// could be asked (`EAI_AGAIN`, `EAI_FAIL`). The standard library hands on the words only: those of glibc,
/// musl and macOS.
fn no_such_name(words: &str) -> bool {
    [
        "Name or service not known",
        "No address associated with hostname",
        "Name does not resolve",
        "Name has no usable address",
        "nodename nor servname provided",
    ]
    .iter()
    .any(|known| words.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_c_libraries() {
        assert!(no_such_name(
            "failed to lookup address information: Name or service not known"
        ));
        assert!(no_such_name(
            "failed to lookup address information: Name does not resolve"
        ));
        assert!(!no_such_name(
            "failed to lookup address information: Temporary failure in name resolution"
        ));
        assert!(!no_such_name(
            "failed to lookup address information: Try again"
        ));
    }
}
