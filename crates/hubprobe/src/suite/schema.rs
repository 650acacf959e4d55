//! The JSON Schema of the suite file, for editors (`# yaml-language-server:
//! $schema=…`) and for whoever writes suites by program.
//!
//! The types here are never filled: they are the format written down once more,
//! for its schema. That their keys are those that are read is tested.
#![allow(dead_code, reason = "the types are described, not used")]

mod deadlines;
mod environment;
mod files;
mod notebook;
mod scheduler;
mod spread;

use indexmap::IndexMap;
use schemars::{JsonSchema, schema_for};
use serde_json::{Map, Value};

use self::deadlines::{DeadlinesFile, Time};
use self::environment::EnvironmentFile;
use self::files::FilesFile;
use self::notebook::NotebookFile;
use self::scheduler::{GoneFile, QueueFile};
use self::spread::{NamesFile, NodeTimeFile, RetriesFile};

/// The JSON Schema (draft 2020-12) of the suite file.
#[must_use]
pub fn schema() -> Value {
    schema_for!(SuiteFile).to_value()
}

/// What hubprobe tests: hubs with their service accounts, and the probes that walk over them.
/// In texts, where no secret is named, `${env:NAME}`, `${env:NAME:-default}`, `${file:PATH}` and `${command:PROGRAM ARGUMENT}` stand for what is there, and
/// `$${` for `${`.
#[derive(JsonSchema)]
#[schemars(title = "hubprobe suite", deny_unknown_fields, extend("examples" = [example()]))]
struct SuiteFile {
    /// The deployments, by a name of your choice.
    #[schemars(extend("minProperties" = 1))]
    hubs: IndexMap<String, HubFile>,
    /// The tests, by a name of your choice.
    #[schemars(extend("minProperties" = 1))]
    probes: IndexMap<String, ProbeFile>,
    /// What every probe begins with.
    defaults: Option<DefaultsFile>,
    /// How many combinations one matrix may have; 200 where it is left out.
    #[schemars(range(min = 1, max = 5000))]
    matrix_limit: Option<u32>,
    /// How much time of nodes all visits together may take; a visit takes the nodes that its options ask for, from the
    /// end of its wait in a queue until it is gone.
    node_time: Option<NodeTimeFile>,
}

/// One JupyterHub deployment.
#[derive(JsonSchema)]
#[schemars(rename = "Hub", deny_unknown_fields)]
struct HubFile {
    /// The hub's own URL, with its prefix if it has one, without /hub.
    #[schemars(extend("anyOf" = [{"format": "uri"}, {"pattern": r"\$\{"}], "examples" = ["https://jupyter.example.org", "${env:HUB_URL}"]))]
    url: String,
    /// PEM certificates to trust besides the system's; relative to the suite's directory.
    ca_file: Option<String>,
    /// Headers for every request, as access proxies want them; values are secrets.
    headers: Option<IndexMap<String, SecretFile>>,
    /// The service accounts, by their user name on the hub.
    #[schemars(extend("minProperties" = 1))]
    accounts: IndexMap<String, AccountFile>,
    /// After so many failed spawns in a row the hub ends itself, as its own configuration
    /// (c.Spawner.consecutive_failure_limit) says; 0 for never; 5 where it is left out. With `--jobs` no more servers are
    /// on their way at a time than may fail.
    consecutive_failure_limit: Option<u32>,
    /// What every probe on this hub begins with, over the defaults of the suite.
    defaults: Option<DefaultsFile>,
}

/// A service account.
#[derive(JsonSchema)]
#[schemars(rename = "Account", deny_unknown_fields)]
struct AccountFile {
    /// Where its token is.
    token: SecretFile,
    /// Nobody but hubprobe uses this account, so that leftovers on it may be taken away.
    #[schemars(default)]
    dedicated: bool,
}

/// Where a secret is; the secret itself does not belong in a suite.
#[derive(JsonSchema)]
#[schemars(rename = "Secret", rename_all = "snake_case")]
enum SecretFile {
    /// A file's content; relative to the suite's directory.
    #[schemars(extend("examples" = ["/etc/hubprobe/alps.token"]))]
    File(String),
    /// An environment variable's value.
    #[schemars(extend("examples" = ["ALPS_TOKEN"]))]
    Env(String),
    /// What a command writes to its standard output: the program and its arguments,
    /// without a shell.
    #[schemars(extend("examples" = [["pass", "show", "alps"]]))]
    Command(Vec<Word>),
}

