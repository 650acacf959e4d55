//! Tokens: minted, limited, listed, revoked.

use std::time::Duration;

use jiff::Timestamp;
use jupyterhub_client::NewToken;

use crate::at::{At, LONG, refused};

cases!(EVERY_VERSION: "tokens" => from_mint_to_revocation, scopes_limit, scopes_beyond_the_owners, time_is_up);

async fn from_mint_to_revocation(at: At) {
    let account = at.account("minter").await;
    let new = NewToken {
        note: "a test's".to_owned(),
        expires_in: Some(Duration::from_secs(3600)),
        ..NewToken::default()
    };
    // A user may make tokens of its own.
    let minted = account.hub.create_token("minter", &new).await.unwrap();
    let life = minted
        .model
        .expires_at
        .unwrap()
        .duration_since(Timestamp::now());
    assert!((3500..=3601).contains(&life.as_secs()), "{life}");
    assert_eq!(minted.model.user.as_deref(), Some("minter"));
    assert!(minted.model.note.contains("a test's"), "{:?}", minted.model);

    let listed = account.hub.tokens("minter").await.unwrap();
    assert_eq!(listed.len(), 2, "{listed:?}");
    let model = account
        .hub
        .token_model("minter", &minted.model.id)
        .await
        .unwrap();
    assert_eq!(model.expires_at, minted.model.expires_at);
    assert!(model.last_activity.is_none() && model.created.is_some());
    let hub = account.hub.with_token(minted.token);
    assert_eq!(hub.whoami().await.unwrap().value.name, "minter");

    account
        .hub
        .revoke_token("minter", &minted.model.id)
        .await
        .unwrap();
    refused(hub.whoami().await, 403, "");
    refused(
        account.hub.token_model("minter", &minted.model.id).await,
        404,
        "",
    );
    refused(
        account.hub.revoke_token("minter", &minted.model.id).await,
        404,
        "",
    );
    assert_eq!(account.hub.tokens("minter").await.unwrap().len(), 1);
}

async fn scopes_limit(at: At) {
    let account = at.account("limited").await;
    let scopes = ["read:servers!user=limited", "read:users:name!user=limited"];
    let new = NewToken {
        scopes: Some(scopes.map(str::to_owned).to_vec()),
        ..NewToken::default()
    };
    let minted = account.admin.create_token("limited", &new).await.unwrap();
    // The hub lists what they imply, too.
    let held = minted.model.scopes.unwrap();
    assert!(
        scopes.iter().all(|scope| held.iter().any(|it| it == scope)),
        "{held:?}"
    );
    assert!(
        !held.iter().any(|scope| scope.starts_with("servers")),
        "{held:?}"
    );
    assert!(minted.model.expires_at.is_none());
    let hub = account.hub.with_token(minted.token);
    let me = hub.whoami().await.unwrap().value.scopes.unwrap();
    assert!(
        !me.iter().any(|scope| scope.starts_with("servers")),
        "{me:?}"
    );
    // Fields come and go with scopes.
    let user = hub.user("limited", false).await.unwrap().value;
    assert!(user.servers.is_some() && user.pending.is_none() && user.created.is_none());
    let body = serde_json::json!({});
    refused(
        hub.start_server("limited", "", &body, LONG).await,
        403,
        "servers",
    );
}

async fn scopes_beyond_the_owners(at: At) {
    let account = at.account("modest").await;
    let ask = async |scope: &str| {
        let new = NewToken {
            scopes: Some(vec![scope.to_owned()]),
            ..NewToken::default()
        };
        account.admin.create_token("modest", &new).await
    };
    refused(ask("admin:users").await, 400, "admin:users");
    refused(
        ask("servers!user=somebody-else").await,
        400,
        "servers!user=somebody-else",
    );
    // 4.x does not catch its own KeyError.
    let (status, words) = if at.version.major < 5 {
        (500, "")
    } else {
        (400, "no:such:scope")
    };
    refused(ask("no:such:scope").await, status, words);
    assert_eq!(account.admin.tokens("modest").await.unwrap().len(), 1);
    // Another's tokens, and nobody's.
    refused(
        account
            .hub
            .create_token("resident", &NewToken::default())
            .await,
        403,
        "",
    );
    refused(
        account
            .admin
            .create_token("nobody", &NewToken::default())
            .await,
        403,
        "",
    );
}

async fn time_is_up(at: At) {
    let account = at.account("brief").await;
    let new = NewToken {
        expires_in: Some(Duration::from_secs(1)),
        ..NewToken::default()
    };
    let minted = account.admin.create_token("brief", &new).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let hub = account.hub.with_token(minted.token);
    refused(hub.whoami().await, 403, "");
    // To read the list is to have it purged.
    let listed = account.admin.tokens("brief").await.unwrap();
    assert!(
        !listed.iter().any(|token| token.id == minted.model.id),
        "{listed:?}"
    );
    refused(
        account.admin.token_model("brief", &minted.model.id).await,
        404,
        "",
    );
}
