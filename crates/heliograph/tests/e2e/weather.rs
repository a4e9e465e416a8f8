//! `helio weather` against a stub of the weather services and against plain sockets.

mod failures;
mod sending;

use crate::support::http_stub::{HttpStub, Step, answer};
use crate::support::{Finished, finish, helio};
use std::process::Command;

/// Synthetic answers in the services' shape; see the README beside them.
const CURRENT: &str = include_str!("../../../helio-core/src/feed/weather/fixtures/current.json");
const CURRENT_WEATHER: &str = include_str!("../../../helio-core/src/feed/weather/fixtures/current_weather.json");
const CURRENT_IMPERIAL: &str = include_str!("../../../helio-core/src/feed/weather/fixtures/current_imperial.json");
const GEOCODING: &str = include_str!("../../../helio-core/src/feed/weather/fixtures/geocoding.json");

const CURRENT_JSON_LINE: &str = concat!(
    r#"{"asked_latitude_deg":51.47,"asked_longitude_deg":0.0363,"latitude_deg":51.48,"longitude_deg":0.03999996,"#,
    r#""elevation_m":5.0,"time":"2026-11-22T11:15:00Z","interval_s":900,"temperature_c":12.3,"#,
    r#""apparent_temperature_c":10.1,"relative_humidity_percent":81.0,"precipitation_mm":0.2,"weather_code":61,"#,
    r#""weather":"slight rain","wind_speed_kmh":14.8,"wind_direction_deg":240.0,"is_day":true,"#,
    r#""attribution":"Weather data by Open-Meteo.com (CC BY 4.0)"}"#,
    "\n"
);

/// `helio weather` that asks `stub` for everything and no proxy.
fn weather(stub: &HttpStub, args: &[&str]) -> Command {
    let mut command = helio_without_proxy();
    command.env("HELIO_WEATHER_BASE_URL", stub.url()).env("HELIO_WEATHER_GEOCODING_URL", stub.url());
    command.arg("weather").args(args);
    command
}

fn helio_without_proxy() -> Command {
    let mut command = helio();
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command
}

fn run(stub: &HttpStub, args: &[&str]) -> Finished {
    finish(&mut weather(stub, args))
}

/// A stub of both services: any search has the three places of the fixture.
fn both_services(forecast: &'static str) -> HttpStub {
    HttpStub::start(move |_, target| {
        answer("200 OK", if target.starts_with("/v1/search?") { GEOCODING } else { forecast })
    })
}

