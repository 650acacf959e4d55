//! The outputs of a cell against those in the file, as nbval (0.11) compares them.
//!
//! All outputs of a cell are one map: for each stream and each MIME type the values that were shown, in their order. So the order
//! of different kinds does not count, while that of one kind does. Streams of one name are one text, in which a carriage return
//! begins its line anew. Not compared: metadata, execution counts, tracebacks, PNG and JPEG images, and views of widgets, whose
//! ids are random. That `clear_output` and updates of displays are not in it either is for the caller: nbval looks at what was
//! shown first.

use indexmap::IndexMap;
use serde_json::Value;

use super::sanitize::{LARGEST_TEXT, Rule, sanitized};

/// What nbval passes over, among the keys of an output and the types of its data.
const PASSED_OVER: [&str; 9] = [
    "metadata",
    "traceback",
    "prompt_number",
    "output_type",
    "name",
    "execution_count",
    "application/vnd.jupyter.widget-view+json",
    "image/png",
    "image/jpeg",
];

/// How many lines of each side are shown.
const LINES: usize = 4;

/// How many characters of each of them.
const WIDTH: usize = 160;

/// What is said where rules make more of it than is compared.
pub(super) const TOO_LARGE: &str =
    "with what sanitize puts in, there is more than the 64 MiB that are compared";

/// Whose a line is.
const FILE: &str = "in the file";
const NOW: &str = "shown now";

/// The first difference between the outputs of a cell and those of the file, sanitised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In one clause: `its stdout is another`.
    pub what: String,
    /// Lines that show it, for people: whose they are, and what they are.
    pub lines: Vec<String>,
}

/// Compares; none where nothing differs. What of it is shown goes through `clean` before it is cut, since half a secret is none that
/// can be found.
#[must_use]
pub fn compare(
    expected: &[Value],
    found: &[Value],
    rules: &[Rule],
    clean: Clean<'_>,
) -> Option<Difference> {
    let (Some(expected), Some(found)) = (flat(expected, rules), flat(found, rules)) else {
        return Some(Difference {
            what: TOO_LARGE.to_owned(),
            lines: Vec::new(),
        });
    };
    let lacks = |these: &Flat, others: &Flat| {
        let keys = these.keys().filter(|key| !others.contains_key(*key));
        keys.cloned().collect::<Vec<String>>()
    };
    let missing = lacks(&expected, &found);
    if !missing.is_empty() {
        let names = clean(&missing.join(", "));
        return Some(Difference {
            what: format!("it does not show {names}"),
            lines: one_side(FILE, &missing, &expected, clean),
        });
    }
    let more = lacks(&found, &expected);
    if !more.is_empty() {
        let names = clean(&more.join(", "));
        return Some(Difference {
            what: format!("it shows {names}, which is not in the file"),
            lines: one_side(NOW, &more, &found, clean),
        });
    }
    expected.iter().find_map(|(key, expected)| {
        let found = found.get(key)?;
        let key = clean(key);
        if expected.len() != found.len() {
            let (wanted, there) = (expected.len(), found.len());
            return Some(Difference {
                what: format!("it shows {key} {there} times, and {wanted} times in the file"),
                lines: diff(&in_lines(expected), &in_lines(found), clean),
            });
        }
        let at = (0..expected.len()).find(|&at| expected[at] != found[at])?;
        let which = match expected.len() {
            1 => String::new(),
            all => format!(" {} of {all}", at + 1),
        };
        Some(Difference {
            what: format!("its {key}{which} is another"),
            lines: diff(&text(&expected[at]), &text(&found[at]), clean),
        })
    })
}

/// How much outputs take, in bytes, roughly.
#[must_use]
pub fn size(outputs: &[Value]) -> usize {
    outputs.iter().map(weight).sum()
}

fn weight(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => size(items),
            Value::Object(entries) => entries
                .iter()
                .map(|(key, value)| key.len() + weight(value))
                .sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}

type Flat = IndexMap<String, Vec<Value>>;

/// All that is compared, by kind; none where rules make far more of it.
fn flat(outputs: &[Value], rules: &[Rule]) -> Option<Flat> {
    let mut all = Flat::new();
    let mut room = Some(LARGEST_TEXT);
    let mut add = |key: &str, value: &Value| {
        if PASSED_OVER.contains(&key) {
            return;
        }
        let value = match (value, room) {
            (Value::String(text), Some(most)) => {
                let text = sanitized(text, rules, most);
                room = text.as_ref().and_then(|text| most.checked_sub(text.len()));
                Value::String(text.unwrap_or_default())
            }
            (other, _) => other.clone(),
        };
        all.entry(key.to_owned()).or_default().push(value);
    };
    for output in merged(outputs) {
        match output {
            Shown::Stream(name, text) => add(name, &Value::String(text)),
            Shown::Other(output) => {
                for (key, value) in output.as_object().into_iter().flatten() {
                    match (key.as_str(), value) {
                        ("data", Value::Object(data)) => {
                            data.iter().for_each(|(kind, value)| add(kind, value));
                        }
                        (key, value) => add(key, value),
                    }
                }
            }
        }
    }
    room.map(|_| all)
}

