//! The suite reference: the suite's JSON Schema as a page for people.
//!
//! Each kind of map in a suite is a section with a table of its keys, in the order in which one meets them from the top. What may
//! be written in more than one way is a list of these ways. Nothing is said here that the schema does not say: its
//! descriptions are the doc comments in `src/suite/schema`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::words::{
    all_references, cell, examples, flat, is_value, link, list_of, lower, number, places,
    reference, title, ways, words,
};

/// What stands before the sections.
const HEAD: &str = "# Suite reference\n\n\
    All that a suite file may hold. [Suites](suites.md) tells what it is good for, with examples.\n\n\
    This page is generated from the schema, which `hubprobe schema suite` prints for editors. A key that is not listed here is an\n\
    error, and so is a value of another type; `hubprobe suite lint FILE` says where. A key with **required** must be there;\n\
    the others may be left out.\n";

/// Kinds of values that are no maps stand at the end, under one heading.
const VALUES: &str = "\n## Values\n\nWhat several keys take.\n";

/// The page.
pub(crate) fn page(schema: &Value) -> String {
    let kinds = schema["$defs"].as_object().expect("kinds");
    let reference = Reference {
        kinds,
        inlined: inlined(kinds),
    };
    let order = reference.in_order(schema);
    let used = reference.used(schema, &order);
    let mut page = HEAD.to_owned();
    page.push_str("\n## Suite\n\n");
    writeln!(page, "{}\n", words(schema)).expect("a string");
    page.push_str(&reference.keys(schema));
    for name in order.iter().filter(|name| !is_value(&kinds[**name])) {
        page.push_str(&reference.section("##", name, &used));
    }
    page.push_str(VALUES);
    for name in order.iter().filter(|name| is_value(&kinds[**name])) {
        page.push_str(&reference.section("###", name, &used));
    }
    page
}

/// Of each kind: the sections that name it, and the keys under which they do.
type Used<'a> = BTreeMap<&'a str, Vec<(&'a str, Vec<&'a str>)>>;

struct Reference<'a> {
    kinds: &'a Map<String, Value>,
    /// Kinds that stand in the section of the one kind that has them as a way to be written.
    inlined: Vec<&'a str>,
}

