//! Files: a file is written to the home, read back, compared and deleted, in a
//! directory of its own.
//!
//! What is written is random, so that nothing that caches, dedups or pretends
//! gets it right. The directory is taken away again, also when something
//! failed.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jupyterhub_client::{Error, FileFormat, Head, JupyterServer};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};

use super::lost;
use crate::diagnose::{home, reach};
use crate::engine::Walk;
use crate::suite::{FilesStep, format_size};
use crate::vocabulary::{Cause, Finding};

/// How long tidying up may take.
pub(super) const TIDY: Duration = Duration::from_secs(10);

/// The name of what a visit writes into a home; others of its run may be in the same home.
pub(super) fn own_name(walk: &Walk) -> String {
    format!("hubprobe-{}-{}", walk.run.simple(), walk.id)
}

/// Writes, reads back, compares, deletes.
///
/// # Errors
/// A finding of the home's layer.
pub async fn files(walk: &mut Walk) -> Result<String, Finding> {
    let (Some(server), Some(step)) = (walk.server.clone(), walk.probe.files) else {
        return Ok(String::new());
    };
    let directory = own_name(walk);
    let path = format!("{directory}/file.bin");
    let until = Instant::now() + walk.probe.deadlines.files;
    let result = match round_trip(walk, &server, step, &directory, &path, until).await {
        Ok(summary) => Ok(summary),
        Err(finding) => Err(super::or_the_home(walk, finding).await),
    };
    let tidied = tidy(&server, &directory, &path).await;
    let Ok(tidied) = tidied else {
        walk.voice.warn(&format!(
            "the directory {directory} may be left in the account's home: it was not deleted within {} s",
            TIDY.as_secs()
        ));
        return result;
    };
    match (&result, tidied) {
        // Something in front that lets no DELETE through is no home that denies
        // it; the stop will meet it again.
        (Ok(_), Err(error)) if !by_the_server(&error) => {
            walk.voice.warn(&format!(
                "the directory {directory} is left in the account's home, since something in front of the server \
                 does not let it be deleted: {error}"
            ));
            result
        }
        (Ok(_), Err(error)) => Err(Finding::new(
            Cause::FilesDenied,
            "a file was written, and cannot be deleted",
        )
        .seen(error.to_string())),
        (Err(_), Err(error)) if error.status() != Some(404) => {
            walk.voice.warn(&format!(
                "the directory {directory} may be left in the account's home: {error}"
            ));
            result
        }
        _ => result,
    }
    .map_err(|finding| {
        finding.with_curl(walk.curl("GET", &format!("{}api/contents", server.url())))
    })
}

async fn round_trip(
    walk: &Walk,
    server: &JupyterServer,
    step: FilesStep,
    directory: &str,
    path: &str,
    until: Instant,
) -> Result<String, Finding> {
    let size = format!("a file of {}", format_size(step.size));
    let mut wrote = vec![0_u8; usize::try_from(step.size).unwrap_or_default()];
    rand::fill(&mut wrote[..]);
    let began = Instant::now();
    match timeout_at(until, server.make_directory(directory)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(refused(walk, &error, "a directory").await),
        Err(_) => return Err(late(walk, "for a directory to be made")),
    }
    let content = BASE64_STANDARD.encode(&wrote);
    let writing = server.save_file(path, FileFormat::Base64, &content);
    match timeout_at(until, writing).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(refused(walk, &error, &size).await),
        Err(_) => return Err(late(walk, &format!("for {size} to be written"))),
    }
    let written = began.elapsed();
    let read = match read(walk, server, path, wrote.len(), until).await? {
        Ok(read) => read,
        Err(error) => return Err(home::lost(&error)),
    };
    if read != wrote {
        return Err(home::differs(wrote.len(), read.len()));
    }
    Ok(format!(
        "{size} written in {:.2} s and read back",
        written.as_secs_f64()
    ))
}

/// Reads a file of about so many bytes; the inner error says that there is none.
///
/// # Errors
/// A finding where it could not be asked for.
pub(super) async fn read(
    walk: &Walk,
    server: &JupyterServer,
    path: &str,
    size: usize,
    until: Instant,
) -> Result<Result<Vec<u8>, Error>, Finding> {
    let what = format!("a file of {}", format_size(size as u64));
    // What a file of another size would take too, and not whatever comes.
    let most = size.div_ceil(3) * 6 + (1 << 20);
    let reading = server.contents_up_to(path, true, Some(FileFormat::Base64), most);
    let content = match timeout_at(until, reading).await {
        Ok(Ok(content)) => content,
        Ok(Err(error)) if error.status() == Some(404) => {
            let died = lost::server_died(walk).await;
            return died.map_or(Ok(Err(error)), Err);
        }
        Ok(Err(error)) => return Err(refused(walk, &error, &what).await),
        Err(_) => return Err(late(walk, &format!("for {what} to be read back"))),
    };
    // Jupyter writes base64 in lines.
    let text: String = content
        .content
        .as_str()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    Ok(Ok(BASE64_STANDARD.decode(text).unwrap_or_default()))
}

/// Whether an answer is Jupyter's own.
pub(super) fn by_the_server(error: &Error) -> bool {
    error.hub_message().is_some() || error.head().is_some_and(Head::is_json)
}

/// Takes the file and its directory away.
async fn tidy(
    server: &JupyterServer,
    directory: &str,
    path: &str,
) -> Result<Result<(), Error>, Elapsed> {
    let tidying = async {
        match server.delete_contents(path).await {
            Err(error) if error.status() != Some(404) => return Err(error),
            _ => {}
        }
        server.delete_contents(directory).await
    };
    timeout(TIDY, tidying).await
}

/// A request for files that was answered with an error: by the server, of the
/// home; or because the server, or the way to it, is gone.
pub(super) async fn refused(walk: &Walk, error: &Error, what: &str) -> Finding {
    if let Some(finding) = home::not_written(error, what) {
        return finding;
    }
    if let Some(finding) = lost::server_died(walk).await {
        return finding.seen(error.to_string());
    }
    // The server answers, so the way to it is there: what refused was this
    // request alone. It let us in before, so 403 is not about the token.
    match error.status() {
        Some(_) => home::not_written_at_all(error, what),
        None => reach::below_the_hub(error, None)
            .unwrap_or_else(|| home::not_written_at_all(error, what)),
    }
}

pub(super) fn late(walk: &Walk, waited: &str) -> Finding {
    Finding::new(
        Cause::FilesDenied,
        format!(
            "the home does not keep up: after {:.0?} still waiting {waited}",
            walk.probe.deadlines.files
        ),
    )
    .advise("Look at the home's file system (an NFS server that hangs, a slow volume); if it is that slow, allow more with --deadline files=TIME.")
}
