//! What must hold of frames, whatever bytes come.
//!
//! The model of v1 cuts a frame by the documentation's words, in wide numbers. What was read is written again in every
//! framing, by code that is not the encoder's, and must be read as the same.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    WireError, decode_json, decode_json_binary, decode_v1, encode_json, encode_v1, unreadable,
};
use crate::fuzzing::says_two_things;
use crate::message::{Message, Request};

/// The bytes as a frame of each framing, and as code that is sent.
///
/// # Panics
/// When one of these does not hold: a v1 frame is read exactly where its offsets make sense; what is read lies in the
/// frame and is not longer than it; read, written and read again it is the same in every framing; JSON that is a message
/// is never refused; what we send is what was to be sent; an error is short.
pub fn wire(bytes: &[u8]) {
    let frame = Bytes::copy_from_slice(bytes);
    let read = [
        decode_v1(&frame),
        decode_json_binary(&frame),
        decode_json(&frame),
    ];
    for message in read.iter().flatten() {
        lies_in(message, &frame);
        comes_back(message);
    }
    for error in read.iter().filter_map(|read| read.as_ref().err()) {
        let words = error.to_string();
        assert!(
            words.chars().count() < 300 && !words.contains('\n'),
            "{words}"
        );
    }
    let [v1, _, text] = read;
    cut_as_documented(&v1, bytes);
    json_is_not_refused(&text, bytes);
    if let Ok(code) = std::str::from_utf8(bytes) {
        is_sent(code);
    }
}

fn lies_in(message: &Message, frame: &Bytes) {
    let inside = frame.as_ptr_range();
    let content = message.content.as_ptr_range();
    assert!(
        message.content.is_empty() || (inside.start <= content.start && content.end <= inside.end)
    );
    let kept = [
        &message.header.msg_id,
        &message.header.msg_type,
        &message.header.username,
        &message.header.session,
        &message.header.date,
        &message.header.version,
    ];
    let kept: usize = kept.iter().map(|text| text.len()).sum();
    let parent = message.parent.as_ref().map_or(0, String::len);
    // A channel that is no UTF-8 grows by two bytes for each that was there.
    assert!(message.channel.len() <= 3 * frame.len());
    assert!(kept <= frame.len() && parent <= frame.len());
}

/// The parts of a v1 frame, or none where its offsets make no sense or are too few for a message.
fn v1_parts(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let number = |index: usize| {
        let bytes: &[u8; 8] = bytes.get(index.checked_mul(8)?..)?.first_chunk()?;
        Some(u128::from(u64::from_le_bytes(*bytes)))
    };
    let count = number(0)?;
    if count < 6 || (count + 1) * 8 > bytes.len() as u128 {
        return None;
    }
    let offsets: Vec<u128> = (1..=usize::try_from(count).ok()?)
        .map(number)
        .collect::<Option<_>>()?;
    let parts = offsets.windows(2).map(|pair| {
        let [from, to] = [pair.first()?, pair.last()?].map(|offset| usize::try_from(*offset));
        bytes.get(from.ok()?..to.ok()?)
    });
    parts.collect()
}

fn cut_as_documented(read: &Result<Message, WireError>, bytes: &[u8]) {
    match (read, v1_parts(bytes)) {
        (Ok(message), Some(parts)) => {
            let [channel, _, _, _, content, ..] = parts.as_slice() else {
                unreachable!("six offsets are five parts");
            };
            assert_eq!(message.channel, String::from_utf8_lossy(channel));
            assert_eq!(&message.content[..], *content);
        }
        (Ok(message), None) => unreachable!("read {message:?} from offsets that make no sense"),
        (Err(WireError::Json { part, .. }), Some(parts)) => {
            let index = if *part == "header" { 1 } else { 2 };
            let part: Result<Value, _> =
                serde_json::from_slice(parts.get(index).copied().unwrap_or_default());
            let is_fine = part.is_ok_and(|part| part.is_object() || (index == 2 && part.is_null()));
            assert!(!is_fine || is_twice(read), "{read:?}");
        }
        (Err(_), Some(_)) => unreachable!("{read:?} of offsets that make sense"),
        (Err(error), None) => assert!(!matches!(error, WireError::Json { .. }), "{error}"),
    }
}

