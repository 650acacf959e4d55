//! Secrets: API tokens and the values of extra headers.
//!
//! A secret here can be sent and can be written to a token file; it cannot be printed. It has no
//! `Display`, its `Debug` says only that it is hidden, and its memory is wiped when the last copy goes.
//! [`Token::scrub`] is the last line of defence: it takes a secret out of text that somebody else wrote,
//! such as the body of an error page that echoes the request.
//!
//! Where a token comes from (file, environment, command) is not this module's business.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

/// What a secret is replaced by in text.
const MASK: &str = "[token]";

/// An API token of a JupyterHub. Cloning shares the one copy in memory.
#[derive(Clone)]
pub struct Token(Arc<SecretString>);

/// Why a text is no token. The text itself is never part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Nothing but white space.
    #[error(
        "the token is empty: put the token that the hub showed on its token page, and nothing else, where it is read from"
    )]
    Empty,
    /// It has characters that cannot be part of a token.
    #[error(
        "the token is malformed: it holds {reason}; a token is one word of printable ASCII characters"
    )]
    Malformed {
        /// What it holds that it must not hold.
        reason: &'static str,
    },
}

impl Token {
    /// Takes a token from text, without the white space around it (token files end in a newline).
    ///
    /// # Errors
    /// [`TokenError::Empty`] if nothing remains, [`TokenError::Malformed`] for white space, control or
    /// non-ASCII characters inside: none of these survive the hub's pattern for the header
    /// (`^(?:token|bearer)\s+([^\s]+)$`, JupyterHub 1.5 to 6.1).
    pub fn parse(text: &str) -> Result<Token, TokenError> {
        let word = text.trim();
        if word.is_empty() {
            return Err(TokenError::Empty);
        }
        for c in word.chars() {
            let reason = match c {
                '\n' | '\r' => "a line break (is there more than the token in it?)",
                c if c.is_whitespace() => "white space",
                c if c.is_control() => "a control character",
                c if !c.is_ascii() => "a character that is not ASCII",
                _ => continue,
            };
            return Err(TokenError::Malformed { reason });
        }
        Ok(Token(Arc::new(SecretString::from(word.to_owned()))))
    }

    /// The token itself: for writing token files, and for the header.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// `text` with every occurrence of the token replaced by `[token]`, percent-encoded spellings and those of JSON and HTML
    /// included.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        scrub(text, self.expose())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([hidden])")
    }
}

/// A secret text that is no token, such as the value of an access proxy's header.
#[derive(Clone)]
pub struct Secret(Arc<SecretString>);

impl Secret {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Arc::new(SecretString::from(text.into())))
    }

    /// The text itself: for the header only.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// `text` with every occurrence of the secret replaced, as [`Token::scrub`] does; of one of several words (`Bearer …`) also each
    /// word of 8 characters or more.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        let whole = self.expose();
        let words = whole
            .split_whitespace()
            .filter(|word| word.len() >= WORD && *word != whole);
        words.fold(scrub(text, whole), |text, word| scrub(&text, word))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([hidden])")
    }
}

/// A word of a secret, or its beginning, that is as long as this is not said.
const WORD: usize = 8;

/// A text that was cut without the secret's beginning at its end.
pub(crate) fn without_beginning(text: &str, secret: &str) -> usize {
    let longest = (WORD..secret.len())
        .rev()
        .find(|length| secret.get(..*length).is_some_and(|it| text.ends_with(it)));
    text.len() - longest.unwrap_or(0)
}

/// How many bytes of `at` are a reference of HTML to `byte`: `&amp;`, `&#43;`, `&#x2B;`.
fn referred(at: &[u8], byte: u8) -> Option<usize> {
    let end = at.iter().take(10).position(|c| *c == b';')?;
    let name = std::str::from_utf8(at.get(1..end)?).ok()?;
    let is = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()? == u32::from(byte),
            None => number.parse::<u32>().ok()? == u32::from(byte),
        },
        None => matches!(
            (name, byte),
            ("amp", b'&') | ("lt", b'<') | ("gt", b'>') | ("quot", b'"') | ("apos", b'\'')
        ),
    };
    (is && byte.is_ascii()).then_some(end + 1)
}

