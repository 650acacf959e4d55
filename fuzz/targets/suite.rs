//! Fuzzes a suite file.
//! What must hold, and why, stands beside the code: see `hubprobe::fuzzing`.

#![no_main]

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

static SCHEMA: LazyLock<Option<Validator>> =
    LazyLock::new(|| jsonschema::validator_for(&hubprobe::suite::schema()).ok());

/// What the published schema has against a value.
fn complaint(value: &Value) -> Option<String> {
    match &*SCHEMA {
        Some(schema) => schema.validate(value).err().map(|error| error.to_string()),
        None => Some("the schema is none".to_owned()),
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubprobe_fuzz::frugal(bytes, |bytes| {
    hubprobe::fuzzing::suite(bytes, &complaint);
}));
