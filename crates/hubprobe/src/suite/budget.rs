//! What a step may take: a time that is worth a warning, and one at which it fails. The second is the step's deadline by
//! another way to write it, and counts over `deadlines`.

use std::time::Duration;

use super::deadlines::{DeadlineName, checked};
use super::document::{Document, Kind, Node};
use super::error::SuiteError;
use super::fields::{Fields, Shape, text};
use crate::vocabulary::StepName;

/// Of steps that have no other settings.
pub(super) const BUDGET: Shape = Shape {
    what: "this step",
    known: &["warn", "fail"],
    secret: false,
};

/// The steps that may have a budget, and the deadlines at which they fail.
const STEPS: [(StepName, DeadlineName); 7] = [
    (StepName::Reach, DeadlineName::Reach),
    (StepName::Spawn, DeadlineName::Start),
    (StepName::Open, DeadlineName::Open),
    (StepName::Lab, DeadlineName::Lab),
    (StepName::Kernel, DeadlineName::Kernel),
    (StepName::Files, DeadlineName::Files),
    (StepName::Stop, DeadlineName::Stop),
];

/// The budgets of a probe's steps.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    pub(super) warn: Vec<(StepName, Duration)>,
    pub(super) fail: Vec<(DeadlineName, Duration)>,
}

impl Budgets {
    /// Whether the step has a budget and nothing else that could be set.
    pub(super) fn is_all_of(name: &str) -> bool {
        matches!(name, "reach" | "spawn" | "open" | "stop")
    }

    /// Reads the budget of a step whose settings have been checked, if it may have one.
    pub(super) fn read(
        &mut self,
        document: &Document,
        name: &str,
        settings: Option<&Node>,
        shape: &Shape,
    ) -> Result<(), SuiteError> {
        let step = STEPS.iter().find(|(step, _)| step.word() == name);
        let (Some((step, deadline)), Some(settings)) = (step, settings) else {
            return Ok(());
        };
        let fields = Fields::of(document, settings, &format!("the step `{name}`"), shape)?;
        let time = |key: &str| {
            fields
                .get(key)
                .map(|node| length(document, node, key))
                .transpose()
        };
        let (warn, fail) = (time("warn")?, time("fail")?);
        if let (Some(warn), Some(fail), Some(node)) = (warn, fail, fields.get("warn"))
            && warn >= fail
        {
            return Err(document.error(
                node.place,
                format!("the step `{name}` would fail before it is warned of"),
                "give warn less time than fail",
            ));
        }
        self.warn.extend(warn.map(|warn| (*step, warn)));
        self.fail.extend(fail.map(|fail| (*deadline, fail)));
        Ok(())
    }
}

/// Reads a length of time that can be a deadline; `key` is what errors call it.
pub(super) fn length(document: &Document, node: &Node, key: &str) -> Result<Duration, SuiteError> {
    let written = match &node.kind {
        Kind::Number(_) => node.typed().unwrap_or_default(),
        _ => text(document, node, key)?,
    };
    checked(written).map_err(|reason| document.error(node.place, format!("{key}: {reason}"), ""))
}
