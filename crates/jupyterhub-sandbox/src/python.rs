//! Finds the tools that make Python environments: uv, and an interpreter whose version suits the pins.

use std::path::PathBuf;

use crate::releases::Minor;
use crate::run::{answer, on_path};

/// Asks an interpreter for its version.
const ASK: [&str; 2] = [
    "-c",
    "import sys; print(*sys.version_info[:2], sys.executable)",
];

/// What is on PATH.
#[derive(Debug)]
pub(crate) struct Found {
    /// An interpreter of a suitable version.
    pub(crate) suitable: Option<PathBuf>,
    /// Another one, described for an error.
    pub(crate) other: Option<String>,
}

/// Looks for Python 3 between two minor versions: `python3` first, then the versioned names, newest first.
pub(crate) async fn find((oldest, newest): (Minor, Minor)) -> Found {
    let versioned = (oldest..=newest)
        .rev()
        .map(|minor| format!("python3.{minor}"));
    let names = ["python3".to_owned(), "python".to_owned()]
        .into_iter()
        .chain(versioned);
    let mut other = None;
    for program in names.filter_map(|name| on_path(&name)) {
        let Some((version, path)) = answer(&program, &ASK).await.as_deref().and_then(parse) else {
            continue;
        };
        if version.0 == 3 && (oldest..=newest).contains(&version.1) {
            return Found {
                suitable: Some(path),
                other,
            };
        }
        other.get_or_insert_with(|| format!("{}.{} ({})", version.0, version.1, program.display()));
    }
    Found {
        suitable: None,
        other,
    }
}

/// `3 11 /usr/bin/python3.11`.
fn parse(answer: &str) -> Option<((u32, Minor), PathBuf)> {
    let mut words = answer.splitn(3, ' ');
    let version = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((version, PathBuf::from(words.next()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_interpreters() {
        let parsed = parse("3 11 /opt/my python/bin/python3").unwrap();
        assert_eq!(
            parsed,
            ((3, 11), PathBuf::from("/opt/my python/bin/python3"))
        );
        assert!(parse("command not found").is_none());
        assert!(parse("").is_none());
    }

    #[tokio::test]
    async fn an_impossible_range_finds_only_others() {
        let found = find((90, 91)).await;
        assert!(found.suitable.is_none());
    }
}
