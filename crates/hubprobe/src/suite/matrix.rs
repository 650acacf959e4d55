//! `matrix:`: one probe of the file that is many, one for each combination of
//! spawn options. `include` and `exclude` mean what they mean in GitHub Actions:
//! what is excluded goes first; what is included is added to every combination
//! of which it changes nothing, and is a combination of its own where there is
//! none.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::document::{Document, Key, Kind, Node};
use super::error::{Place, SuiteError};
use super::extends::LARGEST;
use super::fields::{map, wrong_type};
use super::nearest::nearest;

/// The combinations that a matrix may have where the suite says nothing.
pub(super) const LIMIT: usize = 200;

/// The highest `matrix_limit`.
pub(super) const HIGHEST: usize = 5_000;

/// The most comparisons that rules may take.
const MOST_WORK: usize = 50_000_000;

/// The most characters of a value in a name.
const LONGEST: usize = 60;

/// One combination: spawn options, in the order of the matrix.
pub(super) type Combination = Vec<(String, Value)>;

/// Reads a matrix. Never none.
///
/// # Errors
/// With their places: what is no matrix, an empty one, one of which all is
/// excluded, and more combinations than `limit`.
pub(super) fn combinations(
    document: &Document,
    node: &Node,
    limit: usize,
    notes: &mut Vec<String>,
) -> Result<Vec<Combination>, SuiteError> {
    let entries = map(
        document,
        node,
        "matrix",
        "a map of spawn options to lists of values",
    )?;
    let mut axes: Vec<(&Key, Vec<Value>)> = Vec::new();
    let (mut included, mut excluded) = (Vec::new(), Vec::new());
    for (key, node) in entries {
        match key.text.as_str() {
            "include" => included = rules(document, node, "include", notes)?,
            "exclude" => excluded = rules(document, node, "exclude", notes)?,
            _ => axes.push((key, axis(document, key, node, notes)?)),
        }
    }
    if axes.is_empty() && included.is_empty() {
        return Err(document.error(
            node.place,
            "the matrix is empty",
            "give a spawn option a list of values, as in partition: [normal, debug]",
        ));
    }
    let too_many = |count: Option<usize>| {
        let count = count.map_or_else(|| "very many".to_owned(), |count| count.to_string());
        document.error(
            node.place,
            format!("the matrix has {count} combinations, and {limit} are the most that matrix_limit allows"),
            format!("give it fewer values, or the suite matrix_limit: N, {HIGHEST} at most"),
        )
    };
    let size = axes
        .iter()
        .try_fold(1_usize, |size, (_, values)| size.checked_mul(values.len()));
    if size.is_none_or(|size| size > limit) {
        return Err(too_many(size));
    }
    let rules = included.iter().chain(&excluded).map(|(_, rule)| rule);
    if is_huge(&axes, size.unwrap_or(limit), rules) {
        let remedy = "give the matrix fewer options, smaller values, or fewer rules";
        return Err(document.error(
            node.place,
            "the matrix unfolds far beyond what a suite needs",
            remedy,
        ));
    }
    let mut originals = product(&axes);
    for (place, rule) in &excluded {
        let names: Vec<&str> = axes.iter().map(|(key, _)| key.text.as_str()).collect();
        if let Some((unknown, _)) = rule.iter().find(|(key, _)| !names.contains(&key.as_str())) {
            let remedy = nearest(unknown, &names)
                .map_or_else(String::new, |near| format!("did you mean `{near}`?"));
            let reason = format!("exclude: the matrix has no `{unknown}`");
            return Err(document.error(*place, reason, remedy));
        }
        let before = originals.len();
        originals.retain(|combination| !rule.iter().all(|pair| combination.contains(pair)));
        if originals.len() == before {
            notes.push(said(document, *place, "this exclude excludes nothing"));
        }
    }
    let all = include(originals, &axes, included);
    if all.is_empty() {
        let remedy = "exclude less, or remove the probe";
        return Err(document.error(node.place, "exclude leaves nothing of the matrix", remedy));
    }
    if all.len() > limit {
        return Err(too_many(Some(all.len())));
    }
    Ok(all)
}

/// The values of one option.
fn axis(
    document: &Document,
    key: &Key,
    node: &Node,
    notes: &mut Vec<String>,
) -> Result<Vec<Value>, SuiteError> {
    let name = &key.text;
    let Kind::List(items) = &node.kind else {
        return Err(wrong_type(
            document,
            node,
            &format!("the matrix's `{name}`"),
            "a list of values",
            "write it as in [normal, debug]",
        ));
    };
    if items.is_empty() {
        return Err(document.error(
            node.place,
            format!("the matrix's `{name}` has no values, so that nothing would run"),
            "add some, or remove it",
        ));
    }
    let mut seen = HashSet::new();
    items
        .iter()
        .map(|item| {
            let value =
                item.to_json(&mut |place, reason| notes.push(said(document, place, &reason)));
            if seen.insert(value.to_string()) {
                return Ok(value);
            }
            let reason = format!("the matrix's `{name}` has this value twice");
            Err(document.error(item.place, reason, "remove one of the two"))
        })
        .collect()
}

