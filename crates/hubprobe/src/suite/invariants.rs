//! What must hold of a suite file and of what is typed in flags, whatever is in it: for the fuzz targets `suite` and `typed`
//! and for the tests below, which put the corpora and what was found through the same.
//!
//! Not what a good suite means; the tests of this room say that.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::document::Document;
use super::error::SuiteError;
use super::load::load_bytes;
use super::sources::Made;
use super::{
    DeadlineName, Suite, format_duration, hub_url, parse_deadline, parse_duration, parse_option,
    parse_options_object, parse_size,
};

/// A token that suites of the corpus hold where none belongs.
const TOKEN: &str = "9f86d081884c7d659a2feaa0c55ad015";

/// The most characters of what is said about one mistake.
const LONGEST: usize = 4_000;

/// Bytes as a suite file; `schema` says what the published schema has against a value.
///
/// # Panics
/// When one of these does not hold: an error has a reason, a line that is there and a column in it or right after it, and
/// shows that very line or none; what is said is not long, repeats no token and holds nothing that a terminal would obey;
/// the same bytes say the same again; a suite that is read is one that the schema takes, its probes have names, each
/// once, URLs that are read as they stand, and deadlines that can be waited for. How long it takes and how much memory,
/// the fuzzer watches.
pub fn suite(bytes: &[u8], schema: &dyn Fn(&Value) -> Option<String>) {
    // A world that is made up: nothing of this machine is looked at.
    let path = Path::new("/nonexistent/suite.yaml");
    let read = load_bytes(path, bytes.to_vec(), &Made);
    match &read {
        Ok((suite, notes)) => {
            is_whole(suite);
            notes.iter().for_each(|note| is_fit_to_print(note));
            is_taken_by(schema, bytes);
        }
        Err(error) => {
            stands_in(error, bytes);
            error.to_string().lines().for_each(is_fit_to_print);
        }
    }
    let again = load_bytes(path, bytes.to_vec(), &Made);
    match (&read, &again) {
        (Ok((_, notes)), Ok((_, again))) => assert_eq!(notes, again),
        (Err(error), Err(again)) => assert_eq!(error, again),
        _ => unreachable!("{read:?} is now {again:?}"),
    }
}

fn is_whole(suite: &Suite) {
    assert!(!suite.probes.is_empty());
    for (index, probe) in suite.probes.iter().enumerate() {
        let mut before = suite.probes.iter().take(index);
        assert!(before.all(|other| other.name != probe.name));
        let chosen = suite.probes(std::slice::from_ref(&probe.name));
        assert!(chosen.is_ok_and(|chosen| chosen.len() == 1));
        assert_eq!(
            hub_url(probe.hub.url.as_str()),
            Ok((probe.hub.url.clone(), None))
        );
        for name in DeadlineName::ALL {
            can_be_waited_for(probe.deadlines.get(name));
        }
    }
}

fn can_be_waited_for(length: Duration) {
    // Ten parts of a week each, and what lies between them.
    assert!(length > Duration::ZERO && length < Duration::from_secs(71 * 86_400));
}

fn is_fit_to_print(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(!text.contains(TOKEN), "{text}");
    assert!(text.chars().count() < LONGEST, "{text}");
}

fn is_taken_by(schema: &dyn Fn(&Value) -> Option<String>, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match Document::parse(Path::new("suite.yaml"), text.to_owned()) {
        Ok((_, root)) => {
            let complaint = schema(&root.to_json(&mut |_, _| {}));
            assert_eq!(complaint, None, "{text}");
        }
        Err(error) => unreachable!("what was read is no YAML: {error}"),
    }
}

/// What is typed: each line as the URL of a hub, an option, options, a deadline, a size.
///
/// # Panics
/// When one of these does not hold: a URL that is taken is one of a hub, and is taken as it stands when it is typed again;
/// user information is never repeated; only the first `=` splits an option; lengths of time are read as they are
/// written; what is said is fit to print.
pub fn typed(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    text.split('\n').for_each(line);
}

