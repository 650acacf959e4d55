//! One case, from the account that is made for it to the last look at what is left.

use std::cell::Cell;
use std::path::Path;
use std::process::Stdio;
use std::rc::Rc;
use std::str::FromStr;
use std::time::{Duration, Instant};

use jupyterhub_sandbox::Fault;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use super::case::{After, At, Case, Deed, When};
use super::hubs::Running;
use super::place::Place;
use super::process;
use super::trouble::Trouble;
use super::verdict::{Outcome, Said, Seen, judge};
use super::world::World;

/// How long a check may take to undo what it made, once it is told to end.
const LAST_WORDS: Duration = Duration::from_secs(20);
/// How long what happens before a check may take, beside the check's own limit.
const SETTING_UP: Duration = Duration::from_secs(120);

/// What all cases of a run have in common.
#[derive(Debug)]
pub(super) struct Common<'a> {
    /// hubprobe.
    pub(super) program: &'a Path,
    /// Where each case has a directory.
    pub(super) cases: &'a Path,
    /// Cancelled where all of it shall end.
    pub(super) end: &'a CancellationToken,
}

/// What of a case the sandbox cannot do yet.
pub(super) fn not_built(case: &Case) -> Option<String> {
    let asked =
        |option: &&'static str| option.strip_prefix("fault=").map(|it| it.trim_matches('"'));
    let front = match case.at {
        At::Front { fault, .. } => Some(fault),
        _ => None,
    };
    let faults = case.hub.standing.iter().copied();
    faults
        .chain(front)
        .chain(case.typed.options.iter().filter_map(asked))
        .find_map(|fault| Some(Fault::from_str(fault).err()?.to_string()))
        .map(|text| text.split(';').next().unwrap_or_default().to_owned())
}

/// Brings a case about and judges it.
pub(super) async fn walk(
    case: &'static Case,
    hub: Option<Rc<Running>>,
    common: &Common<'_>,
) -> Outcome {
    let world = match World::make(case, hub, common.cases, common.program).await {
        Ok(world) => world,
        Err(trouble) => return troubled(case, &trouble),
    };
    let limit = case.limit + SETTING_UP;
    let brought_about = tokio::time::timeout(limit, brought_about(&world, common))
        .await
        .unwrap_or_else(|_| {
            Err(Trouble::Local(format!(
                "it could not be brought about within {limit:?}"
            )))
        });
    let mut outcome = match brought_about {
        Ok(said) => {
            keep(&world, &said);
            let mut outcome = judge(case, &said);
            match afterwards(&world).await {
                Ok(complaints) => outcome.complaints.extend(complaints),
                Err(trouble) => outcome.complaints.push(trouble.to_string()),
            }
            outcome
        }
        Err(trouble) => troubled(case, &trouble),
    };
    if let (Some(hub), false) = (&world.hub, case.hub.shared)
        && let Err(trouble) = hub.repair().await
    {
        outcome.complaints.push(trouble.to_string());
    }
    world.tidy_up().await;
    if outcome.passed() {
        drop(std::fs::remove_dir_all(&world.directory));
    } else {
        outcome.kept = Some(world.directory);
    }
    outcome
}

fn troubled(case: &'static Case, trouble: &Trouble) -> Outcome {
    Outcome::without(case, Seen::Nothing, trouble.to_string())
}

async fn brought_about(world: &World, common: &Common<'_>) -> Result<Said, Trouble> {
    let sandbox = world.hub.as_ref().map(|hub| &hub.sandbox);
    let place = Place::open(world.case.at, sandbox, common.program).await?;
    let said = with_deeds(world, &place, common).await;
    place.close().await?;
    said
}

/// The deeds before, and then the check with what happens meanwhile.
async fn with_deeds(world: &World, place: &Place, common: &Common<'_>) -> Result<Said, Trouble> {
    let deeds = world.case.deeds;
    let before = deeds.iter().filter(|(when, _)| *when == When::Before);
    let mut other = None;
    for (_, deed) in before {
        match deed {
            Deed::EarlierCheck => {
                run(world, world.command(place)?, &[], common).await?;
            }
            Deed::EarlierLoss => lose(world, world.command(place)?).await?,
            Deed::OtherCheck => {
                other = Some(at_work(world.command(place)?)?);
                world.moment(When::Ready(0.5), Instant::now()).await?;
            }
            deed => tokio::select! {
                done = world.perform(*deed, None) => done?,
                () = common.end.cancelled() => return Err(Trouble::Interrupted),
            },
        }
    }
    world.remember().await?;
    let said = run(world, world.command(place)?, deeds, common).await;
    if let Some(other) = other {
        end(other).await?;
    }
    said
}

/// A check beside the one that is judged.
fn at_work(mut command: Command) -> Result<Child, Trouble> {
    Ok(command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?)
}

/// Asked to end, it takes back what it made.
async fn end(mut child: Child) -> Result<(), Trouble> {
    if let Some(pid) = child.id() {
        process::signal(pid, rustix::process::Signal::TERM);
    }
    let ended = tokio::time::timeout(LAST_WORDS, child.wait()).await;
    match ended {
        Ok(Ok(_)) => Ok(()),
        _ => Err(Trouble::Local("the other check did not end".to_owned())),
    }
}

