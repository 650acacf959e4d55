//! Words for what a JSON Schema says: types' names, examples as YAML, links between sections.

use std::fmt::Write as _;

use serde_json::Value;

/// The ways in which something may be written.
pub(crate) fn ways(kind: &Value) -> impl Iterator<Item = &Value> {
    let of = |name: &str| kind[name].as_array().into_iter().flatten();
    of("anyOf").chain(of("oneOf"))
}

/// Whether it is a text or a number of a form of its own.
pub(crate) fn is_value(kind: &Value) -> bool {
    let is_one =
        |it: &Value| it["type"] != "object" && it["type"] != "array" && it["$ref"].is_null();
    kind["oneOf"].is_null() && is_one(kind) && ways(kind).all(is_one)
}

pub(crate) fn reference(value: &Value) -> Option<&str> {
    value["$ref"].as_str()?.strip_prefix("#/$defs/")
}

/// All kinds that are named anywhere in it but in other kinds, in their order.
pub(crate) fn all_references(value: &Value) -> Vec<&str> {
    let mut names = Vec::new();
    references(value, &mut names);
    names
}

pub(crate) fn references<'a>(value: &'a Value, names: &mut Vec<&'a str>) {
    if let Some(name) = reference(value) {
        names.push(name);
    }
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| *key != "$defs")
            .for_each(|(_, it)| references(it, names)),
        Value::Array(all) => all.iter().for_each(|it| references(it, names)),
        _ => {}
    }
}

/// A heading: `NodeTime` is `Node time`.
pub(crate) fn title(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !out.is_empty() {
            out.push(' ');
            out.extend(letter.to_lowercase());
        } else {
            out.push(letter);
        }
    }
    out
}

pub(crate) fn link(name: &str) -> String {
    let title = title(name).to_lowercase();
    format!("[{title}](#{})", title.replace(' ', "-"))
}

pub(crate) fn number(value: &Value) -> String {
    let whole = "whole number";
    match (value["minimum"].as_u64(), value["maximum"].as_u64()) {
        (Some(least), Some(most)) => format!("{whole}, {least} to {most}"),
        (Some(least), None) if least > 0 => format!("{whole}, {least} or more"),
        _ if value["type"] == "number" => "number".to_owned(),
        _ => whole.to_owned(),
    }
}

pub(crate) fn words(value: &Value) -> String {
    value["description"]
        .as_str()
        .unwrap_or_default()
        .replace('\n', " ")
}

/// What a table says of a key.
pub(crate) fn cell(value: &Value) -> String {
    let mut out = words(value);
    if let Some(some) = examples(value) {
        write!(out, " For example {some}.").expect("a string");
    }
    out.trim().replace('|', "\\|")
}

pub(crate) fn examples(value: &Value) -> Option<String> {
    let all = value["examples"].as_array()?;
    Some(list_of(all))
}

pub(crate) fn list_of(all: &[Value]) -> String {
    let all: Vec<String> = all.iter().map(|it| format!("`{}`", flat(it))).collect();
    all.join(", ")
}

/// A value as one writes it in YAML, in one line.
pub(crate) fn flat(value: &Value) -> String {
    match value {
        Value::String(text) if is_no_plain_text(text) => format!("\"{text}\""),
        Value::String(text) => text.clone(),
        Value::Array(all) => format!(
            "[{}]",
            all.iter().map(inside).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(map) => {
            let all: Vec<String> = map
                .iter()
                .map(|(key, it)| format!("{key}: {}", inside(it)))
                .collect();
            format!("{{ {} }}", all.join(", "))
        }
        other => other.to_string(),
    }
}

/// Whether YAML reads it as something else than this text.
fn is_no_plain_text(text: &str) -> bool {
    text.is_empty()
        || text.starts_with(['*', '[', '{', '%', '>', '"'])
        || text.parse::<f64>().is_ok()
        || ["true", "false", "null"].contains(&text)
}

/// The same within brackets, where more has to be quoted.
fn inside(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains(['{', '}', ',', ':', '#', ' ']) => {
            format!("\"{text}\"")
        }
        other => flat(other),
    }
}

/// Where a kind stands: "`account`, `server` in a [probe]".
pub(crate) fn places(sections: &[(&str, Vec<&str>)]) -> String {
    let of_section = |(section, keys): &(&str, Vec<&str>)| {
        let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        match keys[..] {
            [] => link(section),
            _ => format!("{} in {}", keys.join(", "), link(section)),
        }
    };
    let all: Vec<String> = sections.iter().map(of_section).collect();
    all.join("; ")
}

pub(crate) fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
