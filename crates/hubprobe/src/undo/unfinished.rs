//! Files that a killed process was writing, and that never came to their name:
//! ledger, locks, register and tokens write aside, then rename or link.
//!
//! Each of them knows by the name what is unfinished, and sweeps when it is about
//! to write there itself. Young ones may belong to a process that lives.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// Nobody takes so long over one file.
pub const OLD: Duration = Duration::from_secs(600);

/// Takes away the files of a directory whose names say that they are unfinished,
/// and that are older than `older_than`. What is no file stays: nobody here writes
/// links or pipes. What cannot be read or removed is for the next time.
pub fn sweep(dir: &Path, older_than: Duration, is_unfinished: impl Fn(&Path) -> bool) {
    let Ok(files) = fs::read_dir(dir) else {
        return;
    };
    for file in files.flatten() {
        let path = file.path();
        let old = || {
            let meta = file.metadata().ok().filter(fs::Metadata::is_file);
            let written = meta.and_then(|meta| meta.modified().ok());
            let age = written.and_then(|at| at.elapsed().ok());
            age.is_some_and(|age| age > older_than)
        };
        if is_unfinished(&path) && old() {
            fs::remove_file(&path).ok();
        }
    }
}

/// Whether a path's last part begins with this.
pub fn begins(path: &Path, with: &str) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(with.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_unfinished_and_a_file_goes() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str, age: Duration| {
            let path = dir.path().join(name);
            fs::write(&path, "{").unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            let written = std::time::SystemTime::now() - age;
            file.set_modified(written).unwrap();
            path
        };
        let gone = [at(".1", 2 * OLD), at(".2", OLD + Duration::from_secs(5))];
        let link = dir.path().join(".link");
        let stays = [
            at("1", 2 * OLD),
            at(".3", OLD.saturating_sub(Duration::from_secs(60))),
            at("x.", 2 * OLD),
            link.clone(),
        ];
        std::os::unix::fs::symlink(&stays[0], &link).unwrap();
        sweep(dir.path(), OLD, |path| begins(path, "."));
        assert_eq!(gone.map(|path| path.exists()), [false; 2]);
        assert_eq!(stays.map(|path| path.exists()), [true; 4]);
        sweep(&dir.path().join("nowhere"), OLD, |_| true);
    }
}
