//! Text of others, such as account names, as YAML and Python literals.
//!
//! Whatever stands in a name, it comes out as one string and nothing else. The two languages share the double-quoted form with
//! `\\`, `\"`, `\uXXXX` and `\UXXXXXXXX`, so one function serves both; braces are escaped too, since the text may pass through
//! Helm's templates.

/// A double-quoted literal, for Python and for YAML.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '{' | '}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            ' '..='~' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c if u32::from(c) <= 0xffff => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// A YAML scalar that every reader, of YAML 1.1 or 1.2, takes for this text: plain where that is safe.
pub(super) fn yaml(text: &str) -> String {
    /// Words that some reader takes for a truth value or for nothing.
    const WORDS: [&str; 10] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan",
    ];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { quoted(text) }
}

/// A Python list of strings.
pub(super) fn python_list<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.into_iter().map(quoted).collect();
    format!("[{}]", items.join(", "))
}

/// The strings of a Python list, set or tuple of plain string literals, such as older charts have as text: `{'a', "b"}`.
/// None where it is anything else.
pub(super) fn read_python_list(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    let inner = [('[', ']'), ('{', '}'), ('(', ')')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close))?;
    let mut items = Vec::new();
    let mut rest = inner.trim_start();
    while !rest.is_empty() {
        let (item, after) = string(rest)?;
        items.push(item);
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None if rest.is_empty() => {}
            None => return None,
        }
    }
    Some(items)
}

/// One string literal at the beginning, and what follows.
fn string(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| "'\"".contains(*c))?;
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => return Some((out, text.get(at + 1..)?)),
            '\\' => match chars.next()?.1 {
                c @ ('\\' | '\'' | '"') => out.push(c),
                kind @ ('u' | 'U') => {
                    let digits = if kind == 'u' { 4 } else { 8 };
                    let hex: String = chars.by_ref().take(digits).map(|(_, c)| c).collect();
                    out.push(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?);
                }
                _ => return None,
            },
            c => out.push(c),
        }
    }
    None
}

/// A name as part of a role's, a service's and a Kubernetes secret's key: those take little more than lower case letters and digits,
/// and end in one (JupyterHub `roles.py`, `_role_name_pattern`).
pub(super) fn slug(name: &str) -> String {
    let mut out = String::new();
    let end = name.chars().count();
    for (index, c) in name.chars().enumerate() {
        let inside = "-._".contains(c) && index + 1 < end;
        if c.is_ascii_lowercase() || c.is_ascii_digit() || inside {
            out.push(c);
        } else {
            out.push_str(&format!("_{:x}", u32::from(c)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_one_string() {
        for (name, python, in_yaml) in [
            ("servuser", "\"servuser\"", "servuser"),
            ("a-1_b", "\"a-1_b\"", "a-1_b"),
            ("no", "\"no\"", "\"no\""),
            ("Null", "\"Null\"", "\"Null\""),
            ("12", "\"12\"", "\"12\""),
            ("0x1f", "\"0x1f\"", "\"0x1f\""),
            ("1e3", "\"1e3\"", "\"1e3\""),
            ("-a", "\"-a\"", "\"-a\""),
            ("a.b", "\"a.b\"", "\"a.b\""),
            ("a:b#c", "\"a:b#c\"", "\"a:b#c\""),
            ("q\"'\\", "\"q\\\"'\\\\\"", "\"q\\\"'\\\\\""),
            (
                "{{x}}",
                "\"\\u007b\\u007bx\\u007d\\u007d\"",
                "\"\\u007b\\u007bx\\u007d\\u007d\"",
            ),
            ("jürg", "\"jürg\"", "\"jürg\""),
            ("a\u{202e}b", "\"a\\u202eb\"", "\"a\\u202eb\""),
            ("x\u{1f600}", "\"x\\U0001f600\"", "\"x\\U0001f600\""),
        ] {
            assert_eq!(quoted(name), python);
            assert_eq!(yaml(name), in_yaml);
            // What is written is read back: as Python by our own reader, as YAML by the parser.
            let list = python_list([name, "z"]);
            assert_eq!(read_python_list(&list).unwrap(), [name, "z"]);
            let read: Vec<String> = serde_saphyr::from_str(&format!("- {}\n", yaml(name))).unwrap();
            assert_eq!(read, [name]);
        }
    }

    #[test]
    fn only_lists_of_plain_strings_are_read() {
        assert_eq!(read_python_list("{'a', \"b\",}").unwrap(), ["a", "b"]);
        assert_eq!(read_python_list(" [] ").unwrap(), Vec::<String>::new());
        for other in [
            "set()",
            "['a'",
            "['a' 'b']",
            "[a]",
            "['a'] + x",
            "['\\x41']",
            "",
            "'a'",
        ] {
            assert_eq!(read_python_list(other), None, "{other}");
        }
    }

    #[test]
    fn slugs_fit_everywhere() {
        assert_eq!(slug("servuser-1"), "servuser-1");
        assert_eq!(slug("a@b.c"), "a_40b.c");
        assert_eq!(slug("Ü."), "_dc_2e");
    }
}
