//! What must hold of messages and of what an execution comes to, whatever a kernel says.
//!
//! The model keeps outputs as the notebook format does, on plain JSON values and without a limit.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::execution::{ExecutionStatus, Pending};
use super::outputs::{Collector, Output};
use super::{KernelInfo, state};
use crate::fuzzing::{says_two_things, seed};
use crate::json::{read, weight};
use crate::message::{Header, Message};
use crate::wire::decode_json;

/// What an execution waits for in the invariants.
const ID: &str = "execution";

/// The kinds of messages that are outputs.
const KINDS: [&str; 6] = [
    "stream",
    "display_data",
    "execute_result",
    "update_display_data",
    "clear_output",
    "error",
];

/// One message in the JSON framing: its content as what it says it is, and as everything else that is read.
///
/// # Panics
/// When one of these does not hold: what is read is what stands in the JSON; a field of another type is a missing one;
/// only an `ok` is an ok; what is not ours is not taken.
pub fn message(bytes: &[u8]) {
    let Ok(message) = decode_json(&Bytes::copy_from_slice(bytes)) else {
        return;
    };
    if says_two_things(&message.content) {
        return;
    }
    let content: Value = read(&message.content).unwrap_or_default();
    let text = |key: &str| content.get(key).and_then(Value::as_str).unwrap_or_default();

    assert_eq!(state(&message), text("execution_state"));
    let info: KernelInfo = read(&message.content).unwrap_or_default();
    assert_eq!(info.implementation, text("implementation"));
    let language = content
        .get("language_info")
        .and_then(|it| it.get("name")?.as_str());
    assert_eq!(info.language_info.name, language.unwrap_or_default());

    let reply = ours("shell", "execute_reply", message.content.clone());
    let mut pending = Pending::new("of somebody else".to_owned());
    pending.take(&reply);
    assert!(pending.into_execution().is_none());
    let mut pending = Pending::new(ID.to_owned());
    pending.take(&reply);
    let Some(execution) = pending.into_execution() else {
        unreachable!("a reply is the end");
    };
    let status = match text("status") {
        "ok" => ExecutionStatus::Ok,
        "abort" | "aborted" => ExecutionStatus::Aborted,
        _ => ExecutionStatus::Error,
    };
    assert_eq!(execution.status, status, "{content}");
    assert_eq!(execution.error.is_some(), status == ExecutionStatus::Error);
    if content.is_object() {
        let count = content.get("execution_count").and_then(Value::as_i64);
        assert_eq!(execution.execution_count, count);
    }
    for kind in KINDS {
        one_output(kind, &message.content, &content);
    }
}

/// A message of the execution that is waited for.
fn ours(channel: &str, kind: &str, content: Bytes) -> Message {
    Message {
        channel: channel.to_owned(),
        header: Header {
            msg_type: kind.to_owned(),
            ..Header::default()
        },
        parent: Some(ID.to_owned()),
        content,
    }
}

fn one_output(kind: &str, bytes: &[u8], content: &Value) {
    let mut collector = Collector::default();
    collector.take(kind, bytes);
    let (outputs, error, dropped) = collector.finish();
    let is_readable = content.is_object() && !cannot_be_read(kind, content);
    if is_readable && weight(bytes) < 1 << 20 && !says_that_it_dropped(kind, content) {
        assert!(!dropped, "{kind} {content}");
    }
    assert_eq!(error.is_some(), kind == "error" && !dropped);
    let one = match kind {
        "clear_output" | "update_display_data" => 0,
        _ => usize::from(!dropped || says_that_it_dropped(kind, content)),
    };
    assert!(outputs.len() <= one, "{kind} {content}");
    assert!(dropped || outputs.len() == one, "{kind} {content}");
}

/// Whether what code has shown is of another type than it must be.
fn cannot_be_read(kind: &str, content: &Value) -> bool {
    let is_odd = |key: &str, is: fn(&Value) -> bool| content.get(key).is_some_and(|it| !is(it));
    match kind {
        "stream" => is_odd("name", Value::is_string) || is_odd("text", Value::is_string),
        "display_data" | "execute_result" | "update_display_data" => {
            is_odd("data", Value::is_object)
        }
        _ => false,
    }
}

/// Whether it is jupyter_server's own word that output is missing.
fn says_that_it_dropped(kind: &str, content: &Value) -> bool {
    let text = |key: &str| content.get(key).and_then(Value::as_str).unwrap_or_default();
    let rate = ["IOPub data rate exceeded", "IOPub message rate exceeded"];
    kind == "stream" && text("name") == "stderr" && rate.iter().any(|it| text("text").contains(it))
}

