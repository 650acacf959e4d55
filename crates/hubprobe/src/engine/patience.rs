//! How long a visit waits for somebody else who is at its place: another run,
//! or a server that is not ours (`--wait`). None of that time counts against the
//! visit's total deadline: the hub is not to blame for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Between two looks whether the place is free.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// What is left of the patience; clones share it.
#[derive(Debug, Clone)]
pub struct Patience {
    wait: Duration,
    waited_ms: Arc<AtomicU64>,
}

impl Patience {
    /// For so long in all.
    pub fn new(wait: Duration) -> Self {
        Self {
            wait,
            waited_ms: Arc::default(),
        }
    }

    /// So much of it is used up, that which is being waited now too.
    pub fn waited(&self) -> Duration {
        Duration::from_millis(self.waited_ms.load(Ordering::Relaxed))
    }

    /// How much is left.
    pub fn left(&self) -> Duration {
        self.wait.saturating_sub(self.waited())
    }

    /// Waits a little; false where no patience is left.
    pub async fn wait(&self) -> bool {
        let left = self.left();
        if left.is_zero() {
            return false;
        }
        let pause = left.min(BETWEEN_LOOKS);
        self.add(pause);
        sleep(pause).await;
        true
    }

    /// Counts what was waited elsewhere.
    pub fn spent_since(&self, began: Instant) {
        self.add(began.elapsed());
    }

    fn add(&self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.waited_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends_and_is_counted_while_it_is_waited() {
        let patience = Patience::new(Duration::from_secs(5));
        let seen = patience.clone();
        let began = Instant::now();
        assert_eq!(patience.left(), Duration::from_secs(5));
        let waiting = tokio::spawn(async move { while patience.wait().await {} });
        sleep(Duration::from_millis(1)).await;
        assert_eq!(seen.waited(), BETWEEN_LOOKS);
        waiting.await.unwrap();
        assert_eq!(seen.waited(), Duration::from_secs(5));
        assert_eq!(began.elapsed().as_secs(), 5);
        assert!(!Patience::new(Duration::ZERO).wait().await);
    }
}
