//! Many visits at a glance: a line for each, and what several of them warn of said once. What did not pass is told whole
//! after it. Where there are more than a screen has lines, those that passed and have nothing to say are one line.

use indexmap::IndexMap;

use crate::vocabulary::run::Visit;
use crate::vocabulary::{Run, Verdict};

use super::terminal::Look;
use super::words::{probes, seconds};
use super::wrap::{columns, cut, wrap};
use super::{apart, failure, plain};

/// So many visits are told one by one.
const FEW: usize = 3;

/// So many visits have a line each, whatever became of them.
const MANY: usize = 20;

/// The columns of a length of time.
const TIME: usize = 8;

/// The columns of the mark and of what is between the parts of a line.
const AROUND: usize = 6;

/// Where a line is narrower, an instant is shown without its year.
const ROOMY: usize = 100;

/// Whether a run has so many visits that each gets a line.
pub(super) fn is_wanted(run: &Run) -> bool {
    run.visits.len() > FEW
}

/// A line for each visit: mark, name, when it began where runs were merged, time, who, and the cause where it did not pass.
pub(super) fn lines(run: &Run, look: &Look) -> Vec<String> {
    let is_folded = |visit: &&Visit| run.visits.len() > MANY && says_nothing(visit);
    let (folded, shown): (Vec<&Visit>, Vec<&Visit>) = run.visits.iter().partition(is_folded);
    let lines: Vec<Line> = shown
        .iter()
        .map(|visit| Line::of(run, visit, look))
        .collect();
    let longest = |of: &dyn Fn(&Line) -> &str| {
        let all = lines.iter().map(|line| columns(of(line)));
        all.fold(0, usize::max)
    };
    let around = TIME + AROUND + longest(&|line| &line.began);
    let room = look.width.saturating_sub(around);
    let name = longest(&|line| &line.probe);
    let rest = longest(&|line| &line.who).min((room / 2).max(room.saturating_sub(name)));
    let name = name.min(room - rest);
    let lines = lines.iter();
    let mut lines: Vec<String> = lines
        .map(|line| line.shown(name, room - name, look))
        .collect();
    lines.extend(together(&folded, shown.is_empty(), look));
    lines
}

fn says_nothing(visit: &Visit) -> bool {
    visit.verdict == Verdict::Passed && !visit.flaky && visit.kept.is_empty()
}

/// Visits that passed, in a line.
fn together(visits: &[&Visit], all: bool, look: &Look) -> Vec<String> {
    let times = visits.iter().map(|visit| visit.duration_s);
    let (least, most) = (
        times.clone().fold(f64::INFINITY, f64::min),
        times.fold(0.0, f64::max),
    );
    if visits.is_empty() {
        return Vec::new();
    }
    let (least, most) = (seconds(least), seconds(most));
    let took = if least == most {
        least
    } else {
        format!("{least} to {most}")
    };
    let word = if all { "all" } else { "the other" };
    let text = format!(
        "{word} {} passed, in {took} each (--format html=FILE has a line for each)",
        visits.len()
    );
    let style = look.of(Verdict::Passed);
    let mark = look.paint(style, look.mark(Verdict::Passed));
    let pieces = wrap(&text, look.width.saturating_sub(2)).into_iter();
    pieces
        .enumerate()
        .map(|(index, piece)| match index {
            0 => format!("{mark} {piece}"),
            _ => format!("  {piece}"),
        })
        .collect()
}

/// What is said of a visit in a line.
struct Line {
    verdict: Verdict,
    probe: String,
    /// With the spaces before it; empty where the visits are of one run.
    began: String,
    time: String,
    who: String,
}

impl Line {
    fn of(run: &Run, visit: &Visit, look: &Look) -> Self {
        let began = match apart::began(run, visit) {
            _ if !apart::several_runs(run) => String::new(),
            began if look.width < ROOMY => began.chars().skip("2026-".len()).collect(),
            began => began,
        };
        Self {
            verdict: visit.verdict,
            probe: plain::line(&visit.probe),
            began: match began.is_empty() {
                true => began,
                false => format!("  {began}"),
            },
            time: match visit.verdict {
                Verdict::Skipped => String::new(),
                _ => seconds(visit.duration_s),
            },
            who: who(run, visit),
        }
    }

    fn shown(&self, name: usize, rest: usize, look: &Look) -> String {
        let style = look.of(self.verdict);
        let mark = look.paint(style, look.mark(self.verdict));
        let probe = cut_within(&self.probe, name, look.ellipsis());
        let fill = " ".repeat(name.saturating_sub(columns(&probe)));
        let (began, time) = (&self.began, &self.time);
        let who = cut(&self.who, rest, look.ellipsis());
        format!("{mark} {probe}{fill}{began}  {time:>TIME$}  {who}")
            .trim_end()
            .to_owned()
    }
}

/// Who walked, on which hub where there are several, and what there is to say of it in a word.
fn who(run: &Run, visit: &Visit) -> String {
    let mut who = plain::line(&visit.account);
    if !visit.server.is_empty() {
        who.push_str(&format!("/{}", plain::line(&visit.server)));
    }
    if apart::several_hubs(run) {
        who.push_str(&format!(" @ {}", apart::hub(visit)));
    }
    match visit.finding.as_ref().map(|finding| finding.cause.code()) {
        Some(cause) => who + "  " + cause,
        None if visit.flaky => who + "  flaky: " + &failure::earlier_causes(visit),
        None if visit.verdict == Verdict::Skipped => who + "  not tried",
        None => who,
    }
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
    let mut counted: IndexMap<&str, Vec<&Visit>> = IndexMap::new();
    let whole: Vec<&Visit> = told(run)
        .iter()
        .filter_map(|alike| alike.first().copied())
        .collect();
    let others = run
        .visits
        .iter()
        .filter(|visit| !whole.iter().any(|it| std::ptr::eq(*it, *visit)));
    for visit in others {
        for text in &visit.warnings {
            counted.entry(text).or_default().push(visit);
        }
    }
    let of = |visits: &[&Visit]| match visits {
        [visit] => plain::line(&visit.probe),
        visits => probes(visits.len()),
    };
    counted
        .into_iter()
        .map(|(text, visits)| format!("{} ({})", plain::line(text), of(&visits)))
        .collect()
}

/// The visits that are told whole besides their line; those together of which the same is to be said.
pub(super) fn told(run: &Run) -> Vec<Vec<&Visit>> {
    let mut alike: IndexMap<(usize, &str, &str, &str), Vec<&Visit>> = IndexMap::new();
    let told = run.visits.iter().filter(|visit| is_told(visit));
    for (number, visit) in told.enumerate() {
        let key = match &visit.finding {
            Some(finding) if visit.kept.is_empty() => (
                0,
                visit.hub.as_str(),
                finding.cause.code(),
                finding.summary.as_str(),
            ),
            // What is kept is its own.
            _ => (number + 1, "", "", ""),
        };
        alike.entry(key).or_default().push(visit);
    }
    alike.into_values().collect()
}

fn is_told(visit: &Visit) -> bool {
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
