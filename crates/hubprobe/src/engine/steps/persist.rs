//! Persist: a file in the home survives a restart of the server.
//!
//! A home that is written, read and deleted in one life of a server may be gone with
//! it: an emptyDir, a scratch directory, a volume that is not mounted. So a small
//! file is left there, the server is stopped and started anew with the same
//! options, and the file is read byte by byte. It is taken away again; where that
//! cannot be done, it is said.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jupyterhub_client::{FileFormat, JupyterServer};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{files, lost, restart};
use crate::diagnose::home;
use crate::engine::Walk;
use crate::vocabulary::Finding;

/// What is written, in bytes.
const SIZE: usize = 1024;

/// A file system that is shared may show a file late on another machine.
const SHOWN_LATE: Duration = Duration::from_secs(3);

/// Between two looks for it.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Writes a file, starts the server again, reads the file, deletes it.
///
/// # Errors
/// A finding of the home's layer, or of the restart.
pub async fn persist(walk: &mut Walk) -> Result<String, Finding> {
    let nonce = rand::random::<u64>();
    let name = format!("{}-{nonce:016x}.bin", files::own_name(walk));
    let result = survives(walk, &name).await;
    take_away(walk, &name).await;
    result.map_err(|finding| match (&finding.curl, &walk.server) {
        (None, Some(server)) => {
            let url = format!("{}api/contents/{name}", server.url());
            let curl = walk.curl("GET", &url);
            finding.with_curl(curl)
        }
        _ => finding,
    })
}

async fn survives(walk: &mut Walk, name: &str) -> Result<String, Finding> {
    let Some(server) = walk.server.clone() else {
        return Ok(String::new());
    };
    let mut wrote = vec![0_u8; SIZE];
    rand::fill(&mut wrote[..]);
    walk.in_the_home = Some(name.to_owned());
    let left = leave(walk, &server, name, &wrote).await;
    if let Err(finding) = left {
        return Err(super::or_the_home(walk, finding).await);
    }
    let began = Instant::now();
    let spawned = restart::restart(walk).await?;
    let took = began.elapsed().as_secs_f64();
    let Some(server) = walk.server.clone() else {
        return Ok(String::new());
    };
    look_again(walk, &server, name, &wrote).await?;
    Ok(format!(
        "a file survived a restart of {took:.1} s ({spawned})"
    ))
}

/// Writes the file and sees it there, so that what is lost later is lost by the
/// restart.
async fn leave(
    walk: &Walk,
    server: &JupyterServer,
    name: &str,
    wrote: &[u8],
) -> Result<(), Finding> {
    let until = Instant::now() + walk.probe.deadlines.files;
    let content = BASE64_STANDARD.encode(wrote);
    let writing = server.save_file(name, FileFormat::Base64, &content);
    match timeout_at(until, writing).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(files::refused(walk, &error, "a small file").await),
        Err(_) => return Err(files::late(walk, "for a small file to be written")),
    }
    match files::read(walk, server, name, SIZE, until).await? {
        Ok(read) if read == wrote => Ok(()),
        Ok(read) => Err(home::differs(wrote.len(), read.len())),
        Err(error) => Err(home::lost(&error)),
    }
}

/// Looks for the file on the second server.
async fn look_again(
    walk: &Walk,
    server: &JupyterServer,
    name: &str,
    wrote: &[u8],
) -> Result<(), Finding> {
    let until = Instant::now() + walk.probe.deadlines.files;
    let patience = until.min(Instant::now() + SHOWN_LATE);
    loop {
        let finding = match files::read(walk, server, name, SIZE, until).await? {
            Ok(read) if read == wrote => return Ok(()),
            Ok(read) => home::differs_after_a_restart(wrote.len(), read.len()),
            Err(error) => home::lost_in_a_restart(&error),
        };
        if Instant::now() + BETWEEN_LOOKS >= patience {
            let died = lost::server_died(walk).await;
            return Err(died.unwrap_or(finding));
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

/// Takes the file away, where there is a server to ask.
async fn take_away(walk: &mut Walk, name: &str) {
    let Some(server) = walk.server.clone() else {
        return;
    };
    let deleted = timeout(files::TIDY, server.delete_contents(name)).await;
    let gone = match deleted {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => error.status() == Some(404) && files::by_the_server(&error),
        Err(_) => false,
    };
    if gone {
        walk.in_the_home = None;
    }
}

/// Says which file is left in the home, at the end of a visit.
pub fn say_what_stays(walk: &Walk) {
    if let Some(name) = &walk.in_the_home {
        walk.voice.warn(&format!(
            "the file {name} may be left in the account's home, since it could not be deleted; nobody needs it"
        ));
    }
}
