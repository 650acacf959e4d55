//! The home, of files and of kernels.

use jupyterhub_client::{Error, Stage};

use super::{answer, error_at, hub_page, hub_says, jupyter_says, page};
use crate::diagnose::home;
use crate::vocabulary::{Cause, Finding};

fn put(stage: Stage) -> Error {
    error_at("http://h/user/x/api/contents/f", stage)
}

#[test]
fn files_that_are_not_written() {
    for (stage, cause) in [
        (
            page(413, "<h1>413 Request Entity Too Large</h1>"),
            Some(Cause::FilesTooLarge),
        ),
        (hub_says(413, ""), Some(Cause::FilesTooLarge)),
        (
            hub_says(
                500,
                "Unexpected error while saving file: f [Errno 28] No space left on device",
            ),
            Some(Cause::FilesFull),
        ),
        (
            hub_says(500, "[Errno 122] Disk quota exceeded"),
            Some(Cause::FilesFull),
        ),
        (
            hub_says(403, "Permission denied: f"),
            Some(Cause::FilesDenied),
        ),
        (
            hub_says(500, "[Errno 30] Read-only file system: 'f'"),
            Some(Cause::FilesDenied),
        ),
        (hub_says(500, "boom"), None),
        (hub_says(403, "Forbidden"), None),
        (
            Stage::Closed {
                code: None,
                reason: String::new(),
                after: std::time::Duration::from_secs(60),
            },
            None,
        ),
    ] {
        let words = format!("{stage:?}");
        let found = home::not_written(&put(stage), "2 MiB").map(|finding| finding.cause);
        assert_eq!(found, cause, "{words}");
    }
    assert_eq!(home::lost(&put(hub_says(404, ""))).cause, Cause::FilesLost);
    let lost = home::lost_in_a_restart(&put(hub_says(404, "")));
    assert_eq!(lost.cause, Cause::FilesLost);
    assert!(lost.summary.contains("did not survive a restart"));
    assert!(lost.advice.contains("emptyDir"), "{}", lost.advice);
    let changed = home::differs_after_a_restart(10, 10);
    assert_eq!(changed.cause, Cause::FilesLost);
    assert!(changed.evidence[1].contains("not the same"));
    let differs = home::differs(10, 0);
    assert_eq!(differs.cause, Cause::FilesLost);
    assert!(
        differs.evidence[0].contains("0 bytes read"),
        "{:?}",
        differs.evidence
    );
    assert!(home::differs(10, 10).evidence[0].contains("not the same"));
    assert_eq!(
        home::not_written_at_all(&put(hub_says(500, "boom")), "2 MiB").cause,
        Cause::FilesDenied
    );
}

#[test]
fn a_kernel_that_fails_over_the_home_is_the_home_s() {
    let kernel = || Finding::new(Cause::KernelNotStarted, "the kernel does not start").seen("500");
    let full = home::in_place_of(kernel(), &put(hub_says(500, "[Errno 28] No space left")));
    assert_eq!(full.cause, Cause::FilesFull);
    assert!(
        full.evidence[0].contains("kernel.not-started"),
        "{:?}",
        full.evidence
    );
    let denied = home::in_place_of(kernel(), &put(hub_says(403, "Permission denied: f")));
    assert_eq!(denied.cause, Cause::FilesDenied);
    let other = home::in_place_of(kernel(), &put(hub_says(500, "boom")));
    assert_eq!(other.cause, Cause::KernelNotStarted);
}

/// Who refused a file, and so where to look: whoever is in the answer, in its
/// version, in JSON, or in words.
#[test]
fn a_refused_file_is_looked_for_where_it_was_refused() {
    const ITS_MANAGER: &str = "its contents manager refuses";
    const ITS_LIMITS: &str = "max_body_size";
    const IN_FRONT: &str = "Something in front of the server";
    for (stage, advice) in [
        (hub_says(500, "boom"), ITS_MANAGER),
        (hub_says(500, ""), ITS_MANAGER),
        (jupyter_says(500, ""), ITS_MANAGER),
        (hub_page(500, "<h1>500</h1>"), ITS_MANAGER),
        (answer(500, &[], "boom", "{}"), ITS_MANAGER),
        // Its own 503 is no connection that broke.
        (jupyter_says(503, "no contents here"), ITS_MANAGER),
        (page(502, "<h1>502 Bad Gateway</h1>"), ITS_LIMITS),
        (page(503, ""), ITS_LIMITS),
        (page(405, "<h1>405 Not Allowed</h1>"), IN_FRONT),
        (page(504, ""), IN_FRONT),
    ] {
        let words = format!("{stage:?}");
        let finding = home::not_written_at_all(&put(stage), "2 MiB");
        assert_eq!(finding.cause, Cause::FilesDenied, "{words}");
        assert!(
            finding.advice.contains(advice),
            "{words}: {}",
            finding.advice
        );
    }
    let of = |stage| home::not_written_at_all(&put(stage), "2 MiB").summary;
    assert!(of(hub_says(500, "boom")).ends_with("does not take 2 MiB: boom"));
    assert!(of(page(405, "")).contains("2 MiB cannot be written"));
}

/// Code stumbles over any disk: where it names a path, only a look can tell.
#[test]
fn code_that_raises_over_a_full_disk() {
    for (summary, cause) in [
        (
            "the code raised OSError: [Errno 28] No space left on device",
            Cause::FilesFull,
        ),
        (
            "the code raised OperationalError: database or disk is full",
            Cause::FilesFull,
        ),
        (
            "the code raised OSError: [Errno 28] No space left on device: '/scratch/x'",
            Cause::KernelError,
        ),
        (
            "the code raised OSError: [Errno 30] Read-only file system: \"/data\"",
            Cause::KernelError,
        ),
        (
            "the code raised OSError: cannot write to /data: No space left on device",
            Cause::KernelError,
        ),
    ] {
        let kernel = Finding::new(Cause::KernelError, summary);
        assert_eq!(home::by_its_words(kernel).cause, cause, "{summary}");
    }
}
