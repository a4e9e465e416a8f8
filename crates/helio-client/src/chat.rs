//! The driver of one person's chat: the work of `helio chat`.

mod entry;
mod pipe;
mod stream;
#[cfg(test)]
mod tests;
mod web;

pub use entry::{EntryError, enrol, knock};
pub use stream::{Framing, OpenError};

use helio_core::chat::client::{Action, Client, End, Event, Settings};
use helio_core::time::Instant;
use helio_net::address::Address;
use helio_net::clock::Clock;
use helio_net::connect::ConnectError;
use helio_net::tls::{ClientTls, TlsError};
use pipe::Pipe;
use std::future::pending;
use std::pin::Pin;
use std::time::Duration;
use stream::Stream;
use tokio::sync::mpsc;

/// Which server, as whom, and how long to wait.
#[derive(Clone, Debug)]
pub struct ChatOptions {
    /// The server. Without a scheme it is spoken to in plain text.
    pub address: Address,
    /// How a `tls://` address is spoken to, and which server is believed.
    pub tls: ClientTls,
    /// Who is connecting, and to which rooms.
    pub settings: Settings,
    /// Time after the end of input in which everything must be acknowledged; then the client leaves.
    pub timeout: Duration,
    /// What lines are packed into. Default none.
    pub framing: Framing,
}

/// How a chat ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What the client says.
    pub end: End,
    /// Whether it left because not everything was acknowledged in time.
    pub timed_out: bool,
    /// Whether it left because it was told to stop.
    pub stopped: bool,
}

/// Talks until it is over. `input` brings typed lines and ends when there are no more; `stop` makes the client leave at
/// once. Every event but [`Event::Ended`] is handed to `tell`.
///
/// # Errors
/// What `tell` returns; [`ConnectError`] when the first connection cannot be opened, or when a server that is connected
/// to again is not the one that is believed.
pub async fn run<E: From<ConnectError>>(
    options: ChatOptions,
    seed: u64,
    clock: Clock,
    mut input: mpsc::Receiver<String>,
    stop: impl Future<Output = ()>,
    tell: impl FnMut(Event) -> Result<(), E>,
) -> Result<Ended, E> {
    let mut driver = Driver::new(options, seed, clock, tell);
    let (mut input_ended, mut stopped, mut timed_out, mut done_by) = (false, false, false, None);
    let mut stop = std::pin::pin!(stop);
    loop {
        if let Some(end) = driver.drain()? {
            return Ok(Ended { end, timed_out, stopped });
        }
        let takes_input = !input_ended && driver.client.takes_input();
        let wake = [driver.client.poll_timeout(), done_by].into_iter().flatten().min();
        tokio::select! {
            happened = driver.link.next() => driver.take(happened),
            line = input.recv(), if takes_input => match line {
                Some(line) => driver.client.handle_input(&line, clock.read()),
                None => {
                    input_ended = true;
                    done_by = Some(clock.now() + driver.options.timeout);
                    driver.client.handle_input_end(clock.read());
                }
            },
            () = until(clock, wake) => {
                if done_by.is_some_and(|at| at <= clock.now()) {
                    timed_out = !driver.client.is_leaving();
                    done_by = None;
                    driver.client.handle_stop(clock.read());
                }
                driver.client.handle_timeout(clock.read());
            }
            () = &mut stop, if !stopped => {
                stopped = true;
                driver.client.handle_stop(clock.read());
            }
        }
    }
}

/// Sleeps until then, or for ever.
pub(crate) async fn until(clock: Clock, wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(clock.deadline(at)).await,
        None => pending().await,
    }
}

/// The client with its connection.
pub(crate) struct Driver<T> {
    pub(crate) client: Client,
    clock: Clock,
    options: ChatOptions,
    pub(crate) link: Link,
    /// Why the last connection could not be opened.
    failed: Option<ConnectError>,
    tell: T,
}

