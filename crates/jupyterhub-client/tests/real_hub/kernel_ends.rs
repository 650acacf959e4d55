//! Kernels that do not answer: too slow, interrupted, dead, deleted, never there.

use std::time::{Duration, Instant};

use jupyterhub_client::{ExecutionStatus, Framing, Stage};

use crate::at::{At, LONG};
use crate::kernel::{BOTH, end, kernel};

cases!(EVERY_VERSION: "kernel" => interrupted, dies, deleted, never_there);

async fn interrupted(at: At) {
    let jupyter = at.jupyter().await;
    for framing in BOTH {
        let (mut kernel, id, _) = kernel(&jupyter, "slow", framing).await;
        let code = "print('begun', flush=True)\nimport time; time.sleep(60)";
        let error = kernel
            .execute(code, Duration::from_secs(1))
            .await
            .unwrap_err();
        assert!(
            matches!(
                error.stage,
                Stage::Timeout {
                    phase: "execute",
                    ..
                }
            ),
            "{error}"
        );
        assert!(
            error.is_timeout() && error.elapsed < Duration::from_secs(2),
            "{error}"
        );
        let error = kernel.resume(Duration::from_millis(200)).await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
        jupyter.interrupt_kernel(&id).await.unwrap();
        let done = kernel.resume(Duration::from_secs(10)).await.unwrap();
        assert_eq!(done.status, ExecutionStatus::Error);
        assert_eq!(done.error.as_ref().unwrap().ename, "KeyboardInterrupt");
        // What it showed before the deadline is not lost.
        assert_eq!(done.text(), "begun\n");
        let error = kernel.resume(Duration::from_secs(1)).await.unwrap_err();
        assert!(matches!(error.stage, Stage::Setup { .. }), "{error}");
        assert_eq!(kernel.execute("6*7", LONG).await.unwrap().text(), "42");
        kernel.close().await;
    }
}

async fn dies(at: At) {
    let jupyter = at.jupyter().await;
    let (mut connection, id, session) = kernel(&jupyter, "dying", Framing::PreferV1).await;
    let began = Instant::now();
    let error = connection
        .execute("import os; os._exit(3)", LONG)
        .await
        .unwrap_err();
    let Stage::KernelDied { state } = &error.stage else {
        panic!("{error}")
    };
    assert!(
        ["restarting", "autorestarting"].contains(&&**state),
        "{state}"
    );
    assert!(began.elapsed() < Duration::from_secs(15));
    connection.close().await;
    // The server starts it again, and the id stays.
    let mut again = jupyter.connect(&id, Framing::JsonOnly).await.unwrap();
    again.ready(LONG).await.unwrap();
    assert_eq!(again.execute("6*7", LONG).await.unwrap().text(), "42");
    end(&jupyter, again, &session).await;
}

async fn deleted(at: At) {
    let jupyter = at.jupyter().await;
    let (mut connection, id, session) = kernel(&jupyter, "deleted", Framing::PreferV1).await;
    let (outcome, deleted) = tokio::join!(
        connection.execute("import time; time.sleep(60)", LONG),
        async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            jupyter.delete_session(&session).await
        }
    );
    deleted.unwrap();
    // Servers interrupt a kernel before they end it, so the code may come to its end first.
    match outcome {
        Ok(done) => assert_eq!(done.error.unwrap().ename, "KeyboardInterrupt"),
        Err(error) => assert!(
            matches!(error.stage, Stage::KernelDied { .. } | Stage::Closed { .. }),
            "{error}"
        ),
    }
    let error = jupyter.connect(&id, Framing::PreferV1).await.err().unwrap();
    assert!(matches!(error.stage, Stage::Upgrade { .. }), "{error}");
}

async fn never_there(at: At) {
    let jupyter = at.jupyter().await;
    let id = "00000000-0000-4000-8000-000000000000";
    let nobody = at.admin().without_token().server(jupyter.url());
    for framing in BOTH {
        for (server, status) in [(&jupyter, 404), (&nobody, 403)].repeat(10) {
            let error = server.connect(id, framing).await.err().unwrap();
            assert!(matches!(error.stage, Stage::Upgrade { .. }), "{error}");
            assert_eq!(error.status(), Some(status), "{error}");
            // The proxy closes the connection after it, which is nobody else's.
            server.version().await.unwrap();
        }
    }
}
