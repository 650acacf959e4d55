//! What is left of a report when its texts are taken out: its elements, tags, points, commands, series. Each is read by a
//! parser of its format, or by as strict a reading of it as its consumers'.

use std::convert::Infallible;
use std::fmt::Write as _;

use html5gum::Tokenizer;
use html5gum::emitters::default::{DefaultEmitter, Token};
use pulldown_cmark::{Event, Options, Parser};
use quick_xml::events::Event as Xml;

use super::super::terminal::Look;
use super::super::wrap::columns;
use super::super::{annotations, html, junit, markdown, nagios, prometheus, tap, terminal};
use crate::vocabulary::{Finding, Run, plain};

/// The shapes of all reports.
pub(super) fn all(run: &Run) -> Vec<(&'static str, String)> {
    vec![
        ("html", of_html(&html::report(run).unwrap())),
        ("markdown", of_markdown(&markdown::report(run))),
        ("junit", of_xml(&junit::report(run).unwrap())),
        ("tap", of_tap(&tap::report(run))),
        ("nagios", of_nagios(&nagios::report(run))),
        (
            "prometheus",
            of_prometheus(&prometheus::report(run).unwrap()),
        ),
        ("annotations", of_commands(&annotations::report(run))),
        ("terminal", of_terminal(run)),
    ]
}

/// Every tag with its attributes, and no text.
fn of_html(page: &str) -> String {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut shape = String::new();
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let token: Result<Token<()>, Infallible> = token;
        match token.unwrap() {
            Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                let attributes = tag.attributes.iter().map(|(name, value)| {
                    let value = value.as_slice();
                    let parts = [name.as_slice(), value].map(String::from_utf8_lossy);
                    format!(" {}={:?}", parts[0], parts[1])
                });
                writeln!(shape, "<{name}{}>", attributes.collect::<String>()).unwrap();
            }
            Token::EndTag(tag) => {
                writeln!(shape, "</{}>", String::from_utf8_lossy(&tag.name)).unwrap()
            }
            Token::String(_) => {}
            Token::Error(error) => writeln!(shape, "error {error:?}").unwrap(),
            other => writeln!(shape, "{other:?}").unwrap(),
        }
    }
    shape
}

/// Every event of CommonMark with GitHub's additions, and no text; lines and paragraphs are text.
fn of_markdown(page: &str) -> String {
    let mut shape = String::new();
    let mut text = page.to_owned();
    let of_github = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM;
    for (event, range) in Parser::new_ext(page, of_github).into_offset_iter() {
        match event {
            Event::Text(_) | Event::SoftBreak | Event::HardBreak => {}
            Event::Start(pulldown_cmark::Tag::Paragraph)
            | Event::End(pulldown_cmark::TagEnd::Paragraph) => {}
            Event::Code(_) => {
                shape.push_str("code\n");
                text.replace_range(range.clone(), &" ".repeat(range.len()));
            }
            other => {
                if matches!(other, Event::Start(pulldown_cmark::Tag::CodeBlock(_))) {
                    text.replace_range(range.clone(), &" ".repeat(range.len()));
                }
                writeln!(shape, "{other:?}").unwrap();
            }
        }
    }
    // What GitHub makes a link of though it is none in CommonMark, outside of code.
    let lower = text.to_ascii_lowercase();
    for link in ["http://", "https://", "ftp://", "www.", "mailto:", "xmpp:"] {
        assert!(!lower.contains(link), "{link} in {text}");
    }
    let named = text.match_indices(['@', '#']).filter(|(at, _)| {
        let next = text[at + 1..].chars().next();
        next.is_some_and(|next| next.is_alphanumeric())
    });
    assert_eq!(named.count(), 0, "{text}");
    shape
}

/// Every tag with the names of its attributes; all characters are such as XML 1.0 has.
fn of_xml(page: &str) -> String {
    let forbidden = |c: char| match c {
        '\t' | '\n' | '\r' => false,
        _ => c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'),
    };
    assert!(!page.contains(forbidden), "{page:?}");
    let mut reader = quick_xml::Reader::from_str(page);
    reader.config_mut().check_end_names = true;
    let mut shape = String::new();
    loop {
        match reader.read_event().unwrap() {
            Xml::Start(tag) | Xml::Empty(tag) => {
                let names = tag.attributes().map(|it| {
                    let it = it.unwrap();
                    it.normalized_value(quick_xml::XmlVersion::Implicit1_0)
                        .unwrap();
                    format!(" {}", String::from_utf8_lossy(it.key.as_ref()))
                });
                let names: String = names.collect();
                writeln!(
                    shape,
                    "<{}{names}>",
                    String::from_utf8_lossy(tag.name().as_ref())
                )
                .unwrap();
            }
            Xml::End(tag) => {
                writeln!(shape, "</{}>", String::from_utf8_lossy(tag.name().as_ref())).unwrap()
            }
            Xml::Text(_) | Xml::GeneralRef(_) => {}
            Xml::Decl(_) => shape.push_str("declaration\n"),
            Xml::Eof => return shape,
            other => writeln!(shape, "{other:?}").unwrap(),
        }
    }
}

