//! `helio compare`: the same payloads over TCP and UDP, side by side, against a counted reflector.
//!
//! What is measured in which order, and what the numbers say, is decided in [`helio_core::measure`]; here are the
//! sockets. They are blocking ones on a thread of their own: on one core the round trip of 16 bytes took 3 µs less
//! that way (14.6 against 17.6 µs over TCP, 11.2 against 14.7 over UDP) than on a current-thread tokio runtime, and an
//! instrument must not measure its own run loop.

mod environment;
mod tcp;
mod udp;

use helio_core::limits;
use helio_core::measure::compare::{Comparison, Exchange, Measured, WARM_UPS};
use helio_core::measure::plan::{Step, Transport, configurations, plan};
use helio_core::measure::wire::SessionId;
use helio_core::printable::printable;
use helio_core::rng::Rng;
use helio_core::time::human;
use helio_net::address::{Address, Scheme};
use helio_net::connect::{self, ConnectError, Connected};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use thiserror::Error;

/// What to compare.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the reflector is. An address that names TCP leaves UDP out.
    pub address: Address,
    /// Payload sizes, at most [`limits::COMPARE_SIZES`] different ones from 1 to [`limits::COMPARE_SIZE_MAX`].
    pub sizes_bytes: Vec<usize>,
    /// Exchanges of each size and transport, at most [`limits::COMPARE_RUNS`].
    pub runs: u32,
    /// Decides the order and the payloads.
    pub seed: u64,
    /// Time that one message gets to come back whole; default [`limits::COMPARE_TIMEOUT`].
    pub timeout: Duration,
    /// Names the UDP session; to be drawn at random for each comparison, independent of the seed.
    pub session: SessionId,
}

/// Why there is no comparison.
#[derive(Debug, Error)]
pub enum CompareError {
    /// The settings ask for something out of bounds.
    #[error("{0}")]
    Settings(String),
    /// No connection came about.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Something else answers there.
    #[error("{peer} is not a Heliograph reflector, it answered `{answer}`; start `helio echo` there and name its port")]
    NotReflector {
        /// Who.
        peer: SocketAddr,
        /// The beginning of what it said, printable.
        answer: String,
    },
    /// The connection stands, but the other side closes it or says nothing.
    #[error("{peer} took the connection and {did}; is it a Heliograph reflector (`helio echo`)?")]
    Silent {
        /// Who.
        peer: SocketAddr,
        /// What it did instead of answering.
        did: String,
        /// It had the whole time to answer, rather than ending the connection.
        timed_out: bool,
    },
    /// The reflector speaks an older version of the format.
    #[error("the reflector at {peer} speaks version {theirs} of its format and we speak {ours}; update the older one")]
    OtherVersion {
        /// Who.
        peer: SocketAddr,
        /// The highest version that it speaks.
        theirs: u8,
        /// The one that we speak.
        ours: u8,
    },
    /// An echo is not what was sent.
    #[error("the echo over TCP differs from what was sent at byte {at}: {peer} or something before it changes data")]
    Damaged {
        /// Who.
        peer: SocketAddr,
        /// The first byte that differs, from 0.
        at: usize,
    },
    /// A socket broke in the middle.
    #[error("cannot go on with {peer}: {doing}: {source}")]
    Socket {
        /// Who.
        peer: SocketAddr,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing but failures any more.
    #[error("gave up on {peer} after {failures} failed exchanges in a row; the last: {last}")]
    GaveUp {
        /// Who.
        peer: SocketAddr,
        /// How many, [`limits::COMPARE_FAILURES`].
        failures: u32,
        /// What broke last.
        last: String,
    },
    /// The thread that measures ended by a panic: a fault of ours.
    #[error("the measuring thread failed; please report this")]
    Thread,
}

/// A comparison, perhaps a part of one.
#[derive(Debug)]
pub struct Compared {
    /// What was measured.
    pub comparison: Comparison,
    /// What ended it early; never a failure before the first exchange, which leaves no comparison.
    pub failure: Option<CompareError>,
}

/// How far a comparison is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Exchanges made.
    pub done: usize,
    /// Exchanges planned.
    pub planned: usize,
}

/// Connects, measures everything and gives the result. When `stop` becomes true, the exchange in progress is finished
/// and the result holds what was measured until then. Once a reflector was found, a lost message and a broken
/// connection are part of the result, and the next exchange tries anew; after [`limits::COMPARE_FAILURES`] in a row the
/// result is what was measured until then.
///
/// # Errors
/// See [`CompareError`]: no reflector was found, or nothing was measured.
pub async fn compare(
    settings: Settings,
    stop: Arc<AtomicBool>,
    progress: impl FnMut(Progress) + Send + 'static,
) -> Result<Compared, CompareError> {
    check(&settings)?;
    let connected = connect::tcp(&settings.address, limits::CONNECT_TIMEOUT).await?;
    let congestion_control = connected.connection.congestion_control();
    let measuring = tokio::task::spawn_blocking(move || {
        let Connected { connection, peer, .. } = connected;
        let tcp = tcp::Tcp::greet(connection, peer, settings.timeout)?;
        let environment = environment::Before::read(tcp.kept(), congestion_control);
        let udp = match settings.address.admits(Scheme::Udp) {
            // The address that answered over TCP, so that both take the same way.
            true => udp::Udp::greet(peer, settings.session, settings.timeout)?,
            false => Err("the address names TCP alone".to_owned()),
        };
        Run { tcp, udp, peer, settings }.run(environment, &stop, progress)
    });
    measuring.await.map_err(|_| CompareError::Thread)?
}

