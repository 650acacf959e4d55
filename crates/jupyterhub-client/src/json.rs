//! JSON that others have written: what is odd in it, and what it costs in memory.
//!
//! Not for what we write ourselves.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::token::is_spelled_in;

/// Reads JSON. What is no UTF-8 in it is replaced: kernels write the names of files as they are on disk.
pub(crate) fn read<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(text).or_else(|error| match String::from_utf8_lossy(text) {
        Cow::Borrowed(_) => Err(error),
        Cow::Owned(text) => serde_json::from_str(&text),
    })
}

/// A value, or its default where it is null.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// A value, or its default where it is null or of another type.
pub(crate) fn or_missing<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + for<'a> Deserialize<'a>,
{
    let raw = Box::<RawValue>::deserialize(from)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}

/// The key by which serde_json knows its own raw values (as of 1.0, with the feature `raw_value`). From the network, it hides
/// JSON in a text: a [`Value`] becomes what the text holds.
pub(crate) const HIDING: &str = "$serde_json::private::RawValue";

/// How many bytes JSON may take once it is a [`Value`], at most: its texts, and a place for each value. A list of nothing
/// but zeros becomes forty times as large as its text, so what is read into values is measured by this. JSON that hides
/// other JSON weighs more than anything.
pub fn weight(text: &[u8]) -> usize {
    if is_spelled_in(text, HIDING.as_bytes()) {
        return usize::MAX;
    }
    let (mut values, mut inside, mut escaped) = (1_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = inside,
            b'"' => inside = !inside,
            b',' | b':' | b'[' | b'{' if !inside => values += 1,
            _ => {}
        }
    }
    text.len() + values * size_of::<Value>()
}

/// More weight than this, beside the text itself, is never read into values: it is hundreds of thousands of them.
pub(crate) const HEAVIEST: usize = 24 << 20;

/// Whether JSON becomes so much larger than its text that it must not be read into values.
pub(crate) fn is_heavy(text: &[u8]) -> bool {
    weight(text) - text.len() > HEAVIEST
}

/// Changes all texts in a value, keys included.
pub fn each_text(value: &mut Value, change: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(entries) => {
            *entries = std::mem::take(entries)
                .into_iter()
                .map(|(key, mut value)| {
                    each_text(&mut value, change);
                    (change(&key), value)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Odd {
        #[serde(default, deserialize_with = "or_missing")]
        text: String,
        #[serde(default, deserialize_with = "or_missing")]
        list: Vec<String>,
        #[serde(default, deserialize_with = "or_missing")]
        number: Option<i64>,
    }

    #[test]
    fn what_is_no_utf8_is_replaced() {
        let odd: Odd = read(b"{\"text\": \"a\xffb\"}").unwrap();
        assert_eq!(odd.text, "a\u{fffd}b");
        assert!(read::<Odd>(b"{\"text\": \xff}").is_err());
    }

    #[test]
    fn another_type_is_a_missing_value() {
        let read = |text: &str| serde_json::from_str::<Odd>(text).unwrap();
        assert_eq!(read("{}"), Odd::default());
        assert_eq!(
            read(r#"{"text": null, "list": ["a", 1], "number": 1.5}"#),
            Odd::default()
        );
        let all = read(r#"{"text": "a\u00e9", "list": ["b"], "number": 3}"#);
        assert_eq!(
            (all.text.as_str(), all.list.len(), all.number),
            ("aé", 1, Some(3))
        );
        assert!(serde_json::from_str::<Odd>(r#"{"text": nul}"#).is_err());
        let value = serde_json::json!({"text": [1], "number": 3});
        assert_eq!(
            serde_json::from_value::<Odd>(value).unwrap().number,
            Some(3)
        );
    }

    #[test]
    fn what_hides_in_a_text_is_not_light() {
        for key in [HIDING.to_owned(), HIDING.replace("js", "j\\u0073")] {
            let text = format!(r#"{{"a": {{"{key}": "[0,0,0,0]"}}}}"#);
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["a"].as_array().unwrap().len(), 4);
            assert!(is_heavy(text.as_bytes()));
        }
        assert!(!is_heavy(b"{\"a\": \"$serde_json\"}"));
    }

    #[test]
    fn all_texts_are_changed() {
        let mut value = serde_json::json!({"a": ["b", {"a": 1}], "c": null});
        each_text(&mut value, &|text| text.replace('a', "x"));
        assert_eq!(value, serde_json::json!({"x": ["b", {"x": 1}], "c": null}));
    }

    #[test]
    fn many_small_values_weigh_more_than_one_large_text() {
        let place = size_of::<Value>();
        assert_eq!(weight(b"[0,0,0]"), 7 + 4 * place);
        assert_eq!(weight(br#"{"a": "b,c:[\",{"}"#), 18 + 3 * place);
        assert_eq!(weight(b"\"aaaa\""), 6 + place);
        assert_eq!(weight(b"{}"), 2 + 2 * place);
    }
}
