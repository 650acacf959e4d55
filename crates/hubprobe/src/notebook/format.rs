//! A notebook file becomes a [`Notebook`]: nbformat 4 of any minor version, as Jupyter writes it.
//!
//! What is not needed is kept as it stands, so that the executed notebook is the same file with other outputs. What is needed has
//! to be there: a file that is no notebook must not become one without a cell, which nothing could fail.

use jupyterhub_client::json;
use serde_json::{Map, Value};

/// The largest notebook file that is read, in bytes.
pub const LARGEST: u64 = 16 << 20;

/// How much memory the values of a notebook may take beside its text: JSON of many small values becomes far larger than it is long.
const HEAVIEST: usize = 64 << 20;

/// A notebook.
#[derive(Debug, Clone, PartialEq)]
pub struct Notebook {
    /// The file, but for the outputs of its code cells.
    pub(super) whole: Map<String, Value>,
    /// Its code cells, in their order.
    pub cells: Vec<Cell>,
    /// The kernelspec that it was written with.
    pub kernel: Option<String>,
    /// The language of that.
    pub language: Option<String>,
}

/// A code cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Where it stands among all cells, from 0.
    pub(super) at: usize,
    /// The code.
    pub source: String,
    /// The words that its metadata tags it with.
    pub(super) tags: Vec<String>,
    /// What it showed when the notebook was saved; texts in one piece.
    pub outputs: Vec<Value>,
    /// Whether it had run by then: it has an execution count.
    pub(super) has_run: bool,
}

impl Notebook {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// Why it is no notebook, as a clause that can follow the file's name; without a word of what is in the file.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if is_heavy(text.as_bytes()) {
            return Err("holds far more values than a notebook needs".to_owned());
        }
        let whole: Value = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("is no JSON (line {line}, column {column})")
        })?;
        let Value::Object(mut whole) = whole else {
            return Err("is no notebook: its JSON is not an object".to_owned());
        };
        match whole.get("nbformat").and_then(Value::as_u64) {
            Some(4) => {}
            Some(other) => {
                return Err(format!(
                    "is a notebook of format {other}, and 4 is wanted: jupyter nbconvert --to notebook writes it anew"
                ));
            }
            None => return Err("is no notebook: it has no nbformat".to_owned()),
        }
        let Some(Value::Array(all)) = whole.get_mut("cells") else {
            return Err("is no notebook: it has no list of cells".to_owned());
        };
        let mut cells = Vec::new();
        for (at, cell) in all.iter_mut().enumerate() {
            let read = code_cell(at, cell).map_err(|wrong| format!("cell {}: {wrong}", at + 1))?;
            cells.extend(read);
        }
        if cells.iter().all(|cell| cell.source.trim().is_empty()) {
            return Err("has no code to run".to_owned());
        }
        let metadata = |path: &str| {
            let text = whole.get("metadata")?.pointer(path)?.as_str()?;
            (!text.trim().is_empty()).then(|| text.to_owned())
        };
        let kernel = metadata("/kernelspec/name");
        let language = metadata("/kernelspec/language").or_else(|| metadata("/language_info/name"));
        Ok(Self {
            whole,
            cells,
            kernel,
            language,
        })
    }
}

/// A cell, if it is one of code; its outputs move out of the file.
fn code_cell(at: usize, cell: &mut Value) -> Result<Option<Cell>, String> {
    let Value::Object(cell) = cell else {
        return Err("it is not an object".to_owned());
    };
    match cell.get("cell_type").and_then(Value::as_str) {
        Some("code") => {}
        Some(_) => return Ok(None),
        None => return Err("it has no cell_type".to_owned()),
    }
    let source = cell
        .get("source")
        .and_then(joined)
        .ok_or("its source is no text")?;
    let outputs = match cell.get_mut("outputs").map(Value::take) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(outputs)) => outputs,
        Some(_) => return Err("its outputs are no list".to_owned()),
    };
    let outputs: Option<Vec<Value>> = outputs.into_iter().map(output).collect();
    let tags = cell
        .get("metadata")
        .and_then(|metadata| metadata.get("tags")?.as_array());
    let tags = tags
        .into_iter()
        .flatten()
        .filter_map(|tag| Some(tag.as_str()?.to_owned()));
    Ok(Some(Cell {
        at,
        source,
        tags: tags.collect(),
        outputs: outputs.ok_or("one of its outputs has no output_type")?,
        has_run: cell
            .get("execution_count")
            .is_some_and(|count| !count.is_null()),
    }))
}

