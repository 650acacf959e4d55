//! Nothing hangs, nothing bursts: whatever a hub, a proxy or a kernel does to the bytes, a run ends within total + stop
//! + 5 s, in at most 64 MB, with a verdict and with what is left behind said.
//!
//! Every kind of request of a visit meets every kind of answer.

use std::process::Child;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use fakehub::{Act, Kernel, Pace, Place, Rule, Script, Spoil, Then, frames};

use crate::Case;
use crate::fire::Fire;
use crate::hubs::Hubs;
use crate::world::Said;

pub const ALWAYS: &[Case] = &[("torture::some", some)];

pub const SLOW: &[Case] = &[("torture::all", all)];

const TOTAL: u64 = 4;
const STOP: u64 = 2;

/// What a run may take longer than its deadlines.
const GRACE: u64 = 5;

/// In kB, as /proc says it.
const MOST_MEMORY: u64 = 64 << 10;

/// What is done to the run.
#[derive(Clone)]
struct Torture {
    name: String,
    script: Script,
    rule: Option<Rule>,
}

fn some(_: &Hubs) {
    let all = tortures();
    let step = all.len() / 24;
    suffer(all.into_iter().step_by(step).collect(), 4);
}

/// With HUBPROBE_TORTURE=WORDS only those whose names hold the words.
fn all(_: &Hubs) {
    let mut all = tortures();
    if let Ok(words) = std::env::var("HUBPROBE_TORTURE") {
        all.retain(|torture| torture.name.contains(&words));
    }
    suffer(all, 8);
}

fn tortures() -> Vec<Torture> {
    let mut tortures = Vec::new();
    for place in Place::VISIT {
        for (name, act) in acts() {
            tortures.push(Torture {
                name: format!("{place:?}: {name}"),
                script: Script::default(),
                rule: Some(Rule::every(place, act)),
            });
        }
    }
    for (name, act) in sockets() {
        tortures.push(Torture {
            name: format!("websocket: {name}"),
            script: Script::default(),
            rule: Some(Rule::every(Place::Channels, act)),
        });
    }
    for kernel in [
        Kernel::Chatters(10),
        Kernel::Chatters(1 << 20),
        Kernel::PrintsOnce(7 << 20),
        Kernel::PrintsOnce(11 << 20),
        Kernel::PrintsOnce(200 << 20),
        Kernel::IsBusy,
    ] {
        tortures.push(Torture {
            name: format!("kernel: {kernel:?}"),
            script: Script {
                kernel,
                ..Script::default()
            },
            rule: None,
        });
    }
    tortures.push(Torture {
        name: "spawn: a million words".to_owned(),
        script: Script {
            spawn: Duration::from_secs(600),
            progress: (0..20_000)
                .map(|n| format!("{n} {}", "y".repeat(500)))
                .collect(),
            ..Script::default()
        },
        rule: None,
    });
    tortures
}

fn ok(fields: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nX-JupyterHub-Version: 6.1.1\r\n{fields}\r\n").into_bytes()
}

fn raw(bytes: &[u8], then: Then) -> Act {
    Act::Raw(bytes.to_vec(), Pace::AtOnce, then)
}

fn json(body: &[u8]) -> Act {
    Act::answer(
        "200 OK",
        "Content-Type: application/json\r\nX-JupyterHub-Version: 6.1.1\r\n",
        body,
    )
}

