//! The running hub: a thread of its own, two listeners on loopback, an end when it is dropped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::gate::Gate;
use crate::script::Script;
use crate::world::World;
use crate::{api, notebook};

/// A hub that runs until it is dropped.
#[derive(Debug)]
pub struct FakeHub {
    /// What there is on it.
    pub world: World,
    /// What stands in front of it.
    pub gate: Gate,
    direct: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeHub {
    /// Starts a hub.
    ///
    /// # Errors
    /// Where no port can be had or no thread be started.
    pub fn start(script: Script) -> io::Result<Self> {
        let world = World::new(script);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let direct = listener.local_addr()?;
        let gate = Gate::in_front_of(direct)?;
        let app = api::routes(world.clone()).merge(notebook::routes(world.clone()));
        let (end, ended) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("fakehub".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = axum::serve(listener, app) => {}
                        _ = ended => {}
                    }
                });
            })?;
        Ok(Self {
            world,
            gate,
            direct,
            end: Some(end),
            thread: Some(thread),
        })
    }

    /// The hub's URL, through the gate.
    #[must_use]
    pub fn url(&self) -> String {
        self.gate.url()
    }

    /// The hub's URL without a gate, for benchmarks.
    #[must_use]
    pub fn direct_url(&self) -> String {
        format!("http://{}/", self.direct)
    }
}

impl Drop for FakeHub {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
