//! Execute: code runs in the kernel, and says what it should.
//!
//! First a number that only a kernel can know: two random factors go in, their
//! product must come out. Nothing that echoes, caches or pretends gets this
//! right. Then the probe's own code.

use std::time::Duration;

use jupyterhub_client::{Execution, ExecutionStatus, KernelConnection, Session};
use tokio::time::{sleep, timeout};

use super::{company, lost};
use crate::diagnose::kernel as diagnose;
use crate::engine::Walk;
use crate::vocabulary::{Cause, Finding};

/// How long an interrupt may take to help.
const INTERRUPT: Duration = Duration::from_secs(5);

/// Runs the nonce and then the probe's code.
///
/// # Errors
/// A finding of the kernel's layer.
pub async fn execute(walk: &mut Walk) -> Result<String, Finding> {
    let Some(mut kernel) = walk.kernel.take() else {
        return Err(Finding::new(
            Cause::KernelNotStarted,
            "there is no kernel to run code in",
        ));
    };
    match all(walk, &mut kernel).await {
        // It stays until the end: what is left of it then tells whether the
        // server was really stopped.
        Ok(summary) => {
            walk.kernel = Some(kernel);
            Ok(summary)
        }
        Err(finding) => Err(give_up(walk, kernel, finding).await),
    }
}

async fn all(walk: &Walk, kernel: &mut KernelConnection) -> Result<String, Finding> {
    let (a, b) = (
        rand::random_range(10_000..30_000_u32),
        rand::random_range(10_000..30_000_u32),
    );
    let code = format!("print({a}*{b})");
    let product = (a * b).to_string();
    let execution = run(walk, kernel, &code).await?;
    let text = execution.text();
    // R prints "[1] 42": the number is what counts.
    if !text.split_whitespace().any(|word| word == product) {
        return Err(diagnose::wrong_output(&code, &product, &text));
    }
    for step in &walk.probe.execute {
        company::give_way(walk).await?;
        let execution = run(walk, kernel, &step.code).await?;
        let text = execution.text();
        if let Some(expected) = &step.expect
            && !expected.met_by(&text)
        {
            return Err(diagnose::wrong_output(&step.code, &expected.words(), &text));
        }
    }
    let more = match walk.probe.execute.len() {
        0 => String::new(),
        1 => ", and the probe's code ran".to_owned(),
        n => format!(", and {n} pieces of the probe's code ran"),
    };
    Ok(format!("{a} × {b} = {product}{more}"))
}

/// Runs code of a later step in the same kernel, and gives what it printed.
///
/// # Errors
/// A finding of the kernel's layer.
pub(super) async fn extra(walk: &mut Walk, code: &str) -> Result<String, Finding> {
    let Some(mut kernel) = walk.kernel.take() else {
        return Err(Finding::new(
            Cause::KernelNotStarted,
            "there is no kernel to run code in",
        ));
    };
    let ran = match company::give_way(walk).await {
        Ok(()) => run(walk, &mut kernel, code).await,
        Err(finding) => Err(finding),
    };
    match ran {
        Ok(execution) => {
            walk.kernel = Some(kernel);
            Ok(execution.text())
        }
        Err(finding) => Err(give_up(walk, kernel, finding).await),
    }
}

/// Ends the kernel that something went wrong in.
async fn give_up(walk: &mut Walk, kernel: KernelConnection, finding: Finding) -> Finding {
    let finding = super::or_the_home(walk, finding).await;
    kernel.close().await;
    end_session(walk).await;
    if finding.cause == Cause::ProberBusy {
        company::leave(walk).await;
    }
    finding
}

async fn run(walk: &Walk, kernel: &mut KernelConnection, code: &str) -> Result<Execution, Finding> {
    let deadline = walk.probe.deadlines.execute;
    match kernel.execute(code, deadline).await {
        Ok(execution) if execution.status == ExecutionStatus::Ok => {
            if execution.output_dropped {
                walk.voice
                    .warn("the server dropped some of the code's output (its IOPub rate limit)");
            }
            Ok(execution)
        }
        Ok(execution) => Err(diagnose::raised(execution.error.as_ref(), code)),
        Err(error) => {
            if !error.is_timeout()
                && let Some(finding) = lost::server_died(walk).await
            {
                return Err(finding.seen(format!("it happened while this code ran: {code}")));
            }
            let interrupt = match &walk.session {
                Some(session) if error.is_timeout() => {
                    interrupt(walk, &session.kernel.id).await.to_owned()
                }
                _ => String::new(),
            };
            Err(diagnose::unfinished(&error, &interrupt).seen(format!("the code: {code}")))
        }
    }
}

/// What an interrupt that brought a kernel back is called.
pub(super) const HELPED: &str = "an interrupt helped: the kernel is idle again";

/// Whether an interrupt brings the kernel back.
pub(super) async fn interrupt(walk: &Walk, id: &str) -> &'static str {
    let Some(server) = &walk.server else {
        return "";
    };
    let interrupting = async {
        if server.interrupt_kernel(id).await.is_err() {
            return false;
        }
        loop {
            match server.kernel(id).await {
                Ok(kernel) if kernel.execution_state == "idle" => return true,
                Ok(_) => sleep(Duration::from_millis(300)).await,
                Err(_) => return false,
            }
        }
    };
    match timeout(INTERRUPT, interrupting).await {
        Ok(true) => HELPED,
        _ => "an interrupt did not help",
    }
}

/// The kernel would end with the server; a server that is kept should not be
/// left with ours.
pub(super) async fn end_session(walk: &mut Walk) {
    let (session, beside) = (walk.session.take(), walk.beside.take());
    tokio::join!(end(walk, session), end(walk, beside));
}

/// The same for the session of a notebook.
pub(super) async fn end_beside(walk: &mut Walk) {
    let session = walk.beside.take();
    end(walk, session).await;
}

async fn end(walk: &Walk, session: Option<Session>) {
    if let (Some(server), Some(session)) = (&walk.server, session) {
        let ending = server.delete_session(&session.id);
        drop(timeout(Duration::from_secs(6), ending).await);
    }
}
