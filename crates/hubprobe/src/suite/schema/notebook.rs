//! The step `notebook`, as the schema has it.

use schemars::JsonSchema;

use super::Time;

/// A notebook to run, and how what it shows is compared.
#[derive(JsonSchema)]
#[schemars(rename = "Notebook", deny_unknown_fields)]
pub(super) struct NotebookFile {
    /// The notebook's file (nbformat 4). The path is relative to the suite's directory.
    #[schemars(extend("examples" = ["checks/gpu.ipynb"]))]
    path: String,
    /// Whether what its cells show is compared with what the file holds.
    #[schemars(extend("default" = "none"))]
    compare: Option<CompareWord>,
    /// What is replaced in both before they are compared, such as times and addresses.
    sanitize: Option<RulesFile>,
    /// The name of a kernelspec, in place of the one that the notebook names.
    #[schemars(length(min = 1), extend("examples" = ["python3"]))]
    kernel: Option<String>,
    /// How long each cell may take. Where it is left out, it is the deadline `execute`.
    timeout: Option<Time>,
}

/// `none`: cells only have to run. `marked`: cells that are marked for it are compared, as `pytest --nbval-lax` does. `outputs`: all
/// are compared, as `pytest --nbval` does.
#[derive(JsonSchema)]
#[schemars(rename = "Compare")]
struct CompareWord(
    #[schemars(regex(pattern = r"^(none|marked|outputs)$|\$\{"), extend("examples" = ["none", "marked", "outputs"]))]
     String,
);

/// Rules for what is replaced, or a file of them.
#[derive(JsonSchema)]
#[schemars(rename = "Rules", untagged)]
enum RulesFile {
    /// A file as nbval's `--nbval-sanitize-with` takes it. The path is relative to the suite's directory.
    File(#[schemars(extend("examples" = ["sanitize.cfg"]))] String),
    /// Rules, which are applied one after the other.
    Rules(#[schemars(length(min = 1, max = 200))] Vec<RuleFile>),
}

/// One rule.
#[derive(JsonSchema)]
#[schemars(rename = "Rule", deny_unknown_fields)]
pub(super) struct RuleFile {
    /// A regular expression, as Python's `re` has it. What wants backtracking is refused.
    #[schemars(extend("examples" = ["\\d+ ms"]))]
    regex: String,
    /// What is put in the place of each match. `\1` is its first group.
    #[schemars(extend("examples" = ["TIME"]))]
    replace: String,
}
