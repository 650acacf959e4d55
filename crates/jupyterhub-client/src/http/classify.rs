//! From the HTTP library's errors to stages: looks for the innermost error that says what happened.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use rustls::CertificateError;

use super::dns::DnsFailure;
use crate::error::{ConnectKind, Stage, TlsKind};

/// The stage of a failed request. `phase` is what is being waited for when it is not the connection; `clean`
/// takes secrets out.
pub(super) fn stage(
    error: reqwest::Error,
    waited: Duration,
    phase: &'static str,
    clean: impl Fn(&str) -> String,
) -> Stage {
    let error = error.without_url();
    let message = clean(&words(&error));
    let mut link: Option<&(dyn StdError + 'static)> = Some(&error);
    while let Some(cause) = link {
        if let Some(dns) = cause.downcast_ref::<DnsFailure>() {
            return Stage::Dns {
                message: clean(&dns.message),
                no_such_name: dns.no_such_name,
            };
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Stage::Tls {
                kind: tls_kind(tls),
                message: clean(&tls_words(tls)),
            };
        }
        if let Some(system) = cause.downcast_ref::<io::Error>() {
            // The standard library's `source` skips the error that a custom one is made of.
            if let Some(inner) = system.get_ref() {
                if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
                    return Stage::Tls {
                        kind: tls_kind(tls),
                        message: clean(&tls_words(tls)),
                    };
                }
                link = Some(inner);
                continue;
            }
            if error.is_connect() {
                if let Some(kind) = connect_kind(system.kind()) {
                    return Stage::Connect {
                        kind,
                        message: clean(&system.to_string()),
                    };
                }
                if system.kind() == io::ErrorKind::TimedOut {
                    return Stage::Timeout {
                        phase: "connect",
                        after: waited,
                    };
                }
            }
        }
        link = cause.source();
    }
    if error.is_timeout() {
        return Stage::Timeout {
            phase: if error.is_connect() { "connect" } else { phase },
            after: waited,
        };
    }
    if error.is_builder() {
        return Stage::Setup { message };
    }
    if error.is_connect() {
        return Stage::Connect {
            kind: ConnectKind::Other,
            message,
        };
    }
    Stage::Lost { message }
}

/// An error's words and those of its causes, each once.
pub(super) fn words(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut link = error.source();
    while let Some(cause) = link {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        link = cause.source();
    }
    text
}

/// Whether the certificate is a self-signed one that is marked as an authority, as `openssl req -x509` makes them.
fn is_own_authority(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(CertificateError::Other(other))
        if other.to_string().contains("CaUsedAsEndEntity"))
}

fn tls_words(error: &rustls::Error) -> String {
    if is_own_authority(error) {
        return format!(
            "{error}: the server's certificate is a self-signed one that is marked as an authority (CA:TRUE), which is \
             refused even when it is given as trusted; make it with basicConstraints=CA:FALSE, or have it signed by an authority"
        );
    }
    error.to_string()
}

fn connect_kind(kind: io::ErrorKind) -> Option<ConnectKind> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some(ConnectKind::Refused),
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::AddrNotAvailable => Some(ConnectKind::Unreachable),
        _ => None,
    }
}

fn tls_kind(error: &rustls::Error) -> TlsKind {
    let rustls::Error::InvalidCertificate(reason) = error else {
        return TlsKind::Other;
    };
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsKind::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsKind::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsKind::WrongName
        }
        CertificateError::UnknownIssuer
        | CertificateError::Revoked
        | CertificateError::BadSignature => TlsKind::Untrusted,
        CertificateError::Other(_) if is_own_authority(error) => TlsKind::Untrusted,
        _ => TlsKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_fail_for_known_reasons() {
        let kind = |reason| tls_kind(&rustls::Error::InvalidCertificate(reason));
        assert_eq!(kind(CertificateError::Expired), TlsKind::Expired);
        assert_eq!(kind(CertificateError::NotValidYet), TlsKind::NotYetValid);
        assert_eq!(kind(CertificateError::NotValidForName), TlsKind::WrongName);
        assert_eq!(kind(CertificateError::UnknownIssuer), TlsKind::Untrusted);
        assert_eq!(kind(CertificateError::BadEncoding), TlsKind::Other);
        assert_eq!(tls_kind(&rustls::Error::DecryptError), TlsKind::Other);
    }

    #[test]
    fn words_are_said_once() {
        let inner = io::Error::other("broken pipe");
        assert_eq!(words(&inner), "broken pipe");
    }
}
