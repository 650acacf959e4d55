//! Servers that a scheduler starts: a real Slurm on loopback, batchspawner, and
//! the options as a page for HPC sends them.

use jupyterhub_sandbox::{SLURM_ACCOUNT, SLURM_RESERVATION, Sandbox, Spec};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Case;
use crate::hubs::{Hubs, block_on};
use crate::world::{Call, World};

/// Quick: on the newest version.
pub const EDGES: &[Case] = &[("batch::as_the_page_asks", as_the_page_asks)];

/// Slower ones, on the newest with HUBPROBE_TEST=all.
pub const ALL: &[Case] = &[
    ("batch::what_slurm_says", what_slurm_says),
    ("batch::the_time_is_over", the_time_is_over),
    ("batch::gone_as_slurm_has_it", gone_as_slurm_has_it),
    ("batch::queue_as_slurm_has_it", queue_as_slurm_has_it),
    ("batch::who_is_asked_whether_it_is_gone", who_is_asked),
];

fn slurm(hubs: &Hubs, version: &str, name: &str) -> Sandbox {
    hubs.own(&slurm_spec(hubs, version, name))
}

fn slurm_spec(hubs: &Hubs, version: &str, name: &str) -> Spec {
    Spec {
        // Slurm's sockets want short paths.
        name: format!("{name}-{version}"),
        slurm: true,
        faults: false,
        ..hubs.spec(version)
    }
}

