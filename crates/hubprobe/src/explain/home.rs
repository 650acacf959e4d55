//! A kernel or a file that does not do what it should, and no word why: can the
//! home be written at all? A small file tells, and is taken away again.

use std::time::Duration;

use jupyterhub_client::{FileFormat, JupyterServer};
use tokio::time::timeout;

use crate::diagnose::home;
use crate::vocabulary::{Cause, Finding};

/// How long writing a small file may take.
const LOOK: Duration = Duration::from_secs(5);

/// The finding, or the home's own, where that is what is wrong. A large file that
/// does not fit is refused with other words than a small one (Jupyter Server
/// 2: the intermediate file is missing), so files have their look too.
pub async fn instead(finding: Finding, server: &JupyterServer, name: &str) -> Finding {
    let finding = home::by_its_words(finding);
    let may_be_the_home = matches!(
        finding.cause,
        Cause::KernelNotStarted
            | Cause::KernelSilent
            | Cause::KernelDied
            | Cause::KernelError
            | Cause::NotebookError
            | Cause::FilesDenied
            | Cause::FilesLost
    );
    if !may_be_the_home {
        return finding;
    }
    let path = format!("{name}.txt");
    let writing = server.save_file(&path, FileFormat::Text, "hubprobe");
    match timeout(LOOK, writing).await {
        Ok(Err(error)) => home::in_place_of(finding, &error),
        Ok(Ok(_)) => {
            // The look leaves nothing; if this fails, a few bytes stay.
            let _ = timeout(LOOK, server.delete_contents(&path)).await;
            finding
        }
        Err(_) => finding,
    }
}
