//! Lengths of time and counts as reports say them.

/// Seconds: `0.02 s`, `12.3 s`, `2m05s`, `1h02m`.
pub(super) fn seconds(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "?".to_owned();
    }
    // The sum of nothing is -0.0.
    let seconds = seconds.abs();
    if seconds < 9.995 {
        return format!("{seconds:.2} s");
    }
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = std::time::Duration::from_secs_f64(seconds.min(1e9).round()).as_secs();
    if whole < 3_600 {
        return format!("{}m{:02}s", whole / 60, whole % 60);
    }
    let minutes = (whole + 30) / 60;
    format!("{}h{:02}m", minutes / 60, minutes % 60)
}

/// `1 probe`, `2 probes`.
pub(super) fn probes(count: usize) -> String {
    if count == 1 {
        "1 probe".to_owned()
    } else {
        format!("{count} probes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        for (length, text) in [
            (0.0, "0.00 s"),
            (-0.0, "0.00 s"),
            (0.021, "0.02 s"),
            (9.994, "9.99 s"),
            (9.996, "10.0 s"),
            (59.94, "59.9 s"),
            (59.96, "1m00s"),
            (125.4, "2m05s"),
            (3_599.6, "1h00m"),
            (3_725.0, "1h02m"),
            (-1.0, "?"),
            (f64::NAN, "?"),
        ] {
            assert_eq!(seconds(length), text);
        }
    }
}
