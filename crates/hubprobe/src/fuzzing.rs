//! A door for the fuzz targets in `fuzz/` that are about this crate, which are built with `--cfg fuzzing`, and the way of their
//! corpora into unit tests. Not part of the crate otherwise.

pub use crate::diagnose::invariants::finding;
pub use crate::notebook::invariants::notebook;
pub use crate::suite::invariants::{suite, typed};

/// Puts all files of a target's corpus, and what the fuzzer once found, through its invariants.
#[cfg(test)]
pub(crate) fn each(target: &str, holds: impl Fn(&[u8])) {
    let fuzz = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let mut seen = 0;
    for kind in ["corpus", "regressions"] {
        for entry in std::fs::read_dir(fuzz.join(kind).join(target))
            .into_iter()
            .flatten()
        {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let held = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| holds(&bytes)));
            assert!(held.is_ok(), "what must hold does not: {}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 5, "only {seen} files for {target}");
}
