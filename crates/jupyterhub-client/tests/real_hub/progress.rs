//! The progress stream: of a spawn that works, that fails, that ends early, and of none.

use jupyterhub_client::{Hub, Method, ProgressEvent, ProgressStream};
use serde_json::json;

use crate::at::{Account, At, refused, wait_for};

cases!(EVERY_VERSION: "progress" => of_none, to_the_end, of_a_failure, that_ends_early, that_is_let_go);

/// All events until the stream ends.
async fn all(mut stream: ProgressStream) -> Vec<ProgressEvent> {
    let mut events = Vec::new();
    while let Some(event) = stream.next().await.unwrap() {
        events.push(event);
    }
    // The end stays the end.
    assert_eq!(stream.next().await.unwrap(), None);
    events
}

/// The stream, once the spawn has begun.
pub async fn open(hub: &Hub, user: &str) -> ProgressStream {
    wait_for("the stream", async || match hub.progress(user, "").await {
        Ok(stream) => Some(stream),
        Err(error) if matches!(error.status(), Some(400 | 404)) => None,
        Err(error) => panic!("{error}"),
    })
    .await
}

/// Starts the default server, and reads the stream beside it.
async fn follow(account: &Account, options: serde_json::Value) -> (Vec<ProgressEvent>, bool) {
    let events = async { all(open(&account.hub, &account.name).await).await };
    let (started, events) = tokio::join!(account.ask("", &options), events);
    (events, started.is_ok())
}

async fn of_none(at: At) {
    let account = at.account("patient").await;
    refused(account.hub.progress("patient", "").await.map(drop), 404, "");
    refused(
        account.hub.progress("patient", "thesis").await.map(drop),
        404,
        "",
    );
    refused(
        account.admin.progress("nobody", "").await.map(drop),
        404,
        "",
    );
    refused(
        account
            .hub
            .without_token()
            .progress("patient", "")
            .await
            .map(drop),
        403,
        "",
    );
}

async fn to_the_end(at: At) {
    let account = at.account("watcher").await;
    let (events, started) = follow(&account, json!({"fault": "slow:1"})).await;
    assert!(started);
    let first = &events[0];
    assert_eq!(
        (first.percent, &*first.message),
        (Some(0.0), "Server requested")
    );
    let (last, before) = events.split_last().unwrap();
    assert!(
        last.ready && !last.failed && last.percent == Some(100.0),
        "{last:?}"
    );
    assert_eq!(last.url.as_deref(), Some("/user/watcher/"));
    assert!(last.message.contains("/user/watcher/"), "{last:?}");
    assert!(
        last.html_message.as_ref().unwrap().contains("<a href"),
        "{last:?}"
    );
    assert!(
        before.iter().all(|event| !event.ready && !event.failed),
        "{before:?}"
    );
    // At the model's own address, too.
    let url = account.ready("").await.progress_url.unwrap();
    let url = account.hub.resolve(&url).unwrap();
    let look = account.hub.look(Method::GET, &url, true).await.unwrap();
    assert!(look.body.contains("\"ready\": true"));
    // Once more: the one event that says it.
    let events = all(account.hub.progress("watcher", "").await.unwrap()).await;
    assert!(events.len() == 1 && events[0].ready, "{events:?}");
}

async fn of_a_failure(at: At) {
    let account = at.account("disappointed").await;
    let (events, started) = follow(&account, json!({"fault": "late_raise:1"})).await;
    assert!(!started);
    let last = events.last().unwrap();
    assert!(last.failed && !last.ready && last.url.is_none(), "{last:?}");
    assert!(
        last.message.contains("The sandbox was asked to fail late"),
        "{last:?}"
    );
    // It sticks.
    account.gone("").await;
    for _ in 0..2 {
        let again = all(account.hub.progress("disappointed", "").await.unwrap()).await;
        assert_eq!(again.last().unwrap().message, last.message);
        assert!(again.last().unwrap().failed, "{again:?}");
    }
    // Until the next one begins.
    account.start(&json!({})).await;
    let events = all(account.hub.progress("disappointed", "").await.unwrap()).await;
    assert!(
        events.iter().all(|event| !event.failed) && events.last().unwrap().ready,
        "{events:?}"
    );
}

async fn that_ends_early(at: At) {
    let account = at.account("left-alone").await;
    let watched = async {
        let events = all(open(&account.hub, &account.name).await).await;
        (events, account.server("").await.unwrap())
    };
    let options = json!({"fault": "progress_end:2"});
    let (started, (events, server)) = tokio::join!(account.ask("", &options), watched);
    assert!(
        events.iter().all(|event| !event.ready && !event.failed),
        "{events:?}"
    );
    assert_eq!(events.last().unwrap().message, "Half way, and no further");
    assert_eq!(server.pending.as_deref(), Some("spawn"));
    // And it was no failure.
    started.unwrap();
    account.ready("").await;
}

async fn that_is_let_go(at: At) {
    let account = at.account("impatient").await;
    let watched = async {
        let mut stream = open(&account.hub, &account.name).await;
        let first = stream.next().await.unwrap().unwrap();
        assert!(!first.ready);
        drop(stream);
    };
    let slow = json!({"fault": "late_raise:1"});
    let (started, ()) = tokio::join!(account.ask("", &slow), watched);
    refused(started, 500, "");
    // For the next who looks it is all there.
    let events = all(account.hub.progress("impatient", "").await.unwrap()).await;
    assert!(events.last().unwrap().failed, "{events:?}");
}
