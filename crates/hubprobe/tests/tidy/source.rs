//! Rust source, read just well enough for the doors: what is code once comments, texts and test modules are taken out, and which
//! paths (`crate::report::json`, `std::fs`) the code names.
//!
//! Not a parser: macros are not expanded, and names that a `use` brought in are not followed. That is enough, because the `use`
//! itself is seen.

/// The source with comments and the insides of string and character literals blanked out. Lines stay where they are.
pub(crate) fn code(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut out = String::with_capacity(source.len());
    let mut i = 0;
    while i < chars.len() {
        let end = match (at(i), at(i + 1)) {
            ('/', '/') => (i..).find(|&j| matches!(at(j), '\n' | '\0')).unwrap_or(i),
            ('/', '*') => block_comment(&chars, i),
            ('"', _) => string(&chars, i),
            ('r', '"' | '#') if !is_word(i.checked_sub(1).map_or(' ', at)) || at(i - 1) == 'b' => {
                raw_string(&chars, i)
            }
            ('\'', '\\') => (i + 3..chars.len())
                .find(|&j| at(j) == '\'')
                .map_or(i + 1, |j| j + 1),
            ('\'', _) if at(i + 2) == '\'' => i + 3,
            _ => i,
        };
        if end == i {
            out.push(at(i));
            i += 1;
        } else {
            out.extend(
                chars[i..end.min(chars.len())]
                    .iter()
                    .map(|it| if *it == '\n' { '\n' } else { ' ' }),
            );
            i = end;
        }
    }
    out
}

/// Code ([`code`]) without its `#[cfg(test)]` items, and the names of the modules so marked that stand in files of their own.
pub(crate) fn without_tests(code: &str) -> (String, Vec<String>) {
    const MARK: &str = "#[cfg(test)]";
    let (mut kept, mut rest, mut files) = (String::new(), code, Vec::new());
    while let Some(at) = rest.find(MARK) {
        let (before, item) = rest.split_at(at);
        kept.push_str(before);
        let end = item_end(item);
        let words: Vec<&str> = item[..end].split_whitespace().collect();
        let name = words
            .iter()
            .position(|word| *word == "mod")
            .and_then(|mod_| words.get(mod_ + 1));
        if let Some(name) = name.and_then(|name| name.strip_suffix(';')) {
            files.push(name.to_owned());
        }
        kept.extend(item[..end].chars().filter(|it| *it == '\n'));
        rest = &item[end..];
    }
    kept.push_str(rest);
    (kept, files)
}

/// All paths of at least two names, use trees spelt out. `super` and `self` stay as they are.
pub(crate) fn paths(code: &str) -> Vec<Vec<String>> {
    let tokens = tokens(code);
    let (mut found, mut i) = (Vec::new(), 0);
    while i < tokens.len() {
        let goes_on = i > 0 && matches!(tokens[i - 1].as_str(), "::" | ".");
        if is_name(&tokens[i]) && !goes_on {
            i = path(&tokens, i, &[], &mut found);
        } else {
            i += 1;
        }
    }
    found.retain(|path| path.len() > 1);
    found
}

/// The path as seen from the crate's root: `super::x` in module `report::json` is `crate::report::x`.
pub(crate) fn from_root(path: &[String], module: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    let (base, rest) = match path.first().map(String::as_str) {
        Some("super") => (&module[..module.len().saturating_sub(ups)], &path[ups..]),
        Some("self") => (module, &path[1..]),
        _ => return path.to_vec(),
    };
    std::iter::once("crate".to_owned())
        .chain(base.iter().chain(rest).cloned())
        .collect()
}

/// Whether the code calls this macro.
pub(crate) fn calls_macro(code: &str, name: &str) -> bool {
    let tokens = tokens(code);
    tokens
        .windows(2)
        .any(|pair| pair[0] == name && pair[1] == "!")
}

fn block_comment(chars: &[char], from: usize) -> usize {
    let (mut depth, mut i) = (0_usize, from);
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) if depth == 1 => return i + 2,
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
    }
    chars.len()
}

fn string(chars: &[char], from: usize) -> usize {
    let mut i = from + 1;
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}

/// `from` itself where it is no raw string after all (`r#type`).
fn raw_string(chars: &[char], from: usize) -> usize {
    let hashes = chars[from + 1..]
        .iter()
        .take_while(|it| **it == '#')
        .count();
    let open = from + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return from;
    }
    let closes = |i: &usize| {
        chars[*i] == '"' && chars[i + 1..].iter().take_while(|it| **it == '#').count() >= hashes
    };
    (open + 1..chars.len())
        .find(closes)
        .map_or(chars.len(), |i| i + 1 + hashes)
}

