//! What a kernel found around it, against what was to be there; and the traces that spawn options leave in it.
//!
//! The facts are those of `engine/steps/environment.py`. A hub keeps the options that it was sent, whatever the spawner made of them, so
//! its model proves nothing: what does is what the scheduler and the spawner put into the server's environment (Slurm's `SLURM_*`, sbatch
//! manual, "Output environment variables"; KubeSpawner's `JUPYTER_IMAGE_SPEC`; JupyterHub's `CPU_LIMIT` and `MEM_LIMIT`, `spawner.py`).

use serde_json::{Map, Value};

use super::excerpt;
use crate::vocabulary::{Cause, Finding};

/// What was to be there, as the suite says it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Packages with their versions.
    pub packages: &'a [(String, String)],
    /// At least so many cores.
    pub cores: Option<u64>,
    /// At least so much memory, in bytes.
    pub memory: Option<u64>,
    /// At least so many GPUs.
    pub gpus: Option<u64>,
    /// The user.
    pub user: Option<&'a str>,
    /// Variables with their values.
    pub variables: &'a [(String, String)],
    /// Paths, and whether they must take files.
    pub paths: &'a [(&'a str, bool)],
    /// Addresses.
    pub network: &'a [String],
}

/// What is missing; none where all is there. Of several things the first counts, in this order, and all are told.
pub fn judge(facts: &Value, wanted: &Wanted<'_>) -> Option<Finding> {
    let layers: [(Cause, &str, Vec<String>); 4] = [
        (
            Cause::EnvironmentPackages,
            "a package is not there, not in this version, or cannot be imported",
            packages(facts, wanted.packages),
        ),
        (
            Cause::EnvironmentResources,
            "the server has less than it should",
            resources(facts, wanted),
        ),
        (
            Cause::EnvironmentDiffers,
            "the kernel runs in another environment than it should",
            settings(facts, wanted),
        ),
        (
            Cause::EnvironmentAccess,
            "the kernel cannot reach what it should",
            access(facts, wanted),
        ),
    ];
    let cause = layers.iter().find(|(_, _, wrong)| !wrong.is_empty())?;
    let all = layers.iter().flat_map(|(_, _, wrong)| wrong);
    let summary = format!(
        "{}: {}",
        cause.1,
        cause.2.first().map_or("", String::as_str)
    );
    Some(all.fold(Finding::new(cause.0, summary), |finding, wrong| {
        finding.seen(excerpt(wrong))
    }))
}

fn packages(facts: &Value, wanted: &[(String, String)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, versions) in wanted {
        let fact = &facts["packages"][name];
        let version = fact["version"].as_str().unwrap_or("an unknown version");
        if fact["missing"] == true || fact.is_null() {
            wrong.push(format!("{name} is not installed"));
        } else if fact["fits"] == false {
            wrong.push(format!("{name} is {version}, and {versions} is wanted"));
        } else if !versions.is_empty() && fact["fits"].is_null() {
            wrong.push(format!(
                "{name} is {version}; whether that is {versions} cannot be told, since the kernel's environment has no package `packaging`"
            ));
        } else if let Some(error) = fact["error"].as_str() {
            wrong.push(format!("{name} {version} cannot be imported: {error}"));
        }
    }
    wrong
}

fn resources(facts: &Value, wanted: &Wanted<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let seen = |name: &str| facts[name].as_u64().unwrap_or(0);
    for (what, least) in [("cores", wanted.cores), ("gpus", wanted.gpus)] {
        let word = if what == "gpus" { "GPUs" } else { what };
        if let Some(least) = least
            && seen(what) < least
        {
            wrong.push(format!("{} {word} of {least}", seen(what)));
        }
    }
    // What a machine has in all is a little less than what it is called by: firmware and kernel keep some.
    if let Some(least) = wanted.memory
        && seen("memory") < least - least / 20
    {
        let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
        wrong.push(format!(
            "{:.1} GiB of memory of {:.1}",
            gib(seen("memory")),
            gib(least)
        ));
    }
    wrong
}

fn settings(facts: &Value, wanted: &Wanted<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(user) = wanted.user
        && facts["user"].as_str() != Some(user)
    {
        let seen = facts["user"].as_str().unwrap_or("a user without a name");
        wrong.push(format!("it runs as {seen}, not as {user}"));
    }
    for (name, value) in wanted.variables {
        match facts["variables"][name].as_str() {
            Some(seen) if seen == value => {}
            Some(seen) => wrong.push(format!("{name} is {seen:?}, not {value:?}")),
            None => wrong.push(format!("{name} is not set, and should be {value:?}")),
        }
    }
    wrong
}

