//! What a kernel finds around it: packages, cores and GPUs, its user, paths and a way out; and what became of the spawn options.
//!
//! More is asked for than any machine of tests has, so nothing needs to be broken.

use super::super::case::Case;
use super::super::kind::{HubKind, configured};
use super::super::wording::{green, red};
use crate::vocabulary::Cause::{
    EnvironmentAccess, EnvironmentDiffers, EnvironmentPackages, EnvironmentResources,
    SpawnOptionsIgnored,
};

/// A hub whose spawner says of every server that a scheduler runs it in the partition normal.
const NORMAL: HubKind = configured(
    "options",
    "c.Spawner.environment = {'SLURM_JOB_PARTITION': 'normal', 'SLURM_JOB_ACCOUNT': 'proj'}",
);

pub(super) const CASES: &[Case] = &[
    red(
        "environment-package",
        EnvironmentPackages,
        "a package is not installed where servers run",
    )
    .steps(&["environment: { packages: { no-such-package: '' } }"])
    .fast(),
    red(
        "environment-version",
        EnvironmentPackages,
        "a package is older than it should be",
    )
    .steps(&["environment: { packages: { ipykernel: '>=1000' } }"]),
    red(
        "environment-gpus",
        EnvironmentResources,
        "there are no GPUs, or fewer than there should be",
    )
    .steps(&["environment: { cores: 1, gpus: 100 }"]),
    red(
        "environment-user",
        EnvironmentDiffers,
        "the kernel runs as another user",
    )
    .steps(&["environment: { user: nobody-of-this-name }"]),
    red(
        "environment-path",
        EnvironmentAccess,
        "a file system is not mounted where servers run",
    )
    .steps(&["environment: { paths: { /no-such-mount: write, /tmp: write } }"]),
    red(
        "environment-network",
        EnvironmentAccess,
        "there is no way out to an address",
    )
    .steps(&["environment: { network: ['127.0.0.1:1'] }"]),
    red(
        "spawn-ignored",
        SpawnOptionsIgnored,
        "the spawner makes nothing of an option",
    )
    .on(&NORMAL)
    .options(&["partition=debug"])
    .steps(&["options-honoured"])
    .emulated(),
    green(
        "green-environment",
        "an environment that has what it should, and options that were honoured",
    )
    .on(&NORMAL)
    .options(&["partition=[normal]", "account=[proj]"])
    .steps(&[
        "environment: { packages: { ipykernel: '>=5, <1000' }, cores: 1, memory: 64MiB, paths: { /tmp: write, /etc/passwd: read }, variables: { SLURM_JOB_ACCOUNT: proj } }",
        "options-honoured",
    ]),
];
