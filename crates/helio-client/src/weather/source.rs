//! From a query to an observation: the geocoding lookup, the request, the reading of both answers.

use super::fetch::{Answer, FetchError, Fetcher};
use super::sink::SendError;
use helio_core::feed::weather::{
    self, AnswerError, BaseUrl, Coordinates, CountryCode, Form, GeocodedPlace, Limit, Place, Report, Units,
};
use helio_core::time::human;
use helio_net::clock::utc_now;
use std::fmt;
use std::time::Duration;
use thiserror::Error;

/// What is asked, and where.
#[derive(Clone, Debug)]
pub struct Query {
    /// The place.
    pub place: Place,
    /// The country in which a place's name is looked up; `None` for the whole world.
    pub country: Option<CountryCode>,
    /// The request form; answers to either are understood.
    pub form: Form,
    /// The units asked for.
    pub units: Units,
    /// The forecast service.
    pub base_url: BaseUrl,
    /// The geocoding service; asked only for a name.
    pub geocoding_url: BaseUrl,
    /// Time for each request; [`limits::WEATHER_TIMEOUT`](helio_core::limits::WEATHER_TIMEOUT) by default.
    pub timeout: Duration,
}

/// What a place's name turned out to mean.
#[derive(Clone, Debug)]
pub struct Located {
    /// The place that is used: the service's best match.
    pub chosen: GeocodedPlace,
    /// The others of that name.
    pub others: Vec<GeocodedPlace>,
}

/// Where to ask for, and what that place is called if it was asked for by name.
#[derive(Clone, Debug)]
pub struct Target {
    at: Coordinates,
    place: Option<String>,
}

/// Why there is no observation, or why it did not reach its receiver.
#[derive(Debug, Error)]
pub enum WeatherError {
    /// No answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// An answer that is of no use.
    #[error("{host}: {error}")]
    Answer {
        /// The service.
        host: String,
        /// What is wrong with the answer.
        error: AnswerError,
    },
    /// The service refuses.
    #[error("{host} {refusal}")]
    Refused {
        /// The service.
        host: String,
        /// How and why.
        refusal: Refusal,
    },
    /// The geocoding service knows no such place.
    #[error("no place named {name:?} found{}; try another spelling, or LATITUDE,LONGITUDE", in_country(.country))]
    NotFound {
        /// The name.
        name: String,
        /// The country it was looked for in.
        country: Option<CountryCode>,
    },
    /// The receiver did not get the line.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// An answer that says no.
#[derive(Debug)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The reason that the service gives, made safe to show.
    pub reason: Option<String>,
    /// The limit that was reached and how long it lasts, for a 429 whose reason names one.
    pub limit: Option<(Limit, Duration)>,
}

impl WeatherError {
    /// Whether asking again the same way will fail the same way.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::NotFound { .. } => true,
            // Only a reason of its own makes a 400 the service's word; a page in between may say anything.
            Self::Refused { refusal, .. } => refusal.status == 400 && refusal.reason.is_some(),
            Self::Fetch(error) => matches!(error, FetchError::Tls { .. } | FetchError::Url { .. }),
            Self::Answer { .. } | Self::Send(_) => false,
        }
    }

    /// How long the service wants to be left alone, if it said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { refusal, .. } => refusal.limit.map(|(_, wait)| wait),
            Self::Fetch(_) | Self::Answer { .. } | Self::NotFound { .. } | Self::Send(_) => None,
        }
    }
}

impl Refusal {
    fn of(answer: &Answer) -> Self {
        let reason = weather::parse_refusal(&answer.body);
        let limit = reason.as_deref().filter(|_| answer.status == 429).and_then(Limit::from_reason);
        let limit = limit.map(|limit| (limit, limit.wait(utc_now())));
        Self { status: answer.status, reason, limit }
    }
}

/// Completes the sentence that the service's name begins.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered with HTTP {}", self.status)?;
        if let Some(reason) = &self.reason {
            write!(f, ": {}", reason.trim_end_matches('.'))?;
        }
        match (self.status, &self.limit) {
            (_, Some((limit, wait))) => {
                write!(f, "; used up: {limit}; try again in {}", human(*wait))
            }
            (400, None) if self.reason.is_some() => f.write_str("; correct the request"),
            (429, None) => f.write_str("; too many requests from this network, try again later"),
            (500..=599, None) => f.write_str("; the service is in trouble, try again later"),
            _ => f.write_str("; check the base URL, or whether a log-in page of this network stands in the way"),
        }
    }
}

fn in_country(country: &Option<CountryCode>) -> String {
    country.map(|code| format!(" in {code}")).unwrap_or_default()
}

/// Answers one query, as often as it is asked. A place's name is looked up only once.
#[derive(Debug)]
pub struct Source {
    query: Query,
    fetcher: Fetcher,
    found: Option<Target>,
}

impl Source {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// [`FetchError::Tls`] when TLS is needed and this machine cannot do it.
    pub fn new(query: Query) -> Result<Self, WeatherError> {
        let looks_up = matches!(query.place, Place::Name(_));
        let https = query.base_url.is_https() || (looks_up && query.geocoding_url.is_https());
        let fetcher = Fetcher::new(query.timeout, https)?;
        Ok(Self { query, fetcher, found: None })
    }

    /// Where the query's place is. A name is looked up the first time only, and then with what it turned out to mean.
    ///
    /// # Errors
    /// See [`WeatherError`]; the next call asks again.
    pub async fn locate(&mut self) -> Result<(Target, Option<Located>), WeatherError> {
        let Query { place, country, geocoding_url, .. } = &self.query;
        let name = match (place, &self.found) {
            (_, Some(found)) => return Ok((found.clone(), None)),
            (Place::Coordinates(at), None) => return Ok((Target { at: *at, place: None }, None)),
            (Place::Name(name), None) => name,
        };
        let url = weather::geocoding_url(geocoding_url, name, *country);
        let body = self.ask(&url, geocoding_url).await?;
        let mut places = weather::parse_geocoding(&body).map_err(|error| unusable(geocoding_url, error))?.into_iter();
        let Some(chosen) = places.next() else {
            return Err(WeatherError::NotFound { name: name.clone(), country: *country });
        };
        let target = Target { at: chosen.at, place: Some(chosen.label()) };
        self.found = Some(target.clone());
        Ok((target, Some(Located { chosen, others: places.collect() })))
    }

    /// The current weather there.
    ///
    /// # Errors
    /// See [`WeatherError`]; the next call asks again.
    pub async fn observe(&self, target: Target) -> Result<Report, WeatherError> {
        let Query { base_url, form, units, .. } = &self.query;
        let url = weather::forecast_url(base_url, target.at, *form, *units);
        let body = self.ask(&url, base_url).await?;
        let observation = weather::parse_forecast(&body, *units).map_err(|error| unusable(base_url, error))?;
        Ok(Report { asked: target.at, place: target.place, observation })
    }

    async fn ask(&self, url: &str, base: &BaseUrl) -> Result<Vec<u8>, WeatherError> {
        let host = base.authority();
        let answer = self.fetcher.get(url, host).await?;
        match answer.status {
            200 => Ok(answer.body),
            _ => Err(WeatherError::Refused { host: host.to_owned(), refusal: Refusal::of(&answer) }),
        }
    }
}

fn unusable(base: &BaseUrl, error: AnswerError) -> WeatherError {
    WeatherError::Answer { host: base.authority().to_owned(), error }
}
