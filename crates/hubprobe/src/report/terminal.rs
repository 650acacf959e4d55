//! The report for a person at a terminal: for each visit a headline, where it
//! did not pass the cause in words, a waterfall of its steps, then what was seen
//! and what to do; at the end one line that says it all. A run that passed fits
//! on a screen, also one of many visits ([`overview`]).
//!
//! It decides nothing about the terminal: width, colour and Unicode are given ([`Look`]).

use anstyle::{AnsiColor, Style};

use crate::vocabulary::run::Visit;
use crate::vocabulary::{Finding, Run, Verdict};

use super::conclusion::conclusion;
use super::wrap::wrap;
use super::{apart, command, failure, left, overview, plain, waterfall};

/// How the report may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns; less than 40 are taken as 40. Lines are no wider, except for a
    /// shell command that cannot be broken there.
    pub width: usize,
    /// Escape sequences for colour.
    pub color: bool,
    /// Bars and marks beyond ASCII. What the hub says is shown in its own characters either way.
    pub unicode: bool,
}

impl Look {
    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn of(&self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Passed => AnsiColor::Green.on_default(),
            Verdict::Failed => AnsiColor::Red.on_default(),
            Verdict::Inconclusive => AnsiColor::Yellow.on_default(),
            Verdict::Skipped => Style::new().dimmed(),
        }
    }

    pub(super) fn mark(&self, verdict: Verdict) -> &'static str {
        match (verdict, self.unicode) {
            (Verdict::Passed, true) => "✓",
            (Verdict::Passed, false) => "+",
            (Verdict::Failed, true) => "✗",
            (Verdict::Failed, false) => "x",
            (Verdict::Inconclusive, _) => "?",
            (Verdict::Skipped, _) => "-",
        }
    }

    pub(super) fn ellipsis(&self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}

/// The report; ends with a line break.
#[must_use]
pub fn report(run: &Run, look: &Look) -> String {
    let page = Page {
        look: Look {
            width: look.width.max(40),
            ..*look
        },
        lines: Vec::new(),
    };
    page.of(run)
}

/// One finding that belongs to no visit, in the same form; ends with a line
/// break.
#[must_use]
pub fn finding(finding: &Finding, look: &Look) -> String {
    let mut page = Page {
        look: Look {
            width: look.width.max(40),
            ..*look
        },
        lines: Vec::new(),
    };
    page.cause(finding.verdict(), finding);
    page.details(finding, &[]);
    page.lines.join("\n")
}

struct Page {
    look: Look,
    lines: Vec<String>,
}

impl Page {
    fn of(mut self, run: &Run) -> String {
        if overview::is_wanted(run) {
            self.many(run);
        } else {
            for visit in &run.visits {
                self.visit(run, visit);
            }
        }
        let left = run.left_behind();
        if left {
            self.left_behind(run);
        }
        for file in &run.unread {
            let text = format!("not read: {}", plain::line(file));
            self.painted(AnsiColor::Yellow.on_default(), "", &text);
        }
        if !run.unread.is_empty() {
            self.blank();
        }
        self.last_line(run, left);
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }

    /// A line for each, and whole what a line does not tell.
    fn many(&mut self, run: &Run) {
        self.lines.extend(overview::lines(run, &self.look));
        self.blank();
        let names = apart::names(run);
        let named = run.visits.iter().zip(&names);
        for alike in overview::told(run) {
            let Some((first, others)) = alike.split_first() else {
                continue;
            };
            self.visit(run, first);
            if !others.is_empty() {
                let is_one = |visit: &Visit| others.iter().any(|it| std::ptr::eq(*it, visit));
                let names: Vec<&str> = named
                    .clone()
                    .filter(|(visit, _)| is_one(visit))
                    .map(|(_, name)| name.as_str())
                    .collect();
                let style = self.look.of(first.verdict);
                self.painted(style, "  ", &format!("likewise: {}", names.join(", ")));
                self.blank();
            }
        }
        let warnings = overview::warnings(run);
        for text in &warnings {
            self.painted(
                AnsiColor::Yellow.on_default(),
                "  ",
                &format!("warning: {text}"),
            );
        }
        if !warnings.is_empty() {
            self.blank();
        }
    }

    fn visit(&mut self, run: &Run, visit: &Visit) {
        self.headline(run, visit);
        match &visit.finding {
            Some(finding) => self.cause(visit.verdict, finding),
            // There should be one; a verdict is shown without it too.
            None if matches!(visit.verdict, Verdict::Failed | Verdict::Inconclusive) => {
                let text = format!(
                    "{} without a finding, which is a bug in hubprobe",
                    visit.verdict.word().to_uppercase()
                );
                self.painted(self.look.of(visit.verdict).bold(), "", &text);
                self.blank();
            }
            None => {}
        }
        self.lines.extend(waterfall::lines(visit, &self.look));
        self.blank();
        if let Some(finding) = &visit.finding {
            self.finding(run, visit, finding);
        }
        let warning = AnsiColor::Yellow.on_default();
        for text in &visit.warnings {
            self.painted(warning, "  ", &format!("warning: {}", plain::line(text)));
        }
        if visit.flaky {
            let before: Vec<String> = failure::earlier(visit)
                .into_iter()
                .map(|(_, finding)| {
                    format!(
                        "{}: {}",
                        finding.cause.code(),
                        plain::line(&finding.summary)
                    )
                })
                .collect();
            let text = format!(
                "flaky: it passed only at attempt {}; before that {}",
                visit.attempts,
                before.join(", then ")
            );
            self.painted(warning, "  ", &text);
        } else if visit.attempts > 1 {
            let mut text = format!("tried {} times; this is the last", visit.attempts);
            let before = failure::earlier_causes(visit);
            if !before.is_empty() {
                text.push_str(&format!("; before that {before}"));
            }
            self.painted(warning, "  ", &text);
        }
        for text in &visit.kept {
            self.painted(
                AnsiColor::Cyan.on_default(),
                "  ",
                &format!("kept, as asked: {}", plain::line(text)),
            );
        }
        if !visit.warnings.is_empty() || visit.attempts > 1 || !visit.kept.is_empty() {
            self.blank();
        }
    }

