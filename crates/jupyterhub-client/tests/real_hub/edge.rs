//! What lies between client and hub: TLS with a private authority, access proxies, redirects, and prefixes.

use jupyterhub_client::{Framing, Hub, Method, ProgressStream, Secret, Stage, TlsKind};
use jupyterhub_sandbox::Spec;
use serde_json::json;

use crate::at::{Account, At, LONG, admin_settings};
use crate::front::Front;
use crate::kernel::BOTH;

cases!(NEWEST: "edge" => private_authority, extra_headers, redirect_elsewhere, prefix);

async fn private_authority(at: At) {
    let front = Front::tls(at.sandbox().url()).await;
    let mut settings = admin_settings(at.sandbox(), &front.url);
    let error = Hub::new(settings.clone())
        .unwrap()
        .whoami()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.stage,
            Stage::Tls {
                kind: TlsKind::Untrusted,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.is_transport() && front.seen().is_empty());

    settings.ca_pem = Some(front.ca_pem.clone().into_bytes());
    let account = Account::new(Hub::new(settings).unwrap(), &at.version, "behind-tls").await;
    let events = async {
        let mut stream = crate::progress::open(&account.hub, "behind-tls").await;
        ends_ready(&mut stream).await;
    };
    let slow = json!({"fault": "slow:1"});
    let (jupyter, ()) = tokio::join!(account.start(&slow), events);
    assert!(
        jupyter.url().as_str().starts_with(&front.url),
        "{}",
        jupyter.url()
    );
    computes(&account, &jupyter).await;
    account.stop("").await;
    let seen = front.seen();
    assert!(seen.contains("upgrade: websocket"), "{seen}");
    // By header alone.
    let token = account.minted.token.expose().to_lowercase();
    assert!(seen.contains(&format!("authorization: token {token}")));
    assert!(
        !seen
            .lines()
            .any(|line| line.contains("http/1.1") && line.contains(&token))
    );
}

async fn ends_ready(stream: &mut ProgressStream) {
    let mut last = None;
    while let Some(event) = stream.next().await.unwrap() {
        last = Some(event);
    }
    assert!(last.as_ref().is_some_and(|event| event.ready), "{last:?}");
}

/// A kernel over the websocket.
async fn computes(account: &Account, jupyter: &jupyterhub_client::JupyterServer) {
    assert_eq!(jupyter.me().await.unwrap().username(), Some(&*account.name));
    let session = jupyter.start_session("sum.ipynb", "python3").await.unwrap();
    for framing in BOTH {
        let mut kernel = jupyter.connect(&session.kernel.id, framing).await.unwrap();
        kernel.ready(LONG).await.unwrap();
        assert_eq!(kernel.execute("6*7", LONG).await.unwrap().text(), "42");
        kernel.close().await;
    }
    jupyter.delete_session(&session.id).await.unwrap();
}

async fn extra_headers(at: At) {
    let front = Front::plain(at.sandbox().url()).await;
    let mut settings = admin_settings(at.sandbox(), &front.url);
    settings.user_agent = "edge-test/1".to_owned();
    settings
        .headers
        .push(("X-Access".to_owned(), Secret::new("acce55")));
    let hub = Hub::new(settings).unwrap();
    hub.whoami().await.unwrap();
    hub.without_token().root().await.unwrap();
    let id = "00000000-0000-4000-8000-000000000000";
    let url = hub.resolve(at.jupyter().await.url().path()).unwrap();
    hub.server(&url)
        .connect(id, Framing::PreferV1)
        .await
        .err()
        .unwrap();
    let seen = front.seen();
    let requests = seen.matches(" http/1.1\r\n").count();
    assert_eq!(requests, 3, "{seen}");
    assert_eq!(seen.matches("x-access: acce55\r\n").count(), requests);
    assert_eq!(
        seen.matches("user-agent: edge-test/1\r\n").count(),
        requests
    );
    assert_eq!(seen.matches("authorization: token ").count(), 2);
    for never in ["\r\norigin:", "\r\nreferer:", "\r\ncookie:"] {
        assert!(!seen.contains(never), "{seen}");
    }
}

