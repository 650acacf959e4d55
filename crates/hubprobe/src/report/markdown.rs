//! The report as GitHub-flavoured Markdown, for the summary of a CI job (`$GITHUB_STEP_SUMMARY`) or a merge request: a
//! table of all visits, then what did not pass.
//!
//! What a hub says stands in code, inline or fenced, so that nothing of it is markup, a mention or a link; elsewhere it is
//! escaped, addresses too: GitHub makes links of what only looks like one.

use crate::vocabulary::run::Visit;
use crate::vocabulary::{Finding, Run, Verdict};

use super::conclusion::conclusion;
use super::words::seconds;
use super::{apart, failure, left, plain};

/// The report; ends with a line break.
#[must_use]
pub fn report(run: &Run) -> String {
    let (text, verdict) = conclusion(run);
    let mut page = format!("## {} {}\n\n", mark(verdict), escaped(&text));
    if run.left_behind() {
        page.push_str("> [!CAUTION]\n> Something may be left on the hub.\n");
        for left::Advice { words, command } in left::advice(run) {
            page.push_str(&format!("> {words} {}\n", code(&command)));
        }
        page.push_str(">\n");
        for what in run.visits.iter().flat_map(|visit| &visit.left_behind) {
            page.push_str(&format!("> * {}\n", code(what)));
        }
        page.push('\n');
    }
    if !run.visits.is_empty() {
        table(&mut page, run);
    }
    for (name, visit) in apart::names(run).iter().zip(&run.visits) {
        if let Some(finding) = &visit.finding {
            told(&mut page, run, visit, name, finding);
        }
        for text in failure::earlier_lines(visit) {
            page.push_str(&format!("* {}: {}\n", code(name), code(&text)));
        }
        let warnings = visit.warnings.iter().map(|text| ("warning", text));
        let kept = visit.kept.iter().map(|text| ("kept, as asked", text));
        for (word, text) in warnings.chain(kept) {
            page.push_str(&format!("* {}: {word}: {}\n", code(name), code(text)));
        }
    }
    for file in &run.unread {
        page.push_str(&format!("* not read: {}\n", code(file)));
    }
    page.push_str(&format!(
        "\n<sub>hubprobe {}, {}</sub>\n",
        escaped(&run.hubprobe),
        apart::which(run)
    ));
    page
}

/// A row for each visit, with columns for what tells them apart where it is needed.
fn table(page: &mut String, run: &Run) {
    let (hubs, runs) = (apart::several_hubs(run), apart::several_runs(run));
    let mut head = "| | probe | account |".to_owned();
    let mut rule = "|---|---|---|".to_owned();
    for (_, title) in [(hubs, "hub"), (runs, "began (UTC)")]
        .iter()
        .filter(|it| it.0)
    {
        head.push_str(&format!(" {title} |"));
        rule.push_str("---|");
    }
    page.push_str(&format!("{head} time | cause |\n{rule}---:|---|\n"));
    for visit in &run.visits {
        let hub = hubs.then(|| code(&apart::hub(visit)));
        let began = runs.then(|| apart::began(run, visit));
        page.push_str(&row(visit, hub.into_iter().chain(began)));
    }
    page.push('\n');
}

fn row(visit: &Visit, more: impl Iterator<Item = String>) -> String {
    let mut who = code(&visit.account);
    if !visit.server.is_empty() {
        who.push_str(&format!(", server {}", code(&visit.server)));
    }
    let time = match visit.verdict {
        Verdict::Skipped => String::new(),
        _ => seconds(visit.duration_s),
    };
    let cause = match (&visit.finding, visit.flaky) {
        (Some(finding), _) => code(finding.cause.code()),
        (None, true) => {
            let causes = failure::earlier_causes(visit);
            format!("flaky: attempt {}, after {}", visit.attempts, code(&causes))
        }
        (None, false) if visit.verdict == Verdict::Skipped => "not tried".to_owned(),
        (None, false) => String::new(),
    };
    let begin = [mark(visit.verdict).to_owned(), code(&visit.probe), who];
    let cells = begin.into_iter().chain(more).chain([time, cause]);
    let cells: Vec<String> = cells.map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn told(page: &mut String, run: &Run, visit: &Visit, name: &str, finding: &Finding) {
    page.push_str(&format!(
        "### {} {} {} ({})\n\n{}\n\n",
        mark(visit.verdict),
        code(name),
        code(finding.cause.code()),
        finding.blame.word(),
        escaped(&plain::block(&finding.summary)).replace('\n', "  \n")
    ));
    let mut list = |title: &str, items: &[String]| {
        if !items.is_empty() {
            page.push_str(&format!("**{title}**\n\n{}\n", fenced(&items.join("\n"))));
        }
    };
    list("Seen", &failure::evidence(finding));
    list("The hub's last words", &failure::last_words(visit, finding));
    list(
        "Options sent",
        &failure::options(visit).into_iter().collect::<Vec<_>>(),
    );
    if let Some(when) = failure::when(run, visit) {
        page.push_str(&format!("**When** {}\n\n", escaped(&when)));
    }
    if !finding.advice.trim().is_empty() {
        let advice = escaped(&plain::block(&finding.advice)).replace('\n', "  \n");
        page.push_str(&format!("**What to do**\n\n{advice}\n\n"));
    }
    if let Some(curl) = &finding.curl {
        page.push_str(&format!(
            "**To see it again**\n\n{}\n",
            fenced(&plain::line(curl))
        ));
    }
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "✅",
        Verdict::Failed => "❌",
        Verdict::Inconclusive => "⚠️",
        Verdict::Skipped => "➖",
    }
}