/// A check that is killed while its server starts.
async fn lose(world: &World, mut command: Command) -> Result<(), Trouble> {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    world.moment(When::Pending(0.3), Instant::now()).await?;
    Ok(child.kill().await?)
}

/// Runs a command to its end, within the case's limit, while its deeds happen.
async fn run(
    world: &World,
    mut command: Command,
    deeds: &[(When, Deed)],
    common: &Common<'_>,
) -> Result<Said, Trouble> {
    let began = Instant::now();
    let mut child = command
        .spawn()
        .map_err(|error| Trouble::Local(format!("{:?}: {error}", command.as_std())))?;
    let pid = child.id();
    let later: Vec<&(When, Deed)> = deeds
        .iter()
        .filter(|(when, _)| *when != When::Before)
        .collect();
    let reached = Cell::new(0);
    let meanwhile = async {
        if let Err(trouble) = happen(world, &later, &reached, pid, began).await {
            return trouble;
        }
        std::future::pending().await
    };
    let speaking = speak(&mut child);
    tokio::pin!(speaking);
    let trouble = tokio::select! {
        said = &mut speaking => {
            let said = Said { duration: began.elapsed(), ..said? };
            let Some(missed) = later.get(reached.get()) else {
                return Ok(said);
            };
            keep(world, &said);
            Trouble::Local(format!(
                "the check ended with exit code {:?} before this could happen: {missed:?}",
                said.exit
            ))
        }
        trouble = meanwhile => trouble,
        () = common.end.cancelled() => Trouble::Interrupted,
        () = tokio::time::sleep(world.case.limit) => {
            Trouble::Local(format!("it did not end within {:?}", world.case.limit))
        }
    };
    // Asked to end, it takes back what it made; killed where it does not.
    if let Some(pid) = pid {
        process::signal(pid, rustix::process::Signal::TERM);
    }
    if let Ok(Ok(said)) = tokio::time::timeout(LAST_WORDS, &mut speaking).await {
        keep(world, &said);
    }
    Err(trouble)
}

/// The deeds in their order, each at its moment; counts those that began.
async fn happen(
    world: &World,
    deeds: &[&(When, Deed)],
    reached: &Cell<usize>,
    check: Option<u32>,
    began: Instant,
) -> Result<(), Trouble> {
    for (when, deed) in deeds {
        world.moment(*when, began).await?;
        reached.set(reached.get() + 1);
        world.perform(*deed, check).await?;
    }
    Ok(())
}

/// What it says until it ends.
async fn speak(child: &mut Child) -> Result<Said, Trouble> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let read_out = async {
        match stdout {
            Some(mut pipe) => pipe.read_to_end(&mut out).await,
            None => Ok(0),
        }
    };
    let read_err = async {
        match stderr {
            Some(mut pipe) => pipe.read_to_end(&mut err).await,
            None => Ok(0),
        }
    };
    let (first, second) = tokio::join!(read_out, read_err);
    first?;
    second?;
    let status = child.wait().await?;
    Ok(Said {
        exit: status.code(),
        out: String::from_utf8_lossy(&out).into_owned(),
        err: String::from_utf8_lossy(&err).into_owned(),
        duration: Duration::ZERO,
    })
}

/// Puts what was said where it can be looked at.
fn keep(world: &World, said: &Said) {
    for (name, text) in [("report.json", &said.out), ("stderr.txt", &said.err)] {
        if !text.is_empty() {
            drop(std::fs::write(world.directory.join(name), text));
        }
    }
}

/// What is there after the check that may not be there, or is not there that must.
async fn afterwards(world: &World) -> Result<Vec<String>, Trouble> {
    let mut complaints = Vec::new();
    if world.case.after == After::Anything {
        return Ok(complaints);
    }
    let Some(hub) = &world.hub else {
        complaints.extend(ledger_must_be_empty(world));
        return Ok(complaints);
    };
    if !world.case.hub.shared {
        hub.repair().await?;
    }
    if world.case.after == After::Leftovers {
        if world.ledger() == 0 {
            complaints.push("what is left behind does not stand in the ledger".to_owned());
        }
        let said = world.clean().output().await?;
        if !said.status.success() {
            let text = String::from_utf8_lossy(&said.stdout).trim().to_owned();
            complaints.push(format!("hubprobe clean did not take it away: {text}"));
        }
    }
    complaints.extend(ledger_must_be_empty(world));
    let servers = hub.servers(&world.account).await?;
    if world.case.after == After::Somebodys {
        complaints.extend(world.harmed(&servers));
    } else if !servers.is_empty() {
        let names: Vec<&String> = servers.keys().collect();
        complaints.push(format!("still on the hub: servers {names:?}"));
    }
    Ok(complaints)
}

fn ledger_must_be_empty(world: &World) -> Option<String> {
    let entries = world.ledger();
    (entries > 0).then(|| format!("{entries} entries are left in the ledger"))
}
