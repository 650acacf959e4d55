//! What every target has in common: the memory that an input may take.
//!
//! A decoder that makes much of little is as bad as one that panics; the fuzzer's own limits only see what is far beyond.

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What an input may take besides, in bytes: tables and regular expressions that are made once.
const BASE: usize = 8 << 20;
/// What each byte may take: a JSON value of two characters takes 72 bytes, is kept several times, and lists grow by halves.
const A_BYTE: usize = 1_000;

/// Does something with the input, and sees that it took no more memory than the input is worth.
///
/// # Panics
/// When it took more.
pub fn frugal(bytes: &[u8], what: impl FnOnce(&[u8])) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    what(bytes);
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(
        taken <= BASE + A_BYTE * bytes.len(),
        "{} bytes took {taken} bytes of memory",
        bytes.len()
    );
}
