//! The few fields of an X.509 certificate (RFC 5280 §4.1) that the TLS library checks but does not tell.
//!
//! Only certificates that the library has parsed before come here; what looks different from §4.1 anyway gives `None`.

use helio_core::time::Utc;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`, constructed: the version.
const VERSION: u8 = 0xa0;

/// RFC 5280 §4.1.2.5: the certificate has no well-defined expiration date.
pub(super) const NEVER: &[u8] = b"99991231235959Z";

/// Names stay as DER: they are only compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields<'a> {
    pub(super) issuer: &'a [u8],
    pub(super) subject: &'a [u8],
    pub(super) not_before: Utc,
    /// `None` when the certificate says that it has no end.
    pub(super) not_after: Option<Utc>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(certificate: &'a [u8]) -> Option<Self> {
        let mut outer = Reader(Reader(certificate).expect(SEQUENCE)?);
        let mut fields = Reader(outer.expect(SEQUENCE)?);
        if fields.0.first() == Some(&VERSION) {
            fields.expect(VERSION)?;
        }
        let _serial = fields.expect(INTEGER)?;
        let _algorithm = fields.expect(SEQUENCE)?;
        let issuer = fields.expect(SEQUENCE)?;
        let mut validity = Reader(fields.expect(SEQUENCE)?);
        let subject = fields.expect(SEQUENCE)?;
        let (from, until) = (validity.next()?, validity.next()?);
        let not_after = if until == (GENERALIZED_TIME, NEVER) { None } else { Some(time(until)?) };
        Some(Self { issuer, subject, not_before: time(from)?, not_after })
    }
}

/// DER values (X.690 §8.1), one after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The next value: its tag and its content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first & 0x80 != 0 {
            // Lengths of more than four bytes are for no certificate.
            let count = usize::from(first & 0x7f);
            let (bytes, after) = rest.split_at_checked(count).filter(|_| (1..=4).contains(&count))?;
            length = bytes.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
            rest = after;
        }
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some((tag, content))
    }

    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }
}

/// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ` (RFC 5280 §4.1.2.5.1: years below 50 are of this century).
fn time((tag, text): (u8, &[u8])) -> Option<Utc> {
    let (year_digits, century) = match tag {
        UTC_TIME => (2, 1900),
        GENERALIZED_TIME => (4, 0),
        _ => return None,
    };
    let digits = text.strip_suffix(b"Z").filter(|digits| digits.len() == year_digits + 10)?;
    let number = |digits: &[u8]| {
        let digit = |sum: i16, c: &u8| c.is_ascii_digit().then(|| sum * 10 + i16::from(c - b'0'));
        digits.iter().try_fold(0, digit)
    };
    let (year, rest) = digits.split_at(year_digits);
    let year = number(year)? + century;
    let year = if tag == UTC_TIME && year < 1950 { year + 100 } else { year };
    let part = |index: usize| number(&rest[2 * index..][..2]).and_then(|part| i8::try_from(part).ok());
    let date = DateTime::new(year, part(0)?, part(1)?, part(2)?, part(3)?, part(4)?, 0).ok()?;
    let moment = TimeZone::UTC.to_timestamp(date).unwrap_or(jiff::Timestamp::MAX);
    Some(Utc::from_micros(moment.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tag: u8, text: &str) -> Option<String> {
        time((tag, text.as_bytes())).map(|time| time.rfc3339())
    }

    #[test]
    fn times_are_read_in_both_forms() {
        assert_eq!(read(UTC_TIME, "261122142740Z").as_deref(), Some("2026-11-22T14:27:40.000000Z"));
        assert_eq!(read(UTC_TIME, "500101000000Z").as_deref(), Some("1950-01-01T00:00:00.000000Z"));
        assert_eq!(read(UTC_TIME, "491231235959Z").as_deref(), Some("2049-12-31T23:59:59.000000Z"));
        assert_eq!(read(GENERALIZED_TIME, "20500101000000Z").as_deref(), Some("2050-01-01T00:00:00.000000Z"));
        for text in ["261122142740", "2611221427Z", "26112214274xZ", "261322142740Z", ""] {
            assert_eq!(read(UTC_TIME, text), None, "{text}");
        }
    }

    #[test]
    fn no_cut_or_changed_certificate_makes_it_panic() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let der = certificate.der().as_ref();
        let fields = Fields::of(der).unwrap();
        assert_eq!(fields.issuer, fields.subject);
        for length in 0..der.len() {
            assert_eq!(Fields::of(&der[..length]), None);
        }
        for position in 0..der.len() {
            for value in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut changed = der.to_vec();
                changed[position] = value;
                let _ = Fields::of(&changed);
            }
        }
    }
}
