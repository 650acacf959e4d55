//! Artifacts: what visits leave for a closer look, as files below a directory that the operator names. Now that is the notebooks as
//! they ran, of every visit, whatever its verdict.
//!
//! A folder for each visit, named after its probe; a file is there whole or not at all. Files are written by a thread with a queue,
//! since a slow disk must not slow down what is observed. The queue is bound by what waits in it (64 MiB), not by how many: many
//! visits may end in one instant. What finds it full is not kept, and that is said at the end. What is written has been cleaned of secrets by who said it.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use crate::dispatch::Listener;
use crate::vocabulary::{Event, Run, VisitId, What};

/// How many bytes wait at most, unless it is one file alone.
const QUEUE: usize = 64 << 20;

/// What a file that waits takes beside its text.
const PLACE: usize = 512;

/// How long the last files may take once the run is over.
const LAST_FILES: Duration = Duration::from_secs(20);

/// The longest name of a folder or a file, in characters.
const LONGEST: usize = 100;

/// Hears of artifacts and hands them on.
#[derive(Debug)]
pub struct Keeper {
    directory: PathBuf,
    folders: HashMap<VisitId, PathBuf>,
    taken: HashSet<PathBuf>,
    files: Sender<(PathBuf, Arc<str>)>,
    /// How many bytes wait.
    waiting: Arc<AtomicUsize>,
    complaints: Sender<String>,
}

/// What there is to complain of once all is written.
#[derive(Debug)]
pub struct Kept(Receiver<String>);

/// Makes the directory where it is not there, and sees that files can be written in it.
///
/// # Errors
/// Why they cannot be.
pub fn open(directory: &Path) -> std::io::Result<(Keeper, Kept)> {
    std::fs::create_dir_all(directory)?;
    drop(tempfile::NamedTempFile::new_in(directory)?);
    let (files, coming) = channel::<(PathBuf, Arc<str>)>();
    let waiting = Arc::new(AtomicUsize::new(0));
    let still_waiting = Arc::clone(&waiting);
    let (complaints, kept) = channel();
    let complaining = complaints.clone();
    std::thread::Builder::new()
        .name("artifacts".to_owned())
        .spawn(move || {
            for (path, text) in coming {
                if let Err(error) = write(&path, &text) {
                    let said =
                        format!("the artifact {} cannot be written: {error}", path.display());
                    drop(complaining.send(said));
                }
                still_waiting.fetch_sub(text.len() + PLACE, Ordering::Relaxed);
            }
        })?;
    let keeper = Keeper {
        directory: directory.to_owned(),
        folders: HashMap::new(),
        taken: HashSet::new(),
        files,
        waiting,
        complaints,
    };
    Ok((keeper, Kept(kept)))
}

/// The first of the notebooks whose place a file of this run would take: what is compared must not become what was shown. `visits`
/// are the names of probes, each with its notebooks.
pub fn would_replace<'a>(
    directory: &Path,
    visits: &[(&str, Vec<&'a Path>)],
) -> std::io::Result<Option<&'a Path>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        entries => entries?.collect::<Result<Vec<_>, _>>()?,
    };
    let all: Vec<&Path> = visits
        .iter()
        .flat_map(|(_, notebooks)| notebooks.iter().copied())
        .collect();
    for (probe, notebooks) in visits {
        let folder = safe(probe, "probe");
        let files = |name: &std::ffi::OsStr| {
            notebooks
                .iter()
                .filter_map(|path| path.file_name())
                .any(|file| is_numbered(name, &safe(&file.to_string_lossy(), "artifact")))
        };
        for entry in entries
            .iter()
            .filter(|entry| is_numbered(&entry.file_name(), &folder))
        {
            let Ok(folder) = entry.path().canonicalize() else {
                continue;
            };
            let is_in_it = |path: &Path| {
                let parent = path.parent().map(|parent| match parent {
                    none if none.as_os_str().is_empty() => Path::new("."),
                    parent => parent,
                });
                let parent = parent.and_then(|parent| parent.canonicalize().ok());
                parent.as_ref() == Some(&folder) && path.file_name().is_some_and(files)
            };
            // A link would be replaced itself; and the file behind it may be there, too.
            let taken = all.iter().find(|path| {
                is_in_it(path) || path.canonicalize().is_ok_and(|path| is_in_it(&path))
            });
            if let Some(path) = taken {
                return Ok(Some(*path));
            }
        }
    }
    Ok(None)
}

