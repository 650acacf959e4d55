//! Names of folders and files: what probes and notebooks are called, made into what any system and any shell takes, and numbered where
//! two are called the same.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The longest name of a folder or a file, in characters.
const LONGEST: usize = 100;

/// The path, and the same with a number before its extension, from 2 on.
pub(super) fn candidates(path: &Path) -> impl Iterator<Item = PathBuf> {
    let numbered = |number: usize| {
        let (stem, extension) = (path.file_stem(), path.extension());
        let mut name = stem.unwrap_or_default().to_os_string();
        name.push(format!("-{number}"));
        if let Some(extension) = extension {
            name.push(".");
            name.push(extension);
        }
        path.with_file_name(name)
    };
    std::iter::once(path.to_owned()).chain((2..).map(numbered))
}

/// Whether a name is this one, or this one with a number as [`candidates`] gives it; so too where letters differ in case alone.
pub(super) fn is_numbered(name: &OsStr, plain: &str) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    let plain = plain.to_lowercase();
    let split = |name: &str| {
        let path = Path::new(name);
        let part = |part: Option<&OsStr>| {
            part.map(|part| part.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        (part(path.file_stem()), part(path.extension()))
    };
    let ((stem, extension), (plain_stem, plain_extension)) = (split(&name), split(&plain));
    let number = stem
        .strip_prefix(&plain_stem)
        .and_then(|rest| rest.strip_prefix('-'));
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    name == plain || (extension == plain_extension && number.is_some_and(is_number))
}

/// A name that is one file's, on any system and in any shell: letters, digits, hyphens, dots that do not begin it.
pub(super) fn safe(name: &str, or: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || "-_.=,+".contains(c);
    let all = name.chars().map(|c| if kept(c) { c } else { '_' });
    let safe: String = all.collect();
    let safe = safe.trim_matches(['.', '_']);
    // The end tells more than the start: an extension, a combination of a matrix.
    let from = safe.len().saturating_sub(LONGEST);
    let safe = safe[from..].trim_start_matches(['.', '_', '-']);
    if safe.is_empty() {
        or.to_owned()
    } else {
        safe.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe() {
        for (name, is) in [
            ("every[p=a,n=1]", "every_p=a,n=1"),
            ("../../etc/passwd", "etc_passwd"),
            (".hidden", "hidden"),
            ("", "x"),
            ("é\u{1b}[31m", "31m"),
            ("a b\tc.ipynb", "a_b_c.ipynb"),
        ] {
            assert_eq!(safe(name, "x"), is);
        }
        assert_eq!(
            safe(&format!("{}.ipynb", "x".repeat(300)), "x").len(),
            LONGEST
        );
    }
}
