//! Connecting to an address: look the name up, then race its addresses (happy eyeballs, RFC 8305).

use crate::address::{Address, Scheme};
use crate::conn::Connection;
use crate::resolve::{interleave, resolve};
use crate::tls::{ClientTls, TlsError};
use crate::udp::UdpEndpoint;
use helio_core::limits;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;

/// An open connection and how long opening it took.
#[derive(Debug)]
pub struct Connected {
    /// The stream.
    pub connection: Connection,
    /// The address that answered first.
    pub peer: SocketAddr,
    /// Time for the name lookup; near zero for an address in numbers.
    pub lookup: Duration,
    /// Time from the end of the lookup to the completed handshake of TCP.
    pub connect: Duration,
    /// Time of the TLS handshake after it; `None` without TLS.
    pub tls: Option<Duration>,
}

/// A UDP socket bound to one peer. UDP has no handshake, so this says nothing about whether the peer exists.
#[derive(Debug)]
pub struct UdpConnected {
    /// The socket.
    pub endpoint: UdpEndpoint,
    /// The first address of the name.
    pub peer: SocketAddr,
    /// Time for the name lookup.
    pub lookup: Duration,
}

/// Why no connection came about.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The address names another transport than the one asked for.
    #[error("{address} is not a {wanted} address")]
    WrongScheme {
        /// The address given.
        address: Address,
        /// The transport that was to be used.
        wanted: Scheme,
    },
    /// The resolver does not know the name, or could not be asked.
    #[error("cannot find the address of `{address}`: {source}")]
    Lookup {
        /// The address given.
        address: Address,
        /// The resolver's answer.
        source: io::Error,
    },
    /// Every address was tried and failed.
    #[error("cannot connect to {address}: {attempts}")]
    Failed {
        /// The address given.
        address: Address,
        /// What each address answered; never empty.
        attempts: Attempts,
    },
    /// The time for lookup and connect ran out with no answer at all: a firewall, or no such machine.
    #[error("cannot connect to {address}: no answer within {timeout:?}")]
    TimedOut {
        /// The address given.
        address: Address,
        /// The time that it had.
        timeout: Duration,
    },
    /// The server answered, but no encrypted connection came about.
    #[error("cannot connect to {address}: {source}")]
    Tls {
        /// The address given.
        address: Address,
        /// What went wrong, and whether it is about trust.
        source: Box<TlsError>,
    },
}

impl ConnectError {
    /// Whether a machine answered that nothing listens on the port, as opposed to silence.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        match self {
            Self::Failed { attempts, .. } => {
                attempts.0.iter().any(|(_, error)| error.kind() == io::ErrorKind::ConnectionRefused)
            }
            Self::WrongScheme { .. } | Self::Lookup { .. } | Self::TimedOut { .. } | Self::Tls { .. } => false,
        }
    }
}

/// The failed tries of one connect, each with its address.
#[derive(Debug)]
pub struct Attempts(pub Vec<(SocketAddr, io::Error)>);

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (address, error)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            if error.kind() == io::ErrorKind::ConnectionRefused {
                write!(f, "{separator}{address} refused (the machine answers, nothing listens on that port)")?;
            } else {
                write!(f, "{separator}{address}: {error}")?;
            }
        }
        Ok(())
    }
}

/// Opens a TCP connection to the first address of `address` that answers, `TCP_NODELAY` on.
///
/// # Errors
/// See [`ConnectError`]; `timeout` covers lookup and connect together ([`limits::CONNECT_TIMEOUT`] by default).
pub async fn tcp(address: &Address, timeout: Duration) -> Result<Connected, ConnectError> {
    check_scheme(address, Scheme::Tcp)?;
    within(address, timeout, async {
        let Socket { stream, peer, lookup, connect } = socket(address).await?;
        Ok(Connected { connection: Connection::Tcp(stream), peer, lookup, connect, tls: None })
    })
    .await
}

/// Opens a TLS connection to the first address of `address` that answers.
///
/// Who ends it should read until the peer has ended its side too: closing with bytes unread, such as another server's
/// session tickets, makes TCP reset the connection and may destroy the end of what was sent.
///
/// # Errors
/// See [`ConnectError`]; `timeout` covers lookup, connect and handshake together ([`limits::CONNECT_TIMEOUT`] by
/// default).
pub async fn tls(address: &Address, tls: &ClientTls, timeout: Duration) -> Result<Connected, ConnectError> {
    check_scheme(address, Scheme::Tls)?;
    within(address, timeout, async {
        let Socket { stream, peer, lookup, connect } = socket(address).await?;
        let started = Instant::now();
        let connection = tls.connect(stream, &address.host).await;
        let connection =
            connection.map_err(|source| ConnectError::Tls { address: address.clone(), source: source.into() })?;
        Ok(Connected { connection, peer, lookup, connect, tls: Some(started.elapsed()) })
    })
    .await
}

/// A UDP socket connected to the first address of `address`, on a port of the system's choice.
///
/// # Errors
/// See [`ConnectError`].
pub async fn udp(address: &Address, timeout: Duration) -> Result<UdpConnected, ConnectError> {
    check_scheme(address, Scheme::Udp)?;
    within(address, timeout, async {
        let (addresses, lookup) = look_up(address).await?;
        let mut failed = Vec::new();
        for peer in addresses {
            match connected_udp(peer).await {
                Ok(socket) => return Ok(UdpConnected { endpoint: UdpEndpoint::new(socket), peer, lookup }),
                Err(error) => failed.push((peer, error)),
            }
        }
        Err(ConnectError::Failed { address: address.clone(), attempts: Attempts(failed) })
    })
    .await
}

