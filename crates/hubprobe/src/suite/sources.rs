//! What a suite may look at beside its own text: the environment, files and commands that it
//! names, and whether a `ca_file` is there. Whoever loads a suite says what these
//! are, so that a fuzzer's suite sees none of this machine.
//!
//! Secrets do not come this way; they are read where a connection is made.

use std::env::VarError;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use crate::{hook, notebook};

/// The largest file that a variable stands for, or that holds rules, in bytes.
const LARGEST: u64 = 1 << 20;

/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(10);

/// Where values come from.
pub(super) trait Sources {
    /// A variable of the environment.
    ///
    /// # Errors
    /// There is none, or it is no text.
    fn variable(&self, name: &str) -> Result<String, VarError>;

    /// The text of a file, without the end of its last line.
    ///
    /// # Errors
    /// Why there is none, as a clause that can follow the file's name.
    fn file(&self, path: &Path) -> Result<String, String>;

    /// What a command writes to its standard output, without white space at both ends; without a shell.
    ///
    /// # Errors
    /// Why there is nothing, as a clause that can follow the command.
    fn command(&self, words: &[String]) -> Result<String, String>;

    /// The text of a notebook.
    ///
    /// # Errors
    /// Why there is none, as a clause that can follow the file's name.
    fn notebook(&self, path: &Path) -> Result<String, String>;

    /// Whether there is a file of this name, whatever is in it.
    ///
    /// # Errors
    /// Why there is none, as a clause that can follow the file's name.
    fn is_there(&self, path: &Path) -> Result<(), String>;
}

/// This process's environment, and the files of this machine.
pub(super) struct Machine;

impl Sources for Machine {
    fn variable(&self, name: &str) -> Result<String, VarError> {
        std::env::var(name)
    }

    fn file(&self, path: &Path) -> Result<String, String> {
        let mut text = self.read(path, LARGEST)?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(text)
    }

    fn command(&self, words: &[String]) -> Result<String, String> {
        match hook::run_at_once(words, COMMAND) {
            Ok(said) if said.success => Ok(said.output),
            Ok(said) => Err(format!("failed: it ended with {}", said.status)),
            Err(why) => Err(format!("failed: {why}")),
        }
    }

    fn notebook(&self, path: &Path) -> Result<String, String> {
        self.read(path, notebook::LARGEST)
    }

    fn is_there(&self, path: &Path) -> Result<(), String> {
        match std::fs::metadata(path) {
            Ok(meta) if meta.is_file() => Ok(()),
            Ok(_) => Err("is not a file".to_owned()),
            Err(error) => Err(format!("cannot be read: {error}")),
        }
    }
}

impl Machine {
    fn read(&self, path: &Path, largest: u64) -> Result<String, String> {
        // Before it is opened: a pipe would be waited for.
        self.is_there(path)?;
        let failed = |error: std::io::Error| format!("cannot be read: {error}");
        let file = std::fs::File::open(path).map_err(failed)?;
        let too_large = || format!("is larger than {} MiB", largest >> 20);
        if file.metadata().map_err(failed)?.len() > largest {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        file.take(largest + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() as u64 > largest {
            return Err(too_large());
        }
        String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())
    }
}

/// A world that is made up: some variables, and a small file, since what the fuzzer writes may take little memory.
#[cfg(any(test, fuzzing))]
pub(super) struct Made;

#[cfg(any(test, fuzzing))]
impl Sources for Made {
    fn variable(&self, name: &str) -> Result<String, VarError> {
        match name {
            "PLACE" => Ok("h.org".to_owned()),
            "NESTED" => Ok("${env:PLACE} $${".to_owned()),
            "EMPTY" => Ok(String::new()),
            "BYTES" => Err(VarError::NotUnicode(std::ffi::OsString::new())),
            _ => Err(VarError::NotPresent),
        }
    }

    fn file(&self, path: &Path) -> Result<String, String> {
        self.is_there(path)?;
        Ok(if path.ends_with("there.cfg") {
            "[dates]\nregex: \\d+\nreplace: N".to_owned()
        } else {
            "import os\nprint(os.cpu_count())".to_owned()
        })
    }

    fn command(&self, words: &[String]) -> Result<String, String> {
        match words {
            [program, ..] if program == "say" => Ok(words[1..].join(" ")),
            _ => Err("failed: it ended with exit status: 1".to_owned()),
        }
    }

    fn notebook(&self, path: &Path) -> Result<String, String> {
        self.is_there(path)?;
        let cell = if path.ends_with("stripped.ipynb") {
            r#""source": "1", "execution_count": null, "outputs": []"#
        } else if path.ends_with("skipped.ipynb") {
            r##""source": "# NBVAL_SKIP\n1", "execution_count": 1"##
        } else {
            r##""source": "# NBVAL_CHECK_OUTPUT\n1", "execution_count": 1"##
        };
        Ok(format!(
            r#"{{"nbformat": 4, "metadata": {{}}, "cells": [{{"cell_type": "code", {cell}}}]}}"#
        ))
    }

    fn is_there(&self, path: &Path) -> Result<(), String> {
        let there = [
            "there.py",
            "there.cfg",
            "there.ipynb",
            "stripped.ipynb",
            "skipped.ipynb",
        ];
        if there.iter().any(|name| path.ends_with(name)) {
            Ok(())
        } else {
            Err("cannot be read: No such file or directory (os error 2)".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_text_and_no_more_than_that() {
        let dir = tempfile::tempdir().unwrap();
        let read = |bytes: &[u8]| {
            let path = dir.path().join("file");
            std::fs::write(&path, bytes).unwrap();
            Machine.file(&path)
        };
        for (bytes, text) in [
            (&b"a\n"[..], "a"),
            (b"a\r\n", "a"),
            (b"a\n\n", "a\n"),
            (b" a", " a"),
            (b"", ""),
        ] {
            assert_eq!(read(bytes).unwrap(), text);
        }
        assert_eq!(read(b"\xe9").unwrap_err(), "is not UTF-8 text");
        assert_eq!(
            read(&vec![b'x'; (1 << 20) + 1]).unwrap_err(),
            "is larger than 1 MiB"
        );
        assert_eq!(Machine.file(dir.path()).unwrap_err(), "is not a file");
        assert_eq!(
            Machine.file(&dir.path().join("none")).unwrap_err(),
            "cannot be read: No such file or directory (os error 2)"
        );
    }
}
