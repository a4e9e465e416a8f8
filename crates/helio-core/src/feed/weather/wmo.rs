//! Weather codes: the subset of WMO code table 4677 that open-meteo documents.

use core::fmt;

/// A WMO weather interpretation code. Any number is one; only the documented ones have a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeatherCode(pub u16);

/// Every documented code with its text, in order.
const TEXTS: [(u16, &str); 28] = [
    (0, "clear sky"),
    (1, "mainly clear"),
    (2, "partly cloudy"),
    (3, "overcast"),
    (45, "fog"),
    (48, "depositing rime fog"),
    (51, "light drizzle"),
    (53, "moderate drizzle"),
    (55, "dense drizzle"),
    (56, "light freezing drizzle"),
    (57, "dense freezing drizzle"),
    (61, "slight rain"),
    (63, "moderate rain"),
    (65, "heavy rain"),
    (66, "light freezing rain"),
    (67, "heavy freezing rain"),
    (71, "slight snowfall"),
    (73, "moderate snowfall"),
    (75, "heavy snowfall"),
    (77, "snow grains"),
    (80, "slight rain showers"),
    (81, "moderate rain showers"),
    (82, "violent rain showers"),
    (85, "slight snow showers"),
    (86, "heavy snow showers"),
    (95, "thunderstorm"),
    (96, "thunderstorm with slight hail"),
    (99, "thunderstorm with heavy hail"),
];

impl WeatherCode {
    /// The code in words; `None` for a code that open-meteo does not document.
    #[must_use]
    pub fn text(self) -> Option<&'static str> {
        TEXTS.iter().find(|(code, _)| *code == self.0).map(|(_, text)| *text)
    }
}

impl fmt::Display for WeatherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => f.write_str(text),
            None => write!(f, "weather code {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    /// The list of open-meteo's documentation, section "WMO Weather interpretation codes".
    #[test]
    fn exactly_the_documented_codes_have_a_text() {
        let documented = [
            0, 1, 2, 3, 45, 48, 51, 53, 55, 56, 57, 61, 63, 65, 66, 67, 71, 73, 75, 77, 80, 81, 82, 85, 86, 95, 96, 99,
        ];
        let known: Vec<u16> = (0..=u16::MAX).filter(|&code| WeatherCode(code).text().is_some()).collect();
        assert_eq!(known, documented);
    }

    #[test]
    fn an_unknown_code_is_shown_as_its_number() {
        assert_eq!(WeatherCode(3).to_string(), "overcast");
        assert_eq!(WeatherCode(42).to_string(), "weather code 42");
        assert_eq!(WeatherCode(u16::MAX).to_string(), "weather code 65535");
    }
}
