//! The suite's commands that ask the scheduler, and gone, as it has that: the command
//! is run after the stop, until it says nothing. A hub forgets a job whose cancelling failed, and then only
//! the scheduler knows that it runs on.
//!
//! What could not be asked is warned of, and proves nothing either way.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::diagnose::scheduler::{self as diagnose, Job};
use crate::diagnose::stop;
use crate::engine::{Voice, Walk};
use crate::hook;
use crate::suite::SchedulerHook;
use crate::undo::entry::server_words;
use crate::vocabulary::Finding;

/// How long a job may take to end after its hub has called it stopped, and the
/// command to say so.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it may take until the scheduler says how a job ended.
const ENDING: Duration = Duration::from_secs(10);

/// Between two questions.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a command that wants the job's id was not run.
pub(super) const NO_ID: &str = "the hub does not tell the job's id, neither in its progress messages nor in the server's state (which wants the scope admin:server_state)";

/// What the scheduler says.
pub(super) enum Answer {
    /// Nobody asks it.
    NotAsked,
    /// The job is gone.
    Gone,
    /// It has the job still, as this command says.
    StillThere(Finding, Vec<String>),
}

/// Asks the scheduler, until the job is gone or the time is over.
pub(super) async fn ask(walk: &Walk, latest: Instant) -> Answer {
    let Some(hook) = &walk.probe.gone else {
        return Answer::NotAsked;
    };
    if hook.wants_job() && walk.job_id.is_none() {
        return not_checked(walk, NO_ID);
    }
    let words = filled(hook, walk);
    let until = latest.min(Instant::now() + PATIENCE);
    let mut last;
    let mut answered = false;
    loop {
        last = timeout_at(until, run(&walk.voice, &words))
            .await
            .unwrap_or_else(|_| Err("the command did not end in time".to_owned()));
        match &last {
            Ok(said) if said.is_empty() => return Answer::Gone,
            Ok(_) => answered = true,
            // A scheduler that has answered before may do so again.
            Err(why) if !answered => return not_checked(walk, why),
            Err(_) => {}
        }
        if Instant::now() + PAUSE >= until {
            break;
        }
        sleep(PAUSE).await;
    }
    match last {
        Ok(said) => {
            let server = server_words(&walk.probe.server);
            let said = walk.voice.clean(&said);
            let finding = stop::still_queued(&server, &words.join(" "), &said);
            Answer::StillThere(finding, words)
        }
        Err(why) => not_checked(walk, &why),
    }
}

/// How the server's job is, or how it ended, where the suite has that asked; for a server that is gone or going.
pub(super) async fn job(walk: &Walk) -> Option<Job> {
    let hook = walk.probe.queue.as_ref().filter(|hook| hook.wants_job())?;
    walk.job_id.as_ref()?;
    let words = filled(hook, walk);
    let until = Instant::now() + ENDING;
    loop {
        let said = timeout_at(until, run(&walk.voice, &words))
            .await
            .ok()?
            .ok()?;
        let job = Job::of(&words.join(" "), &walk.voice.clean(&said), true);
        if !job.is_ending() || Instant::now() + PAUSE >= until {
            return Some(job);
        }
        sleep(PAUSE).await;
    }
}

fn not_checked(walk: &Walk, why: &str) -> Answer {
    let why = walk.voice.clean(why);
    walk.voice.warn(&format!(
        "not checked whether the scheduler still has the job: {why}"
    ));
    Answer::NotAsked
}

/// The command's words for this visit.
pub(super) fn filled(hook: &SchedulerHook, walk: &Walk) -> Vec<String> {
    let job = walk.job_id.as_deref().unwrap_or_default();
    let fill = |word: &String| {
        word.replace("{job_id}", job)
            .replace("{user}", walk.user())
            .replace("{server}", &walk.probe.server)
    };
    hook.command.iter().map(fill).collect()
}

/// What the command says, or why it could not be asked.
pub(super) async fn run(voice: &Voice, words: &[String]) -> Result<String, String> {
    let mut said = hook::run(words).await?;
    // Before any of it is cut.
    said.errors = voice.clean(&said.errors);
    if said.success || said.output.is_empty() && diagnose::says_no_such_job(&said.errors) {
        return Ok(said.output);
    }
    let program = words.first().map_or("", String::as_str);
    Err(diagnose::no_answer(program, &said.status, &said.errors))
}
