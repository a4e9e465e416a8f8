//! What an answer becomes, from the service's bytes to the lines that are shown and sent.

use super::*;
use crate::limits;
use crate::time::Utc;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use proptest::prelude::*;

const CURRENT: &str = include_str!("fixtures/current.json");
const CURRENT_IMPERIAL: &str = include_str!("fixtures/current_imperial.json");
const CURRENT_WEATHER: &str = include_str!("fixtures/current_weather.json");
const CURRENT_WEATHER_2022: &str = include_str!("fixtures/current_weather_2022.json");

fn parse(body: &str) -> Result<Observation, AnswerError> {
    parse_forecast(body.as_bytes(), Units::Metric)
}

fn error(body: &str) -> String {
    parse(body).unwrap_err().to_string()
}

fn report(body: &str, place: Option<&str>) -> Report {
    let asked = Coordinates::new(51.47, 0.0363).unwrap();
    Report { asked, place: place.map(String::from), observation: parse(body).unwrap() }
}

/// The least that is an answer, with `fields` put into the block.
fn answer_with(fields: &str) -> String {
    format!(r#"{{"current":{{"time":"2026-11-22T11:15","temperature_2m":1{fields}}}}}"#)
}

#[test]
fn both_forms_mean_the_same() {
    let (newer, older) = (parse(CURRENT).unwrap(), parse(CURRENT_WEATHER).unwrap());
    assert_eq!(newer.temperature, older.temperature);
    assert_eq!(newer.wind_speed, older.wind_speed);
    assert_eq!(newer.wind_direction_deg, older.wind_direction_deg);
    assert_eq!((newer.time, newer.grid, newer.is_day), (older.time, older.grid, older.is_day));
    assert_eq!(older.interval, Some(Duration::from_mins(15)));
    assert_eq!(older.code, Some(WeatherCode(3)));
    assert_eq!(older.time, Utc::from_micros(1_795_346_100_000_000));
    assert_eq!(older.apparent_temperature, None);
}

#[test]
fn an_answer_without_units_is_in_those_that_were_asked_for() {
    let unit = |asked| parse_forecast(CURRENT_WEATHER_2022.as_bytes(), asked).unwrap().temperature.unit;
    assert_eq!(unit(Units::Metric), TemperatureUnit::Celsius);
    assert_eq!(unit(Units::Imperial), TemperatureUnit::Fahrenheit);
    let asked_wrongly = parse_forecast(CURRENT_IMPERIAL.as_bytes(), Units::Metric).unwrap();
    assert_eq!(asked_wrongly.temperature.unit, TemperatureUnit::Fahrenheit, "the answer's own units win");
}

#[test]
fn time_and_temperature_are_enough() {
    let least = parse(&answer_with("")).unwrap();
    assert_eq!((least.grid, least.interval, least.code, least.wind_speed), (None, None, None, None));
    let nulls = answer_with(r#","weather_code":null,"wind_speed_10m":null,"is_day":null,"unheard_of":[1]"#);
    assert_eq!(parse(&nulls).unwrap(), least);
}

#[test]
fn times_are_read_in_the_answers_zone_or_as_unix_time() {
    let time = |offset: i64, time: &str| {
        let body = format!(r#"{{"utc_offset_seconds":{offset},"current":{{"time":{time},"temperature_2m":1}}}}"#);
        parse(&body).map(|o| o.time.rfc3339()).map_err(|e| e.to_string())
    };
    assert_eq!(time(0, r#""2026-11-22T11:15""#).unwrap(), "2026-11-22T11:15:00.000000Z");
    assert_eq!(time(3600, r#""2026-11-22T11:15""#).unwrap(), "2026-11-22T10:15:00.000000Z");
    assert_eq!(time(3600, "1795346100").unwrap(), "2026-11-22T11:15:00.000000Z");
    insta::assert_snapshot!(time(0, r#""noon""#).unwrap_err(), @"answer has noon as `time`, expected a time such as 2026-11-22T11:15");
    insta::assert_snapshot!(time(0, "9223372036854775807").unwrap_err(), @"answer has 9223372036854775807 as `time`, expected seconds since 1970");
    insta::assert_snapshot!(time(i64::MAX, r#""2026-11-22T11:15""#).unwrap_err(), @"answer has 9223372036854775807 as `utc_offset_seconds`, expected at most a day");
    insta::assert_snapshot!(time(-90_000, r#""9999-12-31T23:59""#).unwrap_err(), @"answer has 9999-12-31T23:59 as `time`, expected a time such as 2026-11-22T11:15");
}

#[test]
fn what_is_no_answer_is_named() {
    insta::assert_snapshot!(error(""), @"answer is empty; try again, or check the base URL");
    insta::assert_snapshot!(error("\n<!doctype html><title>Log in</title>"), @"answer is a web page, not weather data: a log-in page of this network or a proxy stands in the way; open any page in a browser, or check the base URL");
    insta::assert_snapshot!(error(&CURRENT[..100]), @"answer ends in the middle, after 100 bytes; try again");
    insta::assert_snapshot!(error("It works!"), @"answer is not JSON: expected value at line 1 column 1; check the base URL");
    insta::assert_snapshot!(error("[]"), @"answer has an unexpected shape: a list, expected an object; check the base URL");
    insta::assert_snapshot!(error("{}"), @"answer has no `current`; check the base URL");
    insta::assert_snapshot!(error(r#"{"current":{"temperature_2m":1}}"#), @"answer has no `time`; check the base URL");
    insta::assert_snapshot!(error(r#"{"current":{"time":"2026-11-22T11:15"}}"#), @"answer has no `temperature`; check the base URL");
    insta::assert_snapshot!(error(r#"{"error":true,"reason":"no\u001b[2J"}"#), @r"the service reports an error: no\u{1b}[2J");
}

#[test]
fn values_that_cannot_be_are_named() {
    let with = |fields: &str| error(&answer_with(fields));
    insta::assert_snapshot!(with(r#","weather_code":-1"#), @"answer has -1 as `weather_code`, expected a whole number from 0 to 65535");
    insta::assert_snapshot!(with(r#","weather_code":1.5"#), @"answer has 1.5 as `weather_code`, expected a whole number from 0 to 65535");
    insta::assert_snapshot!(with(r#","is_day":2"#), @"answer has 2 as `is_day`, expected 0 or 1");
    insta::assert_snapshot!(with(r#","wind_direction_10m":361"#), @"answer has 361 as `wind_direction`, expected 0 to 360 degrees");
    insta::assert_snapshot!(with(r#","wind_speed_10m":1e7"#), @"answer has 10000000 as `wind_speed`, expected a number that weather can have");
    insta::assert_snapshot!(with(r#","interval":-900"#), @"answer has -900 as `interval`, expected seconds");
    insta::assert_snapshot!(with(r#","wind_speed_10m":"strong""#), @r#"answer has an unexpected shape: invalid type: string "strong", expected f64 at line 1 column 82; check the base URL"#);
    let body = r#"{"latitude":99,"longitude":0,"current":{"time":"2026-11-22T11:15","temperature_2m":1}}"#;
    insta::assert_snapshot!(error(body), @"answer has 99, 0 as `latitude, longitude`, expected a point on the earth");
}

/// A temperature in an unknown unit is no temperature; another value is left out and the rest is still of use.
#[test]
fn unknown_units_are_never_guessed() {
    let body = CURRENT.replace("km/h", "Bft");
    assert_eq!(parse(&body).unwrap().wind_speed, None);
    insta::assert_snapshot!(error(&CURRENT.replace(r#"temperature_2m":"°C""#, r#"temperature_2m":"K""#)), @"answer has K as `temperature unit`, expected °C or °F");
}

#[test]
fn a_block_for_people() {
    insta::assert_snapshot!(report(CURRENT, None).block(), @"
    51.47, 0.0363
      12.3 °C, feels like 10.1 °C, slight rain
      wind 14.8 km/h from WSW (240°)
      humidity 81 %, precipitation 0.2 mm in 15 min
      2026-11-22 11:15 UTC, day
      values of the grid cell at 51.48, 0.04
      5 m above sea level
    ");
    insta::assert_snapshot!(report(CURRENT_IMPERIAL, Some("Greenwich, England, United Kingdom")).block(), @"
    Greenwich, England, United Kingdom (51.47, 0.0363)
      54.1 °F, feels like 50.2 °F, weather code 42
      wind 9.2 mph from WSW (240°)
      humidity 81 %, precipitation 0.008 inch in 15 min
      2026-11-22 11:15 UTC, night
      values of the grid cell at 51.48, 0.04
      5 m above sea level
    ");
    insta::assert_snapshot!(report(CURRENT_WEATHER_2022, None).block(), @"
    51.47, 0.0363
      12.3 °C, overcast
      wind 14.8 km/h from WSW (240°)
      2022-11-22 11:00 UTC
      values of the grid cell at 51.48, 0.04
      5 m above sea level
    ");
    insta::assert_snapshot!(report(&answer_with(""), None).block(), @"
    51.47, 0.0363
      1.0 °C
      2026-11-22 11:15 UTC
    ");
}

#[test]
fn the_grid_cell_is_named_only_when_it_is_another_point() {
    let same = CURRENT.replace("51.48", "51.469997").replace("0.03999996", "0.0363");
    assert!(report(CURRENT, None).block().contains("grid cell at 51.48, 0.04"));
    assert!(!report(&same, None).block().contains("grid cell"));
}

#[test]
fn a_line_for_people() {
    insta::assert_snapshot!(report(CURRENT, None).text_line(), @"51.47, 0.0363: 12.3 °C, slight rain, wind 14.8 km/h from WSW (240°), 2026-11-22 11:15 UTC. Weather data by Open-Meteo.com (CC BY 4.0)");
    insta::assert_snapshot!(report(CURRENT_IMPERIAL, Some("Greenwich")).line(), @"Greenwich: 54.1 °F, weather code 42, wind 9.2 mph from WSW (240°), 2026-11-22 11:15 UTC");
    insta::assert_snapshot!(report(&answer_with(""), None).line(), @"51.47, 0.0363: 1.0 °C, 2026-11-22 11:15 UTC");
    assert!(report(&answer_with("").replace("m\":1", "m\":-0.04"), None).line().contains(": 0.0 °C"));
}

#[test]
fn a_line_for_programs() {
    insta::assert_snapshot!(report(CURRENT, None).json_line(), @r#"{"asked_latitude_deg":51.47,"asked_longitude_deg":0.0363,"latitude_deg":51.48,"longitude_deg":0.03999996,"elevation_m":5.0,"time":"2026-11-22T11:15:00Z","interval_s":900,"temperature_c":12.3,"apparent_temperature_c":10.1,"relative_humidity_percent":81.0,"precipitation_mm":0.2,"weather_code":61,"weather":"slight rain","wind_speed_kmh":14.8,"wind_direction_deg":240.0,"is_day":true,"attribution":"Weather data by Open-Meteo.com (CC BY 4.0)"}"#);
    insta::assert_snapshot!(report(CURRENT_IMPERIAL, Some("Greenwich")).json_line(), @r#"{"place":"Greenwich","asked_latitude_deg":51.47,"asked_longitude_deg":0.0363,"latitude_deg":51.48,"longitude_deg":0.03999996,"elevation_m":5.0,"time":"2026-11-22T11:15:00Z","interval_s":900,"temperature_f":54.1,"apparent_temperature_f":50.2,"relative_humidity_percent":81.0,"precipitation_inch":0.008,"weather_code":42,"wind_speed_mph":9.2,"wind_direction_deg":240.0,"is_day":false,"attribution":"Weather data by Open-Meteo.com (CC BY 4.0)"}"#);
    insta::assert_snapshot!(report(&answer_with(""), None).json_line(), @r#"{"asked_latitude_deg":51.47,"asked_longitude_deg":0.0363,"time":"2026-11-22T11:15:00Z","temperature_c":1.0,"attribution":"Weather data by Open-Meteo.com (CC BY 4.0)"}"#);
}

/// `spec/weather.md`, "Framing": the longest line that the bounds of its parts allow.
#[test]
fn no_line_is_longer_than_its_bound() {
    let name = "\u{202e}".repeat(10_000);
    let body = format!(
        r#"{{"results":[{{"name":"{name}","latitude":-51.123456789012345,"longitude":-100.12345678901234,
            "admin1":"1{name}","country":"2{name}"}}]}}"#
    );
    let place = parse_geocoding(body.as_bytes()).unwrap().remove(0);
    let mut longest = report(CURRENT, Some(&place.label()));
    longest.asked = place.at;
    for line in [longest.json_line(), longest.text_line()] {
        assert!((1000..=limits::WEATHER_LINE).contains(&line.len()), "{}", line.len());
    }
}

/// The fixtures end in a line end; every shorter prefix lacks the closing brace.
#[test]
fn every_cut_of_a_good_answer_is_told_as_one() {
    for body in [CURRENT, CURRENT_IMPERIAL, CURRENT_WEATHER, CURRENT_WEATHER_2022] {
        for cut in 1..body.len() - 1 {
            let told = parse_forecast(&body.as_bytes()[..cut], Units::Metric);
            assert_eq!(told, Err(AnswerError::Cut(cut)));
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered_without_a_panic(bytes: Vec<u8>) {
        let _ = parse_forecast(&bytes, Units::Metric);
        let _ = parse_refusal(&bytes);
    }

    /// One changed byte may make another good answer or an error, never a panic nor a line that breaks its frame.
    #[test]
    fn a_damaged_answer_gives_an_error_or_one_clean_line(at in 0..CURRENT.len(), byte: u8) {
        let mut body = CURRENT.as_bytes().to_vec();
        body[at] = byte;
        if let Ok(observation) = parse_forecast(&body, Units::Metric) {
            let asked = Coordinates::new(0.0, 0.0).unwrap();
            let report = Report { asked, place: None, observation };
            for line in [report.json_line(), report.text_line()] {
                prop_assert!(line.ends_with('\n') && line.matches(['\n', '\r', '\0']).count() == 1);
                prop_assert!(line.len() <= limits::WEATHER_LINE);
            }
        }
    }

    /// The values that go in as JSON come out as JSON.
    #[test]
    fn values_survive_the_way_from_answer_to_line(
        tenths in -900..600, wind_tenths in 0..4000, degrees in 0..=360, code: u16, day: bool,
    ) {
        let (temperature, wind) = (f64::from(tenths) / 10.0, f64::from(wind_tenths) / 10.0);
        let body = answer_with(&format!(
            r#","wind_speed_10m":{wind},"wind_direction_10m":{degrees},"weather_code":{code},"is_day":{}"#,
            u8::from(day)
        )).replace("temperature_2m\":1,", &format!("temperature_2m\":{temperature},"));
        let line = report(&body, None).json_line();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        prop_assert_eq!(value["temperature_c"].as_f64(), Some(temperature));
        prop_assert_eq!(value["wind_speed_kmh"].as_f64(), Some(wind));
        prop_assert_eq!(value["wind_direction_deg"].as_f64(), Some(f64::from(degrees)));
        prop_assert_eq!(value["weather_code"].as_u64(), Some(u64::from(code)));
        prop_assert_eq!(value["is_day"].as_bool(), Some(day));
    }
}
