//! The JSON report: the run itself, as it serialises. Its shape is a contract
//! (`hubprobe.report/1`): fields are only ever added. Texts of the hub are as
//! the hub said them; whoever shows them has to make them harmless.

use schemars::schema_for;
use serde_json::Value;

use crate::vocabulary::Run;

/// The report: an indented JSON object and a line break.
///
/// # Errors
/// Where the run cannot be written as JSON, which is a bug.
pub fn report(run: &Run) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(run)?;
    text.push('\n');
    Ok(text)
}

/// The JSON Schema (draft 2020-12) of the report. It does not forbid fields
/// that it does not know, since fields are added.
#[must_use]
pub fn schema() -> Value {
    let mut schema = schema_for!(Run);
    schema.insert("title".to_owned(), "hubprobe report".into());
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn every_sample_is_valid_and_reads_back() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        for (name, run) in samples::all() {
            let text = report(&run).unwrap();
            let value: Value = serde_json::from_str(&text).unwrap();
            let errors: Vec<_> = validator
                .iter_errors(&value)
                .map(|error| error.to_string())
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{name}");
            assert_eq!(serde_json::from_value::<Run>(value).unwrap(), run, "{name}");
        }
    }

    #[test]
    fn the_contract_s_fields_are_there() {
        let value: Value = serde_json::from_str(&report(&samples::failed()).unwrap()).unwrap();
        for pointer in [
            "/schema",
            "/hubprobe",
            "/run",
            "/started",
            "/verdict",
            "/visits/0/probe",
            "/visits/0/hub",
            "/visits/0/hub_version",
            "/visits/0/account",
            "/visits/0/server",
            "/visits/0/options",
            "/visits/0/verdict",
            "/visits/0/duration_s",
            "/visits/0/finding/cause",
            "/visits/0/finding/blame",
            "/visits/0/finding/summary",
            "/visits/0/finding/evidence",
            "/visits/0/finding/advice",
            "/visits/0/finding/curl",
            "/visits/0/steps/0/name",
            "/visits/0/steps/0/verdict",
            "/visits/0/steps/0/started_s",
            "/visits/0/steps/0/duration_s",
            "/visits/0/steps/2/progress/0/at_s",
            "/visits/0/steps/2/progress/0/percent",
            "/visits/0/steps/2/progress/0/message",
            "/visits/0/attempts",
            "/visits/0/warnings",
            "/visits/0/left_behind",
        ] {
            assert!(value.pointer(pointer).is_some(), "{pointer}");
        }
        assert_eq!(value["schema"], "hubprobe.report/1");
        assert_eq!(
            value["visits"][0]["finding"]["cause"],
            "spawn.never-answered"
        );
    }
}
