//! What stands in front of a hub and spoils what passes: a listener that reads the head of each request.
//!
//! One request a connection (it asks both sides to close), so that each is judged by itself. A request to which no
//! [`Rule`] applies passes untouched. What [`Gate::on_pass`] is told comes before and after the hub saw the request,
//! which is where a test may end the asker.
//!
//! It works on bytes, so that it can do what no HTTP library would: half an answer, a socket that is open at one end,
//! a frame that lies about its length.

mod act;
pub mod frames;
mod head;
mod place;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

pub use act::{Act, Pace, Spoil, Then};
pub use place::Place;

use head::Head;

/// What is done to which requests.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Which requests.
    pub place: Place,
    /// So many pass untouched before.
    pub after: usize,
    /// So many are spoiled; then the rule is over.
    pub times: usize,
    /// What happens to them.
    pub act: Act,
}

impl Rule {
    /// Every request to a place.
    #[must_use]
    pub fn every(place: Place, act: Act) -> Self {
        Self {
            place,
            after: 0,
            times: usize::MAX,
            act,
        }
    }
}

/// Which side of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It has arrived; the hub has not seen it.
    Before,
    /// The hub has answered; the answer has not been passed on.
    After,
}

/// A request that passes.
#[derive(Debug, Clone)]
pub struct Passing {
    /// Its number, from 0.
    pub number: usize,
    /// Its first line.
    pub line: String,
    /// Its `Authorization`, if it had one.
    pub authorization: Option<String>,
    /// Where it goes.
    pub place: Place,
}

type Watch = dyn Fn(&Passing, Moment) + Send + Sync;

/// What is shared by the connections.
pub(crate) struct Shared {
    upstream: SocketAddr,
    rules: Mutex<Vec<Rule>>,
    passed: Mutex<Vec<Passing>>,
    watch: Mutex<Option<Arc<Watch>>>,
    closed: Mutex<bool>,
}

/// A listener in front of a hub; it ends when it is dropped.
pub struct Gate {
    address: SocketAddr,
    shared: Arc<Shared>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Gate {
    /// Opens a gate.
    ///
    /// # Errors
    /// Where no port can be had or no thread be started.
    pub fn in_front_of(upstream: SocketAddr) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream,
            rules: Mutex::default(),
            passed: Mutex::default(),
            watch: Mutex::default(),
            closed: Mutex::new(false),
        });
        let (end, ended) = oneshot::channel::<()>();
        let all = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("gate".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = accept(listener, all) => {}
                        _ = ended => {}
                    }
                });
            })?;
        Ok(Self {
            address,
            shared,
            end: Some(end),
            thread: Some(thread),
        })
    }

    /// The URL in front of it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// One rule more; earlier ones come first.
    pub fn rule(&self, rule: Rule) {
        lock(&self.shared.rules).push(rule);
    }

    /// No rules any more.
    pub fn clear(&self) {
        lock(&self.shared.rules).clear();
    }

    /// Closed, it takes connections and drops them at once, as a host does whose service is down.
    pub fn close(&self, closed: bool) {
        *lock(&self.shared.closed) = closed;
    }

    /// Another hand on the door, for what [`Gate::on_pass`] is to do.
    #[must_use]
    pub fn closer(&self) -> Closer {
        Closer(Arc::clone(&self.shared))
    }

    /// Whom to tell of every request. It may block: the request waits for it, and no other.
    pub fn on_pass(&self, watch: impl Fn(&Passing, Moment) + Send + Sync + 'static) {
        *lock(&self.shared.watch) = Some(Arc::new(watch));
    }

    /// Tells nobody any more.
    pub fn off_pass(&self) {
        *lock(&self.shared.watch) = None;
    }

    /// The requests that came, in order.
    #[must_use]
    pub fn passed(&self) -> Vec<Passing> {
        lock(&self.shared.passed).clone()
    }

    /// Forgets the requests that came.
    pub fn forget(&self) {
        lock(&self.shared.passed).clear();
    }
}

/// Opens and closes a gate.
pub struct Closer(Arc<Shared>);

impl Closer {
    /// As [`Gate::close`].
    pub fn close(&self, closed: bool) {
        *lock(&self.0.closed) = closed;
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// The act for the next request to this place.
    fn act(&self, place: Place) -> Option<Act> {
        let mut rules = lock(&self.rules);
        for rule in rules.iter_mut() {
            if !rule.place.holds(place) {
                continue;
            }
            if rule.after > 0 {
                rule.after -= 1;
                continue;
            }
            if rule.times > 0 {
                rule.times -= 1;
                return Some(rule.act.clone());
            }
        }
        None
    }

    fn pass(&self, head: &Head) -> Passing {
        let mut passed = lock(&self.passed);
        let passing = Passing {
            number: passed.len(),
            line: head.line.clone(),
            authorization: head.value("authorization").map(str::to_owned),
            place: head.place(),
        };
        passed.push(passing.clone());
        passing
    }

    async fn tell(&self, passing: &Passing, moment: Moment) {
        let watch = lock(&self.watch).clone();
        if let Some(watch) = watch {
            let passing = passing.clone();
            let _ = tokio::task::spawn_blocking(move || watch(&passing, moment)).await;
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        if *lock(&shared.closed) {
            continue;
        }
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // A side that goes away is what a test wants.
            let _ = pass(client, &shared).await;
        });
    }
}

async fn pass(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    client.set_nodelay(true)?;
    let Some(head) = Head::read(&mut client).await? else {
        return Ok(());
    };
    let passing = shared.pass(&head);
    shared.tell(&passing, Moment::Before).await;
    let spoil = match shared.act(passing.place) {
        None => None,
        Some(Act::Spoil(spoil)) => Some(spoil),
        Some(act) => return act::perform(client, &head, act).await,
    };
    let mut upstream = TcpStream::connect(shared.upstream).await?;
    upstream.set_nodelay(true)?;
    upstream.write_all(&head.forwarded()).await?;
    act::relay(client, upstream, spoil, shared, &passing).await
}