fn access(facts: &Value, wanted: &Wanted<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, write) in wanted.paths {
        let fact = &facts["paths"][*path];
        let error = fact["error"]
            .as_str()
            .map(|error| format!(": {error}"))
            .unwrap_or_default();
        if fact["there"] != true {
            wrong.push(format!("{path} is not there"));
        } else if fact["read"] != true {
            wrong.push(format!("{path} cannot be read{error}"));
        } else if *write && fact["write"] != true {
            wrong.push(format!("{path} cannot be written{error}"));
        }
    }
    for address in wanted.network {
        if let Some(error) = facts["network"][address].as_str() {
            wrong.push(format!("{address} does not answer: {error}"));
        }
    }
    wrong
}

/// A spawn option, the variable in which what became of it is seen, and how the two compare.
#[derive(Debug, Clone, Copy)]
pub struct Trace {
    /// The option.
    pub option: &'static str,
    /// The variables, of which the first that is set counts.
    pub variables: &'static [&'static str],
    compare: fn(&str, &str) -> bool,
}

/// The traces that are known.
pub const TRACES: &[Trace] = &[
    trace("partition", &["SLURM_JOB_PARTITION"], same),
    trace("account", &["SLURM_JOB_ACCOUNT"], same),
    trace("reservation", &["SLURM_JOB_RESERVATION"], same),
    trace("qos", &["SLURM_JOB_QOS"], same),
    trace("nnodes", &["SLURM_JOB_NUM_NODES", "SLURM_NNODES"], same),
    trace("nprocs", &["SLURM_CPUS_PER_TASK"], same),
    trace("image", &["JUPYTER_IMAGE_SPEC", "JUPYTER_IMAGE"], same),
    trace("cpu_limit", &["CPU_LIMIT"], as_number),
];

const fn trace(
    option: &'static str,
    variables: &'static [&'static str],
    compare: fn(&str, &str) -> bool,
) -> Trace {
    Trace {
        option,
        variables,
        compare,
    }
}

fn same(asked: &str, seen: &str) -> bool {
    asked.eq_ignore_ascii_case(seen)
}

fn as_number(asked: &str, seen: &str) -> bool {
    match (asked.parse::<f64>(), seen.parse::<f64>()) {
        (Ok(asked), Ok(seen)) => asked == seen,
        _ => same(asked, seen),
    }
}

