//! The steps of a visit under each other, each with a bar that stands where its
//! time was. One look says where the time went.

use anstyle::Style;

use crate::vocabulary::run::{Step, Visit};
use crate::vocabulary::{StepName, Verdict};

use super::plain;
use super::terminal::Look;
use super::words::seconds;
use super::wrap::{columns, cut, wrap};

/// Columns of a name, unless the visit has a longer one.
const NAME: usize = 8;
/// Columns before the bar beside the name: indent, mark, a gap.
const AROUND: usize = 2 + 2 + 2;
/// Columns of a duration.
const TIME: usize = 7;
/// A summary has this many lines at most.
const SUMMARY_LINES: usize = 3;

/// The lines of the waterfall, none wider than the look's width.
pub(super) fn lines(visit: &Visit, look: &Look) -> Vec<String> {
    // The last attempt is shown as if it were the only one.
    let tried = visit
        .steps
        .iter()
        .filter(|step| step.verdict != Verdict::Skipped);
    let first = tried
        .map(|step| step.started_s)
        .fold(f64::INFINITY, f64::min);
    let begin = if visit.earlier.is_empty() || first.is_infinite() {
        0.0
    } else {
        first
    };
    let total = visit
        .steps
        .iter()
        .map(|step| step.started_s + step.duration_s)
        .fold(visit.duration_s, f64::max)
        - begin;
    let name = names(visit);
    let bar = if look.width < 50 {
        0
    } else {
        (look.width * 3 / 10).min(40).saturating_sub(name - NAME)
    };
    let mut lines = Vec::new();
    let mut skipped: Vec<StepName> = Vec::new();
    for step in &visit.steps {
        if step.verdict == Verdict::Skipped && step.summary.trim().is_empty() {
            skipped.push(step.name);
            continue;
        }
        lines.extend(not_tried(&mut skipped, look));
        let step = Step {
            started_s: (step.started_s - begin).max(0.0),
            summary: summary(visit, step),
            ..step.clone()
        };
        lines.extend(step_lines(&step, total, name, bar, look));
    }
    lines.extend(not_tried(&mut skipped, look));
    lines
}

/// What was seen, in a line; the cause's code where the finding, which stands above, says the same in words.
fn summary(visit: &Visit, step: &Step) -> String {
    let said = plain::line(&step.summary);
    let is_red = matches!(step.verdict, Verdict::Failed | Verdict::Inconclusive);
    match &visit.finding {
        Some(finding) if is_red && plain::line(&finding.summary) == said => {
            finding.cause.code().to_owned()
        }
        _ => said,
    }
}

/// The columns that the names of a visit's steps need.
fn names(visit: &Visit) -> usize {
    let shown = visit
        .steps
        .iter()
        .filter(|step| step.verdict != Verdict::Skipped || !step.summary.trim().is_empty());
    let words = shown.map(|step| columns(step.name.word()));
    words.fold(NAME, usize::max)
}

/// A step that was skipped for a reason: the reason whole, where the bar would be.
fn skipped_lines(step: &Step, name: usize, look: &Look) -> Vec<String> {
    let around = AROUND + name;
    let reason = plain::line(&step.summary);
    let mark = look.paint(look.of(step.verdict), look.mark(step.verdict));
    let head = format!("  {mark} {:<name$}  ", step.name.word());
    let pieces = wrap(&reason, look.width.saturating_sub(around));
    let lines = pieces.into_iter().enumerate();
    lines
        .map(|(index, piece)| match index {
            0 => format!("{head}{piece}"),
            _ => format!("{}{piece}", " ".repeat(around)),
        })
        .collect()
}

