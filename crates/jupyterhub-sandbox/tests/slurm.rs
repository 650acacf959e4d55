//! A sandbox's own Slurm: several beside each other, on loopback alone, and gone with the sandbox however that ends.
//!
//! Wants Slurm's programs (`tools/setup slurm`), and says so where they are missing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jupyterhub_sandbox::{Error, Places, Sandbox, SingleUser, Spec, sweep};

fn places(state: &Path) -> Places {
    Places {
        state: state.to_owned(),
        ..Places::from_env().unwrap()
    }
}

fn spec(name: &str) -> Spec {
    Spec {
        name: name.to_owned(),
        single_user: SingleUser::Light,
        slurm: true,
        dies_with_parent: true,
        ..Spec::default()
    }
}

/// The status and the body of one request.
fn request(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> (u16, String) {
    let url = sandbox.url().strip_prefix("http://").unwrap();
    let host = url.trim_end_matches('/');
    let token = std::fs::read_to_string(sandbox.admin_token_file()).unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: token {token}\r\nConnection: close\r\n\
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
            begun.elapsed() < Duration::from_secs(40),
            "waited in vain for {what}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What the state on disk says.
fn told(sandbox: &Sandbox) -> serde_json::Value {
    let text = std::fs::read_to_string(sandbox.dir().join("sandbox.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn id(sandbox: &Sandbox) -> String {
    told(sandbox)["id"].as_str().unwrap().to_owned()
}

/// Processes with the sandbox's id anywhere in their environment, looked for independently of the crate.
fn of(id: &str) -> Vec<(u32, String)> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let found = entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
        let carries = String::from_utf8_lossy(&environment).contains(id);
        carries.then(|| (pid, name.trim().to_owned()))
    });
    found.collect()
}

/// A server of this user, which is a job.
fn serve(sandbox: &Sandbox, user: &str) {
    let (status, body) = request(sandbox, "POST", &format!("hub/api/users/{user}"), "");
    assert_eq!(status, 201, "{body}");
    let path = format!("hub/api/users/{user}/server");
    let (status, body) = request(sandbox, "POST", &path, "{\"partition\": \"debug\"}");
    assert!(matches!(status, 201 | 202), "{status} {body}");
    until("the server", || {
        let (_, model) = request(sandbox, "GET", &format!("hub/api/users/{user}"), "");
        model.contains("\"ready\": true").then_some(())
    });
}

fn squeue(sandbox: &Sandbox) -> String {
    let said = Command::new("squeue")
        .args(["-h", "-o", "%i %P %T"])
        .env("SLURM_CONF", sandbox.slurm_conf().unwrap())
        .output()
        .unwrap();
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}

/// Addresses, as `/proc/net/tcp` writes them, on which these processes listen.
fn listening(processes: &[(u32, String)]) -> Vec<String> {
    let mut sockets = BTreeSet::new();
    for (pid, _) in processes {
        // One that the hub ran for a moment may be gone.
        let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else {
            continue;
        };
        for entry in open.flatten() {
            let target = std::fs::read_link(entry.path()).unwrap_or_default();
            let target = target.to_string_lossy().into_owned();
            if let Some(inode) = target.strip_prefix("socket:[") {
                sockets.insert(inode.trim_end_matches(']').to_owned());
            }
        }
    }
    let mut addresses = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in std::fs::read_to_string(table).unwrap_or_default().lines() {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            if fields[3] == "0A" && sockets.contains(fields[9]) {
                addresses.push(fields[1].to_owned());
            }
        }
    }
    addresses
}

fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().with_file_name("examples").join("up")
}

