//! What a probe wants to find around its kernel: packages, cores, memory, GPUs, a user, variables, paths, a way out.

use regex_lite::Regex;
use serde_json::{Value, json};

use super::document::{Document, Kind, Node};
use super::error::SuiteError;
use super::fields::{Fields, Shape, map, text, wrong_type};
use super::size::parse_bytes;

pub(super) const ENVIRONMENT: Shape = Shape {
    what: "the step `environment`",
    known: &[
        "packages",
        "cores",
        "memory",
        "gpus",
        "user",
        "variables",
        "paths",
        "network",
    ],
    secret: false,
};

/// A package is written so, by PEP 508.
const NAME: &str = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$";
/// Versions are, by PEP 440: `>=2.0, <3`.
const VERSIONS: &str = r"^\s*((===|~=|==|!=|<=|>=|<|>)\s*[A-Za-z0-9.!+*_-]+\s*(,\s*(===|~=|==|!=|<=|>=|<|>)\s*[A-Za-z0-9.!+*_-]+\s*)*)?$";

/// What must be possible at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is there and can be read.
    Read,
    /// Files can be made there too, or it is a file that can be written.
    Write,
}

/// Settings of the step `environment`. What is left out is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentStep {
    /// Distributions of Python that must be installed and importable, with their versions (PEP 440), which may be empty.
    pub packages: Vec<(String, String)>,
    /// At least so many cores.
    pub cores: Option<u64>,
    /// At least so much memory, in bytes.
    pub memory: Option<u64>,
    /// At least so many GPUs.
    pub gpus: Option<u64>,
    /// The user that the kernel runs as.
    pub user: Option<String>,
    /// Environment variables with their values.
    pub variables: Vec<(String, String)>,
    /// Paths, and what must be possible there.
    pub paths: Vec<(String, Access)>,
    /// `HOST:PORT` that must take a connection.
    pub network: Vec<String>,
}

impl EnvironmentStep {
    /// As a suite writes it, memory in bytes.
    #[must_use]
    pub fn written(&self) -> Value {
        let texts = |pairs: &[(String, String)]| {
            let all = pairs.iter().map(|(name, text)| (name.clone(), json!(text)));
            (!pairs.is_empty()).then(|| Value::Object(all.collect()))
        };
        let paths: Vec<(String, String)> = self
            .paths
            .iter()
            .map(|(path, access)| {
                let word = match access {
                    Access::Read => "read",
                    Access::Write => "write",
                };
                (path.clone(), word.to_owned())
            })
            .collect();
        let settings = [
            ("packages", texts(&self.packages)),
            ("cores", self.cores.map(Value::from)),
            ("memory", self.memory.map(Value::from)),
            ("gpus", self.gpus.map(Value::from)),
            ("user", self.user.as_deref().map(Value::from)),
            ("variables", texts(&self.variables)),
            ("paths", texts(&paths)),
            (
                "network",
                (!self.network.is_empty()).then(|| json!(self.network)),
            ),
        ];
        let settings = settings
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        json!({"environment": Value::Object(settings.collect())})
    }
}

