//! A server of scripted answers on loopback: for what no real hub does on request.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jupyterhub_client::{Hub, Secret, Settings, Token};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The token of all tests.
pub const TOKEN: &str = "t0ken-0123456789abcdef";

/// One scripted answer, and whether the connection stays open after it.
pub struct Answer {
    pub bytes: Vec<u8>,
    pub hold: bool,
}

impl Answer {
    pub fn new(bytes: impl Into<Vec<u8>>) -> Answer {
        Answer {
            bytes: bytes.into(),
            hold: false,
        }
    }

    pub fn hold(mut self) -> Answer {
        self.hold = true;
        self
    }

    /// A complete answer with a body.
    pub fn with(status: &str, headers: &str, body: &str) -> Answer {
        Answer::new(format!(
            "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        ))
    }
}

pub struct Scripted {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Answers one connection after the other, each request with the next answer, the last one for ever.
    pub async fn start(answers: Vec<Answer>) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            let mut index = 0;
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let Some(request) = read_request(&mut socket).await else {
                    continue;
                };
                seen.lock().unwrap().push(request);
                let answer = &answers[index.min(answers.len() - 1)];
                index += 1;
                let _ = socket.write_all(&answer.bytes).await;
                if answer.hold {
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_secs(600)).await;
                        drop(socket);
                    });
                }
            }
        });
        Scripted { url, requests }
    }

    /// What was asked so far, heads and bodies, in lower case.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// A hub there, with token and an extra header.
    pub fn hub(&self) -> Hub {
        Hub::new(settings(&self.url)).unwrap()
    }
}

pub fn settings(url: &str) -> Settings {
    let mut settings = Settings::new(url.parse().unwrap());
    settings.token = Some(Token::parse(TOKEN).unwrap());
    settings
        .headers
        .push(("X-Access".to_owned(), Secret::new("acce55")));
    settings.request_timeout = Duration::from_millis(400);
    settings
}

async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next()?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