/// Where the item ends that begins here with its attributes: at its `;` or its closing brace.
fn item_end(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, char) in item.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

/// Names, `::`, and single characters.
fn tokens(code: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut chars = code.chars().peekable();
    while let Some(char) = chars.next() {
        let mut token = char.to_string();
        if is_word(char) {
            while let Some(next) = chars.next_if(|it| is_word(*it)) {
                token.push(next);
            }
        } else if char == ':' && chars.next_if_eq(&':').is_some() {
            token.push(':');
        } else if char.is_whitespace() {
            continue;
        }
        out.push(token);
    }
    out
}

/// Reads one path or use tree from a name on, adds what it names, and tells where it ends.
fn path(tokens: &[String], from: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut names = prefix.to_vec();
    names.push(tokens[from].clone());
    let mut i = from + 1;
    while tokens.get(i).is_some_and(|it| it == "::") {
        match tokens.get(i + 1) {
            Some(name) if is_name(name) => {
                names.push(name.clone());
                i += 2;
            }
            Some(open) if open == "{" => return group(tokens, i + 2, &names, found),
            Some(star) if star == "*" => {
                names.push("*".to_owned());
                i += 2;
            }
            _ => break,
        }
    }
    found.push(names);
    i
}

fn group(tokens: &[String], from: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut i = from;
    while i < tokens.len() && tokens[i] != "}" {
        match tokens[i].as_str() {
            // `Trait as _`, `name as other`: the new name is no path.
            "as" => i += 2,
            name if is_name(name) => i = path(tokens, i, prefix, found),
            _ => i += 1,
        }
    }
    i + 1
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn is_name(token: &str) -> bool {
    token.starts_with(|it: char| it.is_alphabetic() || it == '_')
}

mod tests {
    use super::*;

    fn named(source: &str) -> Vec<String> {
        paths(&code(source))
            .iter()
            .map(|path| path.join("::"))
            .collect()
    }

    #[test]
    fn comments_and_texts_are_no_code() {
        let source = "// a::b\n/* c::d /* e::f */ g::h */ let x = \"i::j \\\" k::l\"; let y = r#\"m::n \" o::p\"#; q::r('\"', '\\'', s::t);";
        assert_eq!(named(source), ["q::r", "s::t"]);
        assert_eq!(code("a\n/* b\n */c").lines().count(), 3);
    }

    #[test]
    fn lifetimes_and_raw_names_do_not_swallow_what_follows() {
        assert_eq!(
            named("fn f<'a>(x: &'a str) -> a::B { r#type; c::d }"),
            ["a::B", "c::d"]
        );
    }

    #[test]
    fn use_trees_are_spelt_out() {
        let source = "use crate::{engine::{Clock, steps::*}, report, undo::Ledger as _};\nlet x: Vec<std::fs::File> = Vec::<u8>::new();";
        let wanted = [
            "crate::engine::Clock",
            "crate::engine::steps::*",
            "crate::report",
            "crate::undo::Ledger",
            "std::fs::File",
        ];
        assert_eq!(named(source), wanted);
    }

    #[test]
    fn super_is_counted_from_the_module() {
        let module = ["report".to_owned(), "json".to_owned()];
        let seen = |path: &str| {
            let path: Vec<String> = path.split("::").map(str::to_owned).collect();
            from_root(&path, &module).join("::")
        };
        assert_eq!(seen("super::plain::line"), "crate::report::plain::line");
        assert_eq!(seen("super::super::engine"), "crate::engine");
        assert_eq!(seen("self::inner"), "crate::report::json::inner");
        assert_eq!(seen("std::fs"), "std::fs");
    }

    #[test]
    fn test_modules_go_with_their_files() {
        let source = "use a::b;\n#[cfg(test)]\nmod samples;\n#[cfg(test)]\nmod tests { use c::d; fn f() { {} } }\nuse e::f;\n#[cfg(test)]\nuse g::h;";
        let (kept, files) = without_tests(&code(source));
        assert_eq!(files, ["samples"]);
        let kept: Vec<String> = paths(&kept).iter().map(|path| path.join("::")).collect();
        assert_eq!(kept, ["a::b", "e::f"]);
    }

    #[test]
    fn macros_are_told_from_their_names() {
        assert!(calls_macro(
            &code("fn f() { println ! (\"x\") }"),
            "println"
        ));
        assert!(!calls_macro(
            &code("// println!(1)\nfn println() {} \"println!\""),
            "println"
        ));
    }
}
