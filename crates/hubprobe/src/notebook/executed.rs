//! A notebook once it has run: the same file with the outputs of this run in the place of its own.

use jupyterhub_client::json::each_text;
use serde_json::{Map, Value, json};

use super::format::Notebook;

/// How much of all outputs is kept, in bytes of JSON.
pub const LARGEST_OUTPUTS: usize = 16 << 20;

/// A notebook while it runs. Cells that are not reached have no outputs; those that are not to be run keep theirs.
#[derive(Debug, Clone)]
pub struct Executed {
    whole: Map<String, Value>,
    room: usize,
    left_out: usize,
}

impl Executed {
    /// Before its first cell: all outputs are gone.
    #[must_use]
    pub fn begin(notebook: &Notebook) -> Self {
        let mut executed = Self {
            whole: notebook.whole.clone(),
            room: LARGEST_OUTPUTS,
            left_out: 0,
        };
        for cell in &notebook.cells {
            executed.put(cell.at, Vec::new(), None);
        }
        executed
    }

    /// A cell that is not run keeps what it has.
    pub fn keep(&mut self, notebook: &Notebook, number: usize) {
        if let Some(cell) = notebook.cells.get(number) {
            let outputs = self.fitting(cell.outputs.clone());
            let before = notebook.whole.get("cells").and_then(|all| all.get(cell.at));
            let count = before.and_then(|cell| cell.get("execution_count")?.as_i64());
            self.put(cell.at, outputs, count);
        }
    }

    /// A cell has run, and showed this.
    pub fn ran(
        &mut self,
        notebook: &Notebook,
        number: usize,
        outputs: Vec<Value>,
        count: Option<i64>,
    ) {
        if let Some(cell) = notebook.cells.get(number) {
            let outputs = self.fitting(outputs);
            self.put(cell.at, outputs, count);
        }
    }

    /// How many cells have shown more than is kept.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The file's text, every text in it put through `clean`.
    #[must_use]
    pub fn text(self, clean: &dyn Fn(&str) -> String) -> String {
        let mut whole = Value::Object(self.whole);
        each_text(&mut whole, clean);
        let mut text = format!("{whole:#}");
        text.push('\n');
        text
    }

    fn fitting(&mut self, outputs: Vec<Value>) -> Vec<Value> {
        let size: usize = outputs.iter().map(|output| output.to_string().len()).sum();
        match self.room.checked_sub(size) {
            Some(room) => {
                self.room = room;
                outputs
            }
            None => {
                self.left_out += 1;
                let said = "hubprobe: what this cell showed is left out here: all outputs together are more than 16 MiB\n";
                vec![json!({"output_type": "stream", "name": "stderr", "text": said})]
            }
        }
    }

    fn put(&mut self, at: usize, outputs: Vec<Value>, count: Option<i64>) {
        if let Some(cell) = self.cell(at) {
            cell.insert("execution_count".to_owned(), json!(count));
            cell.insert("outputs".to_owned(), Value::Array(outputs));
        }
    }

    fn cell(&mut self, at: usize) -> Option<&mut Map<String, Value>> {
        self.whole.get_mut("cells")?.get_mut(at)?.as_object_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notebook() -> Notebook {
        let code = |source: &str| {
            json!({"cell_type": "code", "metadata": {}, "source": source, "execution_count": 7,
                "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}]})
        };
        let cells = [
            json!({"cell_type": "markdown", "metadata": {}, "source": "# secret"}),
            code("a"),
            code("b"),
            code("c"),
        ];
        let file = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells});
        Notebook::read(&file.to_string()).unwrap()
    }

    #[test]
    fn it_is_the_same_file_with_the_outputs_of_this_run() {
        let notebook = notebook();
        let mut executed = Executed::begin(&notebook);
        let shown = json!({"output_type": "stream", "name": "stdout", "text": "new secret"});
        executed.ran(&notebook, 0, vec![shown], Some(1));
        executed.keep(&notebook, 1);
        let text = executed.text(&|text| text.replace("secret", "[token]"));
        assert!(!text.contains("secret"), "{text}");
        let whole: Value = serde_json::from_str(&text).unwrap();
        let cells = &whole["cells"];
        assert_eq!(cells[0]["source"], "# [token]");
        assert_eq!(cells[1]["outputs"][0]["text"], "new [token]");
        assert_eq!(cells[1]["execution_count"], 1);
        assert_eq!(cells[2]["outputs"][0]["text"], "old");
        assert_eq!(cells[2]["execution_count"], 7);
        assert_eq!(cells[3]["outputs"], json!([]));
        assert_eq!(cells[3]["execution_count"], json!(null));
        assert!(Notebook::read(&text).is_ok());
    }

    #[test]
    fn outputs_without_measure_are_left_out_and_said() {
        let notebook = notebook();
        let mut executed = Executed::begin(&notebook);
        let large = json!({"output_type": "stream", "name": "stdout", "text": "x".repeat(9 << 20)});
        for number in 0..2 {
            executed.ran(&notebook, number, vec![large.clone()], None);
        }
        assert_eq!(executed.left_out(), 1);
        let text = executed.text(&str::to_owned);
        assert!(text.len() < LARGEST_OUTPUTS && text.contains("is left out here"));
    }
}
