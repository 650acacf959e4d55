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
/// In texts, where no secret is named, `${env:NAME}`, `${env:NAME:-default}`, `${file:PATH}` and `${command:PROGRAM ARGUMENT}`
/// stand for what is there, and `$${` for `${`.
#[derive(JsonSchema)]
#[schemars(title = "hubprobe suite", deny_unknown_fields, extend("examples" = [example()]))]
struct SuiteFile {
    /// The deployments that are tested, by names of your choice.
    #[schemars(extend("minProperties" = 1))]
    hubs: IndexMap<String, HubFile>,
    /// The tests, by names of your choice.
    #[schemars(extend("minProperties" = 1))]
    probes: IndexMap<String, ProbeFile>,
    /// What every probe begins with, unless its hub or the probe itself says something else.
    defaults: Option<DefaultsFile>,
    /// How many combinations one matrix may have, counted before `exclude` and after `include`.
    #[schemars(range(min = 1, max = 5000), extend("default" = 200))]
    matrix_limit: Option<u32>,
    /// How much node time all visits of a run together may take. A visit takes the nodes that its options ask for, from the
    /// end of its wait in a queue until its server is gone. Once it is used up, no server is asked for any more.
    node_time: Option<NodeTimeFile>,
}

/// One JupyterHub deployment.
#[derive(JsonSchema)]
#[schemars(rename = "Hub", deny_unknown_fields)]
struct HubFile {
    /// The hub's URL as a person opens it, with its prefix if it has one, without `/hub`.
    #[schemars(extend("anyOf" = [{"format": "uri"}, {"pattern": r"\$\{"}], "examples" = ["https://jupyter.example.org", "${env:HUB_URL}"]))]
    url: String,
    /// A file of PEM certificates to trust besides the system's. The path is relative to the suite's directory.
    ca_file: Option<String>,
    /// Headers for every request, as access proxies want them. Their values are secrets.
    headers: Option<IndexMap<String, SecretFile>>,
    /// The service accounts, by their user name on the hub.
    #[schemars(extend("minProperties" = 1))]
    accounts: IndexMap<String, AccountFile>,
    /// After how many failed spawns in a row the hub ends itself, by its own configuration
    /// (`c.Spawner.consecutive_failure_limit`); 0 for never. With `--jobs`, fewer servers than that are on their way at a time.
    #[schemars(extend("default" = 5))]
    consecutive_failure_limit: Option<u32>,
    /// What every probe on this hub begins with; it stands over the defaults of the suite.
    defaults: Option<DefaultsFile>,
}

/// A service account.
#[derive(JsonSchema)]
#[schemars(rename = "Account", deny_unknown_fields)]
struct AccountFile {
    /// Where the account's token is.
    token: SecretFile,
    /// Nobody but hubprobe uses this account, so that a server that a lost run left on it may be taken away.
    #[schemars(default)]
    dedicated: bool,
}

/// Where a secret is. The secret itself does not stand in a suite.
#[derive(JsonSchema)]
#[schemars(rename = "Secret", rename_all = "snake_case")]
enum SecretFile {
    /// The content of a file, whose path is relative to the suite's directory.
    #[schemars(extend("examples" = ["/etc/hubprobe/alps.token"]))]
    File(String),
    /// The value of an environment variable.
    #[schemars(extend("examples" = ["ALPS_TOKEN"]))]
    Env(String),
    /// What a command writes to its standard output: the program and its arguments, run without a shell.
    #[schemars(extend("examples" = [["pass", "show", "alps"]]))]
    Command(Vec<Word>),
}

