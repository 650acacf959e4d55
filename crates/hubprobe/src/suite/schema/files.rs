//! The file that is written to the home, as the schema has it.

use schemars::JsonSchema;

use super::{Size, Time};

/// The file to write.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct FilesFile {
    /// Its size; 2MiB where it is left out, 32MiB at most.
    size: Option<Size>,
    /// Also stop the server, start it again with the same options, and look whether a small file that was left in the
    /// home is still there.
    #[schemars(default)]
    persist: bool,
    /// Longer than this is warned of.
    warn: Option<Time>,
    /// Longer than this fails: the step's deadline.
    fail: Option<Time>,
}
