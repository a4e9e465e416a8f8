//! Reading the answer of the geocoding service.

use super::answer::{AnswerError, parse_json, reason_text};
use super::place::Coordinates;
use crate::limits;
use crate::printable::printable;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::Deserialize;

/// A place that the geocoding service knows. Texts are safe to show and at most [`limits::GEOCODED_NAME`] long.
#[derive(Clone, Debug, PartialEq)]
pub struct GeocodedPlace {
    /// Its name, in English where there is one.
    pub name: String,
    /// Where it is.
    pub at: Coordinates,
    /// The first level below the country: a state, a region, one of the nations of the United Kingdom.
    pub admin1: Option<String>,
    /// The country's name.
    pub country: Option<String>,
    /// The country's ISO 3166-1 code.
    pub country_code: Option<String>,
}

impl GeocodedPlace {
    /// `Greenwich, England, United Kingdom`: what tells it from its namesakes; a part that repeats is said once.
    #[must_use]
    pub fn label(&self) -> String {
        let mut label = self.name.clone();
        let country = self.country.as_ref().or(self.country_code.as_ref());
        let mut last = &self.name;
        for part in [self.admin1.as_ref(), country].into_iter().flatten() {
            if part != last {
                label.push_str(", ");
                label.push_str(part);
                last = part;
            }
        }
        label
    }
}

/// Reads the answer to [`geocoding_url`](super::geocoding_url), best match first, at most
/// [`limits::GEOCODING_RESULTS`] of them. The service leaves out `results` when it found nothing: the list is empty.
///
/// # Errors
/// See [`AnswerError`].
pub fn parse_geocoding(body: &[u8]) -> Result<Vec<GeocodedPlace>, AnswerError> {
    let raw: RawGeocoding = parse_json(body)?;
    if raw.error == Some(true) {
        return Err(AnswerError::Reported(reason_text(raw.reason.as_deref())));
    }
    raw.results.unwrap_or_default().into_iter().take(limits::GEOCODING_RESULTS).map(RawPlace::checked).collect()
}

#[derive(Deserialize)]
struct RawGeocoding {
    error: Option<bool>,
    reason: Option<String>,
    results: Option<Vec<RawPlace>>,
}

#[derive(Deserialize)]
struct RawPlace {
    name: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    admin1: Option<String>,
    country: Option<String>,
    country_code: Option<String>,
}

impl RawPlace {
    fn checked(self) -> Result<GeocodedPlace, AnswerError> {
        let latitude = self.latitude.ok_or(AnswerError::Missing("latitude"))?;
        let longitude = self.longitude.ok_or(AnswerError::Missing("longitude"))?;
        let shown = |text: String| printable(text.as_bytes(), limits::GEOCODED_NAME);
        Ok(GeocodedPlace {
            name: self.name.map(shown).ok_or(AnswerError::Missing("name"))?,
            at: Coordinates::new(latitude, longitude).map_err(|error| AnswerError::Shape(error.to_string()))?,
            admin1: self.admin1.map(shown),
            country: self.country.map(shown),
            country_code: self.country_code.map(shown),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HITS: &[u8] = include_bytes!("fixtures/geocoding.json");

    #[test]
    fn hits_are_read_in_order() {
        let places = parse_geocoding(HITS).unwrap();
        let labels: Vec<String> = places.iter().map(GeocodedPlace::label).collect();
        assert_eq!(
            labels,
            ["Greenwich, England, United Kingdom", "Greenwich, Connecticut, United States", "Greenwich, Q0"]
        );
        assert_eq!(places[0].at, Coordinates::new(51.477, 0.0).unwrap());
    }

    #[test]
    fn no_results_key_is_no_hit() {
        assert_eq!(parse_geocoding(br#"{"generationtime_ms":0.3}"#), Ok(Vec::new()));
        assert_eq!(parse_geocoding(br#"{"results":[]}"#), Ok(Vec::new()));
    }

    #[test]
    fn a_city_that_is_its_country_is_said_once() {
        let body = r#"{"results":[{"name":"Singapore","latitude":1.29,"longitude":103.85,"country":"Singapore"}]}"#;
        assert_eq!(parse_geocoding(body.as_bytes()).unwrap()[0].label(), "Singapore");
    }

    #[test]
    fn names_cannot_steer_a_terminal_nor_grow() {
        let long = "x".repeat(1000);
        let body = alloc::format!(
            r#"{{"results":[{{"name":"A\u001b[2J\n","latitude":1,"longitude":2,"country":"{long}"}}]}}"#
        );
        let place = parse_geocoding(body.as_bytes()).unwrap().remove(0);
        assert_eq!(place.name, "A\\u{1b}[2J\\n");
        assert!(place.country.unwrap().chars().count() < limits::GEOCODED_NAME + 20);
    }

    #[test]
    fn results_beyond_the_bound_are_ignored() {
        let one = r#"{"name":"A","latitude":1,"longitude":2}"#;
        let body = alloc::format!(r#"{{"results":[{one}{}]}}"#, alloc::format!(",{one}").repeat(99));
        assert_eq!(parse_geocoding(body.as_bytes()).unwrap().len(), limits::GEOCODING_RESULTS);
    }

    #[test]
    fn wrong_answers_are_named() {
        let error = |body: &str| parse_geocoding(body.as_bytes()).unwrap_err();
        assert_eq!(error("<html>"), AnswerError::WebPage);
        assert_eq!(error(r#"{"results":[{"name":"A","latitude":1}]}"#), AnswerError::Missing("longitude"));
        assert_eq!(error(r#"{"error":true,"reason":"no"}"#), AnswerError::Reported("no".into()));
        assert!(matches!(error(r#"{"results":[{"name":"A","latitude":91,"longitude":0}]}"#), AnswerError::Shape(_)));
        assert!(matches!(error(r#"{"results":7}"#), AnswerError::Shape(_)));
    }

    /// The last byte of the fixture is a line end; every shorter prefix lacks the closing brace.
    #[test]
    fn every_cut_is_told_as_one() {
        for cut in 1..HITS.len() - 1 {
            assert_eq!(parse_geocoding(&HITS[..cut]), Err(AnswerError::Cut(cut)));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered_without_a_panic(bytes: Vec<u8>) {
            let _ = parse_geocoding(&bytes);
        }
    }
}
