//! Reading the answer of the forecast service, in either form.

use super::observation::{Observation, Quantity, Unit};
use super::place::Coordinates;
use super::request::Units;
use super::wmo::WeatherCode;
use crate::limits;
use crate::printable::printable;
use crate::time::Utc;
use alloc::string::{String, ToString};
use core::time::Duration;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Why an answer is of no use. The service, or something between it and us, is at fault in all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// No byte at all.
    #[error("answer is empty; try again, or check the base URL")]
    Empty,
    /// A page for people instead of data.
    #[error(
        "answer is a web page, not weather data: a log-in page of this network or a proxy stands in the way; \
         open any page in a browser, or check the base URL"
    )]
    WebPage,
    /// The text ends in the middle.
    #[error("answer ends in the middle, after {0} bytes; try again")]
    Cut(usize),
    /// Not JSON.
    #[error("answer is not JSON: {0}; check the base URL")]
    NotJson(String),
    /// JSON of another shape.
    #[error("answer has an unexpected shape: {0}; check the base URL")]
    Shape(String),
    /// Something that every answer must have is not there.
    #[error("answer has no `{0}`; check the base URL")]
    Missing(&'static str),
    /// A value that its key cannot have.
    #[error("answer has {value} as `{key}`, expected {expected}")]
    Value {
        /// The key in the answer.
        key: &'static str,
        /// The value in the answer, made safe to show.
        value: String,
        /// What values are possible.
        expected: &'static str,
    },
    /// The service says that it failed, although the HTTP status says otherwise.
    #[error("the service reports an error: {0}")]
    Reported(String),
}

/// Reads the answer to [`forecast_url`](super::forecast_url): the block `current` or, if there is none,
/// `current_weather`. Only the time and the temperature must be there. Units come from the answer; when it names none,
/// as older ones do, they are those of `asked`. An optional value in an unknown unit is left out.
///
/// # Errors
/// See [`AnswerError`].
pub fn parse_forecast(body: &[u8], asked: Units) -> Result<Observation, AnswerError> {
    let raw: RawForecast = parse_json(body)?;
    if raw.error == Some(true) {
        return Err(AnswerError::Reported(reason_text(raw.reason.as_deref())));
    }
    let (current, units) = match (raw.current, raw.current_weather) {
        (Some(current), _) => (current, raw.current_units),
        (None, Some(current)) => (current, raw.current_weather_units),
        (None, None) => return Err(AnswerError::Missing("current")),
    };
    let units = units.unwrap_or_default();
    let temperature = checked("temperature", current.temperature)?.ok_or(AnswerError::Missing("temperature"))?;
    let time = current.time.ok_or(AnswerError::Missing("time"))?;
    Ok(Observation {
        grid: grid(raw.latitude, raw.longitude)?,
        elevation_m: checked("elevation", raw.elevation)?,
        time: parse_time(&time, raw.utc_offset_seconds.unwrap_or(0))?,
        interval: interval(current.interval)?,
        temperature: quantity(temperature, units.temperature.as_deref(), asked)
            .ok_or_else(|| wrong("temperature unit", &units.temperature.unwrap_or_default(), "°C or °F"))?,
        apparent_temperature: checked("apparent_temperature", current.apparent_temperature)?
            .and_then(|value| quantity(value, units.apparent_temperature.as_deref(), asked)),
        relative_humidity_percent: checked("relative_humidity_2m", current.relative_humidity)?,
        precipitation: checked("precipitation", current.precipitation)?
            .and_then(|value| quantity(value, units.precipitation.as_deref(), asked)),
        code: current.weather_code.map(weather_code).transpose()?,
        wind_speed: checked("wind_speed", current.wind_speed)?
            .and_then(|value| quantity(value, units.wind_speed.as_deref(), asked)),
        wind_direction_deg: wind_direction(current.wind_direction)?,
        is_day: current.is_day.map(is_day).transpose()?,
    })
}

/// JSON into `T`, or what the bytes are instead.
pub(super) fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, AnswerError> {
    let text = body.trim_ascii_start();
    if text.is_empty() {
        return Err(AnswerError::Empty);
    }
    if text.starts_with(b"<") {
        return Err(AnswerError::WebPage);
    }
    if text.starts_with(b"[") {
        // Serde would read a list as the fields of a struct in their order.
        return Err(AnswerError::Shape("a list, expected an object".to_string()));
    }
    let is_cut = text.starts_with(b"{") && !text.trim_ascii_end().ends_with(b"}");
    serde_json::from_slice(body).map_err(|error| {
        let detail = printable(error.to_string().as_bytes(), limits::SHOWN_CHARS);
        match error.classify() {
            serde_json::error::Category::Eof => AnswerError::Cut(body.len()),
            // A cut inside a number is told as a wrong number.
            serde_json::error::Category::Syntax if is_cut => AnswerError::Cut(body.len()),
            serde_json::error::Category::Data => AnswerError::Shape(detail),
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => AnswerError::NotJson(detail),
        }
    })
}

/// The reason in an error answer, made safe to show.
pub(super) fn reason_text(reason: Option<&str>) -> String {
    printable(reason.unwrap_or("no reason given").as_bytes(), limits::SHOWN_CHARS)
}

