//! What is broken on purpose, as it is typed and shown: `up --fault`, `sandbox faults`, and the front that stands before a
//! sandbox. What the faults do is the sandbox's own.

use anyhow::{Context, bail};
use jupyterhub_sandbox::{Error, Fault, Front, OwnFront, Place, Sandbox, fault_kinds};

use crate::cli::printer::Printer;
use crate::report::wrap;
use crate::suite::nearest;

/// The faults of one `up`, by what they need.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Of spawns and of the hub: part of the sandbox.
    pub(super) standing: Vec<Fault>,
    /// Something before it.
    pub(super) front: Option<Fault>,
}

/// Sorts what was typed.
pub(super) fn asked(typed: &[String]) -> anyhow::Result<Asked> {
    let mut asked = Asked::default();
    for text in typed {
        let fault: Fault = text.parse().map_err(explained)?;
        if fault.kind().place != Place::Front {
            asked.standing.push(fault);
            continue;
        }
        // Before a hub is installed and started for nothing.
        jupyterhub_sandbox::front::check(&fault)?;
        if let Some(other) = asked.front.replace(fault) {
            bail!(
                "{other} and {text} both stand before the hub, where there is room for one; give one of them"
            );
        }
    }
    Ok(asked)
}

/// The name that was most likely meant, in place of all.
fn explained(error: Error) -> anyhow::Error {
    let Error::UnknownFault { fault, known } = &error else {
        return error.into();
    };
    let name = fault
        .split(':')
        .next()
        .unwrap_or_default()
        .replace('-', "_");
    match nearest(&name, known) {
        Some(near) => anyhow::anyhow!(
            "there is no fault `{fault}`; did you mean `{near}`? hubprobe sandbox faults lists them all"
        ),
        None => {
            anyhow::anyhow!("there is no fault `{fault}`; hubprobe sandbox faults lists them all")
        }
    }
}

/// Starts the front; a sandbox whose front does not come up goes down again.
pub(super) async fn start(
    sandbox: &Sandbox,
    fault: &Fault,
    printer: &Printer,
) -> anyhow::Result<Front> {
    printer.note(&format!("  starting the front {fault}"));
    let program = std::env::current_exe().context("this program cannot be found again")?;
    let own = OwnFront(vec![program.into(), "sandbox".into(), "front".into()]);
    match sandbox.front(fault, &own).await {
        Ok(front) => Ok(front),
        Err(error) => {
            sandbox.down_keeping_logs().await?;
            Err(error.into())
        }
    }
}

/// What stands there, below the first line of `up`.
pub(super) fn about(front: &Front, sandbox: &Sandbox) -> String {
    let ca = match front.ca_file() {
        Some(path) => format!("\n  CA file: {}", path.display()),
        None => String::new(),
    };
    format!(
        "\n  through the front {}: {}\n  without it: {}{ca}",
        front.fault(),
        front.kind().what,
        sandbox.url()
    )
}

/// The line to type that goes through it. The account is made without it, since few fronts would let that through.
pub(super) fn check(front: &Front) -> String {
    format!(
        "  hubprobe check --url {}{} --user servuser --token-file servuser.token\n",
        front.url(),
        ca_flag(front)
    )
}

/// A front in `status`.
pub(super) fn row(front: &Front, sandbox: &Sandbox) -> String {
    let process = if front.is_running() {
        front.pid().to_string()
    } else {
        "STOPPED".to_owned()
    };
    format!(
        "  front {} ({process}): --url {}{}; without it: {}",
        front.fault(),
        front.url(),
        ca_flag(front),
        sandbox.url()
    )
}

fn ca_flag(front: &Front) -> String {
    match front.ca_file() {
        Some(path) => format!(" --ca-file {}", path.display()),
        None => String::new(),
    }
}

/// The catalogue, for a screen of this many columns.
pub(super) fn list(columns: usize) -> String {
    let titles = [
        (
            Place::Spawn,
            "In a spawn: every one (up --fault), or one that asks for it (up --faults, and the spawn option fault)",
        ),
        (Place::Hub, "In the hub (up --fault)"),
        (
            Place::Front,
            "In a front, between the client and the hub (up --fault; one at a time)",
        ),
    ];
    let width = fault_kinds()
        .map(|kind| kind.usage().len())
        .max()
        .unwrap_or(0);
    let mut parts = Vec::new();
    for (place, title) in titles {
        let mut lines = wrap(title, columns);
        for kind in fault_kinds().filter(|kind| kind.place == place) {
            let what = wrap(kind.what, columns.saturating_sub(width + 4));
            for (number, line) in what.iter().enumerate() {
                let name = if number == 0 {
                    kind.usage()
                } else {
                    String::new()
                };
                lines.push(format!("  {name:width$}  {line}"));
            }
        }
        if lines.len() > 1 {
            parts.push(lines.join("\n"));
        }
    }
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_fits_the_screen_and_has_them_all() {
        let list = list(80);
        assert!(
            list.lines().all(|line| line.chars().count() <= 80),
            "{list}"
        );
        for kind in fault_kinds() {
            assert!(list.contains(&format!("  {}", kind.name)), "{}", kind.name);
        }
    }

    #[test]
    fn a_slip_is_understood_and_two_fronts_are_refused() {
        let typed = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            asked(&words).map_err(|error| error.to_string())
        };
        let error = typed(&["no-upgrad"]).unwrap_err();
        assert!(error.contains("`no_upgrade`"), "{error}");
        let error = typed(&["cut:3", "tls"]).unwrap_err();
        assert!(error.contains("one"), "{error}");
        let both = typed(&["slow:3", "tls"]).unwrap();
        assert_eq!(both.standing.len(), 1);
        assert_eq!(both.front.unwrap().to_string(), "tls");
    }
}
