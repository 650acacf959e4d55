//! A whole visit of a user to a hub: made, given a token, served, asked to compute, and taken away again.
//!
//! `JUPYTERHUB_ADMIN_TOKEN=… cargo run --example visit -- http://127.0.0.1:8000/jhub/ [user]`
//!
//! It makes and deletes the user that it is told, so it is for hubs of one's own. With `lean` as a third
//! argument it takes one framing only and breaks no kernel: for measuring.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "an example"
)]

use std::time::{Duration, Instant};

use jupyterhub_client::{
    FileFormat, Framing, Hub, HubVersion, JupyterServer, Method, NewToken, Settings, Stage,
    Started, Token, start_body,
};
use serde_json::json;

const LONG: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments
        .next()
        .ok_or("the hub's URL is missing")?
        .parse()?;
    let user = arguments.next().unwrap_or_else(|| "visitor".to_owned());
    let lean = arguments.next().as_deref() == Some("lean");
    let mut settings = Settings::new(url);
    settings.token = Some(Token::parse(&std::env::var("JUPYTERHUB_ADMIN_TOKEN")?)?);
    let admin = Hub::new(settings)?;

    let begun = Instant::now();
    let say = |what: &str| println!("{:7.3} s  {what}", begun.elapsed().as_secs_f64());
    let root = admin.root().await?;
    let version = HubVersion::parse(&root.value.version).ok_or("no version")?;
    say(&format!(
        "hub {version}, {:?}",
        root.head.headers.get("server")
    ));
    if !lean {
        say(&format!("info: {:?}", admin.info().await?));
        say(&format!(
            "health {}, proxy {}",
            admin.health().await?.head.status,
            admin.proxy_health().await?.body
        ));
        say(&format!("admin: {:?}", admin.whoami().await?.value.kind));
        refusals(&admin, &user).await?;
    }

    let made = admin.create_user(&user).await?;
    let new = NewToken {
        note: "example visit".to_owned(),
        expires_in: Some(Duration::from_secs(3600)),
        scopes: Some(vec![
            format!("read:users!user={user}"),
            format!("servers!user={user}"),
            format!("access:servers!user={user}"),
        ]),
        roles: None,
    };
    let minted = admin.create_token(&made.name, &new).await?;
    say(&format!(
        "token {} until {:?}: {minted:?}",
        minted.model.id, minted.model.expires_at
    ));
    let hub = admin.with_token(minted.token.clone());
    let me = hub.whoami().await?.value;
    assert_eq!(me.name, user);
    say(&format!("scopes {:?}", me.scopes.unwrap_or_default()));

    let body = start_body(&version, &json!({"runtime": ["00:05:00"]}));
    let start = tokio::spawn({
        let (hub, user) = (hub.clone(), user.clone());
        async move { hub.start_server(&user, "", &body, LONG).await }
    });
    let mut stream = loop {
        match hub.progress(&user, "").await {
            Ok(stream) => break stream,
            Err(error) if matches!(error.status(), Some(400 | 404)) && begun.elapsed() < LONG => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(error.into()),
        }
    };
    while let Some(event) = stream.next().await? {
        say(&format!(
            "{:?} {} ready={} failed={} {:?}",
            event.percent, event.message, event.ready, event.failed, event.url
        ));
    }
    let started = start.await??;
    say(&format!(
        "start answered {:?} after {:?}",
        started.value, started.head.elapsed
    ));
    assert!(matches!(started.value, Started::Ready | Started::Pending));

    let model = hub
        .user(&user, true)
        .await?
        .value
        .servers
        .unwrap_or_default();
    let server = &model[""];
    say(&format!("{server:?}"));
    assert!(server.ready);
    let jupyter = hub.server(&hub.resolve(server.url.as_deref().ok_or("no url")?)?);
    let seen = jupyter.version().await?;
    say(&format!(
        "jupyter_server {} (jupyterhub {:?})",
        seen.value.version,
        seen.head.hub_version()
    ));
    say(&format!("{:?}", jupyter.status().await?.value));
    if !lean {
        rest_of_it(&jupyter, &user).await?;
    }

    let session = jupyter.start_session("check.ipynb", "python3").await?;
    let framings: &[Framing] = if lean {
        &[Framing::PreferV1]
    } else {
        &[Framing::PreferV1, Framing::JsonOnly]
    };
    for framing in framings {
        let mut kernel = jupyter.connect(&session.kernel.id, *framing).await?;
        let info = kernel.ready(LONG).await?;
        say(&format!(
            "{:?}: {} {}",
            kernel.framing(),
            info.language_info.name,
            info.language_info.version
        ));
        let done = kernel.execute("print(6*7)\n'é'", LONG).await?;
        assert_eq!(done.text(), "42\n'é'");
        if !lean {
            let done = kernel
                .execute("import sys; print('w', file=sys.stderr); 1/0", LONG)
                .await?;
            say(&format!(
                "{:?} {:?}",
                done.status,
                done.error.map(|error| error.ename)
            ));
            let late = kernel
                .execute("import time; time.sleep(30)", Duration::from_secs(1))
                .await
                .unwrap_err();
            say(&format!("{late}"));
            jupyter.interrupt_kernel(&session.kernel.id).await?;
            let ended = kernel.resume(Duration::from_secs(5)).await?;
            say(&format!(
                "interrupted: {:?}",
                ended.error.map(|error| error.ename)
            ));
            let much = kernel.execute("print('x' * (20 << 20))", LONG).await?;
            say(&format!(
                "much: {} bytes, dropped {}",
                much.text().len(),
                much.output_dropped
            ));
        }
        kernel.close().await;
        say("done");
    }
    if !lean {
        let mut kernel = jupyter
            .connect(&session.kernel.id, Framing::PreferV1)
            .await?;
        kernel.ready(LONG).await?;
        let died = kernel
            .execute("import os; os._exit(1)", LONG)
            .await
            .unwrap_err();
        say(&format!("{died}"));
        assert!(matches!(died.stage, Stage::KernelDied { .. }));
    }
    // A server that is just restarting a kernel answers 500.
    while let Err(error) = jupyter.delete_session(&session.id).await {
        say(&format!("{error}"));
        assert!(error.status() == Some(500) && begun.elapsed() < LONG);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    if !lean {
        let gone = jupyter
            .connect(&session.kernel.id, Framing::PreferV1)
            .await
            .err()
            .expect("no kernel, no websocket");
        say(&format!("{gone}"));
    }

    say(&format!(
        "stop: {:?}",
        hub.stop_server(&user, "", false).await?.value
    ));
    let look = jupyter.look(Method::GET, "api/status", true).await?;
    say(&format!(
        "after the stop: {} to {:?}",
        look.head.status,
        look.head.headers.get("location")
    ));
    say(&format!("{}", jupyter.version().await.unwrap_err()));
    if !lean {
        say(&format!(
            "{}",
            hub.server(&hub.resolve(&format!("/jhub/hub/user/{user}/"))?)
                .status()
                .await
                .unwrap_err()
        ));
    }
    say(&format!("tokens: {:?}", admin.tokens(&user).await?.len()));
    admin.revoke_token(&user, &minted.model.id).await?;
    say(&format!("{}", hub.whoami().await.unwrap_err()));
    say(&format!(
        "{}",
        admin
            .token_model(&user, &minted.model.id)
            .await
            .unwrap_err()
    ));
    admin.delete_user(&user).await?;
    say("deleted");
    Ok(())
}

