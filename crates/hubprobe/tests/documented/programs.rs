//! Which programs a page may name, which of them are run here, and what is looked at where one is not.

use std::path::Path;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use hubprobe::cli::args::Args;

/// Programs that are not run here, and why. The rest of a line with one of them is not run either; but what it says of
/// hubprobe must be read by hubprobe, and its quotes must close.
pub const ELSEWHERE: &[(&str, &str)] = &[
    ("apt-get", "changes the machine"),
    ("argocd", "no Argo CD"),
    (
        "cargo",
        "builds for minutes; its tests and packages must be there",
    ),
    ("docker", "no engine"),
    ("git", "fetches from elsewhere"),
    ("helm", "no cluster"),
    ("kubectl", "no cluster"),
    ("make", "runs these tests; its target must be there"),
    ("pass", "a store of passwords of one's own"),
    ("pip", "changes the machine"),
    ("pipx", "changes the machine"),
    ("podman", "no engine"),
    ("rustup", "changes the machine"),
    ("sacctmgr", "changes a cluster"),
    ("sudo", "changes the machine"),
    ("systemctl", "changes the machine"),
    ("tljh-config", "changes the machine"),
    ("uv", "changes the machine"),
    ("xdg-open", "opens a browser"),
];

/// Whether this simple command is hubprobe.
pub fn is_hubprobe(words: &[String]) -> bool {
    let name = words.first().map(Path::new).and_then(Path::file_name);
    name.is_some_and(|name| name == "hubprobe")
}

/// Whether a line can be run here.
pub fn runs_here(commands: &[Vec<String>]) -> bool {
    !commands.iter().any(|words| {
        let program = words.first().map_or("", String::as_str);
        of_the_tree(program) || ELSEWHERE.iter().any(|(name, _)| *name == program)
    })
}

/// What can be said of a line without running it.
///
/// # Errors
/// What is wrong in it.
pub fn look(commands: &[Vec<String>]) -> Result<(), String> {
    for words in commands {
        let program = words.first().map_or("", String::as_str);
        if is_hubprobe(words) {
            parses(words)?;
        } else if program == "make" {
            let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
            for target in words.iter().skip(1).filter(|word| !word.contains('=')) {
                let there = makefile
                    .lines()
                    .any(|line| line.starts_with(&format!("{target}:")));
                there
                    .then_some(())
                    .ok_or(format!("the Makefile has no {target}"))?;
            }
        } else if of_the_tree(program) {
            let there = root().join(program).is_file();
            there
                .then_some(())
                .ok_or(format!("there is no {program}"))?;
        } else if program == "cargo" {
            cargo(words)?;
        }
    }
    Ok(())
}

/// A program of the project's own, by its path from the root: it takes minutes, or changes the machine.
fn of_the_tree(program: &str) -> bool {
    let room = program.split_once('/').map(|(room, _)| room);
    room.is_some_and(|room| !["", ".", "..", "~"].contains(&room) && root().join(room).is_dir())
}

pub fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Packages and tests that cargo is to take.
fn cargo(words: &[String]) -> Result<(), String> {
    let crates = root().join("crates");
    if let Some(package) = crate::stage::flag(words, "-p") {
        let there = crates.join(&package).is_dir();
        there
            .then_some(())
            .ok_or(format!("there is no package {package}"))?;
        if let Some(test) = crate::stage::flag(words, "--test") {
            let tests = crates.join(package).join("tests");
            let there = tests.join(format!("{test}.rs")).is_file() || tests.join(&test).is_dir();
            there
                .then_some(())
                .ok_or(format!("there is no test {test}"))?;
        }
    }
    // What is behind the dashes of `cargo run` is for hubprobe.
    if words.get(1).is_some_and(|word| word == "run")
        && let Some(at) = words.iter().position(|word| word == "--")
    {
        let ours: Vec<String> = std::iter::once("hubprobe".to_owned())
            .chain(words[at + 1..].iter().cloned())
            .collect();
        parses(&ours)?;
    }
    Ok(())
}

/// Whether hubprobe would take these words: all of them, or, where `…` stands for some, the command and its flags.
///
/// # Errors
/// What it would say.
pub fn parses(words: &[String]) -> Result<(), String> {
    let open = |word: &String| word.contains('…') || word.starts_with('[') || word.contains('|');
    if !words.iter().any(open) {
        return match Args::try_parse_from(words) {
            Ok(_) => Ok(()),
            Err(error) if !error.use_stderr() => Ok(()),
            Err(error) => Err(error.to_string()),
        };
    }
    let mut command = Args::command();
    command.build();
    let mut at = &command;
    let mut rest = words[1..].iter();
    while let Some(word) = rest.next() {
        if let Some(name) = word.trim_start_matches('[').strip_prefix("--") {
            let (name, given) = match name.split_once(['=', ']', '|']) {
                Some((name, _)) => (name, true),
                None => (name, false),
            };
            let mut known = at.get_arguments();
            let known = known.find(|argument| argument.get_long() == Some(name));
            let known = known.ok_or(format!("{} has no --{name}", at.get_name()))?;
            if !given && known.get_action().takes_values() {
                rest.next();
            }
            continue;
        }
        if word.contains('…') || at.get_subcommands().next().is_none() {
            continue;
        }
        // Several with a bar between them: all must be there, and the first one's flags follow.
        let mut inner = None;
        for name in word.split('|') {
            let one = at
                .find_subcommand(name)
                .ok_or(format!("there is no {name}"))?;
            inner.get_or_insert(one);
        }
        at = inner.unwrap_or(at);
    }
    Ok(())
}

/// What a sentence may leave out.
const LEFT_OUT: [ErrorKind; 2] = [
    ErrorKind::MissingRequiredArgument,
    ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
];

/// The same for words in the midst of a sentence, which may leave out what a command needs.
///
/// # Errors
/// What it would say.
pub fn named(words: &[String]) -> Result<(), String> {
    match Args::try_parse_from(words) {
        Err(error) if LEFT_OUT.contains(&error.kind()) => Ok(()),
        _ => parses(words),
    }
}

/// What is wrong is seen.
pub fn words_that_hubprobe_takes() {
    let parses = |line: &str| parses(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(parses("hubprobe sandbox up --light"), Ok(()));
    assert_eq!(parses("hubprobe check … --option a=b"), Ok(()));
    assert_eq!(parses("hubprobe account show|rotate …"), Ok(()));
    assert_eq!(
        parses("hubprobe --log debug check --url … --user …"),
        Ok(())
    );
    for wrong in [
        "sandbox up --heavy",
        "chek",
        "check … --opt",
        "account show|spin …",
        "check --jobs many",
    ] {
        assert!(parses(&format!("hubprobe {wrong}")).is_err(), "{wrong}");
    }
}
