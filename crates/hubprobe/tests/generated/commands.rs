//! The reference of the command line: each command with its usage, its arguments, their variables in the environment and their defaults,
//! as `--help` has them.

use std::fmt::Write as _;

use clap::{Arg, Command};

const HEAD: &str = "# Commands\n\n\
    What can be typed. The `--help` of each command says the same, `hubprobe man DIR` writes it as manual pages, and\n\
    `hubprobe completions bash` (or another shell) prints what completes it.\n\n\
    Most flags may also be given by a variable in the environment. A flag wins over its variable, and a variable over the suite.\n\n\
    This page is generated from the code of the command line.\n\n\
    <!-- commands: generated -->\n";

/// The page.
pub(crate) fn page(mut root: Command) -> String {
    root.build();
    let mut page = HEAD.to_owned();
    let globals: Vec<&Arg> = root
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .collect();
    writeln!(
        page,
        "\n## With every command\n\n{}",
        table(globals.into_iter())
    )
    .expect("a string");
    for command in root.get_subcommands().filter(|it| it.get_name() != "help") {
        section(&mut page, command, "hubprobe");
    }
    page.push_str("<!-- end -->\n");
    page
}

fn section(page: &mut String, command: &Command, before: &str) {
    let name = format!("{before} {}", command.get_name());
    let mut inner: Vec<&Command> = command
        .get_subcommands()
        .filter(|it| it.get_name() != "help")
        .collect();
    let about = command
        .get_long_about()
        .or(command.get_about())
        .map(ToString::to_string);
    if inner.is_empty() {
        writeln!(
            page,
            "## {name}\n\n{}.\n",
            about.unwrap_or_default().trim_end_matches('.')
        )
        .expect("a string");
        let usage = command.clone().render_usage().to_string();
        writeln!(
            page,
            "```text\n{}\n```\n",
            usage.trim_start_matches("Usage: ")
        )
        .expect("a string");
        let own: Vec<&Arg> = command
            .get_arguments()
            .filter(|arg| !arg.is_global_set())
            .collect();
        if own.iter().any(|arg| is_shown(arg)) {
            writeln!(page, "{}", table(own.into_iter())).expect("a string");
        }
        if let Some(after) = command.get_after_long_help().or(command.get_after_help()) {
            writeln!(page, "```text\n{}\n```\n", after.to_string().trim_end()).expect("a string");
        }
    }
    inner.sort_by_key(|it| it.get_display_order());
    for command in inner {
        section(page, command, &name);
    }
}

fn is_shown(arg: &Arg) -> bool {
    !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str())
}

fn table<'a>(args: impl Iterator<Item = &'a Arg>) -> String {
    let mut out = "| argument | variable | meaning |\n|---|---|---|\n".to_owned();
    for arg in args.filter(|arg| is_shown(arg)) {
        let variable = arg
            .get_env()
            .map_or_else(String::new, |it| format!("`{}`", it.to_string_lossy()));
        writeln!(out, "| `{}` | {variable} | {} |", typed(arg), meaning(arg)).expect("a string");
    }
    out
}

/// The argument as one types it.
fn typed(arg: &Arg) -> String {
    let names: Vec<&str> = arg
        .get_value_names()
        .into_iter()
        .flatten()
        .map(|it| it.as_str())
        .collect();
    let takes = arg.get_action().takes_values();
    let value = if takes {
        names.join(" ")
    } else {
        String::new()
    };
    let may_be_left_out = arg.get_num_args().is_some_and(|it| it.min_values() == 0);
    match (arg.get_long(), arg.get_short()) {
        (Some(long), _) if takes && may_be_left_out => format!("--{long} [{value}]"),
        (Some(long), _) if takes => format!("--{long} {value}"),
        (Some(long), Some(short)) => format!("-{short}, --{long}"),
        (Some(long), None) => format!("--{long}"),
        _ if arg.get_num_args().is_some_and(|it| it.max_values() > 1) => format!("{value}..."),
        _ => value,
    }
}

fn meaning(arg: &Arg) -> String {
    let help = arg
        .get_long_help()
        .or(arg.get_help())
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut out = help.split_whitespace().collect::<Vec<_>>().join(" ");
    if !out.ends_with(['.', ']']) {
        out.push('.');
    }
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|it| !it.is_hide_set())
        .map(|it| format!("`{}`", it.get_name()))
        .collect();
    if arg.get_action().takes_values() && !values.is_empty() && !arg.is_hide_possible_values_set() {
        write!(out, " One of {}.", values.join(", ")).expect("a string");
    }
    let usual: Vec<String> = arg
        .get_default_values()
        .iter()
        .map(|it| it.to_string_lossy().into_owned())
        .collect();
    if arg.get_action().takes_values() && !usual.is_empty() {
        write!(out, " The default is `{}`.", usual.join(",")).expect("a string");
    }
    out.replace('|', "\\|").replace('<', "&lt;")
}