/// A comparison with its sockets open.
struct Run {
    tcp: tcp::Tcp,
    /// Or why there is none.
    udp: Result<udp::Udp, String>,
    peer: SocketAddr,
    settings: Settings,
}

impl Run {
    fn run(
        mut self,
        environment: environment::Before,
        stop: &AtomicBool,
        mut progress: impl FnMut(Progress),
    ) -> Result<Compared, CompareError> {
        let Settings { ref sizes_bytes, runs, seed, .. } = self.settings;
        let mut all = configurations(sizes_bytes, &Transport::ALL);
        all.retain(|configuration| configuration.transport != Transport::Udp || self.udp.is_ok());
        let steps = plan(&all, WARM_UPS, runs, seed);
        let payloads: BTreeMap<usize, Arc<[u8]>> =
            sizes_bytes.iter().map(|&size| (size, payload(size, seed))).collect();
        let mut exchanges = Vec::with_capacity(steps.len());
        let (mut failures, mut failure) = (0, None);
        for (position, step) in steps.iter().enumerate() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            progress(Progress { done: position, planned: steps.len() });
            let Some(payload) = payloads.get(&step.configuration.size_bytes) else { continue };
            let measured = match self.exchange(step, payload) {
                Ok(measured) => measured,
                Err(error) if exchanges.is_empty() => return Err(error),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            failures = if measured.total_ns.is_some() { 0 } else { failures + u32::from(measured.failed.is_some()) };
            let last = measured.failed.clone();
            exchanges.push(Exchange::new(position, *step, measured));
            if let Some(last) = last {
                if failures >= limits::COMPARE_FAILURES {
                    failure = Some(CompareError::GaveUp { peer: self.peer, failures, last });
                    break;
                }
                std::thread::sleep(limits::COMPARE_FAILURE_PAUSE);
            }
        }
        progress(Progress { done: exchanges.len(), planned: steps.len() });
        let comparison = Comparison {
            address: self.settings.address.to_string(),
            peer: self.peer.to_string(),
            seed,
            sizes_bytes: self.settings.sizes_bytes,
            runs,
            warm_ups: WARM_UPS,
            timeout: self.settings.timeout,
            planned_exchanges: steps.len(),
            environment: environment.finish(self.tcp.kept()),
            exchanges,
            udp_absent: self.udp.err(),
            broken_off: failure.as_ref().map(ToString::to_string),
        };
        Ok(Compared { comparison, failure })
    }

    fn exchange(&mut self, step: &Step, payload: &Arc<[u8]>) -> Result<Measured, CompareError> {
        let measured = match (step.configuration.transport, &mut self.udp) {
            (Transport::TcpKept, _) => self.tcp.exchange_kept(payload),
            (Transport::TcpNew, _) => self.tcp.exchange_new(payload),
            (Transport::Udp, Ok(udp)) => Ok(udp.exchange(payload)),
            // Left out of the plan above.
            (Transport::Udp, Err(_)) => Ok(Measured::default()),
        };
        match measured {
            // The network, or a reflector that is restarted: it may come back.
            Err(CompareError::Socket { doing, source, .. }) => {
                Ok(Measured { failed: Some(format!("{doing}: {source}")), ..Measured::default() })
            }
            lasting => lasting,
        }
    }
}

fn check(settings: &Settings) -> Result<(), CompareError> {
    let wrong = |message| Err(CompareError::Settings(message));
    let (sizes, runs) = (&settings.sizes_bytes, settings.runs);
    if sizes.is_empty() || sizes.len() > limits::COMPARE_SIZES {
        return wrong(format!("{} sizes, expected 1 to {}", sizes.len(), limits::COMPARE_SIZES));
    }
    if let Some(size) = sizes.iter().find(|size| !(1..=limits::COMPARE_SIZE_MAX).contains(*size)) {
        return wrong(format!("a payload of {size} bytes, expected 1 to {}", limits::COMPARE_SIZE_MAX));
    }
    if let Some(size) = sizes.iter().find(|size| sizes.iter().filter(|other| other == size).count() > 1) {
        return wrong(format!("the size {size} is there twice"));
    }
    if !(1..=limits::COMPARE_RUNS).contains(&runs) {
        return wrong(format!("{runs} runs, expected 1 to {}", limits::COMPARE_RUNS));
    }
    if settings.timeout.is_zero() || settings.timeout > limits::COMPARE_TIMEOUT_MAX {
        let longest = human(limits::COMPARE_TIMEOUT_MAX);
        return wrong(format!("a timeout of {}, expected more than 0 and at most {longest}", human(settings.timeout)));
    }
    Ok(())
}

/// Bytes that no link compresses, the same for the same seed.
fn payload(size_bytes: usize, seed: u64) -> Arc<[u8]> {
    let mut rng = Rng::from_seed(seed ^ size_bytes as u64);
    let words = std::iter::repeat_with(|| rng.next_u64().to_le_bytes());
    words.flatten().take(size_bytes).collect::<Vec<u8>>().into()
}

/// What an unexpected answer begins with, for a message.
fn shown(answer: &[u8]) -> String {
    printable(answer, limits::SHOWN_CHARS)
}

#[cfg(test)]
mod tests;
