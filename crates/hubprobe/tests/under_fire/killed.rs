//! SIGKILL at any instant: what the run had made is taken back by `clean`, or by the next run.
//!
//! The instants are of two kinds. At every request of a visit, before the hub saw it and after it answered: there
//! a ledger that is written too late would show. And at random: there everything else would.

use std::ops::Range;
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fakehub::{Moment, Place, Script};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::Case;
use crate::fire::{Fire, MADE};
use crate::hubs::Hubs;
use crate::world::Call;

pub const ALWAYS: &[Case] = &[
    ("killed::a_few", a_few),
    ("killed::in_a_restart", in_a_restart),
];

pub const SLOW: &[Case] = &[("killed::two_hundred", two_hundred)];

fn a_few(_: &Hubs) {
    let mut figures = Figures::default();
    figures.fight(&Plan {
        at_requests: 6,
        at_random: 10,
        workers: 2,
        commands: &[Command::Check, Command::Create],
    });
    figures.close("killed, a few instants");
}

/// From the first stop on: the same entry stands for two servers, one after the other.
fn in_a_restart(_: &Hubs) {
    let mut figures = Figures::default();
    figures.fight(&Plan {
        at_requests: usize::MAX,
        at_random: 0,
        workers: 3,
        commands: &[Command::Restart],
    });
    figures.close("killed in a restart");
}

fn two_hundred(_: &Hubs) {
    let mut figures = Figures::default();
    figures.fight(&Plan {
        at_requests: usize::MAX,
        at_random: 140,
        workers: 6,
        commands: &[Command::Check, Command::Create],
    });
    figures.close("killed at instants of a visit");
    assert!(figures.instants() >= 200, "{} instants", figures.instants());
}

/// How often, and where.
struct Plan {
    /// At most so many of the requests of each command, spread over them.
    at_requests: usize,
    at_random: usize,
    workers: usize,
    commands: &'static [Command],
}

/// Which command is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    Check,
    /// A check that starts its server twice.
    Restart,
    Create,
}

/// Where it is killed.
#[derive(Debug, Clone, Copy)]
enum Instance {
    Request(usize, Moment),
    Time(Duration),
}

/// One of the things to do.
#[derive(Debug, Clone, Copy)]
struct Blow {
    command: Command,
    at: Instance,
    /// The next run is to take it back, and not `clean`.
    by_the_next: bool,
}

/// What came of it.
#[derive(Default)]
struct Figures {
    killed: AtomicUsize,
    ended_before: AtomicUsize,
    entries: AtomicUsize,
    complaints: Mutex<Vec<String>>,
}

impl Figures {
    fn instants(&self) -> usize {
        self.killed.load(Ordering::SeqCst) + self.ended_before.load(Ordering::SeqCst)
    }

    fn fight(&mut self, plan: &Plan) {
        let seed = std::env::var("HUBPROBE_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(|| rand::rng().random::<u64>());
        eprintln!("killed: HUBPROBE_SEED={seed}");
        let mut blows = blows(plan, &mut StdRng::seed_from_u64(seed));
        blows.reverse();
        let blows = Mutex::new(blows);
        std::thread::scope(|scope| {
            for _ in 0..plan.workers {
                scope.spawn(|| {
                    let fire = fire();
                    loop {
                        let Some(blow) = blows.lock().unwrap().pop() else {
                            return;
                        };
                        if let Err(complaint) = self.strike(&fire, blow) {
                            eprintln!("killed: {complaint}");
                            self.complaints.lock().unwrap().push(complaint);
                            return;
                        }
                    }
                });
            }
        });
    }

    /// Kills once, lets it be taken back, and looks.
    fn strike(&self, fire: &Fire, blow: Blow) -> Result<(), String> {
        let began = Instant::now();
        let (mut child, struck) = start(fire, blow);
        if let Instance::Time(time) = blow.at {
            std::thread::sleep(time);
            child.kill().unwrap();
        }
        let status = child.wait().unwrap();
        fire.hub.gate.off_pass();
        if status.code().is_some() && !struck.load(Ordering::SeqCst) {
            self.ended_before.fetch_add(1, Ordering::SeqCst);
        } else {
            self.killed.fetch_add(1, Ordering::SeqCst);
        }
        self.entries
            .fetch_add(fire.ledger().len(), Ordering::SeqCst);
        let done = blow.command == Command::Create && registered(fire);
        let said = match (blow.by_the_next, blow.command) {
            (false, _) => fire.clean().run(),
            (true, Command::Check | Command::Restart) => fire.check().run(),
            (true, Command::Create) => fire.account_create().run(),
        };
        let done = done || blow.by_the_next && blow.command == Command::Create;
        let trouble = |what: String| {
            Err(format!(
                "{blow:?}: {what}\nexit {:?}\n{}\n{}",
                said.code, said.out, said.err
            ))
        };
        if said.code != Some(0) {
            return trouble("it was not taken back".to_owned());
        }
        let left = if done {
            fire.left()
        } else {
            fire.left_of_create()
        };
        if !left.is_empty() {
            return trouble(format!("left behind: {left:?}"));
        }
        fire.assert_nobody_harmed();
        if done {
            undo_what_is_done(fire);
        }
        if began.elapsed() > Duration::from_secs(20) {
            eprintln!("killed: {blow:?} took {:?}", began.elapsed());
        }
        Ok(())
    }

    fn close(&self, what: &str) {
        let complaints = self.complaints.lock().unwrap();
        eprintln!(
            "{what}: {} instants, {} killed, {} had ended before, {} entries in ledgers; left behind: {}",
            self.instants(),
            self.killed.load(Ordering::SeqCst),
            self.ended_before.load(Ordering::SeqCst),
            self.entries.load(Ordering::SeqCst),
            complaints.len()
        );
        assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    }
}

fn fire() -> Fire {
    Fire::new(Script::default())
}

/// Starts the command; it is killed at a request, if that is wanted.
fn start(fire: &Fire, blow: Blow) -> (Child, Arc<AtomicBool>) {
    let struck = Arc::new(AtomicBool::new(false));
    let victim: Arc<Mutex<Option<u32>>> = Arc::default();
    if let Instance::Request(number, moment) = blow.at {
        let (struck, victim) = (Arc::clone(&struck), Arc::clone(&victim));
        fire.hub.gate.forget();
        fire.hub.gate.on_pass(move |passing, now| {
            if passing.number == number && now == moment && !struck.swap(true, Ordering::SeqCst) {
                // It is known a moment after it was started.
                while victim.lock().unwrap().is_none() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                kill(victim.lock().unwrap().unwrap());
            }
        });
    }
    let child = call(fire, blow.command).start();
    *victim.lock().unwrap() = Some(child.id());
    (child, struck)
}

fn kill(pid: u32) {
    signal(pid, rustix::process::Signal::KILL);
}

/// Sends a signal to a process that may have ended by itself.
pub fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    let _ = rustix::process::kill_process(pid, signal);
}