/// A word of a command: a text. What YAML reads as a number, a truth value or null is taken as it was typed.
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
    /// The name of one of the hubs. It may be left out where there is only one.
    hub: Option<String>,
    /// The name of one of the hub's accounts, a list of which any will do, or `"*"` for any of all. It may be left out where
    /// the hub has only one.
    #[schemars(extend("examples" = ["servuser", ["serv1", "serv2"], "*"]))]
    account: Option<NamesFile>,
    /// The named server to start, or a list of which any will do. Where it is left out, it is the account's default server.
    server: Option<NamesFile>,
    /// Spawn options, sent to the hub as they stand.
    #[schemars(extend("examples" = [{"account": ["test-group"], "runtime": ["00:05:00"]}]))]
    options: Option<Map<String, Value>>,
    /// How long each part may take.
    deadlines: Option<DeadlinesFile>,
    /// How the scheduler is asked why the server's job waits, and how a job ended whose server was lost.
    queue: Option<QueueFile>,
    /// How the scheduler is asked after the stop whether the server's job is gone.
    gone: Option<GoneFile>,
    /// Steps to add or to configure. `reach`, `identify`, `spawn`, `open`, `kernel`, `execute`, `stop` and `gone` always run, in
    /// this order. Where they are named, `lab` runs after `open`, and `environment`, `options-honoured`, `notebook` and
    /// `files` run after `execute`.
    steps: Option<Vec<StepFile>>,
    /// Words by which `--tag` chooses probes.
    #[schemars(extend("examples" = [["slow", "gpu"]]))]
    tags: Option<Vec<Tag>>,
    /// The name of a probe that this one begins as. Maps are merged; lists and single values are replaced.
    extends: Option<String>,
    /// The probe is only there to be extended, and is not run itself. This key is not inherited.
    #[schemars(default)]
    r#abstract: bool,
    /// Each combination of these spawn options is a probe of its own.
    matrix: Option<MatrixFile>,
    /// How often a visit that did not pass is tried again.
    retries: Option<RetriesFile>,
}

/// What probes begin with. Maps are merged with those of the probe; its lists and single values replace these.
#[derive(JsonSchema)]
#[schemars(rename = "Defaults", deny_unknown_fields)]
struct DefaultsFile {
    /// Spawn options, sent to the hub as they stand.
    options: Option<Map<String, Value>>,
    /// How long each part may take.
    deadlines: Option<DeadlinesFile>,
    /// Steps, for probes that list none.
    steps: Option<Vec<StepFile>>,
    /// Tags, for probes that list none.
    tags: Option<Vec<Tag>>,
    /// How the scheduler is asked, for probes that do not say it.
    queue: Option<QueueFile>,
    /// How the scheduler is asked after the stop, for probes that do not say it.
    gone: Option<GoneFile>,
    /// How often a visit is tried again, for probes that do not say it.
    retries: Option<RetriesFile>,
}

/// Spawn options, each with a list of the values that it takes.
#[derive(JsonSchema)]
#[schemars(rename = "Matrix", extend("minProperties" = 1, "additionalProperties" = {"type": "array", "minItems": 1}, "examples" = [{"partition": [["normal"], ["debug"]], "nnodes": [["1"], ["2"]]}]))]
struct MatrixFile {
    /// Maps of options, as in GitHub Actions: each is added to the combinations of which it changes nothing; where there is
    /// none, it is a combination of its own.
    include: Option<Vec<Map<String, Value>>>,
    /// Maps of options: combinations that have all of them are left out.
    exclude: Option<Vec<Map<String, Value>>>,
}

