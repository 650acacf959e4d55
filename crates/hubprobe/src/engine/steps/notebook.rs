//! Notebook: a notebook runs cell by cell, and shows what it should.
//!
//! As nbclient does it: a fresh kernel for each, of the kernelspec that the notebook names, in which nothing of other steps is. So
//! each has a session of its own beside that of the run, which stays, since it tells other runs that we are here, and is asked
//! after the stop whether the server is gone. Nothing is written to the home; the kernel's directory is that of the server.

use std::sync::Arc;
use std::time::Duration;

use jupyterhub_client::{Execution, ExecutionStatus, JupyterServer, KernelConnection};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::as_it_ran::AsItRan;
use super::{company, ending, execute, kernel, lost};
use crate::diagnose::{kernel as layer, notebook as diagnose};
use crate::engine::Walk;
use crate::notebook::{Compare, Difference, compare, size};
use crate::suite::NotebookStep;
use crate::vocabulary::{Cause, Finding};

/// How long an interrupted cell may take to say what it showed.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// More than this is compared on another thread, both sides taken together; so is all that there are rules for.
const LARGE: usize = 256 << 10;

/// Runs the probe's notebooks, one after the other, until one does not pass.
///
/// # Errors
/// A finding of the kernel's layer, or of the notebook's.
pub async fn notebook(walk: &mut Walk) -> Result<String, Finding> {
    let mut witness = walk.kernel.take();
    let ran = tokio::select! {
        biased;
        ran = all(walk) => ran,
        () = ending::keep_alive(&mut witness) => {
            Err(Finding::new(Cause::KernelDied, "the kernel was lost"))
        }
    };
    walk.kernel = witness;
    match ran {
        Ok(summary) => Ok(summary),
        Err(finding) if finding.cause == Cause::ProberBusy => {
            company::leave(walk).await;
            Err(finding)
        }
        // What a cell shows may be words that would be the home's in an error.
        Err(finding)
            if matches!(
                finding.cause,
                Cause::NotebookDiffers | Cause::NotebookTimeout
            ) =>
        {
            Err(finding)
        }
        Err(finding) => Err(super::or_the_home(walk, finding).await),
    }
}

async fn all(walk: &mut Walk) -> Result<String, Finding> {
    let probe = Arc::clone(&walk.probe);
    let mut said = Vec::new();
    for (at, step) in probe.notebooks.iter().enumerate() {
        company::give_way(walk).await?;
        said.push(one(walk, at + 1, step).await?);
    }
    Ok(said.join("; "))
}

async fn one(walk: &mut Walk, number: usize, step: &NotebookStep) -> Result<String, Finding> {
    let Some(server) = walk.server.clone() else {
        let words = "there is no server to run a notebook on";
        return Err(Finding::new(Cause::KernelNotStarted, words));
    };
    let until = Instant::now() + walk.probe.deadlines.kernel;
    let name = choose(walk, &server, step, until).await?;
    let path = company::path_of_notebook(walk.run, number);
    let session = match timeout_at(until, server.start_session(&path, &name)).await {
        Ok(Ok(session)) => session,
        Ok(Err(error)) => {
            let died = lost::server_died(walk).await;
            return Err(died.unwrap_or_else(|| layer::not_started(&error)));
        }
        Err(_) => return Err(kernel::late(walk, "for the kernel of a notebook to start")),
    };
    let id = session.kernel.id.clone();
    walk.beside = Some(session);
    let connected = kernel::connect(walk, &server, &id, until).await;
    let ran = match connected {
        Ok((connection, _)) => {
            let kept = walk
                .artifacts
                .then(|| AsItRan::begin(step.name(), &step.notebook, walk.voice.clone()));
            let mut running = Running {
                kept,
                walk,
                step,
                name: step.name(),
                id,
                connection,
            };
            let ran = running.cells().await;
            running.end().await;
            ran
        }
        Err(finding) => Err(finding),
    };
    execute::end_beside(walk).await;
    ran
}

