//! Where observations are sent: a TCP connection that is kept, or datagrams. The frame is that of `spec/weather.md`.

use helio_core::feed::weather::Report;
use helio_core::limits;
use helio_net::address::{Address, Scheme};
use helio_net::conn::Connection;
use helio_net::connect::{self, ConnectError};
use helio_net::udp::UdpEndpoint;
use std::io;
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// How an observation is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// One JSON object.
    #[default]
    Json,
    /// One sentence.
    Text,
}

/// A line that was handed to the kernel. Neither TCP nor UDP says whether it was read.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The receiver, with its scheme.
    pub to: Address,
    /// Length of the line.
    pub bytes: usize,
    /// Time for opening the connection, name lookup included; `None` when it was open, and for UDP.
    pub connect: Option<Duration>,
    /// Time until the kernel had taken the line.
    pub send: Duration,
}

/// Why a line was not sent. The receiver, or the way to it, is at fault in all of them.
#[derive(Debug, Error)]
pub enum SendError {
    /// No connection, or an address that cannot be sent to.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection was there and broke.
    #[error("cannot send to {to}: {source}")]
    Write {
        /// The receiver.
        to: Address,
        /// What the system says.
        source: io::Error,
    },
    /// The kept connection ended between two lines.
    #[error("connection to {to} was lost: {source}")]
    Lost {
        /// The receiver.
        to: Address,
        /// What the system says.
        source: io::Error,
    },
    /// The receiver does not read.
    #[error("cannot send to {to}: it has read nothing for {:?}", limits::WRITE_TIMEOUT)]
    NotRead {
        /// The receiver.
        to: Address,
    },
    /// The receiver's machine answered a datagram with "port unreachable".
    #[error("cannot send to {to}: the machine answers, nothing listens on that port")]
    Unreachable {
        /// The receiver.
        to: Address,
    },
}

/// One receiver. A connection is opened for the first line, kept, and opened anew when it was lost.
#[derive(Debug)]
pub struct Sink {
    to: Address,
    encoding: Encoding,
    connect_timeout: Duration,
    write_timeout: Duration,
    open: Option<Channel>,
}

#[derive(Debug)]
enum Channel {
    Tcp(Connection),
    Udp(UdpEndpoint),
}

impl Sink {
    /// A sink that is not connected yet; an address without a scheme means TCP.
    #[must_use]
    pub fn new(to: &Address, encoding: Encoding, connect_timeout: Duration) -> Self {
        let to = to.with_scheme(to.scheme.unwrap_or(Scheme::Tcp));
        Self { to, encoding, connect_timeout, write_timeout: limits::WRITE_TIMEOUT, open: None }
    }

    /// Sends one line. When a kept connection turns out to be lost, the line is sent once more over a new one.
    ///
    /// # Errors
    /// See [`SendError`]; nothing is kept, the next call connects anew.
    pub async fn send(&mut self, report: &Report) -> Result<Sent, SendError> {
        let line = match self.encoding {
            Encoding::Json => report.json_line(),
            Encoding::Text => report.text_line(),
        };
        self.drop_if_ended().await;
        let was_open = self.open.is_some();
        let result = match self.send_line(line.as_bytes()).await {
            Err(SendError::Write { .. }) if was_open => {
                self.open = None;
                self.send_line(line.as_bytes()).await
            }
            result => result,
        };
        if result.is_err() {
            self.open = None;
        }
        result
    }

    /// Reads and drops what the receiver says, so that it never waits for us, until the connection is lost. Without a
    /// connection this waits for ever. May be cancelled at any time.
    pub async fn lost(&mut self) -> SendError {
        let error = match &mut self.open {
            None => std::future::pending().await,
            Some(Channel::Tcp(connection)) => SendError::Lost { to: self.to.clone(), source: end_of(connection).await },
            Some(Channel::Udp(endpoint)) => SendError::Unreachable { to: refusal(endpoint, &self.to).await },
        };
        self.open = None;
        error
    }

