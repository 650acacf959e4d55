//! Kernels over the websocket, in both framings: code and what it shows.

use jupyterhub_client::{
    Execution, ExecutionStatus, Framing, FramingUsed, JupyterServer, KernelConnection, Output,
};
use serde_json::json;

use crate::at::{At, LONG};

cases!(EVERY_VERSION: "kernel" => runs_code_v1, runs_code_json, large_output, two_at_once);

pub const BOTH: [Framing; 2] = [Framing::PreferV1, Framing::JsonOnly];

/// A connection to the kernel of a session of this name, started if it is the first; the ids of both.
pub async fn kernel(
    jupyter: &JupyterServer,
    name: &str,
    framing: Framing,
) -> (KernelConnection, String, String) {
    let session = jupyter
        .start_session(&format!("{name}.ipynb"), "python3")
        .await
        .unwrap();
    let mut kernel = jupyter.connect(&session.kernel.id, framing).await.unwrap();
    let used = match framing {
        Framing::PreferV1 => FramingUsed::V1,
        Framing::JsonOnly => FramingUsed::Json,
    };
    assert_eq!(kernel.framing(), used);
    let info = kernel.ready(LONG).await.unwrap();
    assert_eq!(info.language_info.name, "python");
    assert!(info.protocol_version.starts_with("5."), "{info:?}");
    (kernel, session.kernel.id, session.id)
}

/// Closes the connection and ends the kernel.
pub async fn end(jupyter: &JupyterServer, kernel: KernelConnection, session: &str) {
    kernel.close().await;
    jupyter.delete_session(session).await.unwrap();
}

async fn runs_code_v1(at: At) {
    runs_code(at, "code-v1", Framing::PreferV1).await;
}

async fn runs_code_json(at: At) {
    runs_code(at, "code-json", Framing::JsonOnly).await;
}

fn raised(done: &Execution) -> (&str, &str) {
    assert_eq!(done.status, ExecutionStatus::Error);
    let error = done.error.as_ref().unwrap();
    (&error.ename, &error.evalue)
}

async fn runs_code(at: At, name: &str, framing: Framing) {
    let jupyter = at.jupyter().await;
    let (mut kernel, _, session) = kernel(&jupyter, name, framing).await;
    let mut run = async |code: &str| kernel.execute(code, LONG).await.unwrap();

    let done = run("print(6*7)\nprint('é', end='')").await;
    assert_eq!(
        (done.text().as_str(), done.status),
        ("42\né", ExecutionStatus::Ok)
    );
    assert_eq!(
        (done.execution_count, done.output_dropped),
        (Some(1), false)
    );
    let done = run("'a' * 3").await;
    assert_eq!(
        (done.text().as_str(), done.execution_count),
        ("'aaa'", Some(2))
    );
    assert!(
        matches!(&done.outputs[..], [Output::ExecuteResult { .. }]),
        "{done:?}"
    );
    let done = run("x = 1").await;
    assert!(done.outputs.is_empty() && done.error.is_none(), "{done:?}");

    let done = run("import sys\nprint('w', file=sys.stderr)\n1/0").await;
    assert_eq!(raised(&done), ("ZeroDivisionError", "division by zero"));
    assert!(
        done.error
            .as_ref()
            .unwrap()
            .traceback
            .join("")
            .contains("1/0")
            || !done.outputs.is_empty()
    );
    assert!(
        matches!(&done.outputs[..], [Output::Stream { name, text }, Output::Error(_)] if name == "stderr" && text == "w\n"),
        "{done:?}"
    );
    let done = run("print(").await;
    assert_eq!(raised(&done).0, "SyntaxError");
    // Nobody is there to be asked.
    let done = run("input('name? ')").await;
    assert_eq!(raised(&done).0, "StdinNotImplementedError");

    let done = run("from IPython.display import display, clear_output\nprint('old')\nclear_output()\ndisplay({'text/plain': 'new'}, raw=True)").await;
    let [Output::DisplayData { data, .. }] = &done.outputs[..] else {
        panic!("{done:?}")
    };
    assert_eq!(data["text/plain"], json!("new"));
    end(&jupyter, kernel, &session).await;
}

async fn large_output(at: At) {
    let jupyter = at.jupyter().await;
    for framing in BOTH {
        let (mut kernel, _, _) = kernel(&jupyter, "large", framing).await;
        let mut run = async |code: &str| kernel.execute(code, LONG).await.unwrap();
        let done = run("print('x' * (2 << 20))").await;
        assert_eq!(
            (done.text().len(), done.output_dropped),
            ((2 << 20) + 1, false)
        );
        // More than is kept.
        let done = run("print('x' * (9 << 20))").await;
        assert_eq!(
            (done.status, done.output_dropped),
            (ExecutionStatus::Ok, true)
        );
        assert!(done.text().len() <= 8 << 20, "{} bytes", done.text().len());
        // The connection is none the worse for it.
        assert_eq!(run("6*7").await.text(), "42");
        kernel.close().await;
    }
}

/// What one connection asks for is not shown to be the other's.
async fn two_at_once(at: At) {
    let jupyter = at.jupyter().await;
    let (mut one, id, session) = kernel(&jupyter, "shared", Framing::PreferV1).await;
    let mut other = jupyter.connect(&id, Framing::JsonOnly).await.unwrap();
    other.ready(LONG).await.unwrap();
    let (first, second) = tokio::join!(
        one.execute("import time; time.sleep(.3); print('one')", LONG),
        other.execute("print('other')", LONG)
    );
    assert_eq!(
        (first.unwrap().text(), second.unwrap().text()),
        ("one\n".to_owned(), "other\n".to_owned())
    );
    assert_eq!(jupyter.kernel(&id).await.unwrap().connections, Some(2));
    other.close().await;
    end(&jupyter, one, &session).await;
}
