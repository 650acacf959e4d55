//! One execution: what belongs to it, and when it is over.

use std::time::Duration;

use tokio::time::Instant;

use super::outputs::{Collector, KernelError, LIMIT, Output};
use super::state;
use crate::json::{self, weight};
use crate::message::{ExecuteReply, Message};

/// How long to wait for a lost `idle` after the reply.
const GRACE: Duration = Duration::from_secs(5);

/// What running code came to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Execution {
    /// How it ended, as the kernel's reply says.
    pub status: ExecutionStatus,
    /// What it showed, in order; 8 MiB at most.
    pub outputs: Vec<Output>,
    /// The same as it was shown first, where some of it was changed or cleared afterwards; else none. 8 MiB of it at most.
    pub as_shown: Option<Vec<Output>>,
    /// What it raised.
    pub error: Option<KernelError>,
    /// The number in front of the cell.
    pub execution_count: Option<i64>,
    /// Some output is missing: there was too much of it for us, or for the server ("IOPub data rate exceeded").
    pub output_dropped: bool,
    /// Some of it is missing as it was shown first; what was cleared afterwards counts there too.
    pub shown_dropped: bool,
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionStatus {
    /// To its end.
    Ok,
    /// It raised.
    Error,
    /// It never began, since an earlier one raised or was interrupted.
    Aborted,
}

impl Execution {
    /// What a person would copy from below the cell: standard output and the plain text of results, in order.
    #[must_use]
    pub fn text(&self) -> String {
        self.outputs
            .iter()
            .filter_map(|output| match output {
                Output::Stream { name, text } if name == "stdout" => Some(text.as_str()),
                Output::ExecuteResult { data, .. } => {
                    data.get("text/plain").and_then(|text| text.as_str())
                }
                _ => None,
            })
            .collect()
    }
}

/// An execution that is not over.
pub(super) struct Pending {
    id: String,
    outputs: Collector,
    /// From the first change on.
    shown: Option<Collector>,
    reply: Option<(ExecuteReply, Instant)>,
    idle: bool,
}

impl Pending {
    pub(super) fn new(id: String) -> Pending {
        Pending {
            id,
            outputs: Collector::default(),
            shown: None,
            reply: None,
            idle: false,
        }
    }

    /// Takes a message if it belongs here.
    pub(super) fn take(&mut self, message: &Message) {
        if message.parent.as_deref() != Some(&self.id) {
            return;
        }
        match (message.channel.as_str(), message.header.msg_type.as_str()) {
            (_, "execute_reply") => {
                let reply = (weight(&message.content) <= LIMIT)
                    .then(|| json::read(&message.content).ok())
                    .flatten()
                    .unwrap_or_else(ExecuteReply::unreadable);
                self.reply = Some((reply, Instant::now()));
            }
            (_, "status") => self.idle |= state(message) == "idle",
            ("iopub" | "", kind) => {
                if matches!(kind, "clear_output" | "update_display_data") {
                    self.shown.get_or_insert_with(|| self.outputs.clone());
                } else if let Some(shown) = &mut self.shown {
                    shown.take(kind, &message.content);
                }
                self.outputs.take(kind, &message.content);
            }
            _ => {}
        }
    }

    /// When the wait for a lost `idle` ends.
    pub(super) fn grace_ends(&self) -> Option<Instant> {
        self.reply.as_ref().map(|(_, at)| *at + GRACE)
    }

    pub(super) fn is_done(&self, now: Instant) -> bool {
        self.grace_ends()
            .is_some_and(|grace| self.idle || now >= grace)
    }

    /// What it came to; `None` without a reply.
    pub(super) fn into_execution(self) -> Option<Execution> {
        let (reply, _) = self.reply?;
        let status = match reply.status.as_str() {
            "ok" => ExecutionStatus::Ok,
            "abort" | "aborted" => ExecutionStatus::Aborted,
            _ => ExecutionStatus::Error,
        };
        let (outputs, raised, output_dropped) = self.outputs.finish();
        let shown = self.shown.map(Collector::finish);
        let shown_dropped = shown
            .as_ref()
            .map_or(output_dropped, |(.., dropped)| *dropped);
        let as_shown = shown.map(|(outputs, ..)| outputs);
        let error = raised.or_else(|| {
            (status == ExecutionStatus::Error).then(|| KernelError {
                ename: reply.ename.unwrap_or_else(|| "UnknownError".to_owned()),
                evalue: reply.evalue.unwrap_or_default(),
                traceback: reply.traceback.unwrap_or_default(),
            })
        });
        Some(Execution {
            status,
            outputs,
            as_shown,
            error,
            execution_count: reply.execution_count,
            output_dropped,
            shown_dropped,
        })
    }
}