/// The connection, as it is.
pub(crate) enum Link {
    None,
    Opening(Pin<Box<dyn Future<Output = Result<Stream, OpenError>> + Send>>),
    Open(Box<Pipe>),
}

/// What came from the connection.
pub(crate) enum Happened {
    Opened(Box<Stream>),
    NotOpened(OpenError),
    /// Bytes were read; they are in the pipe.
    Read(Vec<u8>),
    Written,
    Ended(String),
}

impl Link {
    /// The next thing that happens. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Happened {
        match self {
            Self::None => pending().await,
            Self::Opening(opening) => match opening.await {
                Ok(stream) => Happened::Opened(Box::new(stream)),
                Err(error) => Happened::NotOpened(error),
            },
            Self::Open(pipe) => match pipe.next().await {
                Ok(Some(bytes)) => Happened::Read(bytes),
                Ok(None) => Happened::Written,
                Err(error) => Happened::Ended(error.to_string()),
            },
        }
    }
}

impl<E: From<ConnectError>, T: FnMut(Event) -> Result<(), E>> Driver<T> {
    pub(crate) fn new(options: ChatOptions, seed: u64, clock: Clock, tell: T) -> Self {
        let client = Client::new(options.settings.clone(), seed);
        Self { client, clock, options, link: Link::None, failed: None, tell }
    }

    /// Carries out what the client wants. `Some`: it has ended.
    pub(crate) fn drain(&mut self) -> Result<Option<End>, E> {
        while let Some(action) = self.client.poll_action() {
            match action {
                Action::Connect => self.link = Link::Opening(Box::pin(open(self.options.clone()))),
                Action::Close => self.link = Link::None,
                Action::Send(bytes) => {
                    if let Link::Open(pipe) = &mut self.link {
                        pipe.send(&bytes);
                    }
                }
            }
        }
        while let Some(event) = self.client.poll_event() {
            match (event, self.failed.take()) {
                (Event::Ended(End::Lost { .. }), Some(error)) => return Err(error.into()),
                (Event::Ended(end), _) => return Ok(Some(end)),
                (event, failed) => {
                    self.failed = failed;
                    (self.tell)(event)?;
                }
            }
        }
        // Another server under the same address is nothing to wait for.
        match self.failed.take() {
            Some(error) if is_about_trust(&error) => Err(error.into()),
            Some(_) | None => Ok(None),
        }
    }

    pub(crate) fn take(&mut self, happened: Happened) {
        let now = self.clock.read();
        match happened {
            Happened::Opened(stream) => {
                self.link = Link::Open(Box::new(Pipe::new(*stream)));
                self.client.handle_connected(now);
            }
            Happened::NotOpened(error) => {
                self.link = Link::None;
                self.client.handle_end(&error.to_string(), now);
                self.failed = if let OpenError::Connect(error) = error { Some(error) } else { None };
            }
            Happened::Read(bytes) => self.read(&bytes),
            Happened::Written => {}
            Happened::Ended(reason) => {
                self.link = Link::None;
                self.client.handle_end(&reason, now);
            }
        }
    }

    fn read(&mut self, mut bytes: &[u8]) {
        let Link::Open(pipe) = &mut self.link else { return };
        while let Some(line) = pipe.lines.poll_line(&mut bytes) {
            // A line that is too long is skipped whole, as `LineBuffer` says; the next one counts again.
            if let Ok(line) = line {
                self.client.handle_line(line, self.clock.read());
            }
        }
    }
}

async fn open(options: ChatOptions) -> Result<Stream, OpenError> {
    stream::open(&options.address, &options.tls, options.framing).await
}

fn is_about_trust(error: &ConnectError) -> bool {
    let ConnectError::Tls { source, .. } = error else { return false };
    match source.as_ref() {
        TlsError::Changed { .. } | TlsError::Unknown { .. } | TlsError::Untrusted { .. } => true,
        TlsError::Name(_) | TlsError::Unavailable(_) | TlsError::Handshake(_) => false,
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Opening(_) => "Opening",
            Self::Open(_) => "Open",
        })
    }
}
