//! What is to be found around a kernel, as the schema has it.

use indexmap::IndexMap;
use schemars::JsonSchema;

use super::Size;

/// What is to be found around the kernel, which must be one of Python.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
pub(super) struct EnvironmentFile {
    /// Packages that must be installed and importable, with versions as pip takes them.
    #[schemars(extend("examples" = [{"numpy": ">=2", "pandas": ""}]))]
    packages: Option<IndexMap<String, Option<String>>>,
    /// At least so many cores.
    #[schemars(range(min = 1))]
    cores: Option<u64>,
    /// At least so much memory.
    memory: Option<Size>,
    /// At least so many GPUs.
    #[schemars(range(min = 1))]
    gpus: Option<u64>,
    /// The user that it runs as.
    user: Option<String>,
    /// Environment variables with their values.
    #[schemars(extend("examples" = [{"SLURM_JOB_PARTITION": "debug"}]))]
    variables: Option<IndexMap<String, Option<String>>>,
    /// Paths, and what must be possible there.
    #[schemars(extend("examples" = [{"/scratch": "write", "/data": "read"}]))]
    paths: Option<IndexMap<String, AccessWord>>,
    /// Addresses that must take a connection.
    #[schemars(extend("examples" = [["pypi.org:443"]]))]
    network: Option<Vec<String>>,
}

/// What must be possible at a path; may be in a variable.
#[derive(JsonSchema)]
pub(super) struct AccessWord(
    #[schemars(regex(pattern = r"^(read|write)$|\$\{"), extend("examples" = ["read", "write"]))]
    String,
);
