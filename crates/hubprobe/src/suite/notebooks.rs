//! The step `notebook` of a suite: which file, how its outputs are compared, with what. The file is read here, with the suite, so
//! that a notebook that is missing or none is a mistake of the suite, with its place, before anything is sent.
//!
//! Each file is read once, however many probes name it, and all together have a limit.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::budget::length;
use super::document::{Document, Kind, Node};
use super::duration::format_duration;
use super::error::SuiteError;
use super::fields::{Fields, Shape, beside, text, wrong_type};
use super::nearest::nearest;
use super::sources::Sources;
use crate::notebook::{Compare, Duty, MOST_RULES, Notebook, Rule, in_nbval_s_format};

pub(super) const NOTEBOOK: Shape = Shape {
    what: "the step `notebook`",
    known: &["path", "compare", "sanitize", "kernel", "timeout"],
    secret: false,
};
pub(super) const RULE: Shape = Shape {
    what: "a rule",
    known: &["regex", "replace"],
    secret: false,
};

const EXAMPLE: &str = "notebook: { path: checks/gpu.ipynb, compare: outputs }";

/// How much all notebooks of a suite may hold, in bytes.
const MOST: usize = 64 << 20;

/// Settings of a step `notebook`.
#[derive(Clone, Debug)]
pub struct NotebookStep {
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub notebook: Arc<Notebook>,
    /// Whether its outputs are compared.
    pub compare: Compare,
    /// What is replaced before that.
    pub rules: Arc<[Rule]>,
    /// The kernelspec in place of the notebook's own.
    pub kernel: Option<String>,
    /// How long each cell may take; the deadline `execute` where it is not given.
    pub timeout: Option<Duration>,
}

impl NotebookStep {
    /// The file's name, without its directories.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// As a suite writes it, rules in a list.
    #[must_use]
    pub fn written(&self) -> Value {
        let rule = |rule: &Rule| json!({"regex": rule.regex, "replace": rule.replace});
        let rules: Vec<Value> = self.rules.iter().map(rule).collect();
        let settings = [
            ("path", Some(json!(self.path.display().to_string()))),
            ("compare", Some(json!(self.compare.word()))),
            ("sanitize", (!rules.is_empty()).then_some(json!(rules))),
            ("kernel", self.kernel.as_deref().map(Value::from)),
            (
                "timeout",
                self.timeout.map(|time| json!(format_duration(time))),
            ),
        ];
        let settings = settings
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        json!({"notebook": Value::Object(settings.collect())})
    }

    /// What a copy costs, in bytes, roughly.
    pub(super) fn weight(&self) -> usize {
        200 + self.path.as_os_str().len() + self.kernel.as_ref().map_or(0, String::len)
    }
}

/// How many different rules a suite may have.
const MOST_IN_ALL: usize = 500;

/// What a file holds, or what is wrong with it.
type Read<T> = Result<Arc<T>, String>;

/// The notebooks and rules that a suite names, each read once.
pub(super) struct Notebooks<'a> {
    /// Where they come from.
    pub(super) sources: &'a dyn Sources,
    read: RefCell<HashMap<PathBuf, Read<Notebook>>>,
    left: Cell<usize>,
    rules: RefCell<HashMap<(String, String), Rule>>,
    files: RefCell<HashMap<PathBuf, Read<[Rule]>>>,
}

impl<'a> Notebooks<'a> {
    /// None so far.
    pub(super) fn of(sources: &'a dyn Sources) -> Self {
        Self {
            sources,
            read: RefCell::default(),
            left: Cell::new(MOST),
            rules: RefCell::default(),
            files: RefCell::default(),
        }
    }

    fn rule(&self, regex: &str, replace: &str) -> Result<Rule, String> {
        let key = (regex.to_owned(), replace.to_owned());
        let mut rules = self.rules.borrow_mut();
        if let Some(known) = rules.get(&key) {
            return Ok(known.clone());
        }
        if rules.len() >= MOST_IN_ALL {
            return Err(format!("a suite has {MOST_IN_ALL} different rules at most"));
        }
        let rule = Rule::read(regex, replace)?;
        rules.insert(key, rule.clone());
        Ok(rule)
    }

    /// The rules in a file of nbval's; what is wrong follows the file's name.
    fn rules_in(&self, path: &Path) -> Read<[Rule]> {
        if let Some(known) = self.files.borrow().get(path) {
            return known.clone();
        }
        let read = match self.sources.file(path) {
            Ok(text) => in_nbval_s_format(&text, &|regex, replace| self.rule(regex, replace))
                .map(Arc::from)
                .map_err(|wrong| format!(": {wrong}")),
            Err(wrong) => Err(format!(" {wrong}")),
        };
        let mut files = self.files.borrow_mut();
        files.insert(path.to_owned(), read.clone());
        read
    }

    fn get(&self, path: &Path) -> Read<Notebook> {
        if let Some(known) = self.read.borrow().get(path) {
            return known.clone();
        }
        let read = self.sources.notebook(path).and_then(|text| {
            let left = self.left.get().checked_sub(text.len());
            self.left.set(left.ok_or_else(|| {
                format!(
                    "is too much: all notebooks of a suite together hold {} MiB at most",
                    MOST >> 20
                )
            })?);
            Notebook::read(&text).map(Arc::new)
        });
        self.read.borrow_mut().insert(path.to_owned(), read.clone());
        read
    }
}

