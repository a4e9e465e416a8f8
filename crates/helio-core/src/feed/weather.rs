//! Current weather from [open-meteo](https://open-meteo.com): what is asked, what its answers mean, how they are shown.
//!
//! The request and the answer are text here; the driver fetches one for the other. The line that is sent on is
//! described in `spec/weather.md`.

mod answer;
mod geocoding;
mod observation;
mod place;
mod record;
mod refusal;
mod report;
mod request;
mod schedule;
mod wmo;

pub use answer::{AnswerError, parse_forecast};
pub use geocoding::{GeocodedPlace, parse_geocoding};
pub use observation::{Observation, PrecipitationUnit, Quantity, SpeedUnit, TemperatureUnit};
pub use place::{Coordinates, Place, PlaceError};
pub use refusal::{Limit, parse_refusal};
pub use report::Report;
pub use request::{
    BaseUrl, BaseUrlError, CountryCode, CountryCodeError, FORECAST_BASE_URL, Form, GEOCODING_BASE_URL, Units,
    forecast_url, geocoding_url,
};
pub use schedule::Schedule;
pub use wmo::WeatherCode;

/// The credit that open-meteo's licence (CC BY 4.0) asks for wherever its data is shown.
pub const ATTRIBUTION: &str = "Weather data by Open-Meteo.com (CC BY 4.0)";

#[cfg(test)]
mod tests;