enum Shown<'a> {
    Stream(&'a str, String),
    Other(&'a Value),
}

/// The outputs with one stream of each name, where the first of it was.
fn merged(outputs: &[Value]) -> Vec<Shown<'_>> {
    let mut all: Vec<Shown<'_>> = Vec::with_capacity(outputs.len());
    for output in outputs {
        let text = |key: &str| output.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("output_type") != "stream" {
            all.push(Shown::Other(output));
            continue;
        }
        let name = text("name");
        let before = all.iter_mut().find_map(|shown| match shown {
            Shown::Stream(other, so_far) if *other == name => Some(so_far),
            _ => None,
        });
        match before {
            Some(so_far) => so_far.push_str(text("text")),
            None => all.push(Shown::Stream(name, text("text").to_owned())),
        }
    }
    for shown in &mut all {
        if let Shown::Stream(_, text) = shown
            && text.contains('\r')
        {
            *text = written_over(text);
        }
    }
    all
}

/// What is left of each line where carriage returns begin it anew; one at its end is a part of the line's end.
fn written_over(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let begins = line
            .char_indices()
            .rfind(|(at, c)| *c == '\r' && at + 1 < line.len());
        begins.map_or(line, |(at, _)| &line[at + 1..])
    });
    lines.collect::<Vec<&str>>().join("\n")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn in_lines(values: &[Value]) -> String {
    values.iter().map(text).collect::<Vec<_>>().join("\n")
}

type Clean<'a> = &'a dyn Fn(&str) -> String;

fn one_side(whose: &str, keys: &[String], all: &Flat, clean: Clean<'_>) -> Vec<String> {
    let values = keys.iter().filter_map(|key| all.get(key));
    let text = values.map(|values| in_lines(values)).collect::<Vec<_>>();
    side(whose, text.join("\n").lines(), clean)
}

/// The lines from the first that differs on, and which line that is.
fn diff(expected: &str, found: &str, clean: Clean<'_>) -> Vec<String> {
    let same = expected
        .lines()
        .zip(found.lines())
        .take_while(|(one, other)| one == other)
        .count();
    let mut lines = Vec::new();
    if same > 0 {
        lines.push(format!("from line {} on:", same + 1));
    }
    lines.extend(side(FILE, expected.lines().skip(same), clean));
    lines.extend(side(NOW, found.lines().skip(same), clean));
    if expected.lines().eq(found.lines()) {
        lines.push("(they differ in how their last line ends)".to_owned());
    }
    lines
}