/// What can be done to any answer.
fn acts() -> Vec<(&'static str, Act)> {
    let at_once = Duration::ZERO;
    let slowly = Duration::from_millis(100);
    let chunked = |chunk: &[u8]| {
        [
            ok("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"),
            chunk.to_vec(),
        ]
        .concat()
    };
    let sse = |event: &str| Act::flood("text/event-stream", event.as_bytes(), at_once);
    vec![
        ("dropped", raw(b"", Then::Close)),
        ("reset", raw(b"", Then::Reset)),
        ("silence", Act::silence()),
        ("half closed", raw(b"", Then::HalfClose)),
        ("late", Act::Spoil(Spoil::Late(Duration::from_secs(30)))),
        ("byte by byte", Act::Spoil(Spoil::Drip(Duration::from_millis(50)))),
        ("cut in the head", Act::Spoil(Spoil::Cut(20, Then::Close))),
        ("cut in the body", Act::Spoil(Spoil::Cut(300, Then::Close))),
        ("stuck in the body", Act::Spoil(Spoil::Cut(300, Then::Hold))),
        ("reset in the body", Act::Spoil(Spoil::Cut(300, Then::Reset))),
        ("lost", Act::Spoil(Spoil::Lost(Then::Hold))),
        ("a flood of JSON", Act::flood("application/json", &[b"[".as_slice(), &b"1,".repeat(8192)].concat(), at_once)),
        ("a flood without a line's end", Act::flood("text/event-stream", &b"data: ".repeat(4096), at_once)),
        ("a flood of events", sse("data: {\"progress\": 1, \"message\": \"x\"}\n\n")),
        ("a flood of keep-alives", sse(": x\n\n")),
        ("a trickle of keep-alives", Act::flood("text/event-stream", b": x\n\n", slowly)),
        ("a trickle of letters", Act::flood("application/json", b"[", slowly)),
        ("a flood of headers", raw(b"HTTP/1.1 200 OK\r\n", Then::Repeat(b"X-A: bbbbbbbbbbbbbbbbbbbbbbbb\r\n".repeat(64), at_once))),
        ("a head without an end", raw(b"HTTP/1.1 200 OK\r\nX-A: ", Then::Repeat(b"b".repeat(4096), at_once))),
        ("100, for ever", raw(b"", Then::Repeat(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), Duration::from_millis(1)))),
        ("no HTTP", raw(b"SSH-2.0-OpenSSH_9.9\r\n", Then::Hold)),
        ("a length that lies, too long", raw(&ok("Content-Length: 99999999999\r\n"), Then::Repeat(vec![b' '; 16 << 10], at_once))),
        ("a length that is no number", raw(&ok("Content-Length: many\r\n"), Then::Close)),
        ("two lengths", raw(&[ok("Content-Length: 2\r\nContent-Length: 20\r\n"), b"{}".to_vec()].concat(), Then::Close)),
        ("a chunk that lies", raw(&chunked(b"ffffffffffffff\r\n{"), Then::Hold)),
        ("a chunk that is none", raw(&chunked(b"zz\r\n{"), Then::Close)),
        ("gzip that nobody asked for", raw(&[ok("Content-Type: application/json\r\nContent-Encoding: gzip\r\n"), gzip_bomb()].concat(), Then::Close)),
        ("JSON too deep", json(&b"[".repeat(200_000))),
        ("JSON of the wrong kind", json(b"[[[1e999, \"\\ud800\", -0]]]")),
        ("JSON with wrong types", json(b"{\"version\": 6, \"name\": [], \"servers\": 7, \"kind\": null, \"scopes\": \"all\", \"default\": {}, \"id\": 5}")),
        ("no UTF-8", json(b"{\"name\": \"\xff\xfe\x00\"}")),
        ("an empty body", json(b"")),
        ("a redirect in a circle", Act::answer("302 Found", "Location: /hub/api/\r\n", b"")),
        ("a redirect to a file", Act::answer("302 Found", "Location: file:///etc/passwd\r\n", b"")),
        ("a status that there is not", Act::answer("999 Odd", "", b"")),
        ("204", Act::answer("204 No Content", "", b"")),
        ("429, wait a day", Act::answer("429 Too Many Requests", "Retry-After: 86400\r\n", b"")),
        ("503, wait for ever", Act::answer("503 Service Unavailable", "Retry-After: 99999999999999999999\r\n", b"")),
        ("401", Act::answer("401 Unauthorized", "WWW-Authenticate: Basic realm=x\r\n", b"")),
    ]
}

