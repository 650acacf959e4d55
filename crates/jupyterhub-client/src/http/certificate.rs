//! What a server's certificate says: who issued it, for which names, from when until when.
//!
//! Read from the handshake itself, of a certificate that was refused as well as of one that was taken, so that a diagnosis needs
//! no second connection. It decides nothing: that is the verifier's.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// A server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// For whom: `CN=hub.example.org`. May be empty.
    pub subject: String,
    /// By whom: `CN=Example CA, O=Example`.
    pub issuer: String,
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// It is valid from then on.
    pub not_before: Timestamp,
    /// It is valid until then.
    pub not_after: Timestamp,
    /// How many certificates the server sent: 1 is this one alone, without the ones between it and its authority.
    pub sent: usize,
}

impl Certificate {
    /// Reads one; none where it is no certificate.
    fn read(end_entity: &[u8], sent: usize) -> Option<Certificate> {
        let (_, read) = X509Certificate::from_der(end_entity).ok()?;
        let names = read.subject_alternative_name().ok().flatten();
        let names = names.map_or_else(Vec::new, |names| {
            names.value.general_names.iter().filter_map(name).collect()
        });
        let validity = read.validity();
        let instant = |at: i64| Timestamp::from_second(at).ok();
        Some(Certificate {
            subject: read.subject().to_string(),
            issuer: read.issuer().to_string(),
            names,
            not_before: instant(validity.not_before.timestamp())?,
            not_after: instant(validity.not_after.timestamp())?,
            sent,
        })
    }

    /// Whether nobody but itself vouches for it.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.subject == self.issuer
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => Some(std::net::Ipv4Addr::from(<[u8; 4]>::try_from(*bytes).ok()?).to_string()),
            16 => Some(std::net::Ipv6Addr::from(<[u8; 16]>::try_from(*bytes).ok()?).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The last certificate that a handshake showed; shared between the verifier and who asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct LastSeen(Arc<Mutex<Option<Shown>>>);

/// What a server showed: its certificate in DER, and how many it sent.
type Shown = (Vec<u8>, usize);

impl LastSeen {
    /// Takes note of a handshake.
    pub(super) fn note(&self, end_entity: &CertificateDer<'_>, intermediates: usize) {
        if let Ok(mut last) = self.0.lock() {
            *last = Some((end_entity.to_vec(), intermediates + 1));
        }
    }

    /// The last one; none before the first handshake.
    pub(crate) fn read(&self) -> Option<Certificate> {
        let last = self.0.lock().ok()?.clone();
        let (end_entity, sent) = last?;
        Certificate::read(&end_entity, sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_says_who_and_until_when() {
        let names = vec!["hub.example.org".to_owned(), "127.0.0.1".to_owned()];
        let mut wanted = rcgen::CertificateParams::new(names.clone()).unwrap();
        wanted.not_before = rcgen::date_time_ymd(2020, 1, 2);
        wanted.not_after = rcgen::date_time_ymd(2021, 1, 2);
        let key = rcgen::KeyPair::generate().unwrap();
        let made = wanted.self_signed(&key).unwrap();
        let last = LastSeen::default();
        assert_eq!(last.read(), None);
        last.note(made.der(), 0);
        let read = last.read().unwrap();
        assert_eq!(read.names, names);
        assert_eq!(read.not_after.to_string(), "2021-01-02T00:00:00Z");
        assert!(read.is_self_signed() && read.sent == 1);
        last.note(&CertificateDer::from(b"nothing".to_vec()), 0);
        assert_eq!(last.read(), None);
    }
}
