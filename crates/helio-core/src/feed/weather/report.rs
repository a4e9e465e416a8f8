//! An observation as people read it.

use super::ATTRIBUTION;
use super::observation::{Observation, PrecipitationUnit, Quantity, Unit};
use super::place::{Coordinates, decimal};
use super::record::Record;
use crate::time::{Utc, human};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// An observation together with what was asked for; everything that is printed or sent is made from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The point that was asked for.
    pub asked: Coordinates,
    /// The place's name when it was asked for by name.
    pub place: Option<String>,
    /// The answer.
    pub observation: Observation,
}

impl Report {
    /// One line without its end: place, temperature, weather, wind, time. The attribution is not in it.
    #[must_use]
    pub fn line(&self) -> String {
        let o = &self.observation;
        let code = o.code.map(|code| code.to_string());
        let parts = [Some(shown(o.temperature)), code, wind(o), Some(minute(o.time))];
        let place = self.place.clone().unwrap_or_else(|| self.asked.to_string());
        format!("{place}: {}", joined(parts))
    }

    /// The line that is sent as text: [`Report::line`], the attribution and a line end.
    #[must_use]
    pub fn text_line(&self) -> String {
        format!("{}. {ATTRIBUTION}\n", self.line())
    }

    /// The line that is sent as JSON (`spec/weather.md`), with its line end.
    #[must_use]
    pub fn json_line(&self) -> String {
        // Serialising plain numbers and texts into memory cannot fail.
        let mut line = serde_json::to_string(&self.record()).unwrap_or_default();
        line.push('\n');
        line
    }

    /// The values under the keys of `spec/weather.md`, for a driver that adds keys of its own.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        Record::new(self)
    }

    /// Several lines for a terminal, without the last line end. The grid cell is named when it is another point than the
    /// one that was asked for. The attribution is not in it.
    #[must_use]
    pub fn block(&self) -> String {
        let o = &self.observation;
        let heading = match &self.place {
            Some(place) => format!("{place} ({})", self.asked),
            None => self.asked.to_string(),
        };
        let felt = o.apparent_temperature.map(|felt| format!("feels like {}", shown(felt)));
        let code = o.code.map(|code| code.to_string());
        let humidity = o.relative_humidity_percent.map(|percent| format!("humidity {} %", decimal(percent, 1)));
        let day = o.is_day.map(|day| if day { "day" } else { "night" }.to_string());
        let lines = [
            joined([Some(shown(o.temperature)), felt, code]),
            joined([wind(o)]),
            joined([humidity, precipitation(o)]),
            joined([Some(minute(o.time)), day]),
            joined([self.other_grid()]),
            joined([o.elevation_m.map(|m| format!("{} m above sea level", decimal(m, 1)))]),
        ];
        let mut block = heading;
        for line in lines.iter().filter(|line| !line.is_empty()) {
            block.push_str("\n  ");
            block.push_str(line);
        }
        block
    }

    /// Compared as shown: single precision on the way makes 51.47 into 51.469997.
    fn other_grid(&self) -> Option<String> {
        let grid = self.observation.grid?.to_string();
        (grid != self.asked.to_string()).then(|| format!("values of the grid cell at {grid}"))
    }
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn shown<U: Unit>(quantity: Quantity<U>) -> String {
    // Adding 0 after rounding would be too late: -0.04 is shown as 0.0, not as -0.0.
    let value = if libm::fabs(quantity.value) < 0.05 { 0.0 } else { quantity.value };
    format!("{value:.1} {}", quantity.unit.symbol())
}

fn wind(o: &Observation) -> Option<String> {
    let from = o.wind_direction_deg.map(|degrees| format!("from {} ({degrees:.0}°)", compass_point(degrees)));
    match (o.wind_speed, from) {
        (Some(speed), Some(from)) => Some(format!("wind {} {from}", shown(speed))),
        (Some(speed), None) => Some(format!("wind {}", shown(speed))),
        (None, Some(from)) => Some(format!("wind {from}")),
        (None, None) => None,
    }
}

fn precipitation(o: &Observation) -> Option<String> {
    let Quantity::<PrecipitationUnit> { value, unit } = o.precipitation?;
    let span = o.interval.map(|interval| format!(" in {}", whole_minutes(interval))).unwrap_or_default();
    Some(format!("precipitation {} {}{span}", decimal(value, 3), unit.symbol()))
}

fn whole_minutes(interval: Duration) -> String {
    match interval.as_secs() {
        secs if secs % 60 == 0 => format!("{} min", secs / 60),
        _ => human(interval),
    }
}

/// `2026-11-22 11:15 UTC`: the service's values have no seconds.
fn minute(time: Utc) -> String {
    let text = time.rfc3339();
    match text.split_once('T') {
        Some((date, clock)) => format!("{date} {} UTC", clock.get(..5).unwrap_or(clock)),
        None => text,
    }
}

/// The nearest of the sixteen points of the compass.
fn compass_point(degrees: f64) -> &'static str {
    const POINTS: [&str; 16] =
        ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"];
    POINTS[libm::floor(degrees / 22.5 + 0.5) as usize % POINTS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_compass_point_is_the_middle_of_its_sector() {
        let cases =
            [(0.0, "N"), (11.24, "N"), (11.25, "NNE"), (90.0, "E"), (240.0, "WSW"), (348.74, "NNW"), (360.0, "N")];
        for (degrees, point) in cases {
            assert_eq!(compass_point(degrees), point, "{degrees}");
        }
    }
}
