//! The URLs that are asked, built from checked parts.

use super::place::Coordinates;
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::{self, Write as _};
use core::str::FromStr;
use serde::Deserialize;

/// Where open-meteo answers forecasts. Its free service is for non-commercial use.
pub const FORECAST_BASE_URL: &str = "https://api.open-meteo.com";

/// Where open-meteo finds places by name.
pub const GEOCODING_BASE_URL: &str = "https://geocoding-api.open-meteo.com";

/// What the newer request form asks for; an answer may leave out any but the temperature.
const CURRENT_VARIABLES: &str = "temperature_2m,relative_humidity_2m,apparent_temperature,is_day,precipitation,\
                                 weather_code,wind_speed_10m,wind_direction_10m";

/// How current weather is asked for. Answers to both forms are understood whichever was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// `current=…`: the documented form, with humidity, precipitation and what it feels like.
    #[default]
    Current,
    /// `current_weather=true`: the form before 2023, with temperature, wind and weather code only.
    CurrentWeather,
}

/// Units of temperature, wind speed and precipitation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// °C, km/h, mm.
    #[default]
    Metric,
    /// °F, mph, inch.
    Imperial,
}

/// The part of a service's URL before `/v1/…`: scheme, host and possibly a path, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl(String);

/// Why a text is no base URL. The user is at fault in all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Neither `http://` nor `https://`.
    #[error("base URL does not begin with http:// or https://, expected something like {FORECAST_BASE_URL}")]
    Scheme,
    /// Nothing between the scheme and the path.
    #[error("base URL names no host, expected something like {FORECAST_BASE_URL}")]
    NoHost,
    /// A query, fragment, user name, blank, or a character that a URL must encode.
    #[error("base URL contains {0:?}, expected only scheme, host, port and path as in {FORECAST_BASE_URL}")]
    Character(char),
    /// Longer than [`limits::BASE_URL`].
    #[error("base URL is {0} bytes, limit is {limit}", limit = limits::BASE_URL)]
    TooLong(usize),
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, BaseUrlError> {
        if text.len() > limits::BASE_URL {
            return Err(BaseUrlError::TooLong(text.len()));
        }
        let rest =
            text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(BaseUrlError::Scheme)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]%!$&'()*+,;=".contains(c);
        if let Some(c) = rest.chars().find(|&c| !allowed(c)) {
            return Err(BaseUrlError::Character(c));
        }
        if rest.starts_with(['/', ':']) || rest.is_empty() {
            return Err(BaseUrlError::NoHost);
        }
        Ok(Self(text.trim_end_matches('/').to_string()))
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = BaseUrlError;

    fn try_from(text: String) -> Result<Self, BaseUrlError> {
        text.parse()
    }
}