/// Whether a name is this one, or this one with a number as [`Keeper::free`] gives it; so too where letters differ in case alone.
fn is_numbered(name: &std::ffi::OsStr, plain: &str) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    let plain = plain.to_lowercase();
    let split = |name: &str| {
        let path = Path::new(name);
        let part = |part: Option<&std::ffi::OsStr>| {
            part.map(|part| part.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        (part(path.file_stem()), part(path.extension()))
    };
    let ((stem, extension), (plain_stem, plain_extension)) = (split(&name), split(&plain));
    let number = stem
        .strip_prefix(&plain_stem)
        .and_then(|rest| rest.strip_prefix('-'));
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    name == plain || (extension == plain_extension && number.is_some_and(is_number))
}

impl Kept {
    /// Waits until all is written, which is so once the keeper is gone and the queue is empty; what went wrong.
    #[must_use]
    pub fn end(self) -> Vec<String> {
        let mut complaints = Vec::new();
        loop {
            match self.0.recv_timeout(LAST_FILES) {
                Ok(complaint) => complaints.push(complaint),
                Err(RecvTimeoutError::Disconnected) => return complaints,
                Err(RecvTimeoutError::Timeout) => {
                    complaints.push(format!(
                        "artifacts are not written yet, {LAST_FILES:.0?} after the run; they are given up"
                    ));
                    return complaints;
                }
            }
        }
    }
}

impl Listener for Keeper {
    fn event(&mut self, event: &Event, _run: &Run) {
        match &event.what {
            What::VisitStarted { visit, probe, .. } => {
                let folder = self.free(&self.directory.join(safe(probe, "probe")));
                self.folders.insert(*visit, folder);
            }
            What::Artifact { visit, name, text } => {
                let Some(folder) = self.folders.get(visit) else {
                    return;
                };
                let path = self.free(&folder.join(safe(name, "artifact")));
                if let Err(why) = self.hand_on(path, text) {
                    let said = format!("the artifact {name} of a visit is not kept: {why}");
                    drop(self.complaints.send(said));
                }
            }
            _ => {}
        }
    }
}

impl Keeper {
    fn hand_on(&self, path: PathBuf, text: &Arc<str>) -> Result<(), &'static str> {
        let size = text.len() + PLACE;
        // Nobody else adds to it.
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting > 0 && waiting.saturating_add(size) > QUEUE {
            return Err("the disk is too slow");
        }
        self.waiting.fetch_add(size, Ordering::Relaxed);
        let sent = self.files.send((path, Arc::clone(text)));
        sent.map_err(|_| "nobody writes any more")
    }

    /// The path, with a number before its extension where this run has it already; so too where letters differ in case alone.
    fn free(&mut self, path: &Path) -> PathBuf {
        let numbered = |number: usize| {
            let (stem, extension) = (path.file_stem(), path.extension());
            let mut name = stem.unwrap_or_default().to_os_string();
            name.push(format!("-{number}"));
            if let Some(extension) = extension {
                name.push(".");
                name.push(extension);
            }
            path.with_file_name(name)
        };
        let mut candidates = std::iter::once(path.to_owned()).chain((2..).map(numbered));
        let is_new = |path: &PathBuf| {
            let folded = path.to_string_lossy().to_lowercase();
            self.taken.insert(PathBuf::from(folded))
        };
        candidates.find(is_new).unwrap_or_else(|| path.to_owned())
    }
}

/// A name that is one file's, on any system and in any shell: letters, digits, hyphens, dots that do not begin it.
fn safe(name: &str, or: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || "-_.=,+".contains(c);
    let all = name.chars().map(|c| if kept(c) { c } else { '_' });
    let safe: String = all.collect();
    let safe = safe.trim_matches(['.', '_']);
    // The end tells more than the start: an extension, a combination of a matrix.
    let from = safe.len().saturating_sub(LONGEST);
    let safe = safe[from..].trim_start_matches(['.', '_', '-']);
    if safe.is_empty() {
        or.to_owned()
    } else {
        safe.to_owned()
    }
}

