//! The binary: parse, run, exit. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    hubprobe::cli::main()
}
