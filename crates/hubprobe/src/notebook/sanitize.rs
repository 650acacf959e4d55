//! Sanitising: what may differ from run to run is replaced in both sides before they are compared.
//!
//! The rules are nbval's: a regular expression and what stands in its place, both as Python's `re.sub` reads them, one after the
//! other over each text that is compared.
//!
//! Each search takes time that is linear in the text. All matches of a text can take its square, where each search runs to the end
//! and finds little; so whoever has rules applies them where nobody waits. And replacements can make a text grow without measure,
//! each rule by so many times: so there is a limit, and what goes beyond is given up.

use regex::{Captures, Regex, RegexBuilder};

use super::pattern::{END, spelled};
use super::template::Template;

/// How many rules a notebook may have.
pub const MOST_RULES: usize = 200;

/// How large the texts of one side may become, in bytes.
pub const LARGEST_TEXT: usize = 64 << 20;

/// How large a regex may become once it is compiled, in bytes.
const LARGEST_REGEX: usize = 1 << 20;

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// As it was written.
    pub regex: String,
    /// As it was written.
    pub replace: String,
    compiled: Regex,
    /// The groups that hold the line break behind a `$`.
    ends: Vec<usize>,
    template: Template,
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is wrong with the regex or with the replacement.
    pub fn read(regex: &str, replace: &str) -> Result<Self, String> {
        let wrong = |reason: &str| format!("the regex {regex:?}: {reason}");
        let spelled = spelled(regex).map_err(|reason| wrong(&reason))?;
        let compiled = RegexBuilder::new(&spelled)
            .size_limit(LARGEST_REGEX)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => {
                    wrong("it becomes too large; ask for fewer repetitions")
                }
                error => {
                    let said = error.to_string();
                    let last = said.lines().last().unwrap_or_default();
                    wrong(last.trim_start_matches("error: "))
                }
            })?;
        let is_end = |name: Option<&str>| name.is_some_and(|name| name.starts_with(END));
        let names = compiled.capture_names().enumerate();
        let (ends, groups): (Vec<_>, Vec<_>) = names.partition(|(_, name)| is_end(*name));
        let ends = ends.into_iter().map(|(group, _)| group).collect();
        let template = Template::read(replace, &groups)
            .map_err(|reason| format!("the replacement {replace:?}: {reason}"))?;
        Ok(Self {
            regex: regex.to_owned(),
            replace: replace.to_owned(),
            ends,
            template,
            compiled,
        })
    }

    /// The text with its matches replaced; none where it becomes longer than `most`.
    fn applied(&self, text: &str, most: usize) -> Option<String> {
        let mut out = String::with_capacity(text.len().min(most));
        // How far the text is copied; where the next search begins.
        let (mut copied, mut from) = (0, 0);
        let mut was_empty = false;
        while let Some(found) = self.compiled.captures_at(text, from) {
            let Some(whole) = found.get(0) else { break };
            let end = self.end(&found).unwrap_or(whole.end());
            // After a match of nothing the next one is further on; after another it may be of nothing, as in Python.
            if was_empty && whole.start() == copied && end == copied {
                match text.get(copied..).and_then(|rest| rest.chars().next()) {
                    Some(next) => from = copied + next.len_utf8(),
                    None => break,
                }
                was_empty = false;
                continue;
            }
            out.push_str(text.get(copied..whole.start()).unwrap_or_default());
            self.template.filled(&found, end, &mut out);
            if out.len() > most {
                return None;
            }
            was_empty = whole.start() == end;
            (copied, from) = (end, end);
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        (out.len() <= most).then_some(out)
    }

    /// Where a match ends that a `$` has taken a line break for.
    fn end(&self, found: &Captures<'_>) -> Option<usize> {
        let mut ends = self.ends.iter();
        ends.find_map(|group| Some(found.get(*group)?.start()))
    }
}

/// A text with all rules applied, one after the other; none where it becomes longer than `most`.
#[must_use]
pub fn sanitized(text: &str, rules: &[Rule], most: usize) -> Option<String> {
    rules
        .iter()
        .try_fold(text.to_owned(), |text, rule| rule.applied(&text, most))
}

