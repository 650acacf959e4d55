//! Links between the pages of the documentation: each leads to a file and to a heading that are there, on a forge and in the book.
//!
//! Pages link each other by relative paths. tools/book copies README.md and its like, and docs/, as they stand in the tree, so what is
//! there for one reader is there for the other, unless a link leads elsewhere into the tree: the book has no sources. Addresses on
//! the web are not asked for.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::tree;

/// The pages at the root that are in the book.
const AT_THE_ROOT: [&str; 4] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
];

/// The book's table of contents.
const CONTENTS: &str = "docs/SUMMARY.md";

/// A page's headings and places, as links name them, and where its links lead.
#[derive(Default)]
struct Page {
    headings: BTreeSet<String>,
    links: Vec<String>,
}

fn page(text: &str) -> Page {
    let mut page = Page::default();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let name = anchor(&heading.take().unwrap_or_default());
                let again = |n: usize| format!("{name}-{n}");
                let unused = (1..).map(again).find(|it| !page.headings.contains(it));
                let is_new = page.headings.insert(name.clone());
                page.headings.extend(unused.filter(|_| !is_new));
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push(dest_url.into_string());
            }
            Event::Html(text) | Event::InlineHtml(text) => page.headings.extend(place(&text)),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    page
}

/// The name in `<a id="NAME">`.
fn place(html: &str) -> Option<String> {
    let (name, _) = html.trim().strip_prefix("<a id=\"")?.split_once('"')?;
    Some(name.to_owned())
}

/// How a heading is named in links: as GitHub, GitLab and mdBook do it.
fn anchor(heading: &str) -> String {
    let letter = |it: char| match it {
        ' ' => Some('-'),
        it if it.is_alphanumeric() || it == '-' || it == '_' => it.to_lowercase().next(),
        _ => None,
    };
    heading.trim().chars().filter_map(letter).collect()
}

/// A path without `.` and `..`; none where it leaves the tree.
fn within(path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            Component::ParentDir if out.pop() => {}
            _ => return None,
        }
    }
    Some(out)
}

/// Whether a file is there for readers of the book.
fn is_in_the_book(path: &Path) -> bool {
    let is_page = AT_THE_ROOT.iter().any(|it| path == Path::new(it));
    let is_licence = path.to_string_lossy().starts_with("LICENSE-");
    is_page || is_licence || path.starts_with("docs") && path != Path::new(CONTENTS)
}

/// What is wrong with a link of the page at `from`.
fn fault(root: &Path, from: &Path, link: &str) -> Option<String> {
    let is_elsewhere = url::Url::parse(link).is_ok();
    if is_elsewhere {
        return None;
    }
    let (path, heading) = link
        .split_once('#')
        .map_or((link, None), |(path, it)| (path, Some(it)));
    let to = match path {
        "" => from.to_owned(),
        path => within(&from.parent()?.join(path))?,
    };
    if !root.join(&to).is_file() {
        return Some(format!("{link}: there is no {}", to.display()));
    }
    if (is_in_the_book(from) || from == Path::new(CONTENTS)) && !is_in_the_book(&to) {
        return Some(format!("{link}: {} is not in the book", to.display()));
    }
    let heading = heading?;
    let text = std::fs::read_to_string(root.join(&to)).ok()?;
    let known = page(&text).headings;
    (!known.contains(heading))
        .then(|| format!("{link}: {} has no such heading: {known:?}", to.display()))
}

fn pages(root: &Path) -> Vec<PathBuf> {
    let is_page = |path: &PathBuf| path.extension().is_some_and(|it| it == "md");
    tree::files(root).into_iter().filter(is_page).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let root = tree::root();
    let (mut faults, mut links) = (Vec::new(), 0);
    for path in pages(&root) {
        let text = std::fs::read_to_string(root.join(&path)).unwrap();
        for link in page(&text).links {
            links += 1;
            faults.extend(fault(&root, &path, &link).map(|it| format!("{}: {it}", path.display())));
        }
    }
    assert!(links > 100, "only {links} links were found");
    super::nothing(&faults);
}

#[test]
fn every_page_is_in_the_table_of_contents_once() {
    let root = tree::root();
    let contents = page(&std::fs::read_to_string(root.join(CONTENTS)).unwrap());
    let listed_at =
        |link: &String| within(&Path::new(CONTENTS).parent().unwrap().join(link)).unwrap();
    let mut listed: Vec<PathBuf> = contents.links.iter().map(listed_at).collect();
    let mut there: Vec<PathBuf> = pages(&root);
    there.retain(|path| is_in_the_book(path));
    listed.sort();
    there.sort();
    assert_eq!(listed, there, "{CONTENTS} and the pages that are there");
}

#[test]
fn pages_that_are_named_anywhere_are_there() {
    let root = tree::root();
    let name = regex::Regex::new(r"\bdocs/[a-z][a-z/-]*\.md\b").unwrap();
    let mut faults = Vec::new();
    for path in tree::files(&root) {
        let Ok(text) = std::fs::read_to_string(root.join(&path)) else {
            continue;
        };
        for found in name
            .find_iter(&text)
            .filter(|it| !root.join(it.as_str()).is_file())
        {
            faults.push(format!(
                "{}: there is no {}",
                path.display(),
                found.as_str()
            ));
        }
    }
    super::nothing(&faults);
}

mod tests {
    use super::*;

    #[test]
    fn headings_are_named_as_on_a_forge() {
        for (heading, name) in [
            ("The `queue`, and why", "the-queue-and-why"),
            (
                "Prometheus, by node_exporter's textfile collector",
                "prometheus-by-node_exporters-textfile-collector",
            ),
            ("--artifacts DIR", "--artifacts-dir"),
            (
                "Kubernetes: a CronJob, and after",
                "kubernetes-a-cronjob-and-after",
            ),
        ] {
            let page = page(&format!("# Top\n\n## {heading}\n"));
            assert!(
                page.headings.contains(name),
                "{heading}: {:?}",
                page.headings
            );
        }
        let placed = page("<a id=\"spawn.queued\"></a>\n\n## Queued\n");
        assert!(placed.headings.contains("spawn.queued"));
        let twice = page("## Same\n\n## Same\n\n## Same\n");
        assert_eq!(
            twice.headings.into_iter().collect::<Vec<_>>(),
            ["same", "same-1", "same-2"]
        );
    }

    #[test]
    fn links_are_found_in_text_tables_and_pictures_but_not_in_code() {
        let text = "[a](a.md) ![b](b.png)\n\n| t |\n|---|\n| [c][c] |\n\n`[d](d.md)`\n\n```\n[e](e.md)\n```\n\n[c]: c.md\n";
        assert_eq!(page(text).links, ["a.md", "b.png", "c.md"]);
    }

    #[test]
    fn each_kind_of_dead_link_is_found() {
        let root = tree::root();
        let fault = |link: &str| fault(&root, Path::new("docs/causes.md"), link);
        for good in [
            "../README.md",
            "#causes",
            "#spawn.queued",
            "sandbox.md",
            "https://example.org/x#y",
            "schema/report.json",
            "../LICENSE-MIT",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        for (dead, why) in [
            ("nowhere.md", "there is no"),
            ("README.md", "there is no"),
            ("#nothing", "no such heading"),
            ("../README.md#nothing", "no such heading"),
            ("../Makefile", "not in the book"),
        ] {
            assert!(fault(dead).is_some_and(|it| it.contains(why)), "{dead}");
        }
    }
}