fn check_scheme(address: &Address, wanted: Scheme) -> Result<(), ConnectError> {
    if address.admits(wanted) { Ok(()) } else { Err(ConnectError::WrongScheme { address: address.clone(), wanted }) }
}

async fn within<T>(
    address: &Address,
    timeout: Duration,
    work: impl Future<Output = Result<T, ConnectError>>,
) -> Result<T, ConnectError> {
    match tokio::time::timeout(timeout, work).await {
        Ok(result) => result,
        Err(_) => Err(ConnectError::TimedOut { address: address.clone(), timeout }),
    }
}

/// A TCP socket, and how it came about.
struct Socket {
    stream: TcpStream,
    peer: SocketAddr,
    lookup: Duration,
    connect: Duration,
}

async fn socket(address: &Address) -> Result<Socket, ConnectError> {
    let (addresses, lookup) = look_up(address).await?;
    let started = Instant::now();
    let raced = race(&interleave(&addresses)).await;
    let (stream, peer) = raced.map_err(|attempts| ConnectError::Failed { address: address.clone(), attempts })?;
    let connect = started.elapsed();
    let _ = stream.set_nodelay(true);
    Ok(Socket { stream, peer, lookup, connect })
}

async fn look_up(address: &Address) -> Result<(Vec<SocketAddr>, Duration), ConnectError> {
    let started = Instant::now();
    let failed = |source| ConnectError::Lookup { address: address.clone(), source };
    let addresses = resolve(address).await.map_err(failed)?;
    if addresses.is_empty() {
        return Err(failed(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
    }
    Ok((addresses, started.elapsed()))
}

/// RFC 8305 §5: a new attempt starts when the last one failed or [`limits::CONNECTION_ATTEMPT_DELAY`] passed; the
/// first that succeeds wins and the others are dropped.
async fn race(addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Attempts> {
    let mut waiting = addresses.iter().copied();
    let mut running = JoinSet::new();
    let mut failed = Vec::new();
    loop {
        let more_to_start = match waiting.next() {
            Some(address) => {
                running.spawn(async move { (address, TcpStream::connect(address).await) });
                waiting.len() > 0
            }
            None => false,
        };
        let finished = if more_to_start {
            match tokio::time::timeout(limits::CONNECTION_ATTEMPT_DELAY, running.join_next()).await {
                Ok(finished) => finished,
                Err(_) => continue,
            }
        } else {
            running.join_next().await
        };
        match finished {
            Some(Ok((address, Ok(stream)))) => return Ok((stream, address)),
            Some(Ok((address, Err(error)))) => failed.push((address, error)),
            Some(Err(_)) => {}
            None => return Err(Attempts(failed)),
        }
    }
}

async fn connected_udp(peer: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr =
        if peer.is_ipv6() { (Ipv6Addr::UNSPECIFIED, 0).into() } else { (Ipv4Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(peer).await?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    const PLENTY: Duration = Duration::from_secs(30);

    fn closed_port() -> SocketAddr {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
    }

    #[tokio::test]
    async fn the_address_that_answers_wins_over_those_that_refuse() {
        let open = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let open = open.local_addr().unwrap();
        let (_, peer) = race(&[closed_port(), open]).await.unwrap();
        assert_eq!(peer, open);
    }

    /// An address that swallows SYNs: a listener whose accept queue is full. It lasts as long as what comes with it.
    async fn silent() -> (SocketAddr, (socket2::Socket, TcpStream)) {
        let full = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        full.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        full.listen(0).unwrap();
        let silent = full.local_addr().unwrap().as_socket().unwrap();
        let queued = TcpStream::connect(silent).await.unwrap();
        (silent, (full, queued))
    }

    #[tokio::test]
    async fn a_silent_address_is_overtaken() {
        let (silent, _held) = silent().await;
        let open = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let open = open.local_addr().unwrap();
        let (_, peer) = race(&[silent, open]).await.unwrap();
        assert_eq!(peer, open);
    }

    #[tokio::test]
    async fn refused_names_every_address_and_silence_is_a_time_out() {
        let closed = closed_port();
        let error = tcp(&Address::loopback(closed.port()), PLENTY).await.unwrap_err();
        assert!(error.is_refused());
        assert_eq!(
            error.to_string(),
            format!("cannot connect to {closed}: {closed} refused (the machine answers, nothing listens on that port)")
        );
        let (silent, _held) = silent().await;
        let error = tcp(&Address::loopback(silent.port()), Duration::from_millis(20)).await.unwrap_err();
        assert!(!error.is_refused());
        assert_eq!(error.to_string(), format!("cannot connect to {silent}: no answer within 20ms"));
    }

    #[tokio::test]
    async fn a_name_that_cannot_exist_is_a_lookup_error() {
        // RFC 6761 §6.4: names under .invalid never resolve.
        let error = tcp(&"nowhere.invalid:1".parse().unwrap(), PLENTY).await.unwrap_err();
        assert!(matches!(error, ConnectError::Lookup { .. }), "{error}");
    }

    #[tokio::test]
    async fn the_scheme_must_fit() {
        let error = tcp(&"udp://127.0.0.1:1".parse().unwrap(), PLENTY).await.unwrap_err();
        assert_eq!(error.to_string(), "udp://127.0.0.1:1 is not a tcp address");
    }
}
