//! Servers: started, asked for twice, stopped, removed.

use jupyterhub_client::{Method, Stage, Started, Stopped, start_body};
use serde_json::{Value, json};

use crate::at::{Account, At, LONG, refused, wait_for};

cases!(EVERY_VERSION: "servers" => start_and_stop, options_arrive_as_sent, named, pending_start, pending_stop, failed_start);

/// Options as forms send them, and as only JSON can.
fn options() -> Value {
    json!({"reservation": [""], "runtime": ["00:05:00"], "nested": {"list": [1, 2.5, null], "text": "é"}})
}

fn options_and(more: Value) -> Value {
    let mut all = options();
    all.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    all
}

async fn start_and_stop(at: At) {
    let account = at.account("starter").await;
    assert_eq!(account.ask("", &json!({})).await.unwrap(), Started::Ready);
    let server = account.server("").await.unwrap();
    assert!(server.ready && server.pending.is_none() && server.started.is_some());
    assert_eq!(server.url.as_deref(), Some("/user/starter/"));
    assert_eq!(
        server.progress_url.as_deref(),
        Some("/hub/api/users/starter/server/progress")
    );
    let user = account.user().await;
    assert_eq!(
        (user.server.as_deref(), user.pending),
        (Some("/user/starter/"), None)
    );
    let state = account
        .admin
        .user("starter", false)
        .await
        .unwrap()
        .value
        .servers
        .unwrap();
    assert!(
        state[""].state.as_ref().unwrap()["pid"].is_u64(),
        "{state:?}"
    );
    refused(account.ask("", &json!({})).await, 400, "already running");

    let jupyter = account
        .hub
        .server(&account.hub.resolve("/user/starter/").unwrap());
    jupyter.status().await.unwrap();
    let stopped = account.hub.stop_server("starter", "", false).await.unwrap();
    assert_eq!((stopped.value, stopped.head.status), (Stopped::Gone, 204));
    assert!(account.server("").await.is_none());
    // What is not there is stopped without complaint.
    let again = account.hub.stop_server("starter", "", false).await.unwrap();
    assert_eq!(again.value, Stopped::Gone);
    refused(
        account.hub.progress("starter", "").await.map(drop),
        400,
        "not starting",
    );

    // The route leads to the hub now, which is not followed.
    for error in [
        jupyter.version().await.unwrap_err(),
        jupyter.status().await.unwrap_err(),
    ] {
        let Stage::Redirect { head, location } = &error.stage else {
            panic!("{error}")
        };
        assert_eq!(head.status, 302);
        assert!(location.starts_with("/hub/user/starter/api"), "{location}");
    }
    let told = account.hub.resolve("/hub/user/starter/").unwrap();
    let error = refused(
        account.hub.server(&told).status().await,
        424,
        "no longer running",
    );
    assert!(matches!(error.stage, Stage::Status { .. }));
    let look = jupyter
        .look(Method::GET, "api/status?x=1", true)
        .await
        .unwrap();
    assert_eq!(look.head.status, 302);
}

/// What a hub keeps of a body as options: its shape is why `start_body` asks for the version. The spawns fail by
/// themselves where their options are understood, which saves stopping them.
async fn options_arrive_as_sent(at: At) {
    let wraps = at.version.wraps_options();
    let wanted = options_and(json!({"fault": "late_raise:1"}));

    let account = at.account("chooser").await;
    keeps(&account, &start_body(&at.version, &wanted), &wanted, false).await;
    // From 6.0 on an empty body is no options at all, but those of the last time.
    if wraps {
        keeps(&account, &json!({}), &wanted, false).await;
        // Empty options, said explicitly, are empty options.
        keeps(
            &account,
            &start_body(&at.version, &json!({})),
            &json!({}),
            true,
        )
        .await;
    } else {
        keeps(&account, &json!({}), &json!({}), true).await;
        let account = at.account("misled").await;
        let wrapped = json!({"user_options": wanted});
        keeps(&account, &wrapped, &wrapped, true).await;
    }
}

