//! What is said of a run that passed, where its report is not wanted: what it warns of, so that a token that ends soon is heard of
//! before it does.

use indexmap::IndexMap;

use super::plain;
use crate::vocabulary::Run;

/// Lines, each warning once, with the probes that have it.
#[must_use]
pub fn warnings(run: &Run) -> Vec<String> {
    let mut by_text: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for visit in &run.visits {
        for text in &visit.warnings {
            by_text.entry(text).or_default().push(&visit.probe);
        }
    }
    by_text
        .into_iter()
        .map(|(text, probes)| {
            let probes = plain::line(&probes.join(", "));
            format!("warning: {probes}: {}", plain::line(text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn each_warning_once() {
        assert_eq!(warnings(&samples::passed()), Vec::<String>::new());
        let mut run = samples::several();
        run.visits[0].warnings = vec!["a\u{1b}b".to_owned()];
        run.visits[1].warnings = vec!["slow".to_owned()];
        run.visits[2].warnings = vec!["slow".to_owned()];
        assert_eq!(
            warnings(&run),
            [
                format!("warning: normal: {}", plain::line("a\u{1b}b")),
                "warning: normal, every-partition: slow".to_owned()
            ]
        );
    }
}
