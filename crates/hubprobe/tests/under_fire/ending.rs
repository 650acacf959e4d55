//! The end of a kernel that may outlive its server: asked for before the stop, and never what a stop waits for.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fakehub::{Act, Moment, Place, Rule};

use crate::Case;
use crate::fire::Fire;
use crate::hubs::Hubs;
use crate::killed::signal;
use crate::world::{Call, Said};

pub const ALWAYS: &[Case] = &[
    (
        "ending::a_signal_does_not_wait_for_a_kernel",
        a_signal_does_not_wait_for_a_kernel,
    ),
    (
        "ending::a_server_that_ends_no_kernel_is_stopped",
        a_server_that_ends_no_kernel_is_stopped,
    ),
];

/// How long the end of the session is held up at the gate.
const HELD: Duration = Duration::from_secs(12);

/// A check whose kernel never speaks.
fn check(fire: &Fire) -> Call {
    fire.hub
        .gate
        .rule(Rule::every(Place::Channels, Act::silence()));
    fire.check().and(&["--deadline", "kernel=2s"])
}

/// Holds up the end of the session, and does something first; tells how long it had been held when the stop came.
fn hold(fire: &Fire, first: impl Fn() + Send + Sync + 'static) -> Arc<Mutex<Option<Duration>>> {
    let began: Mutex<Option<Instant>> = Mutex::default();
    let stopped: Arc<Mutex<Option<Duration>>> = Arc::default();
    let told = Arc::clone(&stopped);
    fire.hub.gate.on_pass(move |passing, moment| {
        if moment != Moment::Before {
            return;
        }
        if passing.place == Place::Kernels && passing.line.starts_with("DELETE") {
            let now = *began.lock().unwrap().get_or_insert_with(Instant::now);
            first();
            while now.elapsed() < HELD && told.lock().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        if passing.place == Place::Stop {
            let held = began.lock().unwrap().map(|began| began.elapsed());
            let mut told = told.lock().unwrap();
            *told = told.or(held);
        }
    });
    stopped
}

fn a_signal_does_not_wait_for_a_kernel(_: &Hubs) {
    let fire = Fire::plain();
    let pid = Arc::new(AtomicU32::new(0));
    let whose = Arc::clone(&pid);
    let stopped = hold(&fire, move || {
        signal(whose.load(Ordering::SeqCst), rustix::process::Signal::TERM);
    });
    let child = check(&fire).start();
    pid.store(child.id(), Ordering::SeqCst);
    let said = Said::of(child);
    said.exits(143).finds("kernel.silent");
    // Without the signal it would be 6 s.
    let after = stopped.lock().unwrap().unwrap();
    assert!(after < Duration::from_secs(4), "{after:?}");
    fire.assert_nothing_left();
}

/// It takes a share of the stop's time at most, and what is left of that is enough.
fn a_server_that_ends_no_kernel_is_stopped(_: &Hubs) {
    let fire = Fire::plain();
    let stopped = hold(&fire, || {});
    let said = check(&fire).and(&["--deadline", "stop=8s"]).run();
    said.exits(1).finds("kernel.silent");
    let after = stopped.lock().unwrap().unwrap();
    assert!(after < HELD, "{after:?}");
    assert_eq!(said.visit()["left_behind"], serde_json::json!([]));
    fire.assert_nothing_left();
}
