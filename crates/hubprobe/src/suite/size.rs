//! Sizes as people write them: 2MiB, 512KiB, 1MB.

use bytesize::ByteSize;

use super::FilesStep;

/// The bytes of a file's size.
///
/// # Errors
/// What is wrong with it, with an example.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let size = parse_bytes(text)?;
    if size == 0 || size > FilesStep::LARGEST {
        return Err(format!(
            "`{text}` cannot be: from 1 byte to {} MiB",
            FilesStep::LARGEST >> 20
        ));
    }
    Ok(size)
}

/// The bytes of a size of any kind, which may be none.
///
/// # Errors
/// What is wrong with it, with an example.
pub(super) fn parse_bytes(text: &str) -> Result<u64, String> {
    let size = text.trim().parse::<ByteSize>();
    size.map(|size| size.as_u64())
        .map_err(|_| format!("`{text}` is no size; write one as in 2MiB or 512KiB"))
}

/// A size in words: `2.0 MiB`.
pub fn format_size(bytes: u64) -> String {
    ByteSize(bytes).display().iec().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_said() {
        for (text, size) in [
            ("2MiB", 2 << 20),
            ("512 KiB", 512 << 10),
            ("1MB", 1_000_000),
            ("77", 77),
        ] {
            assert_eq!(parse_size(text), Ok(size), "{text}");
        }
        for bad in ["", "0", "2 apples", "-1MiB", "33MiB", "1TiB"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
        assert_eq!(format_size(2 << 20), "2.0 MiB");
    }
}