/// One of Slurm's own commands on the sandbox's Slurm; what it said.
fn ask(sandbox: &Sandbox, program: &str, words: &[&str]) -> String {
    let conf = sandbox.slurm_conf().unwrap();
    let mut command = Command::new(program);
    let said = command
        .args(words)
        .env("SLURM_CONF", conf)
        .output()
        .unwrap();
    assert!(said.status.success(), "{program} {words:?}: {said:?}");
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

/// All options reach sbatch, the server works, and no job is left.
fn as_the_page_asks(hubs: &Hubs, version: &str) {
    let sandbox = slurm(hubs, version, "batch");
    let world = World::on(&sandbox, "page");
    let run = world
        .check_steps("- options-honoured")
        .option("partition=debug")
        .option(&format!("account=[{SLURM_ACCOUNT}]"))
        .option(&format!("reservation=[{SLURM_RESERVATION}]"))
        .option("runtime=[\"00:05:00\"]")
        .option("nnodes=[\"1\"]")
        .run();
    let steps = run.passes()["steps"].to_string();
    let honoured = "partition, account, reservation, nnodes as asked for";
    assert!(steps.contains(honoured), "{steps}");
    world.assert_nothing_left();
    let job = ask(&sandbox, "scontrol", &["show", "job", "-o"]);
    for words in [
        "Partition=debug",
        &format!("Account={SLURM_ACCOUNT}"),
        &format!("Reservation={SLURM_RESERVATION}"),
        "TimeLimit=00:05:00",
        "NumNodes=1",
        "JobState=CANCELLED",
    ] {
        assert!(job.contains(words), "no {words} in: {job}");
    }
    assert_eq!(ask(&sandbox, "squeue", &["-h", "-t", "PD,R"]), "");
}

/// Refused, gone, queued, and nobody there: each by Slurm itself.
fn what_slurm_says(hubs: &Hubs, version: &str) {
    let sandbox = slurm(hubs, version, "refuses");
    let world = World::on(&sandbox, "words");
    for (option, words) in [
        ("partition=nosuch", "Invalid partition name specified"),
        ("account=[nosuch]", "Invalid account or account/partition"),
        ("reservation=[nosuch]", "Requested reservation is invalid"),
        ("qos=nosuch", "Invalid qos specification"),
        ("runtime=[\"05:00:00\"]", "Requested time limit is invalid"),
        ("nnodes=[\"3\"]", "Node count specification invalid"),
        ("constraint=gpu", "Invalid feature specification"),
        // A plain text, of which the site's template takes the first letter.
        ("account=proj", "Invalid account or account/partition"),
    ] {
        let run = world.check().option(option).run();
        let finding = run.exits(1).finds("spawn.job-rejected");
        let summary = finding["summary"].as_str().unwrap();
        assert!(summary.contains(words), "{option}: {summary}");
        world.assert_nothing_left();
    }
    queued_and_cancelled(&sandbox, &world);

    block_on(sandbox.stop_slurmctld()).unwrap();
    let run = world.check().run();
    run.exits(1).finds("spawn.scheduler-down");
    world.assert_nothing_left();
    block_on(sandbox.start_slurmctld()).unwrap();
    world.check().run().passes();
}

/// Slurm ends the job in the middle of the visit. Its limits are whole minutes, so its admin brings the end nearer, to just after
/// the time that was asked for; it looks every half minute.
fn the_time_is_over(hubs: &Hubs, version: &str) {
    let sandbox = hubs.own(&Spec {
        extra_config_text: Some(SEEING.to_owned()),
        ..slurm_spec(hubs, version, "overdue")
    });
    // Nothing is asked for; the scheduler says how the job ended.
    let other = seeing(&sandbox, "default");
    let squeue = "squeue, -h, -t, all, -j, '{job_id}', -o, '%T %r'";
    let keys = format!(
        "queue: {{ command: [{squeue}] }}\n    steps: [ execute: {{ code: 'import time; time.sleep(100)' }} ]"
    );
    let by_default = check_asking(&other, &keys)
        .env(
            "SLURM_CONF",
            sandbox.slurm_conf().unwrap().to_str().unwrap(),
        )
        .and(&["--deadline", "execute=100s"])
        .start();
    let first = until_one(&sandbox, "R");
    let end = "EndTime=now+22";
    ask(
        &sandbox,
        "scontrol",
        &["update", &format!("JobId={first}"), end],
    );
    let world = World::on(&sandbox, "time");
    let check = world
        .check_code("import time; time.sleep(100)", None)
        .and(&["--deadline", "execute=100s"])
        .option("runtime=[\"00:00:20\"]")
        .start();
    let both = until(&sandbox, "R", 2);
    let job = both.lines().find(|job| *job != first).unwrap();
    ask(
        &sandbox,
        "scontrol",
        &["update", &format!("JobId={job}"), end],
    );
    let run = crate::world::Said::of(check);
    let finding = run.exits(1).finds("server.walltime");
    let summary = finding["summary"].as_str().unwrap();
    assert!(summary.contains("runtime=[\"00:00:20\"]"), "{summary}");
    world.assert_nothing_left();
    let log = std::fs::read_to_string(sandbox.server_log(&world.account, "")).unwrap();
    assert!(log.contains("DUE TO TIME LIMIT"), "{log}");

    let run = crate::world::Said::of(by_default);
    let finding = run.exits(1).finds("server.walltime");
    let evidence = finding["evidence"].to_string();
    assert!(evidence.contains("%T %r: TIMEOUT"), "{evidence}");
    other.assert_nothing_left();
}

/// Everybody may see the state of the own server, where the job's id stands.
const SEEING: &str =
    "c.JupyterHub.load_roles = [{'name': 'user', 'scopes': ['self', 'admin:server_state!user']}]\n";

/// An account that sees it.
fn seeing(sandbox: &Sandbox, account: &str) -> World {
    let scopes = [
        "servers",
        "access:servers",
        "read:tokens",
        "admin:server_state",
    ];
    let scopes = scopes.map(|scope| format!("{scope}!user={account}"));
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    World::with_scopes(sandbox, account, &scopes)
}

/// A site's template without the line for the reservation.
const DROPPING: &str = "
import slurm
line = '{% if reservation %}#SBATCH --reservation={{reservation[0]}}\\n{% endif %}'
assert line in slurm.SCRIPT
c.JobSpawner.batch_script = slurm.SCRIPT.replace(line, '')
";

/// The hub has the option as it was sent, the server works, and the job has no reservation.
fn drops_an_option(sandbox: &Sandbox) {
    let world = World::on(sandbox, "dropped");
    let check = |reservation: &str| {
        let check = world.check_steps("- options-honoured");
        let check = check.option("partition=debug").option(reservation);
        check.run()
    };
    let run = check(&format!("reservation=[{SLURM_RESERVATION}]"));
    let finding = run.exits(1).finds("spawn.options-ignored");
    let summary = finding["summary"].as_str().unwrap();
    let words = "reservation: asked for \"class\", and SLURM_JOB_RESERVATION is not set";
    assert!(summary.contains(words), "{summary}");
    assert_eq!(finding["evidence"].as_array().unwrap().len(), 1);
    world.assert_nothing_left();
    // As a page sends it where none is chosen.
    check("reservation=[\"\"]").passes();
}

/// The job is known to who may see the server's state, and is asked for after the stop; also when cancelling does nothing.
fn gone_as_slurm_has_it(hubs: &Hubs, version: &str) {
    let holder = tempfile::tempdir().unwrap();
    let keep = holder.path().join("keep");
    let config = format!(
        "{SEEING}{DROPPING}c.JobSpawner.batch_cancel_cmd = 'test -e {} || scancel {{{{job_id}}}}'\n",
        keep.display()
    );
    let sandbox = hubs.own(&Spec {
        extra_config_text: Some(config),
        ..slurm_spec(hubs, version, "keeps")
    });
    let conf = sandbox.slurm_conf().unwrap();
    let check = |world: &World| {
        let squeue = "squeue, -h, -j, '{job_id}'";
        check_gone(world, squeue).env("SLURM_CONF", conf.to_str().unwrap())
    };

    drops_an_option(&sandbox);

    // Who may not see the state is told that nothing was asked.
    let blind = World::on(&sandbox, "blind");
    let run = check(&blind).run();
    run.passes();
    assert!(run.out.contains("not checked whether the scheduler"));

    let world = seeing(&sandbox, "seeing");
    let run = check(&world).run();
    run.passes();
    assert!(run.out.contains(", and from the scheduler"));
    assert!(!run.out.contains("not checked"));
    world.assert_nothing_left();

    std::fs::write(&keep, "").unwrap();
    let run = check(&world).and(&["--deadline", "stop=20s"]).run();
    let finding = run.exits(4).finds("stop.survived");
    let job = until_one(&sandbox, "R");
    let evidence = finding["evidence"].to_string();
    assert!(
        evidence.contains(&format!("squeue -h -j {job}: ")),
        "{evidence}"
    );

    // The hub has forgotten it, and Slurm has not.
    let clean = || {
        let clean = world.hubprobe(&["clean"]);
        clean.env("SLURM_CONF", conf.to_str().unwrap()).run()
    };
    let cleaned = clean();
    cleaned.exits(4).says("LIVES ON: ").complains("by hand");
    assert!(
        cleaned.out.contains(&format!("squeue -h -j {job}: ")),
        "{}",
        cleaned.out
    );
    // Who cannot ask Slurm does not say that it is gone.
    let blind = world
        .hubprobe(&["clean"])
        .env("SLURM_CONF", "/nonexistent")
        .run();
    blind.exits(4);
    assert_eq!(world.ledger().len(), 1);
    ask(&sandbox, "scancel", &[&job]);
    let began = Instant::now();
    while clean().code != Some(0) {
        assert!(
            began.elapsed() < Duration::from_secs(90),
            "the job does not end"
        );
    }
    world.assert_nothing_left();
}

/// A spawner that says nothing of a queue, where it is asked to.
const SILENT: &str = "
import asyncio, slurm
class Sometimes(slurm.JobSpawner):
    async def progress(self):
        if 'silent' in self.user_options:
            yield {'message': 'One moment, please'}
            await asyncio.sleep(600)
        async for event in super().progress():
            yield event
c.JupyterHub.spawner_class = Sometimes
";

/// Why the job waits, from Slurm itself; also where the hub says nothing of it, where the job ends, and where Slurm does.
fn queue_as_slurm_has_it(hubs: &Hubs, version: &str) {
    let sandbox = hubs.own(&Spec {
        extra_config_text: Some(format!("{SEEING}{SILENT}")),
        ..slurm_spec(hubs, version, "queue")
    });
    let conf = sandbox.slurm_conf().unwrap();
    let check = |world: &World, options: &str, deadlines: [&str; 2]| {
        let squeue = "squeue, -h, -j, '{job_id}', -o, '%T %r'";
        let keys = format!("queue: {{ command: [{squeue}] }}\n    options: {options}");
        let check = check_asking(world, &keys).env("SLURM_CONF", conf.to_str().unwrap());
        check.and(&["--deadline", deadlines[0], "--deadline", deadlines[1]])
    };
    let world = seeing(&sandbox, "waiting");

    let filler = fill(&sandbox);
    for options in ["{}", "{ silent: 1 }"] {
        none_waits(&sandbox);
        let run = check(&world, options, ["start=6s", "queue=6s"]).run();
        let finding = run.exits(3).finds("spawn.queued");
        let summary = finding["summary"].as_str().unwrap();
        // Which of the two is Slurm's affair; it must be the same everywhere.
        let reason = ["Resources", "Priority"]
            .into_iter()
            .find(|reason| summary.contains(&format!("; it waits: PENDING ({reason})")))
            .unwrap_or_else(|| panic!("{options}: {summary}"));
        let said = finding["evidence"].to_string();
        assert!(said.contains(&format!("%T %r: PENDING {reason}")), "{said}");
        let steps = run.visit()["steps"].to_string();
        assert!(steps.contains(&format!("PENDING ({reason})")), "{steps}");
        world.assert_nothing_left();
    }
    // Who may not see the id is told that nobody was asked.
    let blind = World::on(&sandbox, "unseeing");
    let run = check(&blind, "{}", ["start=4s", "queue=4s"]).run();
    run.exits(3).finds("spawn.queued");
    let warnings = run.visit()["warnings"].to_string();
    assert!(warnings.contains("was not asked why"), "{warnings}");
    ask(&sandbox, "scancel", &[&filler]);

    ask(
        &sandbox,
        "scontrol",
        &["update", "PartitionName=debug", "State=DOWN"],
    );
    let down = "{ partition: debug }";
    let run = check(&world, down, ["start=4s", "queue=4s"]).run();
    let finding = run.exits(3).finds("spawn.queued");
    let summary = finding["summary"].as_str().unwrap();
    assert!(summary.contains("PENDING (PartitionDown)"), "{summary}");
    assert!(finding["advice"].as_str().unwrap().contains("sinfo -R"));

    // It dies after it ran: batchspawner waits on.
    let dies = "{ prologue: 'sleep 4; exit 1' }";
    let run = check(&world, dies, ["start=12s", "queue=60s"]).run();
    run.exits(1).finds("spawn.job-vanished");
    world.assert_nothing_left();

    let waiting = check(&world, down, ["start=13s", "queue=13s"]).start();
    until_one(&sandbox, "PD");
    std::thread::sleep(Duration::from_secs(3));
    block_on(sandbox.stop_slurmctld()).unwrap();
    let run = crate::world::Said::of(waiting);
    run.finds("spawn.scheduler-down");
    block_on(sandbox.start_slurmctld()).unwrap();
}

/// A job on all cores that no reservation holds.
fn fill(sandbox: &Sandbox) -> String {
    let cores: usize = ask(sandbox, "sinfo", &["-h", "-p", "normal", "-o", "%c"])
        .parse()
        .unwrap();
    let free = (cores - 1).to_string();
    let fill = ["--parsable", "-o", "/dev/null", "-n", &free, "--wrap"];
    let job = ask(sandbox, "sbatch", &[&fill[..], &["sleep 300"]].concat());
    let begun = Instant::now();
    let state = || ask(sandbox, "squeue", &["-h", "-j", &job, "-o", "%T %r"]);
    while !state().starts_with("RUNNING") {
        assert!(begun.elapsed() < Duration::from_secs(90), "{}", state());
        std::thread::sleep(Duration::from_millis(200));
    }
    job
}

/// A probe whose suite has this command asked after the stop.
fn check_gone(world: &World, command: &str) -> Call {
    let gone = format!("gone: {{ command: [{command}], expect_empty: true }}");
    check_asking(world, &gone)
}

/// A probe with these keys.
fn check_asking(world: &World, keys: &str) -> Call {
    world.write(
        "suite.yaml",
        &format!(
            "hubs:\n  here:\n    url: {}\n    accounts:\n      {}: {{ token: {{ file: token }} }}\n\
             probes:\n  job:\n    {keys}\n",
            world.url, world.account
        ),
    );
    world.hubprobe(&["check", "--suite", "suite.yaml", "--format", "json"])
}

/// Where nothing but the command says that something is left, and where it cannot be run.
fn who_is_asked(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "gone-asked");
    let keys =
        "gone: { command: [/nonexistent/squeue] }\n    queue: { command: [/nonexistent/qstat] }";
    let run = check_asking(&world, keys).run();
    run.passes();
    let warnings = run.visit()["warnings"].to_string();
    for words in [
        "not checked",
        "/nonexistent/squeue",
        "not known what the scheduler says of the job",
    ] {
        assert!(warnings.contains(words), "{warnings}");
    }
    assert_eq!(warnings.matches("/nonexistent/qstat").count(), 1);
    world.assert_nothing_left();

    // The job's id stands in the messages of firecrestspawner.
    let keys = "queue: { command: [echo, PENDING, 'Priority of {job_id}'] }\n    options: { fault: 'firecrest:queue' }";
    let waits = check_asking(&world, keys).and(&["--deadline", "queue=4s"]);
    let waits = waits.run();
    let finding = waits.exits(3).finds("spawn.queued");
    let summary = finding["summary"].as_str().unwrap();
    assert!(
        summary.contains("it waits: PENDING Priority of 1"),
        "{summary}"
    );
    let steps = waits.visit()["steps"].to_string();
    assert!(steps.contains("[PENDING Priority of 1"), "{steps}");
    world.assert_nothing_left();

    let late = check_gone(&world, "sleep, 60").and(&["--deadline", "stop=8s"]);
    let late = late.run();
    late.passes();
    let warnings = late.visit()["warnings"].to_string();
    assert!(warnings.contains("did not end in time"), "{warnings}");
    world.assert_nothing_left();

    let words = "sh, -c, 'echo \"RUNNING of $0\"', '{user}'";
    let run = check_gone(&world, words)
        .and(&["--deadline", "stop=8s"])
        .run();
    let finding = run.exits(4).finds("stop.survived");
    let summary = finding["summary"].as_str().unwrap();
    assert!(
        summary.contains("the scheduler still has its job"),
        "{summary}"
    );
    let evidence = finding["evidence"].to_string();
    assert!(evidence.contains("RUNNING of gone-asked"), "{evidence}");
}

