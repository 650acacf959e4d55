//! The step `notebook`, as the schema has it.

use schemars::JsonSchema;

use super::Time;

/// A notebook to run, and how what it shows is compared.
#[derive(JsonSchema)]
#[schemars(rename = "Notebook", deny_unknown_fields)]
pub(super) struct NotebookFile {
    /// The file (nbformat 4), relative to the suite's directory.
    #[schemars(extend("examples" = ["checks/gpu.ipynb"]))]
    path: String,
    /// Whether the outputs of its cells are compared with those in the file; none where it is left out.
    compare: Option<CompareWord>,
    /// What is replaced in both before they are compared.
    sanitize: Option<RulesFile>,
    /// The name of a kernelspec in place of the one that the notebook names.
    #[schemars(length(min = 1), extend("examples" = ["python3"]))]
    kernel: Option<String>,
    /// How long each cell may take; the deadline execute where it is left out.
    timeout: Option<Time>,
}

/// none: cells have to run; marked: as pytest --nbval-lax; outputs: as pytest --nbval. May be in a variable.
#[derive(JsonSchema)]
struct CompareWord(
    #[schemars(regex(pattern = r"^(none|marked|outputs)$|\$\{"), extend("examples" = ["none", "marked", "outputs"]))]
     String,
);

/// Rules, or a file of them.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum RulesFile {
    /// A file as nbval's --nbval-sanitize-with takes it, relative to the suite's directory.
    File(#[schemars(extend("examples" = ["sanitize.cfg"]))] String),
    /// Rules, one after the other.
    Rules(#[schemars(length(min = 1, max = 200))] Vec<RuleFile>),
}

/// A rule.
#[derive(JsonSchema)]
#[schemars(rename = "Rule", deny_unknown_fields)]
pub(super) struct RuleFile {
    /// A regular expression, as Python's re has it; what wants backtracking is refused.
    #[schemars(extend("examples" = ["\\d+ ms"]))]
    regex: String,
    /// What stands in the place of each match; \\1 is its first group.
    #[schemars(extend("examples" = ["TIME"]))]
    replace: String,
}
