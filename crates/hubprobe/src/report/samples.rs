//! Fixed runs for the tests of the reports.

use serde_json::json;

use crate::vocabulary::run::{
    Attempt, MergedRun, NodeTimeTaken, Planned, ProgressLine, Step, Visit,
};
use crate::vocabulary::{Cause, Event, Finding, Run, StepName, Verdict, What};

pub(super) fn all() -> Vec<(&'static str, Run)> {
    vec![
        ("passed", passed()),
        ("failed", failed()),
        ("inconclusive", inconclusive()),
        ("left_behind", left_behind()),
        ("survived", survived()),
        ("kept", kept()),
        ("hostile", hostile()),
        ("several", several()),
        ("flaky", flaky()),
        ("fifty", fifty()),
        ("nothing", run_of_nothing()),
        ("merged", merged()),
        ("interrupted", interrupted()),
        ("cut", cut()),
    ]
}

fn run(visits: Vec<Visit>) -> Run {
    let mut run = Run::new();
    run.hubprobe = "0.1.0".to_owned();
    run.run = "019a9b5e-7c3a-7000-8000-00000000002a".parse().unwrap();
    run.started = "2026-11-21T20:45:55Z".parse().unwrap();
    let times = visits.iter().map(|visit| visit.duration_s);
    run.duration_s = times.fold(0.0, |all, time| all + time);
    run.verdict = Verdict::over(visits.iter().map(|visit| visit.verdict));
    run.visits = visits;
    run
}

fn visit(probe: &str, steps: Vec<Step>, finding: Option<Finding>) -> Visit {
    let options = json!({"reservation": [""], "account": ["test-group"], "runtime": ["00:05:00"]});
    let planned = Planned {
        probe: probe.to_owned(),
        hub: "https://jupyter.example.org/".to_owned(),
        account: "servuser".to_owned(),
        server: String::new(),
    };
    Visit {
        hub_version: Some("6.1.1".to_owned()),
        token_expires: "2027-02-19T20:45:55Z".parse().ok(),
        options: options.as_object().cloned().unwrap(),
        verdict: finding.as_ref().map_or_else(
            || Verdict::over(steps.iter().map(|step| step.verdict)),
            Finding::verdict,
        ),
        duration_s: steps
            .iter()
            .map(|step| step.started_s + step.duration_s)
            .fold(0.0, f64::max),
        finding,
        steps,
        ..Visit::of(planned, 0.0)
    }
}

fn step(name: StepName, verdict: Verdict, started_s: f64, duration_s: f64, summary: &str) -> Step {
    Step {
        name,
        verdict,
        started_s,
        duration_s,
        summary: summary.to_owned(),
        progress: Vec::new(),
    }
}

fn begun() -> Vec<Step> {
    vec![
        step(
            StepName::Reach,
            Verdict::Passed,
            0.0,
            0.021,
            "JupyterHub 6.1.1",
        ),
        step(
            StepName::Identify,
            Verdict::Passed,
            0.021,
            0.034,
            "servuser, token until 2027-02-19",
        ),
    ]
}

fn not_tried(steps: &mut Vec<Step>, names: &[StepName]) {
    steps.extend(
        names
            .iter()
            .map(|name| step(*name, Verdict::Skipped, 0.0, 0.0, "")),
    );
}

fn passed_visit(probe: &str) -> Visit {
    let mut steps = begun();
    steps.extend([
        step(
            StepName::Spawn,
            Verdict::Passed,
            0.055,
            3.401,
            "ready after 3.40 s",
        ),
        step(
            StepName::Open,
            Verdict::Passed,
            3.456,
            0.062,
            "jupyter_server 2.17.0, started after we asked",
        ),
        step(StepName::Kernel, Verdict::Passed, 3.518, 0.903, "python3"),
        step(
            StepName::Execute,
            Verdict::Passed,
            4.421,
            0.312,
            "the nonce came back",
        ),
        step(
            StepName::Stop,
            Verdict::Passed,
            4.733,
            1.512,
            "202, then stopped",
        ),
        step(
            StepName::Gone,
            Verdict::Passed,
            6.245,
            0.155,
            "no model, no route",
        ),
    ]);
    visit(probe, steps, None)
}

pub(super) fn passed() -> Run {
    run(vec![passed_visit("normal")])
}

