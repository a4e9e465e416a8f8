//! One HTTP GET with a bound on everything: time, redirects, bytes.

use helio_core::limits;
use helio_core::printable::printable;
use reqwest::{Client, Response};
use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;
use thiserror::Error as ThisError;

/// Asks web services. Honours the proxy settings of the environment (`HTTPS_PROXY`, `NO_PROXY` and so on).
#[derive(Debug)]
pub(super) struct Fetcher {
    client: Client,
    timeout: Duration,
}

/// What a service answered, whatever its status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// How far a request had come when its time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// No answer had begun: not connected, or the service is thinking.
    NoAnswer,
    /// The answer had begun.
    Body {
        /// Bytes of its body that had arrived.
        received_bytes: usize,
    },
}

/// Why there is no answer at all. `host` is always the service that was asked.
#[derive(Debug, ThisError)]
pub enum FetchError {
    /// This machine cannot do TLS.
    #[error("cannot set up TLS: {detail}; install the system's CA certificates (package ca-certificates)")]
    Tls {
        /// What is missing.
        detail: String,
    },
    /// The base URL is none that can be asked.
    #[error("cannot ask {host}: {detail}; check the base URL")]
    Url {
        /// The service.
        host: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The name has no address, or the resolver could not be asked.
    #[error("cannot find {host}: {detail}; check the name and this machine's network connection")]
    Lookup {
        /// The service.
        host: String,
        /// The resolver's answer.
        detail: String,
    },
    /// The machine answers, nothing listens.
    #[error("{host} refused the connection: nothing listens on that port; check the base URL, or try again later")]
    ConnectionRefused {
        /// The service.
        host: String,
    },
    /// No way to the machine.
    #[error("cannot connect to {host}: {detail}; check this machine's network connection")]
    Connect {
        /// The service.
        host: String,
        /// What the system says.
        detail: String,
    },
    /// The other end is not who it should be, or does not speak TLS.
    #[error(
        "TLS with {host} failed: {detail}; a log-in page of this network may stand in the way, or the clock is wrong"
    )]
    Handshake {
        /// The service.
        host: String,
        /// What TLS says.
        detail: String,
    },
    /// The time ran out.
    #[error(
        "{host} did not answer in time: {progress} within {timeout:?}; try again, or give more time with --timeout"
    )]
    TimedOut {
        /// The service.
        host: String,
        /// How far it had come.
        progress: Progress,
        /// The time it had.
        timeout: Duration,
    },
    /// It points elsewhere again and again.
    #[error("{host} redirects more than {limit} times; check the base URL", limit = limits::WEATHER_REDIRECTS)]
    Redirects {
        /// The service.
        host: String,
    },
    /// The answer is longer than any real one.
    #[error("answer of {host} is more than {limit} bytes, the limit; check the base URL", limit = limits::WEATHER_BODY)]
    TooLarge {
        /// The service.
        host: String,
    },
    /// The connection ended in the middle of the answer.
    #[error("answer of {host} was cut off after {received_bytes} bytes; try again")]
    Cut {
        /// The service.
        host: String,
        /// Bytes of the body that had arrived.
        received_bytes: usize,
    },
    /// Something answered, but not as a web service does.
    #[error("{host} does not answer as a web service: {detail}; try again, or check the base URL")]
    Protocol {
        /// The service.
        host: String,
        /// What was wrong.
        detail: String,
    },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer => f.write_str("nothing came"),
            Self::Body { received_bytes } => write!(f, "only {received_bytes} bytes of the answer came"),
        }
    }
}

impl Fetcher {
    /// A fetcher that gives each request `timeout` from the name lookup to the last byte. Without `https` it needs no
    /// CA certificates, and trusts none.
    pub(super) fn new(timeout: Duration, https: bool) -> Result<Self, FetchError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // An error means that another thread was faster, with the same provider.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let builder = Client::builder()
            .user_agent(concat!("helio/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::limited(limits::WEATHER_REDIRECTS));
        let builder = if https { builder } else { builder.tls_certs_only([]) };
        let client = builder.build().map_err(|error| FetchError::Tls {
            detail: match find(&error) {
                Some(rustls::Error::General(text)) => text.clone(),
                _ => innermost(&error),
            },
        })?;
        Ok(Self { client, timeout })
    }

    /// Asks for `url`; `host` names the service in errors.
    pub(super) async fn get(&self, url: &str, host: &str) -> Result<Answer, FetchError> {
        let mut progress = Progress::NoAnswer;
        match tokio::time::timeout(self.timeout, self.exchange(url, host, &mut progress)).await {
            Ok(result) => result,
            Err(_) => Err(FetchError::TimedOut { host: host.to_owned(), progress, timeout: self.timeout }),
        }
    }

    async fn exchange(&self, url: &str, host: &str, progress: &mut Progress) -> Result<Answer, FetchError> {
        let mut response = self.client.get(url).send().await.map_err(|error| classify(&error, host))?;
        let status = response.status().as_u16();
        let body = read_body(&mut response, host, progress).await?;
        Ok(Answer { status, body })
    }
}

async fn read_body(response: &mut Response, host: &str, progress: &mut Progress) -> Result<Vec<u8>, FetchError> {
    let too_large = || FetchError::TooLarge { host: host.to_owned() };
    if response.content_length().is_some_and(|announced| announced > limits::WEATHER_BODY as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    loop {
        *progress = Progress::Body { received_bytes: body.len() };
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limits::WEATHER_BODY => return Err(too_large()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(_) => return Err(FetchError::Cut { host: host.to_owned(), received_bytes: body.len() }),
        }
    }
}

/// Which side a failed request speaks of. Nothing of the answer's body had been read.
fn classify(error: &reqwest::Error, host: &str) -> FetchError {
    let host = host.to_owned();
    if error.is_builder() {
        return FetchError::Url { host, detail: innermost(error) };
    }
    if error.is_redirect() {
        return FetchError::Redirects { host };
    }
    if error.is_dns() {
        return FetchError::Lookup { host, detail: innermost(error) };
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return FetchError::Handshake { host, detail: printable(tls.to_string().as_bytes(), limits::SHOWN_CHARS) };
    }
    if error.is_connect() {
        return match find::<io::Error>(error) {
            Some(io) if io.kind() == io::ErrorKind::ConnectionRefused => FetchError::ConnectionRefused { host },
            _ => FetchError::Connect { host, detail: innermost(error) },
        };
    }
    FetchError::Protocol { host, detail: innermost(error) }
}

/// The first `T` among the causes. An [`io::Error`] that wraps another error hides it from `source`, hence the detour.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref() {
            return Some(found);
        }
        let wrapped = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| current.source());
    }
    None
}

/// The text of the last cause: the outer ones only say which layer passed it on.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    printable(last.to_string().as_bytes(), limits::SHOWN_CHARS)
}