/// Reads the settings of the step.
pub(super) fn environment(
    document: &Document,
    settings: &Node,
) -> Result<EnvironmentStep, SuiteError> {
    let example = "environment: { packages: { numpy: \">=2\" }, cores: 4 }";
    if !matches!(settings.kind, Kind::Map(_)) {
        return Err(document.error(
            settings.place,
            "the step `environment` looks at nothing",
            format!("say what must be there, as in {example}"),
        ));
    }
    let fields = Fields::of(document, settings, "the step `environment`", &ENVIRONMENT)?;
    let mut step = EnvironmentStep {
        packages: pairs(document, &fields, "packages")?,
        cores: count(document, &fields, "cores")?,
        memory: None,
        gpus: count(document, &fields, "gpus")?,
        user: fields.text("user")?.map(str::to_owned),
        variables: pairs(document, &fields, "variables")?,
        paths: Vec::new(),
        network: Vec::new(),
    };
    check_packages(document, &fields)?;
    if let Some(node) = fields.get("memory") {
        let written = match &node.kind {
            Kind::Text(text) => Some(text.clone()),
            Kind::Number(number) => number.as_u64().map(|bytes| bytes.to_string()),
            _ => None,
        };
        let written = written
            .ok_or_else(|| wrong_type(document, node, "memory", "a size, as in 8GiB", ""))?;
        let size = parse_bytes(&written).map_err(|reason| {
            document.error(
                node.place,
                format!("memory: {reason}"),
                "as in memory: 8GiB",
            )
        })?;
        if size == 0 {
            return Err(wrong_type(
                document,
                node,
                "memory",
                "more than nothing",
                "",
            ));
        }
        step.memory = Some(size);
    }
    if let Some(node) = fields.get("paths") {
        for (key, node) in map(document, node, "paths", "a map of paths to read or write")? {
            let access = match text(document, node, &key.text)? {
                "read" => Access::Read,
                "write" => Access::Write,
                other => {
                    return Err(document.error(
                        node.place,
                        format!("paths: {other:?} is neither read nor write"),
                        "write read or write, as in paths: { /scratch: write }",
                    ));
                }
            };
            step.paths.push((key.text.clone(), access));
        }
    }
    if let Some(node) = fields.get("network") {
        let Kind::List(items) = &node.kind else {
            return Err(wrong_type(
                document,
                node,
                "network",
                "a list of HOST:PORT",
                "as in [\"pypi.org:443\"]",
            ));
        };
        for item in items {
            let address = text(document, item, "network")?;
            let good = address.rsplit_once(':').is_some_and(|(host, port)| {
                !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok()
            });
            if !good {
                return Err(document.error(
                    item.place,
                    format!("network: {address:?} is no HOST:PORT"),
                    "as in \"pypi.org:443\"",
                ));
            }
            step.network.push(address.to_owned());
        }
    }
    if step == EnvironmentStep::default() {
        return Err(document.error(
            settings.place,
            "the step `environment` looks at nothing",
            format!("say what must be there, as in {example}"),
        ));
    }
    Ok(step)
}

/// A map of texts.
fn pairs(
    document: &Document,
    fields: &Fields<'_>,
    name: &str,
) -> Result<Vec<(String, String)>, SuiteError> {
    let Some(node) = fields.get(name) else {
        return Ok(Vec::new());
    };
    map(document, node, name, "a map of names to texts")?
        .iter()
        .map(|(key, node)| {
            let value = match node.kind {
                Kind::Null => "",
                _ => text(document, node, &key.text)?,
            };
            Ok((key.text.clone(), value.to_owned()))
        })
        .collect()
}

fn check_packages(document: &Document, fields: &Fields<'_>) -> Result<(), SuiteError> {
    let Some(node) = fields.get("packages") else {
        return Ok(());
    };
    let fits = |pattern: &str, text: &str| Regex::new(pattern).is_ok_and(|it| it.is_match(text));
    for (key, node) in map(document, node, "packages", "a map of packages to versions")? {
        if !fits(NAME, &key.text) {
            return Err(document.error(
                key.place,
                format!("packages: {:?} is no name of a package", key.text),
                "give versions behind it, as in numpy: \">=2\"",
            ));
        }
        if let Kind::Text(versions) = &node.kind
            && !fits(VERSIONS, versions)
        {
            return Err(document.error(
                node.place,
                format!("packages: {versions:?} are no versions"),
                "write them as pip takes them, as in \">=2.0, <3\"",
            ));
        }
    }
    Ok(())
}

fn count(document: &Document, fields: &Fields<'_>, name: &str) -> Result<Option<u64>, SuiteError> {
    let Some(node) = fields.get(name) else {
        return Ok(None);
    };
    match &node.kind {
        Kind::Number(number) if number.as_u64().is_some_and(|count| count > 0) => {
            Ok(number.as_u64())
        }
        _ => Err(wrong_type(
            document,
            node,
            name,
            "a whole number of at least 1",
            "",
        )),
    }
}
