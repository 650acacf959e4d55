//! What a piece of code must print: a text, a part of one, a pattern, or JSON.
//!
//! White space at both ends never counts, since kernels and operating systems end lines as they like. A pattern may
//! match anywhere and takes time linear in the text. Of a JSON object only the keys that are named are looked at,
//! at every depth, so that a site may say more; lists and values are compared whole, numbers by their value.

use regex_lite::Regex;
use serde_json::{Value, json};

use super::document::{Document, Kind, Node};
use super::error::SuiteError;
use super::fields::{Fields, Shape, text, wrong_type};

pub(super) const EXPECT: Shape = Shape {
    what: "`expect`",
    known: &["equals", "contains", "matches", "json"],
    secret: false,
};

/// What standard output must be.
#[derive(Clone, Debug)]
pub enum Expect {
    /// This text.
    Equals(String),
    /// Anything with this text in it.
    Contains(String),
    /// Anything that this pattern matches, wherever.
    Matches(Regex),
    /// JSON with this in it.
    Json(Value),
}

impl PartialEq for Expect {
    fn eq(&self, other: &Self) -> bool {
        self.words() == other.words()
    }
}

impl Eq for Expect {}

impl Expect {
    /// What was expected, for people.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Equals(text) => text.clone(),
            Self::Contains(part) => format!("something that contains {part:?}"),
            Self::Matches(pattern) => format!("something that matches {:?}", pattern.as_str()),
            Self::Json(value) => format!("JSON with {value}"),
        }
    }

    /// As a suite writes it.
    #[must_use]
    pub fn written(&self) -> Value {
        match self {
            Self::Equals(text) => Value::String(text.clone()),
            Self::Contains(part) => json!({"contains": part}),
            Self::Matches(pattern) => json!({"matches": pattern.as_str()}),
            Self::Json(value) => json!({"json": value}),
        }
    }

    /// Whether an output is as it must be.
    #[must_use]
    pub fn met_by(&self, output: &str) -> bool {
        let output = output.trim();
        match self {
            Self::Equals(text) => output == text.trim(),
            Self::Contains(part) => output.contains(part),
            Self::Matches(pattern) => pattern.is_match(output),
            Self::Json(wanted) => {
                serde_json::from_str(output).is_ok_and(|seen: Value| holds(&seen, wanted))
            }
        }
    }
}

/// Whether `seen` has all that is in `wanted`.
fn holds(seen: &Value, wanted: &Value) -> bool {
    match (seen, wanted) {
        (Value::Object(seen), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| seen.get(key).is_some_and(|seen| holds(seen, wanted))),
        (Value::Array(seen), Value::Array(wanted)) => {
            let mut pairs = seen.iter().zip(wanted);
            seen.len() == wanted.len() && pairs.all(|(seen, wanted)| holds(seen, wanted))
        }
        (Value::Number(seen), Value::Number(wanted)) => {
            seen == wanted || seen.as_f64() == wanted.as_f64()
        }
        _ => seen == wanted,
    }
}

/// Reads the value of `expect`.
pub(super) fn expect(
    document: &Document,
    node: &Node,
    notes: &mut Vec<String>,
) -> Result<Expect, SuiteError> {
    if !matches!(node.kind, Kind::Map(_)) {
        return Ok(Expect::Equals(text(document, node, "expect")?.to_owned()));
    }
    let fields = Fields::of(document, node, "`expect`", &EXPECT)?;
    let given: Vec<&str> = EXPECT
        .known
        .iter()
        .copied()
        .filter(|key| fields.get(key).is_some())
        .collect();
    let [key] = given[..] else {
        let reason = if given.is_empty() {
            "`expect` says nothing".to_owned()
        } else {
            format!(
                "`expect` has {} of its kinds, {}",
                given.len(),
                given.join(" and ")
            )
        };
        return Err(document.error(
            node.place,
            reason,
            "give it one of: equals, contains, matches, json",
        ));
    };
    if let ("json", Some(node)) = (key, fields.get(key)) {
        let value = node.to_json(&mut |place, reason| {
            notes.push(format!(
                "{}:{}:{}: {reason}",
                document.file.display(),
                place.line,
                place.column
            ));
        });
        return Ok(Expect::Json(value));
    }
    let node = fields.required(key, "expect: { contains: \"ready\" }")?;
    let typed = text(document, node, key)?;
    if key != "equals" && typed.is_empty() {
        return Err(wrong_type(
            document,
            node,
            key,
            "a text that is not empty",
            "else any output would do",
        ));
    }
    Ok(match key {
        "contains" => Expect::Contains(typed.to_owned()),
        "matches" => Expect::Matches(Regex::new(typed).map_err(|error| {
            document.error(
                node.place,
                format!("matches: this is no regular expression: {error}"),
                "quote it in single quotes, so that YAML leaves its backslashes alone",
            )
        })?),
        _ => Expect::Equals(typed.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_meets_what_is_expected_or_not() {
        let pattern = |text: &str| Expect::Matches(Regex::new(text).unwrap());
        for (expect, output, met) in [
            (Expect::Equals("42".to_owned()), " 42\r\n", true),
            (Expect::Equals("42".to_owned()), "424", false),
            (Expect::Contains("GPU 0".to_owned()), "GPU 0: A100\n", true),
            (Expect::Contains("GPU 1".to_owned()), "GPU 0: A100\n", false),
            (pattern(r"^\d+\.\d+$"), "3.11\n", true),
            (pattern(r"^\d+\.\d+$"), "3.11.2\n", false),
            (pattern("(?i)cuda"), "has CUDA", true),
            (
                Expect::Json(json!({"a": {"b": 1}})),
                r#"{"a": {"b": 1.0, "c": 2}, "d": 3}"#,
                true,
            ),
            (
                Expect::Json(json!({"a": {"b": 1}})),
                r#"{"a": {"b": 2}}"#,
                false,
            ),
            (Expect::Json(json!({"a": 1})), r#"{"b": 1}"#, false),
            (
                Expect::Json(json!([1, {"a": 1}])),
                r#"[1, {"a": 1, "b": 2}]"#,
                true,
            ),
            (Expect::Json(json!([1])), "[1, 2]", false),
            (Expect::Json(json!("1")), "1", false),
            (Expect::Json(json!(null)), "null", true),
            (Expect::Json(json!({})), "no JSON", false),
        ] {
            assert_eq!(expect.met_by(output), met, "{} by {output}", expect.words());
        }
    }
}
