//! What is generated from the code and kept in the tree must not differ from
//! what the code says now. `UPDATE=1 cargo test -p hubprobe --test generated`
//! writes it anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

#[path = "generated/comparison.rs"]
mod comparison;

use std::fmt::Write as _;
use std::path::Path;

use hubprobe::account::hub_config::{Flavor, Login, Oauth, Wanted, compose};
use hubprobe::cli::exit::Exit;
use hubprobe::cli::help::command;
use hubprobe::selftest::{matrix, page};
use hubprobe::vocabulary::Cause;
use hubprobe::{report, suite};
use jupyterhub_client::HubVersion;
use jupyterhub_sandbox::{Place, fault_kinds};

#[path = "generated/commands.rs"]
mod commands;
#[path = "generated/reference.rs"]
mod reference;
#[path = "generated/reports.rs"]
mod reports;
#[path = "generated/words.rs"]
mod words;

fn kept(path: &str, now: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, now).unwrap();
        return;
    }
    let then = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        then == now,
        "{} is not what the code says; write it anew with: UPDATE=1 cargo test -p hubprobe --test generated",
        path.display()
    );
}

/// What a layer of causes is about, in the order of a visit.
fn layer(name: &str) -> &'static str {
    match name {
        "reach" => "The way to the hub: names, addresses, certificates, proxies.",
        "token" => "The token and what it may do.",
        "account" => "The account on the hub.",
        "hub" => "The hub itself, once it has answered.",
        "spawn" => "From the request for a server to a server that is ready.",
        "server" => "The server that was started, and the way to it.",
        "lab" => "The page that a person opens.",
        "kernel" => "The kernel, the way to it, and the code that it runs.",
        "environment" => "What the kernel finds around it, and whether it is what was asked for.",
        "notebook" => "Notebooks that are run as checks.",
        "files" => "The home.",
        "stop" => "From the stop request to a server that is gone.",
        "prober" => "hubprobe itself, and where it runs.",
        _ => panic!("say what the layer {name} is about"),
    }
}

#[test]
fn the_causes() {
    let mut page = String::from(
        "# Causes\n\n\
         A visit is one walk of an account over a hub. Every one that fails or is inconclusive carries exactly one cause:\n\
         that of the first layer that failed. The code is a contract: codes may be added, never renamed.\n\n\
         To blame is the *deployment* (the hub and what is around it) or the *account* (the account, its token or its\n\
         options): then the visit has failed (exit code 1). Or it is the *capacity* (the site is full) or the *prober*\n\
         (hubprobe, or the machine that it runs on): then it is inconclusive (exit code 3).\n\n\
         The advice here is the general one. A finding often knows better, and says so.\n\n\
         This page is generated from `crates/hubprobe/src/vocabulary/cause.rs`.\n",
    );
    let of = |cause: Cause| cause.to_string().split('.').next().unwrap().to_owned();
    let mut layers: Vec<String> = Vec::new();
    for layer in Cause::all().map(of) {
        if !layers.contains(&layer) {
            layers.push(layer);
        }
    }
    for name in layers {
        write!(page, "\n## {name}\n\n{}\n", layer(&name)).unwrap();
        for cause in Cause::all().filter(|cause| of(*cause) == name) {
            let (blame, means, advice) = (cause.blame().word(), cause.means(), cause.advice());
            write!(
                page,
                "\n<a id=\"{cause}\"></a>\n\n### {cause}\n\n*{blame}*: {means}.\n\n{advice}\n"
            )
            .unwrap();
        }
    }
    kept("docs/causes.md", &page);
}

#[test]
fn the_fault_matrix() {
    let mut page = String::from(
        "# The selftest\n\n\
         `hubprobe selftest` breaks JupyterHubs of this machine on purpose, one thing a case, runs `hubprobe\n\
         check` (or `account create`) as an operator types it, and compares the cause that it names with the\n\
         one that it must name; the exit code must fit, and nothing may be left behind. `hubprobe selftest\n\
         CASE…` runs some: a case's name, a cause's code, or the beginning of either (`spawn`,\n\
         `kernel.died`). `--fast` runs the quick ones, `--hub-version` chooses the JupyterHub, `--format`\n\
         takes terminal, json and markdown. Exit code 0: all went as they must; 1: not so.\n\n\
         *real*: the thing itself is broken. *emulated*: a system that is not here (Kubernetes, Slurm,\n\
         FirecREST) is only quoted, word for word. *green*: nothing is broken, whatever it looks like, and a\n\
         check must say so.\n\n\
         This page is generated from `crates/hubprobe/src/selftest/matrix/`.\n\n",
    );
    page.push_str(&page::matrix(matrix::all()));
    page.push_str("\n## Causes without a case\n\n| cause | why |\n|---|---|\n");
    for (cause, why) in matrix::without_a_case() {
        writeln!(page, "| `{cause}` | {why} |").unwrap();
    }
    kept("docs/selftest.md", &page);
}

