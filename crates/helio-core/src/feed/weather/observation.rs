//! What is known about the weather at one place and one moment.

use super::place::Coordinates;
use super::request::Units;
use super::wmo::WeatherCode;
use crate::time::Utc;
use core::time::Duration;

/// Current weather as the service gave it. What it left out is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Centre of the model's grid cell: what the values speak of. Seldom exactly the point that was asked for.
    pub grid: Option<Coordinates>,
    /// Height above sea level that the values were adjusted to, metres.
    pub elevation_m: Option<f64>,
    /// The moment of the values.
    pub time: Utc,
    /// How long until there are new values (15 minutes is usual), and how far sums such as precipitation reach back.
    pub interval: Option<Duration>,
    /// Air temperature 2 m above the ground.
    pub temperature: Quantity<TemperatureUnit>,
    /// What it feels like with wind, humidity and sun.
    pub apparent_temperature: Option<Quantity<TemperatureUnit>>,
    /// Relative humidity 2 m above the ground, percent.
    pub relative_humidity_percent: Option<f64>,
    /// Rain, showers and snow as water, over the interval.
    pub precipitation: Option<Quantity<PrecipitationUnit>>,
    /// The weather as a WMO code.
    pub code: Option<WeatherCode>,
    /// Wind speed 10 m above the ground.
    pub wind_speed: Option<Quantity<SpeedUnit>>,
    /// Where the wind comes from, 0 to 360 degrees clockwise from north.
    pub wind_direction_deg: Option<f64>,
    /// Whether the sun is up.
    pub is_day: Option<bool>,
}

/// A number and the unit it is in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity<U> {
    /// The number, finite and at most [`WEATHER_VALUE`](crate::limits::WEATHER_VALUE) in magnitude.
    pub value: f64,
    /// Its unit.
    pub unit: U,
}

/// Units of temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemperatureUnit {
    /// °C
    Celsius,
    /// °F
    Fahrenheit,
}

/// Units of wind speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeedUnit {
    /// km/h
    KilometresPerHour,
    /// mph
    MilesPerHour,
    /// m/s
    MetresPerSecond,
    /// kn
    Knots,
}

/// Units of precipitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrecipitationUnit {
    /// mm
    Millimetres,
    /// inch
    Inches,
}

/// A unit as the service writes it, as people read it, and as it was asked for.
pub(super) trait Unit: Copy + 'static {
    /// Every unit with each way in which a service writes it.
    const NAMES: &'static [(&'static str, Self)];
    /// How it is shown after a number.
    fn symbol(self) -> &'static str;
    /// What a request in `units` asks for: the unit of an answer that names none.
    fn asked(units: Units) -> Self;
    /// The unit that `name` stands for.
    fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit)
    }
}

impl Unit for TemperatureUnit {
    const NAMES: &'static [(&'static str, Self)] = &[("°C", Self::Celsius), ("°F", Self::Fahrenheit)];

    fn symbol(self) -> &'static str {
        match self {
            Self::Celsius => "°C",
            Self::Fahrenheit => "°F",
        }
    }

    fn asked(units: Units) -> Self {
        match units {
            Units::Metric => Self::Celsius,
            Units::Imperial => Self::Fahrenheit,
        }
    }
}

impl Unit for SpeedUnit {
    // open-meteo writes miles per hour as "mp/h".
    const NAMES: &'static [(&'static str, Self)] = &[
        ("km/h", Self::KilometresPerHour),
        ("mp/h", Self::MilesPerHour),
        ("mph", Self::MilesPerHour),
        ("m/s", Self::MetresPerSecond),
        ("kn", Self::Knots),
    ];

    fn symbol(self) -> &'static str {
        match self {
            Self::KilometresPerHour => "km/h",
            Self::MilesPerHour => "mph",
            Self::MetresPerSecond => "m/s",
            Self::Knots => "kn",
        }
    }

    fn asked(units: Units) -> Self {
        match units {
            Units::Metric => Self::KilometresPerHour,
            Units::Imperial => Self::MilesPerHour,
        }
    }
}

impl Unit for PrecipitationUnit {
    const NAMES: &'static [(&'static str, Self)] = &[("mm", Self::Millimetres), ("inch", Self::Inches)];

    fn symbol(self) -> &'static str {
        match self {
            Self::Millimetres => "mm",
            Self::Inches => "inch",
        }
    }

    fn asked(units: Units) -> Self {
        match units {
            Units::Metric => Self::Millimetres,
            Units::Imperial => Self::Inches,
        }
    }
}