/// What is refused, and how it reads.
async fn refusals(admin: &Hub, user: &str) -> Result<(), Box<dyn std::error::Error>> {
    println!("    {}", admin.without_token().whoami().await.unwrap_err());
    println!(
        "    {}",
        admin
            .with_token(Token::parse("wrong")?)
            .user(user, false)
            .await
            .unwrap_err()
    );
    println!("    {}", admin.user(user, false).await.unwrap_err());
    println!("    {}", admin.user("..", false).await.unwrap_err());
    println!(
        "    {}",
        admin
            .progress(user, "")
            .await
            .err()
            .expect("nothing was started")
    );
    let at = |url: &str| Hub::new(Settings::new(url.parse().unwrap())).unwrap();
    println!(
        "    {}",
        at("http://127.0.0.1:9/").root().await.unwrap_err()
    );
    println!(
        "    {}",
        at("http://no-such-host.invalid/").root().await.unwrap_err()
    );
    let mut tls = admin.url().clone();
    tls.set_scheme("https").unwrap();
    println!("    {}", at(tls.as_str()).root().await.unwrap_err());
    println!(
        "    {}",
        at(admin.resolve("/elsewhere")?.as_str())
            .root()
            .await
            .unwrap_err()
    );
    Ok(())
}

/// The rest of a Jupyter server's REST API.
async fn rest_of_it(jupyter: &JupyterServer, user: &str) -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!(jupyter.me().await?.username(), Some(user));
    let specs = jupyter.kernelspecs().await?;
    println!(
        "    kernels {:?}, default {}",
        specs.kernelspecs.keys().collect::<Vec<_>>(),
        specs.default
    );
    let text = "é".repeat(1 << 20);
    let saved = jupyter
        .save_file("a b.txt", FileFormat::Text, &text)
        .await?;
    let read = jupyter
        .contents("a b.txt", true, Some(FileFormat::Text))
        .await?;
    assert_eq!(read.content, json!(text));
    println!("    {saved:?}");
    println!(
        "    {}",
        jupyter
            .contents("missing.txt", true, None)
            .await
            .unwrap_err()
    );
    jupyter.delete_contents("a b.txt").await?;
    println!(
        "    root: {:?}",
        jupyter.contents("", true, None).await?.kind
    );
    println!(
        "    {}",
        jupyter
            .start_session("x.ipynb", "no-such-kernel")
            .await
            .unwrap_err()
    );
    let kernel = jupyter.start_kernel("python3").await?;
    println!("    {:?}", jupyter.restart_kernel(&kernel.id).await?);
    assert_eq!(jupyter.kernels().await?.len(), 1);
    jupyter.delete_kernel(&kernel.id).await?;
    println!(
        "    {} sessions; {}",
        jupyter.sessions().await?.len(),
        jupyter.kernel(&kernel.id).await.unwrap_err()
    );
    Ok(())
}
