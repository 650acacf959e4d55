//! Serves a front of our own: what the process runs that [`OwnFront`] starts. It listens on loopback and ends when it is killed.
//!
//! Its command line holds a port, the proxy's port, the hub's base URL and the fault; no secret.

use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout_at};

use super::behaviour::{Behaviour, Memory};
use super::relay::relay;
use super::{Ground, OwnFront};
use crate::{Error, Fault};

/// What [`serve`] understands, after the caller's own words.
pub(super) fn command_line(own: &OwnFront, ground: &Ground<'_>, fault: &Fault) -> Vec<OsString> {
    let words = [
        ground.port.to_string(),
        ground.upstream.to_string(),
        ground.base_url.to_owned(),
        fault.to_string(),
    ];
    let own = own.0.iter().cloned();
    own.chain(words.map(OsString::from)).collect()
}

/// Serves the front that these arguments describe, for as long as the process lives. They are those that
/// [`Sandbox::front`](crate::Sandbox::front) put behind the words of [`OwnFront`].
///
/// # Errors
/// [`Error::BadFront`] when they are not, or when the port is taken (it says `Address already in use`).
pub async fn serve(arguments: &[String]) -> Result<(), Error> {
    let bad = |reason: String| Error::BadFront { reason };
    let [port, upstream, base_url, fault] = arguments else {
        return Err(bad("it wants PORT UPSTREAM BASE_URL FAULT".to_owned()));
    };
    let number = |text: &str| {
        text.parse::<u16>()
            .map_err(|_| bad(format!("{text} is no port")))
    };
    let (port, upstream) = (number(port)?, number(upstream)?);
    let fault: Fault = fault.parse()?;
    let behaviour =
        Behaviour::of(&fault).ok_or_else(|| bad(format!("{fault} is not for our own fronts")))?;
    let life = behaviour.life();
    let memory = Arc::new(Memory::new(behaviour, base_url));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| bad(format!("port {port}: {error}")))?;
    loop {
        // A client that is gone again before it was accepted, or no file descriptor left: neither ends the front.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            continue;
        };
        let end = life.and_then(|life| Instant::now().checked_add(life));
        tokio::spawn(connection(stream, Arc::clone(&memory), upstream, end));
    }
}

async fn connection(stream: TcpStream, memory: Arc<Memory>, upstream: u16, end: Option<Instant>) {
    // Without it an answer in small parts would wait for the client's acknowledgements.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| {
        let memory = Arc::clone(&memory);
        async move { relay(&memory, upstream, request, end).await }
    });
    // Whether an answer has a Date is for the fault to say.
    let serving = http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    match end {
        Some(end) => drop(timeout_at(end, serving).await),
        None => drop(serving.await),
    }
}
