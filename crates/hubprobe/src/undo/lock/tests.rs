//! Who gets a place, and when, as files and processes tell it.

use std::time::SystemTime;

use super::*;

struct World {
    state: tempfile::TempDir,
    hub: Url,
}

impl World {
    fn new() -> Self {
        Self {
            state: tempfile::tempdir().unwrap(),
            hub: Url::parse("http://127.0.0.1/").unwrap(),
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            hub: &self.hub,
            account: "a",
            of: Of::Server(""),
        }
    }

    async fn take(&self, run: Uuid) -> Result<Lock, NotLocked> {
        take(self.state.path(), self.place(), run).await
    }

    fn files(&self) -> Files {
        Files::of(self.state.path(), self.place())
    }

    /// A claim by this owner, whom no flock tells of.
    fn claimed(&self, owner: &Owner, run: Uuid) {
        let files = self.files();
        fs::create_dir_all(&files.dir).unwrap();
        let text = serde_json::json!({"run": run, "owner": owner, "since": "2026-11-25T12:00:00Z"});
        fs::write(files.claim, text.to_string()).unwrap();
    }

    fn assert_nothing_but_the_lock(&self) {
        let files = fs::read_dir(self.files().dir).unwrap();
        for file in files {
            let path = file.unwrap().path();
            assert_eq!(path.extension().unwrap(), "lock", "{path:?}");
        }
    }
}

fn elsewhere() -> Owner {
    Owner {
        host: "another".into(),
        boot: "another".into(),
        ..Owner::this()
    }
}

fn dead() -> Owner {
    Owner {
        started: Owner::this().started + 1,
        ..Owner::this()
    }
}

fn held(taken: Result<Lock, NotLocked>) -> String {
    match taken.unwrap_err() {
        NotLocked::Held(words) => words,
        NotLocked::Unusable(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn the_second_is_told_who_holds_it_and_gets_it_when_the_first_lets_go() {
    let world = World::new();
    let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
    let first = world.take(one).await.unwrap();
    assert!(held(world.take(two).await).contains(&one.to_string()));
    for of in [Of::Server("named"), Of::Account] {
        let place = Place {
            of,
            ..world.place()
        };
        take(world.state.path(), place, two).await.unwrap();
    }
    drop(first);
    assert_eq!(world.take(two).await.unwrap().overtook, None);
    world.assert_nothing_but_the_lock();
}

#[test]
fn many_threads_get_it_one_at_a_time() {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    let world = World::new();
    world.claimed(&dead(), Uuid::now_v7());
    let (inside, taken) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                for _ in 0..5 {
                    let lock = loop {
                        match runtime.block_on(world.take(Uuid::now_v7())) {
                            Ok(lock) => break lock,
                            Err(NotLocked::Held(_)) => std::thread::yield_now(),
                            Err(NotLocked::Unusable(error)) => panic!("{error}"),
                        }
                    };
                    assert_eq!(inside.fetch_add(1, SeqCst), 0);
                    std::thread::sleep(Duration::from_millis(1));
                    inside.fetch_sub(1, SeqCst);
                    drop(lock);
                    taken.fetch_add(1, SeqCst);
                }
            });
        }
    });
    assert_eq!(taken.into_inner(), 40);
    world.assert_nothing_but_the_lock();
}

#[tokio::test(start_paused = true)]
async fn a_dead_process_of_this_host_is_overtaken_at_once() {
    let world = World::new();
    let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
    world.claimed(&dead(), one);
    let began = Instant::now();
    let lock = world.take(two).await.unwrap();
    assert_eq!(lock.overtook, Some(one));
    assert_eq!(began.elapsed().as_secs(), 0);
    drop(lock);
    world.assert_nothing_but_the_lock();
}

#[tokio::test(start_paused = true)]
async fn a_live_process_keeps_it_where_flock_does_not_tell() {
    let world = World::new();
    world.claimed(&Owner::this(), Uuid::now_v7());
    assert!(held(world.take(Uuid::now_v7()).await).contains("process"));
}

