//! The home directory: what a server says when it cannot be written, is full,
//! or takes no file of this size.
//!
//! Jupyter Server passes the system's words on (`[Errno 28] No space left on
//! device`), SQLite has its own for a full disk (the history of IPython). EACCES
//! alone says little of the home: a program that may not be run gives the same.

use jupyterhub_client::Error;

use super::{excerpt, first_line, server_of};
use crate::vocabulary::{Cause, Finding};

const FULL: &[&str] = &[
    "no space left on device",
    "[errno 28]",
    "disk quota exceeded",
    "[errno 122]",
    "database or disk is full",
    "file too large",
    "[errno 27]",
];

const READ_ONLY: &[&str] = &["read-only file system", "[errno 30]", "readonly database"];

const DENIED: &[&str] = &["permission denied", "[errno 13]", "operation not permitted"];

/// What a home does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no room left, or no quota.
    Full,
    /// It cannot be written.
    Denied,
}

impl Trouble {
    /// By the words of the system, where they leave no doubt that a disk is
    /// meant.
    pub fn of_words(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if any(FULL) {
            Some(Self::Full)
        } else if any(READ_ONLY) {
            Some(Self::Denied)
        } else {
            None
        }
    }

    /// By the words of a request to write a file, which are about nothing else.
    fn of_writing(error: &Error) -> Option<Self> {
        let text = error
            .hub_message()
            .or(error.body())
            .unwrap_or_default()
            .to_lowercase();
        Self::of_words(&text).or_else(|| {
            DENIED
                .iter()
                .any(|word| text.contains(word))
                .then_some(Self::Denied)
        })
    }

    /// The home's finding in place of what it made fail.
    fn instead_of(self, other: Finding) -> Finding {
        self.finding()
            .seen(format!("{}: {}", other.cause, other.summary))
            .seen_all(other.evidence)
    }

    fn finding(self) -> Finding {
        match self {
            Self::Full => Finding::new(Cause::FilesFull, "the account's home is full"),
            Self::Denied => {
                Finding::new(Cause::FilesDenied, "the account's home cannot be written")
            }
        }
    }
}

/// The finding for a file of `size` that could not be written; none where the
/// error says nothing of files.
pub fn not_written(error: &Error, size: &str) -> Option<Finding> {
    let head = error.head()?;
    if head.status == 413 {
        return Some(
            Finding::new(Cause::FilesTooLarge, format!("{size} does not get through"))
                .seen(error.to_string())
                .seen(server_of(error))
                .seen(first_line(error.body().unwrap_or_default())),
        );
    }
    Trouble::of_writing(error).map(|trouble| trouble.finding().seen(error.to_string()))
}

/// The finding for a failed write that tells no reason of its own.
pub fn not_written_at_all(error: &Error, size: &str) -> Finding {
    let finding = Finding::new(
        Cause::FilesDenied,
        match error.hub_message() {
            Some(words) => format!("the server does not take {size}: {}", excerpt(words)),
            None => format!("{size} cannot be written to the account's home"),
        },
    )
    .seen(error.to_string())
    .seen(server_of(error))
    .seen(first_line(error.body().unwrap_or_default()));
    let by_the_server = error.hub_message().is_some()
        || error
            .head()
            .is_some_and(|head| head.hub_version().is_some() || head.is_json());
    match error.status() {
        _ if by_the_server => {
            finding.advise("Read the server's words and its log: its contents manager refuses.")
        }
        Some(502 | 503) => finding.advise(
            "The connection to the server broke in the middle of the request, and the server lives: most often \
             the file is larger than its limits on bodies (c.ServerApp.max_body_size, max_buffer_size).",
        ),
        _ => finding.advise(
            "Something in front of the server refuses the request (a firewall that lets no PUT or POST \
             through): let /user/ pass with every method.",
        ),
    }
}

