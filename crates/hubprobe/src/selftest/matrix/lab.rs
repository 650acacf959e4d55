//! The page that a person would open: is it there, and does all that it loads come as a browser takes it?

use super::super::case::Case;
use super::super::kind::{HubKind, PLAIN};
use super::super::wording::{green, red};
use crate::vocabulary::Cause::{LabAsset, LabPage};

/// The step that loads the page.
const LAB: &[&str] = &["lab"];

/// A hub whose servers have JupyterLab.
const WITH_LAB: HubKind = HubKind {
    name: "lab",
    lab: true,
    ..PLAIN
};

pub(super) const CASES: &[Case] = &[
    red(
        "lab-missing",
        LabPage,
        "JupyterLab is not installed where servers run",
    )
    .steps(LAB)
    .fast(),
    red(
        "lab-no-scripts",
        LabAsset,
        "a proxy has no way to the scripts",
    )
    .on(&WITH_LAB)
    .front("no_scripts")
    .steps(LAB),
    red(
        "lab-scripts-as-text",
        LabAsset,
        "a proxy makes plain text of the scripts",
    )
    .on(&WITH_LAB)
    .front("scripts_as_text")
    .steps(LAB),
    green("green-lab", "JupyterLab, whose page is looked at")
        .on(&WITH_LAB)
        .steps(LAB),
];
