//! Lengths of time as people write them: `5m`, `90s`, `1h30m`, `250ms`. A
//! number without a unit is refused, since half of the world would mean seconds
//! by it and the other half milliseconds.

use std::time::Duration;

/// Units from the largest to the smallest, with their length in milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads a length of time: whole numbers, each followed by d, h, m, s or ms,
/// from the largest unit to the smallest.
///
/// # Errors
/// The reason, as a clause that can follow "start: ".
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("an empty text is no length of time; write 90s, 5m, 1h30m or 250ms".to_owned());
    }
    if text.starts_with('-') {
        return Err(format!(
            "`{text}` is negative; a length of time is above zero"
        ));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "`{text}` has no unit; write {text}s for seconds or {text}m for minutes"
        ));
    }
    let not_one = || format!("`{text}` is no length of time; write 90s, 5m, 1h30m or 250ms");
    let mut rest = text;
    let mut total: u64 = 0;
    let mut next_unit = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        let number: u64 = number.parse().map_err(|_| not_one())?;
        let place = UNITS
            .iter()
            .position(|(name, _)| *name == unit)
            .ok_or_else(not_one)?;
        if place < next_unit {
            return Err(not_one());
        }
        next_unit = place + 1;
        let length = UNITS.get(place).map_or(0, |(_, length)| *length);
        total = number
            .checked_mul(length)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| format!("`{text}` is far too long"))?;
        rest = after;
    }
    Ok(Duration::from_millis(total))
}

/// Writes a length of time so that [`parse_duration`] reads the same again; to the millisecond.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".to_owned();
    }
    // 90s is how it is written and said; 1m30s is not.
    if millis < 120_000 && millis % 1_000 == 0 && millis % 60_000 != 0 {
        return format!("{}s", millis / 1_000);
    }
    let mut text = String::new();
    let mut rest = millis;
    for (name, length) in UNITS {
        if rest >= length {
            text.push_str(&format!("{}{name}", rest / length));
            rest %= length;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read_and_written_back() {
        for (text, millis, back) in [
            ("5m", 300_000, "5m"),
            ("90s", 90_000, "90s"),
            ("1h30m", 5_400_000, "1h30m"),
            ("250ms", 250, "250ms"),
            ("1m30s", 90_000, "90s"),
            ("120s", 120_000, "2m"),
            ("2d", 172_800_000, "2d"),
            ("1s500ms", 1_500, "1s500ms"),
            (" 10s ", 10_000, "10s"),
        ] {
            let read = parse_duration(text).unwrap();
            assert_eq!(read, Duration::from_millis(millis), "{text}");
            assert_eq!(format_duration(read), back);
            assert_eq!(parse_duration(back).unwrap(), read);
        }
    }

    #[test]
    fn what_is_no_length_of_time_says_what_is() {
        for (text, message) in [
            (
                "",
                "an empty text is no length of time; write 90s, 5m, 1h30m or 250ms",
            ),
            (
                "90",
                "`90` has no unit; write 90s for seconds or 90m for minutes",
            ),
            ("-5m", "`-5m` is negative; a length of time is above zero"),
            (
                "soon",
                "`soon` is no length of time; write 90s, 5m, 1h30m or 250ms",
            ),
            (
                "5 minutes",
                "`5 minutes` is no length of time; write 90s, 5m, 1h30m or 250ms",
            ),
            (
                "30s5m",
                "`30s5m` is no length of time; write 90s, 5m, 1h30m or 250ms",
            ),
            (
                "5m5m",
                "`5m5m` is no length of time; write 90s, 5m, 1h30m or 250ms",
            ),
            (
                "1.5h",
                "`1.5h` is no length of time; write 90s, 5m, 1h30m or 250ms",
            ),
            ("99999999999999999d", "`99999999999999999d` is far too long"),
            (
                "５m",
                "`５m` is no length of time; write 90s, 5m, 1h30m or 250ms",
            ),
        ] {
            assert_eq!(parse_duration(text).unwrap_err(), message);
        }
    }
}
