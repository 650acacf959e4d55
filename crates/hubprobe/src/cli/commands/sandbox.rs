//! `hubprobe sandbox`: a real JupyterHub on this machine, up and down.

mod faults;

use std::path::Path;

use anyhow::Context;
use jupyterhub_sandbox::{
    NEWEST_KNOWN_GOOD, Places, Process, Progress, Sandbox, SingleUser, Spec, sweep,
};

use crate::cli::args::Global;
use crate::cli::args_sandbox::{Down, Env, Logs, Named, Sandbox as Command, Up};
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::report::plain;
use crate::undo::entry::server_words;

/// Runs one of the subcommands.
///
/// # Errors
/// What keeps a sandbox from coming up or going down, with the remedy.
pub async fn run(global: &Global, command: &Command, printer: &Printer) -> anyhow::Result<Exit> {
    let places = places(global)?;
    match command {
        Command::Up(args) => up(&places, args, printer).await,
        Command::Down(args) => down(&places, args, printer).await,
        Command::Status => status(&places, printer).await,
        Command::Env(args) => env(&places, args, printer),
        Command::Logs(args) => logs(&places, args, printer),
        Command::Faults => {
            printer.line(&faults::list(80));
            Ok(Exit::Passed)
        }
        Command::Front(args) => {
            jupyterhub_sandbox::front::serve(&args.words).await?;
            Ok(Exit::Passed)
        }
    }
}

/// Where sandboxes and what they install are kept.
///
/// # Errors
/// Neither a home nor the XDG directories are known.
pub fn places(global: &Global) -> anyhow::Result<Places> {
    let mut places = Places::from_env()?;
    if let Some(dir) = &global.state_dir {
        places.state = std::path::absolute(dir)?.join("sandbox");
    }
    Ok(places)
}

/// Starts a sandbox and tells of it on standard error meanwhile.
///
/// # Errors
/// What keeps it from coming up.
pub async fn start(places: &Places, spec: &Spec, printer: &Printer) -> anyhow::Result<Sandbox> {
    let bar = printer.watched().then(spinner);
    let mut told = |progress: Progress<'_>| match (&bar, progress) {
        (Some(bar), Progress::Step { what }) => {
            bar.println(format!("  {what}"));
            bar.set_message(what.to_owned());
        }
        (Some(bar), Progress::Line(line)) => bar.set_message(plain::line(line)),
        (None, Progress::Step { what }) => printer.note(&format!("  {what}")),
        _ => {}
    };
    let up = Sandbox::up(places, spec, &mut told).await;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(up?)
}

fn spinner() -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new_spinner();
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

async fn up(places: &Places, args: &Up, printer: &Printer) -> anyhow::Result<Exit> {
    let asked = faults::asked(&args.broken)?;
    let spec = Spec {
        name: args.named.name.clone(),
        hub_version: args
            .hub_version
            .clone()
            .unwrap_or_else(|| NEWEST_KNOWN_GOOD.to_owned()),
        single_user: if args.light {
            SingleUser::Light
        } else {
            SingleUser::Lab
        },
        base_url: args.base_url.clone(),
        extra_config: args.configs.clone(),
        faults: args.faults,
        standing: asked.standing,
        slurm: args.slurm,
        ..Spec::default()
    };
    let sandbox = start(places, &spec, printer).await?;
    let front = match &asked.front {
        Some(fault) => Some(faults::start(&sandbox, fault, printer).await?),
        None => None,
    };
    let token = sandbox.admin_token_file().display();
    let (url, check) = match &front {
        Some(front) => (front.url(), faults::check(front)),
        None => (sandbox.url(), String::new()),
    };
    let named = if args.named.name == "default" {
        String::new()
    } else {
        format!(" --name {}", args.named.name)
    };
    let slurm = sandbox.slurm_conf().map_or_else(String::new, |conf| {
        format!("\n  its jobs: SLURM_CONF={} squeue", conf.display())
    });
    printer.line(&format!(
        "JupyterHub {} is up at {url}{}\n  admin token: {token}\n  log: {}{slurm}\n\nNext:\n  hubprobe account \
         create servuser --url {} --admin-token-file {token} --out servuser.token\n{check}  hubprobe \
         sandbox down{named}",
        sandbox.hub_version(),
        front.as_ref().map(|it| faults::about(it, &sandbox)).unwrap_or_default(),
        sandbox.hub_log().display(),
        sandbox.url(),
    ));
    Ok(Exit::Passed)
}

