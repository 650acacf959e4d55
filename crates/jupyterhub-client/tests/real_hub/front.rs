//! A small proxy in front of a hub: passes bytes on, over TLS if asked, and remembers the heads of requests.

use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

pub struct Front {
    /// With a slash at its end.
    pub url: String,
    /// The authority of its certificate.
    pub ca_pem: String,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Front {
    /// In front of the hub at `target` (`http://127.0.0.1:8000/…`), with TLS.
    pub async fn tls(target: &str) -> Front {
        let (acceptor, ca_pem) = certificate();
        Front::start(address(target), Some(acceptor), ca_pem, None).await
    }

    /// In front of the hub at `target`, without TLS.
    pub async fn plain(target: &str) -> Front {
        Front::start(address(target), None, String::new(), None).await
    }

    /// In front of nothing: answers every request with a redirect to `location`.
    pub async fn redirecting(location: &str) -> Front {
        let answer = format!(
            "HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        Front::start(String::new(), None, String::new(), Some(answer)).await
    }

    /// What requests have sent so far, in lower case.
    pub fn seen(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).to_lowercase()
    }

    async fn start(
        target: String,
        tls: Option<TlsAcceptor>,
        ca_pem: String,
        answer: Option<String>,
    ) -> Front {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}/", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&seen);
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (tls, target, answer, seen) = (
                    tls.clone(),
                    target.clone(),
                    answer.clone(),
                    Arc::clone(&all),
                );
                tokio::spawn(async move {
                    match tls {
                        None => pass(socket, &target, answer, &seen).await,
                        Some(tls) => {
                            // A client that trusts it not goes away here.
                            if let Ok(socket) = tls.accept(socket).await {
                                pass(socket, &target, answer, &seen).await;
                            }
                        }
                    }
                });
            }
        });
        Front { url, ca_pem, seen }
    }
}

/// Host and port of a URL.
fn address(url: &str) -> String {
    url.trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap()
        .to_owned()
}

async fn pass(
    client: impl AsyncRead + AsyncWrite,
    target: &str,
    answer: Option<String>,
    seen: &Mutex<Vec<u8>>,
) {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let mut bytes = [0; 16 << 10];
    if let Some(answer) = answer {
        let read = from_client.read(&mut bytes).await.unwrap_or(0);
        seen.lock().unwrap().extend_from_slice(&bytes[..read]);
        let _ = to_client.write_all(answer.as_bytes()).await;
        let _ = to_client.shutdown().await;
        return;
    }
    let (mut from_hub, mut to_hub) = TcpStream::connect(target).await.unwrap().into_split();
    let up = async {
        while let Ok(read @ 1..) = from_client.read(&mut bytes).await {
            seen.lock().unwrap().extend_from_slice(&bytes[..read]);
            if to_hub.write_all(&bytes[..read]).await.is_err() {
                break;
            }
        }
        let _ = to_hub.shutdown().await;
    };
    let down = async {
        let _ = tokio::io::copy(&mut from_hub, &mut to_client).await;
        let _ = to_client.shutdown().await;
    };
    tokio::join!(up, down);
}

/// A certificate for 127.0.0.1 of an authority of its own, and that authority's PEM.
fn certificate() -> (TlsAcceptor, String) {
    let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), authority.pem())
}
