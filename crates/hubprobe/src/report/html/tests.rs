//! What the page holds, and that nothing of a hub becomes HTML.

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
        for outside in ["<script", "src=", "@import", "url(", "<link", "<iframe"] {
            assert!(!page.contains(outside), "{name}: {outside}");
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
    let left = report(&samples::left_behind()).unwrap();
    assert!(left.contains("<code>hubprobe clean</code>"));
    let flaky = report(&samples::flaky()).unwrap();
    assert!(
        flaky.contains("<li>1: <code>spawn.never-answered</code>"),
        "{flaky}"
    );
}

#[test]
fn no_text_of_a_hub_becomes_html() {
    let mut run = samples::hostile();
    let evil = "\"><img src=x onerror=alert(1)> </style></title></pre>' onload='x <script>alert(1)</script> {{ 7*7 }} &lt;";
    let visit = &mut run.visits[0];
    visit.probe = evil.to_owned();
    visit.account = evil.to_owned();
    visit.hub = evil.to_owned();
    visit.server = evil.to_owned();
    visit.hub_version = Some(evil.to_owned());
    visit.warnings = vec![evil.to_owned()];
    visit.left_behind = vec![evil.to_owned()];
    visit.kept = vec![evil.to_owned()];
    for step in &mut visit.steps {
        step.summary = evil.to_owned();
    }
    let finding = visit.finding.take().unwrap();
    visit.finding = Some(finding.seen(evil).advise(evil).with_curl(evil));
    run.hubprobe = evil.to_owned();
    let page = report(&run).unwrap();
    // The tags of the page itself, and no other.
    let mut rest = page.as_str();
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name: String = rest
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || "/!".contains(*c))
            .collect();
        let name = name.trim_start_matches(['/', '!']).to_ascii_lowercase();
        let own = [
            "doctype", "html", "head", "meta", "title", "style", "body", "header", "div", "h1",
            "h2", "h3", "span", "p", "time", "main", "ul", "li", "code", "table", "thead", "tbody",
            "tr", "th", "td", "section", "pre", "details", "summary", "svg", "rect", "a",
        ];
        assert!(
            own.contains(&name.as_str()),
            "<{name}: {}",
            rest.chars().take(60).collect::<String>()
        );
        let tag: String = rest.chars().take_while(|c| *c != '>').collect();
        assert!(!tag.contains("onerror") && !tag.contains("onload"), "{tag}");
    }
    assert!(
        page.contains("{{ 7*7 }}"),
        "what looks like a template is not one"
    );
}
