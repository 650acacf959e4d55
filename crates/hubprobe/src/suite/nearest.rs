//! The known word that somebody most likely meant. Spelling only, no meaning.

/// The candidate that is nearest to `word` by single-letter slips (a letter too
/// many, too few, wrong, or two swapped), if one is near enough: a third of the
/// word's length, and one slip at least.
pub(crate) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .iter()
        .map(|candidate| {
            (
                slips(&word.to_lowercase(), &candidate.to_lowercase()),
                *candidate,
            )
        })
        .filter(|(count, candidate)| *count <= allowed && !candidate.is_empty())
        .min_by_key(|(count, _)| *count)
        .map(|(_, candidate)| candidate)
}

/// A remedy: the word that was meant, if one is near, and what there is.
pub(super) fn meant(word: &str, known: &[&str], all: String) -> String {
    match nearest(word, known) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    }
}

/// How many slips lie between two words (optimal string alignment). Words
/// beyond 64 letters are not compared.
fn slips(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    if from.len() > 64 || to.len() > 64 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let at =
                |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&above, j) + usize::from(letter != other);
            let mut best = replaced.min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let swapped =
                i > 0 && j > 0 && from.get(i - 1) == Some(other) && to.get(j - 1) == Some(letter);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = above;
        above = row;
    }
    above.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["hub", "account", "options", "deadlines", "steps"];
        assert_eq!(nearest("acount", &known), Some("account"));
        assert_eq!(nearest("option", &known), Some("options"));
        assert_eq!(nearest("dealdines", &known), Some("deadlines"));
        assert_eq!(nearest("Hub", &known), Some("hub"));
        assert_eq!(nearest("matrix", &known), None);
        assert_eq!(nearest("", &known), None);
        assert_eq!(nearest(&"x".repeat(200), &known), None);
    }
}