/// The job that is in this state, once there is one.
fn until_one(sandbox: &Sandbox, state: &str) -> String {
    until(sandbox, state, 1)
}

/// Returns once no job waits before ours, and none is about to go; after a while also where Slurm takes its time.
fn none_waits(sandbox: &Sandbox) {
    let begun = Instant::now();
    let waiting = || ask(sandbox, "squeue", &["-h", "-t", "PD,CG", "-o", "%i"]);
    while begun.elapsed() < Duration::from_secs(20) && !waiting().is_empty() {
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The jobs that are in this state, a line each, once there are so many.
fn until(sandbox: &Sandbox, state: &str, number: usize) -> String {
    let begun = Instant::now();
    loop {
        let jobs = ask(sandbox, "squeue", &["-h", "-t", state, "-o", "%i"]);
        if jobs.lines().count() >= number {
            return jobs;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "no job is {state}"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// While all cores that no reservation holds are taken.
fn queued_and_cancelled(sandbox: &Sandbox, world: &World) {
    let filler = fill(sandbox);
    let deadlines = ["--deadline", "start=5s", "--deadline", "queue=4s"];
    let run = world.check().and(&deadlines).run();
    run.exits(3).finds("spawn.queued");
    world.assert_nothing_left();

    let check = world.check().start();
    let waiting = until_one(sandbox, "PD");
    // Once the stream has told of it.
    std::thread::sleep(Duration::from_secs(2));
    ask(sandbox, "scancel", &[&waiting]);
    let run = crate::world::Said::of(check);
    run.exits(1).finds("spawn.job-vanished");
    world.assert_nothing_left();
    ask(sandbox, "scancel", &[&filler]);
}
