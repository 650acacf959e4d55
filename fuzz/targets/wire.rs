//! Fuzzes a frame of the kernel's websocket, in each framing.
//! What must hold, and why, stands beside the decoder: see `jupyterhub_client::fuzzing`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubprobe_fuzz::frugal(
    bytes,
    jupyterhub_client::fuzzing::wire
));
