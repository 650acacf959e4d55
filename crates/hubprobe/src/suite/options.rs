//! Spawn options from flags: `--option KEY=VALUE`, where VALUE is a YAML value,
//! and `--options JSON`, a whole object or `@file`. They are read here and
//! merged elsewhere.

use std::path::Path;

use serde_json::{Map, Value};

use super::document::Document;
use super::error::{OptionError, note};

/// The largest file that `--options @FILE` reads.
const LARGEST: u64 = 1 << 20;

/// Reads `KEY=VALUE`: only the first `=` splits, VALUE is YAML 1.2 with the
/// core schema, an empty VALUE is the empty text. The third part is a warning
/// where a value may not mean what was typed, such as 0012, 1e5 or yes.
///
/// # Errors
/// [`OptionError`] where there is no `=`, no KEY, or VALUE is not YAML.
pub fn parse_option(text: &str) -> Result<(String, Value, Option<String>), OptionError> {
    let Some((key, typed)) = text.split_once('=') else {
        return Err(OptionError::new(
            format!("--option {text}: there is no `=`"),
            format!("write KEY=VALUE, as in --option {}=VALUE", text.trim()),
        ));
    };
    let key = key.trim();
    if key.is_empty() {
        return Err(OptionError::new(
            format!("--option {text}: there is no name before the `=`"),
            "write KEY=VALUE",
        ));
    }
    if typed.trim().is_empty() {
        return Ok((key.to_owned(), Value::String(String::new()), None));
    }
    let (_, node) = Document::parse(Path::new("--option"), typed.to_owned()).map_err(|error| {
        OptionError::new(
            format!("--option {key}: the value is not YAML: {}", error.reason.trim_start_matches("this is not YAML: ")),
            format!("for a text, quote it twice, once for YAML and once for the shell: --option {key}='\"{}\"'", typed.trim()),
        )
    })?;
    let mut surprises = Vec::new();
    let value = node.to_json(&mut |_, reason| surprises.push(reason));
    if let Value::String(read) = &value
        && node.typed().is_some()
        && read != typed.trim()
    {
        surprises.push(format!("only {read} is sent: what follows `#` is a comment; to send it, quote the value: \"{}\"", typed.trim()));
    }
    let warning = (!surprises.is_empty()).then(|| {
        let shell = surprises.iter().any(|reason| reason.contains("quote"));
        let how = if shell {
            " (and once more for the shell: '\"…\"')"
        } else {
            ""
        };
        note(&format!("--option {key}: {}{how}", surprises.join("; ")))
    });
    Ok((key.to_owned(), value, warning))
}

/// Reads a JSON object, or from a file of one (1 MiB at most) where the text is `@FILE`.
///
/// # Errors
/// [`OptionError`] where it is not JSON, JSON but no object (it says what it
/// is), or the file cannot be read.
pub fn parse_options_object(json: &str) -> Result<Map<String, Value>, OptionError> {
    let (name, content) = match json.trim_start().strip_prefix('@') {
        Some(path) => (format!("--options @{path}"), read_file(path)?),
        None => ("--options".to_owned(), json.to_owned()),
    };
    let example = r#"write an object, as in '{"nodes": 2}'"#;
    match serde_json::from_str(content.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(other) => Err(OptionError::new(
            format!("{name}: this is {}, not an object", in_words(&other)),
            example,
        )),
        Err(error) => Err(OptionError::new(
            format!("{name}: this is not JSON: {error}"),
            example,
        )),
    }
}

fn read_file(path: &str) -> Result<String, OptionError> {
    let failed = |reason: String| {
        OptionError::new(
            format!("--options @{path}: {reason}"),
            "name a file that holds a JSON object",
        )
    };
    let meta = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if meta.is_dir() {
        return Err(failed("this is a directory".to_owned()));
    }
    if meta.len() > LARGEST {
        return Err(failed("the file is larger than 1 MiB".to_owned()));
    }
    std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))
}

