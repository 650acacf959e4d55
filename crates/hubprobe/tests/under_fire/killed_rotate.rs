//! `account rotate` killed (SIGKILL) between any two of its steps: a working token is in the file, at most one more is
//! on the hub, and `clean` or the next `rotate` leaves one.
//!
//! The instants: at every request, before the hub saw it and after it answered; at every change of a file (the ledger,
//! the register, the token's file), as soon as the system tells of it; and at random.

use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fakehub::{Moment, Script};
use jupyterhub_client::{Hub, Settings, Token, Url};
use rand::RngExt as _;
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::process::Signal;

use crate::Case;
use crate::fire::{Fire, MADE};
use crate::hubs::{Hubs, block_on};
use crate::killed::signal;
use crate::world::{Call, Said, World};

pub const ALWAYS: &[Case] = &[
    ("killed_rotate::a_few", a_few),
    ("killed_rotate::a_few_for_real", a_few_for_real),
    ("killed_rotate::asked_to_end", asked_to_end),
];

pub const SLOW: &[Case] = &[
    ("killed_rotate::everywhere", everywhere),
    ("killed_rotate::everywhere_for_real", everywhere_for_real),
];

/// Where it is killed.
#[derive(Debug, Clone, Copy)]
enum At {
    Request(usize, Moment),
    /// The number of a change of a file.
    Change(usize),
    Time(Duration),
}

/// Who rotates, and who brings it to its end.
#[derive(Debug, Clone, Copy)]
struct Blow {
    at: At,
    /// The next rotation is to bring it to its end, and not `clean`.
    by_the_next: bool,
}

/// An account whose token is rotated.
struct Scene<'a> {
    fire: Option<&'a Fire>,
    call: &'a dyn Fn(&[&str]) -> Call,
    dir: &'a Path,
    admin: Hub,
    /// The arguments of `account rotate`.
    rotate: Vec<String>,
    name: &'a str,
}

impl Scene<'_> {
    fn rotate(&self) -> Call {
        let args: Vec<&str> = self.rotate.iter().map(String::as_str).collect();
        (self.call)(&args)
    }

    fn file(&self) -> PathBuf {
        self.dir.join("rotated")
    }

    /// A working token of the account is in the file.
    fn works(&self) -> Result<String, String> {
        let text = std::fs::read_to_string(self.file()).map_err(|error| error.to_string())?;
        let token = Token::parse(&text).map_err(|error| error.to_string())?;
        match block_on(self.admin.with_token(token).whoami()) {
            Ok(seen) if seen.value.name == self.name => Ok(text),
            Ok(seen) => Err(format!("the file's token is of {}", seen.value.name)),
            Err(error) => Err(format!("the file's token does not work: {error}")),
        }
    }

    fn tokens(&self) -> usize {
        block_on(self.admin.tokens(self.name)).unwrap().len()
    }

    fn files(&self, dir: &str) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(self.dir.join(dir)) else {
            return Vec::new();
        };
        files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// Kills once, and looks; whether it was killed.
    fn strike(&self, blow: Blow) -> Result<bool, String> {
        let (child, struck) = self.start(blow.at, Signal::KILL);
        let ended_by_itself = finish(child, blow.at);
        if let Some(fire) = self.fire {
            fire.hub.gate.off_pass();
        }
        let killed = struck.load(Ordering::SeqCst) || !ended_by_itself;
        let trouble =
            |what: String, said: Option<&Said>| Err(format!("{blow:?}: {what}\n{said:?}"));
        let in_between = match self.works() {
            Ok(text) => text,
            Err(why) => return trouble(why, None),
        };
        if self.tokens() > 2 {
            return trouble(format!("{} tokens", self.tokens()), None);
        }
        let said = if blow.by_the_next {
            self.rotate().run()
        } else {
            (self.call)(&["clean"]).run()
        };
        if said.code != Some(0) {
            return trouble("it was not brought to an end".to_owned(), Some(&said));
        }
        let after = match self.works() {
            Ok(text) => text,
            Err(why) => return trouble(format!("afterwards: {why}"), Some(&said)),
        };
        if (after == in_between) == blow.by_the_next {
            return trouble("the wrong token is in the file".to_owned(), Some(&said));
        }
        // An empty one holds no secret; it is swept when it is old.
        let unfinished: Vec<String> = self
            .files(".")
            .into_iter()
            .filter(|name| name.starts_with(".hubprobe"))
            .filter(|name| std::fs::metadata(self.dir.join(name)).unwrap().len() > 0)
            .collect();
        let entries = |dir: &str| {
            let mut files = self.files(dir);
            files.retain(|name| name.ends_with(".json"));
            files
        };
        let ledger = entries("state/ledger");
        if self.tokens() != 1 || !ledger.is_empty() || !unfinished.is_empty() {
            let what = format!(
                "{} tokens, the ledger {ledger:?}, files {unfinished:?}",
                self.tokens()
            );
            return trouble(what, Some(&said));
        }
        let register = entries("state/accounts");
        if blow.by_the_next && register.len() != 1 {
            return trouble(format!("the register: {register:?}"), Some(&said));
        }
        Ok(killed)
    }

    /// Starts a rotation that gets a signal at a request or at a change, if that is wanted.
    fn start(&self, at: At, with: Signal) -> (Child, Arc<AtomicBool>) {
        let struck = Arc::new(AtomicBool::new(false));
        let victim: Arc<Mutex<Option<u32>>> = Arc::default();
        let kill = {
            let (struck, victim) = (Arc::clone(&struck), Arc::clone(&victim));
            move || {
                if struck.swap(true, Ordering::SeqCst) {
                    return;
                }
                // It is known a moment after it was started.
                while victim.lock().unwrap().is_none() {
                    std::thread::yield_now();
                }
                let pid = victim.lock().unwrap().unwrap();
                signal(pid, with);
            }
        };
        match at {
            At::Request(number, moment) => {
                let gate = &self.fire.unwrap().hub.gate;
                gate.forget();
                gate.on_pass(move |passing, now| {
                    if passing.number == number && now == moment {
                        kill();
                    }
                });
            }
            At::Change(number) => self.at_change(number, kill),
            At::Time(_) => {}
        }
        let child = self.rotate().start();
        *victim.lock().unwrap() = Some(child.id());
        (child, struck)
    }

    /// Does it at a change of a file, from a thread of its own.
    fn at_change(&self, number: usize, kill: impl Fn() + Send + 'static) {
        let watch = self.watch();
        std::thread::spawn(move || {
            let mut count = 0;
            let began = Instant::now();
            while began.elapsed() < Duration::from_secs(10) {
                count += changes(&watch);
                if count > number {
                    kill();
                    return;
                }
                std::thread::yield_now();
            }
        });
    }

    fn watch(&self) -> rustix::fd::OwnedFd {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
        for dir in [".", "state/ledger", "state/accounts"] {
            let what =
                WatchFlags::CREATE | WatchFlags::MODIFY | WatchFlags::MOVED_TO | WatchFlags::DELETE;
            inotify::add_watch(&watch, self.dir.join(dir), what).unwrap();
        }
        watch
    }

    /// How long it takes when nobody kills it, how many requests it makes, and how many changes of files.
    fn undisturbed(&self) -> (Duration, usize, usize) {
        let watch = self.watch();
        if let Some(fire) = self.fire {
            fire.hub.gate.forget();
        }
        let began = Instant::now();
        self.rotate().run().exits(0);
        let length = began.elapsed();
        let requests = self.fire.map_or(0, |fire| fire.hub.gate.passed().len());
        (length, requests, changes(&watch))
    }
}