/// A text that may be written as a list of its lines.
fn joined(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(lines) => lines.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// An output with its texts in one piece, as nbformat's own reader gives it; JSON is left as it is.
fn output(mut output: Value) -> Option<Value> {
    output.get("output_type")?.as_str()?;
    if let Some(text) = output.get("text").and_then(joined) {
        output["text"] = Value::String(text);
    }
    if let Some(Value::Object(data)) = output.get_mut("data") {
        for (kind, value) in data.iter_mut() {
            let is_json = kind == "application/json"
                || (kind.starts_with("application/") && kind.ends_with("+json"));
            if !is_json && let Some(text) = joined(value) {
                *value = Value::String(text);
            }
        }
    }
    Some(output)
}

/// Whether JSON becomes so much larger than its text that it must not be read into values.
fn is_heavy(text: &[u8]) -> bool {
    json::weight(text).saturating_sub(text.len()) > HEAVIEST
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_may_be_lists_of_lines() {
        let notebook = Notebook::read(
            &json!({
                "nbformat": 4, "nbformat_minor": 5,
                "metadata": {"kernelspec": {"name": "python3", "language": "python"}},
                "cells": [
                    {"cell_type": "markdown", "source": ["# a"], "metadata": {}},
                    {"cell_type": "code", "id": "x", "execution_count": 3, "metadata": {"tags": ["a", 1]}, "source": ["a = 1\n", "a"], "outputs": [
                        {"output_type": "stream", "name": "stdout", "text": ["x\n", "y"]},
                        {"output_type": "execute_result", "execution_count": 3, "metadata": {}, "data": {
                            "text/plain": ["1", "2"], "application/x+json": ["1", "2"], "image/png": "aGE="}},
                    ]},
                    {"cell_type": "code", "execution_count": null, "metadata": {}, "source": "", "outputs": []},
                ],
            })
            .to_string(),
        )
        .unwrap();
        assert_eq!(
            (notebook.kernel.as_deref(), notebook.language.as_deref()),
            (Some("python3"), Some("python"))
        );
        let [first, second] = notebook.cells.as_slice() else {
            panic!("{notebook:?}")
        };
        assert_eq!(
            (first.at, first.source.as_str(), first.has_run),
            (1, "a = 1\na", true)
        );
        assert_eq!(first.tags, ["a"]);
        assert_eq!(first.outputs[0]["text"], "x\ny");
        assert_eq!(
            first.outputs[1]["data"],
            json!({"text/plain": "12", "application/x+json": ["1", "2"], "image/png": "aGE="})
        );
        assert!(!second.has_run);
    }

    #[test]
    fn what_is_no_notebook_says_why() {
        for (text, wrong) in [
            ("abc", "is no JSON (line 1, column 1)"),
            ("[]", "is no notebook: its JSON is not an object"),
            ("{}", "is no notebook: it has no nbformat"),
            (
                r#"{"nbformat": 3, "worksheets": []}"#,
                "is a notebook of format 3, and 4 is wanted: jupyter nbconvert --to notebook writes it anew",
            ),
            (
                r#"{"nbformat": 4}"#,
                "is no notebook: it has no list of cells",
            ),
            (r#"{"nbformat": 4, "cells": []}"#, "has no code to run"),
            (
                r##"{"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "# a"}]}"##,
                "has no code to run",
            ),
            (
                r#"{"nbformat": 4, "cells": [{}]}"#,
                "cell 1: it has no cell_type",
            ),
            (
                r#"{"nbformat": 4, "cells": [{"cell_type": "code"}]}"#,
                "cell 1: its source is no text",
            ),
            (
                r#"{"nbformat": 4, "cells": [{"cell_type": "code", "source": "1", "outputs": [{}]}]}"#,
                "cell 1: one of its outputs has no output_type",
            ),
        ] {
            assert_eq!(Notebook::read(text).unwrap_err(), wrong);
        }
        let zeros = format!("[0{}]", ",0".repeat(4 << 20));
        for key in [
            "$serde_json::private::RawValue",
            "\\u0024serde_json::private::R\\u0061wValue",
            "$serde_json\\u003A\\u003aprivate::RawValue",
        ] {
            let hiding = format!("{{\"nbformat\": 4, \"a\": {{\"{key}\": \"[0, 0]\"}}}}");
            assert_eq!(
                Notebook::read(&hiding).unwrap_err(),
                "holds far more values than a notebook needs"
            );
        }
        assert_eq!(
            Notebook::read(&zeros).unwrap_err(),
            "holds far more values than a notebook needs"
        );
    }
}