fn in_words(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_yaml() {
        for (text, key, value) in [
            (r#"runtime=["00:05:00"]"#, "runtime", json!(["00:05:00"])),
            ("nodes=2", "nodes", json!(2)),
            ("image=repo/name:tag", "image", json!("repo/name:tag")),
            ("a=b=c", "a", json!("b=c")),
            ("empty=", "empty", json!("")),
            ("quoted=\"\"", "quoted", json!("")),
            ("list=[]", "list", json!([])),
            (
                "deep={a: [1, {b: x}]}",
                "deep",
                json!({"a": [1, {"b": "x"}]}),
            ),
            ("gpu=true", "gpu", json!(true)),
            ("none=null", "none", json!(null)),
            ("zip='0012'", "zip", json!("0012")),
            ("time=00:05:00", "time", json!("00:05:00")),
            ("text=two words", "text", json!("two words")),
        ] {
            assert_eq!(
                parse_option(text).unwrap(),
                (key.to_owned(), value, None),
                "{text}"
            );
        }
    }

    #[test]
    fn surprises_get_a_warning() {
        let (_, value, warning) = parse_option("zip=0012").unwrap();
        assert_eq!(value, json!(12));
        assert_eq!(
            warning.unwrap(),
            "--option zip: 0012 is sent as the number 12; for the text, quote it: \"0012\" (and once more for the shell: '\"…\"')"
        );
        for (text, value) in [
            ("a=1e5", json!(1e5)),
            ("a=0x1F", json!(31)),
            ("a=[ok, 007]", json!(["ok", 7])),
            ("a=on", json!("on")),
            ("a=x # y", json!("x")),
        ] {
            let (_, read, warning) = parse_option(text).unwrap();
            assert_eq!(read, value, "{text}");
            assert!(warning.is_some(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_how_to_write_it() {
        for (text, message) in [
            (
                "nodes",
                "--option nodes: there is no `=`\n  write KEY=VALUE, as in --option nodes=VALUE",
            ),
            (
                "=2",
                "--option =2: there is no name before the `=`\n  write KEY=VALUE",
            ),
            (
                "a=@x",
                "--option a: the value is not YAML: unexpected character: `@'\n  for a text, quote it twice, once for YAML and once for the shell: --option a='\"@x\"'",
            ),
            (
                "a=[1",
                "--option a: the value is not YAML: unclosed bracket '['\n  for a text, quote it twice, once for YAML and once for the shell: --option a='\"[1\"'",
            ),
            (
                "a={x: 1, x: 2}",
                "--option a: the value is not YAML: the key `x` is there twice in one map\n  for a text, quote it twice, once for YAML and once for the shell: --option a='\"{x: 1, x: 2}\"'",
            ),
        ] {
            assert_eq!(parse_option(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn an_object_of_options() {
        assert_eq!(
            Value::Object(parse_options_object(r#" {"b": 1, "a": [""]}"#).unwrap()),
            json!({"b": 1, "a": [""]})
        );
        let example = "\n  write an object, as in '{\"nodes\": 2}'";
        for (text, message) in [
            ("[1]", "--options: this is a list, not an object"),
            ("\"x\"", "--options: this is a text, not an object"),
            ("null", "--options: this is null, not an object"),
            (
                "{a: 1}",
                "--options: this is not JSON: key must be a string at line 1 column 2",
            ),
            (
                "",
                "--options: this is not JSON: EOF while parsing a value at line 1 column 0",
            ),
        ] {
            assert_eq!(
                parse_options_object(text).unwrap_err().to_string(),
                format!("{message}{example}")
            );
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("o.json");
        std::fs::write(&path, "\u{feff}{\"a\": 1}").unwrap();
        assert_eq!(
            Value::Object(parse_options_object(&format!("@{}", path.display())).unwrap()),
            json!({"a": 1})
        );
        let error = parse_options_object(&format!("@{}", dir.path().display())).unwrap_err();
        assert!(error.to_string().contains("this is a directory"), "{error}");
        assert!(
            parse_options_object("@/nowhere/x")
                .unwrap_err()
                .to_string()
                .contains("No such file")
        );
    }
}
