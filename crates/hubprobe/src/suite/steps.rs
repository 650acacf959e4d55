//! The steps of a probe in a suite file: which are named, and what they are
//! configured with. The order in which they run is not the file's to say.

use super::budget::{BUDGET, Budgets};
use super::document::{Document, Kind, Node};
use super::environment::{EnvironmentStep, environment};
use super::error::SuiteError;
use super::expect::expect;
use super::fields::{Fields, Shape, text, wrong_type};
use super::nearest::meant;
use super::notebooks::{NotebookStep, Notebooks, notebook};
use super::size::parse_size;
use super::{ExecuteStep, FilesStep, KernelStep, LabStep};

pub(super) const KERNEL: Shape = Shape {
    what: "the step `kernel`",
    known: &["name", "warn", "fail"],
    secret: false,
};
pub(super) const EXECUTE: Shape = Shape {
    what: "the step `execute`",
    known: &["code", "expect"],
    secret: false,
};

pub(super) const LAB: Shape = Shape {
    what: "the step `lab`",
    known: &["path", "warn", "fail"],
    secret: false,
};

pub(super) const FILES: Shape = Shape {
    what: "the step `files`",
    known: &["size", "persist", "warn", "fail"],
    secret: false,
};

/// The steps, in the order in which they run.
pub(super) const STEPS: [&str; 13] = [
    "reach",
    "identify",
    "spawn",
    "open",
    "lab",
    "kernel",
    "execute",
    "environment",
    "options-honoured",
    "notebook",
    "files",
    "stop",
    "gone",
];

#[derive(Default)]
pub(super) struct Steps {
    pub(super) budgets: Budgets,
    pub(super) lab: Option<LabStep>,
    pub(super) kernel: Option<KernelStep>,
    pub(super) execute: Vec<ExecuteStep>,
    pub(super) environment: Option<EnvironmentStep>,
    pub(super) options_honoured: bool,
    pub(super) notebooks: Vec<NotebookStep>,
    pub(super) files: Option<FilesStep>,
}

/// Reads the list of steps of a probe.
pub(super) fn steps(
    document: &Document,
    node: &Node,
    named: &Notebooks<'_>,
    notes: &mut Vec<String>,
) -> Result<Steps, SuiteError> {
    let Kind::List(items) = &node.kind else {
        return Err(wrong_type(
            document,
            node,
            "steps",
            "a list of steps",
            "begin each with a hyphen, as in - spawn",
        ));
    };
    let mut steps = Steps::default();
    let mut furthest = 0;
    for item in items {
        let (name, at, settings) = match &item.kind {
            Kind::Text(name) => (name.as_str(), item.place, None),
            Kind::Map(entries) => match entries.as_slice() {
                [(key, settings)] => (
                    key.text.as_str(),
                    key.place,
                    Some(settings).filter(|node| !matches!(node.kind, Kind::Null)),
                ),
                _ => {
                    let remedy = "give each step a hyphen of its own, and indent its settings below its name";
                    return Err(document.error(
                        item.place,
                        format!("a step is one name, found {}", entries.len()),
                        remedy,
                    ));
                }
            },
            _ => {
                return Err(wrong_type(
                    document,
                    item,
                    "a step",
                    "a name, or a name with settings",
                    "",
                ));
            }
        };
        let Some(order) = STEPS.iter().position(|step| *step == name) else {
            let all = format!("the steps are: {}", STEPS.join(", "));
            // Reports have a step of that name.
            let all = match name {
                "persist" => "it is a setting: write files: { persist: true }".to_owned(),
                _ => all,
            };
            return Err(document.error(
                at,
                format!("there is no step named `{name}`"),
                meant(name, &STEPS, all),
            ));
        };
        if order < furthest {
            notes.push(format!(
                "{}:{}:{}: the step {name} comes after {} here, but the steps always run in their own order: {}",
                document.file.display(),
                at.line,
                at.column,
                STEPS.get(furthest).copied().unwrap_or_default(),
                STEPS.join(", ")
            ));
        }
        furthest = furthest.max(order);
        let shape = match name {
            "kernel" => &KERNEL,
            "lab" => &LAB,
            "files" => &FILES,
            _ => &BUDGET,
        };
        steps.budgets.read(document, name, settings, shape)?;
        match (name, settings) {
            ("kernel", Some(settings)) => {
                if steps.kernel.is_some() {
                    return Err(document.error(
                        at,
                        "the step `kernel` is configured twice",
                        "remove one of the two",
                    ));
                }
                let fields = Fields::of(document, settings, "the step `kernel`", &KERNEL)?;
                steps.kernel = Some(KernelStep {
                    name: fields.text("name")?.map(str::to_owned),
                });
            }
            ("lab", settings) => {
                if steps.lab.is_some() {
                    return Err(document.error(
                        at,
                        "the step `lab` is there twice",
                        "remove one of the two",
                    ));
                }
                steps.lab = Some(lab(document, settings)?);
            }
            ("environment", settings) => {
                if steps.environment.is_some() {
                    return Err(document.error(
                        at,
                        "the step `environment` is there twice",
                        "put all of it into one",
                    ));
                }
                let settings = settings.unwrap_or(item);
                steps.environment = Some(environment(document, settings)?);
            }
            ("notebook", settings) => {
                let step = notebook(document, settings.unwrap_or(item), named)?;
                steps.notebooks.push(step);
            }
            ("options-honoured", None) => steps.options_honoured = true,
            ("files", settings) => {
                if steps.files.is_some() {
                    return Err(document.error(
                        at,
                        "the step `files` is there twice",
                        "remove one of the two",
                    ));
                }
                steps.files = Some(files(document, settings)?);
            }
            ("execute", Some(settings)) => {
                steps.execute.extend(cells(document, settings, notes)?);
            }
            (name, Some(_)) if Budgets::is_all_of(name) => {}
            (_, Some(settings)) => {
                let remedy = format!("write - {name} alone");
                return Err(document.error(
                    settings.place,
                    format!("the step `{name}` has no settings"),
                    remedy,
                ));
            }
            (_, None) => {}
        }
    }
    Ok(steps)
}