#[test]
fn the_faults() {
    let mut page = String::from(
        "# Faults\n\n\
         What the [sandbox](sandbox.md) breaks on purpose: `hubprobe sandbox up --fault NAME[:ARG]`. In a name, `-` and\n\
         `_` are the same; an argument in brackets may be left out. SEC is a number of seconds.\n\n\
         This page is generated from `crates/jupyterhub-sandbox/src/fault/`.\n",
    );
    for (place, title, text) in [
        (
            Place::Spawn,
            "In a spawn",
            "With `up --fault`, of every spawn; with `up --faults`, of a spawn that asks for it, for instance\n\
             `hubprobe check … --option fault=wrong_port --option http_timeout=5`.",
        ),
        (
            Place::Hub,
            "In the hub",
            "Of the hub's configuration, from its start on.",
        ),
        (
            Place::Front,
            "In a front",
            "Something between the client and the hub's proxy, on loopback: nginx where nginx can do it, a small\n\
             proxy of our own for the rest. One at a time; `up` says the URL that goes through it.",
        ),
    ] {
        let kinds: Vec<_> = fault_kinds().filter(|kind| kind.place == place).collect();
        if kinds.is_empty() {
            continue;
        }
        write!(
            page,
            "\n## {title}\n\n{text}\n\n| fault | what happens |\n|---|---|\n"
        )
        .unwrap();
        for kind in kinds {
            writeln!(
                page,
                "| `{}` | {} |",
                kind.usage(),
                kind.what.replace('|', "\\|")
            )
            .unwrap();
        }
    }
    kept("docs/faults.md", &page);
}

#[test]
fn the_examples_of_hub_config() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/service-accounts.md");
    let mut page = std::fs::read_to_string(path).unwrap();
    for (flavor, word, language, options) in [
        (Flavor::F7t4jhub, "f7t4jhub", "yaml", "--admin alice"),
        (Flavor::Z2jh, "z2jh", "yaml", "--login oauth"),
        (Flavor::Python, "python", "python", "--login other"),
    ] {
        let admins = options.strip_prefix("--admin ").into_iter();
        let wanted = Wanted {
            flavor,
            names: vec!["servuser".to_owned()],
            admins: admins.map(str::to_owned).collect(),
            version: HubVersion::parse("5.5.4"),
            extras: Vec::new(),
            as_service: None,
            login: if options == "--login other" {
                Login::Other
            } else {
                Login::Oauth(Oauth::default())
            },
            under: None,
        };
        let text = compose(&wanted, None).unwrap().text;
        let shown = format!(
            "```\n$ hubprobe account hub-config servuser --flavor {word} --hub-version 5.5.4 {options}\n```\n\n\
             ```{language}\n{text}```\n"
        );
        page = between(&page, &format!("hub-config {word}"), &shown);
    }
    kept("docs/service-accounts.md", &page);
}

#[test]
fn the_schemas() {
    kept(
        "docs/schema/report.json",
        &format!("{:#}\n", report::json::schema()),
    );
    kept(
        "docs/schema/suite.json",
        &format!("{:#}\n", suite::schema()),
    );
}

#[test]
fn the_suite_reference() {
    kept("docs/suite.md", &reference::page(&suite::schema()));
}

#[test]
fn the_commands() {
    kept("docs/commands.md", &commands::page(command()));
}

#[test]
fn the_exit_codes() {
    let mut table = "| exit code | means |\n|---|---|\n".to_owned();
    for exit in Exit::ALL {
        writeln!(table, "| {} | {} |", exit as u8, exit.means()).unwrap();
    }
    for path in ["README.md", "docs/exit-codes.md"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let page = std::fs::read_to_string(root.join(path)).unwrap();
        kept(path, &between(&page, "exit codes", &table));
    }
}

#[test]
fn the_examples_of_reports() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let run = std::fs::read_to_string(root.join("docs/pictures/run.jsonl")).unwrap();
    let mut page = std::fs::read_to_string(root.join("docs/reports.md")).unwrap();
    for (name, text) in reports::examples(&run) {
        page = between(&page, name, &text);
    }
    kept("docs/reports.md", &page);
}

/// A page with something else between its marks.
fn between(page: &str, name: &str, text: &str) -> String {
    let begin = format!("<!-- {name}: generated -->\n");
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    format!("{before}{begin}{text}<!-- end -->{after}")
}