impl ExecuteReply {
    fn unreadable() -> ExecuteReply {
        ExecuteReply {
            status: "error".to_owned(),
            execution_count: None,
            ename: Some("UnreadableReply".to_owned()),
            evalue: Some("the kernel's execute_reply is not readable".to_owned()),
            traceback: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Header;
    use serde_json::json;

    fn message(channel: &str, kind: &str, parent: &str, content: serde_json::Value) -> Message {
        Message {
            channel: channel.to_owned(),
            header: Header {
                msg_type: kind.to_owned(),
                ..Header::default()
            },
            parent: Some(parent.to_owned()),
            content: content.to_string().into(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn over_when_reply_and_idle_have_come_in_any_order() {
        let reply = message(
            "shell",
            "execute_reply",
            "m",
            json!({"status": "ok", "execution_count": 3}),
        );
        let idle = message("iopub", "status", "m", json!({"execution_state": "idle"}));
        let out = message(
            "iopub",
            "stream",
            "m",
            json!({"name": "stdout", "text": "42\n"}),
        );
        for order in [
            [&out, &reply, &idle],
            [&out, &idle, &reply],
            [&reply, &out, &idle],
        ] {
            let mut pending = Pending::new("m".to_owned());
            for (index, message) in order.into_iter().enumerate() {
                assert!(!pending.is_done(Instant::now()), "before {index}");
                pending.take(message);
            }
            assert!(pending.is_done(Instant::now()));
            let execution = pending.into_execution().unwrap();
            assert_eq!(
                (execution.text().as_str(), execution.status),
                ("42\n", ExecutionStatus::Ok)
            );
            assert_eq!(execution.execution_count, Some(3));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_idle_is_waited_for_and_a_lost_reply_is_not_made_up() {
        let mut pending = Pending::new("m".to_owned());
        pending.take(&message(
            "iopub",
            "status",
            "m",
            json!({"execution_state": "idle"}),
        ));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(!pending.is_done(Instant::now()));
        let mut pending = Pending::new("m".to_owned());
        pending.take(&message(
            "shell",
            "execute_reply",
            "m",
            json!({"status": "ok"}),
        ));
        tokio::time::advance(Duration::from_secs(4)).await;
        assert!(!pending.is_done(Instant::now()));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(pending.is_done(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_changed_or_cleared_is_known_as_it_was_shown() {
        let out = |text: &str| json!({"name": "stdout", "text": text});
        let said = |messages: &[(&str, serde_json::Value)]| {
            let mut pending = Pending::new("m".to_owned());
            for (kind, content) in messages {
                pending.take(&message("iopub", kind, "m", content.clone()));
            }
            let reply = json!({"status": "ok"});
            pending.take(&message("shell", "execute_reply", "m", reply));
            let execution = pending.into_execution().unwrap();
            serde_json::to_value((execution.outputs, execution.as_shown)).unwrap()
        };
        let stream = |text: &str| json!({"output_type": "stream", "name": "stdout", "text": text});
        assert_eq!(said(&[("stream", out("a"))]), json!([[stream("a")], null]));
        let cleared = [
            ("stream", out("a")),
            ("clear_output", json!({"wait": false})),
            ("stream", out("b")),
        ];
        assert_eq!(said(&cleared), json!([[stream("b")], [stream("ab")]]));
        let display = |text: &str| json!({"data": {"text/plain": text}, "metadata": {}, "transient": {"display_id": "d"}});
        let shown = |text: &str| json!({"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}});
        let updated = [
            ("display_data", display("1")),
            ("update_display_data", display("2")),
        ];
        assert_eq!(said(&updated), json!([[shown("2")], [shown("1")]]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_dropped_of_what_was_shown_is_said() {
        let piece = json!({"name": "stdout", "text": "x".repeat(LIMIT / 4)});
        let dropped = |pieces: usize, clears: bool| {
            let mut pending = Pending::new("m".to_owned());
            for _ in 0..pieces {
                pending.take(&message("iopub", "stream", "m", piece.clone()));
                if clears {
                    let content = json!({"wait": false});
                    pending.take(&message("iopub", "clear_output", "m", content));
                }
            }
            let reply = json!({"status": "ok"});
            pending.take(&message("shell", "execute_reply", "m", reply));
            let execution = pending.into_execution().unwrap();
            (execution.output_dropped, execution.shown_dropped)
        };
        assert_eq!(dropped(3, true), (false, false));
        assert_eq!(dropped(6, true), (false, true));
        assert_eq!(dropped(3, false), (false, false));
        assert_eq!(dropped(6, false), (true, true));
    }

    #[tokio::test(start_paused = true)]
    async fn others_messages_are_not_ours() {
        let mut pending = Pending::new("m".to_owned());
        pending.take(&message(
            "iopub",
            "stream",
            "other",
            json!({"name": "stdout", "text": "no"}),
        ));
        pending.take(&message(
            "shell",
            "execute_reply",
            "other",
            json!({"status": "ok"}),
        ));
        assert!(pending.grace_ends().is_none());
        pending.take(&message(
            "shell",
            "execute_reply",
            "m",
            json!({"status": "error", "ename": "E", "evalue": "v"}),
        ));
        let execution = pending.into_execution().unwrap();
        assert!(execution.outputs.is_empty());
        assert_eq!(execution.error.unwrap().ename, "E");
    }
}
