//! What is wanted of a cell, by its tags and by comments in its code.
//!
//! nbclient (0.11) looks at the tags `raises-exception` and `skip-execution`. nbval (0.11) looks at `raises-exception` too, and at
//! its own words, which may stand in tags (`nbval-skip`) or, each alone in a line, in comments (`# NBVAL_SKIP`); comments win, and
//! of several the last.

use super::format::Cell;

/// Whether outputs are compared with those of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compare {
    /// No: cells only have to run. As nbclient, and `jupyter execute`.
    #[default]
    None,
    /// Only of cells that are marked with NBVAL_CHECK_OUTPUT. As `pytest --nbval-lax`.
    Marked,
    /// Of all cells but those that are marked with NBVAL_IGNORE_OUTPUT. As `pytest --nbval`.
    Outputs,
}

impl Compare {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Marked, Self::Outputs];

    /// The word that stands in suites.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Marked => "marked",
            Self::Outputs => "outputs",
        }
    }
}

/// What is wanted of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duty {
    /// It is run.
    pub run: bool,
    /// It may raise.
    pub may_raise: bool,
    /// Its outputs are compared.
    pub compare: bool,
    /// It has outputs in the file though it had not run, which nbval takes for a mistake.
    pub is_odd: bool,
}

#[derive(Debug, Default)]
struct Marks {
    skip: bool,
    may_raise: bool,
    check: Option<bool>,
}

impl Marks {
    /// Takes one of nbval's words, as it stands in a comment.
    fn take(&mut self, word: &str) {
        match word {
            "NBVAL_SKIP" => self.skip = true,
            "NBVAL_RAISES_EXCEPTION" => self.may_raise = true,
            "NBVAL_CHECK_OUTPUT" => self.check = Some(true),
            "NBVAL_IGNORE_OUTPUT" | "PYTEST_VALIDATE_IGNORE_OUTPUT" => self.check = Some(false),
            _ => {}
        }
    }
}

impl Cell {
    /// What is wanted of it, where outputs are compared in this way.
    #[must_use]
    pub fn duty(&self, compare: Compare) -> Duty {
        let is_tagged = |word: &str| self.tags.iter().any(|tag| tag == word);
        if compare == Compare::None {
            return Duty {
                run: !self.source.trim().is_empty() && !is_tagged("skip-execution"),
                may_raise: is_tagged("raises-exception"),
                compare: false,
                is_odd: false,
            };
        }
        let mut marks = Marks {
            may_raise: is_tagged("raises-exception"),
            ..Marks::default()
        };
        // Tags are spelled with hyphens, and in small letters.
        let is_tag = |tag: &&String| tag.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        for tag in self.tags.iter().filter(is_tag) {
            marks.take(&tag.replace('-', "_").to_ascii_uppercase());
        }
        for line in self.source.lines() {
            if let Some(comment) = line.trim().strip_prefix('#') {
                marks.take(comment.trim_start_matches('#').trim());
            }
        }
        Duty {
            run: !marks.skip,
            may_raise: marks.may_raise,
            compare: marks.check.unwrap_or(compare == Compare::Outputs) && self.has_run,
            is_odd: !self.has_run && !self.outputs.is_empty(),
        }
    }

    /// The first line of the code that says something.
    #[must_use]
    pub fn first_line(&self) -> &str {
        let mut lines = self.source.lines().map(str::trim);
        lines.find(|line| !line.is_empty()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duty(source: &str, tags: &[&str], compare: Compare) -> String {
        let cell = Cell {
            at: 0,
            source: source.to_owned(),
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            outputs: Vec::new(),
            has_run: true,
        };
        let duty = cell.duty(compare);
        let words = [
            (duty.run, "run"),
            (duty.may_raise, "may-raise"),
            (duty.compare, "compare"),
        ];
        let words = words.iter().filter(|(is, _)| *is).map(|(_, word)| *word);
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_has_its_own_marks() {
        // What nbclient 0.11 and nbval 0.11 do with each.
        for (source, tags, none, marked, outputs) in [
            ("1", &[][..], "run", "run", "run compare"),
            (" ", &[], "", "run", "run compare"),
            (
                "1",
                &["raises-exception"],
                "run may-raise",
                "run may-raise",
                "run may-raise compare",
            ),
            (
                "1",
                &["nbval-raises-exception"],
                "run",
                "run may-raise",
                "run may-raise compare",
            ),
            ("1", &["skip-execution"], "", "run", "run compare"),
            ("1", &["nbval-skip"], "run", "", "compare"),
            ("1", &["NBVAL_SKIP"], "run", "run", "run compare"),
            ("1", &["nbval_skip"], "run", "run", "run compare"),
            ("1", &["nbval-\u{17f}kip"], "run", "run", "run compare"),
            ("# NBVAL_SKIP\n1", &[], "run", "", "compare"),
            ("  ##NBVAL_SKIP  \n1", &[], "run", "", "compare"),
            ("1 # NBVAL_SKIP", &[], "run", "run", "run compare"),
            ("# NBVAL_SKIP now", &[], "run", "run", "run compare"),
            ("1", &["nbval-ignore-output"], "run", "run", "run"),
            ("#PYTEST_VALIDATE_IGNORE_OUTPUT", &[], "run", "run", "run"),
            (
                "# NBVAL_CHECK_OUTPUT",
                &["nbval-ignore-output"],
                "run",
                "run compare",
                "run compare",
            ),
            (
                "# NBVAL_CHECK_OUTPUT\n# NBVAL_IGNORE_OUTPUT",
                &[],
                "run",
                "run",
                "run",
            ),
        ] {
            assert_eq!(duty(source, tags, Compare::None), none, "{source} {tags:?}");
            assert_eq!(
                duty(source, tags, Compare::Marked),
                marked,
                "{source} {tags:?}"
            );
            assert_eq!(
                duty(source, tags, Compare::Outputs),
                outputs,
                "{source} {tags:?}"
            );
        }
    }
}
