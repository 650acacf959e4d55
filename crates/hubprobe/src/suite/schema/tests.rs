//! The schema has what is read, and refuses what is refused.

use super::*;
use crate::suite::{
    budget, defaults, environment, fields::Shape, hubs, load, node_time, notebooks, parts, probes,
    retries, scheduler, steps,
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
