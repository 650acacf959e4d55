//! What code shows: collected as a notebook would keep it, with a cap.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::message::{ClearOutput, Display, Stream};

/// How much is kept, in bytes of JSON as it came.
const LIMIT: usize = 16 << 20;

/// One output, in the shape of nbformat 4 when serialized.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "output_type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Output {
    /// Text written to standard output or standard error; what follows one another is one output.
    Stream {
        /// `stdout` or `stderr`
        name: String,
        /// The text.
        text: String,
    },
    /// Something shown, by MIME type.
    DisplayData {
        /// The same thing in several types.
        data: Map<String, Value>,
        /// Of the types.
        metadata: Map<String, Value>,
        /// By which it can be updated.
        #[serde(skip)]
        display_id: Option<String>,
    },
    /// The value of the last expression.
    ExecuteResult {
        /// The same value in several types.
        data: Map<String, Value>,
        /// Of the types.
        metadata: Map<String, Value>,
        /// The number in front of it.
        execution_count: Option<i64>,
    },
    /// What was raised.
    Error(KernelError),
}

/// An exception in a kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelError {
    /// Its name: `ZeroDivisionError`.
    #[serde(default)]
    pub ename: String,
    /// Its value: `division by zero`.
    #[serde(default)]
    pub evalue: String,
    /// Lines for people, with ANSI colours.
    #[serde(default)]
    pub traceback: Vec<String>,
}

#[derive(Default)]
pub(super) struct Collector {
    outputs: Vec<Output>,
    error: Option<KernelError>,
    size: usize,
    dropped: bool,
    /// Clear when the next output comes.
    clear: bool,
}

impl Collector {
    /// Takes the content of a message on iopub; other kinds than outputs are ignored.
    pub(super) fn take(&mut self, kind: &str, content: &[u8]) {
        match kind {
            "clear_output" => match self.read::<ClearOutput>(content) {
                Some(ClearOutput { wait: true }) => self.clear = true,
                Some(ClearOutput { wait: false }) => self.clear(),
                None => {}
            },
            // Kept whatever its size: it is short, and it decides what is said of the code.
            "error" => {
                if let Some(error) = self.read::<KernelError>(content) {
                    self.error = Some(error.clone());
                    self.add(content.len(), Output::Error(error));
                }
            }
            "stream" if self.has_room(content) => {
                if let Some(stream) = self.read::<Stream>(content) {
                    self.stream(content.len(), stream);
                }
            }
            "display_data" if self.has_room(content) => {
                if let Some(Display {
                    data,
                    metadata,
                    transient,
                    ..
                }) = self.read(content)
                {
                    let display_id = transient.display_id;
                    self.add(
                        content.len(),
                        Output::DisplayData {
                            data,
                            metadata,
                            display_id,
                        },
                    );
                }
            }
            "execute_result" if self.has_room(content) => {
                if let Some(Display {
                    data,
                    metadata,
                    execution_count,
                    ..
                }) = self.read(content)
                {
                    self.add(
                        content.len(),
                        Output::ExecuteResult {
                            data,
                            metadata,
                            execution_count,
                        },
                    );
                }
            }
            "update_display_data" if self.has_room(content) => {
                if let Some(display) = self.read::<Display>(content) {
                    self.update(content.len(), &display);
                }
            }
            _ => {}
        }
    }

    /// Outputs, the last error, and whether something is missing.
    pub(super) fn finish(self) -> (Vec<Output>, Option<KernelError>, bool) {
        (self.outputs, self.error, self.dropped)
    }

    fn has_room(&mut self, content: &[u8]) -> bool {
        let room = self.size.saturating_add(content.len()) <= LIMIT;
        self.dropped |= !room;
        room
    }

    fn read<T: DeserializeOwned>(&mut self, content: &[u8]) -> Option<T> {
        let read = serde_json::from_slice(content).ok();
        self.dropped |= read.is_none();
        read
    }

    fn clear(&mut self) {
        self.outputs.clear();
        self.size = 0;
        self.clear = false;
    }

    fn add(&mut self, size: usize, output: Output) {
        if self.clear {
            self.clear();
        }
        self.size = self.size.saturating_add(size);
        self.outputs.push(output);
    }

