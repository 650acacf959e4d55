//! What must hold of a progress stream's decoding, whatever bytes come.
//!
//! The model is the standard's own algorithm, written on whole texts where the decoder works byte by byte.

use serde_json::Value;

use super::events::Lines;
use super::{Body, ProgressEvent};
use crate::fuzzing::{pieces, seed};
use crate::token::Token;

/// What no event may hold; part of the corpus, in several spellings.
const TOKEN: &str = "k3y-of-the-hub";

/// The framing of server-sent events.
///
/// # Panics
/// When one of these does not hold: the pieces make no difference; what is read is what the standard's algorithm says;
/// nothing is larger than the limit; what fits into the limit is never refused.
pub fn sse(bytes: &[u8]) {
    let limit = match seed(bytes) % 3 {
        0 => 1 << 20,
        n => usize::try_from(n).unwrap_or(1) * 24,
    };
    let (events, ended) = framed(limit, &[bytes]);
    let whole = (events.clone(), ended.clone());
    assert_eq!(whole, framed(limit, &pieces(bytes)));
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(whole, framed(limit, &single));

    let model = model(bytes);
    match ended {
        Ok(()) => assert_eq!(events, model),
        Err(_) => {
            assert!(bytes.len() > limit, "{} of {limit} bytes", bytes.len());
            assert!(model.starts_with(&events), "{events:?} of {model:?}");
        }
    }
    for event in &events {
        // What is no UTF-8 became longer: three bytes for each that was there.
        let broken = event.matches('\u{fffd}').count();
        assert!(event.len() <= limit + 2 * broken, "{}", event.len());
    }
}

fn framed(limit: usize, pieces: &[&[u8]]) -> (Vec<String>, Result<(), String>) {
    let mut lines = Lines::with_limit(limit);
    let mut events = Vec::new();
    let ended = pieces.iter().try_for_each(|piece| {
        lines.feed(piece, |data| {
            events.push(data);
            Ok(())
        })
    });
    (events, ended)
}

/// The data of all whole events (WHATWG HTML, section 9.2.6).
fn model(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    // What follows the last line feed is no line yet.
    lines.pop();
    let (mut events, mut data) = (Vec::new(), None::<Vec<&str>>);
    for line in lines {
        if line.is_empty() {
            events.extend(data.take().map(|lines| lines.join("\n")));
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        if field == "data" {
            let value = value.strip_prefix(' ').unwrap_or(value);
            data.get_or_insert_default().push(value);
        }
    }
    events
}

/// A whole body of a progress stream.
///
/// # Panics
/// When one of these does not hold: the pieces make no difference, neither to the events nor to the complaint; events
/// say what their JSON says; no secret is in them.
pub fn progress(bytes: &[u8]) {
    let Ok(token) = Token::parse(TOKEN) else {
        return;
    };
    let read = |pieces: &[&[u8]]| {
        let mut body = Body::default();
        for piece in pieces {
            body.feed(piece, |text| token.scrub(text));
        }
        (Vec::from(body.waiting), body.broken)
    };
    let (events, broken) = read(&[bytes]);
    assert_eq!((events.clone(), broken.clone()), read(&pieces(bytes)));

    let framed = model(bytes);
    let wanted = framed.iter().filter(|data| !data.trim().is_empty()).count();
    assert!(
        events.len() == wanted || (broken.is_some() && events.len() < wanted),
        "{} of {wanted} events, {broken:?}",
        events.len()
    );
    events.iter().for_each(says_what_its_json_says);
    let complaint = broken.unwrap_or_default();
    assert!(!complaint.contains(TOKEN), "{complaint}");
    assert!(complaint.len() < 300, "{complaint}");
}

fn says_what_its_json_says(event: &ProgressEvent) {
    let raw = &event.raw;
    assert!(raw.is_object());
    assert_eq!(event.ready, raw.get("ready") == Some(&Value::Bool(true)));
    assert_eq!(event.failed, raw.get("failed") == Some(&Value::Bool(true)));
    let text = |key| raw.get(key).and_then(Value::as_str);
    assert_eq!(event.message, text("message").unwrap_or_default());
    assert_eq!(event.html_message.as_deref(), text("html_message"));
    assert_eq!(event.url.as_deref(), text("url"));
    assert!(event.percent.is_none_or(f64::is_finite));
    no_secret(raw);
}

fn no_secret(value: &Value) {
    match value {
        Value::String(text) => assert!(!text.contains(TOKEN), "{text}"),
        Value::Array(items) => items.iter().for_each(no_secret),
        Value::Object(entries) => entries.iter().for_each(|(key, value)| {
            assert!(!key.contains(TOKEN), "{key}");
            no_secret(value);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
