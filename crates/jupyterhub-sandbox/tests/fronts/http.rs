//! The plainest HTTP client that there is: one connection, one request, all bytes of the answer. Knows websockets as far as a
//! handshake and a ping go, and TLS.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

const PATIENCE: Duration = Duration::from_secs(20);

/// A request's answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    pub body: String,
    pub took: Duration,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// An error page of nginx's own, or one that looks like it.
    pub fn is_nginx(&self) -> bool {
        self.header("server")
            .is_some_and(|it| it.starts_with("nginx"))
            && self.body.contains("<center>nginx")
    }
}

/// Host and port, and the path, of `http://HOST:PORT/PATH`.
pub fn split(url: &str) -> (&str, String) {
    let rest = url.split_once("://").unwrap().1;
    let (host, path) = rest.split_once('/').unwrap();
    (host, format!("/{path}"))
}

/// Sends a request; `headers` are whole lines.
pub async fn ask(method: &str, url: &str, headers: &[&str], body: &str) -> Answer {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(split(url).0).await.unwrap();
    let answer = over(&mut stream, method, url, headers, body).await.unwrap();
    Answer {
        took: begun.elapsed(),
        ..answer
    }
}

/// Sends a request over TLS, trusting this authority, or nobody.
pub async fn ask_tls(url: &str, ca_file: Option<&Path>) -> std::io::Result<Answer> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca_file {
        for certificate in CertificateDer::pem_file_iter(path).unwrap() {
            roots.add(certificate.unwrap()).unwrap();
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(split(url).0).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?;
    over(&mut stream, "GET", url, &[], "").await
}

async fn over<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    method: &str,
    url: &str,
    headers: &[&str],
    body: &str,
) -> std::io::Result<Answer> {
    let request = request(method, url, headers, body, "close");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    // nginx may close TLS without a word.
    drop(read.expect("an answer in time"));
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or_else(|| std::io::Error::other(format!("no answer: {text}")))?;
    Ok(Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
        took: Duration::ZERO,
    })
}

fn request(method: &str, url: &str, headers: &[&str], body: &str, connection: &str) -> String {
    let (host, path) = split(url);
    let mut text =
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: {connection}\r\n");
    if !body.is_empty() || method == "POST" || method == "PUT" {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    for header in headers {
        text += &format!("{header}\r\n");
    }
    text + "\r\n" + body
}

/// A websocket: its stream after a handshake that was answered with 101, or the status of the refusal.
pub async fn websocket(url: &str, authorization: &str) -> Result<TcpStream, u16> {
    let mut stream = TcpStream::connect(split(url).0).await.unwrap();
    let origin = format!("Origin: http://{}", split(url).0);
    let headers = [
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        authorization,
        &origin,
    ];
    let request = request("GET", url, &headers, "", "Upgrade");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = tokio::time::timeout(PATIENCE, stream.read_u8()).await;
        head.push(byte.expect("a handshake in time").unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    match head.split(' ').nth(1).unwrap().parse().unwrap() {
        101 => Ok(stream),
        status => Err(status),
    }
}

/// Sends a ping and sees its pong.
pub async fn ping(stream: &mut TcpStream) {
    let frame = b"\x89\x84\0\0\0\0hubp";
    stream.write_all(frame).await.unwrap();
    let mut seen = Vec::new();
    let pong = async {
        while !seen.windows(6).any(|it| it == b"\x8a\x04hubp") {
            assert!(
                stream.read_buf(&mut seen).await.unwrap() > 0,
                "it was closed"
            );
        }
    };
    tokio::time::timeout(PATIENCE, pong).await.expect("a pong");
}

/// How long it takes until the other side closes.
pub async fn until_closed(stream: &mut TcpStream) -> Duration {
    let begun = Instant::now();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    drop(read.expect("it should have been closed"));
    begun.elapsed()
}

/// Opens an event stream and tells when its first event came and when it ended, from the request on.
pub async fn events(url: &str, authorization: &str) -> (Duration, Duration, String) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(split(url).0).await.unwrap();
    let headers = [authorization, "Accept: text/event-stream"];
    let request = request("GET", url, &headers, "", "close");
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut seen, mut first) = (Vec::new(), None);
    let read = async {
        while stream.read_buf(&mut seen).await.unwrap_or(0) > 0 {
            if first.is_none() && seen.windows(6).any(|it| it == b"data: ") {
                first = Some(begun.elapsed());
            }
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("an end");
    let text = String::from_utf8_lossy(&seen).into_owned();
    (first.expect("an event"), begun.elapsed(), text)
}