async fn down(places: &Places, args: &Down, printer: &Printer) -> anyhow::Result<Exit> {
    let chosen = if args.all {
        Sandbox::all(places)?
    } else {
        Sandbox::find(places, &args.named.name)?
            .into_iter()
            .collect()
    };
    let nothing = chosen.is_empty();
    for sandbox in &chosen {
        let down = if args.keep_logs {
            sandbox.down_keeping_logs().await
        } else {
            sandbox.down().await
        };
        tell(printer, sandbox.name(), "ended", &down?.ended);
    }
    let swept = sweep(places).await?;
    for one in &swept {
        tell(printer, &one.name, one.why, &one.down.ended);
    }
    if nothing && swept.is_empty() {
        printer.line("no such sandbox is up, and nothing was left of others");
    }
    Ok(Exit::Passed)
}

fn tell(printer: &Printer, name: &str, why: &str, ended: &[(u32, String)]) {
    let processes: Vec<String> = ended
        .iter()
        .map(|(pid, what)| format!("{what} ({pid})"))
        .collect();
    let processes = if processes.is_empty() {
        "no process was left".to_owned()
    } else {
        processes.join(", ")
    };
    printer.line(&format!("sandbox {name}: {why}: {processes}"));
}

async fn status(places: &Places, printer: &Printer) -> anyhow::Result<Exit> {
    let all = Sandbox::all(places)?;
    if all.is_empty() {
        printer.line("no sandbox is up; hubprobe sandbox up starts one");
    }
    for sandbox in &all {
        let (status, fronts) = (sandbox.status().await, sandbox.fronts());
        let word = |process: Process| match process.pid() {
            Some(pid) => format!("running ({pid})"),
            None => "STOPPED".to_owned(),
        };
        let stale = if status.stale {
            "; its parent is gone, hubprobe sandbox down ends it"
        } else {
            ""
        };
        printer.line(&format!(
            "{}: JupyterHub {} at {}, since {}\n  hub {}, proxy {}, servers: {}{stale}",
            sandbox.name(),
            sandbox.hub_version(),
            fronts.first().map_or(sandbox.url(), |front| front.url()),
            status.since.strftime("%Y-%m-%d %H:%M:%S UTC"),
            word(status.hub),
            word(status.proxy),
            status.servers.len(),
        ));
        for front in &fronts {
            printer.line(&faults::row(front, sandbox));
        }
        for server in &status.servers {
            let name = if server.server.is_empty() {
                "default"
            } else {
                &server.server
            };
            printer.line(&format!(
                "  server {name} of {} ({})",
                server.user, server.pid
            ));
        }
    }
    Ok(Exit::Passed)
}

/// The sandbox of this name.
fn find(places: &Places, named: &Named) -> anyhow::Result<Sandbox> {
    Sandbox::find(places, &named.name)?.with_context(|| {
        format!(
            "there is no sandbox {}; hubprobe sandbox status shows which there are",
            named.name
        )
    })
}

/// Lines for `eval`: the words that `check` and `account` read from the environment. With a front, the URL is the one that
/// goes through it, unless it is to go past it.
fn env(places: &Places, args: &Env, printer: &Printer) -> anyhow::Result<Exit> {
    let sandbox = find(places, &args.named)?;
    let fronts = sandbox.fronts();
    let front = fronts.first().filter(|_| !args.direct);
    let ca_file = front
        .and_then(|front| front.ca_file())
        .map(Path::to_path_buf);
    let token = Some(sandbox.admin_token_file().to_path_buf());
    let url = front.map_or(sandbox.url(), |front| front.url());
    printer.line(&format!("export HUBPROBE_URL={}", quoted(url)));
    for (name, path) in [
        ("HUBPROBE_ADMIN_TOKEN_FILE", token),
        ("HUBPROBE_CA_FILE", ca_file),
        ("SLURM_CONF", sandbox.slurm_conf()),
    ] {
        if let Some(path) = path {
            let path = path.to_string_lossy();
            printer.line(&format!("export {name}={}", quoted(&path)));
        }
    }
    Ok(Exit::Passed)
}

/// One word for a shell, whatever is in it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.:".contains(c);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn logs(places: &Places, args: &Logs, printer: &Printer) -> anyhow::Result<Exit> {
    let sandbox = find(places, &args.named)?;
    let path = match &args.user {
        Some(user) => sandbox.server_log(user, &args.server),
        None if args.proxy => sandbox.proxy_log(),
        None => sandbox.hub_log(),
    };
    if let Some(user) = &args.user
        && !path.exists()
    {
        let server = server_words(&args.server);
        anyhow::bail!(
            "no log of {server} of {user}: none was started in the sandbox {}, or its spawner writes none",
            sandbox.name()
        );
    }
    let text = std::fs::read(&path)
        .with_context(|| format!("the log {} cannot be read", path.display()))?;
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(args.lines.unwrap_or(usize::MAX));
    for line in &lines[from..] {
        printer.line(line);
    }
    Ok(Exit::Passed)
}
