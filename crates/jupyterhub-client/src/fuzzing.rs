//! What must hold of every decoder whatever bytes come: a door for the fuzz targets in `fuzz/`, which are built with
//! `--cfg fuzzing`, and for the test below, which puts the committed corpora through the same invariants.
//!
//! Not part of the crate as others use it: without tests or fuzzing it is not there. The invariants themselves stand
//! beside what they are about.

use std::collections::BTreeSet;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::json::{HIDING, read};

pub use crate::error::invariants::answer;
pub use crate::kernel::invariants::{message, outputs};
pub use crate::progress::invariants::{progress, sse};
pub use crate::wire::invariants::wire;

/// A number that depends on the bytes alone (FNV-1a): what an invariant chooses by, so that a corpus can be plain bodies
/// and frames.
pub(crate) fn seed(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The bytes cut into pieces of one to nine bytes, or into a few large ones.
pub(crate) fn pieces(bytes: &[u8]) -> Vec<&[u8]> {
    let mut state = seed(bytes) | 1;
    let longest = if state & 0b110 == 0 { 4096 } else { 9 };
    let (mut pieces, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        // xorshift
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let length = usize::try_from(state % longest).unwrap_or(0) + 1;
        let (piece, after) = rest.split_at(length.min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Whether a [`serde_json::Value`] does not show what stands in this JSON: a key stands twice in an object, or is the one that
/// hides JSON in a text. Also where it is no JSON.
pub(crate) fn says_two_things(bytes: &[u8]) -> bool {
    read::<Unique>(bytes).is_err()
}

/// JSON in which no key stands twice.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Unique, D::Error> {
        from.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON without repeated keys")
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
        while items.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unique, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some((key, Unique)) = entries.next_entry::<String, Unique>()? {
            if key == HIDING || !keys.insert(key) {
                return Err(A::Error::custom("a key stands twice, or hides something"));
            }
        }
        Ok(Unique)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Puts all files of a target's corpus, and what the fuzzer once found, through its invariants.
    fn each(target: &str, holds: fn(&[u8])) {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
        let mut seen = 0;
        for kind in ["corpus", "regressions"] {
            let directory = fuzz.join(kind).join(target);
            for entry in std::fs::read_dir(&directory).into_iter().flatten() {
                let path = entry.unwrap().path();
                let bytes = std::fs::read(&path).unwrap();
                let name = path.display();
                assert!(
                    std::panic::catch_unwind(|| holds(&bytes)).is_ok(),
                    "what must hold does not: {name}"
                );
                seen += 1;
            }
        }
        assert!(seen >= 5, "only {seen} files for {target}");
    }

    #[test]
    fn repeated_keys_are_seen() {
        use super::says_two_things;
        assert!(!says_two_things(
            br#"{"a": [{"b": 1}, {"b": null}], "c": {"a": "x"}}"#
        ));
        assert!(says_two_things(br#"{"a": [{"b": 1, "\u0062": 2}]}"#));
    }

    #[test]
    fn the_corpus_of_sse() {
        each("sse", super::sse);
    }

    #[test]
    fn the_corpus_of_progress() {
        each("progress", super::progress);
    }

    #[test]
    fn the_corpus_of_wire() {
        each("wire", super::wire);
    }

    #[test]
    fn the_corpus_of_message() {
        each("message", super::message);
    }

    #[test]
    fn the_corpus_of_outputs() {
        each("outputs", super::outputs);
    }

    #[test]
    fn the_corpus_of_answer() {
        each("answer", super::answer);
    }
}