/// What became of the options: those that were honoured, or the finding; the second part names those that leave no known trace.
///
/// # Errors
/// `spawn.options-ignored`, where one was asked for and another is seen, or none.
pub fn options(
    asked: &Map<String, Value>,
    facts: &Value,
) -> Result<(Vec<String>, Vec<String>), Finding> {
    let (mut honoured, mut traceless, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    // Who nests them so wants them, whatever the hub takes them for.
    let nested = nested(asked);
    for (name, value) in asked.iter().chain(nested.into_iter().flatten()) {
        // Nothing was asked for with an empty text.
        let Some(value) = text_of(value).filter(|text| !text.is_empty()) else {
            continue;
        };
        let Some(trace) = TRACES.iter().find(|trace| trace.option == name) else {
            traceless.push(name.clone());
            continue;
        };
        let seen = trace
            .variables
            .iter()
            .find_map(|variable| Some((variable, facts["variables"][*variable].as_str()?)));
        match seen {
            Some((_, seen)) if (trace.compare)(&value, seen) => honoured.push(name.clone()),
            Some((variable, seen)) => {
                wrong.push(format!(
                    "{name}: asked for {value:?}, and {variable} is {seen:?}"
                ));
            }
            // Another kind of site may take an option of this name.
            None if trace.option.starts_with("res") && has_any_of_slurm(facts) => {
                wrong.push(format!(
                    "{name}: asked for {value:?}, and {} is not set",
                    trace.variables[0]
                ));
            }
            None => traceless.push(name.clone()),
        }
    }
    let Some(first) = wrong.first() else {
        return Ok((honoured, traceless));
    };
    let summary = format!("the server runs, but not with the options asked for: {first}");
    let mut finding = Finding::new(Cause::SpawnOptionsIgnored, summary);
    if nested.is_some() {
        finding = finding.advise(NESTED);
    }
    Err(wrong
        .iter()
        .fold(finding, |finding, wrong| finding.seen(excerpt(wrong))))
}

/// The options in a map of this name: the body of JupyterHub's form of old, which its API takes for one option.
pub fn nested(asked: &Map<String, Value>) -> Option<&Map<String, Value>> {
    asked.get("user_options")?.as_object()
}

/// What to do about them.
pub const NESTED: &str = "The options stand in a map named user_options, which the hub takes for one option of that name: give them by themselves, without that map.";

fn has_any_of_slurm(facts: &Value) -> bool {
    let variables = facts["variables"].as_object();
    variables.is_some_and(|all| {
        all.iter()
            .any(|(name, value)| name.starts_with("SLURM_") && !value.is_null())
    })
}

/// An option's one value as text; a list of one reads as what is in it.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => match items.as_slice() {
            [only] => text_of(only),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn nothing() -> Wanted<'static> {
        Wanted {
            packages: &[],
            cores: None,
            memory: None,
            gpus: None,
            user: None,
            variables: &[],
            paths: &[],
            network: &[],
        }
    }

    fn pair(one: &str, other: &str) -> (String, String) {
        (one.to_owned(), other.to_owned())
    }

    #[test]
    fn what_is_missing_is_told_in_its_layer() {
        let facts = json!({"user": "ann", "cores": 2, "memory": 8_000_000_000_u64, "gpus": 0,
            "packages": {"numpy": {"version": "1.26", "fits": false}, "torch": {"version": "2", "error": "OSError: libcuda"},
                "gone": {"missing": true}, "good": {"version": "1", "fits": true}, "old": {"version": "1", "fits": null}},
            "variables": {"A": "1", "B": null},
            "paths": {"/ro": {"there": true, "read": true, "error": "Read-only file system"}, "/none": {"there": false}},
            "network": {"pypi.org:443": "timed out", "hub:1": null}});
        let cause = |wanted: Wanted<'_>| {
            judge(&facts, &wanted).map(|finding| (finding.cause, finding.evidence.join("; ")))
        };
        assert_eq!(cause(nothing()), None);
        for (package, versions, words) in [
            ("numpy", ">=2", "numpy is 1.26, and >=2 is wanted"),
            ("torch", "", "torch 2 cannot be imported: OSError: libcuda"),
            ("gone", "", "gone is not installed"),
            ("old", ">1", "no package `packaging`"),
        ] {
            let packages = [pair(package, versions), pair("good", ">0")];
            let (cause, said) = cause(Wanted {
                packages: &packages,
                ..nothing()
            })
            .unwrap();
            assert_eq!(cause, Cause::EnvironmentPackages);
            assert!(said.contains(words), "{said}");
        }
        let enough = Wanted {
            cores: Some(2),
            memory: Some(8_000_000_000),
            ..nothing()
        };
        assert_eq!(cause(enough), None);
        let (what, said) = cause(Wanted {
            cores: Some(4),
            memory: Some(16 << 30),
            gpus: Some(1),
            ..nothing()
        })
        .unwrap();
        assert_eq!(what, Cause::EnvironmentResources);
        assert_eq!(said, "2 cores of 4; 0 GPUs of 1; 7.5 GiB of memory of 16.0");
        let variables = [pair("A", "1"), pair("B", "2")];
        let (what, said) = cause(Wanted {
            user: Some("bob"),
            variables: &variables,
            ..nothing()
        })
        .unwrap();
        assert_eq!(what, Cause::EnvironmentDiffers);
        assert_eq!(
            said,
            "it runs as ann, not as bob; B is not set, and should be \"2\""
        );
        let network = ["pypi.org:443".to_owned(), "hub:1".to_owned()];
        let paths = [("/ro", true), ("/ro", false), ("/none", false)];
        let (what, said) = cause(Wanted {
            paths: &paths,
            network: &network,
            ..nothing()
        })
        .unwrap();
        assert_eq!(what, Cause::EnvironmentAccess);
        assert_eq!(
            said,
            "/ro cannot be written: Read-only file system; /none is not there; pypi.org:443 does not answer: timed out"
        );
    }

    #[test]
    fn options_are_compared_with_their_traces() {
        let facts = json!({"variables": {"SLURM_JOB_PARTITION": "normal", "SLURM_JOB_ACCOUNT": "proj", "SLURM_JOB_NUM_NODES": "1",
            "CPU_LIMIT": "2.0"}});
        let asked = |value: Value| options(value.as_object().unwrap(), &facts);
        let (honoured, traceless) = asked(
            json!({"partition": ["normal"], "account": ["proj"], "nnodes": [1], "cpu_limit": 2,
            "reservation": [""], "profile": "big"}),
        )
        .unwrap();
        assert_eq!(honoured, ["partition", "account", "nnodes", "cpu_limit"]);
        assert_eq!(traceless, ["profile"]);
        for (value, words) in [
            (
                json!({"partition": ["debug"]}),
                "asked for \"debug\", and SLURM_JOB_PARTITION is \"normal\"",
            ),
            (
                json!({"reservation": ["class"]}),
                "SLURM_JOB_RESERVATION is not set",
            ),
        ] {
            let finding = asked(value).unwrap_err();
            assert_eq!(finding.cause, Cause::SpawnOptionsIgnored);
            assert!(finding.summary.contains(words), "{}", finding.summary);
        }
        let nested = asked(json!({"user_options": {"partition": "debug"}})).unwrap_err();
        assert!(nested.advice.contains("user_options"), "{}", nested.advice);
        // No scheduler there.
        assert_eq!(
            options(json!({"reservation": "x"}).as_object().unwrap(), &json!({}))
                .unwrap()
                .1,
            ["reservation"]
        );
    }
}
