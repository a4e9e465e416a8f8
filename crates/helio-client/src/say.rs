//! One message out, one answer back, every step timed: the work of `helio say`.

mod channel;
#[cfg(test)]
mod tests;

use channel::{Channel, Socket};
use helio_core::answer::{Exchange, Outcome, Times, Until};
use helio_core::limits;
use helio_net::address::{Address, Scheme};
use helio_net::clock::Clock;
use helio_net::connect::{self, ConnectError};
use helio_net::tcp_info::TcpInfo;
use helio_net::tls::ClientTls;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use thiserror::Error;
use tokio::io::AsyncWriteExt as _;

/// Whom to ask and when to be content.
#[derive(Clone, Debug)]
pub struct SayOptions {
    /// The other side.
    pub address: Address,
    /// How `tls://` addresses are spoken to, and which server is believed.
    pub tls: ClientTls,
    /// Datagrams instead of a stream.
    pub udp: bool,
    /// What completes an answer.
    pub until: Until,
    /// Time for lookup and connect, and again for each message to be sent and its answer's first byte to come.
    pub timeout: Duration,
}

/// Why a message could not be exchanged at all. An answer that does not come is no error, see [`Said::outcome`].
#[derive(Debug, Error)]
pub enum SayError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The peer's machine said that nothing listens there (ICMP port unreachable).
    #[error("{peer} refused the datagram: its machine answers, nothing listens on that port")]
    Refused {
        /// Who.
        peer: SocketAddr,
    },
    /// More bytes than a datagram holds.
    #[error("message is {got} bytes, a datagram holds at most {limit}", limit = limits::DATAGRAM_MAX)]
    TooLong {
        /// The message's size.
        got: usize,
    },
    /// The connection broke before the answer was complete.
    #[error("the connection to {peer} broke: {source}")]
    Broken {
        /// Who.
        peer: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// One exchange: what was said, what came back and how long everything took.
#[derive(Clone, Debug)]
pub struct Said {
    /// The other side.
    pub peer: SocketAddr,
    /// The message's size.
    pub message_bytes: usize,
    /// Bytes of it that the kernel took; fewer than all with [`Outcome::SendTimedOut`] only. Says nothing about what
    /// the peer read.
    pub sent_bytes: usize,
    /// Name lookup, when this exchange did one.
    pub lookup: Option<Duration>,
    /// TCP handshake, when this exchange opened the connection.
    pub connect: Option<Duration>,
    /// TLS handshake, when this exchange made one.
    pub tls: Option<Duration>,
    /// How it ended.
    pub outcome: Outcome,
    /// The times from the first byte sent on.
    pub times: Times,
    /// The answer's beginning, at most [`limits::ANSWER_KEPT`] bytes.
    pub answer: Vec<u8>,
    /// The answer's whole size.
    pub received_bytes: u64,
    /// Bytes that were still coming for an earlier message when this one began; they are dropped.
    pub late_bytes: u64,
}

/// What the kernel said about the TCP connection after the last exchange.
#[derive(Clone, Debug)]
pub struct TcpFacts {
    /// Its counters.
    pub info: TcpInfo,
    /// Its congestion control.
    pub congestion_control: Option<String>,
}

/// A conversation: the connection is opened at the first message, and again when the peer has closed it or the exchange
/// before had no whole answer: what still comes of that one cannot be told from the next answer.
#[derive(Debug)]
pub struct Conversation {
    options: SayOptions,
    clock: Clock,
    channel: Option<Channel>,
    tcp_facts: Option<TcpFacts>,
    /// For reads; made once, so that no exchange's time contains making it.
    buffer: Vec<u8>,
}

/// How long opening took; set only for the exchange that did it.
#[derive(Clone, Copy, Default)]
struct Opened {
    lookup: Option<Duration>,
    connect: Option<Duration>,
    tls: Option<Duration>,
}

impl Conversation {
    /// A conversation in which nothing was said yet; nothing is opened before the first message.
    #[must_use]
    pub fn new(options: SayOptions, clock: Clock) -> Self {
        Self { options, clock, channel: None, tcp_facts: None, buffer: vec![0; limits::DATAGRAM_BUFFER] }
    }

    /// What the kernel said after the last exchange; `None` over UDP or where it says nothing.
    #[must_use]
    pub fn tcp_facts(&self) -> Option<&TcpFacts> {
        self.tcp_facts.as_ref()
    }

    /// Sends `message` and waits for its answer.
    ///
    /// # Errors
    /// See [`SayError`]. The next message starts on a new connection.
    pub async fn say(&mut self, message: &[u8]) -> Result<Said, SayError> {
        if self.options.udp && message.len() > limits::DATAGRAM_MAX {
            return Err(SayError::TooLong { got: message.len() });
        }
        let (kept, late_bytes) = match self.channel.take() {
            Some(channel) => channel.without_late_bytes(&mut self.buffer).await,
            None => (None, 0),
        };
        let (mut channel, opened) = match kept {
            Some(channel) => (channel, Opened::default()),
            None => self.open().await?,
        };
        let exchange = Exchange::start(self.options.until, self.options.timeout, self.clock.now());
        let mut driver =
            Driver { exchange, sent_bytes: 0, answer: Vec::new(), buffer: &mut self.buffer, clock: self.clock };
        let done = driver.drive(&mut channel.socket, message).await;
        let Driver { exchange, sent_bytes, answer, .. } = driver;
        self.note_tcp_facts(&channel.socket);
        let peer = channel.peer;
        let outcome = done.map_err(|source| match source.kind() == io::ErrorKind::ConnectionRefused {
            true => SayError::Refused { peer },
            false => SayError::Broken { peer, source },
        })?;
        self.keep(channel, outcome);
        Ok(Said {
            peer,
            message_bytes: message.len(),
            sent_bytes,
            lookup: opened.lookup,
            connect: opened.connect,
            tls: opened.tls,
            outcome,
            times: exchange.times(),
            answer,
            received_bytes: exchange.received_bytes(),
            late_bytes,
        })
    }

    async fn open(&self) -> Result<(Channel, Opened), ConnectError> {
        let SayOptions { address, tls, udp, timeout, .. } = &self.options;
        if *udp {
            let udp = connect::udp(address, *timeout).await?;
            let opened = Opened { lookup: Some(udp.lookup), ..Opened::default() };
            return Ok((Channel { socket: Socket::Datagrams(udp.endpoint), peer: udp.peer }, opened));
        }
        let stream = if address.scheme == Some(Scheme::Tls) {
            connect::tls(address, tls, *timeout).await?
        } else {
            connect::tcp(address, *timeout).await?
        };
        let opened = Opened { lookup: Some(stream.lookup), connect: Some(stream.connect), tls: stream.tls };
        Ok((Channel { socket: Socket::Stream(stream.connection), peer: stream.peer }, opened))
    }

    /// Ends a conversation over TLS by saying so to the peer, which otherwise has to take it for cut off. Others end by
    /// being dropped.
    pub async fn close(&mut self) {
        if let Some(Channel { socket: Socket::Stream(mut connection), .. }) = self.channel.take()
            && connection.is_encrypted()
        {
            let _ = tokio::time::timeout(limits::LINGER_TIMEOUT, connection.shutdown()).await;
        }
    }

    /// Keeps the channel for the next message, if nothing of this exchange can come through it any more but what an
    /// answered peer says too much.
    fn keep(&mut self, channel: Channel, outcome: Outcome) {
        match outcome {
            Outcome::Expected | Outcome::Datagram | Outcome::Quiet => self.channel = Some(channel),
            Outcome::EndOfStream | Outcome::ClosedWithoutAnswer | Outcome::Incomplete { .. } | Outcome::NoAnswer => {}
            Outcome::SendTimedOut => {
                // A regular end would make a whole message of the part that the peer has.
                if let Socket::Stream(stream) = &channel.socket {
                    stream.reset_on_close();
                }
            }
        }
    }

    fn note_tcp_facts(&mut self, socket: &Socket) {
        if let Socket::Stream(stream) = socket
            && let Some(info) = stream.tcp_info()
        {
            self.tcp_facts = Some(TcpFacts { info, congestion_control: stream.congestion_control() });
        }
    }
}

/// Carries out one exchange on a socket.
struct Driver<'a> {
    exchange: Exchange,
    sent_bytes: usize,
    answer: Vec<u8>,
    buffer: &'a mut [u8],
    clock: Clock,
}

