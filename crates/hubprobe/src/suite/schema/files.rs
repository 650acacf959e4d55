//! The file that is written to the home, as the schema has it.

use schemars::JsonSchema;

use super::{Size, Time};

/// The file that is written.
#[derive(JsonSchema)]
#[schemars(rename = "Files", deny_unknown_fields)]
pub(super) struct FilesFile {
    /// Its size, 32MiB at most.
    #[schemars(extend("default" = "2MiB"))]
    size: Option<Size>,
    /// After that the server is stopped and started again with the same options, and a small file that was left in the home
    /// must still be there.
    #[schemars(default)]
    persist: bool,
    /// A step that takes longer is warned of in the report.
    warn: Option<Time>,
    /// A step that takes longer fails: this is its deadline.
    fail: Option<Time>,
}
