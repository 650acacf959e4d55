//! `hubprobe account doctor`.

use anyhow::bail;
use jiff::Timestamp;

use crate::account::doctor::{Grade, Sides, examine, later};
use crate::account::hub_config::Flavor;
use crate::cli::args::Global;
use crate::cli::args_account::Doctor;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::settings;
use crate::report::plain;
use crate::suite;
use crate::vocabulary::SecretSource;

/// Looks at an account, and says what is wrong with it and what cures it.
///
/// # Errors
/// Whatever is wrong with what was typed.
pub(super) async fn run(global: &Global, args: &Doctor, printer: &Printer) -> anyhow::Result<Exit> {
    let target = super::target(&args.hub, printer)?;
    let admin = super::admin(&args.admin)?;
    let file = args
        .token_file
        .clone()
        .or_else(|| super::path_in("HUBPROBE_TOKEN_FILE"));
    let own = settings::token_source(file.as_ref(), &["HUBPROBE_TOKEN"])?;
    let own = (own != SecretSource::Missing).then_some(own);
    if own.is_none() && admin.is_none() {
        bail!(
            "no token was given. Name the account's with --token-file FILE or HUBPROBE_TOKEN_FILE, an administrator's \
             with --admin-token-file FILE or HUBPROBE_ADMIN_TOKEN_FILE, or both"
        );
    }
    if own == Some(SecretSource::Stdin) && own == admin {
        bail!("only one secret can come through standard input; put the other into a file");
    }
    let patience = match &args.patient {
        Some(typed) => Some(
            suite::parse_duration(typed)
                .map_err(|reason| anyhow::anyhow!("--patient {typed}: {reason}"))?,
        ),
        None => None,
    };
    if patience.is_some() && own.is_none() {
        bail!(
            "--patient asks again with the account's own token: name its file with --token-file FILE or HUBPROBE_TOKEN_FILE"
        );
    }
    let state_dir = settings::state_dir(global)?;
    let sides = Sides {
        target: &target,
        name: &args.name,
        own: own.as_ref(),
        admin: admin.as_ref(),
    };
    let mut points = match examine(sides, &state_dir, Timestamp::now()).await {
        Ok(points) => points,
        Err(problem) => return super::tell(problem, printer),
    };
    if let Some(patience) = patience {
        printer.note(&format!(
            "hubprobe: asking again in {}, when the hub has to refresh the account's login",
            suite::format_duration(patience)
        ));
        match later(sides, patience).await {
            Ok(point) => points.push(point),
            Err(problem) => return super::tell(problem, printer),
        }
    }
    let mut exit = Exit::Passed;
    for point in &points {
        let mark = match point.grade {
            Grade::Well => "ok",
            Grade::Mind => "mind",
            Grade::Wrong => {
                exit = Exit::Failed;
                "WRONG"
            }
        };
        printer.line(&format!("{mark:<5}  {}", plain::line(&point.words)));
        if let Some(cure) = &point.cure {
            printer.line(&format!("       cure: {}", plain::line(cure)));
        }
        let chosen = args.flavor.map(Flavor::from);
        let lines = point.lines.iter();
        for (flavor, line) in lines.filter(|(flavor, _)| chosen.is_none_or(|one| one == *flavor)) {
            printer.line(&format!(
                "             {:<8}  {}",
                flavor.name(),
                plain::line(line)
            ));
        }
    }
    Ok(exit)
}
