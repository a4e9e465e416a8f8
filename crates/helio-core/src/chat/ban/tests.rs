use super::*;
use proptest::prelude::*;

fn shown_as(text: &str) -> Result<String, TargetError> {
    Target::parse(text).map(|target| target.to_string())
}

#[test]
fn targets_are_kept_in_one_form() {
    for (text, kept) in [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("192.0.2.7/32", "192.0.2.7"),
        ("*@192.0.2.7", "192.0.2.7"),
        ("@192.0.2.0/24", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7/120", "192.0.2.0/24"),
        ("2001:DB8::1/32", "2001:db8::/32"),
        ("*@::1", "0::1"),
        ("0::/8", "0::/8"),
        ("ada@10.0.0.0/8", "ada@10.0.0.0/8"),
        ("ada@*.example.org", "ada@*.example.org"),
        ("@*.example.org", "*@*.example.org"),
        ("~a:Ada", "~a:Ada"),
        ("~account:Ada", "~a:Ada"),
    ] {
        assert_eq!(shown_as(text).as_deref(), Ok(kept), "{text}");
    }
    assert_eq!(
        Target::parse("ADA@Host").map(|target| target.key()),
        Target::parse("ada@hOST").map(|target| target.key())
    );
}

#[test]
fn what_is_no_target_is_refused() {
    for text in ["", "ada", "a!b@c", "a@b@c", "ada@", "~m:ada@host", "~x:ada", "1.2.3.4/33", "a b@c", "~a:"] {
        assert_eq!(shown_as(text), Err(TargetError::Unknown), "{text}");
    }
    let long = ["@", &"x".repeat(limits::CHAT_BAN_TARGET - 1)].concat();
    assert_eq!(shown_as(&long), Err(TargetError::TooLong), "with the parts that were added");
}

#[test]
fn what_leaves_nobody_is_known() {
    for text in ["0.0.0.0/0", "::/0", "*@*", "*@*.*", "?*@0.0.0.0/0", "~a:*", "*@*:*"] {
        assert!(Target::parse(text).is_ok_and(|target| target.is_everybody()), "{text}");
    }
    for text in ["10.0.0.0/8", "ada@*", "*@*.org", "~a:a*"] {
        assert!(Target::parse(text).is_ok_and(|target| !target.is_everybody()), "{text}");
    }
}

#[test]
fn durations_are_written_as_operators_do() {
    let minutes = |minutes: u64| Some(Some(Duration::from_secs(minutes * 60)));
    for (text, expected) in [
        ("30", minutes(30)),
        ("30m", minutes(30)),
        ("1d12h", minutes(36 * 60)),
        ("2W", minutes(14 * 24 * 60)),
        ("1y", minutes(365 * 24 * 60)),
        ("90s", Some(Some(Duration::from_secs(90)))),
        ("0", Some(None)),
        ("0d", Some(None)),
        ("1d12", None),
        ("m", None),
        ("", None),
        ("1x", None),
        ("10.0.0.1", None),
        ("1::2", None),
        ("1dm", None),
        ("99999999999999999999999d", Some(Some(Duration::from_secs(u64::MAX)))),
    ] {
        assert_eq!(parse_duration(text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_shown_is_the_same_target(text in "(~a:|[a-c*?~]{0,4}@)?([0-9]{1,3}\\.[0-9]{1,2}\\.0\\.1(/[0-9]{1,2})?|[a-c*?.:@!]{0,8}|::[0-9a-f]{1,4}(/[0-9]{1,3})?)") {
        if let Ok(target) = Target::parse(&text) {
            let again = Target::parse(&target.to_string());
            prop_assert_eq!(again, Ok(target));
        }
    }

    /// Each part counts for itself, in whatever order.
    #[test]
    fn durations_are_sums(parts in prop::collection::vec((0_u64..10_000, 0_usize..6), 1..6)) {
        let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800), ("y", 31_536_000)];
        let text: String = parts.iter().map(|(number, unit)| format!("{number}{}", units[*unit].0)).collect();
        let seconds: u64 = parts.iter().map(|(number, unit)| number * units[*unit].1).sum();
        prop_assert_eq!(parse_duration(&text), Some((seconds > 0).then(|| Duration::from_secs(seconds))));
    }

    #[test]
    fn no_text_breaks_a_parser(text in ".{0,40}") {
        let _ = Target::parse(&text);
        let _ = parse_duration(&text);
    }
}