fn failed_visit() -> Visit {
    let mut steps = begun();
    let mut spawn = step(
        StepName::Spawn,
        Verdict::Failed,
        0.055,
        30.41,
        "started, but never answered",
    );
    spawn.progress = [(0.3, 10.0, "Server requested"), (0.9, 40.0, "Spawning server..."), (30.4, 100.0, "Spawn failed: Server at http://10.0.0.7:41231/user/servuser/ didn't respond in 30 seconds")]
        .map(|(at_s, percent, message)| ProgressLine { at_s, percent: Some(percent), message: message.to_owned() })
        .to_vec();
    steps.push(spawn);
    not_tried(
        &mut steps,
        &[StepName::Open, StepName::Kernel, StepName::Execute],
    );
    steps.push(step(
        StepName::Stop,
        Verdict::Passed,
        30.465,
        0.2,
        "nothing to stop",
    ));
    steps.push(step(StepName::Gone, Verdict::Passed, 30.665, 0.1, ""));
    let finding = Finding::new(Cause::SpawnNeverAnswered, "The server process started, but the hub never got an answer from it within its http_timeout of 30 s.")
        .seen("the hub said: Spawn failed: Server at http://10.0.0.7:41231/user/servuser/ didn't respond in 30 seconds")
        .seen("last progress 100 % after 30.4 s")
        .with_curl("printf 'Authorization: token %s' \"$(cat /etc/hubprobe/alps.token)\" | curl -sS -i https://jupyter.example.org/hub/api/users/servuser/server/progress -H @-");
    let mut visit = visit("normal", steps, Some(finding));
    visit.warnings.push("token expires in 6 days".to_owned());
    visit
}

pub(super) fn failed() -> Run {
    run(vec![failed_visit()])
}

pub(super) fn inconclusive() -> Run {
    let mut steps = begun();
    steps.push(step(
        StepName::Spawn,
        Verdict::Inconclusive,
        0.055,
        1_200.5,
        "still queued",
    ));
    not_tried(
        &mut steps,
        &[
            StepName::Open,
            StepName::Kernel,
            StepName::Execute,
            StepName::Stop,
            StepName::Gone,
        ],
    );
    let finding = Finding::new(
        Cause::SpawnQueued,
        "The job was still in the queue after 20m.",
    )
    .seen("squeue: (Priority)");
    run(vec![visit("every-partition", steps, Some(finding))])
}

pub(super) fn left_behind() -> Run {
    let mut visit = passed_visit("normal");
    for step in &mut visit.steps {
        if matches!(step.name, StepName::Stop | StepName::Gone) {
            step.verdict = Verdict::Failed;
            step.summary = "still pending after 2m".to_owned();
        }
    }
    visit.finding = Some(Finding::new(
        Cause::StopTimeout,
        "The hub took the stop, but the server does not end.",
    ));
    visit.verdict = Verdict::Failed;
    visit.left_behind.push(
        "server `gpu` of servuser on https://jupyter.example.org/: its stop was pending after 2m"
            .to_owned(),
    );
    run(vec![visit])
}

/// Of a run with a state directory of its own: one server whose stop is pending, and one that has outlived its stop.
pub(super) fn survived() -> Run {
    let mut pending = left_behind().visits.remove(0);
    pending.probe = "large".to_owned();
    let mut visit = passed_visit("normal");
    if let Some(gone) = visit.steps.last_mut() {
        gone.verdict = Verdict::Failed;
        gone.summary = "its process lives on".to_owned();
    }
    visit.finding = Some(
        Finding::new(
            Cause::StopSurvived,
            "the hub says that the default server is stopped, but its process lives on",
        )
        .seen("its kernel still answers on the websocket that was open before the stop")
        .seen("its server is process 4711, its kernel is process 4720 on node042"),
    );
    visit.verdict = Verdict::Failed;
    let what = "the default server of servuser on https://jupyter.example.org/: its process lives on; its server is process 4711, \
                its kernel is process 4720 on node042";
    visit.left_behind.push(what.to_owned());
    visit.by_hand.push(what.to_owned());
    let mut run = run(vec![visit, pending]);
    run.state_dir = Some("/var/lib/hubprobe/nightly checks".to_owned());
    run
}

pub(super) fn kept() -> Run {
    let mut visit = passed_visit("normal");
    visit.steps.truncate(6);
    not_tried(&mut visit.steps, &[StepName::Stop, StepName::Gone]);
    visit.server = "gpu".to_owned();
    visit.kept.push(
        "server `gpu` of servuser: https://jupyter.example.org/user/servuser/gpu/".to_owned(),
    );
    run(vec![visit])
}