/// A word of a command: a text, or what is typed as a number, a truth value or null and is meant as it stands.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Word {
    Text(String),
    Number(f64),
    Truth(bool),
    Nothing(()),
}

/// One test: an account's walk over a hub.
#[derive(JsonSchema)]
#[schemars(rename = "Probe", deny_unknown_fields)]
struct ProbeFile {
    /// The name of one of the hubs; may be left out where there is one.
    hub: Option<String>,
    /// The name of one of the hub's accounts, or a list of which any will do, or "*" for any of all; may be left out where
    /// it has one.
    #[schemars(extend("examples" = ["servuser", ["serv1", "serv2"], "*"]))]
    account: Option<NamesFile>,
    /// The named server to start, or a list of which any will do; the default server where it is left out.
    server: Option<NamesFile>,
    /// Spawn options, sent as they stand.
    #[schemars(extend("examples" = [{"reservation": [""], "account": ["test-group"], "runtime": ["00:05:00"]}]))]
    options: Option<Map<String, Value>>,
    /// How long each part may take.
    deadlines: Option<DeadlinesFile>,
    /// How the scheduler is asked why the server's job waits.
    queue: Option<QueueFile>,
    /// How the scheduler is asked, after the stop, whether the server's job is gone.
    gone: Option<GoneFile>,
    /// Adds to or configures the steps reach, identify, spawn, open, kernel,
    /// execute, stop and gone, which always run, in this order; lab runs where it is named
    /// after open; environment, options-honoured, notebook and files after execute.
    steps: Option<Vec<StepFile>>,
    /// Words by which `--tag` chooses probes.
    #[schemars(extend("examples" = [["slow", "gpu"]]))]
    tags: Option<Vec<Tag>>,
    /// The name of a probe that this one begins as: maps are merged, lists and
    /// single values replaced.
    extends: Option<String>,
    /// Only there to be extended: it is not run itself, and is not inherited.
    #[schemars(default)]
    r#abstract: bool,
    /// Every combination of these spawn options is a probe.
    matrix: Option<MatrixFile>,
    /// How often a visit that did not pass is tried again.
    retries: Option<RetriesFile>,
}

/// What probes begin with: maps are merged with theirs, lists and single values replaced by them.
#[derive(JsonSchema)]
#[schemars(rename = "Defaults", deny_unknown_fields)]
struct DefaultsFile {
    /// Spawn options, sent as they stand.
    options: Option<Map<String, Value>>,
    /// How long each part may take.
    deadlines: Option<DeadlinesFile>,
    /// Steps, for probes that list none.
    steps: Option<Vec<StepFile>>,
    /// Tags, for probes that list none.
    tags: Option<Vec<Tag>>,
    /// How the scheduler is asked, for probes that do not say it.
    queue: Option<QueueFile>,
    /// The same, after the stop.
    gone: Option<GoneFile>,
    /// How often a visit is tried again, for probes that do not say it.
    retries: Option<RetriesFile>,
}

/// Spawn options, each with the values that it takes.
#[derive(JsonSchema)]
#[schemars(rename = "Matrix", extend("minProperties" = 1, "additionalProperties" = {"type": "array", "minItems": 1}, "examples" = [{"partition": [["normal"], ["debug"]], "nnodes": [["1"], ["2"]]}]))]
struct MatrixFile {
    /// Added to the combinations of which they change nothing, else combinations of their own.
    include: Option<Vec<Map<String, Value>>>,
    /// Combinations that are left out.
    exclude: Option<Vec<Map<String, Value>>>,
}

/// One word.
#[derive(JsonSchema)]
struct Tag(#[schemars(regex(pattern = r"^[^\s,]+$|\$\{"))] String);

/// A step: its name, or its name with settings.
#[derive(JsonSchema)]
#[schemars(rename = "Step", untagged)]
enum StepFile {
    /// A step without settings.
    Name(StepWord),
    /// A step with settings.
    Configured(ConfiguredStep),
    /// A step whose name is in a variable.
    Variable(#[schemars(regex(pattern = r"\$\{"))] String),
}

/// The names of the steps.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum StepWord {
    Reach,
    Identify,
    Spawn,
    Open,
    Lab,
    Kernel,
    Execute,
    #[schemars(rename = "options-honoured")]
    OptionsHonoured,
    Files,
    Stop,
    Gone,
}

/// A step with settings, or with nothing after its colon.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum ConfiguredStep {
    /// An answer to the first request.
    Reach(Option<BudgetFile>),
    Identify(()),
    /// A server that is ready; fail is the deadline start.
    Spawn(Option<BudgetFile>),
    /// The server's answer through the proxy.
    Open(Option<BudgetFile>),
    /// A server that is gone.
    Stop(Option<BudgetFile>),
    Gone(()),
    /// The page that a person would open, and what it loads.
    Lab(Option<LabFile>),
    /// The kernel that is started.
    Kernel(Option<KernelFile>),
    /// Code that runs after the nonce that every visit computes.
    Execute(Option<CellsFile>),
    /// What is to be found around the kernel.
    Environment(Box<EnvironmentFile>),
    /// A notebook that is run cell by cell, in a kernel of its own.
    Notebook(Box<NotebookFile>),
    /// A file that is written to the home, read back and deleted; with persist one more, which must survive a restart.
    Files(Option<FilesFile>),
    #[schemars(rename = "options-honoured")]
    OptionsHonoured(()),
}

