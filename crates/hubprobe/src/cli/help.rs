//! The command line as clap has it, with two lengths of help: `-h` is short and ends with examples, `--help` has everything, and
//! so have the manual pages.
//!
//! What a command says after its arguments (`after_help`, in [`super::args`] and beside it) begins with its examples; the rest is
//! for `--help` alone. A test tries every example on the parser.

use clap::{Command, CommandFactory};

use super::args::Args;

/// The command line.
#[must_use]
pub fn command() -> Command {
    two_lengths(Args::command())
}

fn two_lengths(command: Command) -> Command {
    let said = command.get_after_help().map(ToString::to_string);
    let command = match said {
        Some(said) => {
            let examples = said.split("\n\n").next().unwrap_or_default().to_owned();
            command.after_help(examples).after_long_help(said)
        }
        None => command,
    };
    command.mut_subcommands(two_lengths)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All commands that are shown, each with the words that call it.
    fn all(command: &Command, words: &str) -> Vec<(String, Command)> {
        let mut found = vec![(words.to_owned(), command.clone())];
        for sub in command.get_subcommands() {
            if !sub.is_hide_set() && sub.get_name() != "help" {
                found.extend(all(sub, &format!("{words} {}", sub.get_name())));
            }
        }
        found
    }

    fn commands() -> Vec<(String, Command)> {
        let mut command = command();
        command.build();
        all(&command, "hubprobe")
    }

    /// The examples: lines that go on are one, comments are none, and each program of a pipe is one.
    fn examples(help: &str) -> Vec<Vec<String>> {
        let text = help.strip_prefix("Examples:\n").expect("examples first");
        let text = text.split("\n\n").next().unwrap().replace("\\\n", " ");
        let mut found = Vec::new();
        for line in text.lines() {
            let words = shlex::split(line).unwrap_or_else(|| panic!("no shell takes {line}"));
            for program in words.split(|word| word == "|") {
                let end = program.iter().position(|word| word == ">");
                let program = &program[..end.unwrap_or(program.len())];
                if program.first().is_some_and(|word| word == "hubprobe") {
                    found.push(program.to_vec());
                }
            }
        }
        found
    }

    #[test]
    fn every_command_has_examples_and_the_parser_takes_each() {
        for (words, it) in commands() {
            let said = it.get_after_help().map(ToString::to_string);
            let examples = examples(&said.unwrap_or_else(|| panic!("{words} has no examples")));
            let own = examples
                .iter()
                .filter(|it| it.join(" ").starts_with(&words));
            assert_ne!(own.count(), 0, "{words} has no example of its own");
            for example in examples {
                let read = command().try_get_matches_from(&example);
                assert!(read.is_ok(), "{example:?}: {}", read.unwrap_err());
            }
        }
    }

    #[test]
    fn help_fits_into_80_columns_and_the_short_one_is_short() {
        for (words, mut it) in commands() {
            let (short, long) = (it.render_help(), it.render_long_help());
            // As it was written too: what is too wide would be wrapped, which no example survives.
            let written = it.get_after_help().unwrap().to_string();
            for text in [short.to_string(), long.to_string(), written] {
                for line in text.lines() {
                    assert!(line.chars().count() <= 80, "{words}: {line}");
                }
            }
            let lines = short.to_string().lines().count();
            assert!(lines <= 50, "{words} -h has {lines} lines:\n{short}");
            assert!(long.to_string().contains("Examples:\n"), "{words}");
        }
    }

    #[test]
    fn manual_pages_have_the_examples() {
        for (words, it) in commands() {
            let mut page = Vec::new();
            clap_mangen::Man::new(it).render(&mut page).unwrap();
            let page = String::from_utf8(page).unwrap();
            assert!(page.contains("Examples:"), "{words}: {page}");
        }
    }
}