fn step_lines(step: &Step, total: f64, name: usize, bar: usize, look: &Look) -> Vec<String> {
    if step.verdict == Verdict::Skipped {
        return skipped_lines(step, name, look);
    }
    let style = look.of(step.verdict);
    let mark = look.paint(style, look.mark(step.verdict));
    let mut head = format!("  {mark} {:<name$}  ", step.name.word());
    let mut used = AROUND + name;
    if bar > 0 {
        let drawn = draw(step, total, bar, look.unicode);
        let filling = " ".repeat(bar.saturating_sub(columns(&drawn)));
        head.push_str(&look.paint(style, &drawn));
        head.push_str(&filling);
        used += bar;
    }
    let time = seconds(step.duration_s);
    head.push_str(&format!(" {time:>TIME$}"));
    used += 1 + TIME;
    let summary = &step.summary;
    let room = look.width.saturating_sub(used + 2);
    if summary.is_empty() || room < 12 {
        return vec![head];
    }
    let mut pieces = wrap(summary, room);
    if pieces.len() > SUMMARY_LINES {
        pieces.truncate(SUMMARY_LINES);
        if let Some(last) = pieces.last_mut() {
            let ellipsis = look.ellipsis();
            *last = cut(last, room.saturating_sub(columns(ellipsis)), "") + ellipsis;
        }
    }
    let mut lines = Vec::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        let before = if index == 0 {
            std::mem::take(&mut head)
        } else {
            " ".repeat(used)
        };
        lines.push(format!("{before}  {piece}"));
    }
    lines
}

/// Steps that were not tried, on as few lines as they need.
fn not_tried(skipped: &mut Vec<StepName>, look: &Look) -> Vec<String> {
    if skipped.is_empty() {
        return Vec::new();
    }
    let names: Vec<&str> = skipped.iter().map(|name| name.word()).collect();
    let text = format!("not tried: {}", names.join(", "));
    skipped.clear();
    let mark = look.mark(Verdict::Skipped);
    wrap(&text, look.width.saturating_sub(4))
        .into_iter()
        .enumerate()
        .map(|(index, line)| {
            let before = if index == 0 { mark } else { " " };
            format!(
                "  {}",
                look.paint(Style::new().dimmed(), &format!("{before} {line}"))
            )
        })
        .collect()
}

/// A bar from the step's start to its end over `width` columns, in eighths of a
/// column where there is Unicode. At least a sliver, so that no step is without
/// one.
fn draw(step: &Step, total: f64, width: usize, unicode: bool) -> String {
    const PARTS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
    let place = |seconds: f64| {
        let share = if total > 0.0 {
            (seconds / total).clamp(0.0, 1.0)
        } else {
            0.0
        };
        // A share of a few hundred eighths: nothing is lost.
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "0..=8*width"
        )]
        let eighths =
            (if share.is_finite() { share } else { 0.0 } * (width * 8) as f64).round() as usize;
        eighths
    };
    let start = (place(step.started_s) / 8).min(width.saturating_sub(1));
    let length = place(step.started_s + step.duration_s)
        .saturating_sub(start * 8)
        .max(1);
    let mut bar = " ".repeat(start);
    if unicode {
        bar.extend(std::iter::repeat_n('█', length / 8));
        bar.extend((length % 8).checked_sub(1).and_then(|part| PARTS.get(part)));
    } else if length < 8 {
        bar.push('|');
    } else {
        bar.extend(std::iter::repeat_n('#', length / 8));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_longer_name_moves_the_bars_of_all() {
        let mut run = samples::passed();
        let visit = &mut run.visits[0];
        visit.steps[5].name = StepName::OptionsHonoured;
        let look = Look {
            width: 80,
            color: false,
            unicode: true,
        };
        let lines = lines(visit, &look);
        assert!(lines.iter().all(|line| columns(line) <= 80), "{lines:#?}");
        let place = |line: &String| line.chars().take_while(|c| *c != '.').count();
        let places: Vec<usize> = lines
            .iter()
            .filter(|line| line.contains(" s  "))
            .map(place)
            .collect();
        assert!(
            places.windows(2).all(|pair| pair[0] == pair[1]),
            "{lines:#?}"
        );
    }

    #[test]
    fn bars_stand_where_the_time_was() {
        let run = samples::passed();
        let steps = &run.visits[0].steps;
        let total = run.visits[0].duration_s;
        assert_eq!(draw(&steps[0], total, 24, true), "▏");
        assert_eq!(draw(&steps[2], total, 24, true), "█████████████");
        assert_eq!(
            draw(&steps[7], total, 24, true),
            format!("{}█", " ".repeat(23))
        );
        assert_eq!(draw(&steps[2], total, 24, false), "#############");
        assert_eq!(draw(&steps[0], 0.0, 24, true), "▏");
        assert_eq!(draw(&steps[0], f64::NAN, 24, false), "|");
    }
}