/// The longest run of backticks in a text.
fn backticks(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

/// As code in a line; nothing in it is markup (CommonMark 6.1).
fn code(text: &str) -> String {
    let text = plain::line(text);
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(backticks(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// As a block of code; nothing in it is markup (CommonMark 4.5).
fn fenced(text: &str) -> String {
    let fence = "`".repeat(backticks(text).max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n")
}

/// As a text in which nothing is markup (CommonMark 2.4), nobody is mentioned, and no address is a link (GFM 6.9).
fn escaped(text: &str) -> String {
    let lines = text.lines().map(|line| escaped_line(line.trim()));
    lines.collect::<Vec<_>>().join("\n")
}

fn escaped_line(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek();
        let numbered = !safe.is_empty() && safe.chars().all(|it| it.is_ascii_digit());
        let ends_word = next.is_none_or(|next| next.is_whitespace());
        let is_markup = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => true,
            // Lists, rules and underlines of headings.
            '-' | '+' | '=' => safe.is_empty(),
            ')' => numbered && ends_word,
            '.' => numbered && ends_word || ends_with(&safe, "www"),
            // Of an address.
            ':' => next == Some(&'/') || ["mailto", "xmpp"].iter().any(|it| ends_with(&safe, it)),
            _ => false,
        };
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            _ => {
                safe.extend(is_markup.then_some('\\'));
                safe.push(c);
            }
        }
        // What would follow is somebody's name, or an issue's number.
        safe.extend(matches!(c, '@' | '#').then_some('\u{2060}'));
    }
    safe
}

fn ends_with(text: &str, word: &str) -> bool {
    let end = text.len().saturating_sub(word.len());
    text.get(end..)
        .is_some_and(|end| end.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_table_then_what_did_not_pass() {
        let text = report(&samples::several());
        assert!(
            text.starts_with(
                "## ❌ 1 probe of 3 failed (spawn.never-answered), 1 is inconclusive (spawn.queued), 1 passed in 20m38s\n\n\
                 | | probe | account | time | cause |\n|---|---|---|---:|---|\n\
                 | ✅ | `normal` | `servuser` | 6.40 s |  |\n\
                 | ❌ | `normal` | `servuser` | 30.8 s | `spawn.never-answered` |\n\
                 | ⚠️ | `every-partition` | `servuser` | 20m01s | `spawn.queued` |\n\n\
                 ### ❌ `normal` `spawn.never-answered` (deployment)\n\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("**Seen**\n\n```text\nthe hub said: Spawn failed"),
            "{text}"
        );
        assert!(
            text.contains("**To see it again**\n\n```text\nprintf"),
            "{text}"
        );
        assert!(
            text.contains("* `normal`: warning: `token expires in 6 days`\n"),
            "{text}"
        );
    }

    #[test]
    fn visits_of_one_name_are_told_apart() {
        let text = report(&samples::merged());
        assert!(
            text.starts_with(
                "## ❌ 1 probe of 4 failed (spawn.never-answered), 3 passed in 3 runs, 50.0 s in all; 1 file cannot be read\n\n\
                 | | probe | account | hub | began (UTC) | time | cause |\n|---|---|---|---|---|---:|---|\n\
                 | ✅ | `normal` | `servuser` | `jupyter.example.org` | 2026-11-21 20:45 | 6.40 s |  |\n\
                 | ✅ | `normal` | `servuser` | `other.example.org/jupyter` | 2026-11-21 20:55 | 6.40 s |  |\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("\n### ❌ `normal @ jupyter.example.org, 2026-11-22 20:45:55 UTC` `spawn.never-answered` ("),
            "{text}"
        );
        assert!(
            text.contains("\n* not read: `wednesday.jsonl: it ends before the run begins`\n"),
            "{text}"
        );
        assert!(
            text.ends_with("<sub>hubprobe 0.1.0, 3 runs, 2026-11-21 20:45:55 UTC to 2026-11-22 20:45:55 UTC</sub>\n"),
            "{text}"
        );
    }

    #[test]
    fn a_pass_after_a_failure_says_what_failed() {
        let text = report(&samples::flaky());
        assert!(
            text.contains("| 46.4 s | flaky: attempt 2, after `spawn.never-answered` |\n"),
            "{text}"
        );
        assert!(
            text.contains("\n* `normal`: `attempt 1: spawn.never-answered: The server process"),
            "{text}"
        );
    }

    #[test]
    fn what_is_left_comes_first() {
        let text = report(&samples::left_behind());
        assert!(
            text.contains("\n\n> [!CAUTION]\n> Something may be left"),
            "{text}"
        );
        assert!(text.contains("> * ``server `gpu` of servuser"), "{text}");
    }

    #[test]
    fn code_holds_whatever_is_in_it() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`a``"), "``` `a`` ```");
        assert_eq!(fenced("```\nx"), "````text\n```\nx\n````\n");
        assert_eq!(escaped("<b> *x* @me"), "&lt;b&gt; \\*x\\* @\u{2060}me");
        assert_eq!(
            escaped("12. x\n  - y: z.\n#1"),
            "12\\. x\n\\- y: z.\n\\#\u{2060}1"
        );
        assert_eq!(
            escaped("https://a www.b WWW.c"),
            "https\\://a www\\.b WWW\\.c"
        );
    }
}
