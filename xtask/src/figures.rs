//! Numbers as people read them.

/// With a comma between groups of three digits: `65,536`.
pub(crate) fn thousands(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three figures below 1,000; whole numbers in thousands from there on.
pub(crate) fn figure(value: f64) -> String {
    match value.abs() {
        v if v >= 999.5 => thousands(v.round() as u128),
        v if v >= 99.95 => format!("{value:.0}"),
        v if v >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (65_507, "65,507"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn figures_have_three_digits_or_all() {
        for (value, text) in
            [(0.0, "0.00"), (1.234, "1.23"), (9.996, "10.0"), (99.96, "100"), (999.6, "1,000"), (545_933.4, "545,933")]
        {
            assert_eq!(figure(value), text);
        }
    }
}
