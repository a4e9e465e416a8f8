//! `helio weather`: the current weather from open-meteo, shown and sent on.

use crate::args::Global;
use crate::config;
use crate::exit::{Failure, Outcome};
use crate::output;
use crate::run;
use crate::settings::{Layered as _, layered};
use crate::signals::Signals;
use crate::value::Span;
use clap::{Args, ValueEnum};
use helio_client::weather::{self, Encoding, Ended, Event, Located, Query, Sent, Sink, Source};
use helio_core::feed::weather::{
    ATTRIBUTION, BaseUrl, CountryCode, FORECAST_BASE_URL, Form, GEOCODING_BASE_URL, Place, Report, Units,
};
use helio_core::limits;
use helio_core::time::human;
use helio_net::address::{Address, Scheme};
use serde::Deserialize;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

/// Show the current weather, and send it on over TCP or UDP
///
/// The weather comes from open-meteo.com, whose free service is for non-commercial use and needs no key.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio weather 51.47,0.0363                            the workshop's place
  helio weather Greenwich --country GB                  a place by its name
  helio weather 51.47,0.0363 --to localhost:65432       one JSON line to a TCP server
  helio weather Oslo --every 15m --to tcp://host:9000   a line every quarter of an hour
  helio weather Oslo --as text --to udp://host:9000     one datagram with a sentence")]
pub(crate) struct WeatherArgs {
    /// LATITUDE,LONGITUDE in degrees, or the name of a place
    #[arg(value_name = "PLACE", allow_hyphen_values = true)]
    place: Place,

    /// Look for the place in this country only: a code such as GB
    #[arg(long, value_name = "CODE")]
    country: Option<CountryCode>,

    /// Send it to tcp://HOST:PORT (the default) or udp://HOST:PORT
    #[arg(long, value_name = "ADDR")]
    to: Option<Address>,

    /// Go on until Ctrl-C, this far apart; open-meteo has new values every 15 minutes
    #[arg(long, value_name = "TIME")]
    every: Option<Span>,

    #[command(flatten)]
    flags: WeatherFlags,

    /// Print JSON, one object for each observation
    #[arg(long)]
    json: bool,
}

/// What stays the same from call to call; table `[weather]` of the settings file.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct WeatherFlags {
    /// Send JSON or text [default: json]
    #[arg(long = "as", value_name = "FORMAT", value_enum, env = "HELIO_WEATHER_AS")]
    #[serde(rename = "as")]
    encoding: Option<EncodingName>,

    /// Units of temperature, wind and precipitation [default: metric]
    #[arg(long, value_enum, env = "HELIO_WEATHER_UNITS")]
    units: Option<UnitsName>,

    /// Ask in this form; current_weather is the older one [default: current]
    #[arg(long, value_enum, env = "HELIO_WEATHER_FORM")]
    form: Option<FormName>,

    /// The forecast service [default: https://api.open-meteo.com]
    #[arg(long, value_name = "URL", env = "HELIO_WEATHER_BASE_URL")]
    base_url: Option<BaseUrl>,

    /// The service that knows places by name [default: https://geocoding-api.open-meteo.com]
    #[arg(long, value_name = "URL", env = "HELIO_WEATHER_GEOCODING_URL")]
    geocoding_url: Option<BaseUrl>,

    /// Time for each request, and for connecting to the receiver [default: 10s]
    #[arg(long, value_name = "TIME", env = "HELIO_WEATHER_TIMEOUT")]
    timeout: Option<Span>,
}

layered!(WeatherFlags { encoding, units, form, base_url, geocoding_url, timeout });