/// What only a websocket can do.
fn sockets() -> Vec<(&'static str, Act)> {
    let at_once = Duration::ZERO;
    let socket = |bytes: Vec<u8>, then: Then| Act::Socket(bytes, then);
    let flood = |frame: Vec<u8>| Act::Socket(Vec::new(), Then::Repeat(frame, at_once));
    let message = |kind: &str| {
        format!(
            "{{\"channel\": \"iopub\", \"header\": {{\"msg_type\": \"{kind}\", \"msg_id\": \"1\"}}, \"parent_header\": {{\"msg_id\": \"other\"}}, \"content\": {{\"name\": \"stdout\", \"text\": \"{}\"}}}}",
            "z".repeat(1000)
        )
    };
    vec![
        ("silence", socket(Vec::new(), Then::Hold)),
        ("closed at once", socket(Vec::new(), Then::Close)),
        ("reset at once", socket(Vec::new(), Then::Reset)),
        ("half closed", socket(Vec::new(), Then::HalfClose)),
        ("a flood of pings", flood(frames::ping())),
        (
            "a flood of others' messages",
            flood(frames::text(&message("stream"))),
        ),
        ("a flood of nonsense", flood(frames::text("nonsense"))),
        ("a flood of empty messages", flood(frames::text("{}"))),
        (
            "a flood of binary frames",
            flood(frames::binary(&[0xff; 4096])),
        ),
        (
            "a message without an end",
            Act::Socket(
                frames::begun(b"{"),
                Then::Repeat(frames::continued(&[b' '; 16 << 10]), at_once),
            ),
        ),
        (
            "a frame that says it is huge",
            socket(
                frames::lying(1, 1 << 62, b"{"),
                Then::Repeat(vec![b' '; 64 << 10], at_once),
            ),
        ),
        (
            "a frame of 60 MB",
            socket(
                frames::lying(1, 60 << 20, b"{"),
                Then::Repeat(vec![b' '; 64 << 10], at_once),
            ),
        ),
        (
            "a frame that never ends",
            socket(frames::lying(1, 100, b"{"), Then::Hold),
        ),
        (
            "text that is no UTF-8",
            socket(frames::lying(1, 2, b"\xff\xfe"), Then::Hold),
        ),
        (
            "an opcode that there is not",
            socket(frames::lying(7, 1, b"x"), Then::Hold),
        ),
        (
            "a close with an odd code",
            socket(frames::close(9999, "\u{1b}[31mred"), Then::Hold),
        ),
        (
            "a close with 1006",
            socket(frames::close(1006, ""), Then::Close),
        ),
        (
            "no frames at all",
            socket(b"HTTP/1.1 200 OK\r\n\r\n".repeat(100), Then::Hold),
        ),
        (
            "the kernel is dead, it says",
            socket(
                frames::text(
                    "{\"channel\": \"iopub\", \"header\": {\"msg_type\": \"status\"}, \"parent_header\": {}, \"content\": {\"execution_state\": \"dead\"}}",
                ),
                Then::Hold,
            ),
        ),
    ]
}

/// 64 MB of zeros in 64 kB, as far as the first block goes: whoever inflates it has them.
fn gzip_bomb() -> Vec<u8> {
    let mut child = std::process::Command::new("sh")
        .args(["-c", "head -c 67108864 /dev/zero | gzip -9"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(child.stdout.as_mut().unwrap(), &mut bytes).unwrap();
    child.wait().unwrap();
    bytes
}

/// What a run took.
struct Taken {
    name: String,
    time: Duration,
    memory: u64,
    code: Option<i32>,
}

fn suffer(mut tortures: Vec<Torture>, workers: usize) {
    let count = tortures.len();
    tortures.reverse();
    let tortures = Mutex::new(tortures);
    let taken: Mutex<Vec<Taken>> = Mutex::default();
    let complaints: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(torture) = tortures.lock().unwrap().pop() else {
                        return;
                    };
                    match endure(&torture) {
                        Ok(one) => taken.lock().unwrap().push(one),
                        Err(complaint) => {
                            eprintln!("torture: {complaint}");
                            complaints.lock().unwrap().push(complaint);
                        }
                    }
                }
            });
        }
    });
    let taken = taken.into_inner().unwrap();
    let slowest = taken.iter().max_by_key(|one| one.time);
    let biggest = taken.iter().max_by_key(|one| one.memory);
    if let (Some(slowest), Some(biggest)) = (slowest, biggest) {
        let with = |code| taken.iter().filter(|one| one.code == Some(code)).count();
        eprintln!(
            "torture: {count} runs (total {TOTAL} s, stop {STOP} s): the longest {:.1} s ({}), the biggest {} MB ({}); exit 0: {}, 1: {}, 3: {}, 4: {}",
            slowest.time.as_secs_f64(),
            slowest.name,
            biggest.memory >> 10,
            biggest.name,
            with(0),
            with(1),
            with(3),
            with(4),
        );
    }
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}

