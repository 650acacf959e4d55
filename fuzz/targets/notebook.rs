//! Fuzzes notebook files, and files of rules for what they show.
//! What must hold, and why, stands beside the code: see `hubprobe::fuzzing`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubprobe_fuzz::frugal(bytes, hubprobe::fuzzing::notebook));