impl<'a> Reference<'a> {
    /// The kinds that have a section, as one meets them, level by level from the top.
    fn in_order(&self, schema: &'a Value) -> Vec<&'a str> {
        let mut order: Vec<&str> = Vec::new();
        let mut todo: Vec<&Value> = vec![schema];
        while !todo.is_empty() {
            let mut next = Vec::new();
            for value in todo {
                for name in all_references(value) {
                    let is_new = !order.contains(&name);
                    if self.inlined.contains(&name) {
                        next.push(&self.kinds[name]);
                    } else if is_new {
                        order.push(name);
                        next.push(&self.kinds[name]);
                    }
                }
            }
            todo = next;
        }
        order
    }

    /// Of each kind: which keys of which sections take it, section by section.
    fn used(&self, schema: &'a Value, order: &[&'a str]) -> Used<'a> {
        let mut used: Used<'_> = BTreeMap::new();
        let mut note = |names: Vec<&'a str>, section: &'a str, key: Option<&'a str>| {
            for name in names {
                let sections = used.entry(name).or_default();
                if sections.last().is_none_or(|(last, _)| *last != section) {
                    sections.push((section, Vec::new()));
                }
                if let Some((_, keys)) = sections.last_mut() {
                    keys.extend(key.filter(|key| !keys.contains(key)));
                }
            }
        };
        let sections = std::iter::once(("Suite", schema))
            .chain(order.iter().map(|name| (*name, &self.kinds[*name])));
        for (section, kind) in sections {
            for (key, value) in self.keys_of(kind) {
                note(all_references(value), section, Some(key));
            }
            for way in
                ways(kind).filter(|way| self.inlined(way).is_none() && way["properties"].is_null())
            {
                note(all_references(way), section, None);
            }
        }
        used
    }

    /// The keys of a kind, those of what stands in its section included.
    fn keys_of(&self, kind: &'a Value) -> Vec<(&'a str, &'a Value)> {
        let own = kind["properties"].as_object().into_iter().flatten();
        let mut keys: Vec<(&str, &Value)> = own.map(|(key, value)| (key.as_str(), value)).collect();
        for way in ways(kind) {
            match self.inlined(way) {
                Some(inlined) => keys.extend(self.keys_of(inlined)),
                None => keys.extend(self.keys_of(way)),
            }
        }
        keys
    }

    fn inlined(&self, way: &Value) -> Option<&'a Value> {
        let name = reference(way)?;
        self.inlined.contains(&name).then(|| &self.kinds[name])
    }

    fn section(&self, mark: &str, name: &str, used: &Used<'_>) -> String {
        let kind = &self.kinds[name];
        let mut out = format!("\n{mark} {}\n\n{}\n", title(name), words(kind));
        if let Some(sections) = used.get(name).filter(|_| !is_value(kind)) {
            write!(out, "\nWhere: {}.\n", places(sections)).expect("a string");
        }
        if kind["properties"].is_object() {
            write!(out, "\n{}", self.keys(kind)).expect("a string");
        } else if kind["oneOf"].is_array() {
            write!(
                out,
                "\nA map with one of these keys:\n\n{}",
                self.choice(kind)
            )
            .expect("a string");
        } else if kind["anyOf"].is_array() {
            out.push_str(&self.list(kind));
        }
        if let Some(some) = examples(kind).filter(|_| !kind["oneOf"].is_array()) {
            write!(out, "\nFor example {some}.\n").expect("a string");
        }
        out
    }

    /// A table of keys that may stand side by side.
    fn keys(&self, kind: &Value) -> String {
        let mut out = "| key | type | default | meaning |\n|---|---|---|---|\n".to_owned();
        let required = kind["required"].as_array();
        for (key, value) in kind["properties"].as_object().into_iter().flatten() {
            let must = required.is_some_and(|all| all.iter().any(|it| it == key));
            let usual = match &value["default"] {
                _ if must => "**required**".to_owned(),
                Value::Null => String::new(),
                usual => format!("`{}`", flat(usual)),
            };
            writeln!(
                out,
                "| `{key}` | {} | {usual} | {} |",
                self.kind(value),
                cell(value)
            )
            .expect("a string");
        }
        if let Some(any) = kind.get("additionalProperties").filter(|it| it.is_object()) {
            writeln!(out, "| any other | {} | | a spawn option |", self.kind(any))
                .expect("a string");
        }
        out
    }

    /// A table of keys of which one stands alone.
    fn choice(&self, kind: &Value) -> String {
        let mut out = "| key | type | meaning |\n|---|---|---|\n".to_owned();
        for way in ways(kind) {
            for (key, value) in way["properties"].as_object().into_iter().flatten() {
                writeln!(out, "| `{key}` | {} | {} |", self.kind(value), cell(way))
                    .expect("a string");
            }
        }
        out
    }

    /// The ways in which something may be written.
    fn list(&self, kind: &Value) -> String {
        if ways(kind).all(|way| words(way).is_empty()) {
            return String::new();
        }
        let mut out = "\nIt is one of:\n\n".to_owned();
        let mut tables = String::new();
        for way in ways(kind) {
            let inlined = self.inlined(way);
            let says = words(way);
            let one = match inlined.and_then(|it| it["enum"].as_array()) {
                Some(all) => format!("a text ({})", list_of(all)),
                None if inlined.is_some() => "a map".to_owned(),
                None => self.kind(way),
            };
            let such = examples(way).map_or_else(String::new, |it| format!(" For example {it}."));
            writeln!(out, "- {one}: {}{such}", lower(&says)).expect("a string");
            match inlined {
                Some(it) if it["properties"].is_object() => {
                    write!(tables, "\nThe map:\n\n{}", self.keys(it))
                }
                Some(it) if it["oneOf"].is_array() => {
                    write!(tables, "\nThe map:\n\n{}", self.choice(it))
                }
                _ => Ok(()),
            }
            .expect("a string");
        }
        out + &tables
    }

    /// The type of a value, in words, with links to the sections.
    fn kind(&self, value: &Value) -> String {
        if let Some(name) = reference(value) {
            return link(name);
        }
        if let Some(ways) = value["anyOf"].as_array() {
            let ways: Vec<&Value> = ways.iter().filter(|it| it["type"] != "null").collect();
            if let [one] = ways[..]
                && value.get("type").is_none()
            {
                return self.kind(one);
            }
        }
        let name = match &value["type"] {
            Value::Array(all) => all
                .iter()
                .filter_map(Value::as_str)
                .find(|it| *it != "null"),
            one => one.as_str(),
        };
        match name {
            Some("object") => match &value["additionalProperties"] {
                of @ Value::Object(_) => format!("map of names to {}", self.kind(of)),
                _ => "map".to_owned(),
            },
            Some("array") if value["items"].is_object() => match self.kind(&value["items"]) {
                one if one == "map" || one == "text" => format!("list of {one}s"),
                one => format!("list of {one}"),
            },
            Some("array") => "list".to_owned(),
            Some("string") => "text".to_owned(),
            Some("boolean") => "`true` or `false`".to_owned(),
            Some("null") => "nothing".to_owned(),
            Some(_) => number(value),
            None => "anything".to_owned(),
        }
    }
}

/// Kinds that one other kind has as a way to be written, and nobody else names.
fn inlined(kinds: &Map<String, Value>) -> Vec<&str> {
    let mut out = Vec::new();
    for kind in kinds.values() {
        for name in ways(kind).filter_map(reference) {
            let of = &kinds[name];
            if of["properties"].is_object() || of["oneOf"].is_array() || of["enum"].is_array() {
                let all = kinds.values().flat_map(all_references);
                if all.filter(|it| *it == name).count() == 1 {
                    out.push(name);
                }
            }
        }
    }
    out
}
