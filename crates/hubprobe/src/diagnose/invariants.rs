//! What must hold of every judgement, whatever was answered in a hub's place.
//!
//! An answer is written as in HTTP, without the version: the status, a line for each header, an empty line, the body. It is
//! the corpus of the client's target `answer`, and its lines are taken for progress messages too.

use std::time::Duration;

use jupyterhub_client::{Error, Head, Look, Stage};
use serde_json::Value;

use super::kubernetes::{self, Pod};
use super::{front, header, home, hub, kernel, nearby, queue, reach, scope, server, spawn, token};
use crate::vocabulary::{Finding, plain};

/// An answer, in place of each that a visit may wait for.
///
/// # Panics
/// When one of these does not hold: a finding has a summary and an advice, and none of its texts is long beside what was
/// answered; the texts that are made harmless are, and stay as they are when it is done again.
pub fn finding(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    harmless(&text);
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let (lines, body) = rest.split_once("\n\n").unwrap_or((rest, ""));
    let head = Head {
        status: first.trim().parse().unwrap_or(500),
        headers: lines
            .lines()
            .filter_map(|line| line.split_once(": "))
            .collect::<Vec<_>>()
            .into_iter()
            .collect(),
        ..Head::default()
    };
    let message = serde_json::from_str::<Value>(body)
        .ok()
        .and_then(|body| body.get("message")?.as_str().map(str::to_owned));
    let location = head.headers.get("location").unwrap_or_default().to_owned();
    let body = body.to_owned();
    let stages = [
        Stage::Status {
            head: head.clone(),
            message: message.clone(),
            body: body.clone(),
        },
        Stage::Redirect {
            head: head.clone(),
            location: location.clone(),
        },
        Stage::Upgrade {
            head: head.clone(),
            message,
            body: body.clone(),
        },
        Stage::Decode {
            head: head.clone(),
            message: "no JSON".to_owned(),
            body: body.clone(),
        },
        Stage::Lost {
            message: body.clone(),
        },
    ];
    let url = "http://hub.example.org/hub/api/";
    for stage in stages {
        let error = Error::new("ask", "GET", url, stage, Duration::from_millis(5));
        judged(&error, text.len());
    }
    if let Ok(url) = url.parse::<jupyterhub_client::Url>() {
        let places = nearby::places(&url, Some(&location));
        // Looks nearby stay on the host that was named.
        assert!(
            places
                .iter()
                .all(|place| place.host_str() == url.host_str())
        );
        let look = Look { head, body, url };
        let _ = token::lookup(&look, &look);
        let _ = header::judge(&[Some(look.clone()), Some(look), None]);
    }
    said(&text);
}

/// Each judgement on an error alone.
fn judged(error: &Error, length: usize) {
    let user = "probe";
    let maybe = [
        reach::below_the_hub(error, None),
        front::login_wall(error),
        front::redirect(error),
        front::cut_in(error),
        front::in_its_place(error, None),
        server::died(error),
        home::not_written(error, "2 MiB"),
    ];
    let sure = [
        reach::first_request(error, None),
        hub::failed(error),
        hub::stumbled(error),
        spawn::refused(error),
        kernel::not_started(error),
        kernel::silent(error),
        home::lost(error),
        home::not_written_at_all(error, "2 MiB"),
        token::doubtful(error),
        token::refused_in_front(error),
        token::no_such_user(error, user),
        match server::refused(error, user) {
            server::Answer::NotYet(finding) | server::Answer::Wrong(finding) => finding,
        },
    ];
    for finding in maybe.iter().flatten().chain(&sure) {
        is_sound(finding, length);
    }
    let _ = token::by_the_hub(error);
    let _ = token::is_about_rights(error);
    let _ = scope::of_request("GET", &error.url, None);
}

fn is_sound(finding: &Finding, length: usize) {
    assert!(!finding.summary.trim().is_empty(), "{finding:?}");
    assert!(!finding.advice.trim().is_empty(), "{finding:?}");
    let texts = [&finding.summary, &finding.advice];
    for text in texts.into_iter().chain(&finding.evidence) {
        // A quotation is never longer than what it quotes, and what we say beside it is no page.
        assert!(
            text.len() < 2_500 && text.len() < 4 * length + 1_200,
            "{text}"
        );
    }
}

/// Texts of spawners, of schedulers and of Kubernetes.
fn said(text: &str) {
    let mut pod = Pod::default();
    let mut failure = spawn::Failure {
        elapsed_s: 3.0,
        ..spawn::Failure::default()
    };
    for line in text.lines() {
        let event = serde_json::from_str(line).unwrap_or_default();
        pod.take(line, &event);
        let _ = queue::is_queued(line);
        if let Some(trouble) = kubernetes::of_text(line) {
            is_sound(&trouble.finding(), text.len());
        }
        failure.text = Some(line.to_owned());
        failure.last_progress = Some(line.to_owned());
        failure.pod = pod.clone();
        is_sound(&spawn::failed(&failure), text.len());
        is_sound(&spawn::too_slow(300.0, &failure), text.len());
        is_sound(&spawn::queued(300.0, &failure), text.len());
    }
}

fn harmless(text: &str) {
    let (block, line) = (plain::block(text), plain::line(text));
    assert_eq!(plain::block(&block), block);
    assert_eq!(plain::line(&line), line);
    assert!(!line.chars().any(char::is_control), "{line:?}");
    assert!(
        block.chars().all(|c| c == '\n' || !c.is_control()),
        "{block:?}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::each;

    #[test]
    fn the_corpus_of_answer() {
        each("answer", finding);
    }
}
