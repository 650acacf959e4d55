//! `hubprobe demo`: the main job on a real local hub, in one go.
//!
//! It types the commands that a person would type, shows them, and runs them
//! as they are; only the sandbox is started by hand, so that it ends with this
//! process whatever happens. At the end nothing is left.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use jupyterhub_sandbox::{NEWEST_KNOWN_GOOD, Sandbox, Spec, sweep};

use super::sandbox;
use crate::cli::args::{Args, Global};
use crate::cli::args_sandbox::Demo;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::settings;

/// The account of the demo.
const ACCOUNT: &str = "servuser";

/// The options of a site with Slurm; the sandbox's spawner ignores them.
const OPTIONS: [&str; 3] = [
    r#"reservation=[""]"#,
    r#"account=["test-group"]"#,
    r#"runtime=["00:05:00"]"#,
];

/// Shows the whole thing, and takes it all away.
///
/// # Errors
/// What keeps the sandbox from coming up or going down.
pub async fn run(global: &Global, args: &Demo, printer: &Printer) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let places = sandbox::places(global)?;
    sweep(&places).await?;
    // A directory of its own, inside the state directory, for all that the
    // demo keeps.
    let state = settings::state_dir(global)?;
    let state = std::path::absolute(state)?;
    std::fs::create_dir_all(&state)
        .with_context(|| format!("the state directory {} cannot be made", state.display()))?;
    let dir = tempfile::Builder::new()
        .prefix("demo-")
        .tempdir_in(&state)
        .with_context(|| format!("no directory can be made in {}", state.display()))?;

    printer.line("1. A real JupyterHub on this machine, from PyPI, on loopback\n");
    printer.line("   $ hubprobe sandbox up\n");
    let name = format!("demo-{}", std::process::id());
    let spec = Spec {
        name,
        hub_version: args
            .hub_version
            .clone()
            .unwrap_or_else(|| NEWEST_KNOWN_GOOD.to_owned()),
        dies_with_parent: !args.keep,
        ..Spec::default()
    };
    let hub = sandbox::start(&places, &spec, printer).await?;
    printer.line(&format!(
        "   JupyterHub {} is up at {}\n",
        hub.hub_version(),
        hub.url()
    ));
    let exit = show(&hub, dir.path(), printer).await;
    if args.keep {
        let dir = dir.keep();
        printer.line(&format!(
            "The sandbox is kept at {} (what the demo wrote is in {}). Next:\n\n   $ hubprobe account create other \
             --url {} \\\n         --admin-token-file {} --out other.token\n   $ hubprobe sandbox down --name {}",
            hub.url(),
            dir.display(),
            hub.url(),
            hub.admin_token_file().display(),
            hub.name(),
        ));
        return exit;
    }
    printer.line("5. All of it away again\n\n   $ hubprobe sandbox down\n");
    let down = hub.down().await?;
    printer.line(&format!(
        "   ended: {} processes; nothing is left. The whole demo took {:.0} s.\n",
        down.ended.len(),
        began.elapsed().as_secs_f64()
    ));
    let exit = exit?;
    if exit == Exit::Passed {
        printer.line(OWN_HUB);
    }
    Ok(exit)
}

/// What to type for a hub of one's own.
const OWN_HUB: &str = r"For your own hub, with the token of an admin in admin.token (mode 0600):

   $ hubprobe account create servuser --url https://hub.example.org \
         --admin-token-file admin.token --out servuser.token
   $ hubprobe check --url https://hub.example.org --user servuser \
         --token-file servuser.token --dry-run
   $ hubprobe check --url https://hub.example.org --user servuser \
         --token-file servuser.token";

/// The part that a person types: account, check, revoke.
async fn show(hub: &Sandbox, dir: &Path, printer: &Printer) -> anyhow::Result<Exit> {
    let token = dir.join("servuser.token");
    let (token, state) = (token.display().to_string(), dir.display().to_string());
    let admin = hub.admin_token_file().display().to_string();
    let on = ["--url", hub.url()];
    printer.line(
        "2. A service account: no password, a token that expires, no more rights than it needs\n",
    );
    let create = [
        &["account", "create", ACCOUNT][..],
        &on,
        &["--admin-token-file", &admin, "--out", &token],
    ];
    let exit = typed(&create.concat(), &state, printer).await?;
    if exit != Exit::Passed {
        return Ok(exit);
    }
    printer.line(
        "\n3. The check: a server with the site's own options, seen to work, seen to be gone\n",
    );
    let mut check = [
        &["check"][..],
        &on,
        &["--user", ACCOUNT, "--token-file", &token],
    ]
    .concat();
    for option in OPTIONS {
        check.extend(["--option", option]);
    }
    let checked = typed(&check, &state, printer).await?;
    printer.line("\n4. The token is taken away\n");
    let revoke = [
        &["account", "revoke", ACCOUNT][..],
        &on,
        &["--admin-token-file", &admin],
    ];
    let revoked = typed(&revoke.concat(), &state, printer).await?;
    printer.line("");
    Ok(if checked == Exit::Passed {
        revoked
    } else {
        checked
    })
}

/// Shows a command and runs it, in this process.
async fn typed(words: &[&str], state: &str, printer: &Printer) -> anyhow::Result<Exit> {
    let shown: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    printer.line(&format!("   $ hubprobe {}\n", in_lines(&shown)));
    let words = [&["hubprobe", "--state-dir", state][..], words].concat();
    let args = Args::try_parse_from(words)?;
    Box::pin(super::super::run(&args, printer)).await
}

/// A command over several lines: each flag of three or more on its own.
fn in_lines(words: &[String]) -> String {
    let mut text = String::new();
    let mut column = 14;
    for word in words {
        if word.starts_with("--") && column > 50 {
            text.push_str("\\\n         ");
            column = 9;
        }
        text.push_str(word);
        text.push(' ');
        column += word.len() + 1;
    }
    text.trim_end().to_owned()
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:.-_=".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{word}'")
    }
}