/// A process that makes a sandbox with Slurm, once it has said this.
fn maker(places: &Places, name: &str, until: &str) -> Child {
    let mut maker = Command::new(example())
        .args([&places.cache, &places.state, Path::new(name)])
        .args([jupyterhub_sandbox::NEWEST_KNOWN_GOOD, "slurm"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(maker.stdout.take().unwrap());
    let mut lines = output.lines().map_while(Result::ok);
    assert!(
        lines.any(|line| line.contains(until)),
        "it did not say {until}"
    );
    maker
}

#[tokio::test]
async fn two_beside_each_other_listen_on_loopback_and_end_one_by_one() {
    let state = tempfile::tempdir().unwrap();
    let places = places(state.path());
    let (spec_one, spec_two) = (spec("one"), spec("two"));
    let (mut quiet, mut silent) = (
        |_: jupyterhub_sandbox::Progress<'_>| (),
        |_: jupyterhub_sandbox::Progress<'_>| (),
    );
    let (one, two) = tokio::join!(
        Sandbox::up(&places, &spec_one, &mut quiet),
        Sandbox::up(&places, &spec_two, &mut silent)
    );
    // As people read it: what is missing, and how to get it.
    let up = |it: Result<Sandbox, Error>| it.unwrap_or_else(|error| panic!("{error}"));
    let (one, two) = (up(one), up(two));
    serve(&one, "ann");
    serve(&two, "bob");
    assert_eq!(squeue(&one), "1 debug RUNNING");
    assert_eq!(squeue(&two), "1 debug RUNNING");

    // Nobody outside of this machine can reach any of it.
    let (of_one, of_two) = (of(&id(&one)), of(&id(&two)));
    let addresses = listening(&of_one);
    let loopback = format!("{:08X}:", u32::from_ne_bytes([127, 0, 0, 1]));
    assert!(addresses.len() >= 6, "{addresses:?}");
    assert!(
        addresses.iter().all(|it| it.starts_with(&loopback)),
        "{addresses:?}"
    );
    assert!(of_one.iter().all(|it| !of_two.contains(it)));

    // A person who looks at its jobs is no part of it.
    let mut person = Command::new("sleep")
        .arg("60")
        .env("SLURM_CONF", one.slurm_conf().unwrap())
        .spawn()
        .unwrap();

    // The controller away and back, on the same port; somebody else has it meanwhile.
    two.stop_slurmctld().await.unwrap();
    let port = told(&two)["slurm"]["controller"].as_u64().unwrap();
    let other = std::net::TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    let error = two.start_slurmctld().await.unwrap_err();
    assert!(matches!(error, Error::PortTaken { .. }), "{error}");
    drop(other);
    two.start_slurmctld().await.unwrap();
    until("the job of before", || {
        (squeue(&two) == "1 debug RUNNING").then_some(())
    });

    // The hub is killed, the job goes on; all of it ends at once with the sandbox, and nothing of the other.
    one.stop_hub(true).await.unwrap();
    assert_eq!(squeue(&one), "1 debug RUNNING");
    let begun = Instant::now();
    let down = one.down().await.unwrap();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(6), "it took {took:?}: {down:?}");
    let ended: Vec<&str> = down.ended.iter().map(|(_, what)| what.as_str()).collect();
    for part in [
        "munged",
        "mariadbd",
        "slurmdbd",
        "slurmctld",
        "slurmd",
        "slurmstepd",
        "server of ann",
    ] {
        assert!(ended.contains(&part), "no {part} in {ended:?}");
    }
    assert_eq!(person.try_wait().unwrap(), None, "a stranger was ended");
    person.kill().unwrap();
    person.wait().unwrap();
    let left = of(&id(&two));
    for part in ["munged", "mariadbd", "slurmdbd", "slurmd", "slurmstepd"] {
        let part = of_two.iter().find(|(_, name)| name == part).unwrap();
        assert!(left.contains(part), "{part:?} of the other is gone");
    }
    assert_eq!(squeue(&two), "1 debug RUNNING");
    let id = id(&two);
    two.down().await.unwrap();
    assert_eq!(of(&id), []);
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn it_ends_with_its_maker_or_by_the_next_sweep() {
    let state = tempfile::tempdir().unwrap();
    let places = places(state.path());
    let mut alone = maker(&places, "alone", "up http://");
    let sandbox = Sandbox::find(&places, "alone").unwrap().unwrap();
    serve(&sandbox, "ann");
    let of_alone = id(&sandbox);
    assert!(of(&of_alone).iter().any(|(_, name)| name == "slurmstepd"));
    alone.kill().unwrap();
    alone.wait().unwrap();

    // Meanwhile another one, whose maker does not come as far as a hub that could notice.
    let mut early = maker(&places, "early", "starting Slurm");
    let sandbox = Sandbox::find(&places, "early").unwrap().unwrap();
    let of_early = id(&sandbox);
    until("a part of Slurm", || {
        of(&of_early)
            .iter()
            .any(|(_, name)| name == "mariadbd")
            .then_some(())
    });
    early.kill().unwrap();
    early.wait().unwrap();
    until("the end of all that the hub ends", || {
        of(&of_alone).is_empty().then_some(())
    });

    let swept = sweep(&places).await.unwrap();
    let names: Vec<&str> = swept.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["alone", "early"], "{swept:?}");
    assert_eq!(of(&of_early), []);
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn where_the_hub_does_not_start_slurm_ends_and_its_logs_stay() {
    let state = tempfile::tempdir().unwrap();
    let places = places(state.path());
    let broken = Spec {
        extra_config_text: Some("raise RuntimeError('no such luck')".to_owned()),
        ..spec("broken")
    };
    let error = Sandbox::up(&places, &broken, &mut |_| ())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no such luck"), "{error}");
    let broken = state.path().join("broken");
    assert!(broken.join("logs/slurmctld.log").exists());
    assert!(!broken.join("slurm").exists());
    let place = broken.to_string_lossy().into_owned();
    let left = std::fs::read_dir("/proc").unwrap().flatten();
    let left = left.filter(|entry| {
        let words = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&words).contains(&place)
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn what_is_missing_is_named_before_anything_is_installed() {
    let state = tempfile::tempdir().unwrap();
    let said = Command::new(example())
        .args([state.path(), state.path(), Path::new("none")])
        .args([jupyterhub_sandbox::NEWEST_KNOWN_GOOD, "slurm"])
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success());
    assert!(
        errors.contains("NoSlurm") && errors.contains("sbatch"),
        "{errors}"
    );
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
}