/// Whether `account create` came to its end: then the account is to stay.
fn registered(fire: &Fire) -> bool {
    let Ok(files) = std::fs::read_dir(fire.dir.join("state/accounts")) else {
        return false;
    };
    files
        .flatten()
        .any(|file| file.path().extension().is_some_and(|kind| kind == "json"))
}

/// As if somebody had taken the account away.
fn undo_what_is_done(fire: &Fire) {
    fire.hub.world.forget(MADE);
    std::fs::remove_dir_all(fire.dir.join("state/accounts")).unwrap();
}

/// The blows of a plan, shuffled.
fn blows(plan: &Plan, random: &mut StdRng) -> Vec<Blow> {
    let mut blows = Vec::new();
    for &command in plan.commands {
        let (length, requests) = undisturbed(command);
        let all: Vec<Instance> = requests
            .flat_map(|number| {
                [Moment::Before, Moment::After].map(|moment| Instance::Request(number, moment))
            })
            .collect();
        let step = all.len().div_ceil(plan.at_requests.min(all.len()));
        let offset = random.random_range(0..step);
        let at_requests = all.into_iter().skip(offset).step_by(step);
        let share = if command == Command::Create {
            plan.at_random / 4
        } else {
            plan.at_random * 3 / 4
        };
        let at_random =
            (0..share).map(|_| Instance::Time(length.mul_f64(random.random_range(0.0..1.02))));
        let at: Vec<Instance> = at_requests.chain(at_random).collect();
        blows.extend(at.into_iter().enumerate().map(|(number, at)| Blow {
            command,
            at,
            by_the_next: number % 2 == 1,
        }));
    }
    blows
}

fn call(fire: &Fire, command: Command) -> Call {
    match command {
        Command::Check => fire.check(),
        Command::Restart => fire.check().and(&["--persist"]),
        Command::Create => fire.account_create(),
    }
}

/// How long the command takes when nobody kills it, and at which of its requests it may be killed: of a restart, from
/// the first stop on, or in the short run around the second start.
fn undisturbed(command: Command) -> (Duration, Range<usize>) {
    let fire = fire();
    let began = Instant::now();
    call(&fire, command).run().exits(0);
    let length = began.elapsed();
    let passed = fire.hub.gate.passed();
    let mut of_a_restart = passed
        .iter()
        .filter(|passing| matches!(passing.place, Place::Start | Place::Stop));
    let requests = match command {
        Command::Check | Command::Create => 0..passed.len(),
        Command::Restart => {
            let first_stop = of_a_restart.nth(1).unwrap().number;
            let second_start = of_a_restart.next().unwrap().number;
            if crate::all() {
                first_stop..passed.len()
            } else {
                second_start - 1..second_start + 5
            }
        }
    };
    (length, requests)
}