/// Messages of a kernel, one a line in the JSON framing, as the whole of an execution.
///
/// # Panics
/// When one of these does not hold: outputs are kept as a notebook keeps them, unless something is said to be missing;
/// no more is kept than the limit; what is said to be missing is missing only with a reason; the last error is known.
pub fn outputs(bytes: &[u8]) {
    let limit = match seed(bytes) % 3 {
        0 => 1 << 20,
        n => usize::try_from(n).unwrap_or(1) * 700,
    };
    let (mut limited, mut whole) = (Collector::with_limit(limit), Pending::new(ID.to_owned()));
    let mut model = Model::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(message) = decode_json(&Bytes::copy_from_slice(line)) else {
            continue;
        };
        if says_two_things(&message.content) {
            continue;
        }
        let kind = message.header.msg_type.as_str();
        let content: Value = read(&message.content).unwrap_or_default();
        // A list is read as the fields in their order, which nobody sends and which does no harm.
        if content.is_array() {
            continue;
        }
        limited.take(kind, &message.content);
        if kind != "execute_reply" {
            model.take(kind, &content);
            whole.take(&ours("iopub", kind, message.content.clone()));
        }
    }
    whole.take(&ours(
        "shell",
        "execute_reply",
        Bytes::from_static(b"{\"status\": \"ok\"}"),
    ));
    let Some(execution) = whole.into_execution() else {
        unreachable!("a reply is the end");
    };
    assert_eq!(execution.output_dropped, model.dropped);
    assert_eq!(shown(&execution.outputs), model.shown());
    let ename = |error: &Option<super::KernelError>| error.as_ref().map(|it| it.ename.clone());
    assert_eq!(ename(&execution.error), model.ename);
    assert_eq!(execution.text(), model.text());

    let (outputs, error, dropped) = limited.finish();
    let kept = serde_json::to_string(&outputs).unwrap_or_default();
    // Names and brackets of the notebook format come on top.
    assert!(kept.len() <= 6 * limit + 120 * outputs.len() + 2, "{kept}");
    assert!(outputs.len() * 72 <= limit, "{kept}");
    if dropped {
        assert!(model.dropped || bytes.len() * 80 > limit);
    } else {
        assert_eq!(shown(&outputs), model.shown());
        assert_eq!(ename(&error), model.ename);
    }
}

fn shown(outputs: &[Output]) -> Value {
    serde_json::to_value(outputs).unwrap_or_default()
}

#[derive(Default)]
struct Model {
    /// In the shape of nbformat, and by which display id each can be updated.
    outputs: Vec<(Value, Option<String>)>,
    ename: Option<String>,
    dropped: bool,
    clear: bool,
}

impl Model {
    fn take(&mut self, kind: &str, content: &Value) {
        if !KINDS.contains(&kind) {
            return;
        }
        if !content.is_object() || cannot_be_read(kind, content) {
            self.dropped = true;
            return;
        }
        let map = |key: &str| content.get(key).and_then(Value::as_object).cloned();
        let (data, metadata) = (
            map("data").unwrap_or_default(),
            map("metadata").unwrap_or_default(),
        );
        let id = content
            .get("transient")
            .and_then(|it| it.get("display_id")?.as_str());
        let text = |key: &str| content.get(key).and_then(Value::as_str).unwrap_or_default();
        match kind {
            "clear_output" if content.get("wait") == Some(&Value::Bool(true)) => self.clear = true,
            "clear_output" => (self.outputs, self.clear) = (Vec::new(), false),
            "stream" => {
                self.dropped |= says_that_it_dropped(kind, content);
                self.stream(text("name"), text("text"));
            }
            "display_data" => {
                let output = json!({"output_type": kind, "data": data, "metadata": metadata});
                self.add(output, id);
            }
            "execute_result" => {
                let count = content.get("execution_count").and_then(Value::as_i64);
                self.add(
                    json!({"output_type": kind, "data": data, "metadata": metadata, "execution_count": count}),
                    None,
                );
            }
            "update_display_data" => self.update(id, &data, &metadata),
            _ => {
                self.ename = Some(text("ename").to_owned());
                let lines: Option<Vec<String>> = content
                    .get("traceback")
                    .and_then(|it| serde_json::from_value(it.clone()).ok());
                let output = json!({"output_type": kind, "ename": text("ename"), "evalue": text("evalue"),
                    "traceback": lines.unwrap_or_default()});
                self.add(output, None);
            }
        }
    }

    fn add(&mut self, output: Value, id: Option<&str>) {
        if std::mem::take(&mut self.clear) {
            self.outputs.clear();
        }
        self.outputs.push((output, id.map(str::to_owned)));
    }

    fn stream(&mut self, name: &str, text: &str) {
        match self.outputs.last_mut() {
            Some((last, _))
                if !self.clear && last["output_type"] == "stream" && last["name"] == name =>
            {
                let so_far = last["text"].as_str().unwrap_or_default();
                last["text"] = Value::from(format!("{so_far}{text}"));
            }
            _ => self.add(
                json!({"output_type": "stream", "name": name, "text": text}),
                None,
            ),
        }
    }

    fn update(
        &mut self,
        id: Option<&str>,
        data: &Map<String, Value>,
        metadata: &Map<String, Value>,
    ) {
        for (output, of) in &mut self.outputs {
            if id.is_some() && of.as_deref() == id {
                output["data"] = Value::Object(data.clone());
                output["metadata"] = Value::Object(metadata.clone());
            }
        }
    }

    fn shown(&self) -> Value {
        self.outputs
            .iter()
            .map(|(output, _)| output.clone())
            .collect()
    }

    fn text(&self) -> String {
        let text = |output: &Value| match (output["output_type"].as_str(), output["name"].as_str())
        {
            (Some("stream"), Some("stdout")) => output["text"].as_str().map(str::to_owned),
            (Some("execute_result"), _) => output["data"]["text/plain"].as_str().map(str::to_owned),
            _ => None,
        };
        self.outputs
            .iter()
            .filter_map(|(output, _)| text(output))
            .collect()
    }
}