/// Whether a key stands twice, which is refused, and which a [`Value`] does not show.
fn is_twice(read: &Result<Message, WireError>) -> bool {
    matches!(read, Err(WireError::Json { message, .. }) if message.contains("duplicate field"))
}

/// Odd values in places that nobody needs must not cost a message.
fn json_is_not_refused(read: &Result<Message, WireError>, bytes: &[u8]) {
    if says_two_things(bytes) {
        return;
    }
    let Ok(Value::Object(whole)) = serde_json::from_slice(bytes) else {
        return;
    };
    let is_message = whole.get("header").is_some_and(Value::is_object)
        && whole.contains_key("content")
        && whole
            .get("parent_header")
            .is_none_or(|parent| parent.is_object() || parent.is_null());
    if !is_message || is_twice(read) {
        return;
    }
    match read {
        Ok(message) => {
            let text = |place: &str, key: &str| {
                let text = whole.get(place).and_then(|it| it.get(key)?.as_str());
                text.unwrap_or_default().to_owned()
            };
            assert_eq!(message.header.msg_id, text("header", "msg_id"));
            assert_eq!(message.header.msg_type, text("header", "msg_type"));
            let parent = message.parent.clone().unwrap_or_default();
            assert_eq!(parent, text("parent_header", "msg_id"));
        }
        Err(error) => unreachable!("{error}"),
    }
}

fn comes_back(message: &Message) {
    let header = serde_json::to_vec(&message.header).unwrap_or_default();
    let parent = json!({ "msg_id": message.parent });
    let parent = parent.to_string();
    let parts: [&[u8]; 5] = [
        message.channel.as_bytes(),
        &header,
        parent.as_bytes(),
        b"{}",
        &message.content,
    ];
    same(
        decode_v1(&framed(
            &parts,
            |number| number.to_le_bytes().to_vec(),
            true,
        )),
        message,
    );

    let content: Result<&serde_json::value::RawValue, _> = serde_json::from_slice(&message.content);
    let Ok(content) = content else {
        return;
    };
    let text = format!(
        r#"{{"content":{content},"parent_header":{parent},"channel":{},"header":{}}}"#,
        Value::from(message.channel.as_str()),
        String::from_utf8_lossy(&header),
    );
    let mut trimmed = message.clone();
    trimmed.content = Bytes::copy_from_slice(content.get().as_bytes());
    same(decode_json(&Bytes::from(text.clone())), &trimmed);
    let parts: [&[u8]; 2] = [text.as_bytes(), b"buffer"];
    let narrow = |number: u64| u32::try_from(number).unwrap_or(0).to_be_bytes().to_vec();
    same(decode_json_binary(&framed(&parts, narrow, false)), &trimmed);
}

/// A frame of offsets and parts; with the offset of the end or without it.
fn framed(parts: &[&[u8]], number: impl Fn(u64) -> Vec<u8>, with_end: bool) -> Bytes {
    let count = parts.len() + usize::from(with_end);
    let mut head = number(count as u64);
    let (mut at, mut body) = (head.len() * (count + 1), Vec::new());
    for part in parts {
        head.extend(number(at as u64));
        at += part.len();
        body.extend_from_slice(part);
    }
    if with_end {
        head.extend(number(at as u64));
    }
    head.extend(body);
    head.into()
}

fn same(read: Result<Message, WireError>, wanted: &Message) {
    match read {
        Ok(read) => {
            assert_eq!(format!("{:?}", read.header), format!("{:?}", wanted.header));
            assert_eq!(
                (&read.channel, &read.parent, &read.content),
                (&wanted.channel, &wanted.parent, &wanted.content)
            );
        }
        Err(error) => unreachable!("{error}: {wanted:?}"),
    }
}

fn is_sent(code: &str) {
    let request = Request::execute("session", code, true);
    let frames = [
        encode_v1(&request).and_then(|frame| decode_v1(&frame.into())),
        encode_json(&request).and_then(|text| decode_json(&text.into())),
    ];
    for read in frames {
        let sent: Result<Value, WireError> = read.and_then(|message| {
            assert_eq!(
                (message.channel.as_str(), &message.parent),
                ("shell", &None)
            );
            assert_eq!(message.header.msg_id, request.header.msg_id);
            serde_json::from_slice(&message.content).map_err(unreadable("content"))
        });
        assert_eq!(
            sent.as_ref().map(|sent| sent.get("code")),
            Ok(Some(&Value::from(code)))
        );
    }
}
