//! Whole days, as a person says them.

/// `1 day`, `90 days`.
#[must_use]
pub fn in_days(days: i64) -> String {
    match days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::in_days;

    #[test]
    fn one_is_a_day() {
        assert_eq!([0, 1, 2].map(in_days).join(", "), "0 days, 1 day, 2 days");
    }
}