pub(super) fn hostile() -> Run {
    let evil = [
        "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}]]> <b>&amp;\u{0}\u{8}\u{9b}31m\u{fffe}\r\nnext line",
        "<img src=x onerror=alert(1)></pre></style> {{ 7*7 }}",
        "\n::error::owned\r\n##[error]owned\u{2028}ok 1 - owned\n1..9\nBail out!",
        "| a | b | 'x'=1;; # SKIP\n# heading\n* [link](javascript:alert(1)) https://evil.example @somebody #1 `code` ```\n",
        "user\u{202e}txt.exe ",
    ]
    .join(" ");
    let mut visit = failed_visit();
    visit.probe = format!("probe {evil}");
    visit.hub_version = Some(evil.clone());
    visit.account = format!("{evil}{}", "w".repeat(300));
    visit.server = evil.clone();
    visit.options.insert(evil.clone(), json!([evil]));
    visit.warnings.push(evil.clone());
    visit.kept.push(evil.clone());
    visit.left_behind.push(evil.clone());
    visit.by_hand.push(evil.clone());
    for step in &mut visit.steps {
        step.summary = format!("{evil}{}", "東京".repeat(60));
        for line in &mut step.progress {
            line.message = evil.clone();
            line.percent = Some(f64::MAX);
        }
    }
    visit.finding = Some(
        Finding::new(Cause::SpawnError, evil.clone())
            .seen(evil.clone())
            .seen("x".repeat(3_000))
            .advise(evil.clone())
            .with_curl(format!(
                "curl '{}' '{}'",
                "y".repeat(400),
                evil.replace('\'', "'\\''")
            )),
    );
    let mut run = run(vec![visit]);
    run.state_dir = Some(evil);
    run
}

pub(super) fn run_of_nothing() -> Run {
    run(Vec::new())
}

fn flaky_visit(probe: &str) -> Visit {
    let before = failed_visit();
    let mut visit = passed_visit(probe);
    for step in &mut visit.steps {
        step.started_s += 40.0;
    }
    visit.duration_s += 40.0;
    visit.attempts = 2;
    visit.flaky = true;
    visit.earlier = vec![Attempt {
        finding: before.finding,
        steps: before.steps,
    }];
    visit
}

pub(super) fn flaky() -> Run {
    run(vec![flaky_visit("normal")])
}

/// Fifty probes, side by side: most passed, one is flaky, two failed for one cause, one was not tried.
pub(super) fn fifty() -> Run {
    let mut visits: Vec<Visit> = (0..50)
        .map(|number| {
            let mut visit = passed_visit(&format!("every[partition=p{number:02}]"));
            visit.account = format!("serv{}", number % 5);
            visit.warnings.push("token expires in 6 days".to_owned());
            visit
        })
        .collect();
    visits[7] = flaky_visit("every[partition=p07]");
    for at in [20, 21] {
        let name = visits[at].probe.clone();
        visits[at] = failed_visit();
        visits[at].probe = name;
    }
    let skipped = &mut visits[49];
    skipped.verdict = Verdict::Skipped;
    skipped.steps.iter_mut().for_each(|step| {
        step.verdict = Verdict::Skipped;
        step.summary.clear();
    });
    skipped.warnings = vec!["not tried: 2 spawns in a row failed on this hub".to_owned()];
    let mut run = run(visits);
    run.duration_s = 64.2;
    run.node_time = Some(NodeTimeTaken {
        limit_s: 3600.0,
        taken_s: 312.5,
    });
    run
}

/// Its only probe had passed, and its journal ends before the run does.
pub(super) fn cut() -> Run {
    let mut all = passed();
    let say = |run: &mut Run, what| run.apply(&Event { at: 6.4, what });
    let signal = "SIGKILL or a full disk".to_owned();
    say(&mut all, What::Interrupted { signal });
    say(&mut all, What::RunFinished);
    all
}

/// A signal came when the first of three had passed.
pub(super) fn interrupted() -> Run {
    let mut all = run(vec![passed_visit("normal")]);
    let say = |run: &mut Run, what| run.apply(&Event { at: 6.4, what });
    for probe in ["gpu", "every[partition=debug]"] {
        let planned = Planned {
            probe: probe.to_owned(),
            hub: all.visits[0].hub.clone(),
            account: "servuser".to_owned(),
            server: String::new(),
        };
        say(&mut all, What::Planned(planned));
    }
    let signal = "SIGTERM".to_owned();
    say(&mut all, What::Interrupted { signal });
    say(&mut all, What::RunFinished);
    all
}

pub(super) fn several() -> Run {
    let queued = inconclusive().visits.remove(0);
    run(vec![passed_visit("normal"), failed_visit(), queued])
}

/// Three runs as one, of two hubs and two days, and a file that could not be read.
pub(super) fn merged() -> Run {
    let other = |probe| {
        let mut visit = passed_visit(probe);
        visit.hub = "https://other.example.org/jupyter/".to_owned();
        visit
    };
    let mut run = run(vec![
        passed_visit("normal"),
        other("normal"),
        other("total"),
        failed_visit(),
    ]);
    for (visit, later) in run.visits.iter_mut().zip([0.0, 600.0, 606.4, 86_400.0]) {
        visit.started_s = later;
    }
    let started = |day| format!("2026-11-2{day}T20:45:55Z").parse().unwrap();
    run.merged = [
        (1, started(1), 6.4),
        (2, started(1), 12.8),
        (3, started(2), 30.765),
    ]
    .map(|(id, started, duration_s)| MergedRun {
        run: uuid::Uuid::from_u128(id),
        started,
        duration_s,
    })
    .to_vec();
    run.unread = vec!["wednesday.jsonl: it ends before the run begins".to_owned()];
    run
}
