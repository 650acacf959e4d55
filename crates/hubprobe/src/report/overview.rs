//! Many visits at a glance: a line for each, and what several of them warn of said once. What did not pass is told whole
//! after it.

use indexmap::IndexMap;

use crate::vocabulary::run::Visit;
use crate::vocabulary::{Run, Verdict};

use super::plain;
use super::terminal::Look;
use super::words::{probes, seconds};
use super::wrap::{columns, cut};

/// So many visits are told one by one.
const FEW: usize = 3;

/// The columns of a length of time.
const TIME: usize = 8;

/// The columns of the mark and of what is between the parts of a line.
const AROUND: usize = 6;

/// Whether a run has so many visits that each gets a line.
pub(super) fn is_wanted(run: &Run) -> bool {
    run.visits.len() > FEW
}

/// A line for each visit: mark, name, time, who, and the cause where it did not pass.
pub(super) fn lines(run: &Run, look: &Look) -> Vec<String> {
    let longest = |of: &dyn Fn(&Visit) -> String| {
        let all = run.visits.iter().map(|visit| columns(&of(visit)));
        all.fold(0, usize::max)
    };
    let room = look.width.saturating_sub(TIME + AROUND);
    let rest = longest(&who).min(room / 2);
    let name = longest(&|visit| plain::line(&visit.probe)).min(room - rest);
    let lines = run.visits.iter();
    lines
        .map(|visit| line(visit, name, room - name, look))
        .collect()
}

/// Who walked, and what there is to say of it in a word.
fn who(visit: &Visit) -> String {
    let mut who = plain::line(&visit.account);
    if !visit.server.is_empty() {
        who.push_str(&format!("/{}", plain::line(&visit.server)));
    }
    match visit.finding.as_ref().map(|finding| finding.cause.code()) {
        Some(cause) => who + "  " + cause,
        None if visit.flaky => who + &format!("  flaky, attempt {}", visit.attempts),
        None if visit.verdict == Verdict::Skipped => who + "  not tried",
        None => who,
    }
}

fn line(visit: &Visit, name: usize, rest: usize, look: &Look) -> String {
    let style = look.of(visit.verdict);
    let mark = look.paint(style, look.mark(visit.verdict));
    let probe = cut_within(&plain::line(&visit.probe), name, look.ellipsis());
    let fill = " ".repeat(name.saturating_sub(columns(&probe)));
    let time = match visit.verdict {
        Verdict::Skipped => String::new(),
        _ => seconds(visit.duration_s),
    };
    let who = cut(&who(visit), rest, look.ellipsis());
    format!("{mark} {probe}{fill}  {time:>TIME$}  {who}")
        .trim_end()
        .to_owned()
}

/// The ends of a text that is too long: the names of a matrix differ at their end.
fn cut_within(text: &str, width: usize, ellipsis: &str) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(columns(ellipsis));
    let head = cut(text, room / 2, "");
    let mut tail = String::new();
    let mut used = columns(&head);
    for c in text.chars().rev() {
        used += columns(c.encode_utf8(&mut [0; 4]));
        if used > room {
            break;
        }
        tail.insert(0, c);
    }
    head + ellipsis + &tail
}

/// What visits that are not told one by one warn of, each once, with how many do.
pub(super) fn warnings(run: &Run) -> Vec<String> {
    let mut counted: IndexMap<&str, usize> = IndexMap::new();
    let passed = run.visits.iter().filter(|visit| !is_told(visit));
    for text in passed.flat_map(|visit| &visit.warnings) {
        *counted.entry(text).or_default() += 1;
    }
    counted
        .into_iter()
        .map(|(text, count)| format!("{} ({})", plain::line(text), probes(count)))
        .collect()
}

/// Whether a visit is told whole besides its line.
pub(super) fn is_told(visit: &Visit) -> bool {
    matches!(visit.verdict, Verdict::Failed | Verdict::Inconclusive) || !visit.kept.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_ends() {
        assert_eq!(cut_within("every[n=1]", 10, "…"), "every[n=1]");
        assert_eq!(
            cut_within("every-partition[nnodes=1]", 15, "…"),
            "every-p…odes=1]"
        );
        assert_eq!(cut_within("東京東京東京", 7, "…"), "東…東京");
        assert_eq!(cut_within("abc", 1, "…"), "…");
    }
}
