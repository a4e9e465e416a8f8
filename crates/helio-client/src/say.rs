//! One message out, one answer back, every step timed: the work of `helio say`.

use helio_core::answer::{Exchange, Outcome, Times, Until};
use helio_core::limits;
use helio_net::address::Address;
use helio_net::clock::Clock;
use helio_net::conn::Connection;
use helio_net::connect::{self, ConnectError};
use helio_net::tcp_info::TcpInfo;
use helio_net::udp::UdpEndpoint;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Whom to ask and when to be content.
#[derive(Clone, Debug)]
pub struct SayOptions {
    /// The other side.
    pub address: Address,
    /// Datagrams instead of a stream.
    pub udp: bool,
    /// What completes an answer.
    pub until: Until,
    /// Time for lookup and connect, and again for each answer's first byte.
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
    /// Bytes sent.
    pub sent_bytes: usize,
    /// Name lookup, when this exchange did one.
    pub lookup: Option<Duration>,
    /// TCP handshake, when this exchange opened the connection.
    pub connect: Option<Duration>,
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

/// A conversation: the connection is opened at the first message and again when the peer has closed it.
#[derive(Debug)]
pub struct Conversation {
    options: SayOptions,
    clock: Clock,
    pipe: Option<Pipe>,
    tcp_facts: Option<TcpFacts>,
    /// For reads; made once, so that no exchange's time contains making it.
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Pipe {
    way: Way,
    peer: SocketAddr,
}

#[derive(Debug)]
enum Way {
    Stream(Connection),
    Datagrams(UdpEndpoint),
}

/// How long opening took; set only for the exchange that did it.
#[derive(Clone, Copy, Default)]
struct Opened {
    lookup: Option<Duration>,
    connect: Option<Duration>,
}

impl Conversation {
    /// A conversation in which nothing was said yet; nothing is opened before the first message.
    #[must_use]
    pub fn new(options: SayOptions, clock: Clock) -> Self {
        Self { options, clock, pipe: None, tcp_facts: None, buffer: vec![0; limits::DATAGRAM_BUFFER] }
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
        let (kept, late_bytes) = match self.pipe.take() {
            Some(pipe) => drop_late(pipe, &mut self.buffer).await,
            None => (None, 0),
        };
        let (mut pipe, opened) = match kept {
            Some(pipe) => (pipe, Opened::default()),
            None => self.open().await?,
        };
        let mut exchange = Exchange::start(self.options.until, self.options.timeout, self.clock.now());
        let mut ear = Ear { exchange: &mut exchange, buffer: &mut self.buffer, answer: Vec::new(), clock: self.clock };
        let done = match &mut pipe.way {
            Way::Stream(stream) => ear.over_stream(stream, message).await,
            Way::Datagrams(endpoint) => ear.over_udp(endpoint, message).await,
        };
        let answer = ear.answer;
        self.note_tcp_facts(&pipe);
        let peer = pipe.peer;
        let outcome = done.map_err(|source| match source.kind() == io::ErrorKind::ConnectionRefused {
            true => SayError::Refused { peer },
            false => SayError::Broken { peer, source },
        })?;
        self.pipe = is_open_after(outcome).then_some(pipe);
        Ok(Said {
            peer,
            sent_bytes: message.len(),
            lookup: opened.lookup,
            connect: opened.connect,
            outcome,
            times: exchange.times(),
            answer,
            received_bytes: exchange.received_bytes(),
            late_bytes,
        })
    }

    async fn open(&self) -> Result<(Pipe, Opened), ConnectError> {
        let SayOptions { address, udp, timeout, .. } = &self.options;
        if *udp {
            let udp = connect::udp(address, *timeout).await?;
            let opened = Opened { lookup: Some(udp.lookup), connect: None };
            return Ok((Pipe { way: Way::Datagrams(udp.endpoint), peer: udp.peer }, opened));
        }
        let tcp = connect::tcp(address, *timeout).await?;
        let opened = Opened { lookup: Some(tcp.lookup), connect: Some(tcp.connect) };
        Ok((Pipe { way: Way::Stream(tcp.connection), peer: tcp.peer }, opened))
    }

    fn note_tcp_facts(&mut self, pipe: &Pipe) {
        if let Way::Stream(stream) = &pipe.way
            && let Some(info) = stream.tcp_info()
        {
            self.tcp_facts = Some(TcpFacts { info, congestion_control: stream.congestion_control() });
        }
    }
}

fn is_open_after(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Expected | Outcome::Datagram | Outcome::Quiet | Outcome::NoAnswer => true,
        Outcome::EndOfStream | Outcome::ClosedWithoutAnswer | Outcome::Incomplete { .. } => false,
    }
}

/// Sends one message and listens for its answer.
struct Ear<'a> {
    exchange: &'a mut Exchange,
    buffer: &'a mut [u8],
    answer: Vec<u8>,
    clock: Clock,
}