/// How many bytes of `at` spell `byte`: itself, `%XX`, as JSON may, with a backslash or as `\u00XX`, or as HTML may; `None` if they
/// do not.
fn spelled(at: &[u8], byte: u8) -> Option<usize> {
    let hex = |c: u8| char::from(c).to_digit(16);
    if at.first() == Some(&b'&')
        && let Some(length) = referred(at, byte)
    {
        return Some(length);
    }
    match at {
        [b'%', high, low, ..]
            if hex(*high)
                .zip(hex(*low))
                .is_some_and(|(h, l)| h * 16 + l == u32::from(byte)) =>
        {
            Some(3)
        }
        [b'\\', b'u', b'0', b'0', high, low, ..]
            if byte.is_ascii()
                && hex(*high)
                    .zip(hex(*low))
                    .is_some_and(|(h, l)| h * 16 + l == u32::from(byte)) =>
        {
            Some(6)
        }
        [b'\\', second, ..] if *second == byte && matches!(byte, b'"' | b'\\' | b'/') => Some(2),
        [first, ..] if *first == byte => Some(1),
        _ => None,
    }
}

/// How many bytes at the start of `text` spell all of `secret`.
fn spelled_all(text: &[u8], secret: &[u8]) -> Option<usize> {
    let mut used = 0;
    for byte in secret {
        used += spelled(text.get(used..)?, *byte)?;
    }
    Some(used)
}

/// Whether a word stands anywhere in a text, in any of these spellings.
pub(crate) fn is_spelled_in(text: &[u8], word: &[u8]) -> bool {
    (0..text.len()).any(|at| {
        text.get(at..)
            .is_some_and(|rest| spelled_all(rest, word).is_some())
    })
}

fn scrub(text: &str, secret: &str) -> String {
    if secret.is_empty() || text.len() < secret.len() {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut clean = String::with_capacity(text.len());
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        match spelled_all(&bytes[at..], secret.as_bytes()) {
            // A match begins and ends with ASCII or with a byte of the secret's own text, so both ends
            // are character boundaries; `get` keeps a surprise from being a panic.
            Some(used) if text.is_char_boundary(at) && text.is_char_boundary(at + used) => {
                clean.push_str(text.get(from..at).unwrap_or_default());
                clean.push_str(MASK);
                at += used;
                from = at;
            }
            _ => at += 1,
        }
    }
    clean.push_str(text.get(from..).unwrap_or_default());
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_parts_are_scrubbed_too() {
        let secret = Secret::new("Bearer a+b&c<d>\"e'f");
        for text in [
            "Bearer a+b&amp;c&lt;d&gt;&quot;e&#39;f",
            "Bearer a&#43;b&#x26;c&lt;d&gt;&#34;e&apos;f",
            "x a&#43;b&amp;c&lt;d&gt;&quot;e&#39;f y",
            "a%2Bb%26c%3Cd%3E%22e%27f",
        ] {
            let clean = secret.scrub(text);
            assert!(!clean.contains("f") && clean.contains(MASK), "{clean}");
        }
        assert_eq!(
            secret.scrub("Bearer of news &amp; more"),
            "Bearer of news &amp; more"
        );
        let text = "so it was 0123456789ab";
        assert_eq!(
            &text[..without_beginning(text, "0123456789abcdef")],
            "so it was "
        );
        assert_eq!(without_beginning(text, "ab"), text.len());
        assert_eq!(without_beginning("", "0123456789abcdef"), 0);
    }

    #[test]
    fn white_space_around_is_trimmed_and_inside_is_refused() {
        assert_eq!(Token::parse(" abc\r\n").unwrap().expose(), "abc");
        assert_eq!(Token::parse(" \n").unwrap_err(), TokenError::Empty);
        for bad in ["ab cd", "ab\ncd", "ab\u{7}cd", "abécd", "ab\tcd"] {
            let error = Token::parse(bad).unwrap_err();
            assert!(matches!(error, TokenError::Malformed { .. }), "{bad:?}");
            assert!(!error.to_string().contains("cd"), "{error}");
            assert!(!format!("{error:?}").contains("cd"));
        }
    }

    #[test]
    fn debug_hides() {
        let token = Token::parse("0123abcd").unwrap();
        assert_eq!(format!("{token:?}"), "Token([hidden])");
        assert_eq!(format!("{:?}", Secret::new("x")), "Secret([hidden])");
    }

    #[test]
    fn scrub_finds_every_spelling() {
        let token = Token::parse("a/b\"c+é".trim_end_matches('é')).unwrap();
        assert_eq!(
            token.scrub(r#"é a/b"c+ é a%2Fb%22c%2b a\/b\"c+ a%2fb"c+a/b"#),
            "é [token] é [token] [token] [token]a/b"
        );
        assert_eq!(
            token.scrub(r#"\u0061\/b\"c\u002B \u0061/b\u0022c+ \u0061/b\u0022d"#),
            r#"[token] [token] \u0061/b\u0022d"#
        );
        assert_eq!(token.scrub(""), "");
        let twice = Token::parse("aa").unwrap();
        assert_eq!(twice.scrub("aaaéa"), "[token]aéa");
    }
}
