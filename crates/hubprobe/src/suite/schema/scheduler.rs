//! What asks the scheduler, as the schema has it.

use schemars::JsonSchema;

use super::Word;

/// A command that says the state of the server's job, and why it waits.
#[derive(JsonSchema)]
#[schemars(rename = "Queue", deny_unknown_fields)]
pub(super) struct QueueFile {
    /// The program and its arguments, run without a shell. `{job_id}`, `{user}` and `{server}` in them are filled in.
    #[schemars(length(min = 1), extend("examples" = [["squeue", "-h", "-j", "{job_id}", "-o", "%T %r"]]))]
    command: Vec<Word>,
}

/// A command that says nothing once the job is gone.
#[derive(JsonSchema)]
#[schemars(rename = "Gone", deny_unknown_fields)]
pub(super) struct GoneFile {
    /// The program and its arguments, run without a shell. `{job_id}`, `{user}` and `{server}` in them are filled in.
    #[schemars(length(min = 1), extend("examples" = [["squeue", "-h", "-j", "{job_id}"]]))]
    command: Vec<Word>,
    /// That the command says nothing is what is wanted. This may be left out; only `true` is taken.
    #[schemars(extend("const" = true))]
    expect_empty: Option<bool>,
}
