//! Fuzzes a message of a kernel: its content as each kind that is read.
//! What must hold, and why, stands beside the decoder: see `jupyterhub_client::fuzzing`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubprobe_fuzz::frugal(
    bytes,
    jupyterhub_client::fuzzing::message
));
