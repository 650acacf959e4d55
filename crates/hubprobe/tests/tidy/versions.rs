//! One version everywhere: Cargo.toml says it, and the changelog, the wheel, the image and the pages follow. And what stands in two
//! places for a reason, the text of the unit files, is the same in both.
//!
//! Whether a tag fits is asked at a release, by `tools/package released`.

use super::tree;

fn read(path: &str) -> String {
    std::fs::read_to_string(tree::root().join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The value of the first `key = "…"` of a table.
fn value(manifest: &str, table: &str, key: &str) -> Option<String> {
    let head = format!("[{table}]");
    let mut lines = manifest
        .lines()
        .skip_while(|line| line.trim() != head)
        .skip(1);
    lines
        .by_ref()
        .take_while(|line| !line.starts_with('['))
        .find_map(|line| {
            let (name, rest) = line.split_once('=')?;
            (name.trim() == key).then(|| rest.trim().trim_matches('"').to_owned())
        })
}

fn version() -> String {
    value(&read("Cargo.toml"), "workspace.package", "version").unwrap()
}

fn numbers(version: &str) -> Vec<u64> {
    let found: Vec<u64> = version.split('.').map_while(|it| it.parse().ok()).collect();
    assert!(found.len() == 3, "`{version}` is no version");
    found
}

/// What is wrong with the headings of a changelog when the tree says `version`.
fn changelog(text: &str, version: &str) -> Option<String> {
    let mut heads: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|head| head.split(' ').next().unwrap())
        .collect();
    let unreleased = heads.first() == Some(&"Unreleased");
    if unreleased {
        heads.remove(0);
    }
    if heads.contains(&"Unreleased") {
        return Some("Unreleased does not stand first".to_owned());
    }
    let released: Vec<Vec<u64>> = heads.iter().map(|it| numbers(it)).collect();
    if !released.windows(2).all(|pair| pair[0] > pair[1]) {
        return Some("the newest version does not stand first".to_owned());
    }
    let now = numbers(version);
    match released.first() {
        Some(last) if *last > now => Some(format!("{} is newer than {version}", heads[0])),
        Some(last) if *last == now => None,
        _ if unreleased => None,
        _ => Some(format!("neither {version} nor Unreleased has a section")),
    }
}

#[test]
fn the_changelog_keeps_step_with_the_version() {
    assert_eq!(changelog(&read("CHANGELOG.md"), &version()), None);
}

#[test]
fn a_changelog_that_is_out_of_step_is_seen() {
    let fine = [
        ("# C\n\n## Unreleased\n", "0.1.0"),
        ("## Unreleased\n\n## 0.1.0 (2026-11-29)\n", "0.1.0"),
        ("## 0.2.0 (2026-12-01)\n## 0.1.0\n", "0.2.0"),
        ("## Unreleased\n## 0.1.0\n", "0.2.0"),
        ("## 0.10.0\n## 0.9.0\n", "0.10.0"),
    ];
    for (text, version) in fine {
        assert_eq!(changelog(text, version), None, "{text}");
    }
    let faulty = [
        ("# C\n", "0.1.0", "neither"),
        ("## 0.1.0\n", "0.2.0", "neither"),
        ("## 0.2.0\n", "0.1.0", "newer"),
        ("## 0.1.0\n## Unreleased\n", "0.1.0", "first"),
        ("## 0.1.0\n## 0.2.0\n", "0.2.0", "first"),
    ];
    for (text, version, word) in faulty {
        let said = changelog(text, version).unwrap_or_else(|| panic!("{text}"));
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn every_crate_and_the_wheel_take_the_version_of_the_workspace() {
    let root = read("Cargo.toml");
    for entry in std::fs::read_dir(tree::root().join("crates"))
        .unwrap()
        .flatten()
    {
        let name = entry.file_name().into_string().unwrap();
        let manifest = read(&format!("crates/{name}/Cargo.toml"));
        assert_eq!(
            value(&manifest, "package", "version.workspace").as_deref(),
            Some("true"),
            "{name}"
        );
    }
    for name in ["jupyterhub-client", "jupyterhub-sandbox"] {
        let wanted = value(&root, "workspace.dependencies", name).unwrap();
        assert!(
            wanted.contains(&format!("version = \"{}\"", version())),
            "{name}: {wanted}"
        );
    }
    let wheel = read("pyproject.toml");
    assert_eq!(
        value(&wheel, "project", "version"),
        None,
        "maturin takes it from Cargo.toml"
    );
    assert_eq!(
        value(&wheel, "project", "dynamic").as_deref(),
        Some("[\"version\"]")
    );
    for key in ["description", "license"] {
        let crates = read("crates/hubprobe/Cargo.toml");
        let said =
            value(&crates, "package", key).or_else(|| value(&root, "workspace.package", key));
        assert_eq!(value(&wheel, "project", key), said, "{key}");
    }
}

/// Names of packages and images with a version: `hubprobe:0.1.0`, `hubprobe_0.1.0-1_amd64.deb`, `hubprobe-0.1.0-py3-none-any.whl`.
fn named(text: &str) -> Vec<String> {
    let ends = |it: char| !(it.is_ascii_digit() || it == '.');
    text.match_indices("hubprobe")
        .filter_map(|(at, word)| text[at + word.len()..].strip_prefix([':', '_', '-', '@']))
        .map(|rest| {
            rest.split(ends)
                .next()
                .unwrap()
                .trim_end_matches('.')
                .to_owned()
        })
        .filter(|it| it.matches('.').count() == 2)
        .collect()
}

#[test]
fn pages_and_images_name_the_version_of_the_workspace() {
    let pages = tree::files(&tree::root())
        .into_iter()
        .map(|path| path.to_string_lossy().into_owned())
        .filter(|it| it.ends_with(".md") || it == "Containerfile");
    let (mut seen, mut faults) = (0, Vec::new());
    for page in pages {
        for name in named(&read(&page)) {
            seen += 1;
            if name != version() {
                faults.push(format!(
                    "{page} names hubprobe {name}, and this is {}",
                    version()
                ));
            }
        }
    }
    assert!(seen > 3, "only {seen} names with a version were found");
    super::nothing(&faults);
    let text = "hubprobe:0.1.0 hubprobe_0.2.0-1_amd64.deb hubprobe-0.3.0.tar.gz jupyterhub-5.5.4 hubprobe: 1.2.3";
    assert_eq!(named(text), ["0.1.0", "0.2.0", "0.3.0"]);
}

#[test]
fn what_builds_it_elsewhere_has_the_oldest_rust_that_will_do() {
    let oldest = value(&read("Cargo.toml"), "workspace.package", "rust-version").unwrap();
    for (path, before) in [
        ("Containerfile", "library/rust:"),
        (".github/workflows/ci.yml", "RUST: \""),
        (".github/workflows/release.yml", "RUST: \""),
    ] {
        let text = read(path);
        let (_, after) = text
            .split_once(before)
            .unwrap_or_else(|| panic!("{path} has no `{before}`"));
        assert!(
            after.starts_with(&oldest),
            "{path} does not say Rust {oldest}"
        );
    }
}

#[test]
fn the_page_shows_the_files_that_are_packed() {
    let page = read("docs/nightly.md");
    for path in [
        "packaging/systemd/hubprobe.service",
        "packaging/systemd/hubprobe.timer",
        "packaging/suite.yaml",
    ] {
        let text = read(path);
        assert!(text.lines().count() > 5, "{path}");
        assert!(
            page.contains(&format!("\n{text}```\n")),
            "docs/nightly.md does not show {path} as it is"
        );
    }
}
