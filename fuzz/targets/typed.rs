//! Fuzzes what is typed in flags: URLs, options, lengths of time, sizes.
//! What must hold, and why, stands beside the code: see `hubprobe::fuzzing`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubprobe_fuzz::frugal(bytes, hubprobe::fuzzing::typed));