/// One word, without a comma.
#[derive(JsonSchema)]
struct Tag(#[schemars(regex(pattern = r"^[^\s,]+$|\$\{"))] String);

/// A step: its name, or its name with settings.
#[derive(JsonSchema)]
#[schemars(rename = "Step", untagged)]
enum StepFile {
    /// The name of a step, without settings.
    Name(StepWord),
    /// The step is its only key, with its settings.
    Configured(ConfiguredStep),
    /// A step whose name comes from a variable.
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
    /// The hub answers at its URL, and is a JupyterHub.
    Reach(Option<BudgetFile>),
    /// The token is the account's, and may do what the probe needs. It has no settings.
    Identify(()),
    /// A server is asked for, and is ready. Its `fail` is the deadline `start`.
    Spawn(Option<BudgetFile>),
    /// The server answers through the proxy.
    Open(Option<BudgetFile>),
    /// The page that a person would open, with every script and style sheet that it loads.
    Lab(Option<LabFile>),
    /// A kernel is started, and answers.
    Kernel(Option<KernelFile>),
    /// Code that the kernel runs, after the product that it has to compute in every visit.
    Execute(Option<CellsFile>),
    /// What the kernel must find around it.
    Environment(Box<EnvironmentFile>),
    /// What the server got is what the spawn options asked for. It has no settings.
    #[schemars(rename = "options-honoured")]
    OptionsHonoured(()),
    /// A notebook runs, cell by cell, in a kernel of its own.
    Notebook(Box<NotebookFile>),
    /// A file is written to the home, read back and deleted; with `persist`, another one must survive a restart of the server.
    Files(Option<FilesFile>),
    /// The server is stopped.
    Stop(Option<BudgetFile>),
    /// Nothing of the server is left. It has no settings.
    Gone(()),
}

/// How long a step may take.
#[derive(JsonSchema)]
#[schemars(rename = "Budget", deny_unknown_fields)]
struct BudgetFile {
    /// A step that takes longer is warned of in the report.
    warn: Option<Time>,
    /// A step that takes longer fails: this is its deadline.
    fail: Option<Time>,
}

/// The page that is looked at.
#[derive(JsonSchema)]
#[schemars(rename = "Lab", deny_unknown_fields)]
struct LabFile {
    /// Its path below the server.
    #[schemars(length(min = 1), extend("default" = "lab", "examples" = ["tree"]))]
    path: Option<String>,
    /// A step that takes longer is warned of in the report.
    warn: Option<Time>,
    /// A step that takes longer fails: this is its deadline.
    fail: Option<Time>,
}

/// The kernel that is started.
#[derive(JsonSchema)]
#[schemars(rename = "Kernel", deny_unknown_fields)]
struct KernelFile {
    /// The name of a kernelspec. Where it is left out, it is the server's own default.
    #[schemars(extend("examples" = ["python3"]))]
    name: Option<String>,
    /// A step that takes longer is warned of in the report.
    warn: Option<Time>,
    /// A step that takes longer fails: this is its deadline.
    fail: Option<Time>,
}

/// A piece of code to run, or several that run in one kernel.
#[derive(JsonSchema)]
#[schemars(rename = "Cells", untagged)]
enum CellsFile {
    /// One piece of code.
    One(ExecuteFile),
    /// Several pieces, which run in this order.
    Several(#[schemars(length(min = 1))] Vec<ExecuteFile>),
}

/// A piece of code.
#[derive(JsonSchema)]
#[schemars(rename = "Code", deny_unknown_fields)]
struct ExecuteFile {
    /// The code.
    #[schemars(extend("examples" = ["print(6*7)"]))]
    code: String,
    /// What it must print. Where this is left out, it only has to run without an error.
    #[schemars(extend("examples" = ["42"]))]
    expect: Option<ExpectFile>,
}

/// What code must print. White space at both ends does not count.
#[derive(JsonSchema)]
#[schemars(rename = "Expect", untagged)]
enum ExpectFile {
    /// Exactly this text.
    Text(String),
    /// Its only key says how the output is compared.
    Kind(ExpectKind),
}

/// How the output is compared.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum ExpectKind {
    /// The output is this text.
    Equals(String),
    /// This text stands somewhere in the output.
    Contains(#[schemars(length(min = 1))] String),
    /// This regular expression matches somewhere in the output.
    #[schemars(extend("examples" = ["^3\\.1\\d$"]))]
    Matches(#[schemars(length(min = 1))] String),
    /// The output is JSON that has at least this in it. Lists are compared whole.
    #[schemars(extend("examples" = [{"gpus": 4}]))]
    Json(Value),
}

/// A size: a number with a unit (KiB, MiB, GiB, KB, MB, GB), or a number of bytes.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Size {
    /// A number with a unit.
    Text(
        #[schemars(regex(pattern = r"^\s*[0-9.]+\s*([KMGTPEkmgtpe][Ii]?)?[Bb]?\s*$|\$\{"), extend("examples" = ["2MiB", "512KiB"]))]
         String,
    ),
    /// A number of bytes.
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