impl BaseUrl {
    /// Whether asking needs TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The host and port, for messages.
    #[must_use]
    pub fn authority(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        rest.split_once('/').map_or(rest, |(authority, _)| authority)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A country to look for places in: two letters of ISO 3166-1, such as `GB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountryCode([u8; 2]);

/// A country code is not two ASCII letters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("country code is not two letters, expected an ISO 3166-1 code such as GB")]
pub struct CountryCodeError;

impl FromStr for CountryCode {
    type Err = CountryCodeError;

    fn from_str(text: &str) -> Result<Self, CountryCodeError> {
        match text.as_bytes() {
            &[a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(CountryCodeError),
        }
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|&letter| f.write_char(letter as char))
    }
}

/// The URL whose answer [`parse_forecast`](super::parse_forecast) reads.
#[must_use]
pub fn forecast_url(base: &BaseUrl, at: Coordinates, form: Form, units: Units) -> String {
    let mut url = format!("{base}/v1/forecast?latitude={}&longitude={}&", at.latitude(), at.longitude());
    match form {
        Form::Current => {
            url.push_str("current=");
            url.push_str(CURRENT_VARIABLES);
        }
        Form::CurrentWeather => url.push_str("current_weather=true"),
    }
    url.push_str(match (units, form) {
        (Units::Metric, _) => "",
        (Units::Imperial, Form::Current) => "&temperature_unit=fahrenheit&wind_speed_unit=mph&precipitation_unit=inch",
        // The wind parameter was renamed together with the variables.
        (Units::Imperial, Form::CurrentWeather) => "&temperature_unit=fahrenheit&windspeed_unit=mph",
    });
    url
}

/// The URL whose answer [`parse_geocoding`](super::parse_geocoding) reads.
#[must_use]
pub fn geocoding_url(base: &BaseUrl, name: &str, country: Option<CountryCode>) -> String {
    let mut url = format!("{base}/v1/search?name=");
    push_encoded(&mut url, name);
    let _ = write!(url, "&count={}&language=en&format=json", limits::GEOCODING_RESULTS);
    if let Some(code) = country {
        let _ = write!(url, "&countryCode={code}");
    }
    url
}

/// RFC 3986 §2.1: every byte but the unreserved ones (§2.3) becomes `%XX`.
fn push_encoded(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            url.push(byte as char);
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn base(text: &str) -> BaseUrl {
        text.parse().unwrap()
    }

    /// The workshop's own request, character for character.
    #[test]
    fn the_older_form_is_the_workshops_request() {
        let at = Coordinates::new(51.47, 0.0363).unwrap();
        assert_eq!(
            forecast_url(&base(FORECAST_BASE_URL), at, Form::CurrentWeather, Units::Metric),
            "https://api.open-meteo.com/v1/forecast?latitude=51.47&longitude=0.0363&current_weather=true"
        );
        insta::assert_snapshot!(
            forecast_url(&base(FORECAST_BASE_URL), at, Form::CurrentWeather, Units::Imperial),
            @"https://api.open-meteo.com/v1/forecast?latitude=51.47&longitude=0.0363&current_weather=true&temperature_unit=fahrenheit&windspeed_unit=mph"
        );
    }

    #[test]
    fn the_newer_form_names_its_variables() {
        let at = Coordinates::new(-33.9, 18.4).unwrap();
        insta::assert_snapshot!(
            forecast_url(&base("http://[::1]:8080/meteo/"), at, Form::Current, Units::Imperial),
            @"http://[::1]:8080/meteo/v1/forecast?latitude=-33.9&longitude=18.4&current=temperature_2m,relative_humidity_2m,apparent_temperature,is_day,precipitation,weather_code,wind_speed_10m,wind_direction_10m&temperature_unit=fahrenheit&wind_speed_unit=mph&precipitation_unit=inch"
        );
    }

    #[test]
    fn names_are_encoded_and_the_country_is_added() {
        insta::assert_snapshot!(
            geocoding_url(&base(GEOCODING_BASE_URL), "Saint-Étienne & co", "fr".parse().ok()),
            @"https://geocoding-api.open-meteo.com/v1/search?name=Saint-%C3%89tienne%20%26%20co&count=10&language=en&format=json&countryCode=FR"
        );
    }

    #[test]
    fn a_base_url_is_checked() {
        assert_eq!(base("https://example.org/").to_string(), "https://example.org");
        assert_eq!(base("http://[::1]:80/meteo/").authority(), "[::1]:80");
        assert!(base("https://example.org").is_https() && !base("http://example.org").is_https());
        let error = |text: &str| text.parse::<BaseUrl>().unwrap_err();
        assert_eq!(error("api.open-meteo.com"), BaseUrlError::Scheme);
        assert_eq!(error("ftp://example.org"), BaseUrlError::Scheme);
        assert_eq!(error("http://"), BaseUrlError::NoHost);
        assert_eq!(error("http:///v1"), BaseUrlError::NoHost);
        assert_eq!(error("http://:80"), BaseUrlError::NoHost);
        assert_eq!(error("http://a?b"), BaseUrlError::Character('?'));
        assert_eq!(error("http://user@a"), BaseUrlError::Character('@'));
        assert_eq!(error("http://a\r\nb"), BaseUrlError::Character('\r'));
        assert_eq!(error(&format!("http://{}", "a".repeat(limits::BASE_URL))), BaseUrlError::TooLong(2055));
    }

    #[test]
    fn a_country_is_two_letters() {
        assert_eq!("gb".parse::<CountryCode>().unwrap().to_string(), "GB");
        for wrong in ["", "G", "GBR", "G1", "é"] {
            assert_eq!(wrong.parse::<CountryCode>(), Err(CountryCodeError), "{wrong:?}");
        }
    }

    /// What a server does with a query value, written down independently of the encoder.
    fn decoded(text: &str) -> String {
        let (mut bytes, mut rest) = (Vec::new(), text.bytes());
        while let Some(byte) = rest.next() {
            let hex = |digit: u8| (digit as char).to_digit(16).unwrap() as u8;
            match byte {
                b'%' => bytes.push(hex(rest.next().unwrap()) * 16 + hex(rest.next().unwrap())),
                plain => bytes.push(plain),
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    fn parameter<'a>(url: &'a str, name: &str) -> &'a str {
        let (_, query) = url.split_once('?').unwrap();
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap()
    }

    proptest! {
        #[test]
        fn any_name_comes_back_from_the_query(name: String) {
            let url = geocoding_url(&base(GEOCODING_BASE_URL), &name, None);
            prop_assert!(url.bytes().all(|b| b.is_ascii_graphic()));
            prop_assert_eq!(decoded(parameter(&url, "name")), name);
        }

        #[test]
        fn any_point_comes_back_from_the_query(latitude in -90.0..=90.0, longitude in -180.0..=180.0) {
            let at = Coordinates::new(latitude, longitude).unwrap();
            for form in [Form::Current, Form::CurrentWeather] {
                let url = forecast_url(&base(FORECAST_BASE_URL), at, form, Units::Metric);
                prop_assert_eq!(parameter(&url, "latitude").parse(), Ok(latitude));
                prop_assert_eq!(parameter(&url, "longitude").parse(), Ok(longitude));
            }
        }
    }
}