impl Driver<'_> {
    /// Writes and reads at the same time: a peer that answers while a long message is still on its way would otherwise
    /// stop both sides.
    async fn drive(&mut self, socket: &mut Socket, message: &[u8]) -> io::Result<Outcome> {
        let (mut reader, mut writer) = socket.split();
        let (mut is_sent, mut has_ended) = (false, false);
        loop {
            if let Some(outcome) = self.exchange.poll_outcome() {
                return Ok(outcome);
            }
            let wake = self.wake_at();
            tokio::select! {
                biased;
                taken = writer.write(&message[self.sent_bytes..]), if !is_sent => {
                    self.sent_bytes += taken?;
                    is_sent = self.sent_bytes >= message.len();
                    if is_sent {
                        self.exchange.handle_send_returned(self.clock.now());
                    }
                }
                got = reader.read(self.buffer), if !has_ended => match got? {
                    Some(length) => self.receive(length),
                    None => {
                        has_ended = true;
                        self.exchange.handle_end();
                    }
                },
                () = tokio::time::sleep_until(wake) => self.exchange.handle_timeout(self.clock.now()),
            }
        }
    }

    fn wake_at(&self) -> tokio::time::Instant {
        self.clock.deadline(self.exchange.poll_timeout().unwrap_or_else(|| self.clock.now()))
    }

    fn receive(&mut self, length: usize) {
        self.exchange.handle_bytes(length, self.clock.now());
        let room = limits::ANSWER_KEPT.saturating_sub(self.answer.len());
        self.answer.extend_from_slice(&self.buffer[..length.min(room)]);
    }
}
