//! Words for a POSIX shell, in commands that are shown to be pasted.

use super::plain;

/// Quoted for a POSIX shell, where it needs to be.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:.-_=@%+,~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The command that takes away what is left, and strikes what is gone: of this state directory, or of the usual one.
pub fn clean(state_dir: Option<&str>) -> String {
    match state_dir {
        // Made harmless before it is quoted: what is left of half an escape sequence would take the last quote along.
        Some(dir) => format!("hubprobe clean --state-dir {}", quote(&plain::line(dir))),
        None => "hubprobe clean".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_a_shell_would_change_is_quoted() {
        assert_eq!(quote("/var/lib/hubprobe"), "/var/lib/hubprobe");
        assert_eq!(quote("a'; rm -rf ~ #"), "'a'\\''; rm -rf ~ #'");
        assert_eq!(quote(""), "''");
    }

    #[test]
    fn only_another_state_directory_is_named() {
        assert_eq!(clean(None), "hubprobe clean");
        assert_eq!(
            clean(Some("/srv/my state")),
            "hubprobe clean --state-dir '/srv/my state'"
        );
        assert_eq!(
            clean(Some("/srv/a b\u{1b}[2J")),
            "hubprobe clean --state-dir '/srv/a b'"
        );
    }
}
