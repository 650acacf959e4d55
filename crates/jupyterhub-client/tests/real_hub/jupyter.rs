//! A Jupyter server behind the hub: what it is, who may ask it, and its sessions and kernels over REST.

use jupyterhub_client::{NewToken, Stage, Token};

use crate::at::{At, refused};

cases!(EVERY_VERSION: "jupyter" => what_it_is, who_may_ask, sessions, kernels);

async fn what_it_is(at: At) {
    let jupyter = at.jupyter().await;
    let version = jupyter.version().await.unwrap();
    assert!(version.value.version.starts_with("2."), "{version:?}");
    // The package in the server's own environment.
    assert_eq!(version.head.hub_version(), Some(&*at.version.text));
    let status = jupyter.status().await.unwrap();
    assert_eq!(status.head.status, 200);
    assert!(status.value.started.is_some() && status.value.last_activity.is_some());
    let me = jupyter.me().await.unwrap();
    assert_eq!(me.username(), Some("resident"), "{me:?}");
    let specs = jupyter.kernelspecs().await.unwrap();
    assert_eq!(specs.default, "python3");
    let python = &specs.kernelspecs["python3"];
    assert_eq!(
        (&*python.name, &*python.spec.language),
        ("python3", "python")
    );
    assert!(
        python.spec.display_name.starts_with("Python 3"),
        "{python:?}"
    );
}

async fn who_may_ask(at: At) {
    let jupyter = at.jupyter().await;
    let url = jupyter.url().clone();
    let admin = at.admin();
    let stranger = at.account("visitor").await;
    let wrong = admin.with_token(Token::parse(&"1".repeat(64)).unwrap());
    for hub in [admin.without_token(), wrong, stranger.hub] {
        let server = hub.server(&url);
        let error = refused(server.status().await, 403, "Forbidden");
        assert!(matches!(error.stage, Stage::Status { .. }), "{error:?}");
        refused(server.kernelspecs().await, 403, "");
        refused(server.start_session("x.ipynb", "python3").await, 403, "");
        // What needs no token.
        server.version().await.unwrap();
    }
    // One who may start it, but not come in.
    let new = NewToken {
        scopes: Some(vec!["servers!user=resident".to_owned()]),
        ..NewToken::default()
    };
    let minted = admin.create_token("resident", &new).await.unwrap();
    refused(
        admin.with_token(minted.token).server(&url).status().await,
        403,
        "Forbidden",
    );
    // One who may see to it that others can.
    let admin_sees = admin.server(&url).me().await.unwrap();
    assert!(
        admin_sees.username().is_some_and(|name| name != "resident"),
        "{admin_sees:?}"
    );
}

async fn sessions(at: At) {
    let jupyter = at.jupyter().await;
    let error = refused(
        jupyter.start_session("no.ipynb", "no-such-kernel").await,
        501,
        "no-such-kernel",
    );
    assert!(matches!(error.stage, Stage::Status { .. }));
    let made = jupyter
        .start_session("folder/sessions é.ipynb", "python3")
        .await
        .unwrap();
    assert_eq!(
        (&*made.path, &*made.kind),
        ("folder/sessions é.ipynb", "notebook")
    );
    assert_eq!(
        (&*made.name, &*made.kernel.name),
        ("sessions é.ipynb", "python3")
    );
    let same = jupyter
        .start_session("folder/sessions é.ipynb", "python3")
        .await
        .unwrap();
    assert_eq!(
        (same.id, same.kernel.id),
        (made.id.clone(), made.kernel.id.clone())
    );
    let listed = jupyter.sessions().await.unwrap();
    assert!(
        listed.iter().any(|session| session.id == made.id),
        "{listed:?}"
    );
    jupyter.delete_session(&made.id).await.unwrap();
    refused(
        jupyter.kernel(&made.kernel.id).await,
        404,
        "Kernel does not exist",
    );
    refused(jupyter.delete_session(&made.id).await, 404, "");
}

async fn kernels(at: At) {
    let jupyter = at.jupyter().await;
    refused(jupyter.start_kernel("no-such-kernel").await, 500, "");
    let made = jupyter.start_kernel("python3").await.unwrap();
    assert_eq!(made.name, "python3");
    let listed = jupyter.kernels().await.unwrap();
    assert!(
        listed.iter().any(|kernel| kernel.id == made.id),
        "{listed:?}"
    );
    let read = jupyter.kernel(&made.id).await.unwrap();
    assert_eq!(read.connections, Some(0));
    assert!(
        ["starting", "idle", "busy", "unknown"].contains(&&*read.execution_state),
        "{read:?}"
    );
    jupyter.interrupt_kernel(&made.id).await.unwrap();
    let again = jupyter.restart_kernel(&made.id).await.unwrap();
    assert_eq!(again.id, made.id);
    jupyter.delete_kernel(&made.id).await.unwrap();
    refused(jupyter.kernel(&made.id).await, 404, "Kernel does not exist");
    refused(
        jupyter.delete_kernel(&made.id).await,
        404,
        "Kernel does not exist",
    );
    refused(
        jupyter.interrupt_kernel(&made.id).await,
        404,
        "Kernel does not exist",
    );
}