fn side<'a>(whose: &str, lines: impl Iterator<Item = &'a str>, clean: Clean<'_>) -> Vec<String> {
    let mut shown = Vec::new();
    for (number, line) in lines.enumerate() {
        if number == LINES {
            shown.push(format!("{whose}: …"));
            break;
        }
        let line = clean(line);
        let cut: String = line.chars().take(WIDTH).collect();
        let more = if cut.len() < line.len() { "…" } else { "" };
        shown.push(format!("{whose}: {cut}{more}"));
    }
    if shown.is_empty() {
        shown.push(format!("{whose}: (nothing)"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn out(text: &str) -> Value {
        json!({"output_type": "stream", "name": "stdout", "text": text})
    }

    fn err(text: &str) -> Value {
        json!({"output_type": "stream", "name": "stderr", "text": text})
    }

    fn shown(data: Value) -> Value {
        json!({"output_type": "display_data", "data": data, "metadata": {}})
    }

    fn result(text: &str, count: u32) -> Value {
        json!({"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}, "execution_count": count})
    }

    fn said(expected: Value, found: Value) -> Option<String> {
        let list = |value: Value| value.as_array().unwrap().clone();
        compare(&list(expected), &list(found), &[], &str::to_owned)
            .map(|difference| difference.what)
    }

    #[test]
    fn what_nbval_takes_for_the_same_is_the_same() {
        for (expected, found) in [
            (json!([]), json!([])),
            // Streams of one name are one, and the order of different kinds is nobody's business.
            (
                json!([out("a"), err("x"), out("b")]),
                json!([err("x"), out("ab")]),
            ),
            (
                json!([out("a\n"), result("1", 2)]),
                json!([result("1", 9), out("a\n")]),
            ),
            // Results and displays are one.
            (
                json!([result("1", 2)]),
                json!([shown(json!({"text/plain": "1"}))]),
            ),
            (
                json!([out("10%\r50%\r100%\nx\r\n")]),
                json!([out("100%\nx\r\n")]),
            ),
            (
                json!([shown(
                    json!({"text/plain": "p", "image/png": "a", "image/jpeg": "b"})
                )]),
                json!([shown(json!({"text/plain": "p", "image/png": "c"}))]),
            ),
            (
                json!([shown(
                    json!({"text/plain": "w", "application/vnd.jupyter.widget-view+json": {"model_id": "1"}})
                )]),
                json!([shown(
                    json!({"text/plain": "w", "application/vnd.jupyter.widget-view+json": {"model_id": "2"}})
                )]),
            ),
            (
                json!([{"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a"]}]),
                json!([{"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["b"]}]),
            ),
            (
                json!([{"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {"a": 1}}]),
                json!([shown(json!({"text/plain": "1"}))]),
            ),
        ] {
            assert_eq!(said(expected, found), None);
        }
    }

    #[test]
    fn what_nbval_takes_for_another_says_what_it_is() {
        for (expected, found, what) in [
            (
                json!([out("a")]),
                json!([out("b")]),
                "its stdout is another",
            ),
            (json!([out("a")]), json!([]), "it does not show stdout"),
            (
                json!([]),
                json!([err("w")]),
                "it shows stderr, which is not in the file",
            ),
            (
                json!([out("a")]),
                json!([err("a")]),
                "it does not show stdout",
            ),
            (
                json!([
                    shown(json!({"text/plain": "1"})),
                    shown(json!({"text/plain": "2"}))
                ]),
                json!([
                    shown(json!({"text/plain": "2"})),
                    shown(json!({"text/plain": "1"}))
                ]),
                "its text/plain 1 of 2 is another",
            ),
            (
                json!([shown(json!({"text/plain": "1"}))]),
                json!([result("1", 1), result("1", 1)]),
                "it shows text/plain 2 times, and 1 times in the file",
            ),
            (
                json!([shown(json!({"text/html": "<b>", "text/plain": "b"}))]),
                json!([shown(json!({"text/html": "<i>", "text/plain": "b"}))]),
                "its text/html is another",
            ),
            (
                json!([shown(json!({"text/latex": "$a$"}))]),
                json!([shown(json!({"text/latex": "$b$"}))]),
                "its text/latex is another",
            ),
            (
                json!([shown(json!({"application/json": {"a": 1}}))]),
                json!([shown(json!({"application/json": {"a": 2}}))]),
                "its application/json is another",
            ),
            (
                json!([{"output_type": "error", "ename": "E", "evalue": "v", "traceback": []}]),
                json!([{"output_type": "error", "ename": "E", "evalue": "w", "traceback": []}]),
                "its evalue is another",
            ),
        ] {
            assert_eq!(said(expected, found).as_deref(), Some(what));
        }
    }

    #[test]
    fn a_difference_is_shown_in_a_few_lines() {
        let lines = |expected: &str, found: &str| {
            compare(&[out(expected)], &[out(found)], &[], &str::to_owned)
                .unwrap()
                .lines
        };
        assert_eq!(
            lines("a\nb\nc\n", "a\nB\nc\n"),
            [
                "from line 2 on:",
                "in the file: b",
                "in the file: c",
                "shown now: B",
                "shown now: c"
            ]
        );
        assert_eq!(
            lines("a", "a\n"),
            [
                "from line 2 on:",
                "in the file: (nothing)",
                "shown now: (nothing)",
                "(they differ in how their last line ends)"
            ]
        );
        let long = lines(&"x\n".repeat(1000), &"é".repeat(1000));
        assert_eq!(long.len(), LINES + 2);
        assert!(long.iter().all(|line| line.chars().count() < WIDTH + 20));
    }
    #[test]
    fn a_secret_is_taken_out_before_a_line_is_cut() {
        let clean = |text: &str| text.replace("secret", "[token]");
        let line = format!("{}secret", "x".repeat(WIDTH - 3));
        let difference = compare(&[], &[out(&line)], &[], &clean).unwrap();
        assert!(difference.lines[0].contains("x[to"), "{difference:?}");
        let mime = shown(json!({"text/secret": 1}));
        let difference = compare(&[], &[mime], &[], &clean).unwrap();
        assert!(difference.what.contains("text/[token]"), "{difference:?}");
    }

    #[test]
    fn what_rules_make_too_large_is_a_difference() {
        let rules = [Rule::read("a", &"b".repeat(LARGEST_TEXT / 50)).unwrap()];
        let outputs = [out(&"a".repeat(30)), err(&"a".repeat(30))];
        let difference = compare(&outputs, &outputs, &rules, &str::to_owned);
        assert_eq!(difference.unwrap().what, TOO_LARGE);
    }
}
