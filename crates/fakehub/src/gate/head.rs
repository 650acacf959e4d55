//! The head of a request, as it came.

use std::io;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::Place;

/// No head is longer.
const LONGEST: usize = 64 << 10;

/// A request up to the blank line, and what of the body came with it.
pub(crate) struct Head {
    /// The first line.
    pub(crate) line: String,
    fields: Vec<(String, String)>,
    rest: Vec<u8>,
}

impl Head {
    /// Reads one; none where the other side went before it was whole.
    pub(crate) async fn read(client: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let mut piece = [0; 8 << 10];
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            let size = client.read(&mut piece).await?;
            if size == 0 || bytes.len() > LONGEST {
                return Ok(None);
            }
            bytes.extend_from_slice(&piece[..size]);
        };
        let rest = bytes.split_off(end + 4);
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.split("\r\n").filter(|line| !line.is_empty());
        let line = lines.next().unwrap_or_default().to_owned();
        let fields = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        Ok(Some(Self { line, fields, rest }))
    }

    /// A field's value.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let mut found = self
            .fields
            .iter()
            .filter(|(field, _)| field.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    /// Where it goes.
    pub(crate) fn place(&self) -> Place {
        let mut words = self.line.split(' ');
        let (method, path) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        Place::of(method, path)
    }

    /// As it is sent on: the other side closes after its answer, unless this is an upgrade.
    pub(crate) fn forwarded(&self) -> Vec<u8> {
        let upgrade = self.value("upgrade").is_some();
        let mut text = format!("{}\r\n", self.line);
        for (name, value) in &self.fields {
            if upgrade || !name.eq_ignore_ascii_case("connection") {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        if !upgrade {
            text.push_str("Connection: close\r\n");
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.rest);
        bytes
    }
}
