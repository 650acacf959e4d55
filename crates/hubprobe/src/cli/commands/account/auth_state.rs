//! `hubprobe account auth-state`.

use anyhow::bail;
use jiff::Timestamp;

use super::create::until;
use crate::account::auth_state::{Kind, Told, Wish, auth_state};
use crate::cli::args_account::AuthState;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::settings;
use crate::report::plain;
use crate::vocabulary::SecretSource;

/// Looks at the login secrets of an account, stores or takes them away.
///
/// # Errors
/// Whatever is wrong with what was typed.
pub(super) async fn run(args: &AuthState, printer: &Printer) -> anyhow::Result<Exit> {
    let target = super::target(&args.hub, printer)?;
    let source = super::needed_admin(&args.admin)?;
    let wish = wish(args)?;
    let stdin = [Some(&source)].into_iter().chain(sources(&wish));
    if stdin
        .flatten()
        .filter(|source| **source == SecretSource::Stdin)
        .count()
        > 1
    {
        bail!("only one secret can come through standard input; put the others into files");
    }
    match auth_state(&target, &args.name, &source, &wish).await {
        Ok(told) => {
            super::warn(&told.warnings, printer);
            for line in lines(args, &told, Timestamp::now()) {
                printer.line(&plain::line(&line));
            }
            Ok(Exit::Passed)
        }
        Err(problem) => super::tell(problem, printer),
    }
}

fn wish(args: &AuthState) -> anyhow::Result<Wish> {
    for (typed, flag) in [
        (&args.refresh_token, "--refresh-token"),
        (&args.access_token, "--access-token"),
        (&args.id_token, "--id-token"),
    ] {
        if typed.is_some() {
            bail!(
                "a token as an argument can be read by every user of this machine (ps), so {flag} is not taken; use \
                 {flag}-file FILE, and have this one revoked"
            );
        }
    }
    if args.clear {
        return Ok(Wish::Clear);
    }
    let file = |path: Option<&std::path::PathBuf>| {
        path.map(|path| settings::token_source(Some(path), &[]))
            .transpose()
    };
    Ok(match file(args.refresh_token_file.as_ref())? {
        None => Wish::Look,
        Some(refresh) => Wish::Store {
            refresh,
            access: file(args.access_token_file.as_ref())?,
            id: file(args.id_token_file.as_ref())?,
            force: args.force,
        },
    })
}

fn sources(wish: &Wish) -> [Option<&SecretSource>; 3] {
    match wish {
        Wish::Store {
            refresh,
            access,
            id,
            ..
        } => [Some(refresh), access.as_ref(), id.as_ref()],
        _ => [None; 3],
    }
}

fn lines(args: &AuthState, told: &Told, now: Timestamp) -> Vec<String> {
    let name = &args.name;
    let Some(items) = &told.now else {
        return vec![if told.changed {
            format!("{name}: its auth_state is taken away, and the hub shows none")
        } else {
            format!("{name}: no auth_state (JupyterHub {})", told.version)
        }];
    };
    let mut lines = vec![if told.changed {
        format!("{name}: the auth_state is stored, and the hub gives the same back")
    } else {
        format!(
            "{name}: an auth_state is there (JupyterHub {})",
            told.version
        )
    }];
    for item in items {
        let what = match &item.kind {
            Kind::Empty => "empty".to_owned(),
            Kind::Text => "there; it does not say when it ends".to_owned(),
            Kind::ToBeRefreshed => {
                "none yet: the hub gets one with the refresh token, at the next refresh".to_owned()
            }
            Kind::Jwt(Some(end)) => format!("there; until {}", until(*end, now)),
            Kind::Jwt(None) => "there; without an end".to_owned(),
            Kind::Object(keys) => format!("there, with {}", keys.join(", ")),
            Kind::Other => "there".to_owned(),
        };
        lines.push(format!("  {}: {what}", item.key));
    }
    lines
}
