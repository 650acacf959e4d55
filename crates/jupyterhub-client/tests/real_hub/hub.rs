//! What a hub says of itself, of the one who asks, and of its users.

use jupyterhub_client::{Stage, Token};

use crate::at::{At, refused};

cases!(EVERY_VERSION: "hub" => what_it_is, who_am_i, unknown_tokens, users, names_are_literal);

async fn what_it_is(at: At) {
    let admin = at.admin();
    let root = admin.without_token().root().await.unwrap();
    assert_eq!(root.value.version, at.version.text);
    assert_eq!(root.head.hub_version(), Some(&*at.version.text));
    assert!(root.head.is_json() && root.head.date.is_some());
    let info = admin.info().await.unwrap();
    assert_eq!(info.version, at.version.text);
    assert!(info.python.starts_with('3'), "{info:?}");
    assert!(info.spawner.class.contains("FaultSpawner"), "{info:?}");
    assert!(info.authenticator.class.contains("Dummy"), "{info:?}");
    let health = admin.health().await.unwrap();
    assert_eq!((health.head.status, &*health.body), (200, ""));
    let proxy = admin.proxy_health().await.unwrap();
    assert_eq!(proxy.head.status, 200);
    assert!(proxy.body.contains("OK"), "{proxy:?}");
    // Info is for those who may read it.
    refused(admin.without_token().info().await, 403, "");
    let account = at.account("curious").await;
    refused(account.hub.info().await, 403, "read:hub");
}

async fn who_am_i(at: At) {
    let service = at.admin().whoami().await.unwrap().value;
    assert_eq!(service.kind, "service");
    assert!(service.scopes.unwrap().contains(&"admin:users".to_owned()));
    let account = at.account("somebody").await;
    let seen = account.hub.whoami().await.unwrap();
    assert_eq!(seen.head.hub_version(), Some(&*at.version.text));
    let me = seen.value;
    assert_eq!((&*me.kind, &*me.name), ("user", "somebody"));
    assert_eq!(me.admin, Some(false));
    let scopes = me.scopes.unwrap();
    for scope in [
        "servers!user=somebody",
        "access:servers!user=somebody",
        "tokens!user=somebody",
    ] {
        assert!(scopes.contains(&scope.to_owned()), "{scopes:?}");
    }
    // Since 5.0.
    let id = (at.version.major >= 5).then_some(account.minted.model.id);
    assert_eq!(me.token_id, id);
    assert_eq!(me.session_id, None);
    assert!(me.servers.unwrap().is_empty());
}

async fn unknown_tokens(at: At) {
    let admin = at.admin();
    let wrong = admin.with_token(Token::parse(&"0".repeat(64)).unwrap());
    for hub in [&wrong, &admin.without_token()] {
        let error = refused(hub.whoami().await, 403, "");
        assert!(matches!(error.stage, Stage::Status { .. }), "{error:?}");
        // 6.x says `"message": null`.
        let words = (at.version.major < 6).then_some("Forbidden");
        assert_eq!(error.hub_message(), words);
        refused(
            hub.user("nobody", false).await,
            403,
            "Missing or invalid credentials",
        );
    }
}

async fn users(at: At) {
    let admin = at.admin();
    let name = "ada@example.org";
    refused(admin.user(name, false).await, 404, "");
    let made = admin.create_user(name).await.unwrap();
    assert_eq!((&*made.name, made.admin), (name, Some(false)));
    refused(admin.create_user(name).await, 409, "already exists");
    let read = admin.user(name, false).await.unwrap().value;
    assert_eq!(read.name, name);
    assert!(read.created.is_some() && read.last_activity.is_none());
    assert_eq!(read.roles.unwrap(), ["user"]);
    assert!(read.servers.unwrap().is_empty());
    admin.delete_user(name).await.unwrap();
    refused(admin.user(name, false).await, 404, "");
    refused(admin.delete_user(name).await, 404, "");
    // For one who may not know, another's existence is no different.
    let account = at.account("stranger").await;
    refused(
        account.hub.user("resident", false).await,
        404,
        "No access to resources",
    );
}

async fn names_are_literal(at: At) {
    let admin = at.admin();
    let made = admin.create_user("Grace Hopper").await.unwrap();
    assert_eq!(made.name, "Grace Hopper");
    refused(admin.user("grace hopper", false).await, 404, "");
    admin.delete_user("Grace Hopper").await.unwrap();
}
