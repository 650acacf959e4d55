//! The home directory: can it be written, is there room, does it keep what it is given.

use super::super::case::{After, Case};
use super::super::wording::red;
use crate::vocabulary::Cause::{
    FilesDenied, FilesFull, FilesLost, FilesTooLarge, SpawnError, StopSurvived,
};

/// The step that writes, reads and removes a file.
const FILES: &[&str] = &["files: { size: 2MiB }"];

/// The same, and a file that must survive a restart.
const PERSIST: &[&str] = &["files: { size: 64KiB, persist: true }"];

pub(super) const CASES: &[Case] = &[
    red("files-readonly", FilesDenied, "the home cannot be written")
        .options(&["fault=home_readonly"])
        .steps(FILES)
        .fast(),
    red("files-full", FilesFull, "the home has room for 256 KiB")
        .options(&["fault=home_full:256k"])
        .steps(FILES),
    red(
        "files-fills",
        FilesFull,
        "the home fills up while the server runs",
    )
    .options(&["fault=home_fills"])
    .steps(FILES),
    red(
        "files-too-large",
        FilesTooLarge,
        "a proxy refuses bodies of more than 1 MiB",
    )
    .front("body_limit:1m")
    .steps(FILES)
    .fast(),
    red(
        "files-forgotten",
        FilesLost,
        "the home forgets what is written into it",
    )
    .options(&["fault=home_forgets"])
    .steps(FILES),
    red(
        "files-not-kept",
        FilesLost,
        "every start finds the home empty, as in an emptyDir",
    )
    .options(&["fault=home_fresh"])
    .steps(PERSIST)
    .fast(),
    red(
        "files-no-restart",
        SpawnError,
        "the server starts, and does not start again",
    )
    .options(&["fault=raise_again"])
    .steps(PERSIST),
    red(
        "files-no-stop",
        StopSurvived,
        "the server is stopped to be started again, and lives on",
    )
    .options(&["fault=stop_noop"])
    .steps(PERSIST)
    .exits(4)
    .leaves(After::Anything),
];
