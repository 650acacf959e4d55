//! TLS for those who need it: certificates are read when the first server shows one, not before.
//!
//! Reading the system's certificates takes longer than all requests of a small visit together, and many hubs
//! in tests are plain HTTP. So the configuration is made without them, and a verifier in front of the real one
//! reads them on first use. Nothing is weakened: every decision is the real verifier's.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::certificate::LastSeen;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// The configuration of a client that trusts the system's certificates and those in `ca_pem`. The process's
/// crypto provider is used where one is installed, else ring; none is installed here. What servers show is noted in `seen`.
///
/// # Errors
/// What is wrong with `ca_pem`.
pub(super) fn config(ca_pem: Option<&[u8]>, seen: LastSeen) -> Result<ClientConfig, String> {
    let extra = ca_pem.map(certificates).transpose()?.unwrap_or_default();
    let provider = CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
    let verifier = LazyVerifier {
        extra,
        provider: Arc::clone(&provider),
        real: OnceLock::new(),
        seen,
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS: {error}"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The certificates in a PEM file, each one proved usable as a trust anchor.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found
        .map_err(|error| format!("the CA certificates cannot be read: {error}; give a PEM file"))?;
    if found.is_empty() {
        return Err("the CA certificates: no certificate in them; give a PEM file with BEGIN CERTIFICATE lines".to_owned());
    }
    let mut store = RootCertStore::empty();
    for certificate in &found {
        store
            .add(certificate.clone())
            .map_err(|error| format!("the CA certificates: one is not usable: {error}"))?;
    }
    Ok(found)
}

struct LazyVerifier {
    extra: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    real: OnceLock<Result<Arc<dyn ServerCertVerifier>, rustls::Error>>,
    seen: LastSeen,
}

impl LazyVerifier {
    fn real(&self) -> Result<&Arc<dyn ServerCertVerifier>, rustls::Error> {
        self.real
            .get_or_init(|| self.make())
            .as_ref()
            .map_err(Clone::clone)
    }

    fn make(&self) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
        let provider = Arc::clone(&self.provider);
        let system =
            rustls_platform_verifier::Verifier::new_with_extra_roots(self.extra.clone(), provider);
        match system {
            Ok(verifier) => Ok(Arc::new(verifier)),
            // A system without any certificates: the extra ones are enough.
            Err(_) if !self.extra.is_empty() => {
                let mut store = RootCertStore::empty();
                store.add_parsable_certificates(self.extra.iter().cloned());
                WebPkiServerVerifier::builder_with_provider(
                    Arc::new(store),
                    Arc::clone(&self.provider),
                )
                .build()
                .map(|verifier| verifier as Arc<dyn ServerCertVerifier>)
                .map_err(|error| rustls::Error::General(error.to_string()))
            }
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for LazyVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyVerifier")
            .field("extra", &self.extra.len())
            .finish_non_exhaustive()
    }
}

impl ServerCertVerifier for LazyVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.seen.note(end_entity, intermediates.len());
        self.real()?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_certificates_are_told_before_anything_is_sent() {
        assert!(config(None, LastSeen::default()).is_ok());
        assert!(
            config(Some(b"nothing"), LastSeen::default())
                .unwrap_err()
                .contains("no certificate")
        );
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(
            config(Some(broken), LastSeen::default())
                .unwrap_err()
                .contains("not usable")
        );
        assert!(
            config(
                Some(b"-----BEGIN CERTIFICATE-----\nAA"),
                LastSeen::default()
            )
            .is_err()
        );
    }

    #[test]
    fn nothing_is_read_until_it_is_needed() {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = LazyVerifier {
            extra: Vec::new(),
            provider,
            real: OnceLock::new(),
            seen: LastSeen::default(),
        };
        assert!(!verifier.supported_verify_schemes().is_empty());
        assert!(verifier.real.get().is_none());
    }
}
