//! Which cases are meant by the words that were typed: a name, a cause's code, or the beginning of either.

use super::case::Case;
use super::matrix;

/// A word that means no case.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownCase {
    /// The word.
    pub word: String,
    /// All that could have been meant.
    pub known: Vec<&'static str>,
}

/// The cases that these words mean (all where there are none), that this version of JupyterHub can have, and that are quick
/// if `fast`; in the order of the matrix.
///
/// # Errors
/// A word that means no case at all, on whatever version.
pub fn choose(
    words: &[String],
    fast: bool,
    version: &str,
) -> Result<Vec<&'static Case>, UnknownCase> {
    for word in words {
        if !matrix::all().any(|case| means(word, case)) {
            let mut known: Vec<&str> = matrix::all()
                .flat_map(|case| [case.name, case.expected(), case.layer()])
                .collect();
            known.sort_unstable();
            known.dedup();
            return Err(UnknownCase {
                word: word.clone(),
                known,
            });
        }
    }
    let wanted = |case: &&Case| words.is_empty() || words.iter().any(|word| means(word, case));
    Ok(matrix::all()
        .filter(wanted)
        .filter(|case| case.fits(version) && (case.fast || !fast))
        .collect())
}

/// Whether a word is the case's name or cause, or begins one of them and ends with a word of it.
fn means(word: &str, case: &Case) -> bool {
    [case.name, case.expected()].iter().any(|whole| {
        whole
            .strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str], fast: bool, version: &str) -> Vec<&'static str> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let cases = choose(&words, fast, version).unwrap();
        cases.iter().map(|case| case.name).collect()
    }

    #[test]
    fn a_word_is_a_name_a_cause_or_a_beginning() {
        assert_eq!(names(&["kernel-died"], false, "6.1.1"), ["kernel-died"]);
        let by_cause = names(&["kernel.died"], false, "6.1.1");
        assert!(by_cause.contains(&"kernel-died") && by_cause.contains(&"kernel-killed"));
        let layer = names(&["spawn"], false, "6.1.1");
        assert!(layer.contains(&"spawn-raises") && layer.contains(&"spawn-image-limit"));
        assert!(!layer.contains(&"kernel-died"));
        assert!(names(&["green"], false, "6.1.1").contains(&"green-plain"));
    }

    #[test]
    fn half_a_word_is_nothing() {
        let error = choose(&["spaw".to_owned()], false, "6.1.1").unwrap_err();
        assert!(error.known.contains(&"spawn"));
    }

    #[test]
    fn what_a_version_cannot_have_is_left_out() {
        assert!(names(&[], false, "6.1.1").contains(&"spawn-named-badly"));
        assert!(!names(&[], false, "4.1.6").contains(&"spawn-named-badly"));
        let (all, fast) = (names(&[], false, "6.1.1"), names(&[], true, "6.1.1"));
        assert!(!fast.is_empty() && fast.len() < all.len());
    }
}