    /// Ends the stream and gives the receiver [`limits::LINGER_TIMEOUT`] to end its own, for a close with unread bytes
    /// would reset the connection and could take the last line with it.
    ///
    /// # Errors
    /// [`SendError::Unreachable`] when a datagram is refused within [`limits::UDP_REFUSAL_WAIT`].
    pub async fn close(self) -> Result<(), SendError> {
        match self.open {
            None => Ok(()),
            Some(Channel::Tcp(mut connection)) => {
                let _ = connection.shutdown().await;
                let _ = tokio::time::timeout(limits::LINGER_TIMEOUT, end_of(&mut connection)).await;
                Ok(())
            }
            Some(Channel::Udp(endpoint)) => {
                match tokio::time::timeout(limits::UDP_REFUSAL_WAIT, refusal(&endpoint, &self.to)).await {
                    Ok(to) => Err(SendError::Unreachable { to }),
                    Err(_) => Ok(()),
                }
            }
        }
    }

    async fn send_line(&mut self, line: &[u8]) -> Result<Sent, SendError> {
        let (channel, connect) = match self.open.take() {
            Some(channel) => (channel, None),
            None => self.connect().await?,
        };
        let started = Instant::now();
        let written = match self.open.insert(channel) {
            Channel::Tcp(connection) => tokio::time::timeout(self.write_timeout, connection.write_all(line)).await,
            Channel::Udp(endpoint) => Ok(endpoint.send(line).await.map(|_| ())),
        };
        match written {
            Ok(Ok(())) => Ok(Sent { to: self.to.clone(), bytes: line.len(), connect, send: started.elapsed() }),
            Ok(Err(source)) => Err(SendError::Write { to: self.to.clone(), source }),
            Err(_) => Err(SendError::NotRead { to: self.to.clone() }),
        }
    }

    /// A new channel and, for TCP, how long opening it took.
    async fn connect(&self) -> Result<(Channel, Option<Duration>), SendError> {
        match self.to.scheme {
            Some(Scheme::Udp) => {
                let connected = connect::udp(&self.to, self.connect_timeout).await?;
                Ok((Channel::Udp(connected.endpoint), None))
            }
            // Another stream than TCP is refused there.
            Some(Scheme::Tcp | Scheme::Tls) | None => {
                let connected = connect::tcp(&self.to, self.connect_timeout).await?;
                Ok((Channel::Tcp(connected.connection), Some(connected.lookup + connected.connect)))
            }
        }
    }

    /// Takes in what already arrived. The first write to a connection whose other end is gone would still succeed. A peer
    /// that floods us cannot hold this up: the runtime ends a turn of reads after a budget.
    async fn drop_if_ended(&mut self) {
        if let Some(Channel::Tcp(connection)) = &mut self.open {
            tokio::select! {
                biased;
                _ = end_of(connection) => self.open = None,
                () = std::future::ready(()) => {}
            }
        }
    }
}

/// Reads and drops until the connection ends; why it did.
async fn end_of(connection: &mut Connection) -> io::Error {
    let mut buffer = vec![0; limits::READ_CHUNK];
    loop {
        match connection.read(&mut buffer).await {
            Ok(0) => return io::Error::new(io::ErrorKind::UnexpectedEof, "the receiver closed the connection"),
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

/// Receives and drops until the system reports that a datagram was refused; the receiver's address.
async fn refusal(endpoint: &UdpEndpoint, to: &Address) -> Address {
    let mut buffer = vec![0; limits::READ_CHUNK];
    while endpoint.receive(&mut buffer).await.is_ok() {}
    to.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_core::feed::weather::{Coordinates, Units, parse_forecast};

    fn report() -> Report {
        let body = br#"{"current":{"time":"2026-11-22T11:15","temperature_2m":1}}"#;
        let observation = parse_forecast(body, Units::Metric).unwrap();
        Report { asked: Coordinates::new(1.0, 2.0).unwrap(), place: None, observation }
    }

    /// `WRITE_TIMEOUT` in limits.rs, shortened.
    #[tokio::test]
    async fn a_receiver_that_reads_nothing_is_given_up_and_the_line_is_not_sent_again() {
        let (ours, theirs) = helio_net::memory::pair(16);
        let mut sink = Sink::new(&Address::loopback(9), Encoding::Json, Duration::from_millis(1));
        sink.write_timeout = Duration::from_millis(1);
        sink.open = Some(Channel::Tcp(ours));
        assert!(matches!(sink.send(&report()).await, Err(SendError::NotRead { .. })));
        assert!(sink.open.is_none(), "the next line gets a new connection");
        drop(theirs);
    }
}
