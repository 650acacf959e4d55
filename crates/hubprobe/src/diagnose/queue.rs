//! Whether the hub's last word is that a scheduler has not started the server
//! yet. Queued is not broken: while it is so, the start deadline stands still.
//!
//! The words are batchspawner's (`Pending in queue...`), firecrestspawner's
//! (`Job 13 is pending in queue (Priority)`) and Kubernetes's when a node is
//! being added (`TriggeredScaleUp`).

/// Whether a progress message says that a scheduler keeps the server waiting.
pub fn is_queued(message: &str) -> bool {
    let message = message.to_lowercase();
    ["pending in queue", "triggeredscaleup", "triggered scale-up"]
        .iter()
        .any(|word| message.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedulers_words() {
        assert!(is_queued("Pending in queue..."));
        assert!(is_queued("Job 13 is pending in queue (Resources)"));
        assert!(is_queued("[Normal] pod triggered scale-up: [{pool 1->2}]"));
        assert!(!is_queued("Cluster job running... waiting to connect"));
        assert!(!is_queued("Server requested"));
    }
}