    fn headline(&mut self, run: &Run, visit: &Visit) {
        let mut who = plain::line(&visit.account);
        if !visit.server.is_empty() {
            who.push_str(&format!(", server {}", plain::line(&visit.server)));
        }
        let version = visit
            .hub_version
            .as_ref()
            .map_or_else(String::new, |version| {
                format!(" (JupyterHub {})", plain::line(version))
            });
        let mut text = format!(
            "{}: {who} @ {}{version}",
            plain::line(&visit.probe),
            plain::line(&visit.hub)
        );
        if apart::several_runs(run) {
            text.push_str(&format!(", {} UTC", apart::began(run, visit)));
        }
        self.painted(Style::new().bold(), "", &text);
    }

    fn finding(&mut self, run: &Run, visit: &Visit, finding: &Finding) {
        let options: Vec<String> = failure::options(visit).into_iter().collect();
        let more = [
            ("The hub's last words", failure::last_words(visit, finding)),
            ("Options sent", options),
            ("When", failure::when(run, visit).into_iter().collect()),
        ];
        self.details(finding, &more);
    }

    /// What is wrong, in code and in words.
    fn cause(&mut self, verdict: Verdict, finding: &Finding) {
        let style = self.look.of(verdict).bold();
        let word = verdict.word().to_uppercase();
        self.painted(
            style,
            "",
            &format!("{word} {} ({})", finding.cause.code(), finding.blame.word()),
        );
        self.text("  ", &plain::block(&finding.summary));
        self.blank();
    }

    /// What was seen, with `more` lists after it, and what to do.
    fn details(&mut self, finding: &Finding, more: &[(&str, Vec<String>)]) {
        self.list("Seen", &failure::evidence(finding));
        for (title, items) in more {
            self.list(title, items);
        }
        if !finding.advice.trim().is_empty() {
            self.title("What to do");
            self.text("    ", &plain::block(&finding.advice));
        }
        if let Some(curl) = &finding.curl {
            self.title("To see it again");
            let lines = command::lines(&plain::line(curl), self.look.width, "    ");
            self.lines.extend(lines);
        }
        self.blank();
    }

    fn list(&mut self, title: &str, items: &[String]) {
        if items.is_empty() {
            return;
        }
        self.title(title);
        for item in items {
            for (index, line) in wrap(item, self.look.width - 6).into_iter().enumerate() {
                self.lines.push(
                    format!("    {} {line}", if index == 0 { "-" } else { " " })
                        .trim_end()
                        .to_owned(),
                );
            }
        }
    }

    fn left_behind(&mut self, run: &Run) {
        let style = AnsiColor::Red.on_default().bold();
        self.painted(style, "", "LEFT BEHIND: this may still be on the hub");
        for visit in run
            .visits
            .iter()
            .filter(|visit| !visit.left_behind.is_empty())
        {
            for what in &visit.left_behind {
                let text = format!(
                    "{} ({} @ {})",
                    plain::line(what),
                    plain::line(&visit.account),
                    plain::line(&visit.hub)
                );
                self.list_item(&text);
            }
        }
        for left::Advice { words, command } in left::advice(run) {
            self.text("  ", words);
            for line in command::lines(&command, self.look.width, "    ") {
                let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
                let painted = format!("{indent}{}", self.look.paint(style, rest));
                self.lines.push(painted);
            }
        }
        self.blank();
    }

    fn list_item(&mut self, text: &str) {
        for (index, line) in wrap(text, self.look.width - 4).into_iter().enumerate() {
            self.lines
                .push(format!("  {} {line}", if index == 0 { "-" } else { " " }));
        }
    }

    fn last_line(&mut self, run: &Run, left: bool) {
        let (text, verdict) = conclusion(run);
        let mut style = self.look.of(verdict).bold();
        let mut text = text;
        if left {
            text.push_str("; something may be left behind");
            style = AnsiColor::Red.on_default().bold();
        }
        self.painted(style, "", &text);
    }

    fn title(&mut self, text: &str) {
        self.lines.push(
            self.look
                .paint(Style::new().bold(), &format!("  {text}:"))
                .to_string(),
        );
    }

    fn text(&mut self, indent: &str, text: &str) {
        for line in wrap(text, self.look.width - indent.len()) {
            self.lines
                .push(format!("{indent}{line}").trim_end().to_owned());
        }
    }

    /// A text in a style; lines after the first are indented once more, so that none looks like the beginning of something.
    fn painted(&mut self, style: Style, indent: &str, text: &str) {
        let width = self.look.width - indent.len();
        let whole = wrap(text, width);
        let lines = match whole.len() {
            0 | 1 => whole,
            _ => wrap(text, width - 2),
        };
        for (index, line) in lines.into_iter().enumerate() {
            let hang = if index == 0 { "" } else { "  " };
            self.lines
                .push(format!("{indent}{hang}{}", self.look.paint(style, &line)));
        }
    }

    fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }
}

#[cfg(test)]
#[path = "terminal_tests.rs"]
mod tests;
