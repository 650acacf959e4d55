//! Frames there and back, frames as jupyter_server writes them, and frames that nobody should write.

use super::*;

/// A v1 frame of any parts, written independently of `encode_v1`.
fn v1(parts: &[&[u8]]) -> Bytes {
    let mut head = ((parts.len() + 1) as u64).to_le_bytes().to_vec();
    let mut body = Vec::new();
    let start = 8 * (parts.len() + 2);
    for part in parts {
        head.extend_from_slice(&((start + body.len()) as u64).to_le_bytes());
        body.extend_from_slice(part);
    }
    head.extend_from_slice(&((start + body.len()) as u64).to_le_bytes());
    head.extend(body);
    head.into()
}

const HEADER: &[u8] = br#"{"msg_id":"m1","msg_type":"stream","session":"s","username":"u","date":"2026-11-21T20:45:55Z","version":"5.4","subshell_id":null}"#;

#[test]
fn a_request_comes_back_from_both_framings() {
    let request = Request::execute("s1", "print(\"é\\n\")", true);
    let frame = Bytes::from(encode_v1(&request).unwrap());
    let from_v1 = decode_v1(&frame).unwrap();
    let from_json = decode_json(&Bytes::from(encode_json(&request).unwrap())).unwrap();
    for message in [from_v1, from_json] {
        assert_eq!((message.channel.as_str(), message.parent), ("shell", None));
        assert_eq!(message.header.msg_id, request.header.msg_id);
        assert_eq!(&message.content[..], request.content.get().as_bytes());
    }
}

#[test]
fn an_independent_reader_understands_our_requests() {
    // The protocol crate is the oracle: header and content must be what it takes for an execute_request.
    for request in [
        Request::execute("s1", "1+1", true),
        Request::kernel_info("s1"),
    ] {
        let whole: serde_json::Value =
            serde_json::from_str(&encode_json(&request).unwrap()).unwrap();
        let header: jupyter_protocol::Header =
            serde_json::from_value(whole["header"].clone()).unwrap();
        assert_eq!(header.msg_type, request.header.msg_type);
        let content = jupyter_protocol::JupyterMessageContent::from_type_and_content(
            &header.msg_type,
            whole["content"].clone(),
        )
        .unwrap();
        match content {
            jupyter_protocol::JupyterMessageContent::ExecuteRequest(execute) => {
                assert_eq!(
                    (
                        execute.code.as_str(),
                        execute.allow_stdin,
                        execute.store_history
                    ),
                    ("1+1", false, true)
                );
            }
            jupyter_protocol::JupyterMessageContent::KernelInfoRequest(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn v1_frames_with_and_without_buffers() {
    let content = br#"{"name":"stdout","text":"x"}"#;
    for buffers in [&[][..], &[&b"12"[..], &b""[..]][..]] {
        let mut all: Vec<&[u8]> = vec![b"iopub", HEADER, br#"{"msg_id":"p1"}"#, b"{}", content];
        all.extend_from_slice(buffers);
        let message = decode_v1(&v1(&all)).unwrap();
        assert_eq!(
            (message.channel.as_str(), message.parent.as_deref()),
            ("iopub", Some("p1"))
        );
        assert_eq!(
            (message.header.msg_type.as_str(), &message.content[..]),
            ("stream", &content[..])
        );
    }
    for parent in [
        &b"{}"[..],
        b"null",
        br#"{"msg_id":""}"#,
        br#"{"msg_id":null}"#,
    ] {
        assert_eq!(
            decode_v1(&v1(&[b"iopub", HEADER, parent, b"{}", b"{}"]))
                .unwrap()
                .parent,
            None
        );
    }
}

#[test]
fn what_nobody_reads_of_a_header_costs_no_message() {
    let header = br#"{"msg_id":"m","msg_type":"status","session":null,"username":7,"date":null,"version":[]}"#;
    let message = decode_v1(&v1(&[b"iopub", header, b"{}", b"null", b"{}"])).unwrap();
    assert_eq!(message.header.msg_type, "status");
    let text = br#"{"channel":null,"header":{"msg_type":"status","version":5.3},"parent_header":{"msg_id":1},"content":{}}"#;
    let message = decode_json(&Bytes::from_static(text)).unwrap();
    assert_eq!(
        (message.header.msg_type.as_str(), message.parent),
        ("status", None)
    );
    // And what is wrong is said in few words, whatever stands there.
    let long = format!("\"{}\"", "x".repeat(10_000));
    let error = decode_v1(&v1(&[b"iopub", long.as_bytes(), b"{}", b"{}", b"{}"])).unwrap_err();
    assert!(error.to_string().len() < 300, "{error}");
}

#[test]
fn json_frames_with_buffers() {
    let text = br#"{"header":{"msg_id":"m","msg_type":"comm_msg"},"parent_header":{},"metadata":{},"content":{"a": [1]},"channel":"iopub"}"#;
    let mut frame = Vec::new();
    for number in [2u32, 12, 12 + text.len() as u32] {
        frame.extend_from_slice(&number.to_be_bytes());
    }
    frame.extend_from_slice(text);
    frame.extend_from_slice(b"buffer");
    let message = decode_json_binary(&frame.into()).unwrap();
    assert_eq!(
        (message.header.msg_type.as_str(), &message.content[..]),
        ("comm_msg", &b"{\"a\": [1]}"[..])
    );
}

#[test]
fn lies_are_refused() {
    let good = v1(&[b"iopub", HEADER, b"{}", b"{}", b"{}"]);
    for end in 0..good.len() {
        assert!(decode_v1(&good.slice(..end)).is_err(), "cut at {end}");
    }
    let with = |at: usize, value: u64| {
        let mut frame = good.to_vec();
        frame[at..at + 8].copy_from_slice(&value.to_le_bytes());
        decode_v1(&frame.into())
    };
    for value in [0, 5, u64::MAX, 1 << 61, 1 << 20] {
        assert!(
            matches!(with(0, value), Err(WireError::Parts { .. })),
            "{value}"
        );
    }
    for at in (8..56).step_by(8) {
        assert!(
            matches!(with(at, u64::MAX), Err(WireError::Offset { .. })),
            "at {at}"
        );
    }
    assert!(matches!(with(8, 200), Err(WireError::Offset { .. })));
    assert!(matches!(
        decode_v1(&v1(&[b"iopub", b"[]x", b"{}", b"{}", b"{}"])),
        Err(WireError::Json { part: "header", .. })
    ));
    assert!(decode_json(&Bytes::from_static(b"{\"header\":{}}")).is_err());
    assert!(decode_json_binary(&Bytes::from_static(b"\0\0\0\x01\xff\xff\xff\xff")).is_err());
}

#[test]
fn random_bytes_never_panic() {
    // A small generator (xorshift) with a fixed seed: the same frames on every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let good = v1(&[
        b"iopub",
        HEADER,
        br#"{"msg_id":"p1"}"#,
        b"{}",
        b"{}",
        b"buffer",
    ]);
    for round in 0..200_000 {
        let frame: Bytes = if round % 2 == 0 {
            let mut frame = good.to_vec();
            for _ in 0..=(next() % 4) {
                let at = (next() % frame.len() as u64) as usize;
                frame[at] = next() as u8;
            }
            frame.into()
        } else {
            (0..next() % 80)
                .map(|_| if next() % 3 == 0 { 0 } else { next() as u8 })
                .collect::<Vec<u8>>()
                .into()
        };
        let _ = decode_v1(&frame);
        let _ = decode_json_binary(&frame);
        let _ = decode_json(&frame);
    }
}
