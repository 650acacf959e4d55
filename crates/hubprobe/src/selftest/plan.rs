//! A whole selftest: which cases, on which version, how many at once; hubs up and down around them.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use jupyterhub_sandbox::Places;
use tokio_util::sync::CancellationToken;

use super::case::Case;
use super::hubs::Hubs;
use super::trouble::Trouble;
use super::verdict::{Outcome, Seen};
use super::walk::{Common, not_built, walk};

/// What is to be run.
#[derive(Debug)]
pub struct Plan {
    /// The cases, as [`choose`](super::choose) gives them.
    pub cases: Vec<&'static Case>,
    /// The version of JupyterHub.
    pub version: String,
    /// How many cases, and so at most how many hubs, at once.
    pub jobs: usize,
    /// The hubprobe that is tested.
    pub program: PathBuf,
    /// Where environments are cached.
    pub cache: PathBuf,
    /// An existing directory for hubs and cases; only what did not pass is still in it at the end.
    pub directory: PathBuf,
}

/// What there is to tell while it runs.
#[derive(Debug)]
pub enum Told<'a> {
    /// A hub of this kind is started.
    HubStarts(&'a str),
    /// A case has ended.
    Ended {
        /// How.
        outcome: &'a Outcome,
        /// How many have ended by now.
        count: usize,
        /// Of how many.
        of: usize,
    },
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Results {
    /// The version of JupyterHub.
    pub version: String,
    /// How each case ended, in the order of the matrix.
    pub outcomes: Vec<Outcome>,
    /// What is wrong besides: a human's server harmed, a hub that could not be ended.
    pub complaints: Vec<String>,
    /// How long it took.
    pub duration: Duration,
    /// It was asked to end before its time.
    pub interrupted: bool,
}

impl Results {
    /// How many cases passed.
    pub fn passed(&self) -> usize {
        self.outcomes.iter().filter(|it| it.passed()).count()
    }

    /// How many things are wrong: cases, and complaints besides.
    pub fn failed(&self) -> usize {
        self.outcomes.len() - self.passed() + self.complaints.len()
    }
}

impl Plan {
    /// Runs it, and ends every hub whatever happens. `end` ends it before its time.
    pub async fn run(&self, end: &CancellationToken, tell: &dyn Fn(&Told<'_>)) -> Results {
        let began = Instant::now();
        let places = Places {
            cache: self.cache.clone(),
            state: self.directory.join("hubs"),
        };
        let buildable: Vec<&'static Case> = self
            .cases
            .iter()
            .copied()
            .filter(|case| not_built(case).is_none())
            .collect();
        let hubs = Hubs::new(places, &self.version, &buildable);
        let ended = RefCell::new(Vec::new());
        let complaints = RefCell::new(Vec::new());
        let cases = self.directory.join("cases");
        let told = |outcome: Outcome| {
            let mut ended = ended.borrow_mut();
            tell(&Told::Ended {
                outcome: &outcome,
                count: ended.len() + 1,
                of: self.cases.len(),
            });
            ended.push(outcome);
        };
        for case in &self.cases {
            if let Some(why) = not_built(case) {
                told(Outcome::without(case, Seen::NotBuilt, why));
            }
        }
        let common = Common {
            program: &self.program,
            cases: &cases,
            end,
        };
        let chunk = async |cases: Vec<&'static Case>| {
            for case in cases {
                if end.is_cancelled() {
                    return;
                }
                if let Some(outcome) = one(case, &hubs, &common, tell).await {
                    told(outcome);
                }
                if case.at.needs_hub() {
                    let said = hubs.done(case.hub).await;
                    complaints.borrow_mut().extend(said);
                }
            }
        };
        stream::iter(chunks(&buildable))
            .map(chunk)
            .buffer_unordered(self.jobs.max(1))
            .collect::<()>()
            .await;
        let mut complaints = complaints.into_inner();
        complaints.extend(hubs.down().await);
        let mut outcomes = ended.into_inner();
        outcomes.sort_by_key(|outcome| {
            let same = |case: &&Case| case.name == outcome.case.name;
            self.cases.iter().position(same)
        });
        for directory in ["hubs", "cases"] {
            // Empty, unless there is something to look at.
            drop(std::fs::remove_dir(self.directory.join(directory)));
        }
        Results {
            version: self.version.clone(),
            outcomes,
            complaints,
            duration: began.elapsed(),
            interrupted: end.is_cancelled(),
        }
    }
}

/// Runs one case; none where we were asked to end meanwhile.
async fn one(
    case: &'static Case,
    hubs: &Hubs,
    common: &Common<'_>,
    tell: &dyn Fn(&Told<'_>),
) -> Option<Outcome> {
    let walked = async {
        let hub = if case.at.needs_hub() {
            let starts = || tell(&Told::HubStarts(case.hub.name));
            tokio::select! {
                hub = hubs.of(case.hub, starts) => Some(hub?),
                () = common.end.cancelled() => return Err(Trouble::Interrupted),
            }
        } else {
            None
        };
        Ok(walk(case, hub, common).await)
    };
    let outcome = walked
        .await
        .unwrap_or_else(|trouble| Outcome::without(case, Seen::Nothing, trouble.to_string()));
    (!common.end.is_cancelled()).then_some(outcome)
}

/// Cases that may not run at the same time, in one chunk each; the rest alone. The chunks with a hub of their own come first,
/// since they take longest, and then whatever fills the gaps.
fn chunks(cases: &[&'static Case]) -> Vec<Vec<&'static Case>> {
    let mut chunks: Vec<Vec<&'static Case>> = Vec::new();
    let (shared, own): (Vec<&'static Case>, Vec<&'static Case>) = cases
        .iter()
        .copied()
        .partition(|case| case.hub.shared || !case.at.needs_hub());
    for case in own {
        let same = |chunk: &&mut Vec<&Case>| chunk[0].hub.name == case.hub.name;
        match chunks.iter_mut().find(same) {
            Some(chunk) => chunk.push(case),
            None => chunks.push(vec![case]),
        }
    }
    chunks.sort_by_key(|chunk| std::cmp::Reverse(chunk.len()));
    chunks.extend(shared.into_iter().map(|case| vec![case]));
    chunks
}

/// The hubprobe that runs, or the one at this path.
///
/// # Errors
/// Where the system does not say who runs.
pub fn program(path: Option<&Path>) -> std::io::Result<PathBuf> {
    match path {
        Some(path) => std::path::absolute(path),
        None => std::env::current_exe(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::matrix;
    use super::*;

    #[test]
    fn what_may_not_run_at_once_is_in_one_chunk() {
        let all: Vec<&'static Case> = matrix::all().collect();
        let chunks = chunks(&all);
        assert_eq!(chunks.iter().map(Vec::len).sum::<usize>(), all.len());
        let restless: Vec<_> = chunks
            .iter()
            .filter(|chunk| chunk.iter().any(|case| case.hub.name == "restless"))
            .collect();
        assert_eq!(restless.len(), 1);
        assert!(restless[0].len() > 3);
        assert!(restless[0].iter().all(|case| case.hub.name == "restless"));
    }
}