/// That a spawn with this body has these options, and that it works, or fails by the fault in them.
async fn keeps(account: &Account, body: &Value, options: &Value, works: bool) {
    let kept = async || {
        let server = account.server("").await?;
        server.user_options.filter(|kept| kept == options)
    };
    if works {
        account.ask_raw("", body).await.unwrap();
        account.ready("").await;
        assert!(kept().await.is_some(), "not {options}");
    } else {
        // A model that was just made may have none yet.
        let seen = wait_for("the options", kept);
        let (answer, _) = tokio::join!(account.ask_raw("", body), seen);
        refused(answer, 500, "");
        account.gone("").await;
    }
}

async fn named(at: At) {
    let account = at.account("owner").await;
    let all = async |stopped: bool| {
        account
            .hub
            .user("owner", stopped)
            .await
            .unwrap()
            .value
            .servers
            .unwrap()
    };
    refused(
        account.hub.stop_server("owner", "thesis", false).await,
        404,
        "thesis",
    );
    account.ask("thesis", &options()).await.unwrap();
    let server = account.ready("thesis").await;
    assert_eq!(
        (&*server.name, server.url.as_deref()),
        ("thesis", Some("/user/owner/thesis/"))
    );
    assert_eq!(
        server.progress_url.as_deref(),
        Some("/hub/api/users/owner/servers/thesis/progress")
    );
    assert_eq!(server.user_options, Some(options()));
    let full = (at.version.major >= 5).then_some("owner/thesis");
    assert_eq!(server.full_name.as_deref(), full);
    assert!(account.server("").await.is_none());
    let jupyter = account
        .hub
        .server(&account.hub.resolve(&server.url.unwrap()).unwrap());
    assert!(jupyter.status().await.unwrap().value.started.is_some());

    // Stopped, and still somebody's.
    account.stop("thesis").await;
    assert!(all(false).await.is_empty());
    let stopped = all(true).await;
    assert!(!stopped["thesis"].ready);
    assert_eq!(stopped["thesis"].stopped, Some(true));
    // Removed, and nobody's.
    account
        .hub
        .stop_server("owner", "thesis", true)
        .await
        .unwrap();
    assert!(!all(true).await.contains_key("thesis"));
    refused(
        account.hub.stop_server("owner", "thesis", true).await,
        404,
        "thesis",
    );
    // The default server cannot be removed.
    refused(account.hub.stop_server("owner", "", true).await, 400, "");
}

async fn pending_start(at: At) {
    let account = at.account("waiting").await;
    let slow = json!({"fault": "hang", "start_timeout": 4});
    let both = async {
        let server = account.pending("").await;
        assert_eq!(server.pending.as_deref(), Some("spawn"));
        assert!(!server.ready);
        // A second one joins the first, whatever it wants.
        assert_eq!(account.ask("", &options()).await.unwrap(), Started::Pending);
        assert_eq!(account.pending("").await.user_options.unwrap(), slow);
        let stop = account.hub.stop_server("waiting", "", false).await;
        if at.version.cancels_pending() {
            stop.unwrap();
        } else {
            refused(stop, 400, "pending");
        }
    };
    let (first, ()) = tokio::join!(account.ask("", &slow), both);
    refused(first, 500, "");
    account.gone("").await;
}

async fn pending_stop(at: At) {
    let account = at.account("leaving").await;
    account.start(&json!({"fault": "stop_slow:2"})).await;
    let again = async {
        let server = account.pending("").await;
        assert_eq!(server.pending.as_deref(), Some("stop"));
        assert!(!server.ready);
        let again = account.hub.stop_server("leaving", "", false).await.unwrap();
        assert_eq!((again.value, again.head.status), (Stopped::Pending, 202));
        // Not before it is gone.
        refused(account.ask("", &json!({})).await, 400, "pending stop");
    };
    let (first, ()) = tokio::join!(account.hub.stop_server("leaving", "", false), again);
    assert_eq!(first.unwrap().value, Stopped::Gone);
    account.gone("").await;
}

async fn failed_start(at: At) {
    let account = at.account("unlucky").await;
    let error = refused(account.ask("", &json!({"fault": "raise"})).await, 500, "");
    assert!(matches!(error.stage, Stage::Status { .. }), "{error:?}");
    account.gone("").await;
    // A refusal by the hub itself, before any spawn.
    refused(
        at.admin()
            .start_server("nobody", "", &json!({}), LONG)
            .await,
        404,
        "",
    );
}