fn line(text: &str) {
    match hub_url(text) {
        Ok((url, note)) => {
            assert!(matches!(url.scheme(), "http" | "https") && url.has_host());
            assert!(url.path().ends_with('/'), "{url}");
            assert!(url.query().is_none() && url.fragment().is_none(), "{url}");
            assert!(url.username().is_empty() && url.password().is_none());
            // What was cut off leaves a prefix that may itself be called like that.
            let is_odd = |word| ["hub", "lab", "tree", "notebooks"].contains(&word);
            if note.is_none() || !url.path().split('/').any(is_odd) {
                assert_eq!(hub_url(url.as_str()), Ok((url, None)));
            }
            note.iter().for_each(|note| is_fit_to_print(note));
        }
        Err(error) => {
            let said = error.to_string();
            is_fit_to_print(&said);
            let information = text
                .split_once("://")
                .and_then(|(_, rest)| rest.trim_start_matches(['/', '\\']).split_once('@'));
            if let Some((information, _)) = information
                && information.len() > 8
                && !information.contains(['/', '?', '#', '\\'])
            {
                assert!(!said.contains(information), "{said}");
            }
        }
    }
    match parse_option(text) {
        Ok((key, value, warning)) => {
            let (before, _) = text.split_once('=').unwrap_or_default();
            assert!(!key.is_empty() && key == before.trim());
            assert!(serde_json::to_string(&value).is_ok());
            warning.iter().for_each(|said| is_fit_to_print(said));
        }
        Err(error) => error.to_string().lines().for_each(is_fit_to_print),
    }
    // `@FILE` would read one.
    if !text.trim_start().starts_with('@') {
        match (
            parse_options_object(text),
            serde_json::from_str::<Value>(text),
        ) {
            (Ok(read), Ok(value)) => assert_eq!(Value::Object(read), value),
            (Err(error), _) => error.to_string().lines().for_each(is_fit_to_print),
            (Ok(_), Err(_)) => assert!(text.starts_with('\u{feff}'), "{text}"),
        }
    }
    match parse_duration(text) {
        Ok(length) => assert_eq!(parse_duration(&format_duration(length)), Ok(length)),
        Err(said) => assert!(said.len() < LONGEST + text.len()),
    }
    match parse_deadline(text) {
        Ok((_, length)) => can_be_waited_for(length),
        Err(error) => error.to_string().lines().for_each(is_fit_to_print),
    }
    if let Ok(size) = parse_size(text) {
        assert!((1..=super::FilesStep::LARGEST).contains(&size));
    }
}

fn stands_in(error: &SuiteError, bytes: &[u8]) {
    assert!(!error.reason.trim().is_empty());
    let Some(place) = error.place else {
        return;
    };
    // What is no UTF-8 is one character wherever it is; places count from behind a byte order mark.
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (mut lines, mut number) = (Vec::new(), 0_u64);
    for line in text.replace("\r\n", "\n").split(['\n', '\r']) {
        number += 1;
        if number == place.line {
            lines.push(line.to_owned());
        }
    }
    let [line] = lines.as_slice() else {
        unreachable!("there is no line {} of {number}: {error}", place.line);
    };
    let length = line.chars().count() as u64;
    assert!(
        (1..=length + 1).contains(&place.column),
        "there is no column {} of {length}: {error}",
        place.column
    );
    // Stars over what may be a secret, and spaces in the place of controls, leave all else where it was.
    let Some(shown) = &error.line_text else {
        return;
    };
    assert_eq!(shown.chars().count() as u64, length.min(100), "{error}");
    for (at, (shown, c)) in shown.chars().zip(line.chars()).enumerate() {
        let is_kept = shown == c
            || (shown == '*' && !c.is_whitespace())
            || (shown == ' ' && c.is_control())
            || (shown == '…' && at == 99 && length > 100);
        assert!(is_kept, "{shown:?} in the place of {c:?}: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::each;

    #[test]
    fn the_corpus_of_suite() {
        let schema = crate::suite::schema();
        let validator = jsonschema::validator_for(&schema).unwrap();
        each("suite", |bytes| {
            suite(bytes, &|value| {
                validator
                    .validate(value)
                    .err()
                    .map(|error| error.to_string())
            });
        });
    }

    #[test]
    fn the_corpus_of_typed() {
        each("typed", typed);
    }
}