/// One piece of code, or several that share the kernel, in a list.
fn cells(
    document: &Document,
    settings: &Node,
    notes: &mut Vec<String>,
) -> Result<Vec<ExecuteStep>, SuiteError> {
    let Kind::List(cells) = &settings.kind else {
        return Ok(vec![execute(document, settings, notes)?]);
    };
    if cells.is_empty() {
        return Err(document.error(
            settings.place,
            "the step `execute` has no code to run",
            format!("add some, as in {EXAMPLE}"),
        ));
    }
    cells
        .iter()
        .map(|cell| execute(document, cell, notes))
        .collect()
}

const EXAMPLE: &str = "execute: { code: \"print(6*7)\", expect: \"42\" }";

fn execute(
    document: &Document,
    settings: &Node,
    notes: &mut Vec<String>,
) -> Result<ExecuteStep, SuiteError> {
    let fields = Fields::of(document, settings, "the step `execute`", &EXECUTE)?;
    let node = fields.required("code", EXAMPLE)?;
    let code = text(document, node, "code")?;
    if code.trim().is_empty() {
        return Err(document.error(
            node.place,
            "the step `execute` has no code to run",
            format!("add some, as in {EXAMPLE}"),
        ));
    }
    Ok(ExecuteStep {
        code: code.to_owned(),
        expect: fields
            .get("expect")
            .map(|node| expect(document, node, notes))
            .transpose()?,
    })
}

fn lab(document: &Document, settings: Option<&Node>) -> Result<LabStep, SuiteError> {
    let Some(settings) = settings else {
        return Ok(LabStep::default());
    };
    let fields = Fields::of(document, settings, "the step `lab`", &LAB)?;
    let Some(node) = fields.get("path") else {
        return Ok(LabStep::default());
    };
    LabStep::parse(text(document, node, "path")?)
        .map_err(|reason| document.error(node.place, format!("path: {reason}"), "as in path: tree"))
}

fn files(document: &Document, settings: Option<&Node>) -> Result<FilesStep, SuiteError> {
    let Some(settings) = settings else {
        return Ok(FilesStep::default());
    };
    let fields = Fields::of(document, settings, "the step `files`", &FILES)?;
    let size = match fields.get("size") {
        Some(node) => size(document, node)?,
        None => FilesStep::USUAL,
    };
    let persist = fields.truth("persist")?;
    Ok(FilesStep { size, persist })
}

fn size(document: &Document, node: &Node) -> Result<u64, SuiteError> {
    let written = match &node.kind {
        Kind::Text(written) => Some(written.as_str()),
        Kind::Number(_) => node.typed(),
        _ => None,
    };
    let written = written
        .ok_or_else(|| wrong_type(document, node, "size", "a size, as in 2MiB or 512KiB", ""))?;
    parse_size(written).map_err(|reason| document.error(node.place, format!("size: {reason}"), ""))
}
