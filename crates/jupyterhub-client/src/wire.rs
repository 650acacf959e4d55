//! Frames of the kernel websocket: the v1 subprotocol and the older JSON framing, both ways.
//!
//! v1 (`v1.kernel.websocket.jupyter.org`): a binary frame of `u64` little-endian n, n offsets likewise, and the
//! parts between them: channel, header, parent header, metadata, content, buffers.
//! JSON: a text frame with the whole message, or, if it has buffers, a binary frame of `u32` big-endian n, n
//! offsets likewise, the message, the buffers. Sources: jupyter_server 2.x documentation, "WebSocket kernel wire
//! protocols".
//!
//! Frames come from the network: every offset is checked, and nothing here panics.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{self, or_missing};
use crate::message::{Header, Message, Parent, Request};

/// The name of the v1 subprotocol.
pub(crate) const V1: &str = "v1.kernel.websocket.jupyter.org";

/// A frame that is no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    #[error("a frame of {size} bytes is too short for what it announces")]
    Short { size: usize },
    #[error("a frame announces {parts} parts, which is {why}")]
    Parts { parts: u64, why: &'static str },
    #[error(
        "offset {offset} points outside of a frame of {size} bytes, or before the one in front of it"
    )]
    Offset { offset: u64, size: usize },
    #[error("the {part} of a message is not readable: {message}")]
    Json { part: &'static str, message: String },
}

fn unreadable(part: &'static str) -> impl Fn(serde_json::Error) -> WireError {
    // It may quote a whole text.
    move |error| WireError::Json {
        part,
        message: error.to_string().chars().take(120).collect(),
    }
}

/// A request for the shell channel as a v1 frame.
pub(crate) fn encode_v1(request: &Request) -> Result<Vec<u8>, WireError> {
    let header = serde_json::to_vec(&request.header).map_err(unreadable("header"))?;
    let parts: [&[u8]; 5] = [
        b"shell",
        &header,
        b"{}",
        b"{}",
        request.content.get().as_bytes(),
    ];
    let count = parts.len() + 1;
    let mut offset = 8 * (1 + count);
    let mut frame = Vec::with_capacity(offset + parts.iter().map(|part| part.len()).sum::<usize>());
    frame.extend_from_slice(&(count as u64).to_le_bytes());
    frame.extend_from_slice(&(offset as u64).to_le_bytes());
    for part in parts {
        offset += part.len();
        frame.extend_from_slice(&(offset as u64).to_le_bytes());
    }
    for part in parts {
        frame.extend_from_slice(part);
    }
    Ok(frame)
}

/// A request for the shell channel as a JSON text frame.
pub(crate) fn encode_json(request: &Request) -> Result<String, WireError> {
    let header = serde_json::to_string(&request.header).map_err(unreadable("header"))?;
    Ok(format!(
        r#"{{"channel":"shell","header":{header},"parent_header":{{}},"metadata":{{}},"content":{},"buffers":[]}}"#,
        request.content.get()
    ))
}

/// Reads a v1 frame.
pub(crate) fn decode_v1(frame: &Bytes) -> Result<Message, WireError> {
    let count = read_u64(frame, 0)?;
    if count < 6 {
        return Err(WireError::Parts {
            parts: count,
            why: "fewer than a message has",
        });
    }
    let [channel, header, parent, _metadata, content] = first_parts(frame, count)?;
    let parent: Option<Parent> = json::read(&parent).map_err(unreadable("parent header"))?;
    Ok(Message {
        channel: String::from_utf8_lossy(&channel).into_owned(),
        header: json::read::<Header>(&header).map_err(unreadable("header"))?,
        parent: parent.and_then(Parent::id),
        content,
    })
}

/// Reads a binary frame of the JSON framing: the message is its first part.
pub(crate) fn decode_json_binary(frame: &Bytes) -> Result<Message, WireError> {
    let read_u32 = |frame: &[u8], at: usize| {
        let bytes = frame.get(at..).and_then(|rest| rest.first_chunk::<4>());
        bytes
            .map(|bytes| u64::from(u32::from_be_bytes(*bytes)))
            .ok_or(WireError::Short { size: frame.len() })
    };
    let count = read_u32(frame, 0)?;
    if count == 0 {
        return Err(WireError::Parts {
            parts: 0,
            why: "fewer than a message has",
        });
    }
    // The last part ends with the frame; there is no offset for its end.
    let first = read_u32(frame, 4)?;
    let end = if count > 1 {
        read_u32(frame, 8)?
    } else {
        frame.len() as u64
    };
    decode_json(&slice(frame, first, end)?)
}

/// Reads the JSON of a message.
pub(crate) fn decode_json(text: &Bytes) -> Result<Message, WireError> {
    #[derive(Deserialize)]
    struct Whole<'a> {
        #[serde(default, deserialize_with = "or_missing")]
        channel: String,
        header: Header,
        #[serde(default)]
        parent_header: Option<Parent>,
        #[serde(borrow)]
        content: &'a RawValue,
    }
    let whole: Whole<'_> = serde_json::from_slice(text).map_err(unreadable("JSON"))?;
    let content = text.slice_ref(whole.content.get().as_bytes());
    Ok(Message {
        channel: whole.channel,
        header: whole.header,
        parent: whole.parent_header.and_then(Parent::id),
        content,
    })
}

fn read_u64(frame: &[u8], at: usize) -> Result<u64, WireError> {
    let bytes = frame.get(at..).and_then(|rest| rest.first_chunk::<8>());
    bytes
        .map(|bytes| u64::from_le_bytes(*bytes))
        .ok_or(WireError::Short { size: frame.len() })
}

/// The parts of a message between `count` offsets, which follow the count. Those after them are buffers, of which a frame
/// may announce millions: their offsets have to make sense, and they are not kept.
fn first_parts(frame: &Bytes, count: u64) -> Result<[Bytes; 5], WireError> {
    // Each offset takes room, so a count beyond the frame's size is a lie.
    let count = usize::try_from(count)
        .ok()
        .filter(|count| *count < frame.len() / 8)
        .ok_or(WireError::Parts {
            parts: count,
            why: "more than the frame has room for",
        })?;
    let mut parts = <[Bytes; 5]>::default();
    let mut from = read_u64(frame, 8)?;
    for index in 1..count {
        let to = read_u64(frame, 8 * (index + 1))?;
        let part = slice(frame, from, to)?;
        if let Some(place) = parts.get_mut(index - 1) {
            *place = part;
        }
        from = to;
    }
    Ok(parts)
}

fn slice(frame: &Bytes, from: u64, to: u64) -> Result<Bytes, WireError> {
    let outside = |offset| WireError::Offset {
        offset,
        size: frame.len(),
    };
    let start = usize::try_from(from).map_err(|_| outside(from))?;
    let end = usize::try_from(to).map_err(|_| outside(to))?;
    if start > end || end > frame.len() {
        return Err(outside(to));
    }
    Ok(frame.slice(start..end))
}

#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
#[cfg(test)]
#[path = "wire/tests.rs"]
mod tests;