/// The kernelspec: the step's, the notebook's, the probe's, the server's own choice.
async fn choose(
    walk: &Walk,
    server: &JupyterServer,
    step: &NotebookStep,
    until: Instant,
) -> Result<String, Finding> {
    let specs = match timeout_at(until, server.kernelspecs()).await {
        Ok(Ok(specs)) => specs,
        Ok(Err(error)) => {
            let died = lost::server_died(walk).await;
            return Err(died.unwrap_or_else(|| layer::not_started(&error)));
        }
        Err(_) => return Err(kernel::late(walk, "for the list of kernels")),
    };
    let wanted = step.kernel.as_ref().or(step.notebook.kernel.as_ref());
    let wanted = wanted.or(walk.probe.kernel.name.as_ref());
    let name = wanted.unwrap_or(&specs.default);
    let Some(spec) = specs.kernelspecs.get(name) else {
        let there: Vec<String> = specs.kernelspecs.keys().cloned().collect();
        return Err(diagnose::no_spec(&step.name(), name, &there));
    };
    let speaks = &spec.spec.language;
    // Of the kernel that it names itself, a notebook may say the language otherwise.
    let other = step.notebook.kernel.as_ref() != Some(name);
    match step.notebook.language.as_ref().filter(|_| other) {
        Some(language) if !speaks.is_empty() && !language.eq_ignore_ascii_case(speaks) => {
            let notebook = step.name();
            Err(diagnose::other_language(&notebook, language, name, speaks))
        }
        _ => Ok(name.clone()),
    }
}

/// A notebook in its kernel.
struct Running<'a> {
    walk: &'a Walk,
    step: &'a NotebookStep,
    name: String,
    /// The kernel's.
    id: String,
    connection: KernelConnection,
    /// Where somebody keeps it.
    kept: Option<AsItRan>,
}

