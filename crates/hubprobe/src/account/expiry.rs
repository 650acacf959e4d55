//! How long a token shall live: `90d`, `12h`, `1w`, `never`.
//!
//! Apart from the suite's lengths of time, which know no weeks and no `never`,
//! and which need milliseconds that a hub would refuse (`expires_in` is a whole
//! number of seconds since JupyterHub 5.1).

use std::str::FromStr;
use std::time::Duration;

/// Longer than any hub keeps a token, and short enough for its dates.
const LONGEST: u64 = 100 * 365 * 86_400;

/// When a token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// So long after it was made; whole seconds, at least one.
    After(Duration),
    /// Never, if the hub allows that (`token_expires_in_max_seconds`).
    Never,
}

impl Expiry {
    /// The length, where there is one.
    pub fn length(self) -> Option<Duration> {
        match self {
            Self::After(length) => Some(length),
            Self::Never => None,
        }
    }
}

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "never" {
            return Ok(Self::Never);
        }
        let wrong =
            || format!("`{text}` is no length of time; write 90d, 2w, 12h, 30m, 45s or never");
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        if !number.is_empty() && unit.is_empty() {
            return Err(format!("`{text}` has no unit; write {text}d for days"));
        }
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            _ => return Err(wrong()),
        };
        if number.is_empty() {
            return Err(wrong());
        }
        let seconds = number
            .parse()
            .ok()
            .and_then(|number: u64| number.checked_mul(unit));
        match seconds {
            Some(0) => Err(format!(
                "`{text}` is over at once; a token lives for a second at least"
            )),
            Some(seconds) if seconds <= LONGEST => Ok(Self::After(Duration::from_secs(seconds))),
            _ => Err(format!(
                "`{text}` is over a hundred years; write never for a token that never expires"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read() {
        for (text, seconds) in [
            ("90d", 7_776_000),
            ("2w", 1_209_600),
            ("12h", 43_200),
            (" 30m ", 1_800),
            ("1s", 1),
            ("36500d", LONGEST),
        ] {
            let read: Expiry = text.parse().unwrap();
            assert_eq!(read, Expiry::After(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!("never".parse(), Ok(Expiry::Never));
    }

    #[test]
    fn what_is_none_says_what_is() {
        for (text, part) in [
            ("90", "write 90d for days"),
            ("", "write 90d"),
            ("d", "write 90d"),
            ("-1d", "write 90d"),
            ("1.5h", "write 90d"),
            ("5ms", "write 90d"),
            ("１d", "write 90d"),
            ("0d", "over at once"),
            ("36501d", "write never"),
            ("99999999999999999999d", "write never"),
        ] {
            let error = text.parse::<Expiry>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
