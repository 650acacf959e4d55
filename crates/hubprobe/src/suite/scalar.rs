//! What a plain YAML scalar means by the core schema of YAML 1.2 (section
//! 10.3.2 of the specification, revision 1.2.2). The YAML parser's own guesses
//! go further (binary numbers, underscores, floats for leading zeros); ours
//! must be the ones that the documents promise.

use serde_json::{Number, Value};

/// The value of a plain scalar; none where JSON has no such value (infinity, not a number).
pub(super) fn core_value(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        _ => {}
    }
    if let Some(number) = integer(text) {
        return Some(Value::Number(number));
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return None;
    }
    if is_float(unsigned) {
        return text
            .parse::<f64>()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number);
    }
    Some(Value::String(text.to_owned()))
}

/// The whole numbers that fit 64 bits; larger ones become floating point numbers.
fn integer(text: &str) -> Option<Number> {
    let digits = |text: &str, valid: fn(&u8) -> bool| {
        !text.is_empty() && text.bytes().all(|byte| valid(&byte))
    };
    if let Some(octal) = text.strip_prefix("0o") {
        return digits(octal, |byte| matches!(byte, b'0'..=b'7'))
            .then(|| u64::from_str_radix(octal, 8).ok().map(Number::from))
            .flatten();
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return digits(hex, u8::is_ascii_hexdigit)
            .then(|| u64::from_str_radix(hex, 16).ok().map(Number::from))
            .flatten();
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits(unsigned, u8::is_ascii_digit) {
        return None;
    }
    let positive = text.strip_prefix('+').unwrap_or(text);
    positive
        .parse::<u64>()
        .ok()
        .map(Number::from)
        .or_else(|| positive.parse::<i64>().ok().map(Number::from))
}

fn is_float(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(exponent) = exponent {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if exponent.is_empty() || !all_digits(exponent) {
            return false;
        }
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty())
}

/// Why a plain scalar may surprise whoever typed it: it is sent as something
/// whose text differs, or it is a truth value only in the older YAML. A clause
/// for after the name of what holds it; none where there is no surprise.
pub(super) fn surprise(typed: &str, value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text == typed && is_old_boolean(typed) => Some(format!(
            "{typed} is sent as the text \"{typed}\"; for a truth value write true or false"
        )),
        Value::Null if !matches!(typed, "null" | "") => Some(said("nothing (null)", typed)),
        Value::Bool(truth) if typed != truth.to_string() => {
            Some(said(&format!("the truth value {truth}"), typed))
        }
        Value::Number(number) if typed != number.to_string() => {
            Some(said(&format!("the number {number}"), typed))
        }
        _ => None,
    }
}

fn said(meaning: &str, typed: &str) -> String {
    format!("{typed} is sent as {meaning}; for the text, quote it: \"{typed}\"")
}

fn is_old_boolean(text: &str) -> bool {
    ["yes", "no", "on", "off"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_core_schema() {
        for (text, value) in [
            ("0012", json!(12)),
            ("-7", json!(-7)),
            ("+5", json!(5)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("0b1", json!("0b1")),
            ("1_000", json!("1_000")),
            ("1e5", json!(1e5)),
            (".5", json!(0.5)),
            ("1.", json!(1.0)),
            (".", json!(".")),
            ("e5", json!("e5")),
            ("1e", json!("1e")),
            ("-", json!("-")),
            ("00:05:00", json!("00:05:00")),
            ("yes", json!("yes")),
            ("~", json!(null)),
            ("TRUE", json!(true)),
            ("1.2.3", json!("1.2.3")),
        ] {
            assert_eq!(core_value(text), Some(value), "{text}");
        }
        assert_eq!(core_value("-.inf"), None);
        assert_eq!(core_value("1e999"), None);
    }

    #[test]
    fn surprises_are_said() {
        let said = |text: &str| surprise(text, &core_value(text).unwrap());
        assert_eq!(
            said("0012").unwrap(),
            "0012 is sent as the number 12; for the text, quote it: \"0012\""
        );
        assert_eq!(
            said("yes").unwrap(),
            "yes is sent as the text \"yes\"; for a truth value write true or false"
        );
        assert_eq!(
            said("True").unwrap(),
            "True is sent as the truth value true; for the text, quote it: \"True\""
        );
        assert_eq!(
            said("~").unwrap(),
            "~ is sent as nothing (null); for the text, quote it: \"~\""
        );
        for text in ["2", "-3", "1.5", "true", "null", "normal", "00:05:00"] {
            assert_eq!(said(text), None, "{text}");
        }
        for text in ["1e5", "0x1F", "+5", "1.10", "12345678901234567890123"] {
            assert!(said(text).is_some(), "{text}");
        }
    }
}
