//! `hubprobe account hub-config`.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, bail};
use jupyterhub_client::HubVersion;

use crate::account::hub_config::{self, Extra, Flavor, Login, Oauth, TokenPlace, Values, Wanted};
use crate::account::{self, name};
use crate::cli::args_account::{ExtraName, HubConfig, LoginName};
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::report::plain;

/// More than this is no values.yaml.
const LARGEST: u64 = 8 * 1024 * 1024;

/// Prints the configuration.
///
/// # Errors
/// Whatever is wrong with what was typed, or with the values.yaml.
pub(super) async fn run(args: &HubConfig, printer: &Printer) -> anyhow::Result<Exit> {
    let mut wanted = wanted(args, printer)?;
    let values = args.values.as_deref().map(read).transpose()?;
    let asks = args.hub_version.is_none() && args.hub.url.is_some();
    if asks {
        let target = super::target(&args.hub, printer)?;
        match account::hub_version(&target).await {
            Ok(version) => {
                printer.note(&format!(
                    "hubprobe: note: {} is JupyterHub {}",
                    target.url,
                    plain::line(&version.text)
                ));
                wanted.version = Some(version);
            }
            Err(problem) => return super::tell(problem, printer),
        }
    }
    let composed = hub_config::compose(&wanted, values.as_ref()).map_err(anyhow::Error::msg)?;
    for note in &composed.notes {
        printer.note(&format!("hubprobe: note: {}", plain::line(note)));
    }
    if composed.text.is_empty() {
        printer.note("hubprobe: note: nothing is missing, so nothing is printed");
    } else {
        printer.text(&composed.text);
    }
    Ok(Exit::Passed)
}

fn wanted(args: &HubConfig, printer: &Printer) -> anyhow::Result<Wanted> {
    let flavor = Flavor::from(args.flavor);
    if flavor == Flavor::Python && (args.values.is_some() || args.under.is_some()) {
        bail!(
            "--values and --under are for the charts (f7t4jhub, z2jh); a jupyterhub_config.py is code, which is not read: put what is \
             printed at its end"
        );
    }
    if args.token_dir.as_deref() == Some("") {
        bail!("--token-dir is empty; name the directory on the hub, or leave it out");
    }
    if flavor == Flavor::Z2jh && args.token_dir.is_some() {
        bail!(
            "--token-dir is for f7t4jhub and python: the z2jh chart makes a service's token itself, and keeps it in the secret hub"
        );
    }
    let version = args
        .hub_version
        .as_deref()
        .map(|text| {
            HubVersion::parse(text).with_context(|| {
                format!("--hub-version wants a version such as 5.5.4, and {text:?} is none; hubprobe account hub-config --url asks the hub")
            })
        })
        .transpose()?;
    let mut extras: Vec<Extra> = args.also.iter().map(|name| extra(*name)).collect();
    extras.sort();
    extras.dedup();
    Ok(Wanted {
        flavor,
        names: checked(&args.names, printer)?,
        admins: checked(&args.admin, printer)?,
        version,
        extras,
        as_service: args.as_service.then(|| match &args.token_dir {
            Some(directory) => TokenPlace::Directory(directory.clone()),
            None => TokenPlace::Variable,
        }),
        login: login(args)?,
        under: args.under.as_deref().map(keys),
    })
}

/// Names, each once, in the order given.
fn checked(names: &[String], printer: &Printer) -> anyhow::Result<Vec<String>> {
    let mut checked: Vec<String> = Vec::new();
    for name in names {
        let warnings = name::check(name).map_err(anyhow::Error::msg)?;
        super::warn(&warnings, printer);
        if !checked.contains(name) {
            checked.push(name.clone());
        }
    }
    Ok(checked)
}

fn extra(name: ExtraName) -> Extra {
    match name {
        ExtraName::ReadUsers => Extra::ReadUsers,
        ExtraName::Rotate => Extra::Rotate,
        ExtraName::ServerState => Extra::ServerState,
        ExtraName::ReadHub => Extra::ReadHub,
    }
}

fn keys(text: &str) -> Vec<String> {
    text.split('.')
        .filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect()
}

/// How people log in. What only OAuth has says that it is OAuth.
fn login(args: &HubConfig) -> anyhow::Result<Login> {
    let told =
        args.oauthenticator_version.is_some() || args.auth_refresh_strict || args.own_refresh;
    match args.login {
        Some(LoginName::Other) if told => bail!(
            "--oauthenticator-version, --auth-refresh-strict and --own-refresh are for hubs that log in through OAuth; leave them out, or \
             say --login oauth"
        ),
        Some(LoginName::Other) => return Ok(Login::Other),
        None if !told => return Ok(Login::Unknown),
        _ => {}
    }
    let version = args
        .oauthenticator_version
        .as_deref()
        .map(|text| {
            HubVersion::parse(text)
                .map(|version| (version.major, version.minor))
                .with_context(|| {
                    format!("--oauthenticator-version wants a version such as 17.3, and {text:?} is none; on the hub: pip show oauthenticator")
                })
        })
        .transpose()?;
    Ok(Login::Oauth(Oauth {
        version,
        strict: args.auth_refresh_strict,
        own_refresh: args.own_refresh,
    }))
}

/// An existing values.yaml.
fn read(path: &Path) -> anyhow::Result<Values> {
    let is_stdin = path.as_os_str() == "-";
    let (name, opened): (String, std::io::Result<Box<dyn std::io::Read>>) = if is_stdin {
        ("standard input".to_owned(), Ok(Box::new(std::io::stdin())))
    } else {
        let opened = std::fs::File::open(path);
        (
            path.display().to_string(),
            opened.map(|file| Box::new(file) as Box<dyn std::io::Read>),
        )
    };
    let mut bytes = Vec::new();
    opened
        .and_then(|from| from.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| {
            anyhow::anyhow!(
                "--values {name} cannot be read: {error}. Check the path and its permissions"
            )
        })?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST {
        bail!("--values {name} is larger than 8 MiB, which no values.yaml is");
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to());
        let line = before.map_or(0, |before| {
            before.iter().filter(|byte| **byte == b'\n').count()
        }) + 1;
        anyhow::anyhow!("{name}:{line}: this is not UTF-8; save the file as UTF-8")
    })?;
    Ok(Values::parse(&name, &text)?)
}