#[derive(Clone, Copy, Debug, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum EncodingName {
    #[default]
    Json,
    Text,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum UnitsName {
    #[default]
    Metric,
    Imperial,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
enum FormName {
    #[default]
    Current,
    CurrentWeather,
}

pub(crate) fn run(args: WeatherArgs, global: &Global) -> Outcome {
    let flags = args.flags.over(config::load(global)?.weather);
    let every = args.every.map(checked_interval).transpose()?;
    let sink = args.to.map(|to| Sink::new(&to, flags.encoding(), flags.timeout()));
    let mut source = Source::new(flags.query(args.place, args.country)?)?;
    let mut screen = Screen {
        json: args.json,
        quiet: global.quiet,
        repeats: every.is_some(),
        terminal: io::stdout().is_terminal(),
        attributed: false,
    };
    let ended = run::runtime()?.block_on(async {
        let mut signals = Signals::catch()?;
        let stop = signals.received();
        match every {
            Some(every) => weather::repeat(&mut source, sink, every, stop, |event| screen.show(event)).await,
            None => weather::once(&mut source, sink, stop, |event| screen.show(event)).await,
        }
    })?;
    match ended {
        Ended::Done => Ok(()),
        Ended::Stopped => Err(Failure::interrupted()),
    }
}

impl WeatherFlags {
    fn encoding(&self) -> Encoding {
        match self.encoding.unwrap_or_default() {
            EncodingName::Json => Encoding::Json,
            EncodingName::Text => Encoding::Text,
        }
    }

    fn timeout(&self) -> Duration {
        self.timeout.map_or(limits::WEATHER_TIMEOUT, |span| span.0)
    }

    fn query(&self, place: Place, country: Option<CountryCode>) -> Outcome<Query> {
        let or_default = |url: &Option<BaseUrl>, default: &str| match url {
            Some(url) => Ok(url.clone()),
            None => default.parse().map_err(Failure::usage),
        };
        Ok(Query {
            place,
            country,
            form: match self.form.unwrap_or_default() {
                FormName::Current => Form::Current,
                FormName::CurrentWeather => Form::CurrentWeather,
            },
            units: match self.units.unwrap_or_default() {
                UnitsName::Metric => Units::Metric,
                UnitsName::Imperial => Units::Imperial,
            },
            base_url: or_default(&self.base_url, FORECAST_BASE_URL)?,
            geocoding_url: or_default(&self.geocoding_url, GEOCODING_BASE_URL)?,
            timeout: self.timeout(),
        })
    }
}

/// What the user sees.
struct Screen {
    json: bool,
    quiet: bool,
    repeats: bool,
    terminal: bool,
    attributed: bool,
}

impl Screen {
    fn show(&mut self, event: Event) -> Outcome {
        match event {
            Event::Observed(report) => return self.observed(&report),
            Event::Failed { error, retry_in } => {
                output::message(format_args!("helio: {error}; next try in {}", human(retry_in)));
            }
            Event::Located(_) | Event::Sent(_) if self.quiet => {}
            Event::Located(located) => tell_others(&located),
            Event::Sent(sent) => tell_sent(&sent),
        }
        Ok(())
    }

    fn observed(&mut self, report: &Report) -> Outcome {
        if self.json {
            return output::json(&report.record());
        }
        output::line(if self.repeats { report.line() } else { report.block() })?;
        // The licence asks for the credit beside the data; a pipe gets the data alone.
        if !self.attributed {
            self.attributed = true;
            if self.terminal { output::line(ATTRIBUTION)? } else { output::message(ATTRIBUTION) }
        }
        Ok(())
    }
}

fn tell_others(located: &Located) {
    if located.others.is_empty() {
        return;
    }
    let others: Vec<String> =
        located.others.iter().map(|place| format!("\n  {} ({})", place.label(), place.at)).collect();
    output::message(format_args!(
        "taking {} ({}); to mean another, give --country or coordinates:{}",
        located.chosen.label(),
        located.chosen.at,
        others.concat()
    ));
}

fn tell_sent(sent: &Sent) {
    let Sent { to, bytes, connect, send } = sent;
    let connect = connect.map(|time| format!(", connected in {}", human(time))).unwrap_or_default();
    let unconfirmed = if to.scheme == Some(Scheme::Udp) { "; UDP does not say whether it arrived" } else { "" };
    output::message(format_args!("sent {bytes} bytes to {to} in {}{connect}{unconfirmed}", human(*send)));
}

fn checked_interval(every: Span) -> Outcome<Duration> {
    let (least, most) = (limits::WEATHER_EVERY_MIN, limits::WEATHER_EVERY_MAX);
    if (least..=most).contains(&every.0) {
        return Ok(every.0);
    }
    Err(Failure::usage(format_args!("--every is {}, expected {} to {}", human(every.0), human(least), human(most))))
}