/// Writes beside the file and puts it into its place.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    fn visit(keeper: &mut Keeper, visit: VisitId, probe: &str) {
        hear(
            keeper,
            What::VisitStarted {
                visit,
                probe: probe.to_owned(),
                hub: String::new(),
                account: String::new(),
                server: String::new(),
                options: Map::new(),
            },
        );
    }

    fn hear(keeper: &mut Keeper, what: What) {
        keeper.event(&Event { at: 0.0, what }, &Run::new());
    }

    #[test]
    fn each_visit_has_a_folder_and_each_file_a_name() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("new");
        let (mut keeper, kept) = open(&root).unwrap();
        for (id, probe) in ["a/b", "A:b", "../.."].into_iter().enumerate() {
            visit(&mut keeper, id, probe);
        }
        for (visit, name, text) in [
            (0, "n.ipynb", "one"),
            (0, "n.ipynb", "two"),
            (1, "../n.ipynb", "three"),
        ] {
            let (name, text) = (name.to_owned(), Arc::from(text));
            hear(&mut keeper, What::Artifact { visit, name, text });
        }
        drop(keeper);
        assert_eq!(kept.end(), Vec::<String>::new());
        let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
        assert_eq!(read("a_b/n.ipynb"), "one");
        assert_eq!(read("a_b/n-2.ipynb"), "two");
        assert_eq!(read("A_b-2/n.ipynb"), "three");
        assert!(!root.join("probe").exists(), "nothing, no folder");
    }

    #[test]
    fn all_that_many_visits_leave_at_once_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (mut keeper, kept) = open(dir.path()).unwrap();
        visit(&mut keeper, 0, "p");
        for _ in 0..200 {
            let (name, text) = ("n.ipynb".to_owned(), Arc::from("x".repeat(1000)));
            hear(
                &mut keeper,
                What::Artifact {
                    visit: 0,
                    name,
                    text,
                },
            );
        }
        drop(keeper);
        assert_eq!(kept.end(), Vec::<String>::new());
        assert_eq!(
            std::fs::read_dir(dir.path().join("p")).unwrap().count(),
            200
        );
    }

    #[test]
    fn a_notebook_that_is_compared_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for folder in ["checks", "Other-2", "else"] {
            std::fs::create_dir(root.join(folder)).unwrap();
            for name in ["n.ipynb", "n-2.ipynb", "m.ipynb"] {
                std::fs::write(root.join(folder).join(name), "{}").unwrap();
            }
        }
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join("n.ipynb"), "{}").unwrap();
        std::os::unix::fs::symlink(root.join("checks"), root.join("linked")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("n.ipynb"), root.join("else/l.ipynb"))
            .unwrap();
        for (probe, path, is_taken) in [
            ("checks", "checks/n.ipynb", true),
            ("checks", "./else/../checks/n.ipynb", true),
            ("linked", "checks/n.ipynb", true),
            ("other", "Other-2/n.ipynb", true),
            ("else", "else/l.ipynb", true),
            ("free", "checks/n.ipynb", false),
            ("check", "checks/n.ipynb", false),
            ("checks", "else/n.ipynb", false),
        ] {
            let path = root.join(path);
            let visits = [(probe, vec![path.as_path()])];
            let taken = would_replace(root, &visits).unwrap();
            assert_eq!(taken.is_some(), is_taken, "{probe} {}", path.display());
        }
        let (one, two) = (root.join("else/n.ipynb"), root.join("checks/n-2.ipynb"));
        let visits = [
            ("checks", vec![one.as_path()]),
            ("free", vec![two.as_path()]),
        ];
        let taken = would_replace(root, &visits).unwrap();
        assert_eq!(taken, Some(two.as_path()), "another probe's, by a number");
        let other = root.join("checks/m.ipynb");
        let visits = [
            ("checks", vec![one.as_path()]),
            ("free", vec![other.as_path()]),
        ];
        assert_eq!(would_replace(root, &visits).unwrap(), None);
        assert_eq!(would_replace(&root.join("new"), &visits).unwrap(), None);
    }

    #[test]
    fn names_are_safe() {
        for (name, is) in [
            ("every[p=a,n=1]", "every_p=a,n=1"),
            ("../../etc/passwd", "etc_passwd"),
            (".hidden", "hidden"),
            ("", "x"),
            ("é\u{1b}[31m", "31m"),
            ("a b\tc.ipynb", "a_b_c.ipynb"),
        ] {
            assert_eq!(safe(name, "x"), is);
        }
        assert_eq!(
            safe(&format!("{}.ipynb", "x".repeat(300)), "x").len(),
            LONGEST
        );
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(open(&dir.path().join("file")).is_err());
        let (mut keeper, kept) = open(dir.path()).unwrap();
        visit(&mut keeper, 0, "file");
        let (name, text) = ("n".to_owned(), Arc::from(""));
        hear(
            &mut keeper,
            What::Artifact {
                visit: 0,
                name,
                text,
            },
        );
        drop(keeper);
        let said = kept.end();
        assert!(said[0].contains("file/n cannot be written"), "{said:?}");
    }
}