impl Ear<'_> {
    /// Writes and reads at the same time: a peer that answers while a long message is still on its way would otherwise
    /// stop both sides.
    async fn over_stream(&mut self, stream: &mut Connection, message: &[u8]) -> io::Result<Outcome> {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut writing = std::pin::pin!(writer.write_all(message));
        let mut written = false;
        loop {
            if let Some(outcome) = self.exchange.poll_outcome() {
                return Ok(outcome);
            }
            let wake = self.wake_at();
            tokio::select! {
                biased;
                result = &mut writing, if !written => {
                    self.exchange.handle_send_returned(self.clock.now());
                    written = true;
                    result?;
                }
                got = reader.read(self.buffer) => match got? {
                    0 => self.exchange.handle_end(),
                    length => self.hear(length),
                },
                () = tokio::time::sleep_until(wake) => self.exchange.handle_timeout(self.clock.now()),
            }
        }
    }

    async fn over_udp(&mut self, endpoint: &UdpEndpoint, message: &[u8]) -> io::Result<Outcome> {
        endpoint.send(message).await?;
        self.exchange.handle_send_returned(self.clock.now());
        loop {
            if let Some(outcome) = self.exchange.poll_outcome() {
                return Ok(outcome);
            }
            let wake = self.wake_at();
            tokio::select! {
                biased;
                got = endpoint.receive(self.buffer) => {
                    let (length, _) = got?;
                    self.hear(length);
                }
                () = tokio::time::sleep_until(wake) => self.exchange.handle_timeout(self.clock.now()),
            }
        }
    }

    fn wake_at(&self) -> tokio::time::Instant {
        self.clock.deadline(self.exchange.poll_timeout().unwrap_or_else(|| self.clock.now()))
    }

    fn hear(&mut self, length: usize) {
        self.exchange.handle_bytes(length, self.clock.now());
        let room = limits::ANSWER_KEPT.saturating_sub(self.answer.len());
        self.answer.extend_from_slice(&self.buffer[..length.min(room)]);
    }
}

/// Takes what is still there from an earlier exchange out of the pipe. A pipe that has ended is not given back.
async fn drop_late(mut pipe: Pipe, buffer: &mut [u8]) -> (Option<Pipe>, u64) {
    // Lets the runtime look at the socket before it is asked.
    tokio::task::yield_now().await;
    let mut late_bytes = 0;
    // Bounded: a peer that never stops talking must not keep the next message from being said.
    for _ in 0..limits::SAID_AHEAD {
        let got = match &mut pipe.way {
            Way::Stream(stream) => tokio::select! {
                biased;
                got = stream.read(buffer) => got,
                () = std::future::ready(()) => return (Some(pipe), late_bytes),
            },
            Way::Datagrams(endpoint) => match endpoint.try_receive(buffer) {
                Ok((length, _)) => Ok(length.max(1)),
                Err(_) => return (Some(pipe), late_bytes),
            },
        };
        match got {
            Ok(0) | Err(_) => return (None, late_bytes),
            Ok(length) => late_bytes += length as u64,
        }
    }
    (Some(pipe), late_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    fn conversation(at: SocketAddr, until: Until) -> Conversation {
        let address = Address::new(at.ip(), at.port());
        let options = SayOptions { address, udp: false, until, timeout: Duration::from_secs(30) };
        Conversation::new(options, Clock::start())
    }

    /// A peer that runs `serve` on its own thread for one connection after the other.
    fn peer(mut serve: impl FnMut(std::net::TcpStream) + Send + 'static) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let at = listener.local_addr().unwrap();
        std::thread::spawn(move || listener.incoming().flatten().for_each(&mut serve));
        at
    }

    #[tokio::test]
    async fn the_connection_is_opened_once_and_again_after_the_peer_closed_it() {
        use std::io::{Read, Write};
        let at = peer(|mut stream| {
            let mut got = [0; 16];
            let length = stream.read(&mut got).unwrap();
            stream.write_all(&got[..length]).unwrap();
        });
        let mut c = conversation(at, Until::Quiet(Duration::from_secs(20)));
        for message in [b"one", b"two"] {
            let said = c.say(message).await.unwrap();
            assert_eq!((said.answer.as_slice(), said.outcome), (message.as_slice(), Outcome::EndOfStream));
            assert!(said.connect.is_some());
        }
        assert!(c.tcp_facts().is_some());
    }

    #[tokio::test]
    async fn a_kept_connection_costs_no_second_connect_and_late_bytes_are_told() {
        use std::io::{Read, Write};
        let at = peer(|mut stream| {
            let mut got = [0; 16];
            while let Ok(1..) = stream.read(&mut got) {
                stream.write_all(b"12345").unwrap();
            }
        });
        let mut c = conversation(at, Until::Bytes(3));
        assert!(c.say(b"a").await.unwrap().connect.is_some());
        let second = c.say(b"b").await.unwrap();
        assert_eq!((second.connect, second.lookup), (None, None));
        assert!(second.late_bytes <= 2);
    }

    /// Both kernel buffers fill up long before this message is through; whoever only wrote would wait for ever.
    #[tokio::test]
    async fn a_long_message_is_written_while_its_answer_is_read() {
        use std::io::{Read, Write};
        let at = peer(|mut stream| {
            let mut got = vec![0; 1 << 16];
            while let Ok(length @ 1..) = stream.read(&mut got) {
                stream.write_all(&got[..length]).unwrap();
            }
        });
        let message = vec![b'x'; 32 << 20];
        let said = conversation(at, Until::Bytes(message.len() as u64)).say(&message).await.unwrap();
        assert_eq!((said.outcome, said.received_bytes), (Outcome::Expected, message.len() as u64));
        assert_eq!(said.answer.len(), limits::ANSWER_KEPT);
    }
}