/// Rules from a file as nbval reads it: lines `regex: …`, and `replace: …` right below each. What else is in it, such as names of
/// sections, is passed over. Of two rules with one regex the first place and the last replacement count.
///
/// Each rule comes through `read`, which [`Rule::read`] is, or ends in it.
///
/// # Errors
/// What is wrong, with its line. nbval passes over a `regex:` without its `replace:`; here it is an error, since it was meant.
pub fn in_nbval_s_format(
    text: &str,
    read: &dyn Fn(&str, &str) -> Result<Rule, String>,
) -> Result<Vec<Rule>, String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut rules: Vec<Rule> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let number = at + 1;
        let Some(regex) = line.strip_prefix("regex: ") else {
            let is_one = line.trim_start().starts_with("regex:");
            if is_one {
                return Err(format!(
                    "line {number}: a rule begins with `regex: ` at the line's start, one space behind it"
                ));
            }
            continue;
        };
        let replace = lines.get(at + 1).and_then(|line| match *line {
            // An editor may have taken the space away, or the end of the file.
            "replace:" if at + 2 == lines.len() => Some(""),
            line => line.strip_prefix("replace: "),
        });
        let replace = replace.ok_or_else(|| {
            format!("line {number}: a regex without `replace: ` (with its space) right below it")
        })?;
        let rule = read(regex, replace).map_err(|wrong| format!("line {number}: {wrong}"))?;
        match rules.iter_mut().find(|other| other.regex == rule.regex) {
            Some(other) => *other = rule,
            None => rules.push(rule),
        }
    }
    match rules.len() {
        0 => Err("there is no rule in it: `regex: …` and `replace: …` right below".to_owned()),
        many if many > MOST_RULES => Err(format!(
            "there are {many} rules in it, and {MOST_RULES} may be"
        )),
        _ => Ok(rules),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(regex: &str, replace: &str, text: &str) -> String {
        let rule = Rule::read(regex, replace).unwrap();
        sanitized(text, &[rule], LARGEST_TEXT).unwrap()
    }

    #[test]
    fn as_python_s_re_sub() {
        for (regex, replace, text, result) in [
            (r"\d+ ms", "TIME", "took 12 ms, 7 ms", "took TIME, TIME"),
            (r"(\w+)@(\w+)", r"\2 \1", "a@b", "b a"),
            (r"(?P<who>\w+)!", r"<\g<who>> \g<1>", "hi!", "<hi> hi"),
            ("a", r"\\\n\t\.$1", "a", "\\\n\t\\.$1"),
            ("(a)|b", r"[\1]", "ab", "[a][]"),
            (r"\d+$", "N", "7 7\n", "7 N\n"),
            (r"\d+\Z", "N", "7\n", "7\n"),
            (r"(?m)^\s+$", "", "a\n  \nb", "a\n\nb"),
            (r"\s+$", "", "a  \n", "a"),
            (r"\s+$", "", "a  ", "a"),
            (r"\s*$", "", "a \n", "a"),
            (r"\n$", "", "a\n\n", "a"),
            (r"x*$", "N", "a\n", "aN\nN"),
            (r"a?$", "E", "a\n", "EE\nE"),
            (r"(a$)", r"<\1>", "a\n", "<a>\n"),
            (r"(a)$|(?P<b>b)", r"[\1\2\g<b>]", "ba\n", "[bb][a]\n"),
            (r"(?m:a$)|b$", "X", "a\nb\n", "X\nX\n"),
            ("x*", "-", "abxd", "-a-b--d-"),
            (".*", "X", "ab\n", "XX\nX"),
        ] {
            assert_eq!(apply(regex, replace, text), result, "{regex} {replace}");
        }
    }

    #[test]
    fn a_file_of_nbval_is_read_as_nbval_reads_it() {
        let rules = in_nbval_s_format(
            "[dates]\nregex: \\d+\nreplace: N\n\n[again]\r\nregex: a b\r\nreplace: \r\n[twice]\nregex: \\d+\nreplace: M\n# the end\nregex: z\nreplace:",
            &Rule::read,
        )
        .unwrap();
        let pairs: Vec<_> = rules
            .iter()
            .map(|rule| (rule.regex.as_str(), rule.replace.as_str()))
            .collect();
        assert_eq!(pairs, [(r"\d+", "M"), ("a b", ""), ("z", "")]);
        for (text, said) in [
            (
                "regex: a\n\nreplace: b",
                "line 1: a regex without `replace: ` (with its space) right below it",
            ),
            (
                "regex: a\nreplace:\nregex: b\nreplace: c",
                "line 1: a regex without `replace: ` (with its space) right below it",
            ),
            (
                "[a]\n regex: a\nreplace: b",
                "line 2: a rule begins with `regex: ` at the line's start, one space behind it",
            ),
            (
                "regex: (\nreplace: b",
                "line 1: the regex \"(\": unclosed group",
            ),
            (
                "regex: a(?=b)\nreplace: b",
                "line 1: the regex \"a(?=b)\": looking ahead or behind is not supported at character 4",
            ),
            (
                "regex: a\nreplace: \\1",
                "line 1: the replacement \"\\\\1\": the regex has no group \"1\"",
            ),
            (
                "hello",
                "there is no rule in it: `regex: …` and `replace: …` right below",
            ),
        ] {
            assert_eq!(in_nbval_s_format(text, &Rule::read).unwrap_err(), said);
        }
    }

    #[test]
    fn texts_that_grow_without_measure_are_given_up() {
        let rules: Vec<Rule> = (0..40).map(|_| Rule::read("a", "aa").unwrap()).collect();
        assert_eq!(sanitized("a", &rules, 1 << 10), None);
        assert_eq!(
            sanitized("a", &rules[..10], 1 << 10).unwrap().len(),
            1 << 10
        );
        assert_eq!(sanitized("bb", &[], 1).as_deref(), Some("bb"));
    }

    #[test]
    fn a_regex_without_measure_is_refused() {
        let said = Rule::read(r"(\w{1000}){1000}", "").unwrap_err();
        assert!(said.contains("it becomes too large"), "{said}");
    }
}
