//! An observation as programs read it: the object of `spec/weather.md`.

use super::ATTRIBUTION;
use super::observation::{PrecipitationUnit, Quantity, SpeedUnit, TemperatureUnit};
use super::report::Report;
use alloc::string::{String, ToString};
use serde::Serialize;

// spec: begin
/// The keys and values of one observation, in the order in which they are written. A key's unit is its end.
#[derive(Clone, Debug, Serialize)]
pub struct Record<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    asked_latitude_deg: f64,
    asked_longitude_deg: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    latitude_deg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longitude_deg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elevation_m: Option<f64>,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature_c: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature_f: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apparent_temperature_c: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apparent_temperature_f: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relative_humidity_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    precipitation_mm: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    precipitation_inch: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weather_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weather: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wind_speed_kmh: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wind_speed_mph: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wind_speed_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wind_speed_kn: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wind_direction_deg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_day: Option<bool>,
    attribution: &'static str,
}
// spec: end

impl<'a> Record<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let o = &report.observation;
        let felt = o.apparent_temperature;
        Self {
            place: report.place.as_deref(),
            asked_latitude_deg: report.asked.latitude(),
            asked_longitude_deg: report.asked.longitude(),
            latitude_deg: o.grid.map(|grid| grid.latitude()),
            longitude_deg: o.grid.map(|grid| grid.longitude()),
            elevation_m: o.elevation_m,
            time: whole_seconds(&o.time.rfc3339()),
            interval_s: o.interval.map(|interval| interval.as_secs()),
            temperature_c: value_in(Some(o.temperature), TemperatureUnit::Celsius),
            temperature_f: value_in(Some(o.temperature), TemperatureUnit::Fahrenheit),
            apparent_temperature_c: value_in(felt, TemperatureUnit::Celsius),
            apparent_temperature_f: value_in(felt, TemperatureUnit::Fahrenheit),
            relative_humidity_percent: o.relative_humidity_percent,
            precipitation_mm: value_in(o.precipitation, PrecipitationUnit::Millimetres),
            precipitation_inch: value_in(o.precipitation, PrecipitationUnit::Inches),
            weather_code: o.code.map(|code| code.0),
            weather: o.code.and_then(|code| code.text()),
            wind_speed_kmh: value_in(o.wind_speed, SpeedUnit::KilometresPerHour),
            wind_speed_mph: value_in(o.wind_speed, SpeedUnit::MilesPerHour),
            wind_speed_ms: value_in(o.wind_speed, SpeedUnit::MetresPerSecond),
            wind_speed_kn: value_in(o.wind_speed, SpeedUnit::Knots),
            wind_direction_deg: o.wind_direction_deg,
            is_day: o.is_day,
            attribution: ATTRIBUTION,
        }
    }
}

/// The value when it is in this unit; nothing is converted.
fn value_in<U: PartialEq>(quantity: Option<Quantity<U>>, unit: U) -> Option<f64> {
    quantity.filter(|quantity| quantity.unit == unit).map(|quantity| quantity.value)
}

/// The service's times have no fraction; writing one would claim a precision that is not there.
fn whole_seconds(rfc3339: &str) -> String {
    rfc3339.split_once('.').map_or_else(|| rfc3339.to_string(), |(whole, _)| alloc::format!("{whole}Z"))
}