#[tokio::test(start_paused = true)]
async fn another_container_of_this_kernel_has_ended_where_its_flock_is_free() {
    let world = World::new();
    let one = Uuid::now_v7();
    let contained = Owner {
        space: "pid:[1]".into(),
        ..Owner::this()
    };
    world.claimed(&contained, one);
    let seen = look(world.state.path(), world.place(), one, &contained).await;
    // There is no flock file to ask; it is watched, and silent.
    assert_eq!(seen, Seen::Ended);
    let began = Instant::now();
    assert_eq!(
        world.take(Uuid::now_v7()).await.unwrap().overtook,
        Some(one)
    );
    assert_eq!(began.elapsed().as_secs(), 0);
}

#[tokio::test(start_paused = true)]
async fn another_host_that_is_silent_is_overtaken_after_a_while() {
    let world = World::new();
    let one = Uuid::now_v7();
    world.claimed(&elsewhere(), one);
    let began = Instant::now();
    let seen = look(world.state.path(), world.place(), one, &elsewhere()).await;
    assert_eq!(seen, Seen::Ended);
    let lock = world.take(Uuid::now_v7()).await.unwrap();
    assert_eq!(lock.overtook, Some(one));
    assert!(began.elapsed() >= 2 * claim::SILENCE);
}

#[tokio::test(start_paused = true)]
async fn another_host_that_beats_keeps_it_until_it_lets_go() {
    let world = World::new();
    let one = Uuid::now_v7();
    world.claimed(&elsewhere(), one);
    let path = world.files().claim;
    let beating = tokio::spawn({
        let path = path.clone();
        async move {
            for beat in 0.. {
                sleep(std::time::Duration::from_secs(5)).await;
                let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(beat);
                let file = File::options().write(true).open(&path).unwrap();
                file.set_modified(at).unwrap();
            }
        }
    });
    assert!(held(world.take(Uuid::now_v7()).await).contains("another"));
    let seen = look(world.state.path(), world.place(), one, &elsewhere()).await;
    assert_eq!(seen, Seen::Held);
    let other = look(
        world.state.path(),
        world.place(),
        Uuid::now_v7(),
        &elsewhere(),
    )
    .await;
    assert_eq!(other, Seen::Unknown);
    beating.abort();
    fs::remove_file(path).unwrap();
    assert_eq!(world.take(Uuid::now_v7()).await.unwrap().overtook, None);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_says_nothing_is_watched_too() {
    let world = World::new();
    fs::create_dir_all(world.files().dir).unwrap();
    fs::write(world.files().claim, "").unwrap();
    let began = Instant::now();
    assert_eq!(world.take(Uuid::now_v7()).await.unwrap().overtook, None);
    assert!(began.elapsed() >= claim::SILENCE);
}

#[tokio::test(start_paused = true)]
async fn ours_moves_and_one_in_its_place_stays() {
    let world = World::new();
    let lock = world.take(Uuid::now_v7()).await.unwrap();
    let path = world.files().claim;
    // Time for tasks, not for the clock of files: it is moved far away first.
    tokio::task::yield_now().await;
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let first = claim::trace(&path);
    sleep(claim::SILENCE / 2).await;
    assert_ne!(claim::trace(&path), first);
    fs::write(&path, "another's").unwrap();
    drop(lock);
    assert_eq!(fs::read(path).unwrap(), b"another's");
}

#[tokio::test]
async fn no_directory_no_lock() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let hub = Url::parse("http://127.0.0.1/").unwrap();
    let place = Place {
        hub: &hub,
        account: "a",
        of: Of::Account,
    };
    let taken = take(file.path(), place, Uuid::now_v7()).await;
    assert!(matches!(taken, Err(NotLocked::Unusable(_))));
}