impl Running<'_> {
    /// All cells, until one raises or does not end. After one that differs the others still run, as with nbval.
    async fn cells(&mut self) -> Result<String, Finding> {
        let notebook = Arc::clone(&self.step.notebook);
        let mut differing: Vec<(usize, Difference, bool)> = Vec::new();
        let (mut ran, mut compared) = (0, 0);
        let mut failed = None;
        for (at, cell) in notebook.cells.iter().enumerate() {
            let duty = cell.duty(self.step.compare);
            if !duty.run {
                if let Some(executed) = self.kept.as_mut().and_then(AsItRan::executed) {
                    executed.keep(&notebook, at);
                }
                continue;
            }
            let execution = match self.run(at).await {
                Ok(execution) => execution,
                Err(finding) => {
                    failed = Some(finding);
                    break;
                }
            };
            ran += 1;
            self.note(at, &execution);
            if execution.output_dropped {
                self.walk.voice.warn(&format!(
                    "{}: some of what code cell {} showed was dropped (the server's IOPub rate limits, or more than 8 MiB)",
                    self.name,
                    at + 1
                ));
            }
            // nbclient goes by the kernel's reply, nbval by what is shown.
            let raised = match self.step.compare {
                Compare::None => execution.status != ExecutionStatus::Ok,
                _ => execution.error.is_some() || execution.status == ExecutionStatus::Aborted,
            };
            if raised && !duty.may_raise {
                let clean = |text: &str| self.walk.voice.clean(text);
                let error = execution.error.as_ref();
                failed = Some(diagnose::raised(&self.place(at), error, &clean));
                break;
            }
            let dropped = execution.output_dropped || execution.shown_dropped;
            let difference = if duty.is_odd {
                Some(diagnose::odd())
            } else if duty.compare {
                compared += 1;
                let shown = execution.as_shown.as_ref().unwrap_or(&execution.outputs);
                let difference = self.difference(at, in_json(shown)).await;
                diagnose::or_dropped(difference, dropped)
            } else {
                None
            };
            differing.extend(difference.map(|it| (at, it, dropped)));
        }
        let mut differing = differing.into_iter();
        let Some((at, first, dropped)) = differing.next() else {
            return match failed {
                Some(finding) => Err(finding),
                None => Ok(self.words(ran, compared)),
            };
        };
        let others: Vec<usize> = differing.map(|(at, ..)| at + 1).collect();
        let place = self.place(at);
        let finding = diagnose::differs(&place, &first, &others, dropped);
        Err(match failed {
            Some(later) => diagnose::differs_and_failed(&place, &first, finding, later),
            None => finding,
        })
    }

    async fn run(&mut self, at: usize) -> Result<Execution, Finding> {
        let notebook = &self.step.notebook;
        let source = &notebook.cells[at].source;
        let deadline = self.step.timeout;
        let deadline = deadline.unwrap_or(self.walk.probe.deadlines.execute);
        let ran = self.connection.execute_and_go_on(source, deadline).await;
        let error = match ran {
            Ok(execution) => return Ok(execution),
            Err(error) => error,
        };
        if !error.is_timeout() {
            let finding = diagnose::unfinished(&self.place(at), &error, "");
            return Err(match lost::server_died(self.walk).await {
                Some(died) => died.seen_all(finding.evidence),
                None => finding,
            });
        }
        let interrupt = execute::interrupt(self.walk, &self.id).await;
        let finding = diagnose::unfinished(&self.place(at), &error, interrupt);
        if interrupt == execute::HELPED
            && let Ok(execution) = self.connection.resume(LAST_WORDS).await
        {
            self.note(at, &execution);
        }
        Err(finding)
    }

    /// What a cell showed is a part of the notebook as it ran.
    fn note(&mut self, at: usize, execution: &Execution) {
        let notebook = &self.step.notebook;
        if let Some(executed) = self.kept.as_mut().and_then(AsItRan::executed) {
            let shown = in_json(&execution.outputs);
            executed.ran(notebook, at, shown, execution.execution_count);
        }
    }

    /// What differs from the file.
    async fn difference(&self, at: usize, shown: Vec<Value>) -> Option<Difference> {
        let notebook = Arc::clone(&self.step.notebook);
        let rules = Arc::clone(&self.step.rules);
        let voice = self.walk.voice.clone();
        let clean = move |text: &str| voice.clean(&diagnose::without_colours(text));
        let is_quick = rules.is_empty() && size(&notebook.cells[at].outputs) + size(&shown) < LARGE;
        let comparing = move || compare(&notebook.cells[at].outputs, &shown, &rules, &clean);
        if is_quick {
            return comparing();
        }
        // A signal must not wait for it.
        match tokio::task::spawn_blocking(comparing).await {
            Ok(difference) => difference,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    fn place(&self, at: usize) -> diagnose::Place<'_> {
        let cells = &self.step.notebook.cells;
        diagnose::Place {
            notebook: &self.name,
            number: at + 1,
            of: cells.len(),
            line: self.walk.voice.clean(cells[at].first_line()),
        }
    }

    fn words(&self, ran: usize, compared: usize) -> String {
        let cells = |count: usize| match count {
            1 => "1 cell".to_owned(),
            many => format!("{many} cells"),
        };
        match self.step.compare {
            Compare::None => format!("{}: {} ran", self.name, cells(ran)),
            _ => format!("{}: {} ran, {compared} compared", self.name, cells(ran)),
        }
    }

    /// Says goodbye to the kernel; what is to be kept is said as it is let go.
    async fn end(self) {
        self.connection.close().await;
    }
}

/// Outputs as a notebook file has them.
fn in_json(outputs: &[jupyterhub_client::Output]) -> Vec<Value> {
    let outputs = outputs.iter().map(serde_json::to_value);
    outputs.filter_map(Result::ok).collect()
}
