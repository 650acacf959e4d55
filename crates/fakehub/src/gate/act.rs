//! What is done to a request: an answer of one's own, or the true one spoiled.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::head::Head;
use super::{Moment, Passing, Shared};

/// Nothing here goes on for longer, whoever listens.
const LONGEST: Duration = Duration::from_secs(180);

/// How fast bytes come.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// All at once.
    AtOnce,
    /// One after the other, with such a pause between.
    Bytes(Duration),
}

/// What comes after the bytes.
#[derive(Debug, Clone)]
pub enum Then {
    /// The connection is closed, both ways.
    Close,
    /// It is reset.
    Reset,
    /// Our side of it is closed, the other stays open.
    HalfClose,
    /// It stays open, and nothing comes any more.
    Hold,
    /// These bytes come again and again, with such a pause between.
    Repeat(Vec<u8>, Duration),
}

/// What the true answer looks like when it arrives.
#[derive(Debug, Clone)]
pub enum Spoil {
    /// So much later.
    Late(Duration),
    /// The first so many bytes, and then this.
    Cut(usize, Then),
    /// Byte by byte, with such a pause between.
    Drip(Duration),
    /// Not at all: the hub has it, and its answer is lost; then this.
    Lost(Then),
    /// The hub has it, and these bytes come in place of its answer.
    Instead(Vec<u8>),
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub enum Act {
    /// The hub sees it; its answer is spoiled.
    Spoil(Spoil),
    /// The hub does not see it; these bytes come instead.
    Raw(Vec<u8>, Pace, Then),
    /// The hub does not see it; a websocket is opened, and these bytes come from it.
    Socket(Vec<u8>, Then),
}

impl Act {
    /// Silence.
    #[must_use]
    pub fn silence() -> Self {
        Self::Raw(Vec::new(), Pace::AtOnce, Then::Hold)
    }

    /// A whole answer.
    #[must_use]
    pub fn answer(status: &str, fields: &str, body: &[u8]) -> Self {
        let mut bytes = format!(
            "HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        Self::Raw(bytes, Pace::AtOnce, Then::Close)
    }

    /// The head of an answer without an end, and this body again and again.
    #[must_use]
    pub fn flood(kind: &str, piece: &[u8], pause: Duration) -> Self {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nX-JupyterHub-Version: 6.1.1\r\nConnection: close\r\n\r\n"
        );
        Self::Raw(
            head.into_bytes(),
            Pace::AtOnce,
            Then::Repeat(piece.to_vec(), pause),
        )
    }
}

/// Answers in the hub's place.
pub(crate) async fn perform(client: TcpStream, head: &Head, act: Act) -> io::Result<()> {
    match act {
        Act::Raw(bytes, pace, then) => say(client, &bytes, pace, then).await,
        Act::Socket(bytes, then) => {
            let accept = derive_accept_key(
                head.value("sec-websocket-key")
                    .unwrap_or_default()
                    .as_bytes(),
            );
            let mut all = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            )
            .into_bytes();
            all.extend_from_slice(&bytes);
            say(client, &all, Pace::AtOnce, then).await
        }
        Act::Spoil(_) => Ok(()),
    }
}

async fn say(mut client: TcpStream, bytes: &[u8], pace: Pace, then: Then) -> io::Result<()> {
    let (mut reading, mut writing) = client.split();
    // What the other side says is read, or its writes would block; it may say it for as long as it likes.
    let listening = async {
        let mut piece = [0; 16 << 10];
        while reading.read(&mut piece).await.is_ok_and(|size| size > 0) {}
        std::future::pending::<()>().await;
    };
    let saying = async {
        match pace {
            Pace::AtOnce => writing.write_all(bytes).await?,
            Pace::Bytes(pause) => {
                for byte in bytes {
                    writing.write_all(&[*byte]).await?;
                    sleep(pause).await;
                }
            }
        }
        match &then {
            Then::Close | Then::Reset => {}
            Then::HalfClose => {
                writing.shutdown().await?;
                sleep(LONGEST).await;
            }
            Then::Hold => sleep(LONGEST).await,
            Then::Repeat(piece, pause) => {
                let until = Instant::now() + LONGEST;
                while Instant::now() < until {
                    writing.write_all(piece).await?;
                    sleep(*pause).await;
                }
            }
        }
        io::Result::Ok(())
    };
    let ended = tokio::select! {
        ended = saying => ended,
        () = listening => Ok(()),
    };
    if matches!(then, Then::Reset) {
        client.set_zero_linger()?;
    }
    ended
}

/// Passes both ways, and spoils what comes back.
pub(crate) async fn relay(
    mut client: TcpStream,
    mut upstream: TcpStream,
    spoil: Option<Spoil>,
    shared: &Shared,
    passing: &Passing,
) -> io::Result<()> {
    let mut first = true;
    let mut left = match &spoil {
        Some(Spoil::Cut(size, _)) => *size,
        Some(Spoil::Lost(_) | Spoil::Instead(_)) => 0,
        _ => usize::MAX,
    };
    let (mut up, mut down) = (vec![0; 32 << 10], vec![0; 32 << 10]);
    loop {
        tokio::select! {
            size = client.read(&mut up) => match size? {
                0 => return Ok(()),
                size => upstream.write_all(&up[..size]).await?,
            },
            size = upstream.read(&mut down) => {
                let size = size?;
                if first {
                    first = false;
                    shared.tell(passing, Moment::After).await;
                    if let Some(Spoil::Late(time)) = spoil {
                        sleep(time).await;
                    }
                }
                let passed = size.min(left);
                left -= passed;
                if let Some(Spoil::Drip(pause)) = spoil {
                    for byte in &down[..passed] {
                        client.write_all(&[*byte]).await?;
                        sleep(pause).await;
                    }
                } else {
                    client.write_all(&down[..passed]).await?;
                }
                if passed < size || (left == 0 && size > 0) {
                    let (bytes, then) = match spoil {
                        Some(Spoil::Cut(_, then) | Spoil::Lost(then)) => (Vec::new(), then),
                        Some(Spoil::Instead(bytes)) => (bytes, Then::Close),
                        _ => (Vec::new(), Then::Close),
                    };
                    return say(client, &bytes, Pace::AtOnce, then).await;
                }
                if size == 0 {
                    return Ok(());
                }
            }
        }
    }
}