/// The finding for a file that was written and is not there.
pub fn lost(error: &Error) -> Finding {
    Finding::new(
        Cause::FilesLost,
        "a file was written, and is not there a moment later",
    )
    .seen(error.to_string())
}

/// The finding for a file that holds something else than was written.
pub fn differs(wrote: usize, read: usize) -> Finding {
    Finding::new(
        Cause::FilesLost,
        "a file was written, and holds something else a moment later",
    )
    .seen(if wrote == read {
        format!("{wrote} bytes were written and {read} read, but not the same")
    } else {
        format!("{wrote} bytes were written, {read} bytes read")
    })
}

/// What to do about a home that ends with its server.
const NOT_KEPT: &str = "Look where the spawner puts the home: in an emptyDir or the image's own file system, in a \
    scratch directory that each start gets anew, or on a volume that is not mounted where the server keeps its files. \
    Mount one that stays there (KubeSpawner: volumes and volume_mounts; zero-to-jupyterhub: singleuser.storage).";

/// The finding for a file that was there before its server was started again, and is
/// not there since.
pub fn lost_in_a_restart(error: &Error) -> Finding {
    Finding::new(
        Cause::FilesLost,
        "a file in the home did not survive a restart of the server: what people save is gone when their server stops",
    )
    .advise(NOT_KEPT)
    .seen("it was written and read back before the stop; it is not there since the second start")
    .seen(error.to_string())
}

/// The same for one that holds something else since.
pub fn differs_after_a_restart(wrote: usize, read: usize) -> Finding {
    let finding = differs(wrote, read);
    Finding::new(
        Cause::FilesLost,
        "a file in the home did not survive a restart of the server as it was: it holds something else",
    )
    .seen("it was written and read back before the stop")
    .seen_all(finding.evidence)
}

/// A kernel's finding becomes the home's, where a look has shown that the home
/// cannot be written: the kernel keeps its connection file and its history
/// there.
pub fn in_place_of(kernel: Finding, look: &Error) -> Finding {
    let Some(trouble) = Trouble::of_writing(look) else {
        return kernel;
    };
    trouble
        .instead_of(kernel)
        .seen(format!("a small file cannot be written either: {look}"))
}

/// A kernel's finding becomes the home's, where its own words say so.
pub fn by_its_words(kernel: Finding) -> Finding {
    // Code has all disks to stumble over: where it names a path, a look decides.
    let names_a_path = ["'/", " /", "\"/"]
        .iter()
        .any(|path| kernel.summary.contains(path));
    let is_code_s = matches!(kernel.cause, Cause::KernelError | Cause::NotebookError);
    if is_code_s && names_a_path {
        return kernel;
    }
    let told = kernel.evidence.iter().chain([&kernel.summary]);
    let Some(trouble) = told.filter_map(|text| Trouble::of_words(text)).next() else {
        return kernel;
    };
    trouble.instead_of(kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_s_words() {
        for (text, trouble) in [
            (
                "[Errno 28] No space left on device: 'x'",
                Some(Trouble::Full),
            ),
            (
                "OSError: [Errno 122] Disk quota exceeded",
                Some(Trouble::Full),
            ),
            ("database or disk is full", Some(Trouble::Full)),
            ("[Errno 30] Read-only file system", Some(Trouble::Denied)),
            // A program that may not be run is no home.
            ("[Errno 13] Permission denied: '/opt/kernel'", None),
            ("Unhandled error", None),
        ] {
            assert_eq!(Trouble::of_words(text), trouble, "{text}");
        }
    }

    #[test]
    fn a_kernel_s_words_decide() {
        let kernel = |text: &str| Finding::new(Cause::KernelNotStarted, "no").seen(text);
        let full = by_its_words(kernel("[Errno 28] No space left on device"));
        assert_eq!(full.cause, Cause::FilesFull);
        assert_eq!(full.evidence.len(), 2);
        let other = by_its_words(kernel("[Errno 2] No such file"));
        assert_eq!(other.cause, Cause::KernelNotStarted);
    }
}
