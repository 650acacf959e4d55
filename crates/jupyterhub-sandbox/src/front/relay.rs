//! Passes one request on to the sandbox's proxy and its answer back, streams and websockets included, with what the front breaks
//! done on the way. One connection to the proxy for each request: slow, and without surprises.

use std::convert::Infallible;
use std::net::Ipv4Addr;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, DATE, HeaderValue, SERVER, UPGRADE};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::behaviour::Memory;

/// What goes back to the client.
type Body = BoxBody<Bytes, hyper::Error>;
/// What may go wrong on the way; all of it is a bad gateway.
type Broken = Box<dyn std::error::Error + Send + Sync>;

/// Answers a request. `end` is when its connection is cut.
pub(super) async fn relay(
    memory: &Memory,
    upstream: u16,
    request: Request<Incoming>,
    end: Option<Instant>,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    let (wait, refusal) = memory.before();
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    if let Some(status) = refusal {
        return Ok(page(status));
    }
    Ok(match ask(upstream, request, end).await {
        Ok(mut answer) => match memory.after(&path, &mut answer) {
            Some(status) => page(status),
            None => answer,
        },
        Err(error) => {
            tracing::debug!("nothing came from the proxy: {error}");
            page(StatusCode::BAD_GATEWAY)
        }
    })
}

async fn ask(
    upstream: u16,
    mut request: Request<Incoming>,
    end: Option<Instant>,
) -> Result<Response<Body>, Broken> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move { connection.with_upgrades().await.ok() });
    let client = hyper::upgrade::on(&mut request);
    if !request.headers().contains_key(UPGRADE) {
        // Whether a connection is used again is for each side alone.
        request.headers_mut().remove(CONNECTION);
    }
    let mut answer = sender.send_request(request).await?;
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        let server = hyper::upgrade::on(&mut answer);
        tokio::spawn(async move {
            // The client's side opens only when this answer has been given.
            let (Ok(client), Ok(server)) = (client.await, server.await) else {
                return;
            };
            let (mut client, mut server) = (TokioIo::new(client), TokioIo::new(server));
            let tunnel = tokio::io::copy_bidirectional(&mut client, &mut server);
            match end {
                Some(end) => drop(timeout_at(end, tunnel).await),
                None => drop(tunnel.await),
            }
        });
    } else {
        answer.headers_mut().remove(CONNECTION);
    }
    Ok(answer.map(BodyExt::boxed))
}

/// An answer of the front's own, as an ingress gives it.
fn page(status: StatusCode) -> Response<Body> {
    let text = format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
    let mut answer = Response::new(body.boxed());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    headers.insert(SERVER, HeaderValue::from_static("nginx"));
    let now = DateTimePrinter::new().timestamp_to_rfc9110_string(&jiff::Timestamp::now());
    if let Some(date) = now.ok().and_then(|date| HeaderValue::try_from(date).ok()) {
        headers.insert(DATE, date);
    }
    answer
}
