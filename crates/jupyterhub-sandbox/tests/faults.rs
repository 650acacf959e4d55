//! Faults strike as their names say: one real hub with most of them, one with those that stand, and the deeds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use jupyterhub_sandbox::{Places, Sandbox, SingleUser, Spec};

async fn up(state: &Path, name: &str, standing: &[&str]) -> Sandbox {
    let places = Places {
        state: state.to_owned(),
        ..Places::from_env().unwrap()
    };
    let spec = Spec {
        name: name.to_owned(),
        single_user: SingleUser::Light,
        faults: true,
        standing: standing.iter().map(|text| text.parse().unwrap()).collect(),
        dies_with_parent: true,
        ..Spec::default()
    };
    Sandbox::up(&places, &spec, &mut |_| ()).await.unwrap()
}

/// Status and body of one request, with the admin's token unless another is given.
fn ask(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> (u16, String) {
    let token = std::fs::read_to_string(sandbox.admin_token_file()).unwrap();
    ask_as(sandbox, &token, method, path, body)
}

fn ask_as(sandbox: &Sandbox, token: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let url = sandbox.url().strip_prefix("http://").unwrap();
    let (host, base) = url.split_once('/').unwrap();
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

/// A server's life with one fault: started, looked at, stopped.
struct Server<'a> {
    sandbox: &'a Sandbox,
    user: &'a str,
}

impl Server<'_> {
    fn start(&self, options: &str) -> (u16, String) {
        let path = format!("hub/api/users/{}/server", self.user);
        ask(
            self.sandbox,
            "POST",
            &path,
            &format!("{{\"user_options\": {options}}}"),
        )
    }

    fn progress(&self) -> String {
        let path = format!("hub/api/users/{}/server/progress", self.user);
        ask(self.sandbox, "GET", &path, "").1
    }

    fn get(&self, path: &str) -> (u16, String) {
        ask(
            self.sandbox,
            "GET",
            &format!("user/{}/{path}", self.user),
            "",
        )
    }

    fn put(&self, path: &str, size: usize) -> (u16, String) {
        let content = "x".repeat(size);
        let body = format!(r#"{{"type": "file", "format": "text", "content": "{content}"}}"#);
        let path = format!("user/{}/api/contents/{path}", self.user);
        ask(self.sandbox, "PUT", &path, &body)
    }

    /// By way of a session, whose errors say why; those of `api/kernels` say "Unhandled error".
    fn kernel(&self, name: &str) -> (u16, String) {
        let path = format!("user/{}/api/sessions", self.user);
        let body = format!(
            r#"{{"path": "{name}", "name": "{name}", "type": "notebook", "kernel": {{"name": "{name}"}}}}"#
        );
        ask(self.sandbox, "POST", &path, &body)
    }

    fn is_ready(&self) -> bool {
        let path = format!("hub/api/users/{}", self.user);
        ask(self.sandbox, "GET", &path, "")
            .1
            .contains("\"ready\": true")
    }

    fn is_there(&self) -> bool {
        let path = format!("hub/api/users/{}", self.user);
        !ask(self.sandbox, "GET", &path, "")
            .1
            .contains("\"servers\": {}")
    }

    fn stop(&self) -> u16 {
        let path = format!("hub/api/users/{}/server", self.user);
        ask(self.sandbox, "DELETE", &path, "").0
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "waited in vain for {what}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test]
async fn faults_of_one_spawn() {
    let state = tempfile::tempdir().unwrap();
    let sandbox = up(state.path(), "spawns", &[]).await;
    let server = Server {
        sandbox: &sandbox,
        user: "ann",
    };
    ask(&sandbox, "POST", "hub/api/users/ann", "");

    // Words, in the answer or in the progress stream.
    for (fault, status, answer, progress) in [
        ("raise_text:no luck", 500, "", "Spawn failed: no luck"),
        ("rise_text:typo", 500, "", "no fault named 'rise_text'"),
        (
            "raise_message:ticket 42",
            500,
            "",
            "Spawn failed: ticket 42",
        ),
        ("http:418:a 100% teapot", 418, "a 100% teapot", "HTTP 418"),
        (
            "nonetype",
            500,
            "",
            "'NoneType' object is not subscriptable",
        ),
        ("invalid_grant", 400, "invalid_grant", "Session not active"),
        ("firecrest-401", 401, "NoneType", "HTTP 401"),
        ("hook_denies:not today", 403, "not today", "not today"),
        ("bad_option:no such size", 400, "no such size", ""),
        (
            "firecrest:down",
            500,
            "",
            "Spawn failed: All connection attempts failed",
        ),
        (
            "firecrest:dies:0",
            500,
            "",
            "in the queue or died  immediately after starting.",
        ),
        ("k8s_quota", 500, "", "exceeded quota"),
        ("k8s_webhook", 500, "", "admission webhook"),
    ] {
        let (seen, said) = server.start(&format!("{{\"fault\": \"{fault}\"}}"));
        assert_eq!(seen, status, "{fault}: {said}");
        assert!(said.contains(answer), "{fault}: {said}");
        let said = server.progress();
        assert!(said.contains(progress), "{fault}: {said}");
    }
    let (status, _) = server.start(r#"{"fault": "deaf", "http_timeout": 1}"#);
    assert_eq!(status, 500);
    assert!(server.progress().contains("respond in 1 seconds"));

    // A pod that is not scheduled says so while it is waited for.
    std::thread::scope(|scope| {
        scope.spawn(|| server.start(r#"{"fault": "k8s_unschedulable", "start_timeout": 2}"#));
        std::thread::sleep(Duration::from_millis(500));
        let said = server.progress();
        assert!(
            said.contains("\"reason\": \"FailedScheduling\"") && said.contains("[Warning] 0/3"),
            "{said}"
        );
    });

    // Somebody else: while it starts, once it is up, once it is stopped.
    let (status, _) = server.start(r#"{"fault": "cancelled:0.3"}"#);
    assert_eq!(status, 500);
    until("the end of the cancelled spawn", || !server.is_there());
    assert_eq!(server.start(r#"{"fault": "culled:0.5"}"#).0, 201);
    until("somebody else's stop", || !server.is_there());
    assert_eq!(server.start(r#"{"fault": "restarted"}"#).0, 201);
    server.stop();
    until("somebody else's start", || server.is_ready());
    server.stop();

    // The proxy's table.
    server.start(r#"{"fault": "route_never"}"#);
    assert!(server.is_ready());
    assert_eq!(server.get("api").0, 302);
    server.stop();
    server.start(r#"{"fault": "route_late:0.5"}"#);
    until("the late route", || server.get("api").0 == 200);
    assert!(sandbox.drop_route("ann", "").await.unwrap());
    assert_eq!(server.get("api").0, 302);
    assert!(!sandbox.drop_route("ann", "").await.unwrap());
    server.stop();

    // The server cannot ask who comes.
    server.start(r#"{"fault": "hub_lost:0"}"#);
    let (status, said) = server.get("api/status");
    assert!(
        status == 500 && said.contains("Failed to connect to Hub API"),
        "{status} {said}"
    );
    server.stop();
    sandbox.down().await.unwrap();
}

#[tokio::test]
async fn faults_of_homes_and_kernels() {
    let state = tempfile::tempdir().unwrap();
    let sandbox = up(state.path(), "homes", &[]).await;
    let server = Server {
        sandbox: &sandbox,
        user: "ann",
    };
    ask(&sandbox, "POST", "hub/api/users/ann", "");

    assert_eq!(server.start(r#"{"fault": "home_readonly"}"#).0, 201);
    let (status, said) = server.put("a.txt", 10);
    assert!(
        status == 500 && said.contains("Read-only"),
        "{status} {said}"
    );
    assert_eq!(server.kernel("python3").0, 201);
    server.stop();

    assert_eq!(server.start(r#"{"fault": "home_full:512k"}"#).0, 201);
    assert_eq!(server.kernel("python3").0, 201);
    assert_eq!(server.put("a.txt", 10).0, 201);
    assert_eq!(server.put("big.txt", 2 << 20).0, 500);
    server.stop();

    assert_eq!(server.start(r#"{"fault": "home_fills"}"#).0, 201);
    let (status, said) = server.kernel("python3");
    assert!(
        status == 500 && said.contains("No space left on device"),
        "{status} {said}"
    );
    server.stop();

    assert_eq!(server.start(r#"{"fault": "home_forgets"}"#).0, 201);
    assert_eq!(server.put("a.txt", 10).0, 201);
    assert_eq!(server.get("api/contents/a.txt").0, 404);
    server.stop();

    assert_eq!(server.start(r#"{"fault": "home_fresh"}"#).0, 201);
    assert_eq!(server.put("a.txt", 10).0, 201);
    assert_eq!(server.get("api/contents/a.txt").0, 200);
    server.stop();
    assert_eq!(server.start(r#"{"fault": "home_fresh"}"#).0, 201);
    assert_eq!(server.get("api/contents/a.txt").0, 404);
    server.stop();

    // Kernels that fail are offered, and the default is what it was.
    assert_eq!(server.start("{}").0, 201);
    let (_, specs) = server.get("api/kernelspecs");
    assert!(specs.contains("\"default\": \"python3\""), "{specs}");
    for name in ["never-starts", "ends-at-once", "never-answers", "dies-soon"] {
        assert!(specs.contains(name), "{specs}");
    }
    assert_eq!(server.kernel("never-starts").0, 500);
    assert_eq!(server.kernel("never-answers").0, 201);
    // Nothing that was mounted is left: it went with its processes.
    assert_eq!(server.put("big.txt", 2 << 20).0, 201);
    server.stop();
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(&*sandbox.dir().to_string_lossy()));
    sandbox.down().await.unwrap();
}

#[tokio::test]
async fn faults_that_stand() {
    let state = tempfile::tempdir().unwrap();
    let standing = ["raise_text:no luck", "stale_spawn", "no-named-servers"];
    let sandbox = up(state.path(), "standing", &standing).await;
    ask(&sandbox, "POST", "hub/api/users/servuser", "");
    let path = "hub/api/users/servuser/servers/two";
    let (status, said) = ask(&sandbox, "POST", path, "{}");
    assert!(
        status == 400 && said.contains("not enabled"),
        "{status} {said}"
    );
    let service = std::fs::read_to_string(sandbox.service_token_file()).unwrap();
    let path = "hub/api/users/servuser/server";
    let (status, said) = ask_as(&sandbox, &service, "POST", path, "{}");
    assert!(
        status == 403 && said.contains("auth has expired for servuser"),
        "{status} {said}"
    );

    sandbox.down().await.unwrap();

    // A spawn that asks for a fault of its own, or for none, has nothing to do with the standing one.
    let sandbox = up(state.path(), "full", &["raise_text:no luck", "db_full"]).await;
    let server = Server {
        sandbox: &sandbox,
        user: "bob",
    };
    assert_eq!(ask(&sandbox, "POST", "hub/api/users/bob", "").0, 201);
    server.start("{}");
    let log = std::fs::read_to_string(sandbox.hub_log()).unwrap();
    assert!(log.contains("database or disk is full"), "{log}");
    assert_eq!(ask(&sandbox, "POST", "hub/api/users/eve", "").0, 500);
    sandbox.down().await.unwrap();
}

#[tokio::test]
async fn deeds() {
    let state = tempfile::tempdir().unwrap();
    let sandbox = up(state.path(), "deeds", &["raise_text:no luck"]).await;
    let server = Server {
        sandbox: &sandbox,
        user: "ann",
    };
    ask(&sandbox, "POST", "hub/api/users/ann", "");
    server.start("{}");
    assert!(server.progress().contains("no luck"));
    assert_eq!(server.start(r#"{"fault": "none"}"#).0, 201);
    server.stop();

    // A locked database is let go in time, or when nobody holds the lock any more.
    let lock = sandbox
        .lock_database(Duration::from_secs(60))
        .await
        .unwrap();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| ask(&sandbox, "POST", "hub/api/users/late", "").0);
        std::thread::sleep(Duration::from_millis(700));
        assert!(
            !answer.is_finished(),
            "the hub wrote into a locked database"
        );
        drop(lock);
        assert_eq!(answer.join().unwrap(), 201);
    });
    assert!(begun.elapsed() < Duration::from_secs(6));
    let lock = sandbox
        .lock_database(Duration::from_millis(200))
        .await
        .unwrap();
    lock.ended().await;

    // A hub that the proxy does not listen to.
    sandbox.break_proxy_token().await.unwrap();
    assert_eq!(ask(&sandbox, "GET", "hub/health", "").0, 200);
    server.start(r#"{"fault": "none"}"#);
    until("the end of the spawn", || !server.is_ready());
    sandbox.mend_proxy_token().await.unwrap();
    until("a spawn that is well again", || {
        server.start(r#"{"fault": "none"}"#);
        server.get("api").0 == 200
    });
    sandbox.restart_hub(false).await.unwrap();
    assert_eq!(ask(&sandbox, "GET", "hub/api/users/ann", "").0, 200);
    sandbox.down().await.unwrap();
}
