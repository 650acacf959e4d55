//! The framing of server-sent events (WHATWG HTML, section 9.2.6), bounded.
//!
//! Only `data` matters here: the hub sends no `event`, `id` or `retry`. Bytes come in any pieces; lines end in
//! LF, CR or CRLF; an empty line ends an event.

/// The largest line and the largest event, in bytes.
const LIMIT: usize = 1 << 20;

/// Collects bytes to events.
pub(super) struct Lines {
    line: Vec<u8>,
    /// The data lines of the event so far, each with its line feed.
    data: Vec<u8>,
    /// The last byte was a CR, so a LF right after it belongs to it.
    after_cr: bool,
    begun: bool,
    /// The most bytes of one event, line feeds and the line that is not over included.
    limit: usize,
}

impl Default for Lines {
    fn default() -> Lines {
        Lines::with_limit(LIMIT)
    }
}

impl Lines {
    pub(super) fn with_limit(limit: usize) -> Lines {
        Lines {
            line: Vec::new(),
            data: Vec::new(),
            after_cr: false,
            begun: false,
            limit,
        }
    }

    /// Gives the data of each event that these bytes complete to `take`.
    ///
    /// # Errors
    /// When a line or an event is too large to be one, or as `take` does. What came before has been given by then;
    /// nothing may be fed afterwards.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(String) -> Result<(), String>,
    ) -> Result<(), String> {
        for &byte in bytes {
            let after_cr = std::mem::take(&mut self.after_cr);
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    if let Some(data) = self.end_line() {
                        take(data)?;
                    }
                }
                _ if self.line.len() + self.data.len() >= self.limit => {
                    return Err(format!("an event is larger than {} bytes", self.limit));
                }
                _ => self.line.push(byte),
            }
        }
        Ok(())
    }

    fn end_line(&mut self) -> Option<String> {
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.begun, true) && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        if line.is_empty() {
            let mut data = std::mem::take(&mut self.data);
            // The last line feed is not part of the data.
            data.pop()?;
            return Some(String::from_utf8_lossy(&data).into_owned());
        }
        if let Some(data) = line.strip_prefix(b"data:") {
            self.data
                .extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
            self.data.push(b'\n');
        } else if line == b"data" {
            self.data.push(b'\n');
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut events = Vec::new();
        for piece in pieces {
            lines
                .feed(piece, |data| {
                    events.push(data);
                    Ok(())
                })
                .unwrap();
        }
        events
    }

    #[test]
    fn events_in_any_pieces() {
        let text = b"\xef\xbb\xbf\n\ndata: {\"a\":1}\n\n: comment\r\rdata:b\r\ndata: c\r\n\r\nevent: x\n\ndata\n\ndata: \xff\n\ndata: unfinished";
        let whole = all(&[text]);
        assert_eq!(whole, ["{\"a\":1}", "b\nc", "", "\u{fffd}"]);
        for size in 1..9 {
            assert_eq!(
                all(&text.chunks(size).collect::<Vec<_>>()),
                whole,
                "pieces of {size}"
            );
        }
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut lines = Lines::default();
        let piece = vec![b'x'; 1 << 16];
        let error = (0..20).find_map(|_| lines.feed(&piece, |_| Ok(())).err());
        assert!(error.is_some());
        let mut lines = Lines::default();
        let line = b"data: 0123456789abcdef\n";
        let error = (0..100_000).find_map(|_| lines.feed(line, |_| Ok(())).err());
        assert!(error.is_some());
    }

    #[test]
    fn what_came_before_an_endless_event_is_not_lost() {
        let mut lines = Lines::with_limit(16);
        let mut events = Vec::new();
        let ended = lines.feed(b"data: a\n\ndata: 0123456789abcdef\n\n", |data| {
            events.push(data);
            Ok(())
        });
        assert!(ended.is_err());
        assert_eq!(events, ["a"]);
    }
}
