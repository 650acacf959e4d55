//! What must hold of a notebook file, whatever is in it, and of rules for sanitising: for the fuzz target `notebook` and for the
//! tests below, which put its corpus and much damage through the same.

use serde_json::Value;

use super::compare::TOO_LARGE;
use super::{Compare, Executed, Notebook, Rule, compare, in_nbval_s_format};

/// Bytes as a notebook file, and as a file of rules.
///
/// # Panics
/// When one of these does not hold: what is said of a file that is none is short and fit to print; a notebook that is read has
/// code; its outputs are the same as its own; once it has run it is a notebook again, with the same code. How long it takes
/// and how much memory, the fuzzer watches.
pub fn notebook(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let rules = in_nbval_s_format(&text, &Rule::read).unwrap_or_default();
    let read = match Notebook::read(&text) {
        Ok(read) => read,
        Err(said) => {
            assert!(said.len() < 200 && !said.chars().any(char::is_control));
            return;
        }
    };
    assert!(read.cells.iter().any(|cell| !cell.source.trim().is_empty()));
    let mut executed = Executed::begin(&read);
    for (number, cell) in read.cells.iter().enumerate() {
        for kind in Compare::ALL {
            let duty = cell.duty(kind);
            assert!(kind != Compare::None || !duty.compare);
        }
        let difference = compare(&cell.outputs, &cell.outputs, &rules, &str::to_owned);
        assert!(difference.is_none_or(|it| it.what == TOO_LARGE));
        executed.ran(&read, number, cell.outputs.clone(), Some(1));
    }
    let written = executed.text(&str::to_owned);
    let again = Notebook::read(&written);
    let sources = |notebook: &Notebook| -> Vec<String> {
        let cells = notebook.cells.iter();
        cells.map(|cell| cell.source.clone()).collect()
    };
    match again {
        Ok(again) => assert_eq!(sources(&again), sources(&read)),
        Err(said) => unreachable!("what was written is no notebook: {said}: {written}"),
    }
    assert!(serde_json::from_str::<Value>(&written).is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::each;

    #[test]
    fn the_corpus_of_notebook() {
        each("notebook", notebook);
    }

    #[test]
    fn no_damage_breaks_what_must_hold() {
        let pieces = [
            "\"", "{", "}", "[", "]", ",", ":", "\\", "0", "null", "é", "\n",
        ];
        let state = std::cell::Cell::new(88_172_645_463_325_252_u64);
        let below = |limit: usize| {
            let mut next = state.get();
            next ^= next << 13;
            next ^= next >> 7;
            next ^= next << 17;
            state.set(next);
            usize::try_from(next % limit as u64).unwrap()
        };
        each("notebook", |bytes| {
            let text = String::from_utf8_lossy(bytes);
            for _ in 0..40 {
                let mut text = text.clone().into_owned();
                let mut at = below(text.len());
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                if below(2) == 0 {
                    text.insert_str(at, pieces[below(pieces.len())]);
                } else {
                    text.remove(at);
                }
                notebook(text.as_bytes());
            }
        });
    }
}
