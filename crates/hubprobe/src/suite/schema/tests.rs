//! The schema has what is read, and refuses what is refused.

use super::*;
use crate::suite::{
    DeadlineName, Deadlines, Retries, budget, defaults, environment, fields::Shape, hubs, load,
    matrix, node_time, notebooks, parse_duration, parts, probes, retries, scheduler, steps,
};

fn keys<T: JsonSchema>() -> Vec<String> {
    let schema = schema_for!(T).to_value();
    schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

#[test]
fn the_schema_has_the_keys_that_are_read() {
    let same = |mut described: Vec<String>, read: &Shape| {
        let mut read: Vec<&str> = read.known.to_vec();
        read.sort_unstable();
        described.sort_unstable();
        assert_eq!(described, read);
    };
    same(keys::<SuiteFile>(), &load::SUITE);
    same(keys::<HubFile>(), &hubs::HUB);
    same(keys::<AccountFile>(), &hubs::ACCOUNT);
    same(keys::<ProbeFile>(), &probes::PROBE);
    same(keys::<DefaultsFile>(), &defaults::DEFAULTS);
    same(keys::<DeadlinesFile>(), &parts::DEADLINES);
    same(keys::<KernelFile>(), &steps::KERNEL);
    same(keys::<ExecuteFile>(), &steps::EXECUTE);
    same(keys::<FilesFile>(), &steps::FILES);
    same(keys::<LabFile>(), &steps::LAB);
    same(keys::<BudgetFile>(), &budget::BUDGET);
    same(keys::<EnvironmentFile>(), &environment::ENVIRONMENT);
    same(keys::<QueueFile>(), &scheduler::QUEUE);
    same(keys::<GoneFile>(), &scheduler::GONE);
    same(keys::<NotebookFile>(), &notebooks::NOTEBOOK);
    same(keys::<notebook::RuleFile>(), &notebooks::RULE);
    same(keys::<spread::RetriesMap>(), &retries::RETRIES);
    same(keys::<spread::NodeTimeMap>(), &node_time::NODE_TIME);
}

#[test]
fn the_defaults_that_are_described_are_those_that_are_used() {
    let used = Deadlines::default();
    let deadlines = schema_for!(DeadlinesFile).to_value();
    for name in DeadlineName::ALL {
        let described = &deadlines["properties"][name.as_str()]["default"];
        match described.as_str() {
            Some(text) => assert_eq!(parse_duration(text), Ok(used.get(name)), "{name}"),
            None => assert_eq!(name, DeadlineName::Total),
        }
    }
    let retries = schema_for!(spread::RetriesMap).to_value();
    let wait = retries["properties"]["wait"]["default"].as_str().unwrap();
    assert_eq!(parse_duration(wait), Ok(Retries::default().wait));
    let suite = schema_for!(SuiteFile).to_value();
    let limit = &suite["properties"]["matrix_limit"]["default"];
    assert_eq!(limit.as_u64(), Some(matrix::LIMIT as u64));
    let hub = schema_for!(HubFile).to_value();
    let limit = &hub["properties"]["consecutive_failure_limit"]["default"];
    assert_eq!(*limit, crate::suite::Hub::USUAL_LIMIT);
}

#[test]
fn the_example_is_valid_and_loads() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let example = example();
    let errors: Vec<_> = validator
        .iter_errors(&example)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    // JSON is YAML.
    let (suite, notes) =
        load::load_text(std::path::Path::new("x.yaml"), example.to_string()).unwrap();
    assert_eq!(suite.names(), ["normal"]);
    assert_eq!(notes, Vec::<String>::new());
}

#[test]
fn what_the_reader_refuses_the_schema_refuses() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for (pointer, value) in [
        (
            "/hubs/alps/accounts/servuser/token",
            serde_json::json!("abc"),
        ),
        (
            "/hubs/alps/accounts/servuser/token",
            serde_json::json!({"file": "a", "env": "b"}),
        ),
        ("/hubs/alps/url", serde_json::json!(5)),
        ("/hubs/alps/accounts", serde_json::json!({})),
        ("/probes/normal/deadlines/start", serde_json::json!(90)),
        ("/probes/normal/deadlines/start", serde_json::json!("soon")),
        ("/probes/normal/steps/0", serde_json::json!("span")),
        (
            "/probes/normal/steps/0",
            serde_json::json!({"notebook": {"compare": "all"}}),
        ),
        ("/probes/normal", serde_json::json!({"matrix": {}})),
        ("/probes/normal", serde_json::json!({"matrix": {"a": []}})),
    ] {
        let mut suite = example();
        *suite.pointer_mut(pointer).unwrap() = value.clone();
        assert!(!validator.is_valid(&suite), "{pointer}: {value}");
        assert!(
            load::load_text(std::path::Path::new("x.yaml"), suite.to_string()).is_err(),
            "{pointer}: {value}"
        );
    }
}
