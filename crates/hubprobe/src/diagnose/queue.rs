//! Whether the hub's last word is that a scheduler has not started the server
//! yet. Queued is not broken: while it is so, the start deadline stands still.
//!
//! The words are batchspawner's (`Pending in queue...`), firecrestspawner's
//! (`Job 13 is pending in queue (Priority)`) and Kubernetes's when a node is
//! being added (`TriggeredScaleUp`). And what the scheduler calls the job: in
//! firecrestspawner's words, or in the spawner's own state, which the model shows
//! to whom it may (`admin:server_state`); batchspawner's words do not say it.

use serde_json::Value;

/// Whether a progress message says that a scheduler keeps the server waiting.
pub fn is_queued(message: &str) -> bool {
    let message = message.to_lowercase();
    ["pending in queue", "triggeredscaleup", "triggered scale-up"]
        .iter()
        .any(|word| message.contains(word))
}

/// Whether a progress message says that the job has left the queue.
pub fn is_running(message: &str) -> bool {
    message.to_lowercase().contains("job running")
}

/// The job's id in a progress message: `Job 13 is pending in queue (Priority)`.
pub fn job_in_words(message: &str) -> Option<String> {
    let mut words = message.split_ascii_whitespace();
    let named = |word: &&str| matches!(word.trim_start_matches('['), "Job" | "job");
    words.find(named)?;
    let id = words.next()?.trim_end_matches([':', ',', '.', ']']);
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    (digits && id.len() <= LONGEST_ID).then(|| id.to_owned())
}

/// The job's id in a spawner's state, as batchspawner and firecrestspawner keep it. What stands there goes into a command,
/// so it has to look like an id.
pub fn job_in_state(state: &Value) -> Option<String> {
    let id = match state.get("job_id")? {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-[]@".contains(c);
    let is_id = id.starts_with(|c: char| c.is_ascii_alphanumeric()) && id.chars().all(plain);
    (is_id && id.len() <= LONGEST_ID).then_some(id)
}

/// No scheduler's ids are longer (PBS adds a host's name).
const LONGEST_ID: usize = 100;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_schedulers_words() {
        assert!(is_queued("Pending in queue..."));
        assert!(is_queued("Job 13 is pending in queue (Resources)"));
        assert!(is_queued("[Normal] pod triggered scale-up: [{pool 1->2}]"));
        assert!(!is_queued("Cluster job running... waiting to connect"));
        assert!(is_running("Cluster job running... waiting to connect"));
        assert!(!is_running("Pending in queue..."));
        assert!(!is_queued("Server requested"));
    }

    #[test]
    fn the_job_s_id() {
        let said = |message| job_in_words(message);
        assert_eq!(
            said("Job 13 is pending in queue (Resources)").unwrap(),
            "13"
        );
        assert_eq!(said("Submitted job 4711.").unwrap(), "4711");
        for none in [
            "Pending in queue...",
            "Cluster job running... waiting to connect",
            "job",
            "Job -1 x",
            "",
        ] {
            assert_eq!(said(none), None, "{none}");
        }
        let kept = |state| job_in_state(&state);
        assert_eq!(
            kept(json!({"job_id": "1", "job_status": "RUNNING node1"})).unwrap(),
            "1"
        );
        assert_eq!(kept(json!({"job_id": 7})).unwrap(), "7");
        assert_eq!(
            kept(json!({"job_id": "12[3].pbs-1"})).unwrap(),
            "12[3].pbs-1"
        );
        for none in [
            json!({}),
            json!({"pid": 1}),
            json!({"job_id": ""}),
            json!({"job_id": "-x"}),
            json!({"job_id": "1 2"}),
            json!({"job_id": null}),
        ] {
            assert_eq!(kept(none.clone()), None, "{none}");
        }
    }
}