async fn redirect_elsewhere(at: At) {
    let elsewhere = Front::plain(at.sandbox().url()).await;
    let gate = Front::redirecting(&format!("{}hub/api/user", elsewhere.url)).await;
    let mut settings = admin_settings(at.sandbox(), &gate.url);
    settings
        .headers
        .push(("X-Access".to_owned(), Secret::new("acce55")));
    let hub = Hub::new(settings).unwrap();
    let look = hub
        .look(Method::GET, &hub.api_url("user"), true)
        .await
        .unwrap();
    assert_eq!(look.head.status, 302);
    assert!(gate.seen().contains("authorization: token "));
    let location = look.head.headers.get("location").unwrap().to_owned();
    let error = hub.whoami().await.unwrap_err();
    assert!(
        matches!(&error.stage, Stage::Redirect { location: to, .. } if *to == location),
        "{error}"
    );
    assert_eq!(elsewhere.seen(), "", "followed");
    // Nor does it go along when the caller follows: another port is another origin.
    let location = hub.resolve(&location).unwrap();
    let look = hub.look(Method::GET, &location, true).await.unwrap();
    assert_eq!(look.head.status, 403);
    let seen = elsewhere.seen();
    assert!(
        seen.contains("get /hub/api/user ")
            && !seen.contains("authorization")
            && !seen.contains("acce55"),
        "{seen}"
    );
    // A real hub's own redirect, as it is.
    let root = at
        .admin()
        .look(Method::GET, &at.sandbox().url().parse().unwrap(), true)
        .await
        .unwrap();
    assert_eq!(
        (root.head.status, root.head.headers.get("location")),
        (302, Some("/hub/"))
    );
}

async fn prefix(at: At) {
    let spec = Spec {
        name: "prefix".to_owned(),
        base_url: "/deep/jhub/".to_owned(),
        ..at.hubs.spec()
    };
    let sandbox = at.hubs.own(&spec).await;
    // With and without the slash.
    let url = sandbox.url().trim_end_matches('/');
    let admin = Hub::new(admin_settings(&sandbox, url)).unwrap();
    assert_eq!(admin.url().as_str(), sandbox.url());
    assert_eq!(admin.root().await.unwrap().value.version, at.version.text);
    assert_eq!(admin.health().await.unwrap().head.status, 200);
    assert!(admin.proxy_health().await.unwrap().body.contains("OK"));
    let account = Account::new(admin, &at.version, "ada@example.org").await;
    let jupyter = account.start(&json!({})).await;
    let model = account.ready("").await;
    assert_eq!(
        model.url.as_deref(),
        Some("/deep/jhub/user/ada@example.org/")
    );
    assert_eq!(
        jupyter.url().as_str(),
        format!("{}user/ada@example.org/", sandbox.url())
    );
    ends_ready(&mut account.hub.progress(&account.name, "").await.unwrap()).await;
    let progress = account.hub.resolve(&model.progress_url.unwrap()).unwrap();
    let look = account
        .hub
        .look(Method::GET, &progress, true)
        .await
        .unwrap();
    assert_eq!(look.head.status, 200, "{look:?}");
    computes(&account, &jupyter).await;
    account.stop("").await;
    let error = jupyter.status().await.unwrap_err();
    assert!(
        matches!(&error.stage, Stage::Redirect { location, .. } if location.starts_with("/deep/jhub/hub/user/")),
        "{error}"
    );

    // Who leaves the prefix out is told where it is.
    let mut origin = sandbox.url().parse::<jupyterhub_client::Url>().unwrap();
    origin.set_path("/");
    let error = Hub::new(admin_settings(&sandbox, origin.as_str()))
        .unwrap()
        .root()
        .await
        .unwrap_err();
    assert!(
        matches!(&error.stage, Stage::Redirect { location, .. } if location.starts_with("/deep/jhub/")),
        "{error}"
    );
}
