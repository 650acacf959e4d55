//! What code shows: collected as a notebook would keep it, with a cap.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::json::{self, or_missing, weight};
use crate::message::{ClearOutput, Display, Stream};

/// How much is kept, in bytes of memory (see [`weight`]).
pub(super) const LIMIT: usize = 8 << 20;

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
    #[serde(default, deserialize_with = "or_missing")]
    pub ename: String,
    /// Its value: `division by zero`.
    #[serde(default, deserialize_with = "or_missing")]
    pub evalue: String,
    /// Lines for people, with ANSI colours.
    #[serde(default, deserialize_with = "or_missing")]
    pub traceback: Vec<String>,
}

#[derive(Clone)]
pub(super) struct Collector {
    /// Each with what it weighs.
    outputs: Vec<(Output, usize)>,
    error: Option<KernelError>,
    size: usize,
    limit: usize,
    dropped: bool,
    /// Clear when the next output comes.
    clear: bool,
}

impl Default for Collector {
    fn default() -> Collector {
        Collector::with_limit(LIMIT)
    }
}

impl Collector {
    pub(super) fn with_limit(limit: usize) -> Collector {
        Collector {
            outputs: Vec::new(),
            error: None,
            size: 0,
            limit,
            dropped: false,
            clear: false,
        }
    }

    /// Takes the content of a message on iopub; other kinds than outputs are ignored.
    pub(super) fn take(&mut self, kind: &str, content: &[u8]) {
        let size = match kind {
            // Two texts: they take no more than they are long.
            "stream" => content.len(),
            _ => weight(content),
        };
        match kind {
            "clear_output" => match self.read(content, size) {
                Some(ClearOutput { wait: true }) => self.clear = true,
                Some(ClearOutput { wait: false }) => self.clear(),
                None => {}
            },
            // The last one is kept whatever there is beside it: it decides what is said of the code.
            "error" => {
                if let Some(error) = self.read::<KernelError>(content, size) {
                    self.error = Some(error.clone());
                    self.add(size, Output::Error(error));
                }
            }
            "stream" => {
                if let Some(stream) = self.read(content, size) {
                    self.stream(stream);
                }
            }
            "display_data" => {
                if let Some(display) = self.read::<Display>(content, size) {
                    let output = Output::DisplayData {
                        data: display.data,
                        metadata: display.metadata,
                        display_id: display.transient.display_id,
                    };
                    self.add(size, output);
                }
            }
            "execute_result" => {
                if let Some(display) = self.read::<Display>(content, size) {
                    let output = Output::ExecuteResult {
                        data: display.data,
                        metadata: display.metadata,
                        execution_count: display.execution_count,
                    };
                    self.add(size, output);
                }
            }
            "update_display_data" => {
                if let Some(display) = self.read(content, size) {
                    self.update(size, &display);
                }
            }
            _ => {}
        }
    }

    /// Outputs, the last error, and whether something is missing.
    pub(super) fn finish(self) -> (Vec<Output>, Option<KernelError>, bool) {
        let outputs = self.outputs.into_iter().map(|(output, _)| output);
        (outputs.collect(), self.error, self.dropped)
    }

    /// Reads a content, unless it alone is more than is kept.
    fn read<T: DeserializeOwned>(&mut self, content: &[u8], size: usize) -> Option<T> {
        let read = (size <= self.limit)
            .then(|| json::read(content).ok())
            .flatten();
        self.dropped |= read.is_none();
        read
    }

    fn has_room(&mut self, size: usize) -> bool {
        let room = self.size.saturating_add(size) <= self.limit;
        self.dropped |= !room;
        room
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
        if self.has_room(size) {
            self.size += size;
            self.outputs.push((output, size));
        }
    }

