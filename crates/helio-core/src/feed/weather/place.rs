//! Where the weather is asked for: a pair of coordinates or a name.

use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

/// A point on the earth in degrees, WGS 84; always inside the valid ranges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinates {
    latitude: f64,
    longitude: f64,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// A point, which needs no lookup.
    Coordinates(Coordinates),
    /// A name for the geocoding service, trimmed; at most [`limits::PLACE_NAME`] bytes.
    Name(String),
}

/// Why a place cannot be asked for. The user is at fault in all of them.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlaceError {
    /// Nothing but blanks.
    #[error("no place given, expected LATITUDE,LONGITUDE such as 51.47,0.0363 or a name such as Greenwich")]
    Empty,
    /// A latitude beyond a pole.
    #[error("latitude is {0}, expected -90 to 90 degrees; the order is LATITUDE,LONGITUDE")]
    Latitude(f64),
    /// A longitude beyond the antimeridian.
    #[error("longitude is {0}, expected -180 to 180 degrees; the order is LATITUDE,LONGITUDE")]
    Longitude(f64),
    /// Only numbers, but not two of them.
    #[error(
        "{0} numbers separated by commas, expected 2 (LATITUDE,LONGITUDE); the decimal sign is a point, as in 51.47,0.0363"
    )]
    NumberCount(usize),
    /// The geocoding service finds nothing for one character.
    #[error("place name is 1 character, the geocoding service needs at least 2")]
    NameTooShort,
    /// The name is longer than [`limits::PLACE_NAME`].
    #[error("place name is {0} bytes, limit is {limit}", limit = limits::PLACE_NAME)]
    NameTooLong(usize),
}

impl Coordinates {
    /// Checks both ranges; neither NaN nor an infinity is in them.
    ///
    /// # Errors
    /// [`PlaceError::Latitude`] or [`PlaceError::Longitude`] with the value.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, PlaceError> {
        if !(-90.0..=90.0).contains(&latitude) {
            return Err(PlaceError::Latitude(latitude));
        }
        if !(-180.0..=180.0).contains(&longitude) {
            return Err(PlaceError::Longitude(longitude));
        }
        Ok(Self { latitude, longitude })
    }

    /// Degrees north of the equator, -90 to 90.
    #[must_use]
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east of Greenwich, -180 to 180.
    #[must_use]
    pub fn longitude(self) -> f64 {
        self.longitude
    }
}

/// Four decimals, about 11 m on the ground, without zeros at the end: `51.47, 0.0363`.
impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", decimal(self.latitude, 4), decimal(self.longitude, 4))
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    /// Numbers separated by commas are coordinates, everything else is a name (which may hold commas, too).
    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(PlaceError::Empty);
        }
        let numbers = || text.split(',').map(number);
        if text.contains(',') && numbers().all(|n| n.is_some()) {
            let mut values = numbers().flatten();
            return match (values.next(), values.next(), values.next()) {
                (Some(latitude), Some(longitude), None) => Coordinates::new(latitude, longitude).map(Self::Coordinates),
                _ => Err(PlaceError::NumberCount(numbers().count())),
            };
        }
        if text.len() > limits::PLACE_NAME {
            return Err(PlaceError::NameTooLong(text.len()));
        }
        if text.chars().count() < 2 {
            return Err(PlaceError::NameTooShort);
        }
        Ok(Self::Name(text.to_string()))
    }
}

/// A decimal number; words that Rust would also read as one (`inf`, `nan`) are none, for they may be names.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    if plain { text.parse().ok() } else { None }
}

/// `value` with at most `decimals` (1 or more) decimals and no needless zero; never `-0`.
pub(super) fn decimal(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_string() } else { text.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(latitude: f64, longitude: f64) -> Result<Place, PlaceError> {
        Ok(Place::Coordinates(Coordinates { latitude, longitude }))
    }

    #[test]
    fn numbers_are_coordinates_and_the_rest_are_names() {
        let cases = [
            ("51.47,0.0363", point(51.47, 0.0363)),
            (" 51.47 , 0.0363 ", point(51.47, 0.0363)),
            ("-33.9,+18.4", point(-33.9, 18.4)),
            ("-90,180", point(-90.0, 180.0)),
            ("Greenwich", Ok(Place::Name("Greenwich".into()))),
            (" Paris, Texas ", Ok(Place::Name("Paris, Texas".into()))),
            ("Nan,Thailand", Ok(Place::Name("Nan,Thailand".into()))),
            ("nan,inf", Ok(Place::Name("nan,inf".into()))),
            ("10001", Ok(Place::Name("10001".into()))),
            ("Ås", Ok(Place::Name("Ås".into()))),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Place>(), expected, "{text:?}");
        }
    }

    #[test]
    fn mistakes_are_named_with_what_was_expected() {
        let error = |text: &str| text.parse::<Place>().unwrap_err().to_string();
        insta::assert_snapshot!(error("  "), @"no place given, expected LATITUDE,LONGITUDE such as 51.47,0.0363 or a name such as Greenwich");
        insta::assert_snapshot!(error("91,0"), @"latitude is 91, expected -90 to 90 degrees; the order is LATITUDE,LONGITUDE");
        insta::assert_snapshot!(error("1e999,0"), @"latitude is inf, expected -90 to 90 degrees; the order is LATITUDE,LONGITUDE");
        insta::assert_snapshot!(error("0,-180.5"), @"longitude is -180.5, expected -180 to 180 degrees; the order is LATITUDE,LONGITUDE");
        insta::assert_snapshot!(error("51,47,0,0363"), @"4 numbers separated by commas, expected 2 (LATITUDE,LONGITUDE); the decimal sign is a point, as in 51.47,0.0363");
        insta::assert_snapshot!(error("x"), @"place name is 1 character, the geocoding service needs at least 2");
        let long = "x".repeat(limits::PLACE_NAME + 1);
        insta::assert_snapshot!(error(&long), @"place name is 201 bytes, limit is 200");
        assert!(long[1..].parse::<Place>().is_ok());
    }

    #[test]
    fn coordinates_are_shown_without_needless_digits() {
        let shown = |latitude, longitude| Coordinates::new(latitude, longitude).unwrap().to_string();
        assert_eq!(shown(51.47, 0.0363), "51.47, 0.0363");
        assert_eq!(shown(51.469_997, 0.036_300_66), "51.47, 0.0363");
        assert_eq!(shown(-0.000_01, 180.0), "0, 180");
    }

    proptest! {
        #[test]
        fn any_valid_pair_is_read_back(latitude in -90.0..=90.0, longitude in -180.0..=180.0) {
            prop_assert_eq!(format!("{latitude},{longitude}").parse::<Place>(), point(latitude, longitude));
        }

        #[test]
        fn no_text_panics_and_every_point_is_in_range(text: String) {
            if let Ok(Place::Coordinates(c)) = text.parse::<Place>() {
                prop_assert!(c.latitude.abs() <= 90.0 && c.longitude.abs() <= 180.0);
            }
        }
    }
}
