//! A real hub comes up, serves, and goes without a trace; so does one whose maker was killed.
//!
//! The first run installs a JupyterHub from PyPI and the proxy from npm into the cache that people use as well.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jupyterhub_sandbox::{Error, Places, Process, Sandbox, SingleUser, Spec, sweep};

/// The cache of this machine, and a state directory of the test's own.
fn places(state: &Path) -> Places {
    Places {
        state: state.to_owned(),
        ..Places::from_env().unwrap()
    }
}

fn light(name: &str) -> Spec {
    Spec {
        name: name.to_owned(),
        single_user: SingleUser::Light,
        base_url: "/base/".to_owned(),
        faults: true,
        dies_with_parent: true,
        ..Spec::default()
    }
}

/// Status and body of one request.
fn request(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> (u16, String) {
    let url = sandbox.url().strip_prefix("http://").unwrap();
    let (host, base) = url.split_once('/').unwrap();
    let token = std::fs::read_to_string(sandbox.admin_token_file()).unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    write!(
        stream,
        "{method} /{base}{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: token {token}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "waited in vain for {what}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Processes that carry this sandbox's marker, looked for independently of the crate.
fn marked(id: &str) -> Vec<String> {
    let marker = format!("HUBPROBE_SANDBOX={id}");
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment)
                .split('\0')
                .any(|pair| pair == marker)
        })
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

fn id(sandbox: &Sandbox) -> String {
    let text = std::fs::read_to_string(sandbox.dir().join("sandbox.json")).unwrap();
    text.split("\"id\": \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

fn server_is_ready(sandbox: &Sandbox, user: &str) -> Option<()> {
    let (_, model) = request(sandbox, "GET", &format!("hub/api/users/{user}"), "");
    model.contains("\"ready\": true").then_some(())
}

#[tokio::test]
async fn a_hub_comes_up_serves_survives_the_loss_of_its_parts_and_goes() {
    let state = tempfile::tempdir().unwrap();
    let places = places(state.path());
    let mut steps = Vec::new();
    let sandbox = Sandbox::up(&places, &light("whole"), &mut |progress| {
        steps.push(format!("{progress:?}"))
    })
    .await
    .unwrap();
    assert!(
        steps
            .iter()
            .any(|step| step.contains("starting JupyterHub")),
        "{steps:?}"
    );
    let id = id(&sandbox);

    // It answers through the proxy, and to its admin token.
    assert!(sandbox.url().ends_with("/base/"));
    assert_eq!(request(&sandbox, "GET", "hub/health", "").0, 200);
    let (status, body) = request(&sandbox, "GET", "hub/api/user", "");
    assert!(
        status == 200 && body.contains("admin:users"),
        "{status} {body}"
    );
    assert_eq!(
        std::fs::metadata(sandbox.dir())
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
    assert_eq!(
        std::fs::metadata(sandbox.admin_token_file())
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );

    // No token stands where all users of the machine can read it.
    let token = std::fs::read_to_string(sandbox.admin_token_file()).unwrap();
    let proxy_token = std::fs::read_to_string(sandbox.dir().join("proxy.token")).unwrap();
    for pid in [sandbox.hub_pid().unwrap(), sandbox.proxy_pid().unwrap()] {
        let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
        let arguments = String::from_utf8_lossy(&arguments);
        assert!(!arguments.contains(&token) && !arguments.contains(&proxy_token));
    }

    // A second of the same name is refused.
    let error = Sandbox::up(&places, &light("whole"), &mut |_| ())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::AlreadyUp { .. }), "{error}");

    // A server comes up and is seen.
    assert_eq!(request(&sandbox, "POST", "hub/api/users/ann", "").0, 201);
    let (status, body) = request(
        &sandbox,
        "POST",
        "hub/api/users/ann/servers/two",
        "{\"user_options\": {}}",
    );
    assert!(matches!(status, 201 | 202), "{status} {body}");
    until("the server", || server_is_ready(&sandbox, "ann"));
    assert_eq!(
        request(&sandbox, "GET", "user/ann/two/api/status", "").0,
        200
    );
    let seen = sandbox.status().await;
    assert_eq!(seen.servers.len(), 1, "{seen:?}");
    assert_eq!(
        (
            seen.servers[0].user.as_str(),
            seen.servers[0].server.as_str()
        ),
        ("ann", "two")
    );
    assert!(!seen.stale && matches!(seen.hub, Process::Running { .. }));
    assert!(sandbox.server_log("ann", "two").exists());

    // The hub killed while proxy and server live on; nobody sweeps it under our feet; the new hub takes them over.
    sandbox.stop_hub(true).await.unwrap();
    assert_eq!(sandbox.status().await.hub, Process::Stopped);
    assert_eq!(request(&sandbox, "GET", "hub/health", "").0, 503);
    assert_eq!(request(&sandbox, "GET", "user/ann/two/api", "").0, 200);
    assert!(sweep(&places).await.unwrap().is_empty());
    sandbox.start_hub().await.unwrap();
    until("the server of before", || server_is_ready(&sandbox, "ann"));

    // The proxy away and back.
    sandbox.stop_proxy().await.unwrap();
    assert!(sandbox.proxy_pid().is_none());
    // Somebody else takes its public port meanwhile: the proxy would live on without it, and nobody could reach the hub.
    let address = sandbox.url().split('/').nth(2).unwrap();
    let other = std::net::TcpListener::bind(address).unwrap();
    let error = sandbox.start_proxy().await.unwrap_err();
    assert!(matches!(error, Error::PortTaken { .. }), "{error}");
    drop(other);
    sandbox.start_proxy().await.unwrap();
    assert_eq!(request(&sandbox, "GET", "hub/health", "").0, 200);

    // A hub that does not react is ended all the same, by somebody who only knows its name.
    let hub = sandbox.hub_pid().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-STOP", &hub])
            .status()
            .unwrap()
            .success()
    );
    let found = Sandbox::find(&places, "whole").unwrap().unwrap();
    let down = found.down().await.unwrap();
    let ended: Vec<&str> = down.ended.iter().map(|(_, what)| what.as_str()).collect();
    assert!(
        ended.contains(&"hub") && ended.contains(&"proxy") && ended.contains(&"server two of ann"),
        "{ended:?}"
    );
    assert_eq!(marked(&id), Vec::<String>::new());
    assert!(!sandbox.dir().exists());
    assert!(Sandbox::all(&places).unwrap().is_empty());
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
    assert!(sandbox.down().await.unwrap().ended.is_empty());
}

#[tokio::test]
async fn faults_strike_the_spawn_that_asked_for_them() {
    let state = tempfile::tempdir().unwrap();
    let places = places(state.path());
    let sandbox = Sandbox::up(&places, &light("faults"), &mut |_| ())
        .await
        .unwrap();
    assert_eq!(request(&sandbox, "POST", "hub/api/users/bob", "").0, 201);
    let spawn = |options: &str| {
        request(
            &sandbox,
            "POST",
            "hub/api/users/bob/server",
            &format!("{{\"user_options\": {options}}}"),
        )
        .0
    };
    let progress = || request(&sandbox, "GET", "hub/api/users/bob/server/progress", "").1;

    assert_eq!(spawn("{\"fault\": \"raise\"}"), 500);
    assert!(progress().contains("The sandbox was asked to fail"));

    let begun = Instant::now();
    assert_eq!(spawn("{\"fault\": \"hang\", \"start_timeout\": 1}"), 500);
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "start_timeout was not honoured"
    );

    spawn("{\"fault\": \"nocmd\"}");
    assert!(progress().contains("/nonexistent/jupyterhub-singleuser"));

    spawn("{\"fault\": [\"wrong_port\"], \"http_timeout\": 2}");
    let said = progress();
    assert!(said.contains("respond in 2 seconds"), "{said}");

    // The stream ends cleanly without a last word, and the spawn goes on.
    std::thread::scope(|scope| {
        let start = scope.spawn(|| spawn("{\"fault\": \"progress_end:3\"}"));
        let said = until("progress", || {
            Some(progress()).filter(|said| said.contains("Half way"))
        });
        assert!(
            !said.contains("\"ready\"") && !said.contains("\"failed\""),
            "{said}"
        );
        assert!(
            said.ends_with("0\r\n\r\n"),
            "the stream was cut, not ended: {said:?}"
        );
        assert_eq!(start.join().unwrap(), 201);
    });
    assert!(server_is_ready(&sandbox, "bob").is_some());
    sandbox.down().await.unwrap();
}