/// An answer of either form; the keys of a block are those of both forms.
#[derive(Deserialize)]
struct RawForecast {
    error: Option<bool>,
    reason: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    elevation: Option<f64>,
    utc_offset_seconds: Option<i64>,
    current: Option<RawCurrent>,
    current_units: Option<RawUnits>,
    current_weather: Option<RawCurrent>,
    current_weather_units: Option<RawUnits>,
}

#[derive(Deserialize)]
struct RawCurrent {
    time: Option<RawTime>,
    interval: Option<f64>,
    #[serde(alias = "temperature_2m")]
    temperature: Option<f64>,
    apparent_temperature: Option<f64>,
    #[serde(rename = "relative_humidity_2m")]
    relative_humidity: Option<f64>,
    precipitation: Option<f64>,
    #[serde(alias = "weathercode")]
    weather_code: Option<f64>,
    #[serde(alias = "wind_speed_10m", alias = "windspeed")]
    wind_speed: Option<f64>,
    #[serde(alias = "wind_direction_10m", alias = "winddirection")]
    wind_direction: Option<f64>,
    is_day: Option<f64>,
}

#[derive(Default, Deserialize)]
struct RawUnits {
    #[serde(alias = "temperature_2m")]
    temperature: Option<String>,
    apparent_temperature: Option<String>,
    precipitation: Option<String>,
    #[serde(alias = "wind_speed_10m", alias = "windspeed")]
    wind_speed: Option<String>,
}

/// Civil time of the answer's time zone, or with `timeformat=unixtime` seconds since the epoch.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawTime {
    Unix(i64),
    Civil(String),
}

fn wrong(key: &'static str, value: &str, expected: &'static str) -> AnswerError {
    AnswerError::Value { key, value: printable(value.as_bytes(), limits::SHOWN_CHARS), expected }
}

/// The number, within its bound; -0 becomes 0.
fn checked(key: &'static str, value: Option<f64>) -> Result<Option<f64>, AnswerError> {
    match value {
        Some(v) if !(-limits::WEATHER_VALUE..=limits::WEATHER_VALUE).contains(&v) => {
            Err(wrong(key, &v.to_string(), "a number that weather can have"))
        }
        other => Ok(other.map(|v| v + 0.0)),
    }
}

/// `None` when the unit is not known.
fn quantity<U: Unit>(value: f64, unit_name: Option<&str>, asked: Units) -> Option<Quantity<U>> {
    let unit = match unit_name {
        Some(name) => U::from_name(name)?,
        None => U::asked(asked),
    };
    Some(Quantity { value, unit })
}

fn grid(latitude: Option<f64>, longitude: Option<f64>) -> Result<Option<Coordinates>, AnswerError> {
    let (Some(latitude), Some(longitude)) = (latitude, longitude) else { return Ok(None) };
    Coordinates::new(latitude, longitude)
        .map(Some)
        .map_err(|_| wrong("latitude, longitude", &alloc::format!("{latitude}, {longitude}"), "a point on the earth"))
}

fn parse_time(time: &RawTime, utc_offset_seconds: i64) -> Result<Utc, AnswerError> {
    const EXPECTED: &str = "a time such as 2026-11-22T11:15";
    let seconds = match time {
        RawTime::Unix(seconds) => jiff::Timestamp::from_second(*seconds)
            .map_err(|_| wrong("time", &seconds.to_string(), "seconds since 1970"))?
            .as_second(),
        RawTime::Civil(text) => {
            let civil: jiff::civil::DateTime = text.parse().map_err(|_| wrong("time", text, EXPECTED))?;
            let offset = i32::try_from(utc_offset_seconds)
                .ok()
                .and_then(|offset| jiff::tz::Offset::from_seconds(offset).ok())
                .ok_or_else(|| wrong("utc_offset_seconds", &utc_offset_seconds.to_string(), "at most a day"))?;
            offset.to_timestamp(civil).map_err(|_| wrong("time", text, EXPECTED))?.as_second()
        }
    };
    // A Timestamp lies within the years -9999 to 9999, whose microseconds fit.
    Ok(Utc::from_micros(seconds.saturating_mul(1_000_000)))
}

fn interval(seconds: Option<f64>) -> Result<Option<Duration>, AnswerError> {
    match checked("interval", seconds)? {
        Some(s) if s < 0.0 => Err(wrong("interval", &s.to_string(), "seconds")),
        Some(s) => Ok(Some(Duration::from_secs(s as u64))),
        None => Ok(None),
    }
}

fn weather_code(code: f64) -> Result<WeatherCode, AnswerError> {
    if (0.0..=f64::from(u16::MAX)).contains(&code) && libm::floor(code) == code {
        Ok(WeatherCode(code as u16))
    } else {
        Err(wrong("weather_code", &code.to_string(), "a whole number from 0 to 65535"))
    }
}

fn wind_direction(degrees: Option<f64>) -> Result<Option<f64>, AnswerError> {
    match degrees {
        Some(d) if !(0.0..=360.0).contains(&d) => Err(wrong("wind_direction", &d.to_string(), "0 to 360 degrees")),
        other => Ok(other.map(|d| d + 0.0)),
    }
}

fn is_day(value: f64) -> Result<bool, AnswerError> {
    match value {
        0.0 => Ok(false),
        1.0 => Ok(true),
        other => Err(wrong("is_day", &other.to_string(), "0 or 1")),
    }
}
