//! Certificates that are to be trusted, and those that are not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::sync::Arc;

use jupyterhub_client::{Hub, Settings, Stage, TlsKind};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A hub behind TLS with a certificate for `name` from an authority of its own: its port and the authority's PEM.
async fn serve(name: &str, years: (i32, i32)) -> (u16, String) {
    let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    let certificate = params.signed_by(&key, &authority).unwrap();
    (
        listen(certificate.der().clone(), &key).await,
        authority.pem(),
    )
}

/// A hub behind TLS with this certificate; its port.
async fn listen(certificate: CertificateDer<'static>, key: &KeyPair) -> u16 {
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let Ok(mut socket) = acceptor.accept(socket).await else {
                continue;
            };
            let _ = socket.read(&mut [0; 4096]).await;
            let body = r#"{"version": "6.1.1"}"#;
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = socket.write_all(answer.as_bytes()).await;
            let _ = socket.shutdown().await;
        }
    });
    port
}

async fn ask(port: u16, ca: Option<String>) -> Result<String, Stage> {
    let mut settings = Settings::new(format!("https://127.0.0.1:{port}/").parse().unwrap());
    settings.ca_pem = ca.map(String::into_bytes);
    match Hub::new(settings).unwrap().root().await {
        Ok(seen) => Ok(seen.value.version),
        Err(error) => match &error.stage {
            Stage::Tls { kind, message } => Err(Stage::Tls {
                kind: *kind,
                message: message.clone(),
            }),
            other => panic!("{other:?}"),
        },
    }
}

fn kind(answer: Result<String, Stage>) -> TlsKind {
    match answer {
        Err(Stage::Tls { kind, .. }) => kind,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_once_given() {
    let (port, ca) = serve("127.0.0.1", (2020, 2090)).await;
    assert_eq!(kind(ask(port, None).await), TlsKind::Untrusted);
    assert_eq!(ask(port, Some(ca)).await.unwrap(), "6.1.1");
    let (_, other) = serve("127.0.0.1", (2020, 2090)).await;
    assert_ne!(kind(ask(port, Some(other)).await), TlsKind::Expired);
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate() {
    let (port, ca) = serve("127.0.0.1", (2019, 2020)).await;
    assert_eq!(kind(ask(port, Some(ca)).await), TlsKind::Expired);
    let (port, ca) = serve("127.0.0.1", (2080, 2090)).await;
    assert_eq!(kind(ask(port, Some(ca)).await), TlsKind::NotYetValid);
    let (port, ca) = serve("hub.example.org", (2020, 2090)).await;
    assert_eq!(kind(ask(port, Some(ca)).await), TlsKind::WrongName);
}

#[tokio::test]
async fn a_certificate_that_is_its_own_authority_is_explained() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    let port = listen(certificate.der().clone(), &key).await;
    for ca in [None, Some(certificate.pem())] {
        let Err(Stage::Tls { kind, message }) = ask(port, ca).await else {
            panic!("trusted")
        };
        assert_eq!(kind, TlsKind::Untrusted, "{message}");
        assert!(message.contains("CA:TRUE"), "{message}");
    }
    // Without the mark it can be trusted by itself.
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let port = listen(certificate.der().clone(), &key).await;
    assert_eq!(kind(ask(port, None).await), TlsKind::Untrusted);
    assert_eq!(ask(port, Some(certificate.pem())).await.unwrap(), "6.1.1");
}