/// How many changes there were since the last time.
fn changes(watch: &rustix::fd::OwnedFd) -> usize {
    let mut buffer = [MaybeUninit::uninit(); 16 << 10];
    let mut reader = Reader::new(watch, &mut buffer);
    let mut count = 0;
    while reader.next().is_ok() {
        count += 1;
    }
    count
}

/// Lets it end, or kills it in its time; whether it ended by itself.
fn finish(mut child: Child, at: At) -> bool {
    if let At::Time(time) = at {
        std::thread::sleep(time);
        child.kill().unwrap();
    }
    child.wait().unwrap().code().is_some()
}

/// A rotation by an administrator, or by the account itself, on a scripted hub.
fn on_a_scripted_hub(version: &str, own: bool, choose: impl Fn(&Scene<'_>) -> Vec<Blow>) {
    let fire = Fire::new(Script {
        version: version.to_owned(),
        ..Script::default()
    });
    let url = fire.hub.url();
    fire.hubprobe(&["account", "create", MADE, "--url", &url])
        .and(&["--admin-token-file", "admin", "--out", "rotated"])
        .and(&["--scopes", "servers!user=made,tokens!user=made"])
        .run()
        .exits(0);
    let mut settings = Settings::new(url.parse::<Url>().unwrap());
    let admin = std::fs::read_to_string(fire.dir.join("admin")).unwrap();
    settings.token = Some(Token::parse(&admin).unwrap());
    let scene = Scene {
        fire: Some(&fire),
        call: &|args| fire.hubprobe(args),
        dir: &fire.dir,
        admin: Hub::new(settings).unwrap(),
        rotate: rotate(MADE, &url, own, "admin"),
        name: MADE,
    };
    fight(&scene, &format!("{version}, own: {own}"), choose(&scene));
    fire.assert_nobody_harmed();
}

fn rotate(name: &str, url: &str, own: bool, admin: &str) -> Vec<String> {
    let who = if own {
        ["--token-file", "rotated"]
    } else {
        ["--admin-token-file", admin]
    };
    let args = ["account", "rotate", name, "--url", url];
    args.iter()
        .chain(&who)
        .map(|&word| word.to_owned())
        .collect()
}

fn fight(scene: &Scene<'_>, what: &str, blows: Vec<Blow>) {
    let (mut killed, mut complaints) = (0, Vec::new());
    let count = blows.len();
    for blow in blows {
        match scene.strike(blow) {
            Ok(was) => killed += usize::from(was),
            Err(complaint) => {
                complaints.push(complaint);
                break;
            }
        }
    }
    eprintln!("account rotate, killed ({what}): {count} instants, {killed} killed");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    // On a loaded machine some end before they are struck; those at requests never do.
    assert!(killed * 4 >= count, "hardly any was killed");
}

/// All requests and changes, and so many at random.
fn all(scene: &Scene<'_>, at_random: usize) -> Vec<Blow> {
    let (length, requests, changes) = scene.undisturbed();
    let requests = (0..requests).flat_map(|number| {
        [Moment::Before, Moment::After].map(|moment| At::Request(number, moment))
    });
    let random =
        (0..at_random).map(|_| At::Time(length.mul_f64(rand::rng().random_range(0.1..1.0))));
    let at = requests.chain((0..changes).map(At::Change)).chain(random);
    at.enumerate()
        .map(|(number, at)| Blow {
            at,
            by_the_next: number % 2 == 1,
        })
        .collect()
}

/// Of the second half, where the new token is there: nothing is waited for that may come late.
fn some(scene: &Scene<'_>) -> Vec<Blow> {
    let (_, requests, changes) = scene.undisturbed();
    let late = |count: usize, back: usize| count.saturating_sub(back);
    let mut at = vec![
        At::Change(late(changes, 1)),
        At::Change(late(changes, 2)),
        At::Change(late(changes, 3)),
        At::Change(late(changes, 4)),
        At::Change(late(changes, 5)),
    ];
    if scene.fire.is_some() {
        for back in [1, 2, 3, 4] {
            at.push(At::Request(late(requests, back), Moment::Before));
            at.push(At::Request(late(requests, back), Moment::After));
        }
    }
    at.into_iter()
        .enumerate()
        .map(|(number, at)| Blow {
            at,
            by_the_next: number % 2 == 1,
        })
        .collect()
}

fn a_few(_: &Hubs) {
    for own in [false, true] {
        on_a_scripted_hub("6.1.1", own, some);
    }
}

fn everywhere(_: &Hubs) {
    std::thread::scope(|scope| {
        for (version, own) in [
            ("6.1.1", false),
            ("6.1.1", true),
            ("4.1.6", false),
            ("4.1.6", true),
        ] {
            scope.spawn(move || on_a_scripted_hub(version, own, |scene| all(scene, 30)));
        }
    });
}

/// SIGTERM leaves nothing to take back: either all is done, or nothing is.
fn asked_to_end(_: &Hubs) {
    on_a_scripted_hub("6.1.1", false, |scene| {
        let (_, requests, _) = scene.undisturbed();
        let (mut undone, mut done) = (0, 0);
        for number in 0..requests {
            for moment in [Moment::Before, Moment::After] {
                let before = scene.works().unwrap();
                let (child, _) = scene.start(At::Request(number, moment), Signal::TERM);
                let said = Said::of(child);
                scene.fire.unwrap().hub.gate.off_pass();
                let changed = scene.works().unwrap() != before;
                match said.code {
                    Some(143) if !changed => undone += 1,
                    Some(0) if changed => done += 1,
                    _ => panic!("{number} {moment:?}: {said:?}"),
                }
                assert_eq!(scene.tokens(), 1, "{number} {moment:?}: {said:?}");
                assert_eq!(scene.files("state/ledger"), Vec::<String>::new());
                assert_eq!(scene.files("state/accounts").len(), 1);
                let hidden = |name: &String| name.starts_with(".hubprobe");
                assert!(!scene.files(".").iter().any(hidden));
            }
        }
        assert!(undone > 8 && done > 2, "{undone} {done}");
        Vec::new()
    });
}

fn a_few_for_real(hubs: &Hubs) {
    for_real(hubs, "6.1.1", false, some);
}

fn everywhere_for_real(hubs: &Hubs) {
    for (version, own) in [("6.1.1", true), ("5.5.4", false), ("4.1.6", true)] {
        for_real(hubs, version, own, |scene| all(scene, 8));
    }
}

fn for_real(hubs: &Hubs, version: &str, own: bool, choose: impl Fn(&Scene<'_>) -> Vec<Blow>) {
    let name = format!("rotated-{own}");
    let world = World::with_scopes(&hubs.of(version).sandbox, &format!("by-{name}"), &[]);
    let admin = world.admin_token_file.display().to_string();
    let scopes = format!("servers!user={name},tokens!user={name}");
    world
        .hubprobe(&["account", "create", &name, "--url", &world.url])
        .and(&["--admin-token-file", &admin, "--out", "rotated"])
        .and(&["--scopes", &scopes])
        .run()
        .exits(0);
    let scene = Scene {
        fire: None,
        call: &|args| world.hubprobe(args),
        dir: &world.dir,
        admin: world.admin.clone(),
        rotate: rotate(&name, &world.url, own, &admin),
        name: &name,
    };
    fight(
        &scene,
        &format!("JupyterHub {version}, own: {own}"),
        choose(&scene),
    );
}