#[test]
fn coordinates_are_asked_in_the_newer_form_and_shown() {
    let stub = HttpStub::always(answer("200 OK", CURRENT));
    let got = run(&stub, &["51.47,0.0363"]);
    assert_eq!(got.code, 0, "{}", got.stderr);
    insta::assert_snapshot!(got.stdout, @"
    51.47, 0.0363
      12.3 °C, feels like 10.1 °C, slight rain
      wind 14.8 km/h from WSW (240°)
      humidity 81 %, precipitation 0.2 mm in 15 min
      2026-11-22 11:15 UTC, day
      values of the grid cell at 51.48, 0.04
      5 m above sea level
    ");
    assert_eq!(got.stderr, "Weather data by Open-Meteo.com (CC BY 4.0)\n");
    insta::assert_snapshot!(stub.targets().join("\n"), @"/v1/forecast?latitude=51.47&longitude=0.0363&current=temperature_2m,relative_humidity_2m,apparent_temperature,is_day,precipitation,weather_code,wind_speed_10m,wind_direction_10m");
}

#[test]
fn the_older_form_is_the_workshops_request() {
    let stub = HttpStub::always(answer("200 OK", CURRENT_WEATHER));
    let got = run(&stub, &["51.47,0.0363", "--form", "current_weather"]);
    assert_eq!(got.code, 0, "{}", got.stderr);
    insta::assert_snapshot!(got.stdout, @"
    51.47, 0.0363
      12.3 °C, overcast
      wind 14.8 km/h from WSW (240°)
      2026-11-22 11:15 UTC, day
      values of the grid cell at 51.48, 0.04
      5 m above sea level
    ");
    assert_eq!(stub.targets(), ["/v1/forecast?latitude=51.47&longitude=0.0363&current_weather=true"]);
}

#[test]
fn either_answer_is_understood_whichever_was_asked_for() {
    let stub = HttpStub::always(answer("200 OK", CURRENT_WEATHER));
    assert!(run(&stub, &["51.47,0.0363"]).stdout.contains("12.3 °C, overcast"));
}

#[test]
fn machines_read_one_json_object() {
    let stub = HttpStub::always(answer("200 OK", CURRENT));
    let got = run(&stub, &["51.47,0.0363", "--json"]);
    assert_eq!((got.code, got.stdout.as_str(), got.stderr.as_str()), (0, CURRENT_JSON_LINE, ""));
}

#[test]
fn imperial_units_are_asked_for_and_named() {
    let stub = HttpStub::always(answer("200 OK", CURRENT_IMPERIAL));
    let got = run(&stub, &["51.47,0.0363", "--units", "imperial"]);
    assert!(
        got.stdout.contains("54.1 °F, feels like 50.2 °F, weather code 42\n  wind 9.2 mph from WSW"),
        "{}",
        got.stdout
    );
    assert!(stub.targets()[0].ends_with("&temperature_unit=fahrenheit&wind_speed_unit=mph&precipitation_unit=inch"));
}

#[test]
fn a_name_is_looked_up_and_its_namesakes_are_told() {
    let stub = both_services(CURRENT);
    let got = run(&stub, &["Greenwich"]);
    assert_eq!(got.code, 0, "{}", got.stderr);
    assert!(got.stdout.starts_with("Greenwich, England, United Kingdom (51.477, 0)\n  12.3 °C"), "{}", got.stdout);
    insta::assert_snapshot!(got.stderr, @"
    taking Greenwich, England, United Kingdom (51.477, 0); to mean another, give --country or coordinates:
      Greenwich, Connecticut, United States (41.03, -73.63)
      Greenwich, Q0 (-10.5, 160.25)
    Weather data by Open-Meteo.com (CC BY 4.0)
    ");
    let targets = stub.targets();
    assert_eq!(targets[0], "/v1/search?name=Greenwich&count=10&language=en&format=json");
    assert!(targets[1].starts_with("/v1/forecast?latitude=51.477&longitude=0&current="), "{targets:?}");
}

#[test]
fn a_country_narrows_and_odd_names_are_encoded() {
    let stub = both_services(CURRENT);
    let got = run(&stub, &["Saint-Étienne & co", "--country", "fr", "--quiet"]);
    assert_eq!((got.code, got.stderr.lines().count()), (0, 1), "{}", got.stderr);
    let expected = "/v1/search?name=Saint-%C3%89tienne%20%26%20co&count=10&language=en&format=json&countryCode=FR";
    assert_eq!(stub.targets()[0], expected);
}

/// The service leaves out `results` when it found nothing.
#[test]
fn a_name_that_nothing_has_is_not_found() {
    let stub = HttpStub::always(answer("200 OK", r#"{"generationtime_ms":0.3}"#));
    let got = run(&stub, &["Nowhereville", "--country", "GB"]);
    assert_eq!((got.code, got.stdout.as_str()), (3, ""));
    insta::assert_snapshot!(got.stderr, @r#"helio: no place named "Nowhereville" found in GB; try another spelling, or LATITUDE,LONGITUDE"#);
    assert_eq!(stub.targets().len(), 1);
}

#[test]
fn a_western_or_southern_point_is_no_option() {
    let stub = HttpStub::always(answer("200 OK", CURRENT));
    let got = run(&stub, &["-33.9,18.4", "--json"]);
    assert!(got.stdout.starts_with(r#"{"asked_latitude_deg":-33.9,"asked_longitude_deg":18.4,"#), "{}", got.stderr);
}

#[test]
fn what_cannot_be_asked_is_a_usage_error() {
    let stub = HttpStub::always(vec![Step::Reset]);
    for (args, expected) in [
        (vec!["91,0"], "latitude is 91, expected -90 to 90 degrees"),
        (vec!["51,47,0,0363"], "4 numbers separated by commas"),
        (vec!["Oslo", "--country", "GBR"], "country code is not two letters"),
        (vec!["Oslo", "--every", "10ms"], "--every is 10.0 ms, expected 1.00 s to 24 h 00 min"),
        (vec!["Oslo", "--every", "15"], "is not a length of time"),
        (vec!["Oslo", "--base-url", "ftp://x"], "base URL does not begin with http:// or https://"),
        (vec!["Oslo", "--to", "localhost"], "has no port"),
        (vec!["Oslo", "--form", "hourly"], "current_weather"),
        (vec![], "PLACE"),
    ] {
        let got = run(&stub, &args);
        assert_eq!(got.code, 2, "{args:?}: {}", got.stderr);
        assert!(got.stderr.contains(expected), "{args:?}: {}", got.stderr);
    }
    assert_eq!(stub.targets(), [""; 0]);
}

#[test]
fn settings_come_from_flags_over_environment_over_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("helio.toml");
    let stub = HttpStub::always(answer("200 OK", CURRENT));
    let settings =
        format!("[weather]\nbase-url = '{}/from-file'\nform = 'current_weather'\ntimeout = '30s'\n", stub.url());
    std::fs::write(&file, settings).unwrap();
    let ask = |environment: Option<&str>, flags: &[&str]| {
        let mut command = helio_without_proxy();
        command.arg("weather").arg("1,2").arg("--config").arg(&file).args(flags);
        if let Some(path) = environment {
            command.env("HELIO_WEATHER_BASE_URL", format!("{}{path}", stub.url()));
        }
        let got = finish(&mut command);
        assert_eq!(got.code, 0, "{}", got.stderr);
        stub.targets().pop().unwrap()
    };
    assert_eq!(ask(None, &[]), "/from-file/v1/forecast?latitude=1&longitude=2&current_weather=true");
    assert!(ask(Some("/from-environment"), &[]).starts_with("/from-environment/v1/forecast?"));
    let flag = format!("{}/from-flag", stub.url());
    assert!(ask(Some("/from-environment"), &["--base-url", &flag]).starts_with("/from-flag/v1/forecast?"));
}