    fn stream(&mut self, size: usize, stream: Stream) {
        let Stream { name, text } = stream;
        // jupyter_server says so itself, in the kernel's name, when it drops output.
        let limits = ["IOPub data rate exceeded", "IOPub message rate exceeded"];
        self.dropped |= name == "stderr" && limits.iter().any(|limit| text.contains(limit));
        match self.outputs.last_mut() {
            Some(Output::Stream {
                name: last,
                text: so_far,
            }) if !self.clear && *last == name => {
                so_far.push_str(&text);
                self.size = self.size.saturating_add(size);
            }
            _ => self.add(size, Output::Stream { name, text }),
        }
    }

    fn update(&mut self, size: usize, display: &Display) {
        let Some(wanted) = &display.transient.display_id else {
            return;
        };
        for output in &mut self.outputs {
            if let Output::DisplayData {
                data,
                metadata,
                display_id: Some(id),
            } = output
                && id == wanted
            {
                data.clone_from(&display.data);
                metadata.clone_from(&display.metadata);
                self.size = self.size.saturating_add(size);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn collect(messages: &[(&str, Value)]) -> (Vec<Output>, Option<KernelError>, bool) {
        let mut collector = Collector::default();
        for (kind, content) in messages {
            collector.take(kind, content.to_string().as_bytes());
        }
        collector.finish()
    }

    fn out(text: &str) -> (&'static str, Value) {
        ("stream", json!({"name": "stdout", "text": text}))
    }

    #[test]
    fn as_a_notebook_keeps_it() {
        let (outputs, error, dropped) = collect(&[
            out("a"),
            out("b\n"),
            ("stream", json!({"name": "stderr", "text": "w"})),
            ("execute_input", json!({"code": "1"})),
            (
                "execute_result",
                json!({"data": {"text/plain": "1"}, "metadata": {}, "execution_count": 2}),
            ),
            (
                "error",
                json!({"ename": "E", "evalue": "v", "traceback": ["t"]}),
            ),
        ]);
        assert_eq!(
            serde_json::to_value(&outputs).unwrap(),
            json!([
                {"output_type": "stream", "name": "stdout", "text": "ab\n"},
                {"output_type": "stream", "name": "stderr", "text": "w"},
                {"output_type": "execute_result", "data": {"text/plain": "1"}, "metadata": {}, "execution_count": 2},
                {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]},
            ])
        );
        assert_eq!((error.unwrap().ename.as_str(), dropped), ("E", false));
    }

    #[test]
    fn cleared_at_once_or_with_the_next_output() {
        let (outputs, ..) = collect(&[out("a"), ("clear_output", json!({"wait": false}))]);
        assert!(outputs.is_empty());
        let (outputs, ..) = collect(&[out("a"), ("clear_output", json!({"wait": true}))]);
        assert_eq!(outputs.len(), 1);
        let (outputs, ..) = collect(&[out("a"), ("clear_output", json!({"wait": true})), out("b")]);
        assert_eq!(
            outputs,
            [Output::Stream {
                name: "stdout".to_owned(),
                text: "b".to_owned()
            }]
        );
    }

    #[test]
    fn displays_are_updated_in_place() {
        let display = |kind, text| {
            (
                kind,
                json!({"data": {"text/plain": text}, "metadata": {}, "transient": {"display_id": "d"}}),
            )
        };
        let (outputs, ..) = collect(&[
            display("display_data", "1"),
            display("update_display_data", "2"),
        ]);
        let [Output::DisplayData { data, .. }] = outputs.as_slice() else {
            panic!("{outputs:?}")
        };
        assert_eq!(data["text/plain"], "2");
    }

    #[test]
    fn too_much_is_dropped_and_said() {
        let piece = "x".repeat(1 << 20);
        let mut collector = Collector::default();
        for _ in 0..20 {
            collector.take("stream", out(&piece).1.to_string().as_bytes());
        }
        collector.take("error", br#"{"ename": "E"}"#);
        let (outputs, error, dropped) = collector.finish();
        let Output::Stream { text, .. } = &outputs[0] else {
            panic!()
        };
        assert!(dropped && error.is_some() && text.len() <= LIMIT && text.len() > LIMIT / 2);
        let (_, _, dropped) = collect(&[(
            "stream",
            json!({"name": "stderr", "text": "IOPub data rate exceeded.\n"}),
        )]);
        assert!(dropped);
        let mut collector = Collector::default();
        collector.take("stream", b"{\"name\": 3");
        assert!(collector.finish().2);
    }
}
