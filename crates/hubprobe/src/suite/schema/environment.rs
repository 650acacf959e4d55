//! What is to be found around a kernel, as the schema has it.

use indexmap::IndexMap;
use schemars::JsonSchema;

use super::Size;

/// What the kernel must find around it. The kernel must be one of Python.
#[derive(JsonSchema)]
#[schemars(rename = "Environment", deny_unknown_fields, extend("minProperties" = 1))]
pub(super) struct EnvironmentFile {
    /// Packages that must be installed, of these versions (as pip takes them; an empty text for any), and importable.
    #[schemars(extend("examples" = [{"numpy": ">=2", "pandas": ""}]))]
    packages: Option<IndexMap<String, Option<String>>>,
    /// How many cores there must be at least.
    #[schemars(range(min = 1))]
    cores: Option<u64>,
    /// How much memory there must be at least.
    memory: Option<Size>,
    /// How many GPUs there must be at least.
    #[schemars(range(min = 1))]
    gpus: Option<u64>,
    /// The name of the user that it must run as.
    user: Option<String>,
    /// Environment variables, and the values that they must have.
    #[schemars(extend("examples" = [{"SLURM_JOB_PARTITION": "debug"}]))]
    variables: Option<IndexMap<String, Option<String>>>,
    /// Paths, and whether they must be readable or writable: `read` or `write`.
    #[schemars(extend("examples" = [{"/scratch": "write", "/data": "read"}]))]
    paths: Option<IndexMap<String, AccessWord>>,
    /// Addresses (`HOST:PORT`) that must take a connection.
    #[schemars(extend("examples" = [["pypi.org:443"]]))]
    network: Option<Vec<String>>,
}

/// `read` or `write`.
#[derive(JsonSchema)]
#[schemars(rename = "Access")]
pub(super) struct AccessWord(
    #[schemars(regex(pattern = r"^(read|write)$|\$\{"), extend("examples" = ["read", "write"]))]
    String,
);