/// Points with their directives, and the keys of their YAML.
fn of_tap(page: &str) -> String {
    let mut shape = String::new();
    for line in page.split('\n') {
        if let Some((key, value)) = line
            .strip_prefix("  ")
            .and_then(|line| line.split_once(": "))
        {
            serde_json::from_str::<serde_json::Value>(value).unwrap();
            writeln!(shape, "  {key}").unwrap();
        } else if let Some((point, name)) = line.split_once(" - ") {
            let mut directive = None;
            let mut chars = name.char_indices();
            while let Some((at, c)) = chars.next() {
                match c {
                    '\\' => drop(chars.next()),
                    '#' => directive = directive.or(name.get(at..)),
                    _ => {}
                }
            }
            writeln!(shape, "{point} {directive:?}").unwrap();
        } else {
            writeln!(shape, "{line}").unwrap();
        }
    }
    shape
}

/// The word, and the figures without their labels.
fn of_nagios(page: &str) -> String {
    assert_eq!(page.matches('\n').count(), 1, "{page:?}");
    let (said, figures) = page.trim_end().split_once(" | ").unwrap();
    assert!(!said.contains('|') && !figures.contains('|'), "{page:?}");
    let word = said.split(" - ").next().unwrap();
    // Every other piece is a label.
    let pieces = figures.split('\'').step_by(2);
    format!("{word} {}", pieces.collect::<Vec<_>>().join("LABEL"))
}

/// Names, labels without their values, and the figures; in order, since the values give the order.
fn of_prometheus(page: &str) -> String {
    let mut lines: Vec<String> = page.lines().map(series).collect();
    lines.sort();
    lines.join("\n")
}

fn series(line: &str) -> String {
    let Some((name, rest)) = line.split_once('{').filter(|_| !line.starts_with('#')) else {
        return line.to_owned();
    };
    let mut shape = format!("{name}{{");
    let mut rest = rest;
    loop {
        let (label, after) = rest.split_once("=\"").unwrap();
        assert!(
            label.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "{line}"
        );
        shape.push_str(label);
        let mut chars = after.char_indices();
        let end = loop {
            match chars.next().unwrap() {
                (at, '"') => break at,
                (_, '\\') => assert!(
                    matches!(chars.next(), Some((_, '\\' | '"' | 'n'))),
                    "{line}"
                ),
                _ => {}
            }
        };
        rest = &after[end + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return shape + rest,
        }
        shape.push(',');
    }
}

/// The commands as GitHub's runner reads them: what each is, without its words.
fn of_commands(page: &str) -> String {
    assert!(!page.contains(['\r', '\u{2028}', '\u{85}']), "{page:?}");
    let commands = page.lines().map(|line| {
        let (command, _) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (kind, properties) = command.split_once(' ').unwrap();
        // The last word of each is ours.
        let said = properties.split(',').map(|it| {
            let (name, value) = it.split_once('=').unwrap();
            format!("{name} {:?}", value.split(' ').next_back())
        });
        format!("{kind} {}", said.collect::<Vec<_>>().join(","))
    });
    commands.collect::<Vec<_>>().join("\n")
}

/// A shell command is broken only where that does not change it: in quotes a line may be too wide, or begin at the edge.
fn without_commands(run: &Run) -> Run {
    let mut run = run.clone();
    // It stands in a command alone.
    run.state_dir = None;
    for visit in &mut run.visits {
        visit.finding = visit.finding.take().map(|finding| Finding {
            curl: None,
            ..finding
        });
    }
    run
}

/// How many lines begin something: those that are not indented.
fn of_terminal(run: &Run) -> String {
    let look = Look {
        width: 80,
        color: false,
        unicode: true,
    };
    let text = terminal::report(&without_commands(run), &look);
    let begins = text.lines().filter(|line| !line.starts_with(' '));
    begins.filter(|line| !line.is_empty()).count().to_string()
}

/// On a terminal nothing but our own colours has an effect, no line is too wide, and GitHub obeys no line.
pub(super) fn terminal_is_harmless(run: &Run, what: &str) {
    let without_commands = without_commands(run);
    for (width, unicode) in [(40, true), (80, true), (80, false), (200, true)] {
        let look = Look {
            width,
            color: false,
            unicode,
        };
        for line in terminal::report(&without_commands, &look).lines() {
            assert!(columns(line) <= width, "{what} at {width}: {line:?}");
        }
        let look = |color| {
            let look = Look {
                width,
                color,
                unicode,
            };
            terminal::report(run, &look)
        };
        let text = look(false);
        for line in text.lines() {
            assert!(!line.chars().any(char::is_control), "{what}: {line:?}");
        }
        assert_eq!(plain::block(&look(true)), text, "{what}");
        for line in annotations::guarded(&text).lines() {
            assert!(!line.trim_start().starts_with("::"), "{what}: {line:?}");
            assert!(!line.contains("##["), "{what}: {line:?}");
        }
    }
}
