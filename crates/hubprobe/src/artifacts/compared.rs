//! What must not be written over: a notebook of the suite, or a report of the run, that lies where an artifact would go.

use std::path::Path;

use super::names::{is_numbered, safe};

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

/// Whether a file lies in a folder that may become a visit's, of probes with these names.
pub fn is_for_a_visit(directory: &Path, probes: &[&str], file: &Path) -> bool {
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let (Ok(directory), Ok(folder)) = (directory.canonicalize(), folder.canonicalize()) else {
        return false;
    };
    folder.parent() == Some(&directory)
        && folder.file_name().is_some_and(|name| {
            let mut folders = probes.iter().map(|probe| safe(probe, "probe"));
            folders.any(|folder| is_numbered(name, &folder))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_report_in_the_folder_of_a_visit() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for folder in ["gpu", "gpu-2", "gpus", "gpu/in"] {
            std::fs::create_dir(root.join(folder)).unwrap();
        }
        for (file, is) in [
            ("gpu/report.html", true),
            ("gpu-2/x", true),
            ("gpus/../gpu/x", true),
            ("gpus/x", false),
            ("gpu/in/x", false),
            ("report.html", false),
            ("no/x", false),
        ] {
            let found = is_for_a_visit(root, &["cpu", "gpu"], &root.join(file));
            assert_eq!(found, is, "{file}");
        }
    }
}
