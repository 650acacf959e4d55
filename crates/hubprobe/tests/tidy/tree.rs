//! The files of the tree, and the rules that any file can break by itself: length, name, essay, leftovers, private paths.

use std::path::{Path, PathBuf};

use super::source;

/// More lines than this are refused.
pub(crate) const MOST_LINES: usize = 500;
/// More lines than this are worth a look.
pub(crate) const MANY_LINES: usize = 300;

/// What says nothing of what a thing does, or the wrong thing.
const VAGUE: &[&str] = &[
    "manager", "handler", "helper", "helpers", "util", "utils", "misc", "imp", "common",
];

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("the crate is in crates/").to_owned()
}

/// All files below a directory, relative to it, without what is built and what git keeps.
pub(crate) fn files(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut todo) = (Vec::new(), vec![root.to_owned()]);
    while let Some(directory) = todo.pop() {
        for entry in std::fs::read_dir(&directory)
            .expect("a readable directory")
            .flatten()
        {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() && !path.is_symlink() {
                if !["target", ".git", "out", "__pycache__", "node_modules"]
                    .iter()
                    .any(|it| name == *it)
                {
                    todo.push(path);
                }
            } else {
                found.push(path.strip_prefix(root).expect("below the root").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Where in a crate's module tree a file below `src/` stands: `src/report/mod.rs` and `src/report.rs` are `[report]`.
pub(crate) fn module(below_src: &Path) -> Vec<String> {
    let mut names: Vec<String> = below_src
        .with_extension("")
        .iter()
        .map(|it| it.to_string_lossy().into_owned())
        .collect();
    if names
        .last()
        .is_some_and(|it| it == "mod" || ["lib", "main"].contains(&it.as_str()) && names.len() == 1)
    {
        names.pop();
    }
    names
}

/// What a source file breaks by itself.
pub(crate) fn faults(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let lines = text.lines().count();
    if lines > MOST_LINES {
        out.push(format!(
            "{lines} lines, {MOST_LINES} at most: one idea to a file"
        ));
    }
    if !text.starts_with("//!") {
        out.push("does not open with a //! essay: what it is for, and what it is not".to_owned());
    }
    let code = source::code(text);
    let words: Vec<&str> = code
        .split(|it: char| !it.is_alphanumeric() && it != '_')
        .collect();
    for pair in words.windows(2).filter(|pair| pair[0] == "mod") {
        out.extend(vague(pair[1]));
    }
    for left in ["todo", "unimplemented", "dbg"] {
        if source::calls_macro(&code, left) {
            out.push(format!("{left}! was left in it"));
        }
    }
    let packed: String = code.split_whitespace().collect();
    if packed.contains("#[ignore") {
        out.push("ignores a test: a test that does not run proves nothing".to_owned());
    }
    out
}

/// What the names of a file and of the directories above it break.
pub(crate) fn vague_path(path: &Path) -> Vec<String> {
    let stem = |it: &std::ffi::OsStr| it.to_string_lossy().split('.').next().map(str::to_owned);
    path.iter()
        .filter_map(stem)
        .filter_map(|it| vague(&it))
        .collect()
}

fn vague(name: &str) -> Option<String> {
    let bad = name.split(['_', '-']).find(|part| VAGUE.contains(part))?;
    Some(format!("the name {name} says {bad}: say what it does"))
}

/// Paths of a person's or of this machine's own, which are right nowhere else.
pub(crate) fn private_paths(text: &str, here: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let own = here.iter().find(|it| line.contains(it.as_str())).cloned();
        let found = own.or_else(|| home_of_a_person(line));
        out.extend(found.map(|path| {
            format!(
                "line {}: the path {path} is this machine's or a person's own",
                number + 1
            )
        }));
    }
    out
}

/// The home of a user; `/home/jovyan` is everybody's in Jupyter's images, `/home/{username}` nobody's.
fn home_of_a_person(line: &str) -> Option<String> {
    for root in [concat!("/ho", "me/"), concat!("/Us", "ers/")] {
        for (at, _) in line.match_indices(root) {
            let name: String = line[at + root.len()..]
                .chars()
                .take_while(|it| it.is_alphanumeric() || *it == '_')
                .collect();
            let glued = line[..at]
                .ends_with(|it: char| it.is_alphanumeric() || matches!(it, '}' | '.' | ')'));
            if !glued && !name.is_empty() && name != "jovyan" {
                return Some(format!("{root}{name}"));
            }
        }
    }
    let root = concat!("/ro", "ot/");
    line.match_indices(root)
        .find(|(at, _)| !line[..*at].ends_with(|it: char| it.is_alphanumeric()))
        .map(|_| root.to_owned())
}

/// The names under a table of a Cargo.toml, as code spells them.
pub(crate) fn dependencies(manifest: &str, table: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == format!("[{table}]");
        } else if let (true, Some(end)) = (inside && !line.starts_with('#'), line.find(['=', '.']))
        {
            names.push(line[..end].trim().replace('-', "_"));
        }
    }
    names
}

mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        faults(text).len()
    }

    #[test]
    fn each_rule_of_a_file_can_be_broken() {
        let good = "//! What it is for.\nfn f() {}\n";
        assert_eq!(found(good), 0);
        assert_eq!(vague_path(Path::new("src/report/json_utils.rs")).len(), 1);
        assert_eq!(vague_path(Path::new("src/helpers/json.rs")).len(), 1);
        assert!(vague_path(Path::new("src/report/json.rs")).is_empty());
        assert_eq!(found("fn f() {}\n"), 1);
        assert_eq!(found(&format!("{good}mod helper;")), 1);
        assert_eq!(found(&format!("{good}fn g() {{ todo!() }}")), 1);
        assert_eq!(
            found(&format!("{good}#[test]\n#[ignore = \"slow\"]\nfn t() {{}}")),
            1
        );
        assert_eq!(found(&format!("{good}// todo!() and mod utils\n")), 0);
        assert_eq!(found(&format!("//! x\n{}", "\n".repeat(MOST_LINES))), 1);
        assert_eq!(found(&format!("//! x\n{}", "\n".repeat(MOST_LINES - 1))), 0);
    }

    #[test]
    fn private_paths_are_told_from_public_ones() {
        let here = ["/srv/build/tree".to_owned()];
        for bad in [
            concat!("cd /ho", "me/ann/x"),
            concat!("PATH=/ro", "ot/.cargo"),
            "see /srv/build/tree/x",
            concat!("/Us", "ers/bob"),
        ] {
            assert_eq!(private_paths(bad, &here).len(), 1, "{bad}");
        }
        for good in [
            concat!("/ho", "me/jovyan/work"),
            concat!("/ho", "me/{username}"),
            "/usr/lib",
            concat!("https://x.org/ro", "ot/a"),
        ] {
            assert_eq!(private_paths(good, &here), Vec::<String>::new(), "{good}");
        }
    }

    #[test]
    fn manifests_are_read() {
        let text = "[dependencies]\nserde-json.workspace = true\nurl = \"2\"\n# x = 1\n[dev-dependencies]\nrcgen = { version = \"0\" }\n";
        assert_eq!(dependencies(text, "dependencies"), ["serde_json", "url"]);
        assert_eq!(dependencies(text, "dev-dependencies"), ["rcgen"]);
    }

    #[test]
    fn modules_of_files() {
        assert_eq!(module(Path::new("report/mod.rs")), ["report"]);
        assert_eq!(module(Path::new("report.rs")), ["report"]);
        assert_eq!(
            module(Path::new("engine/steps/open.rs")),
            ["engine", "steps", "open"]
        );
        assert!(module(Path::new("lib.rs")).is_empty());
    }
}
