//! What the page holds, and that it needs nothing else. That nothing of a hub becomes HTML: `report/hostile.rs`.

use html5gum::{Token, Tokenizer};

use super::super::samples;
use super::*;

#[test]
fn a_page_that_needs_nothing_else() {
    for (name, run) in samples::all() {
        let page = report(&run).unwrap();
        assert!(
            page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"),
            "{name}"
        );
        let style = page.split("<style>").nth(1).unwrap();
        let style = style.split("</style>").next().unwrap();
        assert!(!style.contains("@import") && !style.contains("url("));
        for token in Tokenizer::new(&page) {
            let Token::StartTag(tag) = token.unwrap() else {
                continue;
            };
            let element = String::from_utf8_lossy(&tag.name).into_owned();
            for outside in [
                "script", "link", "iframe", "img", "object", "embed", "base", "form",
            ] {
                assert_ne!(element, outside, "{name}");
            }
            for (attribute, value) in &tag.attributes {
                let attribute = String::from_utf8_lossy(attribute);
                let value = String::from_utf8_lossy(value.as_slice()).into_owned();
                let inside = match attribute.as_ref() {
                    "src" | "srcset" | "style" | "action" => false,
                    "href" => value.starts_with('#'),
                    other => !other.starts_with("on"),
                };
                assert!(inside, "{name}: <{element} {attribute}={value:?}>");
            }
        }
    }
}

#[test]
fn a_failure_is_told_whole() {
    let page = report(&samples::failed()).unwrap();
    for part in [
        "<title>failed: 1 probe failed (spawn.never-answered) in 30.8 s – hubprobe</title>",
        "<span class=\"failed\">spawn.never-answered</span> <span class=\"soft\">(deployment)</span>",
        "<li>warning: token expires in 6 days</li>",
        "not tried: open, kernel, execute",
        "<li>30.4 s, 100 %: Spawn failed: Server at",
        "printf &#39;Authorization: token %s&#39;",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let several = report(&samples::several()).unwrap();
    assert!(several.contains("<a href=\"#visit-2\">normal</a>"));
    assert!(several.contains("<section id=\"visit-2\""));
    let merged = report(&samples::merged()).unwrap();
    for part in [
        "<td class=\"apart\">other.example.org/jupyter</td><td class=\"apart\">2026-11-21 20:55</td>",
        "<p class=\"soft\">hubprobe 0.1.0, 3 runs, 2026-11-21 20:45:55 UTC to 2026-11-22 20:45:55 UTC</p>",
        "<li>wednesday.jsonl: it ends before the run begins</li>",
    ] {
        assert!(merged.contains(part), "{part}\n{merged}");
    }
    let left = report(&samples::left_behind()).unwrap();
    assert!(left.contains("<code>hubprobe clean</code>"));
    let flaky = report(&samples::flaky()).unwrap();
    assert!(
        flaky.contains("<li>1: <code>spawn.never-answered</code>"),
        "{flaky}"
    );
}

#[test]
fn what_looks_like_a_template_is_none() {
    let mut run = samples::failed();
    run.visits[0].warnings = vec!["{{ 7*7 }} {% raw %}".to_owned()];
    let page = report(&run).unwrap();
    assert!(page.contains("{{ 7*7 }} {% raw %}"), "{page}");
}
