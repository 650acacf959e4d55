//! The dispatcher: one task that puts events and ticks in one order, folds
//! them into the run, and hands each to every listener.
//!
//! Listeners here must not block: one that can (a file on a slow disk, a
//! network) owns a task and a bounded queue of its own.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::vocabulary::{Event, Run, What};

/// How often listeners are given the chance to redraw.
const TICK: Duration = Duration::from_millis(200);

/// Something that shows, keeps or counts what happens.
pub trait Listener {
    /// An event, and the run with it taken in.
    fn event(&mut self, event: &Event, run: &Run);

    /// Time goes by.
    fn tick(&mut self, _run: &Run) {}
}

/// Takes events until the run is finished or nobody can say any more; gives
/// back the run.
pub async fn dispatch(
    mut events: mpsc::UnboundedReceiver<Event>,
    mut listeners: Vec<Box<dyn Listener>>,
) -> Run {
    let mut run = Run::new();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let ticking = !listeners.is_empty();
    loop {
        tokio::select! {
            biased;
            event = events.recv() => {
                let Some(event) = event else { break };
                run.apply(&event);
                for listener in &mut listeners {
                    listener.event(&event, &run);
                }
                if event.what == What::RunFinished {
                    break;
                }
            }
            _ = ticks.tick(), if ticking => {
                for listener in &mut listeners {
                    listener.tick(&run);
                }
            }
        }
    }
    run
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    struct Counting(Rc<RefCell<Vec<f64>>>);

    impl Listener for Counting {
        fn event(&mut self, event: &Event, _run: &Run) {
            self.0.borrow_mut().push(event.at);
        }
    }

    #[tokio::test]
    async fn every_listener_hears_all_events_in_order_until_the_run_is_finished() {
        let (to, events) = mpsc::unbounded_channel();
        for at in [1.0, 2.0] {
            let what = What::Warning {
                visit: 0,
                text: String::new(),
            };
            to.send(Event { at, what }).unwrap();
        }
        let what = What::RunFinished;
        to.send(Event { at: 3.0, what }).unwrap();
        let heard = Rc::new(RefCell::new(Vec::new()));
        let listeners: Vec<Box<dyn Listener>> = vec![
            Box::new(Counting(Rc::clone(&heard))),
            Box::new(Counting(Rc::clone(&heard))),
        ];
        let run = dispatch(events, listeners).await;
        assert_eq!(*heard.borrow(), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
        assert!((run.duration_s - 3.0).abs() < 1e-9);
    }
}