/// What a step may take.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct BudgetFile {
    /// Longer than this is warned of.
    warn: Option<Time>,
    /// Longer than this fails: the step's deadline.
    fail: Option<Time>,
}

/// The page that is looked at.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct LabFile {
    /// Its path below the server; lab where it is left out.
    #[schemars(length(min = 1), extend("examples" = ["tree"]))]
    path: Option<String>,
    /// Longer than this is warned of.
    warn: Option<Time>,
    /// Longer than this fails: the step's deadline.
    fail: Option<Time>,
}

/// Settings of the kernel.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct KernelFile {
    /// The name of a kernelspec; the server's default where it is left out.
    #[schemars(extend("examples" = ["python3"]))]
    name: Option<String>,
    /// Longer than this is warned of.
    warn: Option<Time>,
    /// Longer than this fails: the step's deadline.
    fail: Option<Time>,
}

/// A piece of code to run, or several that share the kernel.
#[derive(JsonSchema)]
#[schemars(rename = "Cells", untagged)]
enum CellsFile {
    /// One.
    One(ExecuteFile),
    /// Several, in their order.
    Several(#[schemars(length(min = 1))] Vec<ExecuteFile>),
}

/// Code to run.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ExecuteFile {
    /// The code.
    #[schemars(extend("examples" = ["print(6*7)"]))]
    code: String,
    /// What it must print; without it, it only has to run without an error.
    #[schemars(extend("examples" = ["42"]))]
    expect: Option<ExpectFile>,
}

/// What code must print, white space at both ends apart.
#[derive(JsonSchema)]
#[schemars(rename = "Expect", untagged)]
enum ExpectFile {
    /// This text.
    Text(String),
    /// Of another kind.
    Kind(ExpectKind),
}

/// What code must print, by its kind.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum ExpectKind {
    /// This text.
    Equals(String),
    /// Anything with this text in it.
    Contains(#[schemars(length(min = 1))] String),
    /// Anything that this regular expression matches, wherever.
    #[schemars(extend("examples" = ["^3\\.1\\d$"]))]
    Matches(#[schemars(length(min = 1))] String),
    /// JSON that has at least this in it; lists are compared whole.
    #[schemars(extend("examples" = [{"gpus": 4}]))]
    Json(Value),
}

/// A size: a number with KiB, MiB, KB or MB, or of bytes.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Size {
    /// With a unit.
    Text(
        #[schemars(regex(pattern = r"^\s*[0-9.]+\s*([KMGTPEkmgtpe][Ii]?)?[Bb]?\s*$|\$\{"), extend("examples" = ["2MiB", "512KiB"]))]
         String,
    ),
    /// In bytes.
    Bytes(#[schemars(range(min = 1))] u64),
}

fn example() -> Value {
    serde_json::json!({
        "hubs": {"alps": {
            "url": "https://jupyter.example.org",
            "accounts": {"servuser": {"token": {"file": "/etc/hubprobe/alps.token"}, "dedicated": true}},
            "headers": {"X-Access": {"env": "ACCESS_KEY"}},
        }},
        "probes": {"normal": {
            "hub": "alps",
            "options": {"reservation": [""], "account": ["test-group"], "runtime": ["00:05:00"]},
            "deadlines": {"start": "5m", "queue": "20m"},
            "steps": ["spawn", {"kernel": {"name": "python3"}}, {"execute": {"code": "print(6*7)", "expect": "42"}}, {"files": {"size": "2MiB"}}, "stop"],
        }},
    })
}

#[cfg(test)]
mod tests;