#[tokio::test]
async fn configuration_that_breaks_the_hub_is_told_with_its_last_words() {
    let state = tempfile::tempdir().unwrap();
    let places = places(state.path());
    let spec = Spec {
        extra_config_text: Some("raise RuntimeError('no such luck')".to_owned()),
        ..light("broken")
    };
    let error = Sandbox::up(&places, &spec, &mut |_| ()).await.unwrap_err();
    assert!(matches!(error, Error::Exited { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("no such luck") && text.contains("hub.log"),
        "{text}"
    );
    assert!(state.path().join("broken/logs/hub.log").exists());
    assert!(Sandbox::find(&places, "broken").unwrap().is_none());
}

#[tokio::test]
async fn a_sandbox_whose_maker_was_killed_is_ended() {
    let state = tempfile::tempdir().unwrap();
    let places = places(state.path());
    let test = std::env::current_exe().unwrap();
    let up = test.parent().unwrap().with_file_name("examples").join("up");
    let mut maker = Command::new(up)
        .args([&places.cache, &places.state, Path::new("orphan")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(maker.stdout.take().unwrap());
    let said = output
        .lines()
        .map_while(Result::ok)
        .find(|line| line.starts_with("up http://"));
    assert!(said.is_some(), "it did not come up");
    let sandbox = Sandbox::find(&places, "orphan").unwrap().unwrap();
    let id = id(&sandbox);
    assert!(!sandbox.status().await.stale);
    // With the hub killed too, nobody is left who could notice.
    sandbox.stop_hub(true).await.unwrap();
    maker.kill().unwrap();
    maker.wait().unwrap();
    assert!(sandbox.status().await.stale);
    assert!(
        !marked(&id).is_empty(),
        "the proxy should have outlived its maker"
    );

    let swept = sweep(&places).await.unwrap();
    assert_eq!(swept.len(), 1);
    assert!(
        swept[0].down.ended.iter().any(|(_, what)| what == "proxy"),
        "{swept:?}"
    );
    assert_eq!(marked(&id), Vec::<String>::new());
    assert!(!sandbox.dir().exists());
}

#[tokio::test]
async fn a_hub_ends_by_itself_with_its_maker() {
    let state = tempfile::tempdir().unwrap();
    let places = places(state.path());
    let up = std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .with_file_name("examples")
        .join("up");
    let mut maker = Command::new(up)
        .args([&places.cache, &places.state, Path::new("alone")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(maker.stdout.take().unwrap());
    assert!(
        output
            .lines()
            .map_while(Result::ok)
            .any(|line| line.starts_with("up http://"))
    );
    let sandbox = Sandbox::find(&places, "alone").unwrap().unwrap();
    let id = id(&sandbox);
    // A test that fails removes the directory before its process ends.
    std::fs::remove_file(sandbox.dir().join("watch.py")).unwrap();
    maker.kill().unwrap();
    maker.wait().unwrap();
    until("the end of all its processes", || {
        marked(&id).is_empty().then_some(())
    });
    sandbox.down().await.unwrap();
}