/// Reads the settings of a step, and the files that they name.
///
/// # Errors
/// The first mistake, a file's at the place where it is named.
pub(super) fn notebook(
    document: &Document,
    settings: &Node,
    named: &Notebooks<'_>,
) -> Result<NotebookStep, SuiteError> {
    if !matches!(settings.kind, Kind::Map(_)) {
        return Err(document.error(
            settings.place,
            "the step `notebook` has no notebook to run",
            format!("name one, as in {EXAMPLE}"),
        ));
    }
    let fields = Fields::of(document, settings, "the step `notebook`", &NOTEBOOK)?;
    let node = fields.required("path", EXAMPLE)?;
    let written = text(document, node, "path")?;
    let path = beside(document, written);
    let notebook = named.get(&path).map_err(|wrong| {
        document.error(
            node.place,
            format!("path: {written:?} {wrong}"),
            "a path is relative to the suite, and names a notebook of nbformat 4",
        )
    })?;
    let compare = fields
        .get("compare")
        .map_or(Ok(Compare::None), |node| compare(document, node))?;
    has_something_to_do(&notebook, compare).map_err(|lack| match lack {
        Lack::Runs => document.error(
            node.place,
            format!("path: {written:?} has no cell that would run"),
            "take away what skips its cells, or leave the notebook out: it would be green whatever the server does",
        ),
        Lack::Compared => document.error(
            fields.get("compare").unwrap_or(node).place,
            format!("compare: nothing of {written:?} would be compared"),
            match compare {
                Compare::Marked => {
                    "mark a cell with NBVAL_CHECK_OUTPUT, run the notebook and save it with its outputs; or write compare: none"
                }
                _ => "run the notebook and save it with its outputs; or write compare: none",
            },
        ),
    })?;
    let rules = match fields.get("sanitize") {
        Some(node) if compare == Compare::None => {
            return Err(document.error(
                node.place,
                "sanitize: nothing is compared, so there is nothing to sanitise",
                "add compare: outputs, or leave it out",
            ));
        }
        Some(node) => rules(document, node, named)?,
        None => Arc::default(),
    };
    let kernel = fields.text("kernel")?;
    if let (Some(""), Some(node)) = (kernel.map(str::trim), fields.get("kernel")) {
        let remedy = "leave it out for the notebook's own";
        return Err(document.error(node.place, "kernel: an empty name", remedy));
    }
    Ok(NotebookStep {
        path,
        notebook,
        compare,
        rules,
        kernel: kernel.map(str::to_owned),
        timeout: fields
            .get("timeout")
            .map(|node| length(document, node, "timeout"))
            .transpose()?,
    })
}

/// Without which a notebook could not fail.
enum Lack {
    Runs,
    Compared,
}

/// Whether a cell runs, and one of those is compared where any should be.
fn has_something_to_do(notebook: &Notebook, compare: Compare) -> Result<(), Lack> {
    let duties = notebook.cells.iter().map(|cell| cell.duty(compare));
    let running: Vec<Duty> = duties.filter(|duty| duty.run).collect();
    if running.is_empty() {
        return Err(Lack::Runs);
    }
    match compare == Compare::None || running.iter().any(|duty| duty.compare) {
        true => Ok(()),
        false => Err(Lack::Compared),
    }
}

fn compare(document: &Document, node: &Node) -> Result<Compare, SuiteError> {
    let word = text(document, node, "compare")?;
    let known = Compare::ALL.map(Compare::word);
    let chosen = Compare::ALL.into_iter().find(|it| it.word() == word);
    chosen.ok_or_else(|| {
        let near =
            nearest(word, &known).map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        document.error(
            node.place,
            format!("compare: there is no {word:?}"),
            format!(
                "{near}write none (cells have to run), marked (as pytest --nbval-lax) or outputs (as pytest --nbval)"
            ),
        )
    })
}

/// The name of a file of nbval's, or a list.
fn rules(
    document: &Document,
    node: &Node,
    named: &Notebooks<'_>,
) -> Result<Arc<[Rule]>, SuiteError> {
    let example =
        "as in sanitize: [{ regex: '\\d+ ms', replace: TIME }], or name a file of nbval's";
    let items = match &node.kind {
        Kind::Text(written) => {
            let read = named.rules_in(&beside(document, written));
            return read.map_err(|wrong| {
                document.error(node.place, format!("sanitize: {written:?}{wrong}"), example)
            });
        }
        Kind::List(items) if !items.is_empty() && items.len() <= MOST_RULES => items,
        _ => {
            let wanted = format!("the name of a file, or a list of 1 to {MOST_RULES} rules");
            return Err(wrong_type(document, node, "sanitize", &wanted, example));
        }
    };
    items
        .iter()
        .map(|item| {
            let fields = Fields::of(document, item, "a rule", &RULE)?;
            let node = fields.required("regex", "{ regex: '\\d+ ms', replace: TIME }")?;
            let regex = text(document, node, "regex")?;
            let with = fields.required("replace", "{ regex: '\\d+ ms', replace: TIME }")?;
            let replace = text(document, with, "replace")?;
            named.rule(regex, replace).map_err(|wrong| {
                document.error(
                    node.place,
                    format!("sanitize: {wrong}"),
                    "patterns are written as for Python's re, but for looking around and what else wants backtracking",
                )
            })
        })
        .collect()
}
