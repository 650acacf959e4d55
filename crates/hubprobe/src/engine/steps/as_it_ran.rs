//! The notebook as it ran, on its way to the artifacts. It is said when it is let go, so that what has run is kept however the step
//! ends: at a deadline or a signal its future is dropped, and a panic unwinds it.

use crate::engine::Voice;
use crate::notebook::{Executed, Notebook};

/// What has run so far.
pub(super) struct AsItRan {
    name: String,
    voice: Voice,
    executed: Option<Executed>,
}

impl AsItRan {
    /// Nothing has run yet.
    pub(super) fn begin(name: String, notebook: &Notebook, voice: Voice) -> Self {
        Self {
            name,
            voice,
            executed: Some(Executed::begin(notebook)),
        }
    }

    /// What has run, to add to it.
    pub(super) fn executed(&mut self) -> Option<&mut Executed> {
        self.executed.as_mut()
    }
}

impl Drop for AsItRan {
    fn drop(&mut self) {
        let Some(executed) = self.executed.take() else {
            return;
        };
        let left_out = executed.left_out();
        if left_out > 0 {
            self.voice.warn(&format!(
                "{}: the notebook as it ran is kept without what {left_out} of its cells showed, which is more than 16 MiB",
                self.name
            ));
        }
        let text = executed.text(&|text| self.voice.clean(text));
        self.voice.artifact(&self.name, text);
    }
}