/// The list after `include` or `exclude`.
fn rules(
    document: &Document,
    node: &Node,
    name: &str,
    notes: &mut Vec<String>,
) -> Result<Vec<(Place, Combination)>, SuiteError> {
    let Kind::List(items) = &node.kind else {
        let remedy = "begin each with a hyphen, as in - partition: debug";
        return Err(wrong_type(document, node, name, "a list of maps", remedy));
    };
    items
        .iter()
        .map(|item| {
            let entries = map(document, item, name, "a map of spawn options to values")?;
            if entries.is_empty() {
                let remedy = "remove it, or name an option and its value";
                return Err(document.error(item.place, format!("{name}: an empty map"), remedy));
            }
            let rule = entries
                .iter()
                .map(|(key, node)| {
                    let value = node
                        .to_json(&mut |place, reason| notes.push(said(document, place, &reason)));
                    (key.text.clone(), value)
                })
                .collect();
            Ok((item.place, rule))
        })
        .collect()
}

/// Whether the combinations would take much memory, or the rules much time.
fn is_huge<'a>(
    axes: &[(&Key, Vec<Value>)],
    size: usize,
    rules: impl Iterator<Item = &'a Combination>,
) -> bool {
    let pair = |key: &str, value: &Value| 100 + key.len() + value.to_string().len();
    let (mut bytes, mut pairs) = (0_usize, 0_usize);
    for (key, values) in axes {
        let each: usize = values.iter().map(|value| pair(&key.text, value)).sum();
        bytes = bytes.saturating_add(each.saturating_mul(size / values.len().max(1)));
    }
    for (key, value) in rules.flatten() {
        bytes = bytes.saturating_add(pair(key, value).saturating_mul(size));
        pairs += 1;
    }
    let work = pairs.saturating_mul(size).saturating_mul(axes.len());
    bytes > LARGEST || work > MOST_WORK
}

/// Every combination of the axes; none where there are no axes.
fn product(axes: &[(&Key, Vec<Value>)]) -> Vec<Combination> {
    if axes.is_empty() {
        return Vec::new();
    }
    axes.iter().fold(vec![Vec::new()], |all, (key, values)| {
        all.iter()
            .flat_map(|before: &Combination| {
                values.iter().map(|value| {
                    let mut combination = before.clone();
                    combination.push((key.text.clone(), value.clone()));
                    combination
                })
            })
            .collect()
    })
}

fn include(
    originals: Vec<Combination>,
    axes: &[(&Key, Vec<Value>)],
    included: Vec<(Place, Combination)>,
) -> Vec<Combination> {
    let is_axis = |key: &str| axes.iter().any(|(axis, _)| axis.text == key);
    let count = originals.len();
    let mut all = originals;
    for (_, rule) in included {
        let mut fits = false;
        for combination in all.iter_mut().take(count) {
            let unchanged = rule
                .iter()
                .filter(|(key, _)| is_axis(key))
                .all(|pair| combination.contains(pair));
            if !unchanged {
                continue;
            }
            fits = true;
            for (key, value) in rule.iter().filter(|(key, _)| !is_axis(key)) {
                match combination.iter_mut().find(|(known, _)| known == key) {
                    Some((_, old)) => old.clone_from(value),
                    None => combination.push((key.clone(), value.clone())),
                }
            }
        }
        if !fits {
            all.push(rule);
        }
    }
    all
}

fn said(document: &Document, place: Place, reason: &str) -> String {
    let (file, line, column) = (document.file.display(), place.line, place.column);
    format!("{file}:{line}:{column}: {reason}")
}

/// The name of a combination: `every[partition=debug,nnodes=2]`. A list of one
/// reads as what is in it.
pub(super) fn name_of(probe: &str, combination: &Combination) -> String {
    let pairs: Vec<String> = combination
        .iter()
        .map(|(key, value)| format!("{}={}", shown(key), label(value)))
        .collect();
    format!("{probe}[{}]", pairs.join(","))
}

fn label(value: &Value) -> String {
    match value {
        Value::Array(items) => match items.as_slice() {
            [only @ (Value::String(_) | Value::Number(_) | Value::Bool(_))] => label(only),
            _ => shown(&value.to_string()),
        },
        Value::String(text) => shown(text),
        other => shown(&other.to_string()),
    }
}

fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .map(|c| if c.is_control() { '�' } else { c })
        .take(LONGEST)
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// The options of a combination over those of its probe.
pub(super) fn apply(options: &mut Map<String, Value>, combination: Combination) {
    options.extend(combination);
}
