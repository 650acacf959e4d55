//! Servers that a scheduler starts: a real Slurm on loopback, batchspawner, and
//! the options as a page for HPC sends them.

use jupyterhub_sandbox::{SLURM_ACCOUNT, SLURM_RESERVATION, Sandbox, Spec};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Case;
use crate::hubs::{Hubs, block_on};
use crate::world::World;

/// Quick: on the newest version.
pub const EDGES: &[Case] = &[("batch::as_the_page_asks", as_the_page_asks)];

/// Slower ones, on the newest with HUBPROBE_TEST=all.
pub const ALL: &[Case] = &[("batch::what_slurm_says", what_slurm_says)];

fn slurm(hubs: &Hubs, version: &str, name: &str) -> Sandbox {
    // Slurm's sockets want short paths.
    hubs.own(&Spec {
        name: format!("{name}-{version}"),
        slurm: true,
        faults: false,
        ..hubs.spec(version)
    })
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
    let sandbox = slurm(hubs, version, "words");
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

/// While all cores that no reservation holds are taken.
fn queued_and_cancelled(sandbox: &Sandbox, world: &World) {
    let cores: usize = ask(sandbox, "sinfo", &["-h", "-p", "normal", "-o", "%c"])
        .parse()
        .unwrap();
    let free = (cores - 1).to_string();
    let fill = ["--parsable", "-o", "/dev/null", "-n", &free, "--wrap"];
    let filler = ask(sandbox, "sbatch", &[&fill[..], &["sleep 300"]].concat());

    let deadlines = ["--deadline", "start=5s", "--deadline", "queue=4s"];
    let run = world.check().and(&deadlines).run();
    run.exits(3).finds("spawn.queued");
    world.assert_nothing_left();

    let check = world.check().start();
    let begun = Instant::now();
    let waiting = loop {
        let jobs = ask(sandbox, "squeue", &["-h", "-t", "PD", "-o", "%i"]);
        if !jobs.is_empty() {
            break jobs;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no job waits");
        std::thread::sleep(Duration::from_millis(200));
    };
    // Once the stream has told of it.
    std::thread::sleep(Duration::from_secs(2));
    ask(sandbox, "scancel", &[&waiting]);
    let run = crate::world::Said::of(check);
    run.exits(1).finds("spawn.job-vanished");
    world.assert_nothing_left();
    ask(sandbox, "scancel", &[&filler]);
}