fn endure(torture: &Torture) -> Result<Taken, String> {
    let fire = Fire::new(torture.script.clone());
    if let Some(rule) = &torture.rule {
        fire.hub.gate.rule(rule.clone());
    }
    let deadlines = [format!("total={TOTAL}s"), format!("stop={STOP}s")];
    let began = Instant::now();
    let child = fire
        .check()
        .and(&["--deadline", &deadlines[0], "--deadline", &deadlines[1]])
        .start();
    let watch = Watch::over(&child);
    let said = Said::of(child);
    let (time, memory) = (began.elapsed(), watch.most());
    let name = torture.name.clone();
    let trouble = |what: String| {
        Err(format!(
            "{name}: {what}\nexit {:?}\n{}\n{}",
            said.code,
            cut(&said.out),
            cut(&said.err)
        ))
    };
    if time > Duration::from_secs(TOTAL + STOP + GRACE) {
        return trouble(format!("it took {time:?}"));
    }
    if memory > MOST_MEMORY {
        return trouble(format!("it took {} MB", memory >> 10));
    }
    if !matches!(said.code, Some(0 | 1 | 3 | 4)) {
        return trouble("an exit code that is none of ours for this".to_owned());
    }
    let Ok(report) = serde_json::from_str::<serde_json::Value>(&said.out) else {
        return trouble("no report".to_owned());
    };
    let visit = &report["visits"][0];
    if said.code != Some(0)
        && visit["finding"]["cause"]
            .as_str()
            .is_none_or(|cause| cause == "prober.bug")
        && said.code != Some(4)
    {
        return trouble("no cause".to_owned());
    }
    let behind = visit["left_behind"].as_array().map_or(0, Vec::len);
    if (said.code == Some(4)) != (behind > 0) {
        return trouble(format!("exit {:?}, and {behind} left behind", said.code));
    }
    if said.code != Some(4) && !fire.left().is_empty() {
        return trouble(format!("left and not said: {:?}", fire.left()));
    }
    fire.hub.gate.clear();
    let mut cleaned = fire.clean().run();
    // Something answered at the server's route after its stop. Whether its process has ended cannot be seen, so a person says so.
    if visit["by_hand"].as_array().is_some_and(|it| !it.is_empty()) {
        if cleaned.code != Some(4) || !cleaned.out.contains("LIVES ON?") {
            return trouble(format!("clean does not say what lives on: {cleaned:?}"));
        }
        for entry in fire.ledger() {
            let id = entry.file_stem().unwrap().to_str().unwrap().to_owned();
            cleaned = fire.hubprobe(&["clean", "--forget", &id]).run();
        }
    }
    if cleaned.code != Some(0) || !fire.left().is_empty() {
        return trouble(format!(
            "clean did not help: {:?}: {cleaned:?}",
            fire.left()
        ));
    }
    fire.assert_nobody_harmed();
    Ok(Taken {
        name,
        time,
        memory,
        code: said.code,
    })
}

fn cut(text: &str) -> String {
    text.chars().take(2500).collect()
}

/// Watches how much memory a process takes, from the system's own high-water mark.
struct Watch {
    thread: std::thread::JoinHandle<u64>,
}

impl Watch {
    fn over(child: &Child) -> Self {
        let status = format!("/proc/{}/status", child.id());
        let thread = std::thread::spawn(move || {
            let mut most = 0;
            while let Ok(text) = std::fs::read_to_string(&status) {
                let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
                let Some(mark) =
                    mark.and_then(|mark| mark.trim().trim_end_matches(" kB").parse().ok())
                else {
                    // A zombie has none.
                    break;
                };
                // In the midst of its exec a process still has the memory of the one that started it, which is ours; its name is set
                // after that.
                if text.lines().next() == Some("Name:\thubprobe") {
                    most = most.max(mark);
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            most
        });
        Self { thread }
    }

    fn most(self) -> u64 {
        self.thread.join().unwrap()
    }
}
