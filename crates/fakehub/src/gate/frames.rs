//! Websocket frames by hand, as a server sends them (RFC 6455, section 5.2): true ones, and ones that lie.

/// A frame of this opcode, final and unmasked, that announces `announced` bytes, whatever it holds.
#[must_use]
pub fn lying(opcode: u8, announced: u64, payload: &[u8]) -> Vec<u8> {
    framed(0x80 | opcode, announced, payload)
}

/// A whole text frame.
#[must_use]
pub fn text(payload: &str) -> Vec<u8> {
    lying(1, payload.len() as u64, payload.as_bytes())
}

/// A whole binary frame.
#[must_use]
pub fn binary(payload: &[u8]) -> Vec<u8> {
    lying(2, payload.len() as u64, payload)
}

/// The first part of a message that goes on.
#[must_use]
pub fn begun(payload: &[u8]) -> Vec<u8> {
    framed(1, payload.len() as u64, payload)
}

/// A part in the middle of a message.
#[must_use]
pub fn continued(payload: &[u8]) -> Vec<u8> {
    framed(0, payload.len() as u64, payload)
}

/// A ping.
#[must_use]
pub fn ping() -> Vec<u8> {
    lying(9, 0, &[])
}

/// A close with this code.
#[must_use]
pub fn close(code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    lying(8, payload.len() as u64, &payload)
}

fn framed(first: u8, announced: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match announced {
        0..126 => frame.push(u8::try_from(announced).unwrap_or(125)),
        126..65_536 => {
            frame.push(126);
            frame.extend_from_slice(&u16::try_from(announced).unwrap_or(u16::MAX).to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend_from_slice(&announced.to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}