    fn stream(&mut self, stream: Stream) {
        let Stream { name, text } = stream;
        // jupyter_server says so itself, in the kernel's name, when it drops output.
        let limits = ["IOPub data rate exceeded", "IOPub message rate exceeded"];
        self.dropped |= name == "stderr" && limits.iter().any(|limit| text.contains(limit));
        let goes_on = !self.clear
            && matches!(self.outputs.last(), Some((Output::Stream { name: last, .. }, _)) if *last == name);
        let size = text.len();
        if !goes_on {
            let place = size_of::<Output>() + name.len();
            self.add(place + size, Output::Stream { name, text });
        } else if self.has_room(size)
            && let Some((Output::Stream { text: so_far, .. }, weighs)) = self.outputs.last_mut()
        {
            so_far.push_str(&text);
            *weighs += size;
            self.size += size;
        }
    }

    /// Puts what is shown anew in the place of all that has its id: of as many copies as there is room for.
    fn update(&mut self, size: usize, display: &Display) {
        let Some(wanted) = &display.transient.display_id else {
            return;
        };
        for (output, weighs) in &mut self.outputs {
            if let Output::DisplayData {
                data,
                metadata,
                display_id: Some(id),
            } = output
                && id == wanted
            {
                let others = self.size.saturating_sub(*weighs);
                if others.saturating_add(size) > self.limit {
                    self.dropped = true;
                    continue;
                }
                data.clone_from(&display.data);
                metadata.clone_from(&display.metadata);
                *weighs = size;
                self.size = others + size;
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

    #[test]
    fn errors_without_end_are_not_kept() {
        let mut collector = Collector::with_limit(10_000);
        for number in 0..1_000 {
            let error = json!({"ename": "E", "evalue": number.to_string()});
            collector.take("error", error.to_string().as_bytes());
        }
        let (outputs, error, dropped) = collector.finish();
        assert!(outputs.len() < 100 && dropped, "{}", outputs.len());
        assert_eq!(error.unwrap().evalue, "999");
    }

    #[test]
    fn one_update_of_many_displays_is_as_large_as_all_of_them() {
        let display = |text: &str| {
            json!({"data": {"text/plain": text}, "transient": {"display_id": "d"}}).to_string()
        };
        let mut collector = Collector::with_limit(200_000);
        for _ in 0..100 {
            collector.take("display_data", display("1").as_bytes());
        }
        let large = "x".repeat(20_000);
        collector.take("update_display_data", display(&large).as_bytes());
        let (outputs, _, dropped) = collector.finish();
        let kept = serde_json::to_string(&outputs).unwrap().len();
        assert!(dropped && outputs.len() == 100 && kept < 200_000, "{kept}");
        assert!(kept > 20_000, "one copy has room: {kept}");
    }

    #[test]
    fn many_small_values_are_not_taken_for_little() {
        let zeros = format!(
            r#"{{"data": {{"application/json": [0{}]}}}}"#,
            ",0".repeat(1 << 19)
        );
        let mut collector = Collector::default();
        collector.take("display_data", zeros.as_bytes());
        let (outputs, _, dropped) = collector.finish();
        assert!(dropped && outputs.is_empty());
    }

    #[test]
    fn names_that_are_no_utf8_are_shown() {
        // As ipykernel 6 prints os.fsdecode(b'a\xffb') in the v1 framing.
        let mut collector = Collector::default();
        collector.take("stream", b"{\"name\": \"stdout\", \"text\": \"a\xffb\\n\"}");
        let (outputs, _, dropped) = collector.finish();
        let text = "a\u{fffd}b\n".to_owned();
        let name = "stdout".to_owned();
        assert_eq!(
            (outputs, dropped),
            (vec![Output::Stream { name, text }], false)
        );
    }

    #[test]
    fn odd_fields_beside_an_output_do_not_cost_it() {
        let (outputs, error, dropped) = collect(&[
            (
                "display_data",
                json!({"data": {"text/plain": "1"}, "metadata": [], "transient": null}),
            ),
            (
                "execute_result",
                json!({"data": {"text/plain": "2"}, "metadata": null, "execution_count": "2"}),
            ),
            (
                "error",
                json!({"ename": "E", "evalue": null, "traceback": "one text"}),
            ),
        ]);
        assert_eq!((outputs.len(), dropped), (3, false));
        assert_eq!(error.unwrap().ename, "E");
    }
}
